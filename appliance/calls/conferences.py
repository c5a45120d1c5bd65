"""Conference rooms as parties use them: the way in, the keys in a room, and calling others into it."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.calls import room as rooms
from appliance.calls import steps
from appliance.calls.call import Call, Turn
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.room import MAX_INVITING, Mode, Participant, Room
from appliance.model.causes import Cause
from appliance.model.conferences import ConferenceRoom, RoomAct
from appliance.model.documents import Application
from appliance.model.events import ModerateRoom
from appliance.model.ids import ConferenceId, DeviceId, ExtensionId, LegId
from appliance.model.plan import Caller, CallKind, CallRequest, FromDevice, Origin, Plan, Ring, Run
from appliance.model.spoken import number

INVITED = "invited"
"""As the prompt of a Run step: the party was called into the room, and is asked for nothing."""
MAX_KEYED = 24


def room_of(x: Exchange, room: ConferenceId) -> tuple[Call, Room] | None:
    """The call that is this room, if the room is in progress."""
    call = x.calls.get(x.rooms[room]) if room in x.rooms else None
    return (call, call.room) if call is not None and call.room is not None else None


def obstacle(x: Exchange, document: ConferenceRoom, *, moderator: bool, invited: bool = False) -> str:
    """The prompt that says why a party cannot come in now; empty: it can."""
    found = room_of(x, document.id)
    if found is None:
        return "conf_over" if invited else "conf_locked" if document.locked and not moderator else ""
    _, room = found
    if room.mode is Mode.OVER:
        return "conf_over"
    if room.locked and not (moderator or invited):
        return "conf_locked"
    if len(room.participants) >= document.max_participants:
        return "conf_full"
    return ""


def enter(
    x: Exchange,
    call: Call,
    leg: Leg,
    document: ConferenceRoom,
    *,
    moderator: bool,
    invited: bool = False,
    name: str = "",
) -> None:
    """Put the party of ``call`` into the room, as the first or to the others; ``obstacle`` was empty."""
    found = room_of(x, document.id)
    home, room = found if found is not None else _open(x, call, leg, document)
    room.inviting.pop(call.id, None)
    x.move_leg(leg, home)
    x.merge_call(call, home.id)
    rooms.join(x, home, room, leg, moderator=moderator, invited=invited, name=name)


def _open(x: Exchange, call: Call, leg: Leg, document: ConferenceRoom) -> tuple[Call, Room]:
    caller = Caller(number=document.number, name=document.name)
    origin = leg.origin or FromDevice(device=DeviceId(""), extension=ExtensionId(""))
    request = CallRequest(origin=origin, caller=caller, dialled=document.number)
    plan = Plan(kind=CallKind.SERVICE, steps=call.plan.steps, called=document.number, caller=caller)
    home = x.open_call(request, plan)
    home.turn(Turn.CONNECT)
    home.room = Room(
        document=document,
        since=x.now,
        mode=Mode.WAITING if document.wait_for_moderator else Mode.OPEN,
        locked=document.locked,
    )
    x.rooms[document.id] = home.id
    rooms.show(x, home.room, lit=True)
    x.mark_answered(home)
    return home, home.room


# -- what is done in a room --------------------------------------------------------------------------


def moderate(x: Exchange, event: ModerateRoom) -> None:
    """Do what a person at the box or a program wants; nothing where the room or party is not there."""
    found = room_of(x, event.room)
    if found is None:
        return
    call, room = found
    leg = event.leg
    match event.act:
        case RoomAct.MUTE | RoomAct.UNMUTE:
            set_muted(x, call, room, _meant(room, leg), muted=event.act is RoomAct.MUTE)
        case RoomAct.DEAFEN | RoomAct.UNDEAFEN:
            for one in _meant(room, leg):
                one.deaf = event.act is RoomAct.DEAFEN
            rooms.refresh(x, call, room)
        case RoomAct.DROP if leg is not None and leg in room.participants:
            _drop(x, call, room, leg)
        case RoomAct.DROP_LAST:
            _drop_last(x, call, room)
        case RoomAct.LOCK | RoomAct.UNLOCK:
            _lock(x, room, locked=event.act is RoomAct.LOCK)
        case RoomAct.ADD:
            owner = event.extension or room.document.owner
            if owner is not None:
                add(x, room, FromDevice(device=DeviceId(""), extension=owner), event.dialled)
        case RoomAct.END:
            rooms.end(x, room)
        case _:
            pass


def _meant(room: Room, leg: LegId | None) -> list[Participant]:
    """The one that is named, or everybody who is no moderator."""
    if leg is None:
        return [one for one in room.participants.values() if not one.moderator]
    return [room.participants[leg]] if leg in room.participants else []


def set_muted(x: Exchange, call: Call, room: Room, meant: list[Participant], *, muted: bool) -> None:
    """Let these be heard by nobody, or again; they are told."""
    changed = [one for one in meant if one.muted is not muted]
    for one in changed:
        one.muted = muted
    rooms.refresh(x, call, room)
    rooms.tell(x, room, [one.leg for one in changed], ["conf_muted" if muted else "conf_unmuted"])


def _drop(x: Exchange, call: Call, room: Room, leg: LegId) -> None:
    x.end_legs([leg], Cause.NORMAL)
    rooms.refresh(x, call, room)


def _drop_last(x: Exchange, call: Call, room: Room) -> None:
    """Hang up the one who came last, moderators excepted."""
    last = [leg for leg, one in rooms.present(x, room) if not one.moderator]
    if last:
        _drop(x, call, room, last[-1].id)


def _lock(x: Exchange, room: Room, *, locked: bool) -> None:
    room.locked = locked
    here = [leg.id for leg, _ in rooms.present(x, room)]
    rooms.tell(x, room, here, ["conf_now_locked" if locked else "conf_now_unlocked"])


def add(x: Exchange, room: Room, origin: Origin, dialled: str) -> bool:
    """Call somebody into the room, by the rights of ``origin``; False when nobody can be rung."""
    if not isinstance(origin, FromDevice) or len(room.inviting) >= MAX_INVITING or room.mode is Mode.OVER:
        return False
    extension = x.snapshot.extensions.get(origin.extension)
    caller = Caller(number=extension.number, name=extension.name) if extension is not None else Caller()
    request = CallRequest(origin=origin, caller=caller, dialled=dialled)
    plan = x.planner(request, x.snapshot, x.now)
    if not isinstance(plan.steps[0], Ring) or not x.room_for(1, plan):
        return False
    document = room.document
    language = document.language or x.snapshot.site.language
    inside = Run(application=Application.CONFERENCE, prompt=INVITED, language=language, argument=document.id)
    call = x.open_call(request, plan)
    call.then = dataclasses.replace(plan, kind=CallKind.SERVICE, steps=(inside,), called=document.number)
    room.inviting = {one: whom for one, whom in room.inviting.items() if one in x.calls}
    room.inviting[call.id] = dialled
    steps.run(x, call)
    return call.id in x.calls


# -- keys --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a star and this key do in a room."""

    do: Callable[["Press"], None]
    moderator: bool = False
    """Only moderators."""
    dials: bool = False
    """A number follows, ended by the hash key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A code that a participant has keyed in."""

    x: Exchange
    call: Call
    room: Room
    leg: Leg
    one: Participant
    number: str = ""

    def say(self, *names: str) -> None:
        """Tell the one who pressed."""
        rooms.tell(self.x, self.room, [self.leg.id], list(names))


