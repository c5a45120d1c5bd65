"""The journal's questions to the tables of calls, put together of what was asked; newest first, by keyset."""

import json
import re

from appliance.model.causes import Cause
from appliance.model.journal import JournalFilter, Result, Way
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.store.record_rows import CALLS, micros

_WAYS = {
    Way.IN: (CallKind.INBOUND,),
    Way.OUT: (CallKind.OUTBOUND, CallKind.EMERGENCY),
    Way.INSIDE: (CallKind.INTERNAL, CallKind.SERVICE, CallKind.REFUSED),
}
_MISSED = (Cause.NO_ANSWER, Cause.CANCELLED)
_REFUSED = (
    Cause.REJECTED, Cause.FORBIDDEN, Cause.LIMITED, Cause.UNALLOCATED, Cause.INVALID_NUMBER,
    Cause.NOT_ASSIGNED,
)  # fmt: skip
_OVER = "answered IS NULL AND ended IS NOT NULL AND"
_RESULTS = {
    Result.RUNNING: "ended IS NULL",
    Result.ANSWERED: "answered IS NOT NULL AND ended IS NOT NULL",
    Result.MISSED: f"{_OVER} cause IN ({', '.join(repr(one.value) for one in _MISSED)})",
    Result.BUSY: f"{_OVER} cause = '{Cause.BUSY.value}'",
    Result.REFUSED: f"{_OVER} cause IN ({', '.join(repr(one.value) for one in _REFUSED)})",
    Result.FAILED: f"{_OVER} cause NOT IN"
    f" ({', '.join(repr(one.value) for one in (*_MISSED, Cause.BUSY, *_REFUSED))})",
}
_OF_PARTIES = """row IN (
    SELECT row FROM calls WHERE caller_number IN (SELECT value FROM json_each(:{0}))
    UNION SELECT row FROM calls WHERE called IN (SELECT value FROM json_each(:{0}))
    UNION SELECT row FROM calls WHERE dialled IN (SELECT value FROM json_each(:{0}))
    UNION SELECT calls.row FROM legs JOIN calls ON calls.call = legs.call
          WHERE endpoint IN (SELECT value FROM json_each(:{0})))"""


def page(asked: JournalFilter, before: str | None, limit: int) -> tuple[str, dict[str, object]]:
    """SQL and its values."""
    where: list[str] = []
    values: dict[str, object] = {"limit": limit}
    if asked.since is not None:
        where.append("started >= :since")
        values["since"] = micros(asked.since)
    if asked.until is not None:
        where.append("started < :until")
        values["until"] = micros(asked.until)
    if before is not None:
        where.append("(started, row) < (SELECT started, row FROM calls WHERE call = :before)")
        values["before"] = before
    if (ending := ending_of(asked.number)) is not None:
        where.append(
            "(caller_number GLOB :ending OR called GLOB :ending OR dialled GLOB :ending"
            " OR EXISTS (SELECT 1 FROM legs WHERE legs.call = calls.call AND legs.party GLOB :ending))"
        )
        values["ending"] = ending
    if asked.way is not None:
        where.append(f"kind IN ({', '.join(repr(one.value) for one in _WAYS[asked.way])})")
    if asked.result is not None:
        where.append(_RESULTS[asked.result])
    if asked.cost_centre is not None:
        where.append("cost_centre = :cost_centre")
        values["cost_centre"] = asked.cost_centre
    if asked.noted:
        where.append("EXISTS (SELECT 1 FROM notes WHERE notes.call = calls.call)")
    if asked.parties is not None:
        where.append(_OF_PARTIES.format("parties"))
        values["parties"] = json.dumps(asked.parties)
    if asked.extension is not None:
        where.append(_OF_PARTIES.format("extension"))
        values["extension"] = json.dumps(asked.extension)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"{CALLS}{condition} ORDER BY started DESC, row DESC LIMIT :limit", values


def ending_of(number: str | None) -> str | None:
    """A GLOB pattern for numbers that end with these digits; None: every number."""
    digits = re.sub(r"[^0-9*#]", "", number or "")
    digits = digits.lstrip("0") or digits  # 0221… is stored as +49221…
    return "*" + digits.replace("*", "[*]") if digits else None


def way_of(record: CallRecord) -> Way:
    """Which way a call went."""
    return next(way for way, kinds in _WAYS.items() if record.kind in kinds)


def result_of(record: CallRecord) -> Result:
    """What became of a call."""
    if record.ended is None:
        return Result.RUNNING
    if record.answered is not None:
        return Result.ANSWERED
    if record.cause in _MISSED:
        return Result.MISSED
    if record.cause is Cause.BUSY:
        return Result.BUSY
    return Result.REFUSED if record.cause in _REFUSED else Result.FAILED
