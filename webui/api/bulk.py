"""All documents of a kind as a table, for spreadsheets: one row each, lists and tables of fields as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import bottle
import msgspec

from appliance.errors import ConfigError
from appliance.model.accounts import Action, Resource
from appliance.model.decode import decode, suggestion
from appliance.model.documents import KINDS, SECRET_FIELDS
from appliance.model.languages import Language
from webui.api.asked import Ask
from webui.api.offer import needs, typed_query
from webui.directory import Identity
from webui.http import query_values
from webui.tables import FORMATS, Cell, Column, Table, written


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportingKind:
    """``kind`` as in ``/config/{kind}``; ``format``: csv, xlsx, xml, pdf."""

    kind: str
    format: str = "csv"
    language: Language | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format: is unknown: {', '.join(FORMATS)}")


class Bulk:
    """Hands documents out as files."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def export(self, identity: Identity) -> bottle.HTTPResponse:
        """Without secrets."""
        needs(identity, Resource.HISTORY, Action.READ)
        given = typed_query(ExportingKind, query_values(bottle.request))
        asked = decode(ExportingKind, given, where="GET /configuration/table")
        if asked.kind not in KINDS:
            hint = suggestion(asked.kind[:80], list(KINDS))
            raise ConfigError(f"there are no documents of kind {asked.kind[:40]}", field="kind", hint=hint)
        secret = SECRET_FIELDS.get(asked.kind, frozenset())
        names = [one.name for one in fields(KINDS[asked.kind]) if one.name not in secret]
        table = Table(
            title=asked.kind,
            columns=tuple(Column(name=name, words=name, width=16) for name in names),
            rows=(_row(one, names) for one in self._ask("config.list", {"kind": asked.kind})),
            language=asked.language or identity.account.language or Language.GERMAN,
        )
        headers = {
            "Content-Type": FORMATS[asked.format],
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{asked.kind}.{asked.format}"',
        }
        return bottle.HTTPResponse(written(table, asked.format), 200, headers)


def _row(document: Mapping[str, Any], names: list[str]) -> tuple[Cell, ...]:
    return tuple(_cell(document.get(name)) for name in names)


def _cell(value: Any) -> Cell:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return msgspec.json.encode(value).decode()
