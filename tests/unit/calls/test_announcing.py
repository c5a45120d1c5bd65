"""Recorded announcements to paging groups: who is called, when it begins, and that nothing stays."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.calls.announcing import TOGETHER_MS
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Document
from appliance.model.features import Announcement, PagingGroup
from appliance.model.ids import ExtensionId
from appliance.model.schedules import Weekday
from appliance.model.snapshot import build
from tests.unit.calls import office
from tests.unit.calls.test_control import Bench, hears, originated

BREAK = Announcement(id="break", group="hall", prompt="audio/break", times=("10:00",))
HALL = PagingGroup(id="hall", number="5", members=tuple(ExtensionId(one) for one in ("21", "22")))


def bench(announcement: Announcement = BREAK) -> Bench:
    made = Bench()
    snapshot = office.snapshot()
    documents: list[Document] = [*snapshot.extensions.values(), *snapshot.devices.values()]
    made.feed(ev.SnapshotChanged(snapshot=build([*documents, HALL, announcement])))
    return made


def test_a_whole_group_hears_it_together() -> None:
    made = bench()
    effects = made.feed(ev.MinuteBegins())  # 10:00 in Berlin
    first, second = originated(effects)
    assert all(one.auto_answer for one in effects if isinstance(one, fx.Originate))
    for leg in (first, second):
        assert hears(made.feed(ev.LegAnswered(leg=leg))) == {leg: fx.HearsNothing()}
    for leg in (first, second):
        call = made.legs[leg].record.call
        (sound,) = hears(made.expire(f"talk:{call}")).values()
        assert isinstance(sound, fx.HearsList)
        assert sound.names == ("tone/beep", "audio/break")
        effects = made.feed(ev.PlaybackEnded(leg=leg, playback=sound.playback))
        assert [one.leg for one in effects if isinstance(one, fx.EndLeg)] == [leg]
        made.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))
    assert not made.control.live_calls()


def test_who_answers_late_hears_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench()
    (leg, _) = originated(made.feed(ev.MinuteBegins()))
    monkeypatch.setattr(office, "NOW", office.NOW + timedelta(milliseconds=TOGETHER_MS + 1))
    (sound,) = hears(made.feed(ev.LegAnswered(leg=leg))).values()
    assert isinstance(sound, fx.HearsList)


def test_who_talks_is_left_alone() -> None:
    made = bench()
    made.dial("24")
    assert len(originated(made.feed(ev.MinuteBegins()))) == 1


@pytest.mark.parametrize(
    ("changes", "called"),
    [
        ({"weekdays": (Weekday.MONDAY,)}, 2),
        ({"weekdays": (Weekday.TUESDAY,)}, 0),
        ({"times": ("10:01", "10:00")}, 2),
        ({"times": ()}, 0),
        ({"enabled": False}, 0),
        ({"group": "gone"}, 0),
    ],
)
def test_it_is_due(changes: dict[str, object], called: int) -> None:
    made = bench(replace(BREAK, **changes))  # type: ignore[arg-type]  # real fields
    assert len(originated(made.feed(ev.MinuteBegins()))) == called


def test_it_is_asked_for() -> None:
    made = bench(replace(BREAK, times=()))
    assert len(originated(made.feed(ev.Announce(announcement="break")))) == 2
    assert made.feed(ev.Announce(announcement="other")) == []
