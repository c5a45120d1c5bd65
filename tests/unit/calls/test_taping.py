"""Recording of calls by example: codes, rules, pause, rooms, the full disk; and that no call suffers."""

from dataclasses import replace

import pytest

from appliance.calls.taping import TABLE, Reel
from appliance.calls.voice.consent import CONSENT
from appliance.calls.voice.dialogue import defects
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import Application
from appliance.model.ids import ConferenceId, ExtensionId, LegId, Milliseconds, RecordingRuleId, TrunkId
from appliance.model.plan import CallKind, FromTrunk, Outcome
from appliance.model.recordings import (
    BeginTape,
    Consent,
    Direction,
    KeepTape,
    RecordingRule,
    RecordingSettings,
    TapeAct,
    TapeEnd,
)
from appliance.model.voice import RecordingEnd, Side
from tests.unit.calls import office
from tests.unit.calls.conversation import Conversation, run_step
from tests.unit.calls.test_conference import Hall
from tests.unit.calls.test_control import A, Bench, ended, hears, originated


class Studio(Bench):
    """Closes the files that call control wants closed; remembers what is asked of the outside."""

    def __init__(self, *rules: RecordingRule) -> None:
        super().__init__()
        x = self.control._x
        x.snapshot = replace(
            x.snapshot,
            recording=RecordingSettings(may_record=(ExtensionId("21"),)),
            recording_rules={one.id: one for one in rules},
        )
        self.writing: dict[str, fx.Record] = {}
        self.begun: list[BeginTape] = []
        self.kept: list[KeepTape] = []
        self.announced: list[tuple[str, ...]] = []

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        effects = super().feed(event)
        for effect in effects:
            match effect:
                case fx.Record():
                    self.writing[effect.recording] = effect
                case fx.Consult(request=BeginTape() as begun):
                    self.begun.append(begun)
                case fx.Consult(request=KeepTape() as kept):
                    self.kept.append(kept)
                case fx.Announce():
                    self.announced.append(effect.names)
                case _:
                    pass
        for effect in effects:
            if isinstance(effect, fx.StopRecord):
                self.close(effect.recording, RecordingEnd.STOPPED)
        return effects

    def close(self, recording: str, end: RecordingEnd) -> None:
        """The port closes a file, once."""
        record = self.writing.pop(recording, None)
        if record is not None:
            self.feed(
                ev.RecordingEnded(leg=record.leg, recording=recording, length_ms=Milliseconds(1000), end=end)
            )

    def press(self, leg: LegId, keys: str) -> None:
        for key in keys:
            self.feed(ev.LegDigit(leg=leg, digit=key))

    def hang_up(self, *legs: LegId) -> None:
        for leg in legs:
            self.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))


def rule(**fields: object) -> RecordingRule:
    given = {"id": RecordingRuleId("r"), "consent": Consent.NONE, **fields}
    return RecordingRule(**given)  # type: ignore[arg-type]


def test_the_tables_are_sound() -> None:
    assert defects(CONSENT) == []
    assert all(TABLE[reel, TapeAct.STOP] is Reel.ENDING for reel in Reel)


def test_a_code_starts_pauses_and_stops() -> None:
    studio = Studio()
    b = studio.talk()
    studio.press(A, "*78")
    assert {one.side for one in studio.writing.values()} == set(Side)
    assert {one.leg for one in studio.writing.values()} == {A}
    assert studio.begun[0].tape.by == "code 21"
    assert studio.announced == [("tone/beep",)]
    studio.press(A, "*79")
    assert studio.writing == {}
    assert studio.kept == []
    studio.press(A, "*79")
    assert len(studio.writing) == 2
    studio.press(A, "#78")
    (kept,) = studio.kept
    assert (kept.end, kept.parts) == (TapeEnd.STOPPED, 2)
    studio.hang_up(b, A)
    assert studio.control.leg_count == 0
    assert len(studio.kept) == 1


def test_who_may_not_record_does_not() -> None:
    studio = Studio()
    b = studio.talk()
    studio.press(b, "*78")
    assert studio.begun == []


