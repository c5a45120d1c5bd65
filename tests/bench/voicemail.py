"""Many messages being left at once: is any of them torn, and what does recording cost.

``./dev bench voicemail``: 100 callers, G.711, ten seconds; each says a tone of its own, and every message is
looked through for gaps. The peer of the same run: the same callers at the echo, which records nothing.
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

from tests.bench.conference import pump
from tests.bench.load.usage import usage_of
from tests.calls.raw import Dialog, call, raw_phone, sdp
from tests.support.box import Box, office
from tests.support.tones import Samples, goertzel, read_wav

LOUD = 1000
BLOCK_MS = 20
SETTLE_S = 3.0


def arguments_of() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench voicemail", description=__doc__)
    parser.add_argument("--callers", type=int, default=100, metavar="N")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S")
    parser.add_argument("--clock-rate", type=int, default=16000, metavar="HZ")
    return parser.parse_args()


def gaps(samples: Samples, hz: float, rate: int) -> tuple[float, int]:
    """Seconds from the first to the last sound, and how many blocks in between are not the tone."""
    block = rate * BLOCK_MS // 1000
    loud = [at for at in range(0, len(samples), block) if max(samples[at : at + block], default=0) > LOUD]
    if not loud:
        return 0.0, 0
    first, last = loud[0] + rate // 2, loud[-1] - rate // 4
    torn = sum(
        max(samples[at : at + block]) <= LOUD or goertzel(samples[at : at + block], hz, rate=rate) < 0.7
        for at in range(first, last, block)
    )
    return (loud[-1] - loud[0]) / rate, torn


def speak(box: Box, users: list[str], number: str, seconds: float) -> float:
    """Let everybody call and say a tone; what it costs while all do, in cores."""
    with ExitStack() as stack:
        sockets, ports = [], []
        dialogs: list[Dialog] = []
        for user in users:
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.bind(("127.0.0.1", 0))
            client = stack.enter_context(raw_phone(box, user))
            dialog = call(client, number, body=sdp(one.getsockname()[1]))
            found = re.search(rb"m=audio (\d+)", dialog.answer.body)
            assert found is not None
            sockets.append(one)
            ports.append(int(found[1]))
            dialogs.append(dialog)
        assert box.core is not None
        stop = multiprocessing.Event()
        pumping = multiprocessing.Process(target=pump, args=(sockets, ports, len(users), stop, -12))
        pumping.start()
        try:
            time.sleep(SETTLE_S)
            began, before = time.monotonic(), usage_of(box.core.pid)
            time.sleep(seconds)
            cost = (usage_of(box.core.pid).cpu_s - before.cpu_s) / (time.monotonic() - began)
            for dialog in dialogs:  # while everybody still speaks
                dialog.bye()
        finally:
            stop.set()
            pumping.join(5)
    box.idle(60)
    return cost


def main() -> int:
    """Measure and print."""
    arguments = arguments_of()
    count = arguments.callers
    users = [str(1000 + n) for n in range(count)]
    boxes = {
        "big": {
            "number": "800",
            "owners": [users[0]],
            "greeting": "digit_1",
            "max_messages": 10_000,
            "max_minutes": 10_000,
            "silence_seconds": 0,
        }
    }
    engine = {"max_legs": count + 50, "clock_rate": arguments.clock_rate}
    settings = {"engine": engine, "security": {"never_ban": ["127.0.0.0/8"]}}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ortsamt-bench-")))
        box = stack.enter_context(Box(folder, office(*users, voicemail_box=boxes), settings=settings))
        plain = speak(box, users, "*43", arguments.seconds)
        recording = speak(box, users[1:], "800", arguments.seconds)
        wanted = count - 1
        box.eventually(lambda: len(box.control("voicemail.list", box="big")) == wanted, "every message", 60)
        shortest, torn, blocks = 1e9, 0, 0
        for message in box.control("voicemail.list", box="big"):
            samples, rate = read_wav(
                folder / "state" / "voice" / "messages" / "big" / f"{message['message']}.wav"
            )
            hz = 300 + 30 * (int(message["caller"]["number"]) - 1001)
            lasted, holes = gaps(samples, hz, rate)
            shortest = min(shortest, lasted)
            torn += holes > 0
            blocks += holes
        print(f"{wanted} messages at once, {arguments.clock_rate} Hz")
        print(f"shortest               {shortest:6.1f} s of {arguments.seconds + SETTLE_S:.0f} s spoken")
        print(f"with a gap             {torn:6d}   ({blocks} blocks of {BLOCK_MS} ms)")
        print(f"core, echo             {plain:6.1%} of a core")
        print(f"core, recording        {recording:6.1%} of a core")
        print(f"more for each message  {(recording / wanted - plain / count):6.2%} of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
