"""What the web process needs and how soon it tells: ``python -m tests.bench.web``.

Prints its memory when idle, the time of an answer, and how long an event takes from the control socket's
watcher, which is told at the same moment, to a page.
"""

import contextlib
import statistics
import tempfile
import threading
import time
from pathlib import Path

from tests.support.box import Box
from tests.support.web import Stream, Web

ROUNDS = 50


def _calls(server: Web) -> None:
    """From the moment a telephone dials until a page hears of the call; SIP is part of it."""
    stream = Stream(server.admin(), "call")
    later = []
    with server.box.phones("21") as (phone,):
        for _ in range(10):
            began = time.monotonic()
            call = phone.call("*43")
            stream.until("call", ended=None)
            later.append((time.monotonic() - began) * 1000)
            phone.wait("answered", call=call)
            phone.hangup(call)
            while stream.until("call")["ended"] is None:
                pass
    stream.close()
    later.sort()
    print(f"dialling to page        {later[len(later) // 2]:6.1f} ms median,"
          f" {later[-1]:.1f} ms longest (at most 200)")  # fmt: skip


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder))
        server = Web(box)
        with box, server:
            admin = server.admin()
            assert server.process is not None
            status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
            rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
            print(f"idle memory             {rss / 1024:6.1f} MB (at most 80)")
            times = []
            for _ in range(ROUNDS):
                began = time.monotonic()
                admin.good("GET", "/calls")
                times.append((time.monotonic() - began) * 1000)
            print(f"answer with handshake   {statistics.median(times):6.1f} ms (median of {ROUNDS})")
            stream = Stream(admin, "configuration")
            heard: list[float] = []
            arrived = threading.Event()

            def listen() -> None:
                with contextlib.suppress(OSError, AttributeError, ValueError):  # closed at the end
                    for topic, _ in stream.events():
                        if topic == "configuration":
                            heard.append(time.monotonic())
                            arrived.set()

            threading.Thread(target=listen, daemon=True).start()
            later = []
            with box.watching("configuration") as watcher:
                for number in range(ROUNDS):
                    arrived.clear()
                    told = len(watcher.seen)
                    box.control("config.set", kind="extension", id="21", fields={"status_text": str(number)})
                    known = time.monotonic()
                    arrived.wait(5)
                    assert len(watcher.seen) >= told
                    later.append(max(0.0, (heard[-1] - known) * 1000))
            later.sort()
            print(f"event to page           {later[len(later) // 2]:6.1f} ms median,"
                  f" {later[-1]:.1f} ms longest (at most 200)")  # fmt: skip
            stream.close()
            _calls(server)


if __name__ == "__main__":
    main()
