"""The control room calls back: who called for help is rung, whatever the distribution says."""

from dataclasses import replace

from appliance.model.documents import Extension, Number
from appliance.model.ids import E164, ExtensionId, Milliseconds
from appliance.model.plan import ExtensionTarget, Outcome, Plan, Ring
from appliance.routing.draft import Draft
from appliance.routing.extensions import extension_target
from appliance.routing.graph import shifted

RING_MS = Milliseconds(30_000)
_ANY = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE, Outcome.REJECTED, Outcome.NO_LINE)


def with_who_called_for_help(draft: Draft, made: Plan, number: Number) -> Plan:
    """The plan of a call to this number; who showed it on an emergency call lately rings first or along.

    No status, rule or forwarding counts for them: the control room's number is often withheld, so every
    caller may be the one.
    """
    targets = [
        target
        for target in (_target(draft, one, number) for one in draft.request.helped)
        if target is not None
    ]
    first = made.steps[0]
    if isinstance(first, Ring):
        there = {one.extension for one in first.targets if isinstance(one, ExtensionTarget)}
        targets = [one for one in targets if one.extension not in there]
    if not targets:
        return made
    if isinstance(first, Ring):
        steps = (replace(first, targets=(*targets, *first.targets)), *made.steps[1:])
    else:
        ring = Ring(targets=tuple(targets), timeout_ms=RING_MS, next=dict.fromkeys(_ANY, 1))
        steps = (ring, *(shifted(step, 1) for step in made.steps))
    return replace(made, steps=steps, reasons=tuple(draft.reasons))


def _target(draft: Draft, of: ExtensionId, number: Number) -> ExtensionTarget | None:
    extension = draft.snapshot.extensions.get(of)
    if extension is None or number.number not in _shown(draft, extension):
        return None
    target = extension_target(draft, extension)
    if target is None:
        return None
    draft.because("emergency.calls_back", number=extension.number, name=extension.name)
    return replace(target, call_waiting=True)


def _shown(draft: Draft, extension: Extension) -> set[E164 | None]:
    """The numbers that an emergency call of this extension may have shown."""
    own = extension.caller_number or draft.snapshot.site.default_caller_number
    return {own, *(trunk.default_number for trunk in draft.snapshot.trunks_by_priority)} - {None}
