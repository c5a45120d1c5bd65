"""Callthrough: a mobile calls in, is known by its number and a PIN, and dials on as its extension.

A caller's number can be forged, so a PIN is asked for unless the office wants it otherwise; from an unknown
number extension and PIN are. Each wrong PIN costs a pause that doubles; too many lock out the caller, the
extension and, from unknown numbers, everybody, for a quarter of an hour. A mobile that was rung for a held
caller (call-reverse) gets that caller at once: that needs no PIN, for it gives no right.
"""

import hmac
from dataclasses import dataclass

from appliance.calls import emergency, held, redial, steps
from appliance.calls.mobile_legs import Through
from appliance.calls.voice.dialogue import (
    DONE,
    HANG_UP,
    TAKEN,
    Dialogue,
    Digits,
    Input,
    Move,
    Next,
    Scene,
    Talk,
)
from appliance.model import effects as fx
from appliance.model.documents import Callthrough, Extension
from appliance.model.ids import CallthroughId
from appliance.model.mobiles import LONG_PIN
from appliance.model.plan import CallRequest
from appliance.model.voice import Request
from appliance.routing.emergency import emergency_number

TRIES = 3
"""So many wrong PINs end a call."""
PENALTY_MS = 2000
"""The pause after the first wrong PIN."""
BUSY_MS = 2500
"""How long the busy tone is heard before the next dial tone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinsGuessed(Request):
    """Somebody guesses PINs: an alarm. ``caller`` masked, empty where it is withheld."""

    callthrough: CallthroughId
    extension: str
    caller: str


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Who is in the dialogue."""

    document: Callthrough
    extension: Extension | None = None
    """Whose mobile it is said to be, or was; None: not known yet, or no such extension."""
    known: bool = False
    """The number is a mobile of ours."""
    keyed: str = ""
    """The extension's number as keyed in."""
    wrong: int = 0


def _visitor(talk: Talk) -> Visitor:
    visitor = talk.data
    assert isinstance(visitor, Visitor)  # noqa: S101 - begin made it
    return visitor


def _begin(talk: Talk) -> Next:
    x, leg = talk.x, talk.leg
    document = x.snapshot.callthroughs.get(CallthroughId(talk.step.argument))
    if document is None:
        return DONE  # it was deleted since the plan was made
    visitor = talk.data = Visitor(document=document)
    through = x.mobiles.through.get(leg.id)
    if through is not None:
        return "dial" if through.cause is None else "failed"
    if leg.extension is not None:  # called back by us
        visitor.extension = x.snapshot.extensions.get(leg.extension)
        visitor.known = True
        mobiles = (one for one in x.snapshot.mobiles.values() if one.extension == leg.extension)
        needs_pin = any(one.needs_pin for one in mobiles)
    else:
        mobile = None if leg.party.withheld else x.snapshot.mobile_by_number.get(leg.party.number)
        if mobile is None:
            closed = x.mobiles.guesses.is_locked(document.id, x.now) or _caller_locked(talk)
            return "locked" if closed or not document.anywhere else "who"
        if held.fetch(x, talk.call, leg, mobile):
            return TAKEN
        visitor.extension = x.snapshot.extensions.get(mobile.extension)
        visitor.known = True
        needs_pin = mobile.needs_pin
    if visitor.extension is None or (needs_pin and not visitor.extension.pin):
        return "refused"
    if not needs_pin:
        return _let_in(talk, visitor.extension)
    return "locked" if _is_locked(talk) else "pin"


# -- who it is ---------------------------------------------------------------------------------------


def _who(talk: Talk) -> Next | None:
    """An extension was keyed in; whether there is one is not told."""
    visitor = _visitor(talk)
    found = talk.x.snapshot.extension_by_number.get(talk.entered)
    allowed = found is not None and found.id in visitor.document.anywhere and len(found.pin) >= LONG_PIN
    visitor.extension = found if allowed else None
    visitor.keyed = talk.entered
    return "locked" if _is_locked(talk) else None


def _is_pin(talk: Talk, keyed: str) -> bool:
    extension = _visitor(talk).extension
    return extension is not None and bool(extension.pin) and hmac.compare_digest(keyed, extension.pin)


def _pin(talk: Talk) -> Next | None:
    x, visitor = talk.x, _visitor(talk)
    extension = visitor.extension
    if extension is not None and _is_pin(talk, talk.entered) and not _is_locked(talk):
        for key in (_of_extension(visitor), _of_caller(talk)):
            x.lockout.right(key)
        return _let_in(talk, extension)
    visitor.wrong += 1
    locks = [x.lockout.wrong(_of_extension(visitor), x.now)]
    if talk.leg.party.number:
        locks.append(x.lockout.wrong(_of_caller(talk), x.now))
    if not visitor.known:
        locks.append(x.mobiles.guesses.wrong(visitor.document.id, x.now))
    if any(locks):
        _tell(talk, visitor)
        return "locked"
    return "refused" if visitor.wrong >= TRIES else None


def _of_extension(visitor: Visitor) -> str:
    named = visitor.extension.id if visitor.extension is not None else f"none {visitor.keyed}"
    return f"callthrough extension {named}"


def _of_caller(talk: Talk) -> str:
    return f"callthrough caller {talk.leg.party.number}"


