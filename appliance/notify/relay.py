"""One conversation with the mail relay (SMTP, RFC 5321), bounded in time, its lines kept for people.

The standard library bounds each wait; a relay that sends a byte now and then could still hold us for hours,
so a timer cuts the connection when a whole step takes too long.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from appliance.errors import DeviceUnavailable
from appliance.model.mail import Mail, MailTls

WAIT_S = 15.0
"""For one answer."""
STEP_S = 40.0
"""For connecting and logging in, and for each mail."""
MAX_LINES = 60
_SIZE_EXCEEDED = 552
_CLOSING = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the relay said to a mail. Neither taken nor final: try again later."""

    taken: bool
    final: bool = False
    error: str = ""


TAKEN = Verdict(taken=True)


class RelayUnusable(DeviceUnavailable):
    """The relay cannot be reached or does not want us: every mail has to wait."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_id="mail.relay", hint="check the mail settings and the relay")


class Watch:
    """Cuts a conversation's connection from another thread: when time is up, or when the box stops."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._smtp: smtplib.SMTP | None = None
        self._cut = False

    def see(self, smtp: smtplib.SMTP) -> None:
        """The connection to cut from now on."""
        with self._guard:
            self._smtp = smtp

    @property
    def was_cut(self) -> bool:
        """Whether time was up."""
        return self._cut

    def cut(self) -> None:
        """End the connection; whoever waits for the relay wakes up."""
        with self._guard:
            self._cut = True
            sock = getattr(self._smtp, "sock", None)
        if isinstance(sock, socket.socket):
            # Of the socket itself: an SSL socket's own method would wait for the TLS goodbye.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Cut when the block takes longer."""
        timer = threading.Timer(seconds, self.cut)
        timer.name = "mail-limit"
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Noting(smtplib.SMTP):
    """Keeps the lines of the conversation, without what is secret in them."""

    def __init__(self, watch: Watch, lines: list[str], *args: Any, **options: Any) -> None:
        self._lines = lines
        self._secret = False
        self._watch = watch
        watch.see(self)
        super().__init__(*args, **options)

    def putcmd(self, cmd: str, args: str = "") -> None:
        word = cmd.partition(" ")[0].upper()
        if self._secret:
            self._note("> ***")
        elif word == "AUTH":
            self._note(f"> AUTH {args.partition(' ')[0]} ***")
            self._secret = True
        else:
            self._note(f"> {cmd} {args}".rstrip())
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        if self._watch.was_cut:  # before there was a connection to cut
            self.close()
            raise TimeoutError
        code, words = super().getreply()
        self._secret = self._secret and code == 334
        for line in words.decode("utf-8", "replace").splitlines() or [""]:
            self._note(f"< {code} {line}".rstrip())
        return code, words

    def _note(self, line: str) -> None:
        if len(self._lines) < MAX_LINES:
            self._lines.append("".join(one if one.isprintable() else "?" for one in line)[:200])


class _NotingTls(_Noting, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class Relay:
    """A connection to the relay, as a context manager: entering connects and logs in.

    Entering raises RelayUnusable. ``lines`` has the conversation so far, also after a failure.
    """

    def __init__(
        self,
        settings: Mail,
        watch: Watch | None = None,
        *,
        wait_s: float = WAIT_S,
        step_s: float = STEP_S,
    ) -> None:
        self.settings = settings
        self.lines: list[str] = []
        self._watch = watch or Watch()
        self._wait_s = wait_s
        self._step_s = step_s
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        with self._explained(), self._watch.limit(self._step_s):
            try:
                self._smtp = self._open()
                if self.settings.username:
                    self._smtp.login(self.settings.username, self.settings.secret)
            except BaseException:
                self._close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError), self._watch.limit(self._wait_s / 3):
                self._smtp.quit()
        self._close()

    def send(self, recipient: str, mail: bytes) -> Verdict:
        """Hand over one mail. Raises RelayUnusable when the connection or our welcome is gone."""
        smtp = self._smtp
        if smtp is None:
            raise RelayUnusable("not connected to the relay")
        with self._explained(), self._watch.limit(self._step_s):
            code, words = smtp.mail(self.settings.sender)
            if code != 250:
                if code != _CLOSING:
                    smtp.rset()
                if code == _SIZE_EXCEEDED:
                    return _verdict(code, words)
                raise RelayUnusable(f"the relay refuses the sender: {_said(code, words)}")
            code, words = smtp.rcpt(recipient)
            if code == _CLOSING:
                raise RelayUnusable(f"the relay closes: {_said(code, words)}")
            if code not in (250, 251):
                smtp.rset()
                return _verdict(code, words)
            try:
                code, words = smtp.data(mail)
            except smtplib.SMTPDataError as error:
                code, words = error.smtp_code, _bytes(error.smtp_error)
                if code != _CLOSING:
                    smtp.rset()
            if code == _CLOSING:
                raise RelayUnusable(f"the relay closes: {_said(code, words)}")
            return TAKEN if code == 250 else _verdict(code, words)

    def _open(self) -> smtplib.SMTP:
        settings = self.settings
        host = settings.host.strip("[]")
        # The library's own default asks the DNS for our name; the address is as good (RFC 5321 §4.1.3).
        options: dict[str, Any] = {"timeout": self._wait_s, "local_hostname": "[127.0.0.1]"}
        if settings.tls is MailTls.TLS:
            options["context"] = _context(settings)
            smtp: smtplib.SMTP = _NotingTls(self._watch, self.lines, host, settings.real_port, **options)
        else:
            smtp = _Noting(self._watch, self.lines, host, settings.real_port, **options)
        self._smtp = smtp
        if smtp.sock is not None:
            smtp.local_hostname = _literal(smtp.sock)
        smtp.ehlo_or_helo_if_needed()
        if settings.tls is MailTls.STARTTLS:
            smtp.starttls(context=_context(settings))
            smtp.ehlo_or_helo_if_needed()
        return smtp

    def _close(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                self._smtp.close()
            self._smtp = None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (smtplib.SMTPException, OSError, EOFError, ValueError) as error:
            raise RelayUnusable(self._reason(error)) from error

    def _reason(self, error: Exception) -> str:
        # The library turns a time-out into a lost connection, with the time-out behind it.
        late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
        if late or self._watch.was_cut:
            return "the relay does not answer in time"
        match error:
            case smtplib.SMTPAuthenticationError():
                return f"the relay refuses name and secret: {_said_in(error)}"
            case smtplib.SMTPResponseException():
                return f"the relay refuses: {_said_in(error)}"
            case smtplib.SMTPNotSupportedError():
                return f"the relay cannot do what is asked of it: {error}"
            case ssl.SSLCertVerificationError():
                return f"the relay's certificate is not trusted: {error.verify_message}"
            case OSError() if error.strerror:
                return f"no conversation with the relay: {error.strerror}"
            case _:
                return f"no conversation with the relay: {str(error) or type(error).__name__}"


def _context(settings: Mail) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _literal(sock: socket.socket) -> str:
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _verdict(code: int, words: bytes) -> Verdict:
    return Verdict(taken=False, final=500 <= code < 600, error=_said(code, words))


def _said(code: int, words: bytes) -> str:
    line = " ".join(words.decode("utf-8", "replace").split())
    return "".join(one if one.isprintable() else "?" for one in f"{code} {line}")[:300]


def _said_in(error: smtplib.SMTPResponseException) -> str:
    return _said(error.smtp_code, _bytes(error.smtp_error))


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode("utf-8", "replace")
