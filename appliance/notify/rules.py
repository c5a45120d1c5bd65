"""What of a call or a change is worth telling, and to which extension. Pure: records and snapshots in.

A call was missed at an extension when one of its devices rang, was busy or away, and nobody took the call
afterwards: not there, not at another extension, not by picking it up. A user who declined knows of it, and
nobody misses a call of his own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from appliance.model.causes import Cause
from appliance.model.documents import SECRET_FIELDS, RuleAction
from appliance.model.ids import DeviceId, ExtensionId
from appliance.model.mail import NotificationEvent
from appliance.model.plan import CallKind, Reason
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.notify.occurrences import (
    AccountChange,
    BlockedCall,
    Edit,
    FieldChange,
    Missed,
    MissedCall,
    Party,
)
from appliance.store.operations import EXISTENCE, Operation

_BUSY = frozenset({Cause.BUSY, Cause.REJECTED})
_AWAY = frozenset({Cause.UNREACHABLE, Cause.TIMEOUT, Cause.FAILURE, Cause.NO_ANSWER, Cause.NOT_ACCEPTABLE})
_DEVICE = "device:"
_TURNED_AWAY = frozenset({RuleAction.REJECT.value, RuleAction.BUSY.value})
_SCENARIOS = frozenset({"scenario.holds", "scenario.by_hand"})


def missed_calls(call: CallRecord, legs: Sequence[LegRecord], snapshot: Snapshot) -> tuple[MissedCall, ...]:
    """Every extension that missed this call, which is over; blocked calls are not missed."""
    caller = _caller(call)
    found: list[MissedCall] = []
    tried = _tried(legs, snapshot)
    for extension, here in tried.items():
        how = _how(here, legs)
        if how is None or _is_own(call, extension, snapshot):
            continue
        rang = [leg for leg in here if leg.alerted is not None]
        seconds = 0.0
        if rang and all(leg.ended is not None for leg in rang):
            first = min(leg.alerted for leg in rang if leg.alerted is not None)
            last = max(leg.ended for leg in rang if leg.ended is not None)
            seconds = (last - first).total_seconds()
        found.append(
            MissedCall(
                extension=extension,
                call=call.call,
                at=call.started,
                caller=caller,
                called=call.called or call.dialled,
                number=call.number,
                how=how,
                rang_seconds=max(0, round(seconds)),
                gave_up=call.cause is Cause.CANCELLED,
            )
        )
    if any(leg.direction is Direction.OUTGOING and leg.answered is not None for leg in legs):
        return tuple(found)
    return (*found, *_never_tried(call, caller, tried, snapshot))


def _tried(legs: Iterable[LegRecord], snapshot: Snapshot) -> dict[ExtensionId, list[LegRecord]]:
    tried: dict[ExtensionId, list[LegRecord]] = {}
    for leg in legs:
        if leg.direction is not Direction.OUTGOING or not leg.endpoint.startswith(_DEVICE):
            continue
        name = DeviceId(leg.endpoint.removeprefix(_DEVICE))
        device = snapshot.devices.get(name) or snapshot.analog.get(name) or snapshot.handsets.get(name)
        owner = snapshot.extension_by_number.get(leg.party)
        extension = owner.id if owner is not None else device.extension if device is not None else None
        if extension is not None:
            tried.setdefault(extension, []).append(leg)
    return tried


def _how(here: Sequence[LegRecord], legs: Iterable[LegRecord]) -> Missed | None:
    """Why the extension of these legs missed the call; None when it did not."""
    last_try = max(leg.started for leg in here)
    if any(leg.cause is Cause.ANSWERED_ELSEWHERE for leg in here):
        return None
    if any(
        leg.direction is Direction.OUTGOING and leg.answered is not None and leg.answered >= last_try
        for leg in legs
    ):
        return None
    if any(leg.alerted is not None and leg.by_remote and leg.cause in _BUSY for leg in here):
        return None  # declined by hand
    if any(leg.alerted is not None for leg in here):
        return Missed.RANG
    if any(leg.cause in _BUSY for leg in here):
        return Missed.BUSY
    if any(leg.cause in _AWAY for leg in here):
        return Missed.UNREACHABLE
    return None  # the caller was gone before anything rang


def _never_tried(
    call: CallRecord, caller: Party, tried: Mapping[ExtensionId, object], snapshot: Snapshot
) -> Iterable[MissedCall]:
    """An extension called directly that was busy, or has no device: no leg tells of it."""
    extension = snapshot.extension_by_number.get(call.called)
    if (
        call.kind is CallKind.INTERNAL
        and extension is not None
        and not tried
        and call.answered is None
        and call.cause in (Cause.BUSY, Cause.UNREACHABLE)
        and not _is_own(call, extension.id, snapshot)
        and not any(_blocks(reason) for reason in call.reasons)
    ):
        yield MissedCall(
            extension=extension.id,
            call=call.call,
            at=call.started,
            caller=caller,
            called=call.called,
            how=Missed.BUSY if call.cause is Cause.BUSY else Missed.UNREACHABLE,
        )


def _is_own(call: CallRecord, extension: ExtensionId, snapshot: Snapshot) -> bool:
    known = snapshot.extensions.get(extension)
    return known is not None and known.number == call.caller_number


def missed_number(call: CallRecord, legs: Sequence[LegRecord], snapshot: Snapshot) -> tuple[MissedCall, ...]:
    """The call as missed by its number, for those whom the scenario in force names; none or one."""
    number = snapshot.numbers.get(call.number) if call.number is not None else None
    taken = call.answered is not None or any(leg.cause is Cause.ANSWERED_ELSEWHERE for leg in legs)
    if number is None or taken or any(_blocks(reason) for reason in call.reasons):
        return ()
    rang = any(leg.direction is Direction.OUTGOING and leg.alerted is not None for leg in legs)
    if call.cause is Cause.CANCELLED and not rang:
        return ()
    chosen = [reason.values.get("name") for reason in call.reasons if reason.code in _SCENARIOS]
    scenarios = [one for one in number.scenarios if chosen and one.name == chosen[-1]]
    return tuple(
        MissedCall(
            extension=None,
            call=call.call,
            at=call.started,
            caller=_caller(call),
            called=call.called or call.dialled,
            number=call.number,
            how=Missed.BUSY if call.cause is Cause.BUSY else Missed.RANG if rang else Missed.UNREACHABLE,
            gave_up=call.cause is Cause.CANCELLED,
            addresses=scenario.emails,
        )
        for scenario in scenarios
        if scenario.emails
    )


def blocked_calls(call: CallRecord, snapshot: Snapshot) -> tuple[BlockedCall, ...]:
    """Every extension of which a rule turned this caller away, by the reasons of the record.

    A call that somebody took tells nothing: its plan may name rules of steps that it never came to.
    """
    if call.answered is not None:
        return ()
    found: dict[ExtensionId, BlockedCall] = {}
    for reason in call.reasons:
        extension = snapshot.extension_by_number.get(reason.values.get("number", ""))
        if extension is not None and _blocks(reason):
            found[extension.id] = BlockedCall(
                extension=extension.id,
                call=call.call,
                at=call.started,
                caller=_caller(call),
                called=call.called or call.dialled,
                number=call.number,
                rule=reason.values.get("rule", ""),
            )
    return tuple(found.values())


def _blocks(reason: Reason) -> bool:
    """Whether a rule for callers turned this one away, as routing says it."""
    if reason.code == "rule.applies":
        return reason.values.get("rule_action") in _TURNED_AWAY
    return reason.code == "rule.not_accepted"


def _caller(call: CallRecord) -> Party:
    return Party(number=call.caller_number, name=call.caller_name, withheld=call.withheld)


def account_changes(
    operations: Sequence[Operation], before: Snapshot, after: Snapshot, node: str
) -> tuple[AccountChange, ...]:
    """Changes of extensions that existed before, one a batch of operations and person.

    Only operations made at ``node`` count: another node tells of its own.
    """
    changes: dict[tuple[ExtensionId, str], list[Operation]] = {}
    for operation in operations:
        if operation.node != node:
            continue
        for extension in _concerned(operation, before, after):
            if extension in before.extensions:
                changes.setdefault((extension, operation.who), []).append(operation)
    return tuple(
        AccountChange(
            extension=extension,
            at=made[-1].at,
            who=who,
            changes=_edits(made),
            told_before=_told(extension, before),
        )
        for (extension, who), made in changes.items()
    )


def _told(extension: ExtensionId, before: Snapshot) -> tuple[str, ...]:
    wish = before.notifications.get(extension)
    return wish.addresses if wish is not None and NotificationEvent.ACCOUNT_CHANGE in wish.events else ()


def _concerned(operation: Operation, before: Snapshot, after: Snapshot) -> tuple[ExtensionId, ...]:
    match operation.kind:
        case "extension" | "notification":
            return (ExtensionId(operation.entity),)
        case "device" | "analog" | "dect_handset":
            name = DeviceId(operation.entity)
            devices = (
                one.devices.get(name) or one.analog.get(name) or one.handsets.get(name)
                for one in (before, after)
            )
            return tuple(dict.fromkeys(device.extension for device in devices if device is not None))
        case _:
            return ()


def _edits(operations: Iterable[Operation]) -> tuple[FieldChange, ...]:
    edits: dict[tuple[str, str, str], FieldChange] = {}
    created: set[tuple[str, str]] = set()
    for one in operations:
        if one.field is None:
            edits = {key: edit for key, edit in edits.items() if key[:2] != one.key}
            edits[*one.key, ""] = FieldChange(kind=one.kind, entity=one.entity, edit=Edit.DELETED)
        elif one.field == EXISTENCE:
            created.add(one.key)
            edits[*one.key, ""] = FieldChange(kind=one.kind, entity=one.entity, edit=Edit.CREATED)
        elif one.key not in created or one.kind == "notification":
            edits[*one.key, one.field] = FieldChange(
                kind=one.kind,
                entity=one.entity,
                edit=Edit.SET if one.value is not None else Edit.DEFAULT,
                field=one.field,
                value=_readable(one),
            )
    return tuple(edits.values())


def _readable(operation: Operation) -> str:
    """The new value in words; nothing of secrets, nothing of what only a table could show."""
    if operation.value is None or operation.field in SECRET_FIELDS.get(operation.kind, ()):
        return ""
    value: Any = msgspec.json.decode(operation.value)
    match value:
        case bool():
            return "✓" if value else "✗"
        case str() | int():
            return str(value)
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value)
        case _:
            return ""
