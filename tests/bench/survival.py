"""How fast the box finds out that the internet is gone, and what calls take then: ``./dev bench survival``.

The box with its default settings in a network namespace, a provider in another, the wire between them cut by
a route into nothing; an emulated GSM module. Internal calls are timed from the phone's order to dial to the
other phone's bell, in the same run online and cut off.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support.phone import Phone
from tests.support.two_ways import TwoWays

PAUSE_S = 0.25
"""Whoever dials faster is taken for a flood by the edge."""


def internal(anna: Phone, ben: Phone, count: int) -> list[float]:
    """Milliseconds from dialling to ringing."""
    found = []
    for _ in range(count):
        began = time.monotonic()
        call = anna.call("22")
        ben.incoming()
        found.append((time.monotonic() - began) * 1000)
        anna.hangup(call)
        ben.wait("ended")
        time.sleep(PAUSE_S)
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often the wire is cut")
    parser.add_argument("--calls", type=int, default=30, help="internal calls in each state and round")
    arguments = parser.parse_args()
    online: list[float] = []
    cut_off: list[float] = []
    noticed: list[float] = []
    first: list[float] = []
    meanwhile: list[float] = []
    returned: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        TwoWays(Path(folder)) as ways,
        ways.box.phones("21", "22") as (anna, ben),
    ):
        internal(anna, ben, 5)
        for one in range(arguments.rounds):
            online += internal(anna, ben, arguments.calls)
            with ways.box.watching("internet") as events:
                time.sleep(one * 5 / arguments.rounds)  # anywhere between two probes
                ways.internet.swallow()
                cut = time.monotonic()
                ways.by_module(anna)
                first.append(time.monotonic() - cut)
                events.wait("internet", state="cut_off", timeout=60)
                noticed.append(time.monotonic() - cut)
            began = time.monotonic()
            ways.by_module(anna)
            meanwhile.append(time.monotonic() - began)
            cut_off += internal(anna, ben, arguments.calls)
            with ways.box.watching("internet") as events:
                ways.internet.restore()
                back = time.monotonic()
                events.wait("internet", state="online", timeout=120)
                returned.append(time.monotonic() - back)
    ratio = statistics.median(cut_off) / statistics.median(online)
    print(f"internal call, online    median {statistics.median(online):6.1f} ms of {len(online)}")
    print(f"internal call, cut off   median {statistics.median(cut_off):6.1f} ms, ratio {ratio:.2f} (≤ 1.1)")
    for words, values, wanted in (
        ("cut to noticed", noticed, 10),
        ("dialled at the cut, by GSM to answered", first, 6),
        ("dialled later, by GSM to answered", meanwhile, 6),
        ("return to online", returned, 30),
    ):
        print(f"{words:<40} at most {max(values):5.1f} s of {len(values)} (≤ {wanted})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
