"""Tells systemd that the edge answers: Kamailio itself tells nobody. A small process beside it.

It asks the edge where phones do. The first answer is READY=1, each later one WATCHDOG=1; an edge that does
not answer for the unit's WatchdogSec is started anew. Without systemd there is no such process.
"""

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

from appliance.sip.options import options

ASK_S = 5.0
FIRST_S = 0.2
_ANSWER_S = 1.0


def begin(address: str, port: int) -> None:
    """Let one run beside this process, which may become another program: nobody's child."""
    if "NOTIFY_SOCKET" not in os.environ:
        return
    edge = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-m", __name__, address, str(port), str(edge)])
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


def main(address: str, port: int, edge: int) -> None:
    """Ask and tell for as long as the process ``edge`` is there."""
    path, word, pause = os.environ["NOTIFY_SOCKET"], "READY=1", FIRST_S
    while Path(f"/proc/{edge}").exists():
        if answers(address, port):
            tell(word, path)
            word, pause = "WATCHDOG=1", ASK_S
        time.sleep(pause)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
