"""The API as programs use it: documents, calls, events, webhooks, a core that comes and goes, attacks."""

import hashlib
import hmac
import http.server
import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.processes import free_port
from tests.support.web import Client, Stream, Web, eventually
from webui.api.openapi import description


def test_documents_are_made_changed_and_deleted(admin: Client) -> None:
    made = admin.ask("POST", "/config/extension", {"id": "31", "number": "31", "name": "Zoë <script>&"})
    assert made.status == 201
    assert b"<script>" not in made.body
    assert made.json["document"]["name"] == "Zoë <script>&"
    again = admin.ask("POST", "/config/extension", {"id": "31", "number": "32"})
    assert (again.status, again.error) == (409, "config.exists")
    wrong = admin.ask("PATCH", "/config/extension/31", {"ring_seconds": 1, "nmae": "x"})
    problems = {one["field"]: one for one in wrong.json["error"]["problems"]}
    assert wrong.status == 422
    assert "did you mean" in problems["nmae"]["remedy"]
    admin.good("PATCH", "/config/extension/31", {"ring_seconds": 30})
    assert admin.good("GET", "/config/extension/31")["ring_seconds"] == 30
    admin.good("PATCH", "/config/extension/31", {"unset": ["ring_seconds"]})
    assert admin.good("GET", "/config/extension/31")["ring_seconds"] == 120
    admin.good("DELETE", "/config/extension/31")
    assert admin.ask("GET", "/config/extension/31").status == 404
    assert admin.ask("GET", "/config/nothing").status == 404
    assert admin.good("GET", "/config/trunk/p")["secret"] == "********"
    assert admin.good("GET", "/config/trunk/p?reveal=true")["secret"] == "trunk-secret-1"
    assert "argon2" not in str(admin.good("GET", "/config/account?reveal=true"))


def test_a_call_is_dialled_seen_in_time_noted_and_found(web: Web, admin: Client) -> None:
    user = web.account(admin, "caller", "user", ["21"], name="Anna")
    other = web.account(admin, "stranger", "user", ["23"])
    mine, all_, foreign = Stream(user, "call"), Stream(admin), Stream(other, "call,line,core")
    with web.box.phones("21", "22") as (anna, ben):
        user.good("POST", "/calls", {"dialled": "22"})
        anna.wait("incoming")
        anna.answer()
        seen = mine.until("call", dialled="22")
        all_.until("leg", call=seen["call"])
        ben.wait("incoming")
        ben.answer()
        running = eventually(lambda: user.good("GET", "/calls"), "the call")
        assert running[0]["call"] == seen["call"]
        assert other.good("GET", "/calls") == []
        assert other.ask("DELETE", f"/calls/{seen['call']}").status == 404
        user.good("DELETE", f"/calls/{seen['call']}")
        while mine.until("call", call=seen["call"])["ended"] is None:
            pass
    note = user.good("POST", f"/records/{seen['call']}/notes", {"text": "call back", "reference": "4711"})
    assert note["author"] == "Anna"
    whole = user.good("GET", f"/records/{seen['call']}")
    assert whole["notes"][0]["text"] == "call back"
    assert [one["call"] for one in user.good("GET", "/records?limit=1")] == [seen["call"]]
    assert other.good("GET", "/records") == []
    assert other.ask("GET", f"/records/{seen['call']}").status == 404
    assert other.ask("POST", f"/records/{seen['call']}/notes", {"text": "x"}).status == 404
    assert other.ask("DELETE", f"/records/{seen['call']}/notes/{note['note']}").status == 404
    assert admin.good("GET", "/records?noted=true")[0]["call"] == seen["call"]
    with web.box.phones("23") as (clara,):
        other.good("POST", "/calls", {"dialled": "*43"})
        clara.wait("incoming")
        clara.answer()
        topics = []
        for topic, data in foreign.events():
            topics.append(topic)
            assert data.get("call") != seen["call"]
            assert data.get("number") in (None, "23")
            if topic == "call":
                break
    for one in (mine, all_, foreign):
        one.close()


