"""Alarms: told once, kept while they last, in every language."""

import dataclasses
from datetime import UTC, datetime

import pytest

from appliance.app.watch import PATIENCE_MS, Watch
from appliance.model.alarms import ALARMS, Alarm, AlarmKind
from appliance.model.causes import Cause
from appliance.model.ids import CallId, TrunkId
from appliance.model.languages import Language
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.ports import TrunkState, TrunkStatus
from appliance.telemetry.alarms import Alarms

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_kind_has_words_in_every_language_and_lasting_ones_for_their_end(kind: AlarmKind) -> None:
    words = ALARMS[kind]
    assert set(words.words) == set(Language)
    assert set(words.over) == (set(Language) if words.lasting else set())


def test_an_alarm_that_lasts_is_told_once_and_when_it_is_over() -> None:
    told: list[Alarm] = []
    alarms = Alarms(told.append, lambda: NOW)
    for detail in ("503", "408"):
        alarms.raise_alarm(AlarmKind.TRUNK_DOWN, "t1", detail=detail)
    alarms.raise_alarm(AlarmKind.TRUNK_DOWN, "t2", detail="x")
    assert [one.subject for one in told] == ["t1", "t2"]
    assert alarms.active()[0].said(Language.ENGLISH) == "Trunk t1 is down: 408"
    alarms.clear(AlarmKind.TRUNK_DOWN, "t1")
    alarms.clear(AlarmKind.TRUNK_DOWN, "t1")
    assert [(one.subject, one.over) for one in told] == [("t1", False), ("t2", False), ("t1", True)]
    assert [one.subject for one in alarms.active()] == ["t2"]
    assert alarms.past()[0].said(Language.GERMAN) == "Die Leitung t1 geht wieder."


def test_a_listener_that_fails_does_no_harm() -> None:
    def tell(_alarm: Alarm) -> None:
        raise RuntimeError

    alarms = Alarms(tell)
    alarms.raise_alarm(AlarmKind.TRUNK_DOWN, "t", detail="x")
    assert len(alarms.active()) == 1


class Rig:
    def __init__(self) -> None:
        self.told: list[Alarm] = []
        self.ms = 0
        self.watch = Watch(Alarms(self.told.append, lambda: NOW), lambda: self.ms)

    def trunk(self, status: TrunkStatus) -> None:
        self.watch.trunk(TrunkState(trunk=TrunkId("t"), status=status, detail="503"))

    def after(self, ms: int) -> list[AlarmKind]:
        self.ms += ms
        self.watch.tick()
        return [one.kind for one in self.told]


def test_a_trunk_is_told_when_it_stays_down() -> None:
    rig = Rig()
    rig.trunk(TrunkStatus.FAILED)
    assert rig.after(PATIENCE_MS - 1) == []
    rig.trunk(TrunkStatus.TRYING)  # tries again, still not there
    rig.trunk(TrunkStatus.FAILED)
    assert rig.after(1) == [AlarmKind.TRUNK_DOWN]
    assert rig.after(PATIENCE_MS) == [AlarmKind.TRUNK_DOWN]
    rig.trunk(TrunkStatus.REGISTERED)
    assert rig.told[-1].over
    rig.trunk(TrunkStatus.FAILED)
    rig.trunk(TrunkStatus.REGISTERED)
    rig.after(PATIENCE_MS)
    assert len(rig.told) == 2


def test_an_emergency_call_is_told_once_and_again_when_it_fails() -> None:
    rig = Rig()
    record = CallRecord(
        call=CallId("c"),
        kind=CallKind.EMERGENCY,
        started=NOW,
        caller_number="21",
        caller_name="Anna",
        withheld=False,
        dialled="112",
        called="112",
    )
    for _ in range(2):
        rig.watch.call(record)
    assert [one.said(Language.GERMAN) for one in rig.told] == ["Notruf 112 von 21 (Anna)."]
    rig.watch.call(dataclasses.replace(record, ended=NOW, cause=Cause.NO_ROUTE))
    assert rig.told[-1].kind is AlarmKind.EMERGENCY_NO_LINE
    rig.watch.call(dataclasses.replace(record, call=CallId("d")))
    rig.watch.call(dataclasses.replace(record, call=CallId("d"), ended=NOW, cause=Cause.CANCELLED))
    rig.watch.call(dataclasses.replace(record, call=CallId("e"), kind=CallKind.OUTBOUND))
    assert len(rig.told) == 3
