"""The number an extension dialled last: for redial and callback, known again after a start by the records."""

from collections.abc import Iterable

from appliance.calls import returned
from appliance.calls.exchange import Attempt, Exchange
from appliance.model.ids import DeviceId, ExtensionId
from appliance.model.plan import Caller, CallRequest, ExtensionTarget, Feature, FromDevice, Plan, Ring
from appliance.model.records import CallRecord

WAKE_UP = "wake_up "
ANNOUNCEMENT = "announcement "
NOT_DIALLED = (WAKE_UP, ANNOUNCEMENT)
"""So begins what a wake-up call is said to have called: nobody has dialled it."""


def remember(x: Exchange, extension: ExtensionId | None, request: CallRequest, plan: Plan) -> None:
    """Keep what an extension dialled last; codes are not calls."""
    attempt = _attempt(request, plan)
    if extension is not None and attempt is not None:
        returned.remember(x, extension, plan)
        x.dialled[extension] = attempt


def _attempt(request: CallRequest, plan: Plan) -> Attempt | None:
    step = plan.steps[0]
    if isinstance(step, Feature):
        return None
    target = None
    if isinstance(step, Ring) and isinstance(step.targets[0], ExtensionTarget):
        target = step.targets[0].extension
    return Attempt(dialled=request.dialled, target=target)


def recollect(x: Exchange, records: Iterable[CallRecord]) -> None:
    """Know again, after a start, what was dialled last (records newest first).

    A code has a record too, that of a redial with the code alone; what was a call says the plan.
    """
    for record in records:
        extension = x.snapshot.extension_by_number.get(record.caller_number)
        if extension is None or extension.id in x.dialled or record.called.startswith(NOT_DIALLED):
            continue
        origin = FromDevice(device=DeviceId(""), extension=extension.id)
        request = CallRequest(origin=origin, caller=Caller(), dialled=record.dialled)
        attempt = _attempt(request, x.planner(request, x.snapshot, record.started))
        if attempt is not None:
            x.dialled[extension.id] = attempt
