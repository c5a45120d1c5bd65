"""What every answer has: JSON that is safe inside a page, headers that keep pages and API to themselves."""

from typing import Any

import bottle
import msgspec

from appliance.control.protocol import refusal
from appliance.errors import OrtsamtError
from webui.errors import Refused, status_of
from webui.refusals import german, in_german, wants_german

MAX_JSON = 4 * 1024 * 1024
DRAINED = 16 * 1024 * 1024
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " media-src 'self' blob:;"
        " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def json_bytes(value: Any) -> bytes:
    """JSON in which no text can end a script or begin a tag."""
    raw = msgspec.json.encode(value)
    for sign, escaped in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        raw = raw.replace(sign, escaped)
    return raw


def answer(value: Any, status: int = 200, **headers: str) -> bottle.HTTPResponse:
    """A JSON answer."""
    return bottle.HTTPResponse(
        json_bytes(value),
        status,
        {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", **headers},
    )


def refused(error: OrtsamtError) -> bottle.HTTPResponse:
    """An error as the API tells it: id, message, field, hint, and each problem with its remedy."""
    said = refusal(error)
    de = wants_german(bottle.request.get_header("Accept-Language", ""))
    body = {
        "id": said.id,
        "message": german(said.message) if de else said.message,
        "field": said.field,
        "hint": german(said.hint) if de else said.hint,
        "problems": [in_german(one) for one in said.problems] if de else said.problems,
    }
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, Refused) and error.retry_s:
        headers["Retry-After"] = str(error.retry_s)
    elif status == 503:
        headers["Retry-After"] = "1"
    return answer({"error": body}, status, **headers)


def body_json(request: bottle.BaseRequest) -> dict[str, Any]:
    """The JSON object that was sent; nothing is an empty one. Raises Refused."""
    length = request.content_length
    if length < 0:
        raise Refused(411, "web.length", "the length of the body is not told", hint="send Content-Length")
    if length > MAX_JSON:
        if length <= DRAINED:  # who still sends does not hear why
            while request.environ["wsgi.input"].read(65_536):
                pass
        raise Refused(413, "web.too_large", f"more than {MAX_JSON} bytes", hint="send less at once")
    if not length:
        if request.chunked:
            raise Refused(411, "web.length", "the length of the body is not told", hint="no chunked bodies")
        return {}
    if request.content_type.split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "web.media_type", "the body is not JSON", hint="Content-Type: application/json")
    try:
        found = msgspec.json.decode(request.body.read(length))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "web.bad_json", f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused(400, "web.bad_json", "the body is not a JSON object", hint="send { … }")
    return found


def query_values(request: bottle.BaseRequest) -> dict[str, str]:
    """The query; raises Refused for what is not UTF-8 or given twice."""
    found: dict[str, str] = {}
    for name, value in request.query.allitems():
        try:
            text = value.encode("latin-1").decode("utf-8") if isinstance(value, str) else value
        except (UnicodeEncodeError, UnicodeDecodeError):
            raise Refused(400, "web.bad_query", "the query is not UTF-8") from None
        if name in found:
            raise Refused(400, "web.bad_query", f"{name[:40]} is given twice", field=name[:40])
        found[name] = text
    return found
