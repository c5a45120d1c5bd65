"""Callback recognition: whoever is called by us and calls back is put through to the one who called."""

from datetime import datetime, timedelta

from appliance.calls.exchange import Exchange
from appliance.model.ids import ExtensionId
from appliance.model.plan import CallKind, Plan

KEEP = timedelta(hours=48)
"""A call that is returned later than that is no longer taken for a returned one."""
MAX_KEPT = 2000


def remember(x: Exchange, extension: ExtensionId, plan: Plan) -> None:
    """One of ours calls a public number."""
    if plan.kind is CallKind.OUTBOUND and plan.called.startswith("+"):
        keep(x, plan.called, extension, x.now)


def keep(x: Exchange, called: str, extension: ExtensionId, at: datetime) -> None:
    """Keep who called a number, the newest at the end, so many as are worth it."""
    x.called_out.pop(called, None)
    x.called_out[called] = (extension, at)
    if len(x.called_out) > MAX_KEPT:
        del x.called_out[next(iter(x.called_out))]


def answers_to(x: Exchange, plan: Plan) -> ExtensionId | None:
    """Whose call this inbound caller returns; None where the number called does not ask for that."""
    number = x.snapshot.numbers.get(plan.number) if plan.number is not None else None
    if plan.kind is not CallKind.INBOUND or number is None or not number.returning or plan.caller.withheld:
        return None
    extension, at = x.called_out.get(plan.caller.number, (None, x.now))
    return extension if x.now - at <= KEEP else None
