"""The Bottle application: routes, who asks, CSRF, and one answer for every error."""

import base64
import hmac
from collections.abc import Callable
from typing import Any

import bottle
import msgspec
import structlog

from appliance.errors import ConfigError, OrtsamtError
from appliance.model.accounts import Action, Resource
from appliance.model.decode import decode
from webui.api.asked import Ask
from webui.api.bulk import Bulk
from webui.api.journal import Journal
from webui.api.offer import Offer, needs, routes
from webui.api.openapi import PREFIX, ConfirmingNetwork, EnrollingNode, LoggingIn, description
from webui.api.personal import Personal
from webui.api.phones import PhoneLinks
from webui.api.softphones import Softphones
from webui.core_link import EventHub
from webui.database import WebDatabase
from webui.directory import Identity
from webui.errors import Refused
from webui.events import Streams
from webui.http import SECURITY_HEADERS, answer, body_json, query_values, refused
from webui.login import TOKEN_PREFIX, Door
from webui.pages import Pages
from webui.refusals import wants_german

COOKIE = "__Host-session"
PIECE = 512 * 1024
MAX_UPLOAD = 64 * 1024 * 1024
MAX_UPDATE = 700 * 1024 * 1024
_log = structlog.get_logger("web")


class Application:
    """Everything a request may reach."""

    def __init__(
        self, *, ask: Ask, hub: EventHub, door: Door, database: WebDatabase, offer: Offer, personal: Personal,
        phones: PhoneLinks, softphones: Softphones, streams: Streams,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._hub = hub
        self._door = door
        self._database = database
        self._offer = offer
        self._personal = personal
        self._phones = phones
        self._softphones = softphones
        self._journal = Journal(ask)
        self._bulk = Bulk(ask)
        self._streams = streams
        self.wsgi = bottle.Bottle(autojson=False)
        self.wsgi.catchall = True
        self.wsgi.default_error_handler = _plain_error
        self.wsgi.add_hook("after_request", _secure)
        self._add_routes()

    def _add_routes(self) -> None:
        def add(verb: str, path: str, handler: Callable[..., Any], *, open_: bool = False) -> None:
            self.wsgi.route(PREFIX + path, verb, _guarded(handler if open_ else self._known(handler)))

        add("GET", "/health", self._health, open_=True)
        add("GET", "/openapi.json", self._openapi, open_=True)
        add("POST", "/session", self._log_in, open_=True)
        add("POST", "/sync/enrolments", self._enrol, open_=True)
        add("POST", "/network/confirmation", self._confirm_network, open_=True)
        add("GET", "/session", self._session)
        add("DELETE", "/session", self._log_out)
        add("GET", "/events", self._events)
        add("PUT", "/uploads/<purpose>", self._upload)
        personal = self._personal
        add("PUT", "/accounts/<account>/password", personal.set_password)
        add("POST", "/accounts/<account>/second-factor", personal.offer_factor)
        add("PUT", "/accounts/<account>/second-factor", personal.set_factor)
        add("DELETE", "/accounts/<account>/second-factor", personal.drop_factor)
        add("GET", "/logins", personal.logins)
        add("GET", "/tokens", personal.tokens)
        add("POST", "/tokens", personal.add_token)
        add("DELETE", "/tokens/<token>", personal.delete_token)
        add("GET", "/webhooks", personal.webhooks)
        add("PUT", "/webhooks/<webhook>", personal.put_webhook)
        add("DELETE", "/webhooks/<webhook>", personal.delete_webhook)
        add("GET", "/webhooks/<webhook>/deliveries", personal.deliveries)
        add("GET", "/certificate", personal.certificate)
        add("PUT", "/certificate", personal.upload_certificate)
        add("POST", "/certificate/renew", personal.renew_certificate)
        add("POST", "/phones/<mac>/link", self._phones.link)
        add("DELETE", "/phones/<mac>/link", self._phones.revoke)
        softphones = self._softphones
        add("GET", "/records/export", self._journal.export)
        add("GET", "/configuration/table", self._bulk.export)
        add("POST", "/configuration/table", self._bulk.take)
        add("POST", "/configuration/sheet", self._bulk.sheet)
        add("GET", "/softphones/<device>", softphones.account)
        add("POST", "/softphones/<device>/link", softphones.link)
        add("DELETE", "/softphones/<device>/link", softphones.revoke)
        self.wsgi.route("/once/<link>", "GET", _guarded(softphones.fetch))
        for row, path in routes():
            add(row.verb, path, lambda identity, _row=row, **given: self._offer.do(_row, identity, given))
        offer = self._offer
        add("GET", "/config/<kind>", offer.list)
        add("POST", "/config/<kind>", offer.create)
        add("GET", "/config/<kind>/<entity>", offer.get)
        add("PATCH", "/config/<kind>/<entity>", offer.change)
        add("DELETE", "/config/<kind>/<entity>", offer.delete)
        Pages().add_routes(self.wsgi)

    # -- who asks --------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """By bearer token or session cookie; raises Refused 401, or 403 for a forged request."""
        request = bottle.request
        header = request.get_header("Authorization", "")
        if header:
            kind, _, secret = header.partition(" ")
            found = None
            if kind.lower() == "bearer" and secret.startswith(TOKEN_PREFIX):
                found = self._door.of_token(secret.strip())
            if found is None:
                raise Refused(401, "web.token", "this token is not known", hint="make another one")
            return found
        cookie = request.get_cookie(COOKIE) or ""
        found = self._door.of_session(cookie) if cookie else None
        if found is None:
            raise Refused(401, "web.login", "nobody is logged in", hint="log in: POST /api/v1/session")
        if request.method not in ("GET", "HEAD") and not hmac.compare_digest(
            request.get_header("X-CSRF-Token", "").encode(), found.csrf.encode()
        ):
            raise Refused(403, "web.csrf", "the request does not come from our pages", hint="X-CSRF-Token")
        return found

    def _known(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        def known(**given: str) -> Any:
            return handler(self.identify(), **given)

        return known

    # -- routes ----------------------------------------------------------------------------------

    def _health(self) -> bottle.HTTPResponse:
        return answer({"web": "up", "core": "up" if self._hub.up else "away"})

    def _openapi(self) -> bottle.HTTPResponse:
        return bottle.HTTPResponse(description(), 200, {"Content-Type": "application/json; charset=utf-8"})

    def _log_in(self) -> bottle.HTTPResponse:
        request = bottle.request
        asked = decode(LoggingIn, body_json(request), where="session")
        site = request.get_header("Sec-Fetch-Site", "same-origin")
        if site not in ("same-origin", "none"):
            raise Refused(403, "web.csrf", "the request does not come from our pages")
        agent = request.get_header("User-Agent", "")
        address = str(request.environ.get("REMOTE_ADDR", "")).removeprefix("::ffff:")
        before = request.get_cookie(COOKIE)
        secret, _, identity = self._door.log_in(
            asked.account, asked.password, asked.code, address, agent.encode("ascii", "replace").decode()
        )
        if before:
            self._database.end_session(before)
        response = answer(_shown(identity), 201)
        response.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")
        return response

    def _enrol(self) -> bottle.HTTPResponse:
        """Take a box in: its one-time code is what it is known by."""
        asked = decode(EnrollingNode, body_json(bottle.request), where="sync")
        return answer(self._ask("sync.redeem", msgspec.to_builtins(asked)), 201)

    def _confirm_network(self) -> bottle.HTTPResponse:
        """Keep network settings on trial: who comes by their token has seen that they work."""
        asked = decode(ConfirmingNetwork, body_json(bottle.request), where="network")
        self._ask("network.confirm", {"token": asked.token})
        return answer({"confirmed": True})

    def _session(self, identity: Identity) -> bottle.HTTPResponse:
        return answer(_shown(identity))

    def _log_out(self, identity: Identity) -> bottle.HTTPResponse:
        if identity.session:
            self._database.end_session(identity.session)
        response = answer({"out": identity.account.id})
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    def _events(self, identity: Identity) -> bottle.HTTPResponse:
        query = query_values(bottle.request)
        for name in query:
            if name not in ("language", "topics"):
                raise ConfigError(
                    f"unknown parameter {name[:40]}", field=name[:40], hint="known: language, topics"
                )
        topics = frozenset(one for one in query.get("topics", "").split(",") if one)
        language = query.get("language") or bottle.request.get_header("Accept-Language", "")
        return bottle.HTTPResponse(
            self._streams.stream(identity, topics, german=wants_german(language)),
            200,
            {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"},
        )

    def _upload(self, identity: Identity, purpose: str) -> bottle.HTTPResponse:
        """The body, piece by piece on to the core: never the whole of it in memory."""
        rights = {
            "audio": (Resource.AUDIO, Action.MANAGE),
            "fax": (Resource.FAX, Action.CHANGE),
            "update": (Resource.BOX, Action.MANAGE),
            "backup": (Resource.BOX, Action.MANAGE),
        }
        if purpose not in rights:
            raise Refused(
                404, "web.no_such_page", "nothing is uploaded there", hint="audio, backup, fax or update"
            )
        needs(identity, *rights[purpose])
        request = bottle.request
        length = request.content_length
        if length <= 0:
            raise Refused(411, "web.length", "the length of the body is not told", hint="Content-Length")
        most = MAX_UPDATE if purpose == "update" else MAX_UPLOAD
        if length > most:
            raise Refused(413, "web.too_large", f"more than {most // 2**20} MB")
        query = query_values(request)
        for name in query:
            if name != "name" or purpose != "fax":
                raise ConfigError(f"unknown parameter {name[:40]}", field=name[:40])
        upload = str(self._ask("audio.begin", {})["upload"]) if purpose == "audio" else ""
        source, left = request.environ["wsgi.input"], length
        while left:
            data = source.read(min(PIECE, left))
            if not data:
                raise Refused(400, "web.cut", "the body is shorter than it said")
            left -= len(data)
            piece: dict[str, Any] = {"upload": upload, "data": base64.b64encode(data).decode()}
            if purpose == "audio":
                self._ask("audio.piece", piece)
            elif purpose == "backup":
                upload = str(self._ask("backup.piece", piece)["upload"])
            elif purpose == "update":
                upload = str(self._ask("update.upload", piece)["upload"])
            else:
                piece["name"] = query.get("name", "")[:100]
                upload = str(self._ask("fax.upload", piece)["upload"])
        return answer({"upload": upload, "bytes": length}, 201)


def _shown(identity: Identity) -> dict[str, Any]:
    account = identity.account
    return {
        "account": account.id,
        "name": account.name,
        "role": account.role,
        "language": account.language,
        "extensions": [{"id": one, "number": identity.directory.numbers[one]} for one in identity.own],
        "rights": {f"{r}:{a}": scope for (r, a), scope in identity.rights.scopes.items()},
        "second_factor": bool(account.totp),
        "csrf": identity.csrf,
    }


def _guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Errors of ours as JSON; what nobody thought of is logged, and nothing of it is told."""

    def guarded(**given: str) -> Any:
        try:
            for name, value in given.items():
                if len(value) > 200 or not value.isprintable():
                    raise Refused(404, "web.no_such_page", "there is no such page", field=name)
            return handler(**given)
        except bottle.HTTPResponse:
            raise
        except OrtsamtError as error:
            return refused(error)
        except Exception:  # noqa: BLE001 - a defect in one route must not show its insides
            _log.exception("a request failed", path=bottle.request.path[:200])
            return refused(
                OrtsamtError("internal error", error_id="internal.error", hint="the log says more")
            )

    return guarded


def _plain_error(error: bottle.HTTPError) -> bytes:
    """Bottle's own errors (404, 405, bad requests) look like ours."""
    status = error.status_code
    words = {404: ("web.no_such_page", "there is no such page"), 405: ("web.method", "not with this method")}
    error_id, message = words.get(status, ("web.bad_request", "the request makes no sense"))
    if status >= 500:
        error_id, message = "internal.error", "internal error"
    made = refused(Refused(status, error_id, message))
    error.content_type = "application/json; charset=utf-8"
    return bytes(made.body)


def _secure() -> None:
    for name, value in SECURITY_HEADERS.items():
        bottle.response.set_header(name, value)
