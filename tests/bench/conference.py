"""One conference of many participants who all speak at once: what the mixer costs.

``./dev bench conference``: 100 participants, G.711, 8 kHz; ``--speaking N`` lets only N of them speak.
"""

import argparse
import contextlib
import multiprocessing
import os
import re
import socket
import struct
import sys
import tempfile
import time
from contextlib import ExitStack
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.bench.load.usage import thread_cpu_s, usage_of
from tests.calls.raw import call, raw_phone, sdp
from tests.contract.sip.rtp import PACKET, alaw_encode
from tests.support.box import Box, office
from tests.support.tones import tone

MIXER = ("clock", "media")
QUIET = bytes([0xD5]) * PACKET


def arguments_of() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench conference", description=__doc__)
    parser.add_argument("--parties", type=int, default=100, metavar="N")
    parser.add_argument("--speaking", type=int, default=-1, metavar="N", help="default: all")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S")
    parser.add_argument("--clock-rate", type=int, default=8000, metavar="HZ")
    return parser.parse_args()


def pump(
    sockets: list[socket.socket], ports: list[int], speaking: int, stop: Event, dbfs: float = -40
) -> None:
    """Send a packet of each party every 20 ms, throw away what comes in."""
    sounds = []
    for n in range(len(sockets)):
        samples = tone(300 + 30 * n, seconds=1.0, rate=8000, dbfs=dbfs)
        sounds.append(bytes(alaw_encode(one) for one in samples))
        sockets[n].setblocking(False)
    with contextlib.suppress(PermissionError):  # a sender that is late tears holes of its own
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    begin, number, late = time.monotonic(), 0, 0.0
    while not stop.is_set():
        number += 1
        for n, (one, port) in enumerate(zip(sockets, ports, strict=True)):
            at = number % 50 * PACKET
            sound = sounds[n][at : at + PACKET] if n < speaking else QUIET
            head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * PACKET & 0xFFFFFFFF, n + 1)
            one.sendto(head + sound, ("127.0.0.1", port))
            try:
                while one.recv(2048):
                    pass
            except BlockingIOError:
                pass
        left = begin + number * 0.02 - time.monotonic()
        late = max(late, -left)
        time.sleep(max(0.0, left))
    print(f"sender, latest packet  {late * 1000:6.0f} ms", flush=True)


def main() -> int:
    """Measure and print."""
    arguments = arguments_of()
    count = arguments.parties
    speaking = count if arguments.speaking < 0 else arguments.speaking
    users = [str(1000 + n) for n in range(count)]
    rooms = {"big": {"number": "800", "announce": "nothing", "max_participants": max(count, 2)}}
    engine = {"max_legs": count + 50, "clock_rate": arguments.clock_rate}
    settings = {"engine": engine, "security": {"never_ban": ["127.0.0.0/8"]}}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ortsamt-bench-")))
        documents = office(*users, conference_room=rooms)
        box = stack.enter_context(Box(folder, documents, settings=settings))
        sockets, ports = [], []
        for user in users:
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.bind(("127.0.0.1", 0))
            client = stack.enter_context(raw_phone(box, user))
            dialog = call(client, "800", body=sdp(one.getsockname()[1]))
            found = re.search(rb"m=audio (\d+)", dialog.answer.body)
            assert found is not None
            sockets.append(one)
            ports.append(int(found[1]))
        box.eventually(lambda: len(box.control("conferences.list")[0]["participants"]) == count, "all")
        assert box.core is not None
        stop = multiprocessing.Event()
        pumping = multiprocessing.Process(target=pump, args=(sockets, ports, speaking, stop))
        pumping.start()
        try:
            time.sleep(3)
            pid = box.core.pid
            began, before, mixed = time.monotonic(), usage_of(pid), thread_cpu_s(pid, MIXER)
            time.sleep(arguments.seconds)
            lasted = time.monotonic() - began
            after = usage_of(pid)
            mixer = (thread_cpu_s(pid, MIXER) - mixed) / lasted
            whole = (after.cpu_s - before.cpu_s) / lasted
        finally:
            stop.set()
            pumping.join(5)
        print(f"{count} participants, {speaking} speaking, {arguments.clock_rate} Hz")
        print(f"mixer threads  {mixer:6.1%} of a core")
        print(f"whole core     {whole:6.1%} of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
