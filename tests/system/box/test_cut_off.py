"""The figures of life without internet, with the settings the box is shipped with and a GSM module."""

import time
from pathlib import Path

from tests.support.two_ways import TwoWays

CUT_S, BACK_S, COMPLETES_S = 10, 30, 6
"""At most: from the cut to calls that leave by GSM at once; back to online; for a call meanwhile."""


def test_calls_go_on_by_gsm_from_the_first_second_and_the_internet_comes_back(tmp_path: Path) -> None:
    with (
        TwoWays(tmp_path) as ways,
        ways.box.phones("21", "22") as (anna, ben),
        ways.box.watching("internet") as events,
    ):
        lasting = ben.call("*43")
        ben.wait("answered", call=lasting)
        ways.internet.swallow()
        cut = time.monotonic()
        ways.by_module(anna)  # nobody has told the box yet
        assert time.monotonic() - cut < COMPLETES_S
        events.wait("internet", state="cut_off", timeout=CUT_S - (time.monotonic() - cut))
        began = time.monotonic()
        ways.by_module(anna)
        assert time.monotonic() - began < 4, "the provider is not even tried"
        ways.internet.restore()
        back = time.monotonic()
        events.wait("internet", state="online", timeout=BACK_S)
        call = anna.call(ways.OUTSIDE)
        ways.provider.wait("incoming", timeout=BACK_S - (time.monotonic() - back))
        anna.wait("answered", call=call)
        anna.hangup(call)
        ben.hangup(lasting)  # it went on all the time
