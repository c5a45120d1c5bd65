"""``/prov/…``: where phones fetch their files and look up names, over HTTPS and, for those that cannot, HTTP.

There are no files: a name is looked up in the vendors' tables, and the core says who gets what. Whoever gets
nothing gets the same answer, whether there is such a phone or not.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog

from appliance.errors import DeviceUnavailable, NotFound, OrtsamtError
from appliance.model.decode import decode
from webui.api.asked import Ask
from webui.links import OneTimeLinks
from webui.server import Application

PREFIX = "/prov/"
PURPOSE = "phone"
MAX_QUERY = 1000
_PATH = re.compile(
    r"/prov/(?:once/(?P<link>[0-9a-f-]{36})/|(?P<token>[A-Za-z0-9]{20,64})/)?"
    r"(?P<file>[A-Za-z0-9][A-Za-z0-9._ -]{0,99})(?P<tail>/phonebook\.xml)?\Z"
)
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,260}\Z")
_STATUS = {200: "200 OK", 403: "403 Forbidden", 404: "404 Not Found", 405: "405 Method Not Allowed",
           503: "503 Service Unavailable"}  # fmt: skip
_log = structlog.get_logger("web")

Start = Callable[..., Any]
Answer = tuple[int, str, bytes]
_NOTHING: Answer = (404, "text/plain; charset=utf-8", b"")


class Provisioning:
    """Answers phones; everything else is left to the application behind."""

    def __init__(self, ask: Ask, links: OneTimeLinks) -> None:
        self._ask = ask
        self._links = links

    def before(self, behind: Application) -> Application:
        """The two as one application."""

        def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
            if str(environ.get("PATH_INFO", "")).startswith(PREFIX):
                return self._serve(environ, start)
            return behind(environ, start)

        return application

    def _serve(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        status, media_type, body = self._answer(environ)
        headers = [
            ("Content-Type", media_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if status == 503:
            headers.append(("Retry-After", "5"))
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            headers.append(("Connection", "close"))  # what phones want to upload is not read
        start(_STATUS[status], headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return 405, "text/plain; charset=utf-8", b""
        asked = _PATH.match(environ.get("PATH_INFO", ""))
        if asked is None or ".." in asked["file"] or environ["REQUEST_METHOD"] == "HEAD":
            return _NOTHING
        try:
            if asked["file"] == "directory":
                return self._directory(asked["token"] or "", environ)
            if asked["tail"]:
                return _NOTHING
            return self._file(asked["file"], asked["token"] or "", asked["link"] or "", environ)
        except NotFound:
            return _NOTHING
        except DeviceUnavailable:
            return 503, "text/plain; charset=utf-8", b""
        except OrtsamtError as error:
            _log.info("a phone got nothing", error=str(error))
            return _NOTHING
        except Exception:  # noqa: BLE001 - a defect in one file must not show its insides
            _log.exception("a phone's file could not be made", file=asked["file"])
            return 503, "text/plain; charset=utf-8", b""

    def _file(self, name: str, token: str, link: str, environ: Mapping[str, Any]) -> Answer:
        from appliance.provisioning import render  # when the first phone comes
        from appliance.provisioning.recognise import recognise

        named = render.named_files(name)
        if not named and not recognise(_agent(environ)).dect:
            return _NOTHING
        asked = {
            "file": name, "token": token, "address": str(environ.get("REMOTE_ADDR", "")),
            "agent": _agent(environ),
        }  # fmt: skip
        base = ""
        if link:
            asked["linked"] = self._links.look(PURPOSE, link).subject
            base = f"{environ['wsgi.url_scheme']}://{_host(environ)}{PREFIX}once/{link}/"
        found = self._ask("phones.fetch", asked)
        if link and found["result"] in ("facts", "content"):
            self._links.take(PURPOSE, link)  # of two who come at once, one gets it
        match found["result"]:
            case "facts":
                from appliance.provisioning.facts import PhoneFacts

                made = render.render(decode(PhoneFacts, found["facts"], where="phones.fetch"), name)
                return _NOTHING if made is None else (200, made.media_type, made.content)
            case "content":
                return 200, found["media_type"], base64.b64decode(found["content"])
            case "common":
                spec = next(one.spec for one in named if one.vendor == found["vendor"])
                made = render.common(found["vendor"], spec, name, base or found["base_url"])
                return 200, made.media_type, made.content
            case "blocked":
                return 403, "text/plain; charset=utf-8", b""
        return _NOTHING

    def _directory(self, token: str, environ: Mapping[str, Any]) -> Answer:
        from appliance.provisioning.directory import Entry, Page, asked_words, directory

        query = dict(parse_qsl(str(environ.get("QUERY_STRING", ""))[:MAX_QUERY]))
        first = max(0, _number(query.get("first", "1")) - 1)
        params: dict[str, Any] = {
            "token": token, "address": str(environ.get("REMOTE_ADDR", "")), "words": asked_words(query),
            "first": min(first, 100_000),
        }  # fmt: skip
        count = _number(query.get("count", ""))
        if count:
            params["count"] = min(count, 200)
        found = self._ask("phones.directory", params)
        entries = tuple(decode(Entry, one, where="phones.directory") for one in found["entries"])
        url = f"{environ['wsgi.url_scheme']}://{_host(environ)}{PREFIX}{token}/directory"
        page = Page(
            title=found["title"], entries=entries, first=first, total=found["total"], url=url,
            words=params["words"], asked=bool(query.keys() - {"first", "count", "format"}) or first > 0,
        )  # fmt: skip
        made = directory(found["vendor"], page)
        return 200, made.media_type, made.content


def _agent(environ: Mapping[str, Any]) -> str:
    return str(environ.get("HTTP_USER_AGENT", "")).encode("ascii", "replace").decode()[:256]


def _host(environ: Mapping[str, Any]) -> str:
    host = str(environ.get("HTTP_HOST", ""))
    return host if _HOST.match(host) else "localhost"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
