"""The description of the API (OpenAPI 3.1), made of the table of rows and the typed documents."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from appliance.model.accounts import Action, Resource
from appliance.model.decode import Nothing
from appliance.model.documents import KINDS, SECRET_FIELDS
from webui.api import bulk, journal, personal, phones, softphones
from webui.api.kinds import rule_of
from webui.api.offer import open_params
from webui.api.rows import ROWS, Row

PREFIX = "/api/v1"
_IN_PATH = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingIn:
    """``code``: of the second factor, when there is one."""

    account: str
    password: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollingNode:
    """A box asks to be taken in: ``node`` of its box.toml, ``user`` the public key it made."""

    code: str
    node: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmingNetwork:
    """``token``: as POST /network/trial gave it."""

    token: str

    def __post_init__(self) -> None:
        if not 20 <= len(self.token) <= 64:
            raise ValueError("token: is none: open the page by the link that the box showed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A route of the web process itself."""

    verb: str
    path: str
    summary: str
    body: type | None = None
    query: tuple[str, ...] = ()
    right: tuple[Resource, Action] | None = None
    status: int = 200
    media: str = "application/json"
    open: bool = False
    """Nobody need be logged in."""


_r, R, C, M = Resource, Action.READ, Action.CHANGE, Action.MANAGE
OWN_ROUTES: tuple[Own, ...] = (
    Own(verb="GET", path="/health", summary="Whether web process and core are there", open=True),
    Own(verb="GET", path="/openapi.json", summary="This description", open=True),
    Own(verb="POST", path="/session", summary="Log in: sets a cookie", body=LoggingIn, open=True),
    Own(verb="POST", path="/sync/enrolments", summary="Take a box in by its one-time code",
        body=EnrollingNode, status=201, open=True),
    Own(verb="POST", path="/network/confirmation", body=ConfirmingNetwork, open=True,
        summary="Keep the network settings on trial, by their token: at a new address nobody is logged in"),
    Own(verb="GET", path="/session", summary="Who is logged in, and the rights"),
    Own(verb="DELETE", path="/session", summary="Log out"),
    Own(verb="GET", path="/events", summary="Events as a stream (text/event-stream)",
        query=("topics", "language")),
    Own(verb="PUT", path="/accounts/{account}/password", summary="Set a password",
        body=personal.SettingPassword, right=(_r.ACCOUNTS, C)),
    Own(verb="POST", path="/accounts/{account}/second-factor", summary="A new secret for an app",
        right=(_r.ACCOUNTS, C)),
    Own(verb="PUT", path="/accounts/{account}/second-factor", summary="Turn the second factor on",
        body=personal.SettingFactor, right=(_r.ACCOUNTS, C)),
    Own(verb="DELETE", path="/accounts/{account}/second-factor", summary="Turn the second factor off",
        right=(_r.ACCOUNTS, C)),
    Own(verb="GET", path="/logins", summary="Who logged in or tried to", query=("limit",),
        right=(_r.LOGINS, R)),
    Own(verb="GET", path="/tokens", summary="Tokens", right=(_r.TOKENS, R)),
    Own(verb="POST", path="/tokens", summary="Make a token: it is shown this once", body=personal.MakingToken,
        right=(_r.TOKENS, M), status=201),
    Own(verb="DELETE", path="/tokens/{token}", summary="Take a token back", right=(_r.TOKENS, M)),
    Own(verb="GET", path="/webhooks", summary="Webhooks", right=(_r.WEBHOOKS, R)),
    Own(verb="PUT", path="/webhooks/{webhook}", summary="Make or change a webhook",
        body=personal.PuttingWebhook,
        right=(_r.WEBHOOKS, M)),
    Own(verb="DELETE", path="/webhooks/{webhook}", summary="Delete a webhook", right=(_r.WEBHOOKS, M)),
    Own(verb="GET", path="/webhooks/{webhook}/deliveries", summary="What it got and what waits",
        query=("limit",), right=(_r.WEBHOOKS, R)),
    Own(verb="GET", path="/certificate", summary="The certificate in use", right=(_r.CERTIFICATE, R)),
    Own(verb="PUT", path="/certificate", summary="Use another certificate, at once",
        body=personal.Uploading, right=(_r.CERTIFICATE, C)),
    Own(verb="POST", path="/certificate/renew", summary="Have the box make a new one",
        right=(_r.CERTIFICATE, M)),
    Own(verb="GET", path="/configuration/table", right=(_r.HISTORY, R), media="application/octet-stream",
        query=tuple(one.name for one in fields(bulk.ExportingKind)),
        summary="All documents of a kind as a table (format: csv, xlsx, xml, pdf), without secrets"),
    Own(verb="POST", path="/configuration/table", body=bulk.ImportingKind,
        summary="Make all changes of a table (CSV) of one kind, or none; dry_run only tells"),
    Own(verb="POST", path="/configuration/sheet",
        summary="The first sheet of a workbook (XLSX, the body itself) as CSV"),
    Own(verb="GET", path="/records/export", right=(_r.RECORDS, R), media="application/octet-stream",
        query=tuple(one.name for one in fields(journal.ExportingJournal)),
        summary="The journal as a file (format: csv, xlsx, xml, pdf), with the filters of /records"),
    Own(verb="GET", path="/softphones/{device}", query=("reveal",), right=(_r.DEVICES, R),
        summary="What an app needs to log in as this device; its password with reveal=true and the right"),
    Own(verb="POST", path="/softphones/{device}/link", body=softphones.LinkingSoftphone,
        right=(_r.DEVICES, R), status=201,
        summary="A one-time link to the account's document, and its QR code (SVG)"),
    Own(verb="DELETE", path="/softphones/{device}/link", right=(_r.DEVICES, R),
        summary="Forget links that were not taken"),
    Own(verb="POST", path="/phones/{mac}/link", body=phones.LinkingPhone, right=(_r.DEVICES, M), status=201,
        summary="A one-time link by which one phone fetches its settings, from anywhere"),
    Own(verb="DELETE", path="/phones/{mac}/link", right=(_r.DEVICES, M),
        summary="Forget a phone's links that were not taken"),
    Own(verb="PUT", path="/uploads/{purpose}",
        summary="Upload a file (audio, backup, fax or update) as the body itself; the answer names it"),
)  # fmt: skip


