"""Whose music one hears, and greetings that fit the hour."""

from datetime import UTC, datetime

import pytest

from appliance.calls.greetings import timely
from appliance.model import effects as fx
from appliance.model.documents import Site
from appliance.model.languages import Language

SITE = Site(timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("hour", "said"), [(5, "greeting/morning"), (12, "greeting/day"), (20, "greeting/evening")]
)
def test_the_greeting_fits_the_clock_of_the_office(hour: int, said: str) -> None:
    now = datetime(2027, 6, 1, hour, tzinfo=UTC)
    one = fx.HearsFile(name="greeting/time_of_day", language=Language.GERMAN, playback=3)
    many = fx.HearsList(names=("tone/beep", "greeting/time_of_day", "welcome"), language=Language.GERMAN)
    heard, row = timely(one, now, SITE), timely(many, now, SITE)
    assert isinstance(heard, fx.HearsFile)
    assert (heard.name, heard.playback) == (said, 3)
    assert isinstance(row, fx.HearsList)
    assert row.names == ("tone/beep", said, "welcome")


def test_the_office_lies_in_its_own_time_zone() -> None:
    now = datetime(2027, 6, 1, 17, 30, tzinfo=UTC)
    source = fx.HearsFile(name="greeting/time_of_day", language=Language.ENGLISH)
    heard = timely(source, now, Site(timezone="America/New_York"))
    assert isinstance(heard, fx.HearsFile)
    assert heard.name == "greeting/day"
    other = fx.HearsTone(tone=fx.ToneKind.BUSY)
    assert timely(other, now, SITE) is other
