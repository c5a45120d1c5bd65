"""Calling a mobile back, to dial for it: wanted by command, by SMS or by a call that was turned away.

The box calls the mobile at the cost of its extension; whoever answers must press a key (a mailbox cannot),
then the call goes where it was wanted, or there is a dial tone. A forged number or SMS makes a mobile ring in
vain, so how often is limited.
"""

import dataclasses
import hmac
from collections import deque
from datetime import timedelta

from appliance.calls import held, originate, steps
from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.voice.callthrough import PinsGuessed
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Application, Mobile
from appliance.model.ids import CallthroughId, DeviceId, ExtensionId, MobileId
from appliance.model.mobiles import read_order
from appliance.model.plan import (
    CallKind,
    CallRequest,
    ExternalTarget,
    FromDevice,
    Plan,
    Ring,
    Run,
)
from appliance.routing.numbers import read_caller

MOST = 6
"""So many callbacks to one mobile within WITHIN."""
WITHIN = timedelta(minutes=10)


def wanted(x: Exchange, extension: ExtensionId, dialled: str, mobile_id: MobileId | None = None) -> bool:
    """Call a mobile of the extension back and dial this for it; False when that cannot be.

    ``mobile_id``: which; None: its first. Nothing to dial: it gets a dial tone.
    """
    mobiles = [one for one in x.snapshot.mobiles.values() if one.extension == extension]
    mobile = next((one for one in mobiles if mobile_id in (None, one.id)), None)
    callthrough = next(iter(x.snapshot.callthroughs), None)
    return mobile is not None and _place(x, mobile, dialled, callthrough)


def text_received(x: Exchange, sender: str, text: str) -> bool:
    """Do what an SMS orders; False for every other SMS, and where the sender may not."""
    number = read_caller(sender, x.snapshot.site.country) if sender.startswith(("+", "0")) else None
    mobile = x.snapshot.mobile_by_number.get(number or "")
    order = read_order(text)
    if mobile is None or order is None:
        return False
    return _trusted(x, mobile, order.pin) and wanted(x, mobile.extension, order.number, mobile.id)


def _trusted(x: Exchange, mobile: Mobile, pin: str) -> bool:
    if not mobile.needs_pin and not pin:
        return True
    extension = x.snapshot.extensions.get(mobile.extension)
    key = f"callthrough extension {mobile.extension}"
    if extension is None or not extension.pin or x.lockout.is_locked(key, x.now):
        return False
    if pin and hmac.compare_digest(pin, extension.pin):
        x.lockout.right(key)
        return True
    if pin and x.lockout.wrong(key, x.now):
        caller = f"{mobile.number[:-3]}***"
        told = PinsGuessed(callthrough=CallthroughId("SMS"), extension=extension.number, caller=caller)
        x.emit(fx.Consult(call=None, serial=0, request=told))
    return False


def turned_away(x: Exchange, call: Call, a: Leg, step: Run) -> None:
    """A mobile called to be called back: busy, which costs it nothing."""
    mobile = x.snapshot.mobile_by_number.get(a.party.number)
    if mobile is not None and held.fetch(x, call, a, mobile):
        return  # it was rung for a held caller, and calls in
    document = x.snapshot.callthroughs.get(CallthroughId(step.argument))
    x.end_leg(a, Cause.BUSY)
    x.close_call(call, Cause.BUSY)
    if mobile is not None and document is not None:
        x.mobiles.awaiting[mobile.id] = document.id
        x.start_timer(f"call_back:{mobile.id}", document.callback_seconds * 1000)


def due(x: Exchange, mobile_id: MobileId) -> None:
    """The mobile has heard busy and hung up by now."""
    mobile, callthrough = x.snapshot.mobiles.get(mobile_id), x.mobiles.awaiting.pop(mobile_id, None)
    if mobile is not None and callthrough is not None:
        _place(x, mobile, "", callthrough)


def _place(x: Exchange, mobile: Mobile, dialled: str, callthrough: CallthroughId | None) -> bool:
    extension = x.snapshot.extensions.get(mobile.extension)
    if (
        extension is None
        or x.closing
        or (not dialled and callthrough is None)
        or not _not_too_often(x, mobile)
    ):
        return False
    shown = originate.shown(x, extension.id)
    origin = FromDevice(device=DeviceId(""), extension=extension.id)
    plan = x.plan(CallRequest(origin=origin, caller=shown, dialled=mobile.number))
    rings = next((one for one in plan.steps if isinstance(one, Ring)), None)
    targets = rings.targets if rings is not None else ()
    outside = tuple(one for one in targets if isinstance(one, ExternalTarget))
    if not outside or len(outside) != len(targets) or not x.room_for(2, plan):
        return False
    asked = tuple(dataclasses.replace(one, confirms=extension.id) for one in outside)
    then: CallRequest | Plan = CallRequest(origin=origin, caller=shown, dialled=dialled)
    if not dialled:
        tone = Run(
            application=Application.CALLTHROUGH,
            prompt="",
            language=x.language_of(extension.id),
            argument=callthrough or "",
        )
        then = Plan(kind=CallKind.SERVICE, steps=(tone,), called=mobile.number, caller=shown)
    request = then if isinstance(then, CallRequest) else CallRequest(origin=origin, caller=shown, dialled="")
    ring = Ring(targets=asked, timeout_ms=originate.RING_MS)
    called = dialled or mobile.number
    call = x.open_call(request, dataclasses.replace(plan, steps=(ring,), called=called))
    call.then = then
    steps.run(x, call)
    return True


def _not_too_often(x: Exchange, mobile: Mobile) -> bool:
    """Also False while it is being called back."""
    under_way = any(
        isinstance(one.target, ExternalTarget)
        and one.target.number == mobile.number
        and call.then is not None
        for call in x.calls.values()
        for one in call.targets
    )
    lately = x.mobiles.called_back.setdefault(mobile.id, deque(maxlen=MOST))
    while lately and not timedelta(0) <= x.now - lately[0] < WITHIN:
        lately.popleft()
    if under_way or len(lately) >= MOST:
        return False
    lately.append(x.now)
    return True
