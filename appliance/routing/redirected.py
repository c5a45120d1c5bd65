"""A phone that rings sends the call elsewhere by itself (302, RFC 3261 §8.1.3.4): the phone forwards.

It counts as its extension's forwarding of this call would: by the extension's rights, shown and noted as set
there, and nobody who sent the call on has a second turn. What it leads to rings in the phone's place.
"""

from appliance.model.causes import Cause
from appliance.model.documents import Forwarding, ForwardOn
from appliance.model.plan import CallKind, DivertedOn, Plan, Redirect, Reject, Step
from appliance.routing.changes import target_of
from appliance.routing.dialling import rewrite
from appliance.routing.draft import Draft
from appliance.routing.numbers import clean
from appliance.routing.path import Path, Verdict, divert, is_caller
from appliance.routing.selection import settings_of
from appliance.routing.together import Together, gather

_EVENTS = {
    DivertedOn.BUSY: ForwardOn.BUSY,
    DivertedOn.NO_ANSWER: ForwardOn.NO_ANSWER,
    DivertedOn.UNREACHABLE: ForwardOn.UNREACHABLE,
}


def plan_redirected(draft: Draft, redirect: Redirect) -> Plan:
    """One step: what rings (or answers) instead; a Reject where the phone leads nowhere."""
    step = _step(draft, redirect) or Reject(cause=Cause.UNREACHABLE)
    return draft.finish(CallKind.INTERNAL, (step,), called=redirect.to)


def _step(draft: Draft, redirect: Redirect) -> Step | None:
    snapshot = draft.snapshot
    extension = snapshot.extensions.get(redirect.by)
    digits = rewrite(clean(redirect.to), snapshot.site).digits
    speed_dial = snapshot.features.speed_dials.get(digits)
    target = target_of(draft, speed_dial.dial if speed_dial is not None else digits)
    if extension is None or extension.id in redirect.turned:
        return None
    draft.because("forward.by_phone", number=extension.number, name=extension.name, ref=redirect.to)
    if target is None:
        draft.because("forward.by_phone_nowhere", ref=redirect.to)
        return None
    if is_caller(draft, target):
        draft.because("forward.to_caller", number=extension.number, ref=target.ref)
        return None
    path = Path(
        draft=draft,
        seconds=extension.ring_seconds,
        diverted=redirect.diverted,
        extensions=redirect.turned,
    )
    to = Forwarding(on=_EVENTS.get(redirect.on, ForwardOn.ALWAYS), to=target)
    onward = divert(path, extension, Verdict(settings=settings_of(draft, extension), on=redirect.on), to)
    if onward is None:
        return None
    together = Together()
    gather(onward[0], (onward[1],), together)
    link = together.link(draft, extension.ring_seconds)
    return link.step if link is not None else None
