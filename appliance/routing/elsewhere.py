"""Calls between the instances of one office: what is handed over, and what is done with what was handed here.

No call goes round: what rings at another instance goes no further, a trunk or emergency task uses own trunks
alone, a number is not handed to an instance where the call was, and only the cloud passes calls on, to a box
that it reaches itself (``Handed.path`` says where a call was).
"""

from dataclasses import replace

from appliance.model.causes import Cause
from appliance.model.documents import Extension, Number, Trunk
from appliance.model.ids import ConferenceId, ExtensionId, Milliseconds, NumberId, TrunkId
from appliance.model.instances import MAX_PATH, Elsewhere, Role, Task, account_of
from appliance.model.plan import (
    CallKind,
    ExternalTarget,
    FromTrunk,
    Handed,
    Outcome,
    Plan,
    Presentation,
    Reject,
    Ring,
    TrunkRoute,
)
from appliance.routing.callers import present_to_phone
from appliance.routing.draft import Draft
from appliance.routing.graph import UNANSWERED, Chain

RING_MS = Milliseconds(900_000)
"""Whoever handed a call over says how long it rings."""
_NO_ONE: Chain = ()


def handed_to(draft: Draft) -> Handed | None:
    """What another instance wants with this call; None when it is no call of another instance."""
    origin = draft.request.origin
    return origin.handed if isinstance(origin, FromTrunk) else None


def _known(draft: Draft) -> Elsewhere:
    known = draft.request.conditions.elsewhere
    return replace(known, up=known.up - {draft.lost}) if draft.lost else known


def _handed(draft: Draft, task: Task, to: str, node: str, kind: CallKind) -> Handed:
    before = handed_to(draft)
    return Handed(
        task=task,
        to=to,
        node=node,
        path=(*(before.path if before is not None else ()), _known(draft).here),
        kind=kind,
        caller=draft.caller,
        by=draft.extension_id,
        precedence=draft.request.precedence,
    )


def rings_elsewhere(draft: Draft, extension: Extension) -> tuple[Handed, ...]:
    """The extension's telephones at other instances."""
    known, before = _known(draft), handed_to(draft)
    if (before is not None and before.task is Task.RING) or draft.extension_id == extension.id:
        return ()
    found = []
    for node in known.extensions.get(extension.id, ()):
        if node in known.up:
            draft.because("extension.elsewhere", number=extension.number, name=extension.name, node=node)
            kind = CallKind.INTERNAL if before is None and draft.extension is not None else CallKind.INBOUND
            kind = before.kind if before is not None else kind
            found.append(_handed(draft, Task.RING, extension.id, node, kind))
    return tuple(found)


def trunk_elsewhere(draft: Draft, trunk: Trunk) -> str | None:
    """The instance over whose trunk this call can go; None when there is none within reach."""
    before = handed_to(draft)
    if before is not None and before.task is not Task.NUMBER:
        return None
    users = draft.snapshot.trunks_away.get(trunk.id, ())
    return next((one for one in users if one in _known(draft).up), None)


def route_elsewhere(
    draft: Draft, node: str, trunk: TrunkId, dial: str, present: Presentation, number: str
) -> TrunkRoute:
    """A way out over another instance's trunk."""
    handed = replace(
        _handed(draft, Task.TRUNK, number, node, CallKind.OUTBOUND), trunk=trunk, dial=dial, present=present
    )
    return TrunkRoute(trunk=TrunkId(account_of(node)), dial=dial, present=present, handed=handed)


def emergency_routes(draft: Draft, number: str) -> tuple[list[TrunkRoute], list[TrunkRoute]]:
    """Other instances' ways for an emergency call: those before the own trunks, those after.

    Boxes are where people are, so from the cloud a call leaves at a box first.
    """
    known = _known(draft)
    if handed_to(draft) is not None or not known.here:
        return [], []
    others = [one for one in draft.snapshot.instances.values() if one.id in known.up]
    others.sort(key=lambda one: (one.role is not Role.BOX, one.id))
    routes = []
    for one in others:
        draft.because("emergency.elsewhere", node=one.id)
        handed = _handed(draft, Task.EMERGENCY, number, one.id, CallKind.EMERGENCY)
        shown = Presentation(number=draft.extension.number if draft.extension is not None else "")
        routes.append(
            TrunkRoute(trunk=TrunkId(account_of(one.id)), dial=number, present=shown, handed=handed)
        )
    return (routes, []) if known.cloud else ([], routes)


def lives_elsewhere(draft: Draft, number: Number) -> str | None:
    """The reachable instance that a call to this number is handed to; None: it is served here."""
    known = _known(draft)
    homes = _homes(draft, number.node)
    if not (known.here and homes) or known.here in homes:
        return None
    before = handed_to(draft)
    if before is not None and set(homes) & set(before.path):
        draft.because("handed.round", node=number.node)
        return None
    return next((one for one in homes if one in known.up), None)


