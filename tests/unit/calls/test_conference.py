"""Conference rooms by example: the way in, who hears whom, moderation, the end."""

import itertools
from datetime import timedelta

import pytest

from appliance.calls.lockout import LIMIT, WINDOW, Lockout
from appliance.calls.room import MODES, ForgetName, Mode, Turn
from appliance.calls.voice.conference import CONFERENCE, NameRecorded
from appliance.calls.voice.dialogue import defects
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.conferences import ConferenceRoom, RoomAct, RoomState
from appliance.model.ids import ConferenceId, LegId, Milliseconds, TrunkId
from appliance.model.plan import Caller, FromDevice, FromTrunk
from appliance.model.voice import Done, RecordingEnd
from tests.unit.calls import office
from tests.unit.calls.test_control import Bench, ended, originated

OUTSIDE = FromTrunk(trunk=TrunkId("t1"))


class Hall(Bench):
    """Many parties at once; what each hears, and what each is told."""

    def __init__(self) -> None:
        super().__init__()
        self.hears: dict[LegId, fx.AudioSource] = {}
        self.told: list[tuple[frozenset[LegId], tuple[str, ...]]] = []
        self.names = (LegId(f"p{n}") for n in itertools.count(1))
        self.forgotten: list[str] = []

    def feed(self, event: ev.Event) -> list[fx.Effect]:
        effects = super().feed(event)
        for effect in effects:
            match effect:
                case fx.SetAudio():
                    self.hears[effect.leg] = effect.hears
                case fx.Announce():
                    self.told.append((effect.legs, effect.names))
                case fx.Consult(request=ForgetName(name=name)):
                    self.forgotten.append(name)
        return effects

    def call(self, room: str, origin: FromDevice | FromTrunk = OUTSIDE) -> LegId:
        leg = next(self.names)
        self.dial(room, origin, leg)
        self.feed(ev.LegAnswered(leg=leg))
        return leg

    def press(self, leg: LegId, keys: str) -> list[fx.Effect]:
        return [effect for key in keys for effect in self.feed(ev.LegDigit(leg=leg, digit=key))]

    def say_name(self, leg: LegId, length_ms: int = 1200) -> None:
        """Listen, speak, and let the outside keep what was spoken."""
        self.listen(leg)
        recording = next(one for one in self.control._x.calls.values() if one.a == leg).talk.recording  # type: ignore[attr-defined]
        effects = self.feed(
            ev.RecordingEnded(
                leg=leg,
                recording=recording,
                length_ms=Milliseconds(length_ms),
                end=RecordingEnd.SILENCE,
            )
        )
        for one in effects:
            if isinstance(one, fx.Consult) and isinstance(one.request, NameRecorded) and one.call:
                self.feed(ev.Consulted(call=one.call, serial=one.serial, reply=Done()))

    def listen(self, leg: LegId) -> tuple[str, ...]:
        source = self.hears[leg]
        assert isinstance(source, fx.HearsList)
        self.feed(ev.PlaybackEnded(leg=leg, playback=source.playback))
        return source.names

    def hang_up(self, *legs: LegId) -> list[fx.Effect]:
        return [effect for leg in legs for effect in self.feed(ev.LegEnded(leg=leg, cause=Cause.NORMAL))]

    @property
    def room(self) -> RoomState:
        (room,) = self.control.conferences()
        return room

    def heard(self, leg: LegId) -> set[LegId]:
        """The parties a leg hears."""
        source = self.hears[leg]
        return set(source.legs) if isinstance(source, fx.HearsLegs) else set()

    def has_music(self, leg: LegId) -> bool:
        source = self.hears[leg]
        return isinstance(source, fx.HearsFile) and source.loop

    def last_told(self, leg: LegId) -> tuple[str, ...]:
        return next(names for legs, names in reversed(self.told) if leg in legs)


def moderate(
    hall: Hall, act: RoomAct, room: str = "802", leg: LegId | None = None, dialled: str = ""
) -> None:
    hall.feed(ev.ModerateRoom(room=ConferenceId(room), act=act, leg=leg, dialled=dialled))


