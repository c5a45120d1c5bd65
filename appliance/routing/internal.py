"""Calls to extensions and menus that a colleague dialled, and what callers dial inside a menu."""

from appliance.model.causes import Cause
from appliance.model.documents import Extension, Menu, Target, TargetKind
from appliance.model.plan import CallKind, FromTrunk, Plan
from appliance.routing.callers import Identity
from appliance.routing.draft import Draft, Ending
from appliance.routing.menus import inside, outside
from appliance.routing.numbers import clean
from appliance.routing.path import Path
from appliance.routing.reach import Reached, finish, reach, reach_extension, reach_menu, with_box
from appliance.routing.services import service_run
from appliance.routing.voicemail import box_in_the_end
from appliance.routing.voicemail import menu as mailbox

OUTSIDE_SECONDS = 180
NOT_IN_MENU = Ending(prompt="unknown_number", cause=Cause.UNALLOCATED)


def plan_internal(draft: Draft, extension: Extension) -> Plan:
    """Ring the extension, or what it wants to ring instead."""
    return _to_extension(draft, extension, CallKind.INTERNAL)


def plan_menu(draft: Draft, menu: Menu) -> Plan:
    """A colleague dialled a menu."""
    reached = reach_menu(Path(draft=draft, seconds=0), menu.id)
    return finish(draft, reached, CallKind.SERVICE, called=menu.number)


def plan_within(draft: Draft, menu: Menu) -> Plan:
    """Digits dialled inside a menu: only what may be dialled there, with no rights but the menu's."""
    snapshot = draft.snapshot
    digits = clean(draft.request.dialled)
    kind = CallKind.INBOUND if isinstance(draft.request.origin, FromTrunk) else CallKind.INTERNAL
    draft.because("menu.dialled", name=menu.name or menu.id, dialled=digits)
    if inside(menu, digits, snapshot):
        extension = snapshot.extension_by_number.get(digits)
        if extension is not None:
            return _to_extension(draft, extension, kind)
        run = draft.link(service_run(draft, snapshot.service_by_number[digits]))
        return finish(draft, Reached(chain=(run,)), kind, called=digits)
    public = outside(menu, digits, snapshot)
    if public is None:
        draft.because("menu.not_dialable", name=menu.name or menu.id, dialled=digits)
        return draft.finish(kind, draft.announce(NOT_IN_MENU), called=digits)
    own = Identity(own=snapshot.site.default_caller_number)
    path = Path(draft=draft, seconds=OUTSIDE_SECONDS, identity=own)
    reached = reach(path, Target(kind=TargetKind.EXTERNAL, ref=public.number))
    return finish(draft, reached, kind, called=public.number)


def _to_extension(draft: Draft, extension: Extension, kind: CallKind) -> Plan:
    draft.because(
        "extension.called", number=extension.number, name=extension.name, seconds=extension.ring_seconds
    )
    box = box_in_the_end(draft, extension)
    reached = reach_extension(Path(draft=draft, seconds=extension.ring_seconds), extension)
    if (
        box is not None
        and not reached.chain
        and draft.extension is not None
        and extension.id == draft.extension.id
    ):
        return draft.finish(CallKind.SERVICE, (mailbox(draft, box),), called=extension.number)
    reached = with_box(draft, reached, box)
    return finish(draft, reached, kind, called=extension.number)
