"""A web process under test, reached like a browser or program would: HTTPS by http.client."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from tests.support.box import Box
from tests.support.processes import Process, free_ports, ortsamt

ADMIN = "admin"


class Reply:
    """An answer, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The id of the error."""
        return str(self.json["error"]["id"])


class Client:
    """One browser or program; keeps its cookie and CSRF token."""

    def __init__(self, port: int, *, token: str = "", scheme: str = "https") -> None:
        self.port = port
        self.token = token
        self.cookie = ""
        self.csrf = ""
        self._scheme = scheme

    def connection(self, timeout: float = 20) -> http.client.HTTPConnection:
        """A connection that trusts any certificate: which one it is, is looked at elsewhere."""
        if self._scheme == "http":
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def headers(self) -> dict[str, str]:
        """What identifies it."""
        found = {}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        if self.cookie:
            found["Cookie"] = f"__Host-session={self.cookie}"
        if self.csrf:
            found["X-CSRF-Token"] = self.csrf
        return found

    def ask(
        self, verb: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:  # fmt: skip
        """Ask /api/v1 + path (or an absolute path beginning with //)."""
        sent = self.headers()
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        connection = self.connection()
        try:
            target = path[1:] if path.startswith("//") else f"/api/v1{path}"
            connection.request(verb, target, data, sent)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def good(self, verb: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that has to be a good one."""
        reply = self.ask(verb, path, body)
        assert 200 <= reply.status < 300, (verb, path, reply.status, reply.body[:500])
        return reply.json

    def log_in(self, account: str, password: str, code: str = "") -> Reply:
        """Log in and keep what comes back."""
        reply = self.ask("POST", "/session", {"account": account, "password": password, "code": code})
        if reply.status == 201:
            self.cookie = reply.headers["Set-Cookie"].partition(";")[0].partition("=")[2].strip('"')
            self.csrf = reply.json["csrf"]
        return reply


class Stream:
    """An open stream of events."""

    def __init__(self, client: Client, topics: str = "", timeout: float = 20) -> None:
        self._connection = client.connection(timeout)
        query = f"?topics={topics}" if topics else ""
        self._connection.request("GET", f"/api/v1/events{query}", headers=client.headers())
        self._response = self._connection.getresponse()
        self.status = self._response.status
        assert self.status == 200, self._response.read()
        self.topic, self.data = "", None

    def events(self) -> Iterator[tuple[str, Any]]:
        """Topic and payload of each."""
        topic = ""
        while line := self._response.readline():
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                topic = text[7:]
            elif text.startswith("data: "):
                yield topic, json.loads(text[6:])

    def until(self, wanted: str, **fields: Any) -> Any:
        """The payload of the first event of a topic with these values."""
        for topic, data in self.events():
            if topic == wanted and all(data.get(name) == value for name, value in fields.items()):
                return data
        raise AssertionError(f"the stream ended before {wanted}")

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class Web:
    """The web process beside a box."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.port, self.http_port = free_ports(2)
        text = box.settings.read_text(encoding="utf-8")
        ports = f"https_port = {self.port}\nhttp_port = {self.http_port}\nhooks_to_loopback = true"
        box.settings.write_text(text.replace("[network]", f"[network]\n{ports}"), encoding="utf-8")
        self.process: Process | None = None
        self._first_password = ""

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process = Process(
            "web",
            [*self.box.inside, *ortsamt("web", "--log-json", "--box", str(self.box.settings))],
            log=self.box.folder / "web.log",
        )
        self.process.wait_line("ready for pages", timeout=30)

    def client(self, token: str = "") -> Client:
        """Somebody new."""
        return Client(self.port, token=token)

    def first_password(self) -> str:
        """The administrator's, once it is made; it is read once, because it does not stay in its file."""
        assert self.process is not None
        if not self._first_password:
            self.process.wait_line("first account made", timeout=20)
            kept = self.box.folder / "state/web/first-password"
            self._first_password = kept.read_text(encoding="utf-8").strip()
        return self._first_password

    def admin(self) -> Client:
        """The first administrator, logged in."""
        client = self.client()
        assert client.log_in(ADMIN, self.first_password()).status == 201
        return client

    def account(
        self, admin: Client, account: str, role: str, extensions: Sequence[str] = (), **fields: Any
    ) -> Client:
        """A new account, logged in."""
        password = f"correct horse {account}"
        admin.good(
            "POST", "/config/account", {"id": account, "role": role, "extensions": extensions, **fields}
        )
        admin.good("PUT", f"/accounts/{account}/password", {"password": password})
        client = self.client()
        assert client.log_in(account, password).status == 201
        return client

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.stop()


def eventually(holds: Any, what: str, timeout: float = 15) -> Any:
    """Wait for what only asking can tell."""
    deadline = time.monotonic() + timeout
    while not (found := holds()):
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.05)
    return found
