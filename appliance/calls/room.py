"""A conference room in progress: who is in it, who hears whom, and what becomes of it when parties leave.

Theory of operation: a room is a call whose members are its participants. It is WAITING while it wants a
moderator and has none: everybody hears music. OPEN: all hear all who may speak. OVER: nobody comes in any
more, those who are there are being hung up. The call is closed when the last leg is gone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from appliance.calls import ringing, taping
from appliance.calls.legs import Leg
from appliance.errors import IllegalTransition
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.conferences import (
    Announce,
    ConferenceRoom,
    ParticipantState,
    RoomState,
    WithoutModerator,
)
from appliance.model.ids import CallId, LegId
from appliance.model.voice import Request

if TYPE_CHECKING:
    from appliance.calls.call import Call
    from appliance.calls.exchange import Exchange

MAX_INVITING = 20


@dataclass(frozen=True, slots=True)
class ForgetName(Request):
    """The recorded name of a participant is not needed any more."""

    name: str


class Mode(StrEnum):
    """Where a room is."""

    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"


class Turn(StrEnum):
    """What moves a room to another mode."""

    MODERATED = "moderated"
    """A moderator is there."""
    WAIT = "wait"
    """The last moderator left and the room waits for one."""
    END = "end"


MODES: dict[tuple[Mode, Turn], Mode] = {
    (Mode.WAITING, Turn.MODERATED): Mode.OPEN,
    (Mode.OPEN, Turn.MODERATED): Mode.OPEN,
    (Mode.OPEN, Turn.WAIT): Mode.WAITING,
    (Mode.WAITING, Turn.WAIT): Mode.WAITING,
    (Mode.WAITING, Turn.END): Mode.OVER,
    (Mode.OPEN, Turn.END): Mode.OVER,
    (Mode.OVER, Turn.END): Mode.OVER,
    (Mode.OVER, Turn.WAIT): Mode.OVER,
}
"""(mode, turn) → next mode; any other pair raises."""


@dataclass(slots=True, kw_only=True)
class Participant:
    """One party in a room."""

    leg: LegId
    moderator: bool
    joined: datetime
    name: str = ""
    """The recorded name, as a prompt; empty: none."""
    muted: bool = False
    deaf: bool = False
    keyed: str = ""
    """A code of the room being keyed in."""


@dataclass(slots=True, kw_only=True)
class Room:
    """Belongs to the call that is the room."""

    document: ConferenceRoom
    """As it was when the first party came."""
    since: datetime
    mode: Mode
    locked: bool
    participants: dict[LegId, Participant] = field(default_factory=dict)
    """In the order in which they came."""
    inviting: dict[CallId, str] = field(default_factory=dict)
    """Calls out of the room that nobody has answered yet, and whom they call."""

    def turn(self, turn: Turn) -> None:
        """Move to the next mode; raises IllegalTransition for a pair not in the table."""
        try:
            self.mode = MODES[self.mode, turn]
        except KeyError:
            raise IllegalTransition("room", self.mode.value, turn.value) from None

    def replace(self, old: LegId, new: LegId) -> None:
        """Another leg takes a participant's place."""
        one = self.participants.pop(old, None)
        if one is not None:
            one.leg, one.keyed = new, ""
            self.participants[new] = one


def present(x: "Exchange", room: Room) -> list[tuple[Leg, Participant]]:
    """Those in the room whom nobody has hung up, in the order in which they came."""
    return [(leg, one) for one in room.participants.values() if (leg := x.live(one.leg)) is not None]


def refresh(x: "Exchange", call: "Call", room: Room) -> None:
    """Set what every participant hears; have the room recorded if that is wanted."""
    taping.automatic(x, call)
    here = present(x, room)
    speaking = frozenset(leg.id for leg, one in here if not (one.muted or leg.held))
    for leg, one in here:
        others = speaking - {leg.id}
        if one.deaf or leg.held:
            x.hear(leg, fx.HearsNothing())
        elif room.mode is Mode.WAITING or len(here) == 1:
            x.hear(leg, _music(x, room))
        elif others:
            x.hear(leg, fx.HearsLegs(legs=others))
        else:
            x.hear(leg, fx.HearsNothing())


def _music(x: "Exchange", room: Room) -> fx.HearsFile:
    site = x.snapshot.site
    return fx.HearsFile(
        name=room.document.music or site.music_on_hold,
        language=room.document.language or site.language,
        loop=True,
    )


