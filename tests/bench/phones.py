"""200 phones that start at once, and a call meanwhile: ``python -m tests.bench.phones``.

Every phone has its own address and asks for what its vendor's phones ask for, one file after the other, as
fast as it gets them; the first time with the address from DHCP, then as after a cut of power with the one it
was told. Meanwhile two phones talk, and the box counts packets that it missed.
"""

import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.box import Box, office
from tests.support.desk_phones import VENDORS, DeskPhone, Settings, desk_phone
from tests.support.web import Web

PHONES = 200


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = [str(number) for number in range(1000, 1000 + PHONES)]
        box = Box(Path(folder), office("21", "22", *numbers))
        web = Web(box)
        with box, web, box.phones("21", "22") as (anna, ben):
            phones = [
                desk_phone(
                    VENDORS[place % len(VENDORS)], place, f"127.0.{10 + place // 200}.{1 + place % 200}"
                )
                for place in range(PHONES)
            ]
            for phone, number in zip(phones, numbers, strict=True):
                box.control("phones.adopt", mac=phone.mac, extension=number, vendor=phone.vendor)
            anna.call("22")
            ben.incoming()
            ben.answer()
            ben.wait("heard", kind="tone")
            root = f"http://127.0.0.1:{web.http_port}/prov/"
            quiet = _lost(box)
            first, settings = _boot("first start", phones, [root] * PHONES)
            again, _ = _boot("after a cut", phones, [one.next_url for one in settings])
            print(f"files fetched           {first + again:6d}")
            print(f"a call meanwhile        {_lost(box) - quiet:6d} packets missed")
            ben.hangup()


def _boot(title: str, phones: list[DeskPhone], urls: list[str]) -> tuple[int, list[Settings]]:
    gate = threading.Barrier(len(phones))
    for phone in phones:
        phone.asked.clear()

    def boot(pair: tuple[DeskPhone, str]) -> tuple[float, Settings]:
        phone, url = pair
        gate.wait(30)
        began = time.monotonic()
        settings = phone.boot(url)
        return time.monotonic() - began, settings

    with ThreadPoolExecutor(len(phones)) as pool:
        done = list(pool.map(boot, zip(phones, urls, strict=True)))
    times = sorted(one for one, _ in done)
    print(
        f"{title:23s} {times[-1]:6.2f} s until all {len(phones)} had their settings (at most 10),"
        f" median {statistics.median(times):.2f} s"
    )
    return sum(len(phone.asked) for phone in phones), [settings for _, settings in done]


def _lost(box: Box) -> int:
    """Packets that the legs of all calls missed so far."""
    legs = [leg["media"] or {} for call in box.calls() for leg in call["legs"]]
    return sum(int(leg.get("lost_packets", 0)) for leg in legs)


if __name__ == "__main__":
    main()
