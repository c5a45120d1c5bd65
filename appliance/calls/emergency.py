"""Who made an emergency call lately: the control room must reach them when it calls back."""

from datetime import datetime, timedelta

from appliance.calls.exchange import Exchange
from appliance.model.ids import ExtensionId
from appliance.model.plan import CallKind, Plan

CALL_BACK = timedelta(minutes=60)
"""For so long calls to the number that was shown also ring where the emergency call came from."""
MAX_KEPT = 200


def remember(x: Exchange, extension: ExtensionId | None, plan: Plan) -> None:
    """One of ours calls an emergency number."""
    if extension is not None and plan.kind is CallKind.EMERGENCY:
        keep(x, extension, x.now)


def keep(x: Exchange, extension: ExtensionId, at: datetime) -> None:
    """Keep who called for help, the newest at the end."""
    x.helped.pop(extension, None)
    x.helped[extension] = at
    if len(x.helped) > MAX_KEPT:
        del x.helped[next(iter(x.helped))]


def lately(x: Exchange) -> tuple[ExtensionId, ...]:
    """Who called for help a short time ago, the last one first."""
    return tuple(extension for extension, at in reversed(x.helped.items()) if x.now - at <= CALL_BACK)
