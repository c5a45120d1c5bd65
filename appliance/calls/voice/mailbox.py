"""Hearing messages: the way in by PIN, the menu, what one may do with a message."""

from collections.abc import Mapping

from appliance.calls.voice.dialogue import (
    HANG_UP,
    Digits,
    Input,
    Leave,
    Move,
    Next,
    Scene,
    Talk,
    Way,
)
from appliance.calls.voice.visit import box_keyed, current, header, tell, visit
from appliance.model import spoken
from appliance.model.messages import (
    BoxDoor,
    Door,
    EnterBox,
    ForwardMessage,
    ListMessages,
    MarkMessage,
    Messages,
    MessageState,
    NotPossible,
)
from appliance.model.plan import FromDevice
from appliance.model.spoken import Thing

MAX_ATTEMPTS = 3
PLAYING_WAIT_MS = 2000
MENU = ("voicemail_main", "voicemail_main_more")


# -- the way in ---------------------------------------------------------------------------------------


def _which(talk: Talk) -> Next | None:
    data = visit(talk)
    box = box_keyed(talk, talk.entered)
    if box is not None:
        data.box = box.id
        return None
    data.attempts += 1
    return "no_such_box" if data.attempts < MAX_ATTEMPTS else "bye"


def _enter(talk: Talk, pin: str | None) -> EnterBox:
    origin = talk.leg.origin
    extension = origin.extension if isinstance(origin, FromDevice) else None
    caller = extension or talk.leg.party.number or "unknown"
    return EnterBox(box=visit(talk).box, extension=extension, caller=caller, pin=pin)


_DOORS: Mapping[Door, str] = {
    Door.OPEN: "fetch",
    Door.PIN: "pin",
    Door.WRONG: "wrong_pin",
    Door.LOCKED: "locked",
    Door.CLOSED: "closed",
}


def _door(talk: Talk) -> Next | None:
    return _DOORS[talk.reply.door] if isinstance(talk.reply, BoxDoor) else "fault"


# -- messages -----------------------------------------------------------------------------------------


def _listed(talk: Talk) -> Next | None:
    if not isinstance(talk.reply, Messages):
        return "fault"
    visit(talk).messages = list(talk.reply.messages)
    return None


def _summary(talk: Talk) -> tuple[str, ...]:
    messages = visit(talk).messages
    new = sum(one.state is MessageState.NEW for one in messages)
    old = sum(one.state is MessageState.OLD for one in messages)
    return (
        "voicemail_you_have",
        *spoken.counted(new, Thing.NEW_MESSAGE, talk.language),
        "number/and",
        *spoken.counted(old, Thing.SAVED_MESSAGE, talk.language),
    )


def _choose(state: MessageState) -> Move:
    def chosen(talk: Talk) -> Next | None:
        data = visit(talk)
        data.state, data.place = state, 0
        data.chosen = [one for one in data.messages if one.state is state]
        return None if data.chosen else "none"

    return Move(to="play", do=chosen, may=("none",))


def _heard(talk: Talk) -> None:
    """A new message that was heard to its end is not new any more."""
    data = visit(talk)
    if talk.heard and talk.scene == "play" and data.state is MessageState.NEW:
        tell(talk, MarkMessage(message=current(talk).message, state=MessageState.OLD))


def _after_hearing(talk: Talk) -> Next | None:
    _heard(talk)
    return None


def _next(talk: Talk) -> Next | None:
    _heard(talk)
    data = visit(talk)
    if data.place + 1 >= len(data.chosen):
        return "no_more"
    data.place += 1
    return None


def _previous(talk: Talk) -> Next | None:
    _heard(talk)
    data = visit(talk)
    data.place = max(0, data.place - 1)
    return None


def _mark(state: MessageState) -> Scene:
    """The scene that puts the message into a state."""
    return Scene(
        ask=lambda talk: MarkMessage(message=current(talk).message, state=state),
        on={
            Input.REPLIED: Move(to=f"said_{state.value}", do=_unless_gone, may=("gone",)),
            Input.FAILED: Move(to="fault"),
        },
    )


def _unless_gone(talk: Talk) -> Next | None:
    return "gone" if isinstance(talk.reply, NotPossible) else None


def _call_back(talk: Talk) -> Next | None:
    _heard(talk)
    caller = current(talk).caller
    known = caller.number and not (caller.withheld and caller.number.startswith("+"))
    if known and isinstance(talk.leg.origin, FromDevice):
        return Leave(Way.DIAL, caller.number)
    return None


def _forward(talk: Talk) -> Next | None:
    data = visit(talk)
    box = box_keyed(talk, talk.entered)
    if box is None or box.id == data.box:
        return "forward_unknown"
    data.forward_to = box.id
    return None


def _forwarding(talk: Talk) -> ForwardMessage:
    data = visit(talk)
    box = talk.x.snapshot.voicemail_boxes.get(data.box)
    by = (box.name or box.id) if box is not None else data.box
    return ForwardMessage(message=current(talk).message, to=data.forward_to, by=by)


def _forwarded(talk: Talk) -> Next | None:
    return "forward_refused" if isinstance(talk.reply, NotPossible) else None


def _patience(talk: Talk) -> Next | None:
    """Say it again, but not for ever."""
    return "bye" if talk.tries >= MAX_ATTEMPTS else None


def _said(prompt: str, to: Next) -> Scene:
    return Scene(say=lambda _talk: (prompt,), on={Input.SAID: Move(to=to)})


