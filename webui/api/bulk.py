"""Documents of a kind as a table, and back: a row each, lists and tables of fields as JSON."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import bottle
import msgspec

from appliance.errors import ConfigError
from appliance.model.accounts import Action, Resource, Scope
from appliance.model.decode import decode, suggestion
from appliance.model.documents import KINDS, SECRET_FIELDS
from appliance.model.languages import Language
from webui.api.asked import Ask
from webui.api.kinds import rule_of
from webui.api.offer import needs, typed_query
from webui.directory import Identity
from webui.errors import Refused, forbidden
from webui.http import answer, body_json, query_values
from webui.refusals import spoken, wants_german
from webui.tables import FORMATS, Cell, Column, Table, written

MAX_SHEET = 8 * 2**20
SHEET_S = 60
_sheets = threading.BoundedSemaphore(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportingKind:
    """``kind`` as in ``/config/{kind}``; ``format``: csv, xlsx, xml, pdf."""

    kind: str
    format: str = "csv"
    language: Language | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format: is unknown: {', '.join(FORMATS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportingKind:
    """``text``: CSV with the names of fields in its first row; ``dry_run`` only tells what would become."""

    kind: str
    text: str
    dry_run: bool = False


class Bulk:
    """Hands documents out as files, and takes them."""

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

    def take(self, identity: Identity) -> bottle.HTTPResponse:
        """Make all changes of a table, or none."""
        asked = decode(ImportingKind, body_json(bottle.request), where="POST /configuration/table")
        rule = rule_of(asked.kind)
        if needs(identity, rule.resource, Action.MANAGE) is not Scope.ANY:
            raise forbidden(f"{Action.MANAGE} {rule.resource}")
        params = {"kind": asked.kind, "text": asked.text, "dry_run": asked.dry_run, "who": identity.who}
        found = self._ask("config.import_rows", params)
        german = wants_german(bottle.request.get_header("Accept-Language", ""))
        return answer(spoken(found) if german else found)

    def sheet(self, _identity: Identity) -> bottle.HTTPResponse:
        """The first sheet of a workbook (XLSX, the body itself) as CSV."""
        length = bottle.request.content_length
        if length <= 0:
            raise Refused(411, "web.length", "the length of the body is not told", hint="Content-Length")
        if length > MAX_SHEET:
            raise Refused(413, "web.too_large", f"more than {MAX_SHEET // 2**20} MB")
        return answer({"text": text_of_sheet(bottle.request.environ["wsgi.input"].read(length))})


def text_of_sheet(data: bytes) -> str:
    """A workbook's first sheet as CSV; raises Refused for what is none."""
    if not _sheets.acquire(timeout=30):
        raise Refused(503, "web.busy", "other tables are being read", hint="try again", retry_s=10)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "webui.sheet"],
            input=data, capture_output=True, timeout=SHEET_S, check=False,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        done = None
    finally:
        _sheets.release()
    if done is None or done.returncode:
        raise Refused(422, "web.no_sheet", "this is no table", field="file", hint="save it as XLSX or CSV")
    return done.stdout.decode("utf-8", "replace")


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
