"""Tells systemd that the edge answers: Kamailio itself tells nobody. A small process beside it.

It asks the edge where phones do. The first answer is READY=1, each later one WATCHDOG=1; an edge that does
not answer for the unit's WatchdogSec is started anew. It also ends the edge when there are new addresses:
Kamailio cannot listen to these without a start. Without systemd there is no such process.
"""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

from appliance.errors import OrtsamtError
from appliance.network.watch import AddressNews, gained
from appliance.sip.edge.settings import served_addresses
from appliance.sip.options import options

ASK_S = 5.0
FIRST_S = 0.2
SETTLE_S = 2.0
"""Addresses come one after the other."""
_ANSWER_S = 1.0


def begin(addresses: tuple[str, ...], port: int, *, follow: bool) -> None:
    """Let one run beside this process, which may become another program: nobody's child."""
    if "NOTIFY_SOCKET" not in os.environ:
        return
    edge = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork() == 0:
        words = [str(port), str(edge), str(int(follow)), *addresses]
        os.execv(sys.executable, [sys.executable, "-m", __name__, *words])
    os._exit(0)


def answers(address: str, port: int, timeout_s: float = _ANSWER_S) -> bool:
    """Whether a SIP server is there, over UDP."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(timeout_s)
        one.connect((address, port))
        request, mark = options(
            address if ":" not in address else f"[{address}]", *one.getsockname()[:2], tcp=False
        )
        one.send(request)
        return mark in one.recv(4096)
    return False


def tell(word: str, path: str) -> None:
    """One word to systemd (sd_notify(3))."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect("\0" + path[1:] if path.startswith("@") else path)
        one.send(word.encode())


def main(addresses: tuple[str, ...], port: int, edge: int, *, follow: bool) -> None:
    """Ask and tell for as long as the process ``edge`` is there."""
    path, word, pause = os.environ["NOTIFY_SOCKET"], "READY=1", FIRST_S
    with AddressNews() as news:
        while Path(f"/proc/{edge}").exists():
            if answers(addresses[0], port):
                tell(word, path)
                word, pause = "WATCHDOG=1", ASK_S
            if news.wait(pause) and follow and _moved(addresses):
                with contextlib.suppress(OSError):
                    os.kill(edge, signal.SIGTERM)
                return


def _moved(known: tuple[str, ...]) -> bool:
    """Whether there are new addresses, which are still there after a while."""
    time.sleep(SETTLE_S)
    try:
        return gained(known, served_addresses())
    except OrtsamtError:
        return False


if __name__ == "__main__":
    main(tuple(sys.argv[4:]), int(sys.argv[1]), int(sys.argv[2]), follow=sys.argv[3] == "1")