def test_the_table_of_the_dialogue_is_sound() -> None:
    assert defects(CONFERENCE) == []


def test_every_way_a_room_may_go_is_listed_and_over_is_for_good() -> None:
    assert {mode for mode, _ in MODES} == set(Mode)
    assert {after for (mode, _), after in MODES.items() if mode is Mode.OVER} == {Mode.OVER}
    assert all(MODES[mode, Turn.END] is Mode.OVER for mode in Mode)


def test_everybody_hears_all_others_and_not_themselves() -> None:
    hall = Hall()
    legs = [hall.call("800") for _ in range(5)]
    for leg in legs:
        assert hall.heard(leg) == set(legs) - {leg}
    hall.hang_up(legs[2])
    rest = [leg for leg in legs if leg != legs[2]]
    for leg in rest:
        assert hall.heard(leg) == set(rest) - {leg}
    hall.hang_up(*rest)
    assert hall.control.leg_count == 0
    assert hall.control.live_calls() == ()
    assert hall.control.conferences() == ()
    assert all(one.record.ended for one in hall.records.values())


def test_a_lamp_shows_that_somebody_is_in_the_room() -> None:
    control = Hall().control
    leg = LegId("p")
    incoming = ev.LegIncoming(leg=leg, origin=OUTSIDE, caller=Caller(number="1"), dialled="800")
    lit = [one for one in control.handle(incoming, office.NOW) if isinstance(one, fx.PublishLine)]
    assert [(one.number, one.state) for one in lit] == [("800", fx.LineState.CONFIRMED)]
    over = control.handle(ev.LegEnded(leg=leg, cause=Cause.NORMAL), office.NOW)
    dark = [one for one in over if isinstance(one, fx.PublishLine)]
    assert [(one.number, one.state) for one in dark] == [("800", fx.LineState.TERMINATED)]


def test_one_alone_has_music_and_is_told() -> None:
    hall = Hall()
    first = hall.call("800")
    assert hall.has_music(first)
    assert hall.last_told(first) == ("conf_first",)
    second = hall.call("800")
    hall.hang_up(second)
    assert hall.has_music(first)


def test_a_pin_opens_the_room_and_names_are_told() -> None:
    hall = Hall()
    owner = hall.call("801", office.device("21"))
    hall.say_name(owner)
    guest = hall.call("801")
    assert hall.listen(guest) == ("conf_enter_pin",)
    hall.press(guest, "1234#")
    hall.say_name(guest)
    assert hall.heard(guest) == {owner}
    assert hall.last_told(owner) == (f"voice/conference/{guest}", "conf_has_come")
    hall.hang_up(guest)
    assert hall.last_told(owner) == (f"voice/conference/{guest}", "conf_has_left")
    assert hall.forgotten == [f"voice/conference/{guest}"]


def test_who_says_no_name_comes_in_all_the_same() -> None:
    hall = Hall()
    owner = hall.call("801", office.device("21"))
    hall.say_name(owner, length_ms=50)
    assert hall.room.participants[0].moderator
    assert hall.forgotten == [f"voice/conference/{owner}"]


@pytest.mark.parametrize(("after", "said"), [(-1, "conf_not_now"), (1, ""), (3601, "conf_not_now")])
def test_a_pin_counts_in_its_time_only(after: int, said: str) -> None:
    hall = Hall()
    begins = office.NOW - timedelta(seconds=after)
    room = ConferenceRoom(
        id=ConferenceId("800"),
        number="800",
        pin="4711",
        pin_from=begins,
        pin_until=begins + timedelta(hours=1),
    )
    rooms = {**hall.control.snapshot.rooms, room.id: room}
    hall.control._x.snapshot = office.with_rooms(hall.control.snapshot, rooms)
    guest = hall.call("800")
    hall.press(guest, "4711#")
    if said:
        assert hall.listen(guest) == (said,)
        assert not hall.control.conferences()
    else:
        assert hall.room.participants[0].leg == guest


