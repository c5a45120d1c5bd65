"""The bell, who calls, and lifting at any moment."""

import itertools
from datetime import datetime

import pytest

from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.emulator.telephone import Bell
from appliance.fxs.steps import BellAnswered, BellRefused, HungUp, RingOver, RingWanted
from tests.contract.fxs.rig import OFFICE_TIME, Rig, make_rig

ANNA = Shown(number="+49221471123", name="Anna Müller")


def ring(rig: Rig, caller: Shown = ANNA, kind: RingKind = RingKind.EXTERNAL) -> None:
    rig.port.tell(RingWanted(caller=caller, kind=kind))


def lengths(bells: list[Bell]) -> list[tuple[int, int]]:
    """Length and following pause of every burst, rounded to what a turn is."""
    return [
        (round((one.end_ms - one.begin_ms) / 20) * 20, round((then.begin_ms - one.end_ms) / 20) * 20)
        for one, then in itertools.pairwise(bells)
    ]


@pytest.mark.parametrize(
    ("kind", "cadence"),
    [
        (RingKind.EXTERNAL, [(1000, 4000)] * 3),
        (RingKind.INTERNAL, [(400, 400), (400, 3800)] * 2),
        (RingKind.RECALL, [(300, 300), (300, 300), (300, 3500)] * 2),
    ],
)
def test_the_bell_tells_what_kind_of_call_it_is(
    rig: Rig, kind: RingKind, cadence: list[tuple[int, int]]
) -> None:
    rig.configure(caller_id=False)
    ring(rig, kind=kind)
    rig.run(sum(map(sum, cadence)) + 1500)
    found = lengths(rig.phone.bells)[: len(cadence)]
    for (on, off), (wanted_on, wanted_off) in zip(found, cadence, strict=True):
        assert abs(on - wanted_on) <= 40
        assert abs(off - wanted_off) <= 40


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (ANNA, Shown(number="0049221471123", name="Anna Mueller")),
        (Shown(number="22"), Shown(number="22")),
        (Shown(number="22", name="Böß", withheld=True), Shown(withheld=True)),
        (Shown(), Shown()),
        (Shown(number="1" * 40, name="x" * 99), Shown(number="1" * 20, name="x" * 50)),
        (Shown(number="*31#", name="Čapek, Łódź 北京"), Shown(number="*31#", name="Capek, odz")),
    ],
)
@pytest.mark.parametrize("kind", [RingKind.EXTERNAL, RingKind.RECALL])
def test_the_display_shows_what_was_sent(rig: Rig, caller: Shown, shown: Shown, kind: RingKind) -> None:
    ring(rig, caller, kind)
    rig.run(6000)
    (display,) = rig.phone.displays
    assert display.caller == shown
    assert display.time == OFFICE_TIME.strftime("%m%d%H%M")
    assert len(rig.phone.bells) >= 2


def test_no_bell_rings_into_the_message(rig: Rig) -> None:
    ring(rig, Shown(number="1" * 20, name="x" * 50), RingKind.RECALL)
    rig.until(lambda: bool(rig.phone.displays))
    shown = rig.now
    assert len(rig.phone.bells) == 1
    assert shown - rig.phone.bells[0].end_ms >= 500
    rig.until(lambda: len(rig.phone.bells) == 2)
    assert rig.now - shown >= 200


def test_without_caller_id_nothing_is_sent(rig: Rig) -> None:
    rig.configure(caller_id=False)
    ring(rig)
    rig.run(6000)
    assert rig.phone.displays == []


