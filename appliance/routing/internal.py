"""Calls to extensions that a colleague dialled."""

from appliance.model.documents import Extension
from appliance.model.plan import CallKind, Plan
from appliance.routing.draft import Draft
from appliance.routing.path import Path
from appliance.routing.reach import finish, reach_extension, with_box
from appliance.routing.voicemail import box_in_the_end, menu


def plan_internal(draft: Draft, extension: Extension) -> Plan:
    """Ring the extension, or what it wants to ring instead."""
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
        return draft.finish(CallKind.SERVICE, (menu(draft, box),), called=extension.number)
    reached = with_box(draft, reached, box)
    return finish(draft, reached, CallKind.INTERNAL, called=extension.number)
