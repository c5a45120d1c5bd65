"""What one may change in one's voicemail box by phone: greetings and PIN."""

from collections.abc import Mapping

from appliance.calls.voice.dialogue import BEEP, Digits, Input, Move, Next, Scene, Take, Talk
from appliance.calls.voice.visit import tell, visit
from appliance.model.ids import Milliseconds
from appliance.model.messages import (
    DRAFTS,
    ChangePin,
    DefaultGreeting,
    DropRecording,
    FindGreeting,
    GreetingFound,
    KeepGreeting,
    MessageSaved,
    NotPossible,
    SettleRecording,
)
from appliance.model.voice import RecordingEnd

GREETING_MS = Milliseconds(120_000)
GREETING_SILENCE_MS = 4000
MAX_ATTEMPTS = 3


def _patience(talk: Talk) -> Next | None:
    return "bye" if talk.tries >= MAX_ATTEMPTS else None


def drop_draft(talk: Talk) -> None:
    """A greeting that was recorded is not wanted."""
    data = visit(talk)
    if data.draft.startswith("voice/"):
        tell(talk, DropRecording(name=data.draft))
    data.draft = ""


def _new_draft(talk: Talk) -> Take:
    drop_draft(talk)
    name = f"voice/{DRAFTS}/{talk.call.id}-{talk.serial}"
    visit(talk).draft = name
    return Take(name=name, longest_ms=GREETING_MS, silence_ms=GREETING_SILENCE_MS)


def _recorded(talk: Talk) -> Next | None:
    failed = talk.recorded is None or talk.recorded.end is RecordingEnd.FAILED
    return "not_changed" if failed else None


def _settled(talk: Talk) -> Next | None:
    if isinstance(talk.reply, MessageSaved) and talk.reply.kept:
        return None
    return "greeting_short"


def _found(talk: Talk) -> Next | None:
    visit(talk).greeting = talk.reply.greeting if isinstance(talk.reply, GreetingFound) else ()
    return None


def _keep(talk: Talk) -> KeepGreeting:
    data = visit(talk)
    name, data.draft = data.draft, ""
    return KeepGreeting(box=data.box, name=name, slot=data.slot)


def _discard(talk: Talk) -> Next | None:
    drop_draft(talk)
    return None


def _unless_refused(talk: Talk) -> Next | None:
    return "not_changed" if isinstance(talk.reply, NotPossible) else None


def _slot(talk: Talk) -> Next | None:
    if talk.entered not in set("123456789"):
        return "slot"
    visit(talk).slot = int(talk.entered)
    return None


def _new_pin(talk: Talk) -> Next | None:
    if not 4 <= len(talk.entered) <= 10 or not talk.entered.isdigit():
        return "bad_pin"
    visit(talk).pin = talk.entered
    return None


def _again(talk: Talk) -> Next | None:
    return None if talk.entered == visit(talk).pin else "pins_differ"


def _set_pin(talk: Talk) -> ChangePin:
    data = visit(talk)
    pin, data.pin = data.pin, ""
    return ChangePin(box=data.box, pin=pin)


def _changed(to: Next) -> Mapping[str, Move]:
    return {
        Input.REPLIED: Move(to=to, do=_unless_refused, may=("not_changed",)),
        Input.FAILED: Move(to="not_changed"),
    }


SETTINGS: Mapping[str, Scene] = {
    "greeting": Scene(
        say=lambda _talk: ("voicemail_greeting_menu",),
        on={
            "1": Move(to="find_greeting"),
            "2": Move(to="record_greeting"),
            "3": Move(to="default_greeting"),
            "4": Move(to="slot"),
            "*": Move(to="main"),
            Input.WRONG: Move(to="greeting"),
            Input.SILENCE: Move(to="greeting", do=_patience, may=("bye",)),
        },
    ),
    "find_greeting": Scene(
        ask=lambda talk: FindGreeting(box=visit(talk).box, slot=visit(talk).slot),
        on={Input.REPLIED: Move(to="hear_greeting", do=_found), Input.FAILED: Move(to="fault")},
    ),
    "hear_greeting": Scene(say=lambda talk: visit(talk).greeting, on={Input.SAID: Move(to="greeting")}),
    "record_greeting": Scene(
        say=lambda _talk: ("voicemail_record_greeting", BEEP),
        take=_new_draft,
        on={Input.RECORDED: Move(to="settle_greeting", do=_recorded, may=("not_changed",))},
    ),
    "settle_greeting": Scene(
        ask=lambda talk: SettleRecording(name=visit(talk).draft),
        on={
            Input.REPLIED: Move(to="review_greeting", do=_settled, may=("greeting_short",)),
            Input.FAILED: Move(to="not_changed"),
        },
    ),
    "greeting_short": Scene(
        say=lambda _talk: ("voicemail_too_short",), on={Input.SAID: Move(to="greeting", do=_discard)}
    ),
    "review_greeting": Scene(
        say=lambda talk: (visit(talk).draft, "voicemail_greeting_review"),
        on={
            "1": Move(to="review_greeting"),
            "2": Move(to="record_greeting"),
            "#": Move(to="keep_greeting"),
            "*": Move(to="greeting", do=_discard),
            Input.WRONG: Move(to="review_greeting"),
            Input.SILENCE: Move(to="review_greeting", do=_patience, may=("bye",)),
        },
    ),
    "keep_greeting": Scene(ask=_keep, on=_changed("greeting_changed")),
    "default_greeting": Scene(
        ask=lambda talk: DefaultGreeting(box=visit(talk).box), on=_changed("greeting_changed")
    ),
    "greeting_changed": Scene(say=lambda _talk: ("saved",), on={Input.SAID: Move(to="greeting")}),
    "not_changed": Scene(say=lambda _talk: ("not_possible",), on={Input.SAID: Move(to="main", do=_discard)}),
    "slot": Scene(
        say=lambda _talk: ("voicemail_slot",),
        digits=Digits(longest=1),
        on={
            "*": Move(to="greeting"),
            Input.ENTERED: Move(to="greeting", do=_slot, may=("slot",)),
            Input.SILENCE: Move(to="greeting"),
        },
    ),
    "new_pin": Scene(
        say=lambda _talk: ("voicemail_new_pin",),
        digits=Digits(longest=10),
        on={
            "*": Move(to="main"),
            Input.ENTERED: Move(to="repeat_pin", do=_new_pin, may=("bad_pin",)),
            Input.SILENCE: Move(to="main"),
        },
    ),
    "bad_pin": Scene(say=lambda _talk: ("voicemail_bad_pin",), on={Input.SAID: Move(to="new_pin")}),
    "repeat_pin": Scene(
        say=lambda _talk: ("voicemail_repeat_pin",),
        digits=Digits(longest=10),
        on={
            Input.ENTERED: Move(to="set_pin", do=_again, may=("pins_differ",)),
            Input.SILENCE: Move(to="main"),
        },
    ),
    "pins_differ": Scene(say=lambda _talk: ("voicemail_pins_differ",), on={Input.SAID: Move(to="new_pin")}),
    "set_pin": Scene(ask=_set_pin, on=_changed("pin_changed")),
    "pin_changed": Scene(say=lambda _talk: ("saved",), on={Input.SAID: Move(to="main")}),
}
"""``main`` and ``bye`` are scenes of the mailbox."""
