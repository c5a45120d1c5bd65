"""The way into a conference room: PIN, name, and the reasons why not."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.calls import conferences
from appliance.calls.conferences import INVITED
from appliance.calls.room import ForgetName
from appliance.calls.voice.dialogue import (
    BEEP,
    HANG_UP,
    TAKEN,
    Dialogue,
    Digits,
    Input,
    Move,
    Next,
    Scene,
    Take,
    Talk,
)
from appliance.model import effects as fx
from appliance.model.conferences import Announce, ConferenceRoom
from appliance.model.ids import ConferenceId, Milliseconds
from appliance.model.voice import RecordingEnd, Request

ATTEMPTS = 3
NAME_MS = Milliseconds(6000)
NAME_SILENCE_MS = 1500
SHORTEST_NAME_MS = 400


@dataclass(frozen=True, slots=True)
class NameRecorded(Request):
    """A name was spoken: reply Done when its file can be played."""

    name: str


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is known of the party so far."""

    room: ConferenceRoom | None
    moderator: bool = False
    invited: bool = False
    wrong: int = 0
    why: str = ""
    """Why it cannot come in, as a prompt."""
    name: str = ""


def _begin(talk: Talk) -> Next:
    x, step = talk.x, talk.step
    room = x.snapshot.rooms.get(ConferenceId(step.argument))
    entry = talk.data = Entry(room=room, invited=step.prompt == INVITED)
    if room is None:
        return _refuse(entry, "conf_over")
    extension = talk.leg.extension
    entry.moderator = extension is not None and extension == room.owner
    if entry.invited:
        return "invited"
    if x.lockout.is_locked(_key(talk), x.now):
        return _refuse(entry, "conf_too_often")
    if not entry.moderator and (room.pin or room.moderator_pin):
        return "pin"
    return _admitted(talk) or "name"


def _key(talk: Talk) -> str:
    return f"conference:{talk.step.argument}:{talk.leg.party.number}"


def _refuse(entry: Entry, why: str) -> Next:
    entry.why = why
    return "refused"


def _pin_prompt(talk: Talk) -> Sequence[str]:
    room = talk.data.room
    asked = "conf_enter_pin" if room.pin else "conf_enter_moderator_pin"
    return ("wrong_pin", asked) if talk.data.wrong else (asked,)


def _checked(talk: Talk) -> Next | None:
    x, entry = talk.x, talk.data
    room: ConferenceRoom = entry.room
    given = talk.entered
    entry.moderator = bool(room.moderator_pin) and hmac.compare_digest(given, room.moderator_pin)
    if not entry.moderator:
        # Without a PIN for participants the hash key alone is enough.
        if not hmac.compare_digest(given, room.pin):
            return _wrong(talk)
        if (room.pin_from is not None and x.now < room.pin_from) or (
            room.pin_until is not None and x.now >= room.pin_until
        ):
            return _refuse(entry, "conf_not_now")
    x.lockout.right(_key(talk))
    return _admitted(talk)


def _wrong(talk: Talk) -> Next:
    entry = talk.data
    entry.wrong += 1
    if talk.x.lockout.wrong(_key(talk), talk.x.now) or entry.wrong >= ATTEMPTS:
        return _refuse(entry, "conf_too_often")
    return "pin"


def _silent(talk: Talk) -> Next | None:
    """Nothing was keyed in: asked once more, as if it had been wrong."""
    talk.data.wrong += 1
    return _refuse(talk.data, "goodbye") if talk.data.wrong >= ATTEMPTS else None


def _admitted(talk: Talk) -> Next | None:
    """The party may come in: a name is asked for (None), or in it goes."""
    why = conferences.obstacle(talk.x, talk.data.room, moderator=talk.data.moderator)
    if why:
        return _refuse(talk.data, why)
    if talk.data.room.announce is Announce.NAME:
        return None
    return _enter(talk)


def _enter(talk: Talk) -> Next:
    entry = talk.data
    why = conferences.obstacle(talk.x, entry.room, moderator=entry.moderator, invited=entry.invited)
    if why:
        return _refuse(entry, why)
    name, entry.name = entry.name, ""  # from here on it is the room's
    conferences.enter(
        talk.x,
        talk.call,
        talk.leg,
        entry.room,
        moderator=entry.moderator,
        invited=entry.invited,
        name=name,
    )
    return TAKEN


def _take_name(talk: Talk) -> Take:
    talk.data.name = f"voice/conference/{talk.leg.id}"
    return Take(name=talk.data.name, longest_ms=NAME_MS, silence_ms=NAME_SILENCE_MS)


def _named(talk: Talk) -> Next | None:
    recorded = talk.recorded
    if recorded is None or recorded.end is RecordingEnd.FAILED or recorded.length_ms < SHORTEST_NAME_MS:
        _forget(talk)
        return _enter(talk)
    return None


def _unnamed(talk: Talk) -> Next:
    _forget(talk)
    return _enter(talk)


def _forget(talk: Talk) -> None:
    name, talk.data.name = talk.data.name, ""
    if name:
        talk.x.emit(fx.Consult(call=None, serial=0, request=ForgetName(name)))


CONFERENCE = Dialogue(
    begin=_begin,
    first=("refused", "invited", "pin", "name", TAKEN),
    scenes={
        "pin": Scene(
            say=_pin_prompt,
            digits=Digits(longest=10),
            wait_ms=10_000,
            on={
                Input.ENTERED: Move(to="name", do=_checked, may=("pin", "refused", TAKEN)),
                Input.SILENCE: Move(to="pin", do=_silent, may=("refused",)),
            },
        ),
        "name": Scene(
            say=lambda _talk: ("conf_say_name", BEEP),
            barge_in=False,
            take=_take_name,
            on={Input.RECORDED: Move(to="keep name", do=_named, may=("refused", TAKEN))},
        ),
        "keep name": Scene(
            ask=lambda talk: NameRecorded(talk.data.name),
            on={
                Input.REPLIED: Move(to=TAKEN, do=_enter, may=("refused",)),
                Input.FAILED: Move(to=TAKEN, do=_unnamed, may=("refused",)),
            },
        ),
        "invited": Scene(
            say=lambda _talk: ("conf_invited",),
            on={Input.SAID: Move(to=TAKEN, do=_enter, may=("refused",))},
        ),
        "refused": Scene(
            say=lambda talk: (talk.data.why,),
            on={Input.SAID: Move(to=HANG_UP)},
        ),
    },
    hung_up=_forget,
)