def _help(press: Press) -> None:
    press.say(
        "conf_help", *(["conf_help_moderator", "conf_help_moderator_more"] if press.one.moderator else [])
    )


def _mute_self(press: Press) -> None:
    one = press.one
    if one.muted and not (one.moderator or press.room.document.may_unmute):
        press.say("conf_may_not")
        return
    set_muted(press.x, press.call, press.room, [one], muted=not one.muted)


def _mute_others(press: Press) -> None:
    meant = _meant(press.room, None)
    muted = not all(one.muted for one in meant)
    set_muted(press.x, press.call, press.room, meant, muted=muted)
    press.say("conf_others_muted" if muted else "conf_others_unmuted")


def _turn_lock(press: Press) -> None:
    _lock(press.x, press.room, locked=not press.room.locked)


def _count(press: Press) -> None:
    language = press.room.document.language or press.x.snapshot.site.language
    press.say(*number(len(rooms.present(press.x, press.room)), language), "conf_participants")


def _add(press: Press) -> None:
    if press.number and press.leg.origin is not None:
        press.say("conf_calling")
        if add(press.x, press.room, press.leg.origin, press.number):
            return
    press.say("not_possible")


KEYS: Mapping[str, Key] = {
    "1": Key(do=_help),
    "2": Key(do=_turn_lock, moderator=True),
    "3": Key(do=lambda press: _drop_last(press.x, press.call, press.room), moderator=True),
    "4": Key(do=_add, moderator=True, dials=True),
    "5": Key(do=_mute_others, moderator=True),
    "6": Key(do=_mute_self),
    "7": Key(do=_count),
    "9": Key(do=lambda press: rooms.end(press.x, press.room), moderator=True),
    "0": Key(do=lambda press: _drop(press.x, press.call, press.room, press.leg.id)),
}
"""After a star. Whatever else is keyed in is ignored, and nobody hears or gets it."""


def key(x: Exchange, call: Call, room: Room, leg: Leg, pressed: str) -> None:
    """A participant pressed a key."""
    one = room.participants.get(leg.id)
    if one is None:
        return
    meant = KEYS.get(one.keyed[1:2])
    if meant is None:  # nothing yet, or a star: the next key says what is meant
        if one.keyed != "*":
            one.keyed = "*" if pressed == "*" else ""
            return
        meant = KEYS.get(pressed)
        if meant is None:
            one.keyed = "*" if pressed == "*" else ""
            return
        if meant.dials and one.moderator:
            one.keyed = f"*{pressed}"
            rooms.tell(x, room, [leg.id], ["conf_enter_number"])
            return
        one.keyed = ""
        _do(x, call, room, leg, one, meant, "")
    elif pressed == "#" or len(one.keyed) > MAX_KEYED:
        keyed, one.keyed = one.keyed[2:], ""
        _do(x, call, room, leg, one, meant, keyed)
    else:
        one.keyed += pressed


def _do(x: Exchange, call: Call, room: Room, leg: Leg, one: Participant, meant: Key, keyed: str) -> None:
    press = Press(x=x, call=call, room=room, leg=leg, one=one, number=keyed)
    if meant.moderator and not one.moderator:
        press.say("conf_may_not")
    else:
        meant.do(press)
