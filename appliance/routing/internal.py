"""Calls to extensions that a colleague dialled."""

from appliance.model.documents import Extension
from appliance.model.plan import CallKind, Plan
from appliance.routing.draft import Draft
from appliance.routing.path import Path
from appliance.routing.reach import finish, reach_extension


def plan_internal(draft: Draft, extension: Extension) -> Plan:
    """Ring the extension, or what it wants to ring instead."""
    draft.because(
        "extension.called", number=extension.number, name=extension.name, seconds=extension.ring_seconds
    )
    reached = reach_extension(Path(draft=draft, seconds=extension.ring_seconds), extension)
    return finish(draft, reached, CallKind.INTERNAL, called=extension.number)
