"""Leaving a message: greeting, tone, recording, and what the caller may do with it.

The message is in the journal before the greeting begins and on disk before the caller hears that it is;
whoever hangs up leaves what was said. The star key during the greeting leads to the box's menu.
"""

from collections.abc import Mapping

from appliance.calls.voice.dialogue import BEEP, HANG_UP, Input, Move, Next, Scene, Take, Talk
from appliance.calls.voice.visit import tell, visit
from appliance.model.ids import Milliseconds
from appliance.model.messages import (
    AnnounceMessage,
    DepositOpen,
    DepositRefused,
    DropDeposit,
    MessageSaved,
    OpenDeposit,
    SaveMessage,
)
from appliance.model.voice import RecordingEnd

MENU = ("voicemail_review",)
MAX_ATTEMPTS = 3
"""So often somebody may begin who says nothing."""


def _open(talk: Talk) -> OpenDeposit:
    data = visit(talk)
    return OpenDeposit(
        box=data.box,
        call=talk.call.id,
        caller=talk.leg.party,
        greeting=talk.step.prompt,
        instead=data.saved,
    )


def _opened(talk: Talk) -> Next | None:
    data, reply = visit(talk), talk.reply
    match reply:
        case DepositOpen():
            data.message, data.name = reply.message, reply.name
            data.greeting, data.longest_ms = reply.greeting, reply.longest_ms
            return None
        case DepositRefused():
            data.greeting = (*reply.greeting, "voicemail_full") if reply.full else reply.greeting
            return "refused"
        case _:
            return "fault"


def _opened_again(talk: Talk) -> Next | None:
    return None if _opened(talk) is None else "saved_menu"


def _take(talk: Talk) -> Take:
    data = visit(talk)
    box = talk.x.snapshot.voicemail_boxes.get(data.box)
    silence_ms = box.silence_seconds * 1000 if box is not None else 0
    return Take(name=data.name, longest_ms=Milliseconds(data.longest_ms), silence_ms=silence_ms)


def drop(talk: Talk) -> None:
    """Nothing will be recorded."""
    data = visit(talk)
    if data.message is not None:
        tell(talk, DropDeposit(message=data.message))
        data.message = None


def _to_menu(talk: Talk) -> Next | None:
    drop(talk)
    return None


def _recorded(talk: Talk) -> Next | None:
    if talk.recorded is not None and talk.recorded.end is RecordingEnd.FAILED:
        drop(talk)
        _keep_first(talk)
        return "not_saved"
    return None


def _keep_first(talk: Talk) -> None:
    """A message was to be replaced and cannot be: it stays, and is announced."""
    data = visit(talk)
    if data.saved is not None:
        tell(talk, AnnounceMessage(message=data.saved, urgent=data.urgent))
        data.saved = None


def _save(talk: Talk) -> SaveMessage:
    data = visit(talk)
    assert data.message is not None  # noqa: S101 - our own defect
    return SaveMessage(message=data.message, instead=data.saved, urgent=data.urgent)


def _saved(talk: Talk) -> Next | None:
    data, reply = visit(talk), talk.reply
    message, data.message = data.message, None
    if not isinstance(reply, MessageSaved):
        _keep_first(talk)
        return "not_saved"
    if reply.kept:
        data.saved = message
        return None
    if data.saved is not None:
        return "too_short_again"
    data.attempts += 1
    silent = talk.recorded is not None and talk.recorded.end is RecordingEnd.SILENCE
    return "goodbye" if silent or data.attempts >= MAX_ATTEMPTS else "too_short"


def _lost(talk: Talk) -> Next | None:
    """Saving failed or took too long; it may still come to a good end."""
    data = visit(talk)
    if data.message is not None:
        tell(talk, SaveMessage(message=data.message, instead=data.saved, urgent=data.urgent, last=True))
        data.message = data.saved = None
    return None


def _urgent(talk: Talk) -> Next | None:
    visit(talk).urgent = True
    return None


def _announce(talk: Talk) -> AnnounceMessage:
    data = visit(talk)
    assert data.saved is not None  # noqa: S101 - our own defect
    request = AnnounceMessage(message=data.saved, urgent=data.urgent)
    data.saved = None
    return request