@functools.cache
def description() -> bytes:
    """The description as JSON."""
    types = {row.params for row in ROWS if row.params is not Nothing}
    types |= {own.body for own in OWN_ROUTES if own.body is not None} | set(KINDS.values())
    ordered = sorted(types, key=lambda one: (one.__module__, one.__qualname__))
    refs, schemas = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    ref_of = dict(zip(ordered, refs, strict=True))
    schemas["Error"] = _ERROR
    paths: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        paths.setdefault(PREFIX + row.path, {})[row.verb.lower()] = _row(row, ref_of, schemas)
    for kind, cls in KINDS.items():
        for path, verb, operation in _documents(kind, ref_of[cls], schemas):
            paths.setdefault(path, {})[verb] = operation
    for own in OWN_ROUTES:
        paths.setdefault(PREFIX + own.path, {})[own.verb.lower()] = _own(own, ref_of)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Ortsamt", "version": "1", "description": "See docs/api.md."},
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
                },
            },
            "security": [{"token": []}, {"session": []}],
            "paths": paths,
        },
        order="sorted",
    )


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["id", "message"],
            "properties": {
                "id": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": ["string", "null"]},
                "hint": {"type": "string"},
                "problems": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            name: {"type": "string"}
                            for name in ("where", "field", "message", "remedy", "severity")
                        },
                    },
                },
            },
        }
    },
}


def _answers(status: int, media: str = "application/json") -> dict[str, Any]:
    refused = {"description": "Refused", "content": {"application/json": {"schema": _REF_ERROR}}}
    return {
        str(status): {"description": "Done", "content": {media: {}}},
        "4XX": refused,
        "503": {**refused, "description": "The core is not there now"},
    }


