"""Callers from outside who are asked before they are recorded."""

from dataclasses import replace

from appliance.model.documents import Application
from appliance.model.plan import ExtensionTarget, FromTrunk, Outcome, Plan, Ring, Run
from appliance.model.recordings import Consent, Direction, RecordingRule
from appliance.routing.draft import Draft
from appliance.routing.graph import shifted


def ask_first(draft: Draft, origin: FromTrunk, plan: Plan) -> Plan:
    """The plan with the question in front, if a rule wants it and anything rings; else as it is."""
    for rule in draft.snapshot.recording_rules.values():
        if rule.enabled and rule.consent is Consent.AGREE and _is_for(rule, origin, plan):
            draft.because("recording.asks", rule=rule.name or rule.id)
            question = Run(
                application=Application.CONSENT,
                prompt="",
                language=draft.language,
                argument=rule.id,
                next={Outcome.DONE: 1},
            )
            steps = (question, *(shifted(step, 1) for step in plan.steps))
            return replace(plan, steps=steps, reasons=tuple(draft.reasons))
    return plan


def _is_for(rule: RecordingRule, origin: FromTrunk, plan: Plan) -> bool:
    targets = [target for step in plan.steps if isinstance(step, Ring) for target in step.targets]
    if not targets or (rule.directions and Direction.INBOUND not in rule.directions):
        return False
    if rule.numbers and plan.number not in rule.numbers:
        return False
    if rule.trunks and origin.trunk not in rule.trunks:
        return False
    return not rule.extensions or any(
        isinstance(one, ExtensionTarget) and one.extension in rule.extensions for one in targets
    )