def test_a_code_dialled_on_another_line_records_the_call() -> None:
    studio = Studio()
    studio.talk()
    n = LegId("n")
    effects = studio.dial("record", office.device("21"), n)
    assert {one.leg for one in studio.writing.values()} == {A}
    source = hears(effects)[n]
    assert isinstance(source, fx.HearsFile)
    assert source.name == "recording_record"


@pytest.mark.parametrize("gone_first", ["a", "b"])
def test_the_end_of_the_call_is_the_end_of_the_recording(gone_first: str) -> None:
    studio = Studio()
    b = studio.talk()
    studio.press(A, "*78")
    files = list(studio.writing)
    order = [A, b] if gone_first == "a" else [b, A]
    for leg in order:
        studio.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))
    for one in files:
        studio.close(one, RecordingEnd.LEG_ENDED)
    assert [one.end for one in studio.kept] == [TapeEnd.CALL_ENDED]
    assert studio.control._x.tapes == {}


def test_a_paused_recording_is_kept_when_the_call_ends() -> None:
    studio = Studio()
    b = studio.talk()
    studio.press(A, "*78")
    studio.press(A, "*79")
    studio.hang_up(b, A)
    assert len(studio.kept) == 1


@pytest.mark.parametrize(
    ("wanted", "recorded"),
    [
        (rule(), True),
        (rule(enabled=False), False),
        (rule(extensions=(ExtensionId("22"),)), True),
        (rule(extensions=(ExtensionId("23"),)), False),
        (rule(directions=(Direction.INTERNAL,)), True),
        (rule(directions=(Direction.OUTBOUND,)), False),
        (rule(trunks=(TrunkId("t1"),)), False),
        (rule(consent=Consent.AGREE), False),
    ],
)
def test_rules_say_what_is_recorded(wanted: RecordingRule, recorded: bool) -> None:
    studio = Studio(wanted)
    studio.talk()
    assert bool(studio.begun) is recorded


def test_the_recorded_party_is_the_one_that_the_rule_names() -> None:
    studio = Studio(rule(extensions=(ExtensionId("22"),), consent=Consent.ANNOUNCE))
    b = studio.talk()
    assert {one.leg for one in studio.writing.values()} == {b}
    assert studio.begun[0].tape.extension == "22"
    assert studio.announced == [("recording_notice",)]


def test_who_stopped_a_recording_is_not_recorded_again() -> None:
    studio = Studio(rule())
    b = studio.talk()
    studio.press(A, "#78")
    studio.feed(ev.LegHeld(leg=b, held=True))
    studio.feed(ev.LegHeld(leg=b, held=False))
    assert len(studio.begun) == 1


def test_a_transferred_call_is_recorded_on_for_the_new_party() -> None:
    studio = Studio(rule(directions=(Direction.INBOUND,)))
    caller = LegId("caller")
    (b,) = originated(studio.dial("22", FromTrunk(trunk=TrunkId("t1")), caller))
    studio.feed(ev.LegAnswered(leg=b))
    studio.feed(ev.LegAnswered(leg=caller))
    assert [one.tape.leg for one in studio.begun] == [b]
    (c,) = originated(studio.feed(ev.LegTransfer(leg=b, target="23")))
    studio.feed(ev.LegAnswered(leg=c))
    studio.hang_up(b)
    for one in [name for name, record in studio.writing.items() if record.leg == b]:
        studio.close(one, RecordingEnd.LEG_ENDED)
    assert [one.tape.leg for one in studio.begun] == [b, c]
    assert [one.tape.leg for one in studio.kept] == [b]


def test_a_full_disk_stops_recordings_and_no_call() -> None:
    studio = Studio(rule())
    b = studio.talk()
    effects = studio.feed(ev.TapingAllowed(allowed=False))
    assert ended(effects) == {}
    assert [one.end for one in studio.kept] == [TapeEnd.DISK_FULL]
    studio.press(A, "*78")
    assert len(studio.begun) == 1
    assert studio.control.leg_count == 2
    studio.feed(ev.TapingAllowed(allowed=True))
    studio.press(A, "*78")
    assert len(studio.begun) == 2
    studio.hang_up(b, A)


