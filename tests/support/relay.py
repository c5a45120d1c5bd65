"""A real mail relay for tests: aiosmtpd on loop-back, keeping what it took and answering what the test wants.

with MailRelay() as relay:
    relay.refuse["anna@example.com"] = "550 no such user"
    mail = relay.wait(recipient="ben@example.com")
"""

import email
import email.policy
import socket
import ssl
import subprocess
import threading
import time
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.support.processes import free_port


class MailRelay:
    """One relay on ``port``; it may be stopped and started again. ``taken``: every mail it answered 250."""

    def __init__(
        self,
        *,
        port: int = 0,
        user: tuple[str, str] | None = None,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port or free_port()
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse: dict[str, str] = {}
        self.refuse_data = ""
        self.refuse_sender = ""
        self.sessions: list[Session] = []
        self._user = user
        self._options: dict[str, Any] = {}
        if starttls is not None:
            self._options |= {"tls_context": starttls, "require_starttls": True}
        if tls is not None:
            self._options |= {"ssl_context": tls}
        if user is not None:
            self._options |= {"authenticator": self._authenticate, "auth_required": True}
            self._options["auth_require_tls"] = starttls is not None
        self._changed = threading.Condition()
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def stop(self) -> None:
        """Be gone."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def wait(self, *, count: int = 1, recipient: str = "", timeout: float = 10) -> EmailMessage:
        """The newest mail, once there are so many (for this recipient)."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [
                    mail
                    for mail, to in zip(self.taken, self.recipients, strict=True)
                    if recipient in ("", to)
                ]
                if len(found) >= count:
                    return found[-1]
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{len(found)} of {count} mails came for {recipient or 'anybody'}")
                self._changed.wait(left)

    # What aiosmtpd calls, on its thread

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_data:
            return self.refuse_data
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        with self._changed:
            self.taken.append(mail)
            self.recipients.append(envelope.rcpt_tos[0])
            self.sessions.append(session)
            self._changed.notify_all()
        return "250 taken"

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        right = (data.login.decode(), data.password.decode()) == self._user
        return AuthResult(success=right, handled=False)


class Tarpit:
    """A relay that never finishes a word: ``drip`` seconds from byte to byte; 0: not a byte."""

    def __init__(self, *, drip: float = 0) -> None:
        self._drip = drip
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.connected = threading.Event()
        self._over = threading.Event()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, name="tarpit", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        for one in self._held:
            one.close()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._held.append(connection)
            self.connected.set()
            while self._drip and not self._over.wait(self._drip):
                try:
                    connection.sendall(b"2")
                except OSError:
                    break


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for localhost and 127.0.0.1, and the certificate that clients must trust."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context, cert
