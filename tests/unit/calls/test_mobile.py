"""Mobiles of the office: calling through, called back, rung for a held caller, ringing along."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from appliance.calls.voice.callthrough import PinsGuessed
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import ClassOfService, Extension, Permission, Site
from appliance.model.ids import ClassId, ExtensionId, LegId
from appliance.model.mobiles import without_pin
from appliance.model.plan import CallKind
from tests.unit.calls.mobile_office import GATE, MOBILE, OFFICE, PIN, STRANGER, House

LAMP_OUT, LAMP_ON = fx.LineState.TERMINATED, fx.LineState.CONFIRMED


# -- callthrough -------------------------------------------------------------------------------------


def test_a_mobile_dials_on_with_the_office_number_at_the_cost_of_its_extension() -> None:
    house = House()
    leg = house.enter()
    assert house.lamps["21"] is LAMP_ON  # it is the extension now
    house.press(leg, "030987654")
    assert house.tone(leg) is None  # silence after the first digit
    house.wait("talk")
    out = house.rung("30987654")
    present = house.dialled[out].present
    assert present.number.endswith("22155501")
    assert not present.withheld
    house.alert(out)
    assert house.tone(leg) is fx.ToneKind.RINGBACK
    house.answer(out)
    assert house.talk(leg, out)
    record = next(one for one in house.records.values() if one.kind is CallKind.OUTBOUND)
    assert (record.caller_number, record.called) == ("21", "+4930987654")


def test_the_hash_key_ends_a_number_and_emergency_numbers_need_none() -> None:
    house = House()
    leg = house.enter()
    house.press(leg, "030987654#")
    assert house.rings("30987654")
    other = House()
    leg = other.enter()
    other.press(leg, "112")
    assert any(one.kind is CallKind.EMERGENCY for one in other.records.values())


def test_several_calls_in_a_row_each_with_a_record() -> None:
    house = House()
    leg = house.enter()
    house.press(leg, "030987654#")
    first = house.answer(house.rung("30987654"))
    house.hang_up(first)  # the far end
    assert house.tone(leg) is fx.ToneKind.DIAL
    house.press(leg, "22#")
    second = house.answer(house.rung("22"))
    assert house.talk(leg, second)
    house.press(leg, "*#")  # the mobile ends the call itself
    assert house.over[second] is Cause.NORMAL
    assert house.tone(leg) is fx.ToneKind.DIAL
    house.press(leg, "030111#")
    third = house.rung("30111")
    house.hang_up(third, Cause.BUSY)
    assert house.tone(leg) is fx.ToneKind.BUSY
    house.wait("talk")
    assert house.tone(leg) is fx.ToneKind.DIAL
    house.hang_up(leg)
    assert not house.control.live_calls()
    called = [one.called for one in house.ended_records() if one.kind is not CallKind.SERVICE]
    assert called == [GATE, "+4930987654", "22", "+4930111"]
    assert house.lamps["21"] is LAMP_OUT


def test_a_call_that_still_rings_can_be_given_up() -> None:
    house = House()
    leg = house.enter()
    house.press(leg, "030987654#")
    out = house.alert(house.rung("30987654"))
    house.press(leg, "*#")
    assert out in house.over
    assert house.tone(leg) is fx.ToneKind.DIAL


def test_what_the_extension_may_not_dial_the_mobile_may_not_either() -> None:
    barred = ClassOfService(id=ClassId("inside"), otherwise=Permission.BAR)
    site = Site(area_code="221", default_caller_number=OFFICE, class_of_service=barred.id)
    house = House(barred, site)
    leg = house.enter()
    house.press(leg, "030987654#")
    assert not house.rings("30987654")


def test_without_need_of_a_pin_there_is_the_dial_tone_at_once() -> None:
    house = House(mobile={"needs_pin": False})
    leg = house.calls_in()
    assert house.tone(leg) is fx.ToneKind.DIAL


def test_strangers_are_not_answered() -> None:
    house = House()
    for caller, withheld in ((STRANGER, False), ("", True)):
        leg = house.calls_in(caller=caller, withheld=withheld)
        assert fx.Answer(leg=leg) not in house.effects


def test_a_wrong_pin_costs_a_pause_that_doubles_and_the_third_the_call() -> None:
    house = House()
    leg = house.calls_in()
    for pause in (2000, 4000):
        house.listen(leg)
        house.press(leg, "1111#")
        assert next(ms for timer, ms in house.timers.items() if timer.startswith("talk:")) == pause
        house.press(leg, PIN)  # keys during the pause count for nothing
        house.wait("talk")
    assert house.listen(leg) == ("wrong_pin", "enter_pin")
    house.press(leg, "1111#")
    assert house.listen(leg) == ("callthrough_refused",)
    assert leg in house.over


def guess(house: House, caller: str = MOBILE, who: str = "") -> None:
    """Call, key in wrong PINs until nothing more is taken, hang up."""
    leg = house.calls_in(caller=caller)
    while isinstance(house.hears.get(leg), fx.HearsList):
        said = house.listen(leg)[-1]
        if said not in ("callthrough_who", "enter_pin"):
            break
        house.press(leg, f"{who}#" if said == "callthrough_who" else "000000#")
        if isinstance(house.hears[leg], fx.HearsNothing):
            house.wait("talk")
    if leg not in house.over:
        house.hang_up(leg)


def test_guessing_locks_out_alarms_once_and_is_over_after_a_while() -> None:
    house = House()
    for _ in range(3):
        guess(house)
    alarms = [one for one in house.alarms if isinstance(one, PinsGuessed)]
    assert len(alarms) == 1
    assert alarms[0].caller.endswith("***")  # masked
    leg = house.calls_in()
    assert house.listen(leg) == ("callthrough_locked",)
    house.now = house.now.replace(hour=house.now.hour + 1)
    house.enter()


def test_from_anywhere_extension_and_pin_are_asked_for() -> None:
    house = House(gate={"anywhere": (ExtensionId("21"),)})
    leg = house.calls_in(caller="", withheld=True)
    assert house.listen(leg) == ("callthrough_who",)
    house.press(leg, "21#")
    assert house.listen(leg) == ("enter_pin",)
    house.press(leg, PIN)
    assert house.tone(leg) is fx.ToneKind.DIAL


@pytest.mark.parametrize("who", ["22", "99", ""])
def test_from_anywhere_nobody_learns_which_extensions_there_are(who: str) -> None:
    house = House(gate={"anywhere": (ExtensionId("21"),)})
    leg = house.calls_in(caller=STRANGER)
    house.listen(leg)
    house.press(leg, f"{who}#")
    assert house.listen(leg) == ("enter_pin",)
    house.press(leg, f"{PIN}#")
    assert isinstance(house.hears[leg], fx.HearsNothing)  # wrong, as for everybody


def test_guessing_from_many_numbers_closes_the_gate_for_the_unknown_only() -> None:
    house = House(gate={"anywhere": (ExtensionId("21"),)})
    for n in range(20):
        guess(house, caller=f"+4930{n:06}", who=f"9{n:02}")
    leg = house.calls_in(caller=STRANGER)
    assert house.listen(leg) == ("callthrough_locked",)
    house.enter()  # a known mobile still comes in


@settings(max_examples=60, deadline=None)
@given(keys=st.text(alphabet="0123456789*#", max_size=60), withheld=st.booleans())
def test_rubbish_in_the_dialogue_does_no_harm(keys: str, withheld: bool) -> None:
    house = House(gate={"anywhere": (ExtensionId("21"),)})
    leg = house.calls_in(withheld=withheld)
    for key in keys:
        if leg in house.over:
            break
        house.press(leg, key)
        if isinstance(house.hears.get(leg), fx.HearsList):
            house.listen(leg)
    if leg not in house.over:
        house.hang_up(leg)
    for out in list(house.dialled):
        if out not in house.over:
            house.hang_up(out)
    assert not house.control.live_calls()
    assert house.control.leg_count == 0


# -- codes while talking -----------------------------------------------------------------------------


def talking() -> tuple[House, LegId, LegId]:
    house = House()
    leg = house.enter()
    house.press(leg, "030987654#")
    return house, leg, house.answer(house.rung("30987654"))


def test_star_1_holds_and_resumes() -> None:
    house, leg, out = talking()
    house.press(leg, "*1")
    assert isinstance(house.hears[out], fx.HearsFile)  # music
    house.press(leg, "*1")
    assert house.talk(leg, out)


def test_star_4_transfers_the_peer() -> None:
    house, leg, out = talking()
    house.press(leg, "*422#")
    desk = house.answer(house.rung("22"))
    assert house.talk(out, desk)
    assert leg in house.over


def test_a_transfer_that_leads_nowhere_gives_the_peer_back() -> None:
    house, leg, out = talking()
    house.press(leg, "*422#")
    house.hang_up(house.rung("22"), Cause.BUSY)
    assert house.talk(leg, out)


def test_other_keys_go_to_the_far_end() -> None:
    house, leg, out = talking()
    before = len(house.effects)
    house.press(leg, "5*67")
    house.press(leg, "*")
    house.wait("keyed")
    sent = [one.digit for one in house.effects[before:] if isinstance(one, fx.SendDigit) and one.leg == out]
    assert "".join(sent) == "5*67*"


def test_the_desk_phone_takes_the_conversation_over_and_the_mobile_takes_it_back() -> None:
    house, leg, out = talking()
    desk = house.phone_calls("21", "*71")
    assert house.talk(desk, out)
    assert leg in house.over
    back = house.enter()
    house.press(back, "*71#")
    assert house.talk(back, out)
    assert desk in house.over


# -- callback ----------------------------------------------------------------------------------------


def test_a_missed_call_is_called_back_and_gets_a_dial_tone() -> None:
    house = House(gate={"callback": True})
    leg = house.calls_in()
    assert fx.Answer(leg=leg) not in house.effects
    assert house.over[leg] is Cause.BUSY
    house.wait("call_back")
    back = house.answer(house.rung(MOBILE[-9:]))
    assert house.listen(back) == ("mobile_callback",)
    house.press(back, "1")
    assert house.listen(back) == ("enter_pin",)
    house.press(back, PIN)
    assert house.tone(back) is fx.ToneKind.DIAL
    house.press(back, "030987654#")
    assert house.talk(back, house.answer(house.rung("30987654")))


def test_by_command_both_sides_are_called() -> None:
    house = House()
    house.feed(ev.CallBack(extension=ExtensionId("21"), dialled="030987654"))
    back = house.answer(house.rung(MOBILE[-9:]))
    assert not house.rings("30987654")  # a mailbox that answers costs no second call
    house.press(back, "1")
    out = house.answer(house.rung("30987654"))
    assert house.talk(back, out)
    assert house.dialled[out].present.number.endswith("22155501")


@pytest.mark.parametrize(
    ("text", "needs_pin", "dials"),
    [
        (f"CB 030 987654 PIN {PIN}", True, True),
        (f"Ruf +49 30/987654 pin{PIN}", True, True),
        ("cb 030987654", False, True),
        ("CB 030987654", True, False),
        ("CB 030987654 PIN 000000", True, False),
        ("CB 030987654; DROP TABLE", False, False),
        ("hello", False, False),
        ("CB " + "9" * 500, False, False),
        ("CB 0309\x00\u202e87654", False, False),
    ],
)
def test_orders_by_sms(text: str, needs_pin: bool, dials: bool) -> None:
    house = House(mobile={"needs_pin": needs_pin})
    house.feed(ev.TextReceived(number=MOBILE, text=text))
    assert house.rings(MOBILE[-9:]) is dials
    if dials:
        house.press(house.answer(house.rung(MOBILE[-9:])), "1")
        assert house.rings("30987654")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"CB 030987654 PIN {PIN}", "CB 030987654 PIN ******"),
        (f" cb pin{PIN}\n", "cb pin******"),
        ("Ihre PIN 123456", "Ihre PIN 123456"),
        ("CB 030987654", "CB 030987654"),
    ],
)
def test_the_pin_of_an_order_is_not_kept(text: str, kept: str) -> None:
    assert without_pin(text) == kept


def test_guessing_by_sms_locks_out_and_alarms() -> None:
    house = House()
    for n in range(9):
        house.feed(ev.TextReceived(number=MOBILE, text=f"CB 030987654 PIN 00000{n}"))
    assert len([one for one in house.alarms if isinstance(one, PinsGuessed)]) == 1
    house.feed(ev.TextReceived(number=MOBILE, text=f"CB 030987654 PIN {PIN}"))
    assert not house.dialled


@pytest.mark.parametrize("sender", [STRANGER, "", "Bank", "0", "+", "21"])
def test_orders_of_strangers_are_not_met(sender: str) -> None:
    house = House(mobile={"needs_pin": False})
    house.feed(ev.TextReceived(number=sender, text="CB 030987654"))
    assert not house.dialled


def test_callbacks_are_limited() -> None:
    house = House(mobile={"needs_pin": False})
    for _ in range(30):
        house.feed(ev.TextReceived(number=MOBILE, text="CB 030987654"))
        for leg in [one for one in house.dialled if one not in house.over]:
            house.hang_up(leg, Cause.REJECTED)
    assert len(house.dialled) == 6


def test_one_mobile_is_called_back_once_at_a_time() -> None:
    house = House(mobile={"needs_pin": False})
    for _ in range(3):
        house.feed(ev.TextReceived(number=MOBILE, text="CB 030987654"))
    assert len(house.dialled) == 1


# -- call-reverse ------------------------------------------------------------------------------------


def reverse(**changes: Any) -> tuple[House, LegId, LegId]:
    """A stranger calls 21, whose mobile rings."""
    house = House(mobile={"reverse": True, **changes})
    caller = house.calls_in(OFFICE, STRANGER)
    return house, caller, house.alert(house.rung(MOBILE[-9:]))


def test_the_caller_is_held_and_the_mobile_shows_who_calls() -> None:
    house, caller, mobile = reverse()
    assert isinstance(house.hears[caller], fx.HearsFile)
    assert house.dialled[mobile].present.number.endswith("30123456")


def test_the_mobile_calls_in_and_gets_the_caller() -> None:
    house, caller, mobile = reverse()
    came = house.calls_in()
    assert house.talk(caller, came)
    assert mobile in house.over  # never answered, never billed
    assert not house.rings("21")
    assert house.lamps["21"] is LAMP_ON
    house.hang_up(caller)
    assert came in house.over  # who gave no PIN gets no dial tone
    assert not house.control.live_calls()


def test_where_mobiles_are_called_back_one_that_was_rung_gets_its_caller_all_the_same() -> None:
    house = House(mobile={"reverse": True}, gate={"callback": True})
    caller = house.calls_in(OFFICE, STRANGER)
    house.alert(house.rung(MOBILE[-9:]))
    assert house.talk(caller, house.calls_in())


@pytest.mark.parametrize("how", ["rejects", "answers"])
def test_a_mobile_that_rejects_or_answers_is_let_go_and_may_call_in(how: str) -> None:
    house, caller, mobile = reverse()
    if how == "answers":
        house.answer(mobile)
        assert house.over[mobile] is Cause.NORMAL  # at once: it would cost
    else:
        house.hang_up(mobile, Cause.REJECTED)
    assert isinstance(house.hears[caller], fx.HearsFile)  # still held
    assert house.talk(caller, house.calls_in())


def test_a_mobile_that_does_not_call_in_leaves_the_caller_to_the_voicemail_box() -> None:
    anna = Extension(id=ExtensionId("21"), number="21", voicemail=True)
    house = House(anna, mobile={"reverse": True})
    caller = house.calls_in(OFFICE, STRANGER)
    house.alert(house.rung(MOBILE[-9:]))
    assert max(house.timers.values()) == 40_000
    house.wait("ring")
    assert any(isinstance(one, fx.Consult) for one in house.effects)
    assert caller not in house.over


def test_a_caller_who_gives_up_stops_everything() -> None:
    house, caller, mobile = reverse()
    house.hang_up(caller)
    assert mobile in house.over
    leg = house.calls_in()
    assert house.listen(leg) == ("enter_pin",)


def test_the_phone_on_the_desk_may_answer_meanwhile() -> None:
    house, caller, mobile = reverse()
    desk = house.answer(house.rung("21"))
    assert house.talk(caller, desk)
    assert mobile in house.over


# -- ringing along -----------------------------------------------------------------------------------


def along() -> tuple[House, LegId, LegId, LegId]:
    house = House(mobile={"rings": True})
    caller = house.calls_in(OFFICE, STRANGER)
    return house, caller, house.alert(house.rung("21")), house.alert(house.rung(MOBILE[-9:]))


def test_who_answers_at_the_mobile_takes_the_call_with_the_1() -> None:
    house, caller, desk, mobile = along()
    house.answer(mobile)
    assert not house.talk(caller, mobile)
    assert desk not in house.over
    assert house.listen(mobile) == ("mobile_call_for", "digit_2", "digit_1", "mobile_take")
    house.press(mobile, "1")
    assert house.talk(caller, mobile)
    assert house.over[desk] is Cause.ANSWERED_ELSEWHERE
    assert house.lamps["21"] is LAMP_ON
    house.press(mobile, "*1")
    assert isinstance(house.hears[caller], fx.HearsFile)


def test_a_mailbox_never_swallows_the_call() -> None:
    house, caller, desk, mobile = along()
    house.answer(mobile)
    for _ in range(3):
        house.listen(mobile)
        house.wait("asked")
    assert mobile in house.over
    assert desk not in house.over
    house.answer(desk)
    assert house.talk(caller, desk)


def test_the_2_declines_and_the_desk_rings_on() -> None:
    house, caller, desk, mobile = along()
    house.answer(mobile)
    house.press(mobile, "2")
    assert mobile in house.over
    assert desk not in house.over
    assert caller not in house.over


def test_the_desk_answers_while_the_mobile_is_asked() -> None:
    house, caller, desk, mobile = along()
    house.answer(mobile)
    house.answer(desk)
    assert house.talk(caller, desk)
    assert mobile in house.over


def test_the_mobile_alone_declines_and_the_caller_hears_so() -> None:
    house = House(mobile={"rings": True})
    caller = house.calls_in(OFFICE, STRANGER)
    house.hang_up(house.rung("21"), Cause.UNREACHABLE)
    mobile = house.answer(house.rung(MOBILE[-9:]))
    house.press(mobile, "2")
    assert mobile in house.over
    for _ in range(9):
        if caller in house.over:
            break
        house.wait("play" if any(one.startswith("play:") for one in house.timers) else "part")
    assert not house.control.live_calls()
