"""What recording costs: calls that talk, first as they are, then all of them recorded.

``./dev bench recording``: 30 rooms of two parties, G.711, 8 kHz; both sides recorded, stereo and 16 bit.
"""

import argparse
import multiprocessing
import re
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.conference import MIXER, pump
from tests.bench.load.usage import thread_cpu_s, usage_of
from tests.calls.raw import call, raw_phone, sdp
from tests.support.box import Box, office


def arguments_of() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench recording", description=__doc__)
    parser.add_argument("--calls", type=int, default=30, metavar="N")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S")
    parser.add_argument("--clock-rate", type=int, default=8000, metavar="HZ")
    parser.add_argument("--coding", choices=["pcm", "alaw"], default="pcm")
    parser.add_argument("--sides", choices=["stereo", "mixed"], default="stereo")
    return parser.parse_args()


def measure(pid: int, seconds: float) -> tuple[float, float]:
    """Fractions of a core: the whole process, the mixer's threads."""
    began, before, mixed = time.monotonic(), usage_of(pid), thread_cpu_s(pid, MIXER)
    time.sleep(seconds)
    lasted = time.monotonic() - began
    return (usage_of(pid).cpu_s - before.cpu_s) / lasted, (thread_cpu_s(pid, MIXER) - mixed) / lasted


def main() -> int:
    """Measure and print."""
    arguments = arguments_of()
    count = arguments.calls
    users = [str(1000 + n) for n in range(2 * count)]
    documents = office(
        *users,
        conference_room={
            str(n): {"number": str(5000 + n), "announce": "nothing", "max_participants": 2}
            for n in range(count)
        },
        recording={"main": {"coding": arguments.coding, "sides": arguments.sides, "free_mb": 1}},
    )
    settings = {
        "engine": {"max_legs": 2 * count + 50, "clock_rate": arguments.clock_rate},
        "security": {"never_ban": ["127.0.0.0/8"]},
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ortsamt-bench-")))
        box = stack.enter_context(Box(folder, documents, settings=settings))
        sockets, ports = [], []
        for n, user in enumerate(users):
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.bind(("127.0.0.1", 0))
            client = stack.enter_context(raw_phone(box, user))
            dialog = call(client, str(5000 + n // 2), body=sdp(one.getsockname()[1]))
            found = re.search(rb"m=audio (\d+)", dialog.answer.body)
            assert found is not None
            sockets.append(one)
            ports.append(int(found[1]))

        def rooms() -> list[str]:
            listed = box.control("conferences.list")
            return [one["call"] for one in listed if len(one["participants"]) == 2]

        box.eventually(lambda: len(rooms()) == count, "all calls")
        assert box.core is not None
        pid = box.core.pid
        stop = multiprocessing.Event()
        pumping = multiprocessing.Process(target=pump, args=(sockets, ports, 2 * count, stop))
        pumping.start()
        try:
            time.sleep(3)
            plain, plain_mixer = measure(pid, arguments.seconds)
            for running in rooms():
                box.control("recordings.act", call=running, act="start")
            time.sleep(1)
            taped, taped_mixer = measure(pid, arguments.seconds)
            before = usage_of(pid).cpu_s
            began = time.monotonic()
            for running in rooms():
                box.control("recordings.act", call=running, act="stop")
            box.eventually(lambda: len(box.control("recordings.list")) == count, "all recordings", 120)
            lasted, kept = time.monotonic() - began, usage_of(pid).cpu_s - before
            seconds = sum(one["length_ms"] for one in box.control("recordings.list")) / 1000
        finally:
            stop.set()
            pumping.join(5)
        kept -= taped * lasted
        print(f"{count} calls at {arguments.clock_rate} Hz, {arguments.sides} {arguments.coding}")
        print(f"without recording   {plain:7.2%} of a core (mixer {plain_mixer:.2%})")
        print(f"all recorded        {taped:7.2%} of a core (mixer {taped_mixer:.2%})")
        print(f"recording a call    {(taped - plain) / count:7.3%} of a core")
        print(f"putting together    {max(0.0, kept) / seconds:7.3%} of a core per call while it lasted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