def hung_up(talk: Talk) -> None:
    """The caller has gone: keep what was said."""
    data = visit(talk)
    if data.message is not None and (talk.recording or talk.scene == "save"):
        tell(talk, SaveMessage(message=data.message, instead=data.saved, urgent=data.urgent, last=True))
    else:
        drop(talk)
        _keep_first(talk)
    data.message = data.saved = None


def _audio(talk: Talk) -> tuple[str, ...]:
    data = visit(talk)
    return (f"voice/messages/{data.box}/{data.saved}",)


_RECORDED = Move(to="save", do=_recorded, may=("not_saved",))
_REVIEW: Mapping[str, Move] = {
    "1": Move(to="listen"),
    "2": Move(to="again"),
    "3": Move(to="urgent", do=_urgent),
    "#": Move(to="announce"),
    Input.WRONG: Move(to="saved_menu"),
}

DEPOSIT: Mapping[str, Scene] = {
    "open": Scene(
        ask=_open,
        on={
            Input.REPLIED: Move(to="record", do=_opened, may=("refused", "fault")),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "record": Scene(
        say=lambda talk: (*visit(talk).greeting, BEEP),
        take=_take,
        on={
            "*": Move(to="door", do=_to_menu),
            "#": Move(to="beep"),
            Input.RECORDED: _RECORDED,
        },
    ),
    "beep": Scene(say=lambda _talk: (BEEP,), take=_take, on={Input.RECORDED: _RECORDED}),
    "save": Scene(
        ask=_save,
        on={
            Input.REPLIED: Move(
                to="saved",
                do=_saved,
                may=("not_saved", "goodbye", "too_short", "too_short_again"),
            ),
            Input.FAILED: Move(to="not_saved", do=_lost),
        },
    ),
    "saved": Scene(
        say=lambda _talk: (BEEP, "voicemail_saved", *MENU),
        on={**_REVIEW, Input.SILENCE: Move(to="announce")},
    ),
    "saved_menu": Scene(say=lambda _talk: MENU, on={**_REVIEW, Input.SILENCE: Move(to="announce")}),
    "listen": Scene(say=_audio, wait_ms=1000, on={**_REVIEW, Input.SILENCE: Move(to="saved_menu")}),
    "urgent": Scene(say=lambda _talk: ("voicemail_urgent",), on={Input.SAID: Move(to="saved_menu")}),
    "again": Scene(
        ask=_open,
        on={
            Input.REPLIED: Move(to="beep", do=_opened_again, may=("saved_menu",)),
            Input.FAILED: Move(to="saved_menu"),
        },
    ),
    "too_short": Scene(
        say=lambda _talk: ("voicemail_too_short",),
        on={Input.SAID: Move(to="open_again")},
    ),
    "open_again": Scene(
        ask=_open,
        on={
            Input.REPLIED: Move(to="beep", do=_opened, may=("refused", "fault")),
            Input.FAILED: Move(to="fault"),
        },
    ),
    "too_short_again": Scene(
        say=lambda _talk: ("voicemail_too_short",),
        on={Input.SAID: Move(to="saved_menu")},
    ),
    "announce": Scene(
        ask=_announce,
        on={Input.REPLIED: Move(to="goodbye"), Input.FAILED: Move(to="goodbye")},
    ),
    "refused": Scene(
        say=lambda talk: visit(talk).greeting,
        wait_ms=1500,
        on={"*": Move(to="door"), "#": Move(to="goodbye"), Input.SILENCE: Move(to="goodbye")},
    ),
    "fault": Scene(say=lambda _talk: ("voicemail_fault",), on={Input.SAID: Move(to=HANG_UP)}),
    "not_saved": Scene(say=lambda _talk: ("voicemail_not_saved",), on={Input.SAID: Move(to=HANG_UP)}),
    "goodbye": Scene(say=lambda _talk: ("goodbye",), on={Input.SAID: Move(to=HANG_UP)}),
}
"""``door`` is a scene of the menu."""
