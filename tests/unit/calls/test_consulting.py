"""Attended transfer, to and fro, three together: all by keys of a mobile that has one leg."""

import pytest

from appliance.calls.consulting import start
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.conferences import ConferenceRoom
from appliance.model.documents import Extension
from appliance.model.ids import ConferenceId, ExtensionId, LegId, RecordingRuleId
from appliance.model.recordings import Consent, RecordingRule
from tests.unit.calls.mobile_office import House


def consulting(*, answered: bool = True, house: House | None = None) -> tuple[House, LegId, LegId, LegId]:
    """The house; the mobile, who waits, who is asked."""
    house = house or House()
    leg = house.enter()
    house.press(leg, "030987654#")
    waits = house.answer(house.rung("30987654"))
    house.press(leg, "*222#")
    asked = house.rung("22")
    if answered:
        house.answer(asked)
    return house, leg, waits, asked


def test_while_somebody_is_asked_the_other_hears_music() -> None:
    house, leg, waits, asked = consulting()
    assert house.talk(leg, asked)
    assert isinstance(house.hears[waits], fx.HearsFile)


def test_back_to_who_waits_when_the_asked_one_hangs_up_or_is_hung_up() -> None:
    house, leg, waits, asked = consulting()
    house.hang_up(asked)
    assert house.talk(leg, waits)
    house.press(leg, "*222#")
    house.answer(house.rung("22"))
    house.press(leg, "*#")
    assert house.talk(leg, waits)
    house.press(leg, "*#")  # the next one ends this call, too
    assert waits in house.over
    assert house.tone(leg) is fx.ToneKind.DIAL


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.REJECTED, Cause.NO_ANSWER])
def test_who_cannot_be_asked_gives_the_peer_back(cause: Cause) -> None:
    house, leg, waits, asked = consulting(answered=False)
    house.hang_up(asked, cause)
    heard = house.hears[leg]
    if isinstance(heard, fx.HearsFile):  # why, in words, first
        house.feed(ev.PlaybackEnded(leg=leg, playback=heard.playback))
    assert house.talk(leg, waits)
    assert any(isinstance(one, fx.Announce) and leg in one.legs for one in house.effects)


def test_to_and_fro() -> None:
    house, leg, waits, asked = consulting()
    house.press(leg, "*1")
    assert house.talk(leg, waits)
    assert isinstance(house.hears[asked], fx.HearsFile)
    house.press(leg, "*1")
    assert house.talk(leg, asked)
    assert isinstance(house.hears[waits], fx.HearsFile)


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("how", ["*4#", "hangs up"])
def test_the_two_others_are_put_together(how: str, answered: bool) -> None:
    house, leg, waits, asked = consulting(answered=answered)
    if how == "*4#":
        house.press(leg, how)
    else:
        house.hang_up(leg)
    assert leg in house.over
    if not answered:
        house.answer(asked)
    assert house.talk(waits, asked)
    house.hang_up(waits)
    assert asked in house.over
    assert not house.control.live_calls()


def test_three_together_and_who_called_them_may_leave() -> None:
    house, leg, waits, asked = consulting()
    house.press(leg, "*3")
    for one in (leg, waits, asked):
        assert house.hears[one] == fx.HearsLegs(legs=frozenset({leg, waits, asked}) - {one})
    house.press(leg, "*#")
    assert house.talk(waits, asked)
    assert leg in house.over


def test_strangers_are_not_left_together_at_our_cost() -> None:
    house = House()
    leg = house.enter()
    house.press(leg, "030987654#")
    waits = house.answer(house.rung("30987654"))
    house.press(leg, "*2030555#")
    asked = house.answer(house.rung("30555"))
    house.press(leg, "*3")
    house.hang_up(leg)
    assert {waits, asked} <= house.over.keys()


def test_who_waits_may_leave() -> None:
    house, leg, waits, asked = consulting()
    house.hang_up(waits)
    assert house.talk(leg, asked)
    house.press(leg, "*1")  # nobody waits: this holds again
    assert isinstance(house.hears[asked], fx.HearsFile)
    house.press(leg, "*#")
    assert house.tone(leg) is fx.ToneKind.DIAL


def test_what_cannot_be_is_said_and_nobody_is_lost() -> None:
    house, leg, waits, asked = consulting(answered=False)
    for keys in ("*1", "*3", "*223#", "*3", "*1"):
        house.press(leg, keys)
    house.answer(asked)
    assert house.talk(leg, asked)
    house.press(leg, "*223#")  # one is waiting already
    assert house.talk(leg, asked)
    house.hang_up(asked)
    assert house.talk(leg, waits)


def test_without_a_peer_nobody_is_asked() -> None:
    house = House()
    leg = house.enter()
    exchange = house.control._x
    call = exchange.call_of(exchange.legs[leg])
    assert call is not None
    assert not start(exchange, call, exchange.legs[leg], "22")


def test_when_the_asked_one_is_busy_after_all_the_other_hears_so() -> None:
    house, leg, waits, asked = consulting(answered=False)
    house.hang_up(leg)
    house.hang_up(asked, Cause.BUSY)
    assert house.tone(waits) is fx.ToneKind.BUSY
    house.hang_up(waits)
    assert not house.control.live_calls()


def test_a_mobile_lost_in_a_conference_lets_who_waits_ring_at_the_desk() -> None:
    house = House(ConferenceRoom(id=ConferenceId("600"), number="600"))
    leg = house.enter()
    house.press(leg, "030987654#")
    waits = house.answer(house.rung("30987654"))
    house.press(leg, "*2600#")
    while isinstance(house.hears[leg], fx.HearsList):
        house.listen(leg)
    house.hang_up(leg)
    assert house.talk(waits, house.answer(house.rung("21")))


def test_what_is_recorded_stays_with_its_call() -> None:
    rule = RecordingRule(id=RecordingRuleId("all"), extensions=(ExtensionId("21"),), consent=Consent.ANNOUNCE)
    anna = Extension(id=ExtensionId("21"), number="21", name="Phone 21", pin="471147")
    house, leg, *_ = consulting(house=House(rule, anna))
    stopped = [one for one in house.effects if isinstance(one, fx.StopRecord) and one.leg == leg]
    begun = [one for one in house.effects if isinstance(one, fx.Record) and one.leg == leg]
    first = {one.recording for one in begun[:2]}
    assert first == {one.recording for one in stopped}, "one recording for each conversation"
    assert len(begun) == 4
