"""Rows and documents as routes: rights are checked, the request is kept to its scope, the core is asked."""

import base64
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields as fields_of
from types import UnionType
from typing import Any, Union, get_args, get_origin

import bottle

from appliance.errors import ConfigError, NotFound
from appliance.model.accounts import Action, PermissionGroup, Resource, Role, Scope
from appliance.model.decode import decode, try_decode
from appliance.model.documents import KINDS, SECRET_FIELDS
from webui.api.asked import Ask, Asked, author_of
from webui.api.journal import veiled
from webui.api.kinds import rule_of
from webui.api.rows import ROWS, Row
from webui.directory import Identity
from webui.errors import Refused, forbidden, missing
from webui.http import answer, body_json, query_values
from webui.permissions import rank
from webui.refusals import spoken, wants_german

HIDDEN = frozenset({"who", "reveal", "parties", "author"})
"""Params that are never the asker's to give."""
Handler = Callable[[Identity], bottle.HTTPResponse]


def needs(identity: Identity, resource: Resource, action: Action) -> Scope:
    """The scope of a right; raises Refused 403 for whoever has none."""
    scope = identity.rights.scope(resource, action)
    if scope is None:
        raise forbidden(f"{action} {resource}")
    return scope


def open_params(row: Row) -> list[str]:
    """The params of a row that the asker may give."""
    return [one.name for one in fields_of(row.params) if one.name not in HIDDEN]


def typed_query(cls: type, query: Mapping[str, str]) -> dict[str, Any]:
    """Query texts as the JSON values that the params want; what does not fit is left to be refused."""
    hints = typing.get_type_hints(cls)
    out: dict[str, Any] = {}
    for name, text in query.items():
        kind = _bare(hints.get(name, str))
        if kind is bool and text in ("true", "false"):
            out[name] = text == "true"
        elif kind is int and text.lstrip("-").isdecimal() and len(text) < 19:
            out[name] = int(text)
        elif get_origin(kind) is tuple:
            out[name] = text.split(",") if text else []
        else:
            out[name] = text
    return out


