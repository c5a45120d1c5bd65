"""In a call: the R key of every length, services, a second caller, polarity; and users who do anything."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import LineSettings
from appliance.fxs.steps import (
    BellAnswered,
    BellRefused,
    CallOver,
    CallTaken,
    CallWanted,
    Connected,
    Fact,
    HungUp,
    KeyPressed,
    Other,
    OtherChanged,
    RingOver,
    RingWanted,
    Service,
    ServiceWanted,
)
from appliance.model.analog import PortKind
from tests.contract.fxs.rig import FAMILIES, Rig, make_rig

ANNA = Shown(number="22", name="Anna Berg")


def talk(rig: Rig) -> None:
    """Dial, be connected; reports are empty then."""
    rig.phone.lift()
    rig.phone.wait(200)
    rig.phone.keys("22")
    rig.until_idle()
    assert rig.reports == [CallWanted(number="22")]
    rig.port.tell(CallTaken())
    rig.port.tell(Connected())
    rig.run(100)
    rig.reports.clear()


@pytest.mark.parametrize("milliseconds", [80, 90, 100, 110, 130, 180, 199, 215, 250, 300, 400, 500, 580])
@pytest.mark.parametrize("bounce_ms", [0, 5])
def test_the_r_key_of_every_length(family: str, milliseconds: int, bounce_ms: int) -> None:
    rig = make_rig(family, bounce_ms=bounce_ms)
    talk(rig)
    rig.phone.flash(milliseconds)
    rig.until_idle()
    rig.run(500)
    assert rig.reports == [ServiceWanted(service=Service.HOLD)]
    assert rig.state == "dialling"


@pytest.mark.parametrize("milliseconds", [640, 800, 1200])
def test_longer_than_the_r_key_is_hanging_up(rig: Rig, milliseconds: int) -> None:
    talk(rig)
    rig.phone.flash(milliseconds)
    rig.until_idle()
    assert rig.reports == [HungUp()]
    assert rig.state == "dialling"


def test_what_is_a_flash_can_be_set(rig: Rig) -> None:
    rig.configure(flash_most_ms=300)
    talk(rig)
    rig.phone.flash(380)
    rig.until_idle()
    assert rig.reports[0] == HungUp()


def test_consulting_and_the_services(rig: Rig) -> None:
    talk(rig)
    rig.phone.flash(100)
    rig.phone.wait(300)
    rig.phone.keys("23")
    rig.until_idle()
    assert rig.reports == [ServiceWanted(service=Service.HOLD), CallWanted(number="23", consulting=True)]
    rig.port.tell(CallTaken())
    rig.port.tell(Connected())
    rig.run(100)
    for key, service in (("2", Service.SWAP), ("2", Service.SWAP), ("4", Service.TRANSFER)):
        rig.reports.clear()
        rig.phone.flash(100)
        rig.phone.wait(400)
        rig.phone.keys(key)
        rig.until_idle()
        assert rig.reports == [ServiceWanted(service=service)]


def test_a_service_by_pulses(family: str) -> None:
    rig = make_rig(family)
    rig.phone.lift()
    rig.phone.wait(200)
    rig.phone.pulses("22")
    rig.until_idle()
    rig.port.tell(CallTaken())
    rig.port.tell(Connected())
    rig.port.tell(OtherChanged(other=Other.WAITING))
    rig.run(100)
    rig.reports.clear()
    rig.phone.flash(300)
    rig.phone.wait(500)
    rig.phone.pulses("3")
    rig.until_idle()
    assert rig.reports == [ServiceWanted(service=Service.CONFERENCE)]


@pytest.mark.parametrize("display", [True, False])
def test_a_second_caller_is_announced_and_shown(family: str, display: bool) -> None:
    rig = make_rig(family, display=display)
    talk(rig)
    rig.port.tell(OtherChanged(other=Other.WAITING, caller=Shown(number="0221471", name="Bernd Maß")))
    rig.run(4000)
    assert [one.caller for one in rig.phone.displays] == (
        [Shown(number="0221471", name="Bernd Mass")] if display else []
    )
    # The telephone's answer is not a key for the party.
    assert rig.reports == []
    rig.phone.keys("5")
    rig.until_idle()
    assert rig.reports == [KeyPressed(key="5")]


def test_the_polarity_turns_when_the_party_answers(rig: Rig) -> None:
    rig.configure(line=LineSettings(polarity_on_answer=True))
    talk(rig)
    assert rig.phone.reversed
    rig.port.tell(CallOver())
    rig.run(100)
    assert not rig.phone.reversed


def test_a_fax_machine_s_call_is_left_alone(rig: Rig) -> None:
    rig.configure(line=LineSettings(kind=PortKind.FAX))
    talk(rig)
    rig.phone.flash(100)
    rig.phone.keys("12")
    rig.port.tell(OtherChanged(other=Other.WAITING, caller=ANNA))
    rig.until_idle()
    assert rig.reports == []
    if hasattr(rig.card, "echo_cancelled"):
        assert not rig.card.echo_cancelled


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_calls_leave_nothing_behind(family: str, seed: int) -> None:
    rig = make_rig(family, bounce_ms=4, seed=seed)
    for _ in range(30):
        talk(rig)
        rig.phone.hang_up()
        rig.until(lambda: rig.state == "idle", 2000)
        assert rig.reports == [HungUp()]
        rig.reports.clear()
        rig.run(300)
    assert rig.port.health().line.late_frames == 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), family=st.sampled_from(FAMILIES))
def test_whatever_users_and_calls_do_the_port_is_well_afterwards(seed: int, family: str) -> None:
    chance = random.Random(seed)
    rig = make_rig(family, bounce_ms=chance.choice([0, 3, 6]), seed=seed)
    facts: list[Fact] = [
        CallTaken(),
        Connected(),
        CallOver(),
        RingOver(),
        RingWanted(caller=ANNA, kind=RingKind.EXTERNAL),
        OtherChanged(other=Other.HELD),
        OtherChanged(other=Other.WAITING, caller=ANNA),
        OtherChanged(other=Other.NONE),
    ]
    deeds: list[Callable[[], None]] = [
        rig.phone.lift,
        rig.phone.hang_up,
        lambda: rig.phone.flash(chance.randint(10, 900)),
        lambda: rig.phone.keys(chance.choice("0123456789*#ABCD")),
        lambda: rig.phone.pulses(chance.choice("123"), between_ms=chance.randint(0, 500)),
        lambda: rig.phone.wait(chance.randint(1, 800)),
        lambda: rig.port.tell(chance.choice(facts)),
        lambda: rig.port.tell(chance.choice(facts)),
    ]
    for _ in range(25):
        chance.choice(deeds)()
        rig.run(chance.choice([0, 20, 100, 700]))
    rig.phone.hang_up()
    rig.until_idle()
    rig.run(2000)
    if rig.state == "ringing":
        rig.port.tell(RingOver())
        rig.run(100)
    assert rig.state == "idle", rig.states
    rig.run(1000)
    assert not rig.phone.rings
    rig.reports.clear()
    rig.phone.displays.clear()
    rig.port.tell(RingWanted(caller=ANNA, kind=RingKind.INTERNAL))
    rig.run(3000)
    assert [one.caller for one in rig.phone.displays if one.caller is not None] == [ANNA]
    rig.phone.lift()
    rig.run(300)
    assert rig.reports == [BellAnswered()]
    assert BellRefused() not in rig.reports
