"""Wake-up calls by example: rung at their minute, tried again, told when nobody gets up."""

import pytest

from appliance.calls.voice.wake_up import TIMES
from appliance.calls.wakeup import ATTEMPTS
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Device, Extension
from appliance.model.features import WakeUp
from appliance.model.ids import DeviceId, ExtensionId
from appliance.model.schedules import Weekday
from appliance.model.snapshot import build
from tests.unit.calls.test_control import Bench, originated

E21 = ExtensionId("21")


def sleeper(*weekdays: Weekday) -> Bench:
    """21 wants to be woken at 10:00 (09:00 UTC, which the bench always has)."""
    bench = Bench()
    documents = (
        Extension(id=E21, number="21", name="Anna"),
        Device(id=DeviceId("21"), extension=E21, username="21", secret="x" * 10),
        WakeUp(id="21", extension=E21, time="10:00", weekdays=weekdays),
    )
    bench.feed(ev.SnapshotChanged(snapshot=build(documents)))
    return bench


def missed(effects: list[fx.Effect]) -> list[fx.WakeUpMissed]:
    return [one for one in effects if isinstance(one, fx.WakeUpMissed)]


def deleted(effects: list[fx.Effect]) -> list[str]:
    changes = [one for one in effects if isinstance(one, fx.ChangeConfiguration)]
    return [edit.id for change in changes for edit in change.edits if edit.delete]


@pytest.mark.parametrize("weekdays", [(), (Weekday.MONDAY,)])
def test_who_does_not_get_up_is_tried_again_and_then_told_of(weekdays: tuple[Weekday, ...]) -> None:
    bench = sleeper(*weekdays)
    effects = bench.feed(ev.MinuteBegins())
    for _ in range(ATTEMPTS):
        (leg,) = originated(effects)
        bench.feed(ev.LegEnded(leg=leg, cause=Cause.NO_ANSWER))
        effects = bench.expire("wakeup:21")
    assert missed(effects) == [fx.WakeUpMissed(extension=E21, time="10:00", attempts=ATTEMPTS)]
    assert deleted(effects) == ([] if weekdays else ["21"])
    assert bench.expire("wakeup:21") == []


def test_who_answers_is_awake_and_nobody_is_told() -> None:
    bench = sleeper()
    (leg,) = originated(bench.feed(ev.MinuteBegins()))
    effects = bench.feed(ev.LegAnswered(leg=leg))
    assert (missed(effects), deleted(effects)) == ([], ["21"])
    assert bench.expire("wakeup:21") == []


def test_a_call_that_is_already_under_way_is_not_begun_again() -> None:
    bench = sleeper()
    assert len(originated(bench.feed(ev.MinuteBegins()))) == 1
    assert originated(bench.feed(ev.MinuteBegins())) == []


def confirming() -> Bench:
    bench = sleeper()
    bench.feed(
        ev.SnapshotChanged(
            snapshot=build(
                (
                    Extension(id=E21, number="21", name="Anna"),
                    Device(id=DeviceId("21"), extension=E21, username="21", secret="x" * 10),
                    WakeUp(id="21", extension=E21, time="10:00", confirm=True),
                )
            )
        )
    )
    return bench


def heard(effects: list[fx.Effect]) -> fx.HearsList:
    (sound,) = [
        one.hears for one in effects if isinstance(one, fx.SetAudio) and isinstance(one.hears, fx.HearsList)
    ]
    return sound


def test_a_key_proves_that_somebody_is_awake() -> None:
    bench = confirming()
    (leg,) = originated(bench.feed(ev.MinuteBegins()))
    effects = bench.feed(ev.LegAnswered(leg=leg))
    assert heard(effects).names == ("wake_up", "hour/10", "wake_confirm")
    assert deleted(effects) == []
    effects = bench.feed(ev.LegDigit(leg=leg, digit="5"))
    assert heard(effects).names == ("wake_confirmed",)
    assert deleted(effects) == ["21"]
    assert bench.expire("wakeup:21") == []


def test_who_answers_and_sleeps_on_is_woken_again() -> None:
    bench = confirming()
    effects = bench.feed(ev.MinuteBegins())
    for _ in range(ATTEMPTS):
        (leg,) = originated(effects)
        effects = bench.feed(ev.LegAnswered(leg=leg))
        for _ in range(TIMES):
            bench.feed(ev.PlaybackEnded(leg=leg, playback=heard(effects).playback))
            effects = bench.expire(f"talk:{bench.legs[leg].record.call}")
        assert [one.cause for one in effects if isinstance(one, fx.EndLeg)] == [Cause.NORMAL]
        bench.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))
        effects = bench.expire("wakeup:21")
    assert missed(effects) == [fx.WakeUpMissed(extension=E21, time="10:00", attempts=ATTEMPTS)]