def _homes(draft: Draft, node: str) -> list[str]:
    """An instance and the second box on its site."""
    instances = draft.snapshot.instances
    shared = instances[node].floating if node in instances else ""
    others = sorted(one.id for one in instances.values() if shared and one.floating == shared)
    return [node, *(one for one in others if one != node)] if node else []


def cut_off(draft: Draft, number: Number) -> str:
    """The instance where the number lives when it is cut off from this one; empty while it is not."""
    known = _known(draft)
    if not known.here:
        return ""
    if number.node:
        there = any(one == known.here or one in known.up for one in _homes(draft, number.node))
        return "" if there else number.node
    boxes = sorted(one.id for one in draft.snapshot.instances.values() if one.role is Role.BOX)
    return boxes[0] if known.cloud and boxes and not known.up & set(boxes) else ""


def hand_over(draft: Draft, number: Number, node: str, kind: CallKind, otherwise: Chain) -> Chain:
    """Give the call to the number's instance; ``otherwise`` only when nobody answers there at all."""
    draft.because("number.handed", number=number.number, node=node)
    ring = Ring(
        targets=(_target(draft, _handed(draft, Task.NUMBER, number.id, node, kind), number.number),),
        timeout_ms=RING_MS,
    )
    return (draft.link(ring, {**dict.fromkeys(UNANSWERED, _NO_ONE), Outcome.NO_LINE: otherwise}),)


def room_elsewhere(draft: Draft, room: ConferenceId, number: str, otherwise: Chain) -> Chain:
    """A room is at one place: in the cloud, calls into it go to the first box within reach."""
    known, before = _known(draft), handed_to(draft)
    boxes = sorted(one.id for one in draft.snapshot.instances.values() if one.role is Role.BOX)
    home = next((one for one in boxes if one == known.here or one in known.up), None)
    if home is None or home == known.here or before is not None:
        return otherwise
    draft.because("conference.elsewhere", number=number, node=home)
    handed = _handed(draft, Task.ROOM, room, home, CallKind.SERVICE)
    ring = Ring(targets=(_target(draft, handed, number),), timeout_ms=RING_MS)
    return (draft.link(ring, {**dict.fromkeys(UNANSWERED, _NO_ONE), Outcome.NO_LINE: otherwise}),)


def _target(draft: Draft, handed: Handed, number: str) -> ExternalTarget:
    present = present_to_phone(draft.caller, draft.snapshot.site)
    route = TrunkRoute(trunk=TrunkId(account_of(handed.node)), dial=number, present=present, handed=handed)
    return ExternalTarget(number=number, routes=(route,))


def refused(draft: Draft, handed: Handed) -> Plan | None:
    """The refusal of what goes round or is for nobody; None: go on."""
    known = _known(draft)
    round_trip = handed.task is not Task.RING and known.here in handed.path
    if round_trip or len(handed.path) >= MAX_PATH:
        draft.because("handed.round", node=known.here)
    elif handed.node == known.here or (known.cloud and handed.node in known.up):
        return None
    else:
        draft.because("handed.nobody", node=handed.node)
    return draft.finish(CallKind.REFUSED, (Reject(cause=Cause.NO_ROUTE),), called=handed.to)


def passed_on(draft: Draft, handed: Handed) -> Plan:
    """The cloud passes a call on to the box that is meant."""
    draft.because("handed.passed_on", node=handed.node)
    onward = replace(handed, path=(*handed.path, _known(draft).here))
    target = _target(draft, onward, handed.to)
    present = handed.present or target.routes[0].present
    route = replace(target.routes[0], present=present)
    target = replace(target, routes=(route,), diverted=handed.diverted)
    return draft.finish(handed.kind, (Ring(targets=(target,), timeout_ms=RING_MS),), called=handed.to)


def over_own_trunk(draft: Draft, handed: Handed) -> Plan:
    """Call out over the trunk that was asked for."""
    trunk = draft.snapshot.trunks.get(handed.trunk) if handed.trunk is not None else None
    if trunk is None or not trunk.enabled:
        draft.because("trunk.disabled", trunk=handed.trunk or "")
        return draft.finish(handed.kind, (Reject(cause=Cause.NO_ROUTE),), called=handed.to)
    draft.because("trunk.route", order=1, trunk=trunk.id, dial=handed.dial)
    route = TrunkRoute(trunk=trunk.id, dial=handed.dial, present=handed.present or Presentation(number=""))
    target = ExternalTarget(number=handed.to, routes=(route,), diverted=handed.diverted)
    return draft.finish(handed.kind, (Ring(targets=(target,), timeout_ms=RING_MS),), called=handed.to)


def extension_meant(draft: Draft, handed: Handed) -> Extension | None:
    """The extension whose telephones are to ring."""
    return draft.snapshot.extensions.get(ExtensionId(handed.to))


def number_meant(draft: Draft, handed: Handed) -> Number | None:
    """The number whose calls are handed over."""
    return draft.snapshot.numbers.get(NumberId(handed.to))
