"""What call control knew before a start, by the records: calls lately, of today, dialled last, wishes."""

from datetime import datetime, timedelta

from appliance.app.loop import EngineLoop
from appliance.app.stores import Stores
from appliance.calls import returned
from appliance.model.events import WishesKept
from appliance.model.plan import CallKind

REDIAL_DAYS = timedelta(days=30)
"""How far back the number dialled last is looked for after a start."""
MAX_TODAY = 5000
"""Calls of today that limits are counted from after a start."""


def recollect(loop: EngineLoop, stores: Stores, started: datetime) -> None:
    """Tell call control, before the loop turns, what was before ``started``."""
    control, records = loop.control, stores.records
    lately = records.calls(since=started - returned.KEEP, limit=returned.MAX_KEPT)
    control.recollect(reversed(lately))
    today = records.calls(since=started - timedelta(hours=24), limit=MAX_TODAY)
    whole = records.with_legs([one for one in today if one.kind is CallKind.OUTBOUND])
    control.recollect_spending([(one.call, one.legs) for one in whole], started)
    control.recollect_dialled(records.last_dialled(started - REDIAL_DAYS))
    loop.post(WishesKept(wishes=stores.wishes.take(started)))