class Receiver:
    """A web server of somebody else's."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.status = 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.put((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                pass

        self.port = free_port()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def test_webhooks_get_every_event_once_it_is_taken(web: Web, admin: Client, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/hook?x=1"
    secret = admin.good("PUT", "/webhooks/crm", {"url": url, "topics": ["configuration"]})["secret"]
    receiver.status = 500
    admin.good("PATCH", "/config/extension/23", {"status_text": "one"})
    headers, body = receiver.got.get(timeout=10)
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Ortsamt-Signature"] == f"sha256={signature}"
    assert json.loads(body)["payload"]["changes"] == ["extension 23"]
    waiting = eventually(
        lambda: [
            one
            for one in admin.good("GET", "/webhooks/crm/deliveries")
            if one["state"] == "waiting" and one["attempts"]
        ],
        "the failed attempt",
    )
    assert waiting[-1]["error"] == "answered 500"
    receiver.status = 200
    assert web.process is not None
    web.process.kill()  # what is owed survives
    web.start()
    again, same = receiver.got.get(timeout=15)
    assert (again["X-Ortsamt-Delivery"], same) == (headers["X-Ortsamt-Delivery"], body)
    for bad in ("ftp://x/", "http://", "http://user:pw@x/", "javascript:alert(1)", "http://x y/"):
        reply = admin.ask("PUT", "/webhooks/bad", {"url": bad})
        assert (reply.status, reply.json["error"]["field"]) == (422, "url")
    admin.good("DELETE", "/webhooks/crm")


def test_a_lost_core_is_told_and_comes_back_by_itself(web: Web, admin: Client) -> None:
    stream = Stream(admin, "core")
    assert stream.until("core") == {"up": True}
    assert web.box.core is not None
    web.box.core.kill()
    assert stream.until("core") == {"up": False}
    reply = admin.ask("GET", "/records")
    assert (reply.status, reply.error, reply.headers["Retry-After"]) == (503, "control.not_running", "1")
    assert admin.good("GET", "/health") == {"web": "up", "core": "away"}
    web.box.start_core()
    assert stream.until("core") == {"up": True}
    assert admin.ask("GET", "/records").status == 200
    web.box.wait_ready()
    stream.close()


def test_what_comes_from_elsewhere_is_refused(web: Web, admin: Client) -> None:
    csrf, admin.csrf = admin.csrf, ""
    forged = admin.ask("PATCH", "/config/extension/23", {"name": "forged"})
    admin.csrf = csrf
    assert (forged.status, forged.error) == (403, "web.csrf")
    forged = admin.ask("PATCH", "/config/extension/23", {"name": "x"}, headers={"X-CSRF-Token": "guess"})
    assert forged.status == 403
    login = {"account": "admin", "password": "x"}
    assert web.client().ask("POST", "/session", login, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    plain = admin.ask(
        "PATCH", "/config/extension/23", raw=b'{"name": "x"}', headers={"Content-Type": "text/plain"}
    )
    assert plain.status == 415
    reply = admin.ask("GET", "/session")
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    web.account(admin, "cookie", "user")
    cookie = web.client().log_in("cookie", "correct horse cookie").headers["Set-Cookie"].lower()
    for word in ("__host-session=", "secure", "httponly", "samesite=strict", "path=/"):
        assert word in cookie


def test_paths_bodies_and_nonsense_do_no_harm(web: Web, admin: Client) -> None:
    for path in (
        "//etc/passwd", "//../../etc/passwd", "//api/v1/../../etc/passwd", "/config/extension/..%2f..%2fetc",
        "/audio/..%2f..%2fx/content", "/voicemail/%2e%2e/audio", "/fax/..%2fx/document", "/config/%00",
        "/records/%ff%fe", "//%2e%2e/web.db",
    ):  # fmt: skip
        reply = admin.ask("GET", path)
        assert 400 <= reply.status < 500, (path, reply.status, reply.body[:200])
        assert b"root:" not in reply.body
    big = admin.ask("POST", "/configuration/import", raw=b"x", headers={"Content-Length": str(2**34)})
    assert big.status in (400, 413)
    over = admin.ask(
        "POST", "/configuration/import", raw=b" " * (5 * 2**20), headers={"Content-Type": "application/json"}
    )
    assert over.status == 413
    deep = admin.ask(
        "POST", "/configuration/import", raw=b"[" * 100_000, headers={"Content-Type": "application/json"}
    )
    assert deep.status == 400
    assert admin.ask("PUT", "/uploads/elsewhere", raw=b"x").status == 404
    assert admin.ask("GET", "/records?limit=1&limit=2").status == 400
    assert admin.ask("GET", "/records?parties=21").status == 422
    assert admin.ask("GET", "/records?since=yesterday").status == 422
    assert admin.ask("POST", "/configuration/undo", {"operation": "x", "who": "somebody"}).status == 422
    assert admin.good("GET", "/health")["core"] == "up"


def test_a_file_is_uploaded_and_heard(admin: Client) -> None:
    import math
    import struct

    samples = b"".join(
        struct.pack("<h", int(8000 * math.sin(n * 2 * math.pi * 440 / 8000))) for n in range(8000)
    )
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 8000,
                       16000, 2, 16, b"data", len(samples))  # fmt: skip
    reply = admin.ask("PUT", "/uploads/audio", raw=head + samples)
    assert reply.status == 201
    admin.good("POST", "/audio", {"id": "hello", "upload": reply.json["upload"], "name": "Hello"})
    heard = admin.ask("GET", "/audio/hello/content")
    assert (heard.status, heard.headers["Content-Type"], heard.body[:4]) == (200, "audio/wav", b"RIFF")
    assert len(heard.body) > 16000
    admin.good("DELETE", "/audio/hello")


PATHS: dict[str, Any] = json.loads(description())["paths"]
OPERATIONS = sorted(
    (verb.upper(), path.removeprefix("/api/v1"))
    for path, verbs in PATHS.items()
    for verb in verbs
    if not path.endswith(("/session", "/events", "/renew", "/lift")) and verb in ("get", "post", "patch")
)
_TEXT = st.text(max_size=12)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_no_request_is_answered_by_a_defect(admin: Client, operation: tuple[str, str], data: Any) -> None:
    verb, path = operation
    described = PATHS["/api/v1" + path][verb.lower()]
    while "{" in path:
        head, _, tail = path.partition("{")
        path = (
            head
            + data.draw(st.sampled_from(["21", "x", "%C3%A9", "%20", "a" * 300]))
            + tail.partition("}")[2]
        )
    body: Any = None
    if "requestBody" in described:
        content = described["requestBody"]["content"].get("application/json", {})
        names = sorted(content.get("schema", {}).get("properties", {})) or ["x"]
        # A field of the wrong shape is always among them: nothing is changed.
        body = data.draw(st.dictionaries(st.sampled_from(names), _VALUE, max_size=4)) | {"no such field": 1}
    reply = admin.ask(verb, path, body)
    assert reply.status < 500 or reply.status == 503, (verb, path, body, reply.status, reply.body[:400])
    if reply.status >= 400:
        assert reply.json["error"]["id"], reply.body


def test_it_is_small(web: Web) -> None:
    assert web.process is not None
    with open(f"/proc/{web.process.pid}/smaps_rollup", encoding="ascii") as file:
        rss = next(int(line.split()[1]) for line in file if line.startswith("Rss:"))
    print(f"web process: {rss / 1024:.0f} MB")
    began = time.monotonic()
    web.client().good("GET", "/health")
    print(f"one request with its handshake: {(time.monotonic() - began) * 1000:.0f} ms")


def test_who_changes_what_somebody_else_changed_meanwhile_is_told(admin: Client) -> None:
    admin.good("POST", "/config/switch", {"id": "twice", "name": "Night"})
    read = admin.good("GET", "/config/switch/twice")
    admin.good("PATCH", "/config/switch/twice", {"name": "Late", "was": {"name": read["name"]}})
    refused = admin.ask("PATCH", "/config/switch/twice", {"name": "Dark", "was": {"name": read["name"]}})
    assert (refused.status, refused.error) == (409, "config.changed")
    assert refused.json["error"]["problems"][0]["field"] == "name"
    admin.good("PATCH", "/config/switch/twice", {"on": True, "was": {"on": read["on"]}})
    now = admin.good("GET", "/config/switch/twice")
    assert (now["name"], now["on"]) == ("Late", True)


def test_two_who_edit_the_same_are_told(admin: Client) -> None:
    first = admin.ask("GET", "/config/extension/22")
    tag = first.headers["ETag"]
    changed = admin.ask("PATCH", "/config/extension/22", {"name": "Two"}, headers={"If-Match": tag})
    assert (changed.status, changed.headers["ETag"] != tag) == (200, True)
    late = admin.ask("PATCH", "/config/extension/22", {"name": "Zwei"}, headers={"If-Match": tag})
    assert (late.status, late.error) == (412, "config.version")
    assert late.json["error"]["problems"][0]["field"] == "name"
    assert admin.ask("DELETE", "/config/extension/22", headers={"If-Match": 'W/"x"'}).status == 412
    log = admin.good("GET", "/configuration/log?kind=extension&id=22&limit=1")
    assert (log[0]["old"], log[0]["value"], log[0]["who"]) == ("Phone 22", "Two", "web:admin")
    asked = {"operation": log[0]["id"]}
    assert admin.good("POST", "/configuration/undo", {**asked, "dry_run": True})["applied"] is False
    admin.good("PATCH", "/config/extension/22", {"name": "Deux"})
    refused = admin.ask("POST", "/configuration/undo", asked)
    assert (refused.status, refused.error) == (409, "config.overtaken")
    newest = admin.good("GET", "/configuration/log?who_did=web:admin&limit=1")
    admin.good("POST", "/configuration/undo", {"operation": newest[0]["id"]})
    admin.good("POST", "/configuration/undo", asked)
    assert admin.good("GET", "/config/extension/22")["name"] == "Phone 22"