@pytest.mark.parametrize("after_ms", [60, 300, 700, 990, 1010, 1500, 1900, 2300, 3000, 5500])
def test_lifting_at_any_moment_stops_the_bell(family: str, after_ms: int) -> None:
    rig = make_rig(family, bounce_ms=4)
    ring(rig)
    rig.run(after_ms)
    assert rig.phone.bells
    rig.phone.lift()
    rig.until(lambda: rig.phone.off_hook)
    assert rig.until(lambda: not rig.phone.rings) <= 120
    rig.until(lambda: rig.state == "talking", 200)
    rig.run(6000)
    assert rig.reports == [BellAnswered()]
    assert not rig.phone.rings
    rig.phone.hang_up()
    rig.until(lambda: rig.state == "idle", 1500)
    assert rig.reports == [BellAnswered(), HungUp()]


@pytest.mark.parametrize("after_ms", [40, 500, 1500, 2000, 5500])
def test_a_caller_who_gives_up(rig: Rig, after_ms: int) -> None:
    ring(rig)
    rig.run(after_ms)
    rig.port.tell(RingOver())
    rig.run(200)
    assert not rig.phone.rings
    bells = len(rig.phone.bells)
    rig.run(6000)
    assert (rig.state, rig.reports, len(rig.phone.bells)) == ("idle", [], bells)
    rig.phone.lift()
    rig.run(300)
    assert rig.state == "dialling"


def test_an_unanswered_bell_does_not_answer_itself(rig: Rig) -> None:
    ring(rig)
    rig.run(60_000)
    assert (rig.state, rig.reports) == ("ringing", [])
    assert len(rig.phone.bells) == 12 or len(rig.phone.bells) == 13
    if hasattr(rig.card, "longest_ring_ms"):
        assert rig.card.longest_ring_ms <= 1040


def test_who_has_just_hung_up_can_be_called_at_once(rig: Rig) -> None:
    for _ in range(3):
        rig.phone.lift()
        rig.run(400)
        rig.phone.hang_up()
        rig.until(lambda: rig.state == "idle")
        ring(rig)
        rig.until(lambda: rig.phone.rings, 1500)
        rig.port.tell(RingOver())
        rig.run(400)


def test_a_lifted_telephone_does_not_ring(rig: Rig) -> None:
    rig.phone.lift()
    rig.run(300)
    ring(rig)
    rig.run(100)
    assert rig.reports == [BellRefused()]
    assert not rig.phone.bells


def test_lifted_and_replaced_in_an_instant(rig: Rig) -> None:
    """The user knocks the handset while it rings."""
    ring(rig)
    rig.run(400)
    rig.phone.lift()
    rig.phone.wait(150)
    rig.phone.hang_up()
    rig.until_idle()
    rig.run(1500)
    assert (rig.state, rig.reports) == ("idle", [BellAnswered(), HungUp()])
    assert not rig.phone.rings


def test_the_lamp_of_a_telephone(rig: Rig) -> None:
    rig.run(2000)
    assert rig.phone.displays == []
    rig.configure(messages=3)
    rig.run(3000)
    (display,) = rig.phone.displays
    assert (display.lamp, display.messages) == (True, 3)
    assert not rig.phone.bells
    if hasattr(rig.card, "lamp"):
        assert rig.card.lamp == 3
    rig.configure(messages=0)
    rig.run(3000)
    assert (rig.phone.displays[-1].lamp, len(rig.phone.displays)) == (False, 2)


def test_the_lamp_waits_for_the_handset_and_gives_way_to_the_bell(rig: Rig) -> None:
    rig.phone.lift()
    rig.run(400)
    rig.configure(messages=1)
    rig.run(3000)
    assert rig.phone.displays == []
    rig.phone.hang_up()
    rig.until(lambda: rig.state == "idle")
    rig.run(1200)
    ring(rig)
    rig.run(3500)
    rig.port.tell(RingOver())
    rig.run(4000)
    assert [one.caller is not None for one in rig.phone.displays] == [True, False]
    assert rig.phone.displays[-1].lamp is True


def test_the_date_is_the_office_s(rig: Rig) -> None:
    ring(rig)
    rig.run(3000)
    assert rig.phone.displays[0].time == f"{datetime(2026, 11, 23, 9, 45):%m%d%H%M}"  # noqa: DTZ001
