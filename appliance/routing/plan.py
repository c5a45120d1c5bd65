"""The one decision: where a call goes. The same function serves live calls, explanations and tests."""

from datetime import datetime

from appliance.model.causes import Cause
from appliance.model.plan import CallKind, CallRequest, FromDevice, Plan
from appliance.model.snapshot import Snapshot
from appliance.routing.callers import identify
from appliance.routing.draft import Draft, Ending
from appliance.routing.emergency import plan_emergency
from appliance.routing.features import plan_feature
from appliance.routing.inbound import plan_inbound
from appliance.routing.internal import plan_internal
from appliance.routing.numbers import clean, read_dialled
from appliance.routing.outbound import plan_outbound
from appliance.routing.services import plan_service

UNKNOWN = Ending(prompt="unknown_number", cause=Cause.UNALLOCATED)
INVALID = Ending(prompt="unknown_number", cause=Cause.INVALID_NUMBER)
NOT_ALLOWED = Ending(prompt="not_allowed", cause=Cause.FORBIDDEN)
MAX_INTERNAL_LIKE = 6
"""Longer digits are not taken for a mistyped internal number."""


def plan(request: CallRequest, snapshot: Snapshot, now: datetime) -> Plan:
    """Decide what happens to a call at ``now`` (aware). Pure, never raises; at least one step, no circle."""
    draft = Draft(request=request, snapshot=snapshot, now=now, caller=identify(request, snapshot))
    emergency = plan_emergency(draft)
    if emergency is not None:
        return emergency
    origin = request.origin
    if not isinstance(origin, FromDevice):
        draft.because("origin.trunk", trunk=origin.trunk, caller=draft.caller.number or draft.caller.name)
        return plan_inbound(draft, origin)
    extension = draft.extension
    if extension is None:
        draft.because("origin.unknown", extension=origin.extension, device=origin.device)
        return draft.finish(CallKind.REFUSED, draft.announce(NOT_ALLOWED), called=request.dialled)
    draft.because("origin.extension", number=extension.number, name=extension.name)
    return _from_inside(draft)


def _from_inside(draft: Draft) -> Plan:
    """Internal numbers first, then the public network, then a word that there is no such number."""
    dialled, snapshot = draft.request.dialled, draft.snapshot
    digits = clean(dialled)
    if not digits:
        draft.because("dialled.invalid", dialled=dialled)
        return draft.finish(CallKind.REFUSED, draft.announce(INVALID), called=dialled)
    called = snapshot.extension_by_number.get(digits)
    if called is not None:
        return plan_internal(draft, called)
    service = snapshot.service_by_number.get(digits)
    if service is not None:
        return plan_service(draft, service)
    feature = plan_feature(draft, digits)
    if feature is not None:
        return feature
    public = read_dialled(digits, draft.dialling)
    if public is not None and not (public.number != digits and _looks_internal(digits, draft)):
        return plan_outbound(draft, public)
    if snapshot.site.outside_prefix and not digits.startswith(snapshot.site.outside_prefix):
        draft.because("dialled.unknown_prefix", dialled=digits, prefix=snapshot.site.outside_prefix)
    else:
        draft.because("dialled.unknown", dialled=digits)
    return draft.finish(CallKind.REFUSED, draft.announce(UNKNOWN), called=digits)


def _looks_internal(digits: str, draft: Draft) -> bool:
    """True where no prefix tells inside from outside and the digits are as long as some internal number.

    A mistyped extension must not ring at a stranger's in the same town.
    """
    if draft.snapshot.site.outside_prefix or digits.startswith("+") or len(digits) > MAX_INTERNAL_LIKE:
        return False
    return any(len(number) == len(digits) for number in draft.snapshot.extension_by_number)
