"""The journal as people may see it: last digits hidden from those without the right, and as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import bottle

from appliance.model.accounts import Action, Resource, Scope
from appliance.model.decode import decode
from appliance.model.journal import HIDDEN_SIGN, Result, Way, hidden
from appliance.model.languages import Language
from webui.api.asked import Ask, Asked, records_in
from webui.directory import Identity
from webui.http import query_values
from webui.tables import FORMATS, Column, Table, written

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportingJournal:
    """The filters of ``GET /records`` and a format: csv, xlsx, xml, pdf."""

    format: str = "csv"
    language: Language | None = None
    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    noted: bool = False
    way: Way | None = None
    result: Result | None = None
    cost_centre: str | None = None
    extension: str | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format: is unknown: {', '.join(FORMATS)}")


_COLUMNS: tuple[tuple[str, str, str, int], ...] = (
    ("started", "Beginn", "Begin", 19),
    ("way", "Richtung", "Direction", 10),
    ("result", "Ergebnis", "Result", 11),
    ("caller_number", "Anrufer", "Caller", 16),
    ("caller_name", "Name", "Name", 20),
    ("called", "Angerufen", "Called", 16),
    ("dialled", "Gewählt", "Dialled", 16),
    ("ringing_s", "Klingeln (s)", "Ringing (s)", 10),
    ("talking_s", "Gespräch (s)", "Talking (s)", 10),
    ("cost_centre", "Kostenstelle", "Cost centre", 14),
    ("call", "Kennung", "Id", 20),
)
_WORDS = {
    Way.IN: ("ankommend", "in"), Way.OUT: ("abgehend", "out"), Way.INSIDE: ("intern", "inside"),
    Result.ANSWERED: ("angenommen", "answered"), Result.MISSED: ("verpasst", "missed"),
    Result.BUSY: ("besetzt", "busy"), Result.REFUSED: ("abgewiesen", "refused"),
    Result.FAILED: ("gescheitert", "failed"), Result.RUNNING: ("läuft", "running"),
}  # fmt: skip


def veiled(identity: Identity, scope: Scope, found: Any) -> Any:
    """Records with the last digits of outside numbers hidden, unless the asker may see them in whole."""
    digits = identity.directory.hidden_digits
    if not digits or scope is not Scope.ANY:
        return found  # one's own, or the team's
    if identity.rights.scope(Resource.FULL_NUMBERS, Action.READ) is Scope.ANY:
        return found
    own = set(identity.directory.parties(frozenset(identity.own)))
    if isinstance(found, list):
        return [_veil(one, digits) if _not_of(one, own) else one for one in found]
    if not _not_of(found["call"], own) or any(leg["endpoint"] in own for leg in found["legs"]):
        return found
    legs = [{**leg, "party": hidden(leg["party"], digits)} for leg in found["legs"]]
    return {**found, "call": _veil(found["call"], digits), "legs": legs}


def _not_of(call: Mapping[str, Any], own: set[str]) -> bool:
    return own.isdisjoint({call["caller_number"], call["called"], call["dialled"]})


def _veil(call: Mapping[str, Any], digits: int) -> dict[str, Any]:
    called, dialled = hidden(call["called"], digits), call["dialled"]
    if called != call["called"] and len(dialled) > digits:
        dialled = dialled[:-digits] + HIDDEN_SIGN * digits
    reasons = [
        {**one, "values": {name: hidden(value, digits) for name, value in one["values"].items()
                           if name not in ("dialled", "digits")}}
        for one in call["reasons"]
    ]  # fmt: skip
    return {
        **call,
        "caller_number": hidden(call["caller_number"], digits),
        "called": called,
        "dialled": dialled,
        "reasons": reasons,
    }


class Journal:
    """Hands the journal out as a file."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def export(self, identity: Identity) -> bottle.HTTPResponse:
        """Everything that passes the filters, newest first."""
        from webui.api.offer import needs, typed_query  # offer imports this module

        scope = needs(identity, Resource.RECORDS, Action.READ)
        given = typed_query(ExportingJournal, query_values(bottle.request))
        asked = decode(ExportingJournal, given, where="GET /records/export")
        params = {name: value for name, value in given.items() if name not in ("format", "language")}
        request = Asked(identity=identity, scope=scope, params=params, ask=self._ask)
        if scope is not Scope.ANY:
            records_in(request)
        language = asked.language or identity.account.language or Language.GERMAN
        place = 0 if language is Language.GERMAN else 1
        site = next(iter(self._ask("config.list", {"kind": "site"})), None)
        zone = ZoneInfo(site["timezone"]) if site is not None else ZoneInfo("UTC")
        columns = tuple(
            Column(name=name, words=(german, english)[place], width=width)
            for name, german, english, width in _COLUMNS
        )
        now = datetime.now(UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        table = Table(
            title=f"{('Anrufe', 'Calls')[place]} · {now}",
            columns=columns,
            rows=(_row(call, zone, place) for call in self._calls(identity, scope, params)),
            language=language,
        )
        name = f"{('anrufe', 'calls')[place]}-{now[:10]}.{asked.format}"
        headers = {
            "Content-Type": FORMATS[asked.format],
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return bottle.HTTPResponse(written(table, asked.format), 200, headers)

    def _calls(self, identity: Identity, scope: Scope, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        before = None
        while True:
            asked = {**params, "limit": PAGE, **({"before": before} if before else {})}
            found = self._ask("records.calls", asked)
            yield from veiled(identity, scope, found)
            if len(found) < PAGE:
                return
            before = found[-1]["call"]


def _row(call: Mapping[str, Any], zone: ZoneInfo, place: int) -> tuple[str | int, ...]:
    started = datetime.fromisoformat(call["started"])
    answered = datetime.fromisoformat(call["answered"]) if call["answered"] else None
    ended = datetime.fromisoformat(call["ended"]) if call["ended"] else None
    until = answered or ended
    return (
        started.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        _WORDS[Way(call["way"])][place],
        _WORDS[Result(call["result"])][place],
        "" if call["withheld"] and not call["caller_number"] else call["caller_number"],
        call["caller_name"],
        call["called"],
        call["dialled"],
        int((until - started).total_seconds()) if until else "",
        int((ended - answered).total_seconds()) if ended and answered else "",
        call["cost_centre"],
        call["call"],
    )