def test_a_file_that_cannot_be_written_ends_the_recording_only() -> None:
    studio = Studio(rule())
    studio.talk()
    studio.close(next(iter(studio.writing)), RecordingEnd.FAILED)
    assert [one.end for one in studio.kept] == [TapeEnd.FAILED]
    assert studio.control.leg_count == 2


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("consent", list(Consent))
def test_an_emergency_call_is_made_in_any_case_and_recorded_by_no_rule(
    allowed: bool, consent: Consent
) -> None:
    studio = Studio(rule(consent=consent))
    studio.feed(ev.TapingAllowed(allowed=allowed))
    (out,) = originated(studio.dial("112"))
    studio.feed(ev.LegAnswered(leg=out))
    assert studio.begun == []
    assert studio.announced == []
    assert hears(studio.feed(ev.LegHeld(leg=A, held=True)))
    record = studio.control.live_calls()[0][0]
    assert record.kind is CallKind.EMERGENCY


@pytest.mark.parametrize(("key", "agreed"), [("1", True), ("2", False), ("", False)])
def test_only_a_pressed_one_is_a_yes_and_the_call_goes_on_in_any_case(key: str, agreed: bool) -> None:
    rings = office.ring(office.extension(office.snapshot(), "22"))
    asks = run_step(application=Application.CONSENT, argument="r", next={Outcome.DONE: 1})
    party = Conversation(asks, rings, origin=FromTrunk(trunk=TrunkId("t1")))
    assert party.said == [("recording_question",)]
    party.listen()
    if key:
        party.press(key)
    else:
        party.wait()
    if agreed:
        assert party.listen() == ("please_wait",)
    assert len(originated(party.effects)) == 1
    (call,) = party.control._x.calls.values()
    assert call.consents == ({"r"} if agreed else set())


@pytest.mark.parametrize("agreed", [True, False])
def test_who_agreed_is_recorded_and_nobody_else(agreed: bool) -> None:
    rings = office.ring(office.extension(office.snapshot(), "22"))
    asks = run_step(application=Application.CONSENT, argument="r", next={Outcome.DONE: 1})
    party = Conversation(asks, rings, origin=FromTrunk(trunk=TrunkId("t1")))
    x = party.control._x
    wanted = rule(consent=Consent.AGREE)
    x.snapshot = replace(x.snapshot, recording_rules={wanted.id: wanted})
    party.press("1" if agreed else "5")
    if agreed:
        party.listen()
    (b,) = originated(party.effects)
    party.feed(ev.LegAnswered(leg=b))
    assert {one.leg for one in party.records} == ({b} if agreed else set())


def test_a_program_records_a_call_by_its_id() -> None:
    studio = Studio()
    studio.talk()
    call = studio.control.live_calls()[0][0].call
    studio.feed(ev.TapeCall(call=call, act=TapeAct.START, who="anna", extension=ExtensionId("22")))
    assert studio.begun[0].tape.extension == "22"
    studio.feed(ev.TapeCall(call=call, act=TapeAct.PAUSE, who="anna"))
    studio.feed(ev.TapeCall(call=call, act=TapeAct.PAUSE, who="anna"))
    assert studio.writing == {}
    assert [paused for _, paused in studio.control.tapes()] == [True]
    studio.feed(ev.TapeCall(call=call, act=TapeAct.RESUME, who="anna"))
    studio.feed(ev.TapeCall(call=call, act=TapeAct.STOP, who="anna"))
    assert [one.parts for one in studio.kept] == [2]


def test_a_recorded_room_is_recorded_by_whoever_is_there() -> None:
    hall = Hall()
    x = hall.control._x
    room = replace(x.snapshot.rooms[ConferenceId("800")], record=True)
    x.snapshot = office.with_rooms(x.snapshot, {room.id: room})
    first, second = hall.call("800"), hall.call("800")
    assert [one.tape.leg for one in x.tapes.values()] == [first]
    assert ("recording_notice",) in [names for _, names in hall.told]
    hall.hang_up(first)
    assert [one.tape.leg for one in x.tapes.values() if one.reel is Reel.ON] == [second]
