"""The one decision: where a call goes. The same function serves live calls, explanations and tests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from appliance.model.causes import Cause
from appliance.model.documents import Destination, Permission
from appliance.model.plan import AskPin, CallKind, CallRequest, FromFax, FromTrunk, Outcome, Plan
from appliance.model.snapshot import Snapshot
from appliance.routing.callers import identify
from appliance.routing.conferences import plan_room
from appliance.routing.destinations import destination_of, permission_of
from appliance.routing.dialling import rewrite, split_modifier
from appliance.routing.draft import Draft, Ending
from appliance.routing.emergency import plan_emergency
from appliance.routing.fax import plan_fax, plan_relay, relaying_box
from appliance.routing.features import plan_feature
from appliance.routing.graph import shifted
from appliance.routing.handed import plan_handed
from appliance.routing.inbound import plan_distribution, plan_inbound
from appliance.routing.internal import plan_internal, plan_menu, plan_within
from appliance.routing.menus import menu_of
from appliance.routing.numbers import PublicNumber, clean, read_dialled
from appliance.routing.outbound import plan_outbound
from appliance.routing.recording import ask_first
from appliance.routing.redirected import plan_redirected
from appliance.routing.selection import settings_of
from appliance.routing.self_test import is_self_test, plan_self_test
from appliance.routing.services import plan_service
from appliance.routing.together import own_number
from appliance.routing.voicemail import plan_box

UNKNOWN = Ending(prompt="unknown_number", cause=Cause.UNALLOCATED)
INVALID = Ending(prompt="unknown_number", cause=Cause.INVALID_NUMBER)
NOT_ALLOWED = Ending(prompt="not_allowed", cause=Cause.FORBIDDEN)
MAX_INTERNAL_LIKE = 6
"""Longer digits are not taken for a mistyped internal number."""


def plan(request: CallRequest, snapshot: Snapshot, now: datetime) -> Plan:
    """Decide what happens to a call at ``now`` (aware). Pure, never raises; at least one step, no circle."""
    draft = Draft(request=request, snapshot=snapshot, now=now, caller=identify(request, snapshot))
    if request.redirect is not None:
        return plan_redirected(draft, request.redirect)
    emergency = None if _is_handed(request) else plan_emergency(draft, request.dialled)
    if emergency is not None:
        return emergency
    menu = menu_of(snapshot, request.menu)
    if menu is not None:
        return plan_within(draft, menu)
    origin = request.origin
    if isinstance(origin, FromTrunk) and origin.handed is not None:
        return plan_handed(draft, origin.handed)
    if isinstance(origin, FromTrunk):
        draft.because("origin.trunk", trunk=origin.trunk, caller=draft.caller.number or draft.caller.name)
        made = plan_inbound(draft, origin)
        return made if made.part else ask_first(draft, origin, made)
    if is_self_test(origin):
        return plan_self_test(draft)
    extension = draft.extension
    if extension is None:
        device = f"fax {origin.box}" if isinstance(origin, FromFax) else origin.device
        draft.because("origin.unknown", extension=origin.extension, device=device)
        return draft.finish(CallKind.REFUSED, draft.announce(NOT_ALLOWED), called=request.dialled)
    draft.because("origin.extension", number=extension.number, name=extension.name)
    draft.withheld = request.caller.withheld or settings_of(draft, extension).withhold
    return _from_inside(draft)


def _is_handed(request: CallRequest) -> bool:
    return isinstance(request.origin, FromTrunk) and request.origin.handed is not None


def _from_inside(draft: Draft) -> Plan:
    """What was dialled by one of ours, as it is meant; never again rewritten."""
    dialled = draft.request.dialled
    modifier, digits = split_modifier(dialled)
    if not digits:
        draft.because("dialled.invalid", dialled=dialled)
        return draft.finish(CallKind.REFUSED, draft.announce(INVALID), called=dialled)
    if modifier is not None:
        draft.because("dialled.modifier", prefix=modifier.prefix, rest=digits)
        if modifier.withheld is not None:
            draft.withheld = modifier.withheld
        if modifier.precedence:
            if draft.extension is None or not draft.extension.precedence:
                draft.because("dialled.no_precedence")
                return draft.finish(CallKind.REFUSED, draft.announce(NOT_ALLOWED), called=digits)
            draft.request = replace(draft.request, precedence=True)
    rewritten = rewrite(digits, draft.snapshot.site)
    if rewritten.rule is not None:
        draft.because(
            "dialled.rewritten",
            dialled=digits,
            rule=rewritten.rule.name or rewritten.position,
            digits=rewritten.digits,
        )
        digits = rewritten.digits
        emergency = plan_emergency(draft, digits)
        if emergency is not None:
            return emergency
    speed_dial = draft.snapshot.features.speed_dials.get(digits)
    if speed_dial is not None:
        draft.because("dialled.speed", number=digits, dial=speed_dial.dial, name=speed_dial.name)
        digits = clean(speed_dial.dial)
        emergency = plan_emergency(draft, digits)
        if emergency is not None:
            return emergency
    return _to(draft, digits)


def _to(draft: Draft, digits: str) -> Plan:
    """Internal numbers first, then the public network, then a word that there is no such number."""
    snapshot = draft.snapshot
    called = snapshot.extension_by_number.get(digits)
    if called is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_internal(draft, called))
    service = snapshot.service_by_number.get(digits)
    if service is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_service(draft, service))
    box = snapshot.fax_box_by_number.get(digits)
    if box is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_fax(draft, box))
    voicemail = snapshot.voicemail_by_number.get(digits)
    if voicemail is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_box(draft, voicemail))
    room = snapshot.room_by_number.get(digits)
    if room is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_room(draft, room))
    menu = snapshot.menu_by_number.get(digits)
    if menu is not None:
        return _permitted(draft, digits, Destination.INTERNAL, lambda: plan_menu(draft, menu))
    feature = plan_feature(draft, digits)
    if feature is not None and not isinstance(draft.request.origin, FromFax):
        return feature
    public = read_dialled(digits, draft.dialling)
    if public is not None and not (public.number != digits and _looks_internal(digits, draft)):
        return _outside(draft, digits, public)
    if snapshot.site.outside_prefix and not digits.startswith(snapshot.site.outside_prefix):
        draft.because("dialled.unknown_prefix", dialled=digits, prefix=snapshot.site.outside_prefix)
    else:
        draft.because("dialled.unknown", dialled=digits)
    return draft.finish(CallKind.REFUSED, draft.announce(UNKNOWN), called=digits)


def _outside(draft: Draft, digits: str, public: PublicNumber) -> Plan:
    """A public number; one of our own stays inside."""
    if public.short:
        draft.because("public.short", dialled=digits, number=public.number)
    else:
        draft.because("public.dialled", dialled=digits, number=public.number)
        ours = own_number(public.number, draft.snapshot)
        if ours is not None:
            return _permitted(
                draft,
                public.number,
                Destination.INTERNAL,
                lambda: plan_distribution(draft, ours, CallKind.INTERNAL),
            )
    destination = destination_of(public.number, draft.dialling)
    relays = relaying_box(draft)
    if relays is not None:
        dial = digits if public.short else public.number
        return _permitted(draft, public.number, destination, lambda: plan_relay(draft, relays, dial))
    return _permitted(draft, public.number, destination, lambda: plan_outbound(draft, public))


def _permitted(draft: Draft, number: str, destination: Destination, make: Callable[[], Plan]) -> Plan:
    """The plan that ``make`` makes if the caller may dial the number, be it after a PIN."""
    extension = draft.extension
    if extension is None:
        return make()
    permission, cls = permission_of(draft, extension, number, destination)
    if permission is Permission.ALLOW:
        return make()
    if permission is Permission.PIN and cls.pin:
        return _after_pin(draft, make(), cls.pin)
    return draft.finish(CallKind.REFUSED, draft.announce(NOT_ALLOWED), called=number)


def _after_pin(draft: Draft, made: Plan, pin: str) -> Plan:
    denied = len(made.steps) + 1
    ask = AskPin(pin=pin, language=draft.language, next={Outcome.GRANTED: 1, Outcome.DENIED: denied})
    steps = (
        ask,
        *(shifted(step, 1) for step in made.steps),
        *(shifted(step, denied) for step in draft.announce(NOT_ALLOWED)),
    )
    return replace(made, steps=steps)


def _looks_internal(digits: str, draft: Draft) -> bool:
    """True where no prefix tells inside from outside and the digits are as long as some internal number.

    A mistyped extension must not ring at a stranger's in the same town.
    """
    if draft.snapshot.site.outside_prefix or digits.startswith("+") or len(digits) > MAX_INTERNAL_LIKE:
        return False
    return any(len(number) == len(digits) for number in draft.snapshot.extension_by_number)
