"""Mobiles that ring with an extension: who answers must press a key, so that a mailbox never swallows a call.

Meanwhile everything else rings on, and the caller hears that. From the key on the leg is the extension's.
"""

from appliance.calls import originate, ringing, steps
from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.mobile_legs import Asked
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import ExtensionId, Milliseconds
from appliance.model.plan import ExternalTarget
from appliance.model.spoken import digits as spoken_digits

TAKE, DECLINE = "1", "2"
TIMES = 3
"""So often it is said what to press."""
PAUSE_MS = Milliseconds(3000)


def target_of(call: Call, leg: Leg) -> ExternalTarget | None:
    """The mobile that this leg rings; None for every other target."""
    for progress in call.targets:
        target = progress.target
        if leg.id in progress.legs and isinstance(target, ExternalTarget):
            return target if target.confirms is not None or target.calls_in is not None else None
    return None


def answered(x: Exchange, call: Call, leg: Leg) -> bool:
    """A mobile answered; False when it is none and simply gets the call."""
    target = target_of(call, leg)
    if target is None:
        return False
    if target.calls_in is not None:
        x.end_leg(leg, Cause.NORMAL)  # it is to call in: this call must cost nothing more
        return True
    ringing.progressed(x, leg)
    if leg.id in x.mobiles.asked:
        return True
    a = x.live(call.a)
    if a is not None and isinstance(a.hears, fx.HearsLegs):
        x.hear(a, fx.HearsTone(tone=fx.ToneKind.RINGBACK))
    x.mobiles.asked[leg.id] = Asked()
    _ask(x, call, leg, target)
    return True


def _ask(x: Exchange, call: Call, leg: Leg, target: ExternalTarget) -> None:
    asked = x.mobiles.asked[leg.id]
    asked.times += 1
    asked.playback = x.new_playback()
    language = x.language_of(target.confirms)
    said: tuple[str, ...] = ("mobile_callback",)
    if call.then is None:
        extension = x.snapshot.extensions.get(target.confirms or ExtensionId(""))
        number = spoken_digits(extension.number) if extension is not None else ()
        said = ("mobile_call_for", *number, "mobile_take")
    x.hear(leg, fx.HearsList(names=said, language=language, playback=asked.playback))


def playback_ended(x: Exchange, leg: Leg, playback: int) -> None:
    """It was said what to press: wait a little."""
    asked = x.mobiles.asked.get(leg.id)
    if asked is not None and asked.playback == playback:
        x.start_timer(f"asked:{leg.id}", PAUSE_MS)


def timed_out(x: Exchange, leg: Leg) -> None:
    """Nothing was pressed: say it again, then give up."""
    call, asked = x.call_of(leg), x.mobiles.asked.get(leg.id)
    target = target_of(call, leg) if call is not None else None
    if call is None or asked is None or target is None:
        return
    if asked.times < TIMES:
        _ask(x, call, leg, target)
    else:
        _decline(x, call, leg, Cause.NO_ANSWER)


def key(x: Exchange, call: Call, leg: Leg, pressed: str) -> None:
    """The mobile pressed a key."""
    target = target_of(call, leg)
    if target is None or target.confirms is None or pressed not in (TAKE, DECLINE):
        return
    if pressed == DECLINE:
        _decline(x, call, leg, Cause.REJECTED)
        return
    del x.mobiles.asked[leg.id]
    x.cancel_timer(f"asked:{leg.id}")
    x.adopt(leg, target.confirms)
    x.mobiles.coded.add(leg.id)
    x.hear(leg, fx.HearsNothing())
    if call.then is not None:
        steps.stop_others(x, call, leg)
        originate.answered(x, call, leg, call.then)
    else:
        steps.answered(x, call, leg)


def _decline(x: Exchange, call: Call, leg: Leg, cause: Cause) -> None:
    del x.mobiles.asked[leg.id]
    x.cancel_timer(f"asked:{leg.id}")
    x.end_leg(leg, cause)
    verdict = ringing.leg_over(x, call, leg, cause)
    if verdict is not None:
        steps.finish(x, call, verdict)