def _caller_locked(talk: Talk) -> bool:
    return bool(talk.leg.party.number) and talk.x.lockout.is_locked(_of_caller(talk), talk.x.now)


def _is_locked(talk: Talk) -> bool:
    visitor = _visitor(talk)
    return talk.x.lockout.is_locked(_of_extension(visitor), talk.x.now) or _caller_locked(talk)


def _tell(talk: Talk, visitor: Visitor) -> None:
    number = talk.leg.party.number
    extension = visitor.extension.number if visitor.extension is not None else "?"
    request = PinsGuessed(
        callthrough=visitor.document.id,
        extension=extension,
        caller=f"{number[:-3]}***" if number else "",
    )
    talk.x.emit(fx.Consult(call=None, serial=0, request=request))


def _let_in(talk: Talk, extension: Extension) -> Next:
    x, leg = talk.x, talk.leg
    x.adopt(leg, extension.id)
    x.mobiles.coded.add(leg.id)
    x.mobiles.through[leg.id] = Through(step=talk.step)
    return "dial"


# -- dialling ----------------------------------------------------------------------------------------


def _complete(talk: Talk, keyed: str) -> bool:
    """True when nothing longer can be meant."""
    snapshot = talk.x.snapshot
    if emergency_number(keyed, snapshot) is not None:
        return True
    if not snapshot.site.outside_prefix or keyed.startswith(snapshot.site.outside_prefix):
        return False
    inner = (*snapshot.extension_by_number, *snapshot.service_by_number)
    return keyed in inner and not any(one.startswith(keyed) and one != keyed for one in inner)


def _dial(talk: Talk) -> Next | None:
    """Each number is a call of its own, by the rights and at the cost of the extension."""
    x, leg, call = talk.x, talk.leg, talk.call
    dialled = talk.entered
    if dialled in ("", "*") or leg.origin is None:
        return "dial"  # a hash key alone: begin again
    request = CallRequest(origin=leg.origin, caller=leg.party, dialled=dialled)
    plan = x.plan(request)
    if not x.room_for(0, plan):
        return "failed"
    made = x.open_call(request, plan)
    x.move_leg(leg, made)
    made.a = leg.id
    call.a = None
    x.merge_call(call, made.id)
    redial.remember(x, leg.extension, request, plan)
    emergency.remember(x, leg.extension, plan)
    x.hear(leg, fx.HearsNothing())
    steps.run(x, made)
    return None


def _goodbye(talk: Talk) -> Next | None:
    talk.x.mobiles.through.pop(talk.leg.id, None)
    return None


def _penalty_ms(talk: Talk) -> int:
    return PENALTY_MS << max(0, _visitor(talk).wrong - 1)


def _again(talk: Talk) -> Next | None:
    return None if _visitor(talk).known else "who"


def _pin_prompts(talk: Talk) -> tuple[str, ...]:
    return ("wrong_pin", "enter_pin") if _visitor(talk).wrong else ("enter_pin",)


def _who_prompts(talk: Talk) -> tuple[str, ...]:
    return ("wrong_pin", "callthrough_who") if _visitor(talk).wrong else ("callthrough_who",)


CALLTHROUGH = Dialogue(
    begin=_begin,
    first=("who", "pin", "dial", "failed", "refused", "locked", TAKEN, DONE),
    scenes={
        "who": Scene(
            say=_who_prompts,
            digits=Digits(longest=12),
            wait_ms=8000,
            on={
                Input.ENTERED: Move(to="pin", do=_who, may=("locked",)),
                Input.SILENCE: Move(to="goodbye"),
            },
        ),
        "pin": Scene(
            say=_pin_prompts,
            digits=Digits(longest=10, complete=_is_pin, pause_ms=5000),
            wait_ms=8000,
            on={
                Input.ENTERED: Move(to="penalty", do=_pin, may=("dial", "locked", "refused")),
                Input.SILENCE: Move(to="goodbye"),
            },
        ),
        "penalty": Scene(
            hears=lambda _talk: fx.HearsNothing(),
            wait_ms=_penalty_ms,
            on={Input.SILENCE: Move(to="pin", do=_again, may=("who",))},
        ),
        "dial": Scene(
            hears=lambda _talk: fx.HearsTone(tone=fx.ToneKind.DIAL),
            digits=Digits(longest=32, complete=_complete, pause_ms=4000),
            wait_ms=20_000,
            on={
                Input.ENTERED: Move(to=TAKEN, do=_dial, may=("dial", "failed")),
                Input.SILENCE: Move(to="goodbye", do=_goodbye),
            },
        ),
        "failed": Scene(
            hears=lambda _talk: fx.HearsTone(tone=fx.ToneKind.BUSY),
            wait_ms=BUSY_MS,
            on={Input.SILENCE: Move(to="dial")},
        ),
        "locked": Scene(say=lambda _talk: ("callthrough_locked",), on={Input.SAID: Move(to=HANG_UP)}),
        "refused": Scene(say=lambda _talk: ("callthrough_refused",), on={Input.SAID: Move(to=HANG_UP)}),
        "goodbye": Scene(say=lambda _talk: ("goodbye",), on={Input.SAID: Move(to=HANG_UP)}),
    },
)