_REF_ERROR = {"$ref": "#/components/schemas/Error"}


def _name(verb: str, path: str) -> str:
    words = re.findall(r"{?[\w.]+", path)
    return "-".join([verb.lower(), *(word.replace("{", "by-") for word in words)])


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(path)
    ]


def _row(row: Row, ref_of: dict[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(row.verb, row.path),
        "summary": row.summary,
        "x-right": ":".join(row.right),
        "parameters": _in_path(row.path),
        "responses": _answers(200, row.file or row.text or "application/json"),
    }
    if row.params is Nothing:
        return operation
    schema = schemas[ref_of[row.params]["$ref"].rpartition("/")[2]]
    named = set(_IN_PATH.findall(row.path))
    names = [name for name in open_params(row) if name not in named and name not in row.fixed]
    if row.verb in ("GET", "DELETE"):
        required = set(schema.get("required", ()))
        operation["parameters"] += [
            {"name": name, "in": "query", "required": name in required, "schema": schema["properties"][name]}
            for name in names
        ]
    elif names:
        own = {
            "type": "object",
            "description": schema.get("description", ""),
            "properties": {name: schema["properties"][name] for name in names},
            "required": [name for name in schema.get("required", ()) if name in names],
            "additionalProperties": False,
        }
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": own}}}
    return operation


def _documents(
    kind: str, ref: dict[str, Any], schemas: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    rule = rule_of(kind)
    one, all_ = f"{PREFIX}/config/{kind}/{{id}}", f"{PREFIX}/config/{kind}"
    schema = schemas[ref["$ref"].rpartition("/")[2]]
    fields = {name: value for name, value in schema["properties"].items() if name not in rule.locked}
    reveal = {"name": "reveal", "in": "query", "required": False, "schema": {"type": "boolean"}}
    secret = ", ".join(sorted(SECRET_FIELDS.get(kind, ()))) or "none"

    def operation(verb: str, summary: str, action: Action, path: str, status: int = 200) -> dict[str, Any]:
        return {
            "operationId": f"{verb}-{kind}-document",
            "summary": summary,
            "description": f"Masked fields: {secret}",
            "x-right": f"{rule.resource}:{action}",
            "parameters": _in_path(path),
            "responses": _answers(status),
        }

    listing = operation("list", f"All documents of kind {kind}", R, all_)
    yield all_, "get", {**listing, "parameters": [reveal]}
    required = [name for name in schema.get("required", ()) if name in fields]
    yield (
        all_,
        "post",
        {
            **operation("create", f"A new {kind}", M, all_, 201),
            "requestBody": _body({"type": "object", "properties": fields, "required": ["id", *required]}),
        },
    )
    get = operation("get", f"One {kind}", R, one)
    yield one, "get", {**get, "parameters": [*get["parameters"], reveal]}
    change = {name: value for name, value in fields.items() if name != "id"}
    change["unset"] = {"type": "array", "items": {"type": "string"}, "description": "Back to defaults"}
    change["was"] = {"type": "object", "description": "Fields as they were read; 409 when one is another now"}
    yield (
        one,
        "patch",
        {
            **operation("change", f"Change a {kind}", C, one),
            "requestBody": _body({"type": "object", "properties": change}),
        },
    )
    yield one, "delete", operation("delete", f"Delete a {kind}", M, one)


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _own(own: Own, ref_of: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(own.verb, own.path),
        "summary": own.summary,
        "parameters": [
            *_in_path(own.path),
            *(
                {"name": name, "in": "query", "required": False,
                 "schema": {"type": "integer" if name == "limit" else "string"}}
                for name in own.query
            ),
        ],
        "responses": _answers(own.status, own.media),
    }  # fmt: skip
    if own.right is not None:
        operation["x-right"] = ":".join(own.right)
    if own.open:
        operation["security"] = []
    if own.body is not None:
        operation["requestBody"] = _body(ref_of[own.body])
    if own.path.startswith("/uploads"):
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation
