"""Asking for a PIN: digits until the hash key, the PIN's length, or a pause; a few attempts, then no.

Keys pressed during the prompt count; the PIN itself is nowhere but in the plan.
"""

import hmac

from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.plan import AskPin, Outcome

PAUSE_MS = 8000
"""So long may somebody think before the next key."""
MAX_KEYED = 16


def ask(x: Exchange, call: Call, a: Leg, step: AskPin) -> None:
    """Ask for it from the beginning."""
    call.attempts = 0
    _prompt(x, call, a, step, step.prompt)


def prompted(x: Exchange, call: Call) -> None:
    """The prompt is over: from now on a long pause counts."""
    a = x.live(call.a)
    if a is not None:
        x.hear(a, fx.HearsNothing())
        x.start_timer(f"pin:{call.id}", PAUSE_MS)


def key(x: Exchange, call: Call, step: AskPin, digit: str) -> Outcome | None:
    """A key was pressed; the outcome once there is one."""
    a = x.live(call.a)
    if a is None:
        return None
    if call.playback:
        call.playback = 0
        x.cancel_timer(f"play:{call.id}")
        x.hear(a, fx.HearsNothing())
    if digit == "#":
        return _judge(x, call, a, step)
    if digit.isdigit() and len(call.keyed) < MAX_KEYED:
        call.keyed += digit
        if len(call.keyed) == len(step.pin) and _right(call, step):
            return _judge(x, call, a, step)
    x.start_timer(f"pin:{call.id}", PAUSE_MS)
    return None


def give_up(x: Exchange, call: Call, step: AskPin) -> Outcome | None:
    """Nothing was pressed for too long: what was keyed in is all there is."""
    a = x.live(call.a)
    return _judge(x, call, a, step) if a is not None else None


def _right(call: Call, step: AskPin) -> bool:
    return hmac.compare_digest(call.keyed, step.pin)


def _judge(x: Exchange, call: Call, a: Leg, step: AskPin) -> Outcome | None:
    x.cancel_timer(f"pin:{call.id}")
    right = _right(call, step)
    call.keyed = ""
    if right:
        return Outcome.GRANTED
    call.attempts += 1
    if call.attempts >= step.attempts:
        return Outcome.DENIED
    _prompt(x, call, a, step, "wrong_pin")
    return None


def _prompt(x: Exchange, call: Call, a: Leg, step: AskPin, prompt: str) -> None:
    if not a.answered:
        x.open_early(a)
    call.keyed = ""
    call.playback = x.new_playback()
    x.hear(a, fx.HearsFile(name=prompt, language=step.language, playback=call.playback))
    x.start_timer(f"play:{call.id}", PAUSE_MS * 4)
