"""Whose music one hears, and greetings that fit the hour."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.calls.control import CallControl
from appliance.calls.greetings import timely
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.documents import Document, Number, Site
from appliance.model.ids import E164, ExtensionId, LegId, NumberId, TrunkId
from appliance.model.languages import Language
from appliance.model.plan import CallRequest, FromTrunk, Origin, Plan
from appliance.model.snapshot import Snapshot, build
from tests.unit.calls import office

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


A = LegId("a")
OUTSIDE = FromTrunk(trunk=TrunkId("t1"))
MAIN = Number(id=NumberId("main"), number=E164("+4922147100"), music_on_hold="music/number")


def talk(origin: Origin, *, number: Number = MAIN, of_22: str = "music/22") -> tuple[CallControl, LegId]:
    """Let ``origin`` call 22, which answers."""
    ids = itertools.count(1)
    base = office.snapshot()
    ben = replace(base.extensions[ExtensionId("22")], music_on_hold=of_22)
    documents: list[Document] = [Site(music_on_hold="music/site"), number]
    documents += [*base.devices.values(), *base.trunks.values()]
    others = (one for one in base.extensions.values() if one.id != ben.id)
    snapshot = build([*documents, *base.features.lots, ben, *others])

    def planner(request: CallRequest, snapshot: Snapshot, now: datetime) -> Plan:
        made = office.planner(request, snapshot, now)
        return replace(made, number=number.id) if isinstance(request.origin, FromTrunk) else made

    control = CallControl(planner=planner, new_id=lambda: f"id{next(ids)}", snapshot=snapshot)
    effects = control.handle(
        ev.LegIncoming(leg=A, origin=origin, caller=office.CALLER, dialled="22"), office.NOW
    )
    (b,) = [one.leg for one in effects if isinstance(one, fx.Originate)]
    control.handle(ev.LegAnswered(leg=b), office.NOW)
    control.handle(ev.LegAnswered(leg=A), office.NOW)
    return control, b


def music_of(effects: list[fx.Effect], leg: LegId) -> str:
    (source,) = [one.hears for one in effects if isinstance(one, fx.SetAudio) and one.leg == leg]
    assert isinstance(source, fx.HearsFile)
    assert source.loop
    return source.name


@pytest.mark.parametrize(
    ("origin", "number", "of_22", "heard"),
    [
        (OUTSIDE, MAIN, "music/22", "music/number"),
        (OUTSIDE, replace(MAIN, music_on_hold=""), "music/22", "music/22"),
        (OUTSIDE, replace(MAIN, music_on_hold=""), "", "music/site"),
        (office.device("21"), MAIN, "music/22", "music/22"),
        (office.device("21"), MAIN, "", "music/site"),
    ],
)
def test_who_is_held_hears_the_number_s_the_holder_s_or_the_site_s_music(
    origin: Origin, number: Number, of_22: str, heard: str
) -> None:
    control, b = talk(origin, number=number, of_22=of_22)
    assert music_of(control.handle(ev.LegHeld(leg=b, held=True), office.NOW), A) == heard


def test_who_holds_a_colleague_from_outside_gives_the_site_s_music() -> None:
    control, b = talk(OUTSIDE)
    assert music_of(control.handle(ev.LegHeld(leg=A, held=True), office.NOW), b) == "music/site"


@pytest.mark.parametrize(("origin", "heard"), [(OUTSIDE, "music/number"), (office.device("21"), "music/22")])
def test_who_is_transferred_and_parked_hears_the_same(origin: Origin, heard: str) -> None:
    control, b = talk(origin)
    effects = control.handle(ev.LegTransfer(leg=b, target="park"), office.NOW)
    last = [one.hears for one in effects if isinstance(one, fx.SetAudio) and one.leg == A][-1]
    assert isinstance(last, fx.HearsFile)
    assert last.name == heard


def test_several_who_are_held_hear_one_and_the_same_source() -> None:
    first, second = talk(office.device("21")), talk(office.device("23"))
    heard = [
        next(
            one.hears
            for one in control.handle(ev.LegHeld(leg=b, held=True), office.NOW)
            if isinstance(one, fx.SetAudio) and one.leg == A
        )
        for control, b in (first, second)
    ]
    assert heard[0] == heard[1]
