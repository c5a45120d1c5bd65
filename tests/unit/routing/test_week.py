"""The picture of a number's week is what calls of that week would find."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.model.documents import Holidays, Scenario, Switch, When
from appliance.model.ids import SwitchId
from appliance.model.schedules import WEEKDAYS
from appliance.routing.plan import plan
from appliance.routing.week import Span, days_of
from tests.unit.routing.office import from_outside, office, rings
from tests.unit.routing.test_scenarios import DAY, FEAST, NIGHT, SITE, line

CLOCKS = st.sampled_from(["00:00", "06:30", "08:00", "12:00", "17:59", "18:00", "23:59"])
WHENS = st.builds(
    lambda days, start, end, holidays, switch: When(
        weekdays=tuple(days), start=start, end=end if end != start else "24:00", holidays=holidays,
        switch=switch,
    ),
    st.lists(st.sampled_from(WEEKDAYS), max_size=3, unique=True), CLOCKS, CLOCKS, st.sampled_from(Holidays),
    st.sampled_from([None, SwitchId("night")]),
)  # fmt: skip
SCENARIOS = st.lists(
    st.builds(
        lambda name, whens, enabled: Scenario(
            name=name, when=tuple(whens), enabled=enabled, steps=(rings("e21"),)
        ),
        st.sampled_from("ABCD"), st.lists(WHENS, max_size=3), st.booleans(),
    ),
    max_size=4,
)  # fmt: skip


def test_a_week_of_an_office() -> None:
    number = line(FEAST, DAY, NIGHT)
    days = list(days_of(number, office(SITE, number), date(2026, 12, 24), 3))
    assert [(one.date, one.weekday, bool(one.holiday)) for one in days] == [
        ("2026-12-24", "thu", False), ("2026-12-25", "fri", True), ("2026-12-26", "sat", True),
    ]  # fmt: skip
    assert days[0].spans == (
        Span(start="00:00", end="08:00", scenario="Nacht"),
        Span(start="08:00", end="18:00", scenario="Tag"),
        Span(start="18:00", end="24:00", scenario="Nacht"),
    )
    assert days[1].spans == (Span(start="00:00", end="24:00", scenario="Feiertag"),)


@pytest.mark.parametrize("override", ["", "A", "otherwise", "gone"])
@settings(max_examples=60)
@given(data=st.data())
def test_it_is_what_a_call_would_find(override: str, data: st.DataObject) -> None:
    scenarios = tuple(data.draw(SCENARIOS))
    number = replace(line(*scenarios), override=override)
    switch = Switch(id=SwitchId("night"), on=data.draw(st.booleans()))
    snapshot = office(SITE, number, switch)
    minutes = data.draw(st.integers(0, 7 * 24 * 60 - 1))
    zone = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 12, 21, tzinfo=zone).replace(tzinfo=None) + timedelta(minutes=minutes)
    found = plan(from_outside(number.number), snapshot, at.replace(tzinfo=zone))
    day = next(
        one for one in days_of(number, snapshot, date(2026, 12, 21), 7) if one.date == at.date().isoformat()
    )
    clock = at.strftime("%H:%M")
    assert next(one.scenario for one in day.spans if one.start <= clock < one.end) == found.scenario