def test_three_wrong_pins_end_the_call_and_nine_lock_out() -> None:
    hall = Hall()
    for _ in range(3):
        guest = hall.call("801")
        for _ in range(2):
            hall.press(guest, "0000#")
            assert isinstance(hall.hears[guest], fx.HearsList)
        hall.press(guest, "0000#")
        assert hall.listen(guest) == ("conf_too_often",)
        hall.hang_up(guest)
    again = hall.call("801")
    assert hall.listen(again) == ("conf_too_often",)
    hall.hang_up(again)
    assert hall.control.leg_count == 0


def test_a_lockout_ends_and_one_right_pin_forgets() -> None:
    lockout = Lockout()
    for _ in range(LIMIT):
        lockout.wrong("a", office.NOW)
    assert lockout.is_locked("a", office.NOW)
    assert not lockout.is_locked("b", office.NOW)
    assert not lockout.is_locked("a", office.NOW + WINDOW)
    for _ in range(LIMIT - 1):
        lockout.wrong("b", office.NOW)
    lockout.right("b")
    assert not lockout.wrong("b", office.NOW)


def test_guests_wait_with_music_until_a_moderator_is_there_and_again_when_gone() -> None:
    hall = Hall()
    guests = []
    for _ in range(2):
        guest = hall.call("801")
        hall.press(guest, "1234#")
        hall.say_name(guest)
        guests.append(guest)
    assert all(hall.has_music(guest) for guest in guests)
    assert hall.room.waiting
    assert hall.last_told(guests[0]) == ("conf_wait_moderator",)
    moderator = hall.call("801")
    hall.press(moderator, "98765#")
    hall.say_name(moderator)
    assert hall.heard(guests[0]) == {guests[1], moderator}
    assert hall.last_told(guests[0]) == ("conf_begins",)
    hall.hang_up(moderator)
    assert all(hall.has_music(guest) for guest in guests)


def test_a_full_room_takes_nobody() -> None:
    hall = Hall()
    for _ in range(4):
        guest = hall.call("801")
        hall.press(guest, "1234#")
        hall.say_name(guest, length_ms=50)
    late = hall.call("801")
    hall.press(late, "1234#")
    assert hall.listen(late) == ("conf_full",)


def test_the_room_ends_with_its_moderator() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    guests = [hall.call("802") for _ in range(3)]
    assert set(ended(hall.hang_up(owner))) == set(guests)
    hall.hang_up(*guests)
    assert hall.control.live_calls() == ()


def test_muted_guests_hear_and_are_not_heard() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    first, second = hall.call("802"), hall.call("802")
    assert hall.heard(first) == hall.heard(second) == {owner}
    assert hall.heard(owner) == set()
    hall.press(first, "*6")
    assert hall.last_told(first) == ("conf_may_not",)
    moderate(hall, RoomAct.UNMUTE, leg=first)
    assert hall.heard(owner) == {first}
    assert hall.heard(second) == {owner, first}
    moderate(hall, RoomAct.DEAFEN, leg=second)
    assert isinstance(hall.hears[second], fx.HearsNothing)
    moderate(hall, RoomAct.UNDEAFEN, leg=second)
    assert hall.heard(second) == {owner, first}
    hall.press(owner, "*5")
    assert hall.heard(owner) == set()
    hall.press(owner, "*5")
    assert hall.heard(owner) == {first, second}


def test_keys_of_a_moderator() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    guest, last = hall.call("802"), hall.call("802")
    hall.press(guest, "*2*9*3")
    assert hall.last_told(guest) == ("conf_may_not",)
    assert len(hall.room.participants) == 3
    hall.press(owner, "*2")
    assert hall.room.locked
    late = hall.call("802")
    assert hall.listen(late) == ("conf_locked",)
    hall.hang_up(late)
    assert set(ended(hall.press(owner, "*3"))) == {last}
    hall.hang_up(last)
    hall.press(owner, "*7")
    assert hall.last_told(owner)[-1] == "conf_participants"
    assert set(ended(hall.press(owner, "*9"))) == {owner, guest}
    hall.hang_up(owner, guest)
    assert hall.control.live_calls() == ()


