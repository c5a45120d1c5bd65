"""The journal's questions to the tables of calls, put together of what was asked; newest first, by keyset."""

import json
import re
from collections.abc import Sequence

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


_GIVEN = "(SELECT value FROM json_each(:numbers))"
_PLACES = (("calls", "caller_number"), ("calls", "called"), ("calls", "dialled"), ("legs", "party"))
_OF_NUMBERS = f"""row IN (
    SELECT row FROM calls WHERE caller_number IN {_GIVEN}
    UNION SELECT row FROM calls WHERE called IN {_GIVEN}
    UNION SELECT row FROM calls WHERE dialled IN {_GIVEN}
    UNION SELECT calls.row FROM legs JOIN calls ON calls.call = legs.call WHERE party IN {_GIVEN})"""  # noqa: S608
"""For numbers that are rare: by their indexes."""
_WITH_NUMBERS = f"""(+caller_number IN {_GIVEN} OR +called IN {_GIVEN} OR +dialled IN {_GIVEN}
    OR EXISTS (SELECT 1 FROM legs WHERE legs.call = calls.call AND +legs.party IN {_GIVEN}))"""  # noqa: S608
"""For numbers that many calls have: a page of the newest is soon full, so each call is looked at."""

NUMBERS = " UNION ".join(
    f"""SELECT found FROM (
        WITH RECURSIVE steps(found) AS (
            SELECT min({column}) FROM {table}
            UNION ALL SELECT (SELECT min({column}) FROM {table} WHERE {column} > found) FROM steps
                      WHERE found IS NOT NULL)
        SELECT found FROM steps) WHERE found GLOB :ending"""  # noqa: S608
    for table, column in _PLACES
)
"""Every number in the journal that has this ending; an index is stepped through, not every call."""
MANY = 5000
_OCCURRING = " UNION ALL ".join(
    f"SELECT * FROM (SELECT 1 FROM {table} WHERE {column} IN {_GIVEN} LIMIT {MANY})"  # noqa: S608
    for table, column in _PLACES
)
OFTEN = f"SELECT count(*) FROM ({_OCCURRING})"  # noqa: S608
"""How often these numbers occur; it is not counted much further than ``MANY``."""


def page(
    asked: JournalFilter, before: str | None, limit: int, numbers: Sequence[str] | None, *, rare: bool
) -> tuple[str, dict[str, object]]:
    """SQL and its values; ``numbers``: those with the ending that is asked for (None: all), rare or not."""
    where: list[str] = ["NOT part"]
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
    if numbers is not None:
        where.append(_OF_NUMBERS if rare else _WITH_NUMBERS)
        values["numbers"] = json.dumps(numbers)
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
    return f"{CALLS} WHERE {' AND '.join(where)} ORDER BY started DESC, row DESC LIMIT :limit", values


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
