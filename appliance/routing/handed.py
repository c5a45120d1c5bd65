"""Calls that another instance of the office handed over: each is planned by what it was handed over for."""

from dataclasses import replace

from appliance.model.causes import Cause
from appliance.model.ids import ConferenceId
from appliance.model.instances import Task
from appliance.model.plan import CallKind, Handed, Plan, Reject, Ring
from appliance.routing.conferences import plan_room
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import (
    RING_MS,
    extension_meant,
    number_meant,
    over_own_trunk,
    passed_on,
    refused,
)
from appliance.routing.emergency import plan_emergency
from appliance.routing.extensions import extension_target
from appliance.routing.inbound import plan_distribution


def plan_handed(draft: Draft, handed: Handed) -> Plan:
    """What was decided where the call came from is not decided again."""
    draft.because("handed.from", node=handed.path[-1], task=handed.task.value)
    refusal = refused(draft, handed)
    if refusal is not None:
        return replace(refusal, part=True)
    if handed.node != draft.request.conditions.elsewhere.here:
        return replace(passed_on(draft, handed), part=True)
    match handed.task:
        case Task.NUMBER:
            return _number(draft, handed)
        case Task.RING:
            return replace(_ring(draft, handed), part=True)
        case Task.TRUNK:
            return replace(over_own_trunk(draft, handed), part=True)
        case Task.EMERGENCY:
            made = plan_emergency(draft, handed.to)
            return replace(made if made is not None else _nothing(draft, handed), part=True)
        case Task.ROOM:
            room = draft.snapshot.rooms.get(ConferenceId(handed.to))
            made = plan_room(draft, room) if room is not None else None
            return replace(made if made is not None else _nothing(draft, handed), part=True)


def _number(draft: Draft, handed: Handed) -> Plan:
    number = number_meant(draft, handed)
    return plan_distribution(draft, number, handed.kind) if number is not None else _nothing(draft, handed)


def _ring(draft: Draft, handed: Handed) -> Plan:
    extension = extension_meant(draft, handed)
    if extension is None:
        return _nothing(draft, handed)
    target = extension_target(draft, extension, auto_answer=handed.auto_answer, diverted=handed.diverted)
    if target is None:
        return _nothing(draft, handed)
    if handed.present is not None:
        target = replace(target, present=handed.present)
    return draft.finish(handed.kind, (Ring(targets=(target,), timeout_ms=RING_MS),), called=extension.number)


def _nothing(draft: Draft, handed: Handed) -> Plan:
    draft.because("handed.unknown", to=handed.to)
    return draft.finish(CallKind.REFUSED, (Reject(cause=Cause.UNREACHABLE),), called=handed.to)