def test_keys_are_nobody_elses_and_what_is_no_code_is_ignored() -> None:
    hall = Hall()
    first, second = hall.call("800"), hall.call("800")
    assert hall.press(first, "1236#**8#") == []
    assert set(ended(hall.press(second, "*0"))) == {second}


def test_a_moderator_calls_somebody_into_the_room_by_keys() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    effects = hall.press(owner, "*422#")
    (called,) = originated(effects)
    assert hall.room.inviting == ("22",)
    hall.feed(ev.LegAnswered(leg=called))
    assert hall.listen(called) == ("conf_invited",)
    room = hall.room
    assert {one.leg for one in room.participants} == {owner, called}
    assert not room.inviting


def test_a_program_calls_somebody_into_the_room_by_the_owners_rights() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    moderate(hall, RoomAct.ADD, dialled="0")
    (called,) = [leg for leg in hall.legs if leg != owner]
    assert hall.room.inviting == ("0",)
    effects = hall.hang_up(owner)
    assert ended(effects) == {LegId(called): Cause.CANCELLED}
    hall.hang_up(LegId(called))
    assert hall.control.live_calls() == ()
    assert hall.control.leg_count == 0


def test_who_answers_an_invitation_to_a_room_that_is_over_is_told() -> None:
    hall = Hall()
    owner = hall.call("802", office.device("21"))
    (called,) = originated(hall.press(owner, "*422#"))
    hall.feed(ev.LegAnswered(leg=called))
    assert hall.room.inviting == ("22",)
    hall.hang_up(owner)
    hall.hang_up(called)
    assert hall.control.live_calls() == ()


def test_a_participant_on_hold_is_neither_heard_nor_hears() -> None:
    hall = Hall()
    legs = [hall.call("800") for _ in range(3)]
    hall.feed(ev.LegHeld(leg=legs[0], held=True))
    assert hall.heard(legs[1]) == {legs[2]}
    assert isinstance(hall.hears[legs[0]], fx.HearsNothing)
    hall.feed(ev.LegHeld(leg=legs[0], held=False))
    assert hall.heard(legs[1]) == {legs[0], legs[2]}


def test_a_transfer_into_the_room_brings_the_other_party() -> None:
    hall = Hall()
    first = hall.call("800")
    caller = next(hall.names)
    (b,) = originated(hall.dial("22", OUTSIDE, caller))
    hall.feed(ev.LegAnswered(leg=b))
    hall.feed(ev.LegAnswered(leg=caller))
    hall.feed(ev.LegTransfer(leg=b, target="800"))
    assert hall.heard(first) == {caller}
    hall.hang_up(b, first, caller)
    assert hall.control.leg_count == 0
    assert hall.control.live_calls() == ()


def test_nobody_transfers_a_room() -> None:
    hall = Hall()
    first, second = hall.call("800", office.device("22")), hall.call("800")
    effects = hall.feed(ev.LegTransfer(leg=first, target="23"))
    assert effects == [fx.TransferResult(leg=first, sip_status=403)]
    assert hall.heard(first) == {second}


def test_a_conference_made_by_a_phone_grows_beyond_three() -> None:
    hall = Hall()
    parties: list[LegId] = []
    own = office.device("22")
    for number in ("21", "23", "0"):
        line = hall.call(number, own)
        (rung,) = [
            LegId(leg)
            for leg, one in hall.legs.items()
            if one.record.call == hall.legs[line].record.call and leg != line
        ]
        hall.feed(ev.LegAnswered(leg=rung))
        hall.feed(ev.LegHeld(leg=line, held=True))
        parties.append(rung)
        if len(parties) >= 2:
            host = hall.call("conference", own)
            assert hall.heard(host) == set(parties)
            hall.feed(ev.LegHeld(leg=host, held=True))
            for one in [leg for leg in list(hall.hears) if leg not in (*parties, host)]:
                hall.hang_up(one)
    assert len(parties) == 3
    for party in parties[:2]:
        assert hall.heard(party) == set(parties) - {party}
