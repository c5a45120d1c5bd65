"""How fast the second box takes over: ``./dev bench standby``.

Two boxes with real keepalived in network namespaces, two phones that know the floating address alone. Each
round: everything of the active box is killed and its address taken away; its core alone is killed; it hands
over; the boxes do not hear each other, and do again. What is timed ends when a call dialled at once rings.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.pair import OneOf, Pair, seconds_until
from tests.support.phone import Phone


def ring(anna: Phone, ben: Phone) -> None:
    """A call from one to the other rings; it is dialled again until it does."""
    for _ in range(30):
        call = anna.call("22")
        try:
            ben.incoming(2)
        except AssertionError:
            anna.send("hangup", call=call)
            continue
        anna.hangup(call)
        ben.ended()
        return
    raise AssertionError("no call rang")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[float]] = {}

    def timed(name: str, act: Callable[[], object], second: OneOf, anna: Phone, ben: Phone) -> None:
        began = time.monotonic()
        act()
        seconds_until(second.has_address)
        found.setdefault(f"{name}: address", []).append(time.monotonic() - began)
        ring(anna, ben)
        found.setdefault(f"{name}: a call rings", []).append(time.monotonic() - began)

    with (
        tempfile.TemporaryDirectory() as folder,
        Pair(Path(folder)) as pair,
        pair.phone("21") as anna,
        pair.phone("22") as ben,
    ):
        anna.register()
        ben.register()
        for _ in range(arguments.rounds):
            pair.in_step()
            first = pair.active()
            second = pair.other(first)
            second.box.eventually(
                lambda second=second: len(second.box.control("registrations.list")) == 2,  # type: ignore[misc]
                "the registrations at the other box",
            )
            timed("power gone", first.kill, second, anna, ben)
            first.start()
            pair.in_step()
            first, second = second, first
            assert first.box.core is not None
            timed("core killed", first.box.core.kill, second, anna, ben)
            first.box.restart_core()
            pair.in_step()
            first, second = second, first
            order = second.box.control
            timed("hand-over", lambda order=order: order("standby.hand_over"), second, anna, ben)  # type: ignore[misc]
            pair.in_step()
            second.cut()
            seconds_until(lambda: all(one.has_address() for one in pair.boxes.values()))
            second.join()
            began = time.monotonic()
            seconds_until(lambda: pair.who() is not None)
            found.setdefault("split brain: one gave way", []).append(time.monotonic() - began)
            pair.in_step()
            found.setdefault("split brain: in step", []).append(time.monotonic() - began)
    for name, values in found.items():
        print(f"{name:32} median {statistics.median(values):5.1f} s, longest {max(values):5.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