_MAIN_KEYS: Mapping[str, Move] = {
    "1": _choose(MessageState.NEW),
    "2": _choose(MessageState.OLD),
    "3": Move(to="greeting"),
    "4": Move(to="new_pin"),
    "5": _choose(MessageState.DELETED),
    "#": Move(to="main"),
    "*": Move(to="bye"),
}
_MESSAGE_KEYS: Mapping[str, Move] = {
    "1": Move(to="play", do=_after_hearing),
    "2": Move(to="keep"),
    "3": Move(to="delete"),
    "4": Move(to="no_call_back", do=_call_back, may=(Way.DIAL,)),
    "5": Move(to="forward_to", do=_after_hearing),
    "6": Move(to="play", do=_previous),
    "#": Move(to="play", do=_next, may=("no_more",)),
    "*": Move(to="fetch", do=_after_hearing),
    "0": Move(to="options", do=_after_hearing),
    Input.WRONG: Move(to="options", do=_after_hearing),
}
_NEXT = Move(to="play", do=_next, may=("no_more",))

MAILBOX: Mapping[str, Scene] = {
    "which_box": Scene(
        say=lambda _talk: ("voicemail_which_box",),
        digits=Digits(longest=12),
        on={
            Input.ENTERED: Move(to="door", do=_which, may=("no_such_box", "bye")),
            Input.SILENCE: Move(to="which_box", do=_patience, may=("bye",)),
        },
    ),
    "no_such_box": _said("voicemail_no_such_box", "which_box"),
    "door": Scene(
        ask=lambda talk: _enter(talk, None),
        on={
            Input.REPLIED: Move(to="fault", do=_door, may=("fetch", "pin", "locked", "closed")),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "pin": Scene(
        say=lambda _talk: ("enter_pin",),
        digits=Digits(longest=10),
        on={
            Input.ENTERED: Move(to="try_pin"),
            Input.SILENCE: Move(to="pin", do=_patience, may=("bye",)),
        },
    ),
    "try_pin": Scene(
        ask=lambda talk: _enter(talk, talk.entered),
        on={
            Input.REPLIED: Move(to="fault", do=_door, may=("fetch", "pin", "wrong_pin", "locked", "closed")),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "wrong_pin": _said("wrong_pin", "pin"),
    "locked": _said("voicemail_locked", HANG_UP),
    "closed": _said("voicemail_closed", HANG_UP),
    "fetch": Scene(
        ask=lambda talk: ListMessages(box=visit(talk).box),
        on={
            Input.REPLIED: Move(to="summary", do=_listed, may=("fault",)),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "summary": Scene(
        say=lambda talk: (*_summary(talk), *MENU),
        on={**_MAIN_KEYS, Input.SILENCE: Move(to="main"), Input.WRONG: Move(to="main")},
    ),
    "main": Scene(
        say=lambda _talk: MENU,
        on={
            **_MAIN_KEYS,
            Input.SILENCE: Move(to="main", do=_patience, may=("bye",)),
            Input.WRONG: Move(to="main"),
        },
    ),
    "none": _said("voicemail_none", "main"),
    "play": Scene(
        say=lambda talk: (*header(talk), current(talk).audio),
        wait_ms=PLAYING_WAIT_MS,
        on={**_MESSAGE_KEYS, Input.SILENCE: Move(to="options", do=_after_hearing)},
    ),
    "options": Scene(
        say=lambda _talk: ("voicemail_options", "voicemail_options_more"),
        on={**_MESSAGE_KEYS, Input.SILENCE: Move(to="options", do=_patience, may=("bye",))},
    ),
    "keep": _mark(MessageState.OLD),
    "said_old": Scene(
        say=lambda _talk: ("voicemail_kept",),
        on={Input.SAID: _NEXT},
    ),
    "delete": _mark(MessageState.DELETED),
    "said_deleted": Scene(
        say=lambda _talk: ("voicemail_deleted",),
        wait_ms=1500,
        on={"1": Move(to="undelete"), "#": _NEXT, Input.WRONG: _NEXT, Input.SILENCE: _NEXT},
    ),
    "undelete": Scene(
        ask=lambda talk: MarkMessage(message=current(talk).message, state=MessageState.OLD),
        on={
            Input.REPLIED: Move(to="play", do=_unless_gone, may=("gone",)),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "gone": Scene(say=lambda _talk: ("voicemail_gone",), on={Input.SAID: _NEXT}),
    "no_more": _said("voicemail_no_more", "fetch"),
    "no_call_back": _said("not_possible", "options"),
    "forward_to": Scene(
        say=lambda _talk: ("voicemail_forward_to",),
        digits=Digits(longest=12),
        on={
            "*": Move(to="options"),
            Input.ENTERED: Move(to="forward", do=_forward, may=("forward_unknown",)),
            Input.SILENCE: Move(to="options"),
        },
    ),
    "forward": Scene(
        ask=_forwarding,
        on={
            Input.REPLIED: Move(to="forwarded", do=_forwarded, may=("forward_refused",)),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "forwarded": _said("voicemail_forwarded", "options"),
    "forward_refused": _said("not_possible", "options"),
    "forward_unknown": _said("voicemail_no_such_box", "options"),
    "bye": _said("goodbye", HANG_UP),
}
"""``fault`` is a scene of leaving messages; ``greeting`` and ``new_pin`` are those of the settings."""
