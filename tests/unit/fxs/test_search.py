"""Channels for telephones are found in the kernel's lists, each once; what else stands there is none."""

import threading
from pathlib import Path

from appliance.fxs.search import CardSearch, channels

SPAN = """Span 1: XBUS-00/XPD-00 "Xorcom XPD [usb:LAB-0003].1" HDB3/CCS ClockSource

\t   1 XPP_FXS/00/00/0 FXOKS (EC: OSLEC - INACTIVE)
\t   2 XPP_FXS/00/00/1 FXOKS (In use) (EC: OSLEC - INACTIVE)
\t   3 XPP_OUT/00/00/0
\t   4 WCTDM/0/3 FXSKS RED
"""


def test_lists_of_the_kernel(tmp_path: Path) -> None:
    assert channels(tmp_path / "nothing") == ()
    (tmp_path / "1").write_text(SPAN)
    (tmp_path / "2").write_bytes(bytes(range(256)) * 300)
    assert channels(tmp_path) == (1, 2)


def test_each_is_told_once_though_its_card_goes_and_comes(tmp_path: Path) -> None:
    found: list[int] = []
    search = CardSearch(found.append, named=[2], folder=tmp_path)
    search.look()
    (tmp_path / "1").write_text(SPAN)
    search.look()
    (tmp_path / "1").unlink()
    search.look()
    (tmp_path / "1").write_text(SPAN + "\t   9 WCTDM/0/9 FXOKS\n")
    search.look()
    assert found == [1, 9]


def test_its_thread_finds_and_ends(tmp_path: Path) -> None:
    (tmp_path / "1").write_text(SPAN)
    found = threading.Event()
    search = CardSearch(lambda _: found.set(), named=[], folder=tmp_path)
    search.start()
    assert found.wait(10)
    search.stop()
    assert "fxs-search" not in [one.name for one in threading.enumerate()]