def _bare(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        rest = [one for one in get_args(kind) if one is not type(None)]
        return rest[0] if len(rest) == 1 else str
    return kind


class Offer:
    """What the routes do; ``changed`` is called after each change of an account or group."""

    def __init__(self, ask: Ask, changed: Callable[[], None]) -> None:
        self._ask = ask
        self._changed = changed

    # -- rows ------------------------------------------------------------------------------------

    def do(self, row: Row, identity: Identity, path: Mapping[str, str]) -> bottle.HTTPResponse:
        """Answer a request for a row."""
        scope = needs(identity, *row.right)
        request = bottle.request
        if row.verb in ("GET", "DELETE"):
            given: dict[str, Any] = typed_query(row.params, query_values(request))
        else:
            given = body_json(request)
        where = f"{row.verb} {row.path}"
        for name in (*path, *row.fixed, *HIDDEN):
            if name in given:
                raise ConfigError(f"{name} cannot be given here", field=name, hint="leave it out")
        narrow = scope is not Scope.ANY and not row.everybody
        if narrow and row.before is None and row.after is None:
            raise forbidden(where)
        params = {**given, **path}
        decode(row.params, params, where=where)  # every mistake at once, before anything is asked
        asked = Asked(identity=identity, scope=scope, params=params, ask=self._ask)
        if row.mine and not params.get(row.mine) and identity.own:
            params[row.mine] = identity.directory.numbers[identity.own[0]]
        if narrow and row.before is not None:
            row.before(asked)
        if row.author:
            params["author"] = author_of(asked)
        if row.signs:
            params["who"] = identity.who
        params |= row.fixed
        params = {row.rename.get(name, name): v for name, v in params.items() if name not in row.drop}
        if row.file:
            return self._file(row, params)
        found = self._ask(row.method, params)
        if row.text:
            headers = {"Content-Type": f"{row.text}; charset=utf-8", "Cache-Control": "no-store"}
            return bottle.HTTPResponse(str(found).encode(), 200, headers)
        if narrow and row.after is not None:
            found = row.after(asked, found)
        if wants_german(request.get_header("Accept-Language", "")):
            found = spoken(found, row.speaks)
        return answer(veiled(identity, scope, found) if row.veil else found)

    def _file(self, row: Row, params: Mapping[str, Any]) -> bottle.HTTPResponse:
        """Hand a file on piece by piece; the first is asked for now, so that refusals are told."""
        first = self._ask(row.method, {**params, "offset": 0})

        def pieces() -> Iterator[bytes]:
            piece, offset = first, 0
            while True:
                data = base64.b64decode(piece["data"])
                if data:
                    yield data
                offset += len(data)
                over = offset >= piece["size"] if "size" in piece else piece.get("next") is None
                if over or not data:
                    return
                piece = self._ask(row.method, {**params, "offset": offset})

        headers = {
            "Content-Type": row.file,
            "Cache-Control": "no-store",
            "Content-Disposition": "attachment",
        }
        if "size" in first:
            headers["Content-Length"] = str(first["size"])
        return bottle.HTTPResponse(pieces(), 200, headers)

    # -- documents -------------------------------------------------------------------------------

    def list(self, identity: Identity, kind: str) -> bottle.HTTPResponse:
        """All documents of a kind that the asker may see."""
        scope = self._kind(identity, kind, Action.READ)
        reveal = self._reveal(identity)
        found = self._ask("config.list", {"kind": kind, "reveal": reveal and kind != "account"})
        return answer([one for one in found if self._in(identity, kind, scope, one["id"], one)])

    def get(self, identity: Identity, kind: str, entity: str) -> bottle.HTTPResponse:
        """One document."""
        scope = self._kind(identity, kind, Action.READ)
        reveal = self._reveal(identity) and kind != "account"
        found, version = self._found(identity, kind, entity, scope, reveal=reveal)
        return answer(found, ETag=f'"{version}"')

    def create(self, identity: Identity, kind: str) -> bottle.HTTPResponse:
        """A new document; its id is in the body."""
        fields = body_json(bottle.request)
        entity = fields.pop("id", None)
        if not isinstance(entity, str) or not entity:
            raise ConfigError("the id is missing", field="id", hint="choose one: letters, digits and . _ -")
        scope = self._kind(identity, kind, Action.MANAGE)
        made = self._set(identity, kind, entity, fields, scope, create=True)
        place = f"/api/v1/config/{kind}/{bottle.urlquote(entity)}"
        return answer(made, 201, Location=place, ETag=f'"{made["version"]}"')

    def change(self, identity: Identity, kind: str, entity: str) -> bottle.HTTPResponse:
        """Change the fields that are given; null is a value, ``unset`` names fields to put back.

        ``was``: fields as they were read; when one is another by now, 409 ``config.changed``.
        """
        fields = body_json(bottle.request)
        was = fields.pop("was", {})
        if not isinstance(was, dict):
            raise ConfigError("was is not an object", field="was", hint='write {"name": "as it was"}')
        unset = fields.pop("unset", [])
        if not isinstance(unset, list) or not all(isinstance(one, str) for one in unset):
            raise ConfigError("unset is not a list of fields", field="unset", hint='write ["name"]')
        scope = self._kind(identity, kind, Action.CHANGE)
        made = self._set(identity, kind, entity, fields, scope, create=False, unset=unset, was=was)
        return answer(made, ETag=f'"{made["version"]}"')

    def delete(self, identity: Identity, kind: str, entity: str) -> bottle.HTTPResponse:
        """Delete one that nothing else names."""
        scope = self._kind(identity, kind, Action.MANAGE)
        before, _ = self._found(identity, kind, entity, scope)
        if scope is not Scope.ANY:
            self._all_own(identity, kind, scope, entity, before)
        if kind == "account":
            self._may_make(identity, before)
            if entity == identity.account.id:
                raise Refused(409, "web.yourself", "you cannot delete yourself", hint="somebody else can")
        found = self._ask(
            "config.delete", {"kind": kind, "id": entity, "who": identity.who, "version": _if_match()}
        )
        self._after(kind)
        return answer(found)

    def _kind(self, identity: Identity, kind: str, action: Action) -> Scope:
        if kind not in KINDS:
            raise NotFound(f"there are no documents of kind {kind[:40]}", hint="see /api/v1/openapi.json")
        scope = needs(identity, rule_of(kind).resource, action)
        if scope is not Scope.ANY and rule_of(kind).owners is None and kind != "account":
            raise forbidden(f"{action} {kind}")
        return scope

    def _reveal(self, identity: Identity) -> bool:
        query = query_values(bottle.request)
        for name in query:
            if name != "reveal":
                raise ConfigError(f"unknown parameter {name[:40]}", field=name[:40], hint="known: reveal")
        if query.get("reveal", "false") != "true":
            return False
        needs(identity, Resource.SECRETS, Action.READ)
        return True

    def _in(
        self, identity: Identity, kind: str, scope: Scope, entity: str, fields: Mapping[str, Any]
    ) -> bool:
        if scope is Scope.ANY:
            return True
        if kind == "account":
            return entity == identity.account.id
        owners = rule_of(kind).owners
        return owners is not None and not identity.extensions(scope).isdisjoint(owners(entity, fields))

    def _found(
        self, identity: Identity, kind: str, entity: str, scope: Scope, *, reveal: bool = False
    ) -> tuple[dict[str, Any], str]:
        """A document in scope and its version."""
        asked = {"kind": kind, "id": entity, "reveal": reveal, "versioned": True}
        try:
            found: dict[str, Any] = self._ask("config.get", asked)
        except NotFound:
            raise missing(f"{kind} {entity}") from None
        if not self._in(identity, kind, scope, entity, found["document"]):
            raise missing(f"{kind} {entity}")
        return found["document"], found["version"]

    def _set(
        self,
        identity: Identity,
        kind: str,
        entity: str,
        fields: dict[str, Any],
        scope: Scope,
        *,
        create: bool,
        unset: typing.Sequence[str] = (),
        was: Mapping[str, Any] | None = None,
    ) -> Any:
        rule = rule_of(kind)
        touched = {*fields, *unset}
        for name in sorted(touched & rule.locked):
            if not (fields.get(name) == "********" and name in SECRET_FIELDS.get(kind, ())):
                raise ConfigError(f"{name} is not set here", field=name, hint="see docs/api.md")
            del fields[name]
        before = {} if create else self._found(identity, kind, entity, scope)[0]
        if scope is not Scope.ANY:
            if create:
                self._all_own(identity, kind, scope, entity, fields)
                extra = touched - (rule.own_fields or touched) - (rule.made_fields or frozenset())
                if extra:
                    raise Refused(
                        403, "web.forbidden", f"you may not choose {min(extra)}", field=min(extra),
                        hint="an administrator can",
                    )  # fmt: skip
            else:
                allowed = rule.own_fields
                for name in sorted(touched):
                    if (
                        kind == "extension"
                        and name == "caller_number"
                        and _may_show(before, fields.get(name))
                    ):
                        continue
                    if kind == "mobile" and name == "number" and not before["needs_pin"]:
                        raise forbidden("change the number of a mobile that needs no PIN")
                    if allowed is not None and name not in allowed:
                        raise Refused(
                            403, "web.forbidden", f"you may not change {name}", field=name,
                            hint="an administrator can",
                        )  # fmt: skip
                if not self._in(identity, kind, scope, entity, {**before, **fields}):
                    raise forbidden(f"give a {kind} to others")
        if kind == "account":
            self._may_make(identity, before, {**before, **fields})
            if entity == identity.account.id and touched & {"role", "enabled", "groups"}:
                raise Refused(
                    409, "web.yourself", "you cannot change your own rights", hint="somebody else can"
                )
        elif kind == "permission_group":
            self._may_grant(identity, before)
            self._may_grant(identity, {**before, **fields})
        asked = {
            "kind": kind, "id": entity, "fields": fields, "unset": list(unset), "create": create,
            "was": was or {}, "who": identity.who, "version": None if create else _if_match(),
        }  # fmt: skip
        found = self._ask("config.set", asked)
        self._after(kind)
        return found

    def _all_own(
        self, identity: Identity, kind: str, scope: Scope, entity: str, fields: Mapping[str, Any]
    ) -> None:
        """Raise Refused unless owners make such documents, and nobody else owns this one too."""
        rule = rule_of(kind)
        owners = rule.owners(entity, fields) if rule.owners is not None else ()
        own = identity.extensions(scope)
        if not (rule.made_by_owners() and owners and own.issuperset(owners)):
            raise forbidden(f"make or delete this {kind}")

    def _after(self, kind: str) -> None:
        if kind in ("account", "permission_group", "extension", "device", "analog", "dect_handset"):
            self._changed()

    def _may_make(self, identity: Identity, *states: Mapping[str, Any]) -> None:
        """Nobody makes, changes or deletes an account that may more than the own."""
        if identity.account.role is Role.EXTENDED_ADMINISTRATOR:
            return
        for state in states:
            role, groups = state.get("role", Role.USER.value), state.get("groups", ())
            if role in set(Role) and rank(Role(role)) > rank(identity.account.role):
                raise forbidden("make or change accounts of a higher role")
            for group in groups if isinstance(groups, list | tuple) else ():
                known = identity.directory.groups.get(str(group))
                if known is not None and not all(identity.rights.covers(one) for one in known.grants):
                    raise forbidden("give rights that you do not have")

    def _may_grant(self, identity: Identity, state: Mapping[str, Any]) -> None:
        made = try_decode(PermissionGroup, {"id": "x", **state}, where="permission_group")[0]
        if made is not None and not all(identity.rights.covers(one) for one in made.grants):
            raise forbidden("give rights that you do not have")


def _may_show(extension: Mapping[str, Any], number: Any) -> bool:
    """Whether an extension's person may choose to show this number outside; None: the office's."""
    return bool(extension["may_show"]) and (number is None or number in extension["may_show"])


def _if_match() -> str | None:
    """The version that If-Match wants (RFC 9110 §13.1.1); ``*`` and nothing are any."""
    wanted = bottle.request.get_header("If-Match", "").strip()
    if wanted in ("", "*"):
        return None
    tag = wanted.removeprefix("W/").strip('"')
    return tag if tag.isascii() and tag.isprintable() else "?"


def routes() -> Iterator[tuple[Row, str]]:
    """Every row with its Bottle path."""
    for row in ROWS:
        yield row, row.path.replace("{", "<").replace("}", ">")