def join(
    x: "Exchange", call: "Call", room: Room, leg: Leg, *, moderator: bool, invited: bool, name: str
) -> None:
    """A party comes in; it is in no other call any more."""
    document = room.document
    others = [one.id for one, _ in present(x, room)]
    call.members.append(leg.id)
    room.participants[leg.id] = one = Participant(
        leg=leg.id,
        moderator=moderator,
        joined=x.now,
        name=name,
        muted=document.muted and not moderator,
    )
    if document.record:
        tell(x, room, [leg.id], ["recording_notice"])
    opens = moderator and room.mode is Mode.WAITING
    if moderator:
        room.turn(Turn.MODERATED)
    refresh(x, call, room)
    if room.mode is Mode.WAITING:
        tell(x, room, [leg.id], ["conf_wait_moderator"])
        return
    if opens and others:
        tell(x, room, others, ["conf_begins"])
    elif document.announce is not Announce.NOTHING:
        tell(x, room, others, [name, "conf_has_come"] if name else ["tone/enter"])
    if not others:
        tell(x, room, [leg.id], ["conf_first"])
    elif one.muted:
        tell(x, room, [leg.id], ["conf_muted"])
    elif document.announce is not Announce.NOTHING or invited:
        tell(x, room, [leg.id], ["tone/enter"])


def left(x: "Exchange", call: "Call", room: Room, leg_id: LegId, cause: Cause) -> None:
    """A participant is gone."""
    one = room.participants.pop(leg_id, None)
    if leg_id in call.members:
        call.members.remove(leg_id)
    if not room.participants:
        close(x, call, room, cause)
    elif one is not None and room.mode is not Mode.OVER:
        _lost(x, call, room, one)
    if one is not None and one.name:
        x.emit(fx.Consult(call=None, serial=0, request=ForgetName(one.name)))


def _lost(x: "Exchange", call: "Call", room: Room, one: Participant) -> None:
    document = room.document
    here = [leg.id for leg, _ in present(x, room)]
    said = room.mode is Mode.OPEN and document.announce is not Announce.NOTHING
    if said:
        tell(x, room, here, [one.name, "conf_has_left"] if one.name else ["tone/leave"])
    if one.moderator and not any(other.moderator for _, other in present(x, room)):
        match document.without_moderator:
            case WithoutModerator.ENDS:
                end(x, room)
                return
            case WithoutModerator.WAITS:
                room.turn(Turn.WAIT)
            case WithoutModerator.GOES_ON:
                pass
    refresh(x, call, room)


def end(x: "Exchange", room: Room) -> None:
    """Hang everybody up."""
    room.turn(Turn.END)
    x.end_legs(list(room.participants), Cause.NORMAL)
    uninvite(x, room)


def close(x: "Exchange", call: "Call", room: Room, cause: Cause) -> None:
    """The last one has gone."""
    room.turn(Turn.END)
    uninvite(x, room)
    if x.rooms.get(room.document.id) == call.id:
        del x.rooms[room.document.id]
        show(x, room, lit=False)
    x.close_call(call, cause)


def show(x: "Exchange", room: Room, *, lit: bool) -> None:
    """Lamps of keys that watch the room's number: lit while somebody is in it."""
    state = fx.LineState.CONFIRMED if lit else fx.LineState.TERMINATED
    x.emit(fx.PublishLine(extension=None, number=room.document.number, state=state, incoming=True))


def uninvite(x: "Exchange", room: Room) -> None:
    """Nobody needs to come any more."""
    for call_id in room.inviting:
        call = x.calls.get(call_id)
        if call is not None:
            ringing.stop(x, call, Cause.CANCELLED)
            x.end_legs([call.a] if call.a is not None else [], Cause.NORMAL)
            if call.a is None:
                x.close_call(call, Cause.CANCELLED)
    room.inviting.clear()


def tell(x: "Exchange", room: Room, legs: list[LegId], names: list[str]) -> None:
    """Let some hear something above what they hear."""
    if legs and names:
        language = room.document.language or x.snapshot.site.language
        x.emit(fx.Announce(legs=frozenset(legs), names=tuple(names), language=language))


def state(x: "Exchange", call: "Call", room: Room) -> RoomState:
    """The room as it is shown."""
    return RoomState(
        room=room.document.id,
        call=call.id,
        number=room.document.number,
        name=room.document.name,
        waiting=room.mode is Mode.WAITING,
        locked=room.locked,
        since=room.since,
        participants=tuple(
            ParticipantState(
                leg=leg.id,
                number="" if leg.party.withheld else leg.party.number,
                name="" if leg.party.withheld else leg.party.name,
                moderator=one.moderator,
                muted=one.muted,
                deaf=one.deaf,
                held=leg.held,
                joined=one.joined,
            )
            for leg, one in present(x, room)
        ),
        inviting=tuple(dialled for call_id, dialled in room.inviting.items() if call_id in x.calls),
    )
