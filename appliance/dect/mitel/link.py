"""The connection to an OMM: TLS, questions and their answers, events in between."""

import contextlib
import hashlib
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable

import structlog

from appliance.dect.mitel.axi import AxiError, Element, Splitter, decode, encode
from appliance.errors import DeviceUnavailable, OrtsamtError

ANSWER_S = 8.0
CONNECT_S = 5.0
_CIPHERS = "HIGH:!aNULL:!eNULL:@SECLEVEL=1"
"""Old firmware has AES256-GCM-SHA384 with RSA key exchange alone."""
log = structlog.get_logger(__name__)


class AxiRefused(OrtsamtError):
    """The OMM does not do what it was asked for; ``code`` is its own word (``ELicense``)."""

    def __init__(self, asked: str, code: str) -> None:
        super().__init__(f"{asked} was refused: {MEANING.get(code, code)}", error_id="dect.omm_refused")
        self.code = code


MEANING = {
    "EAuth": "wrong user name or password",
    "EExist": "something of that name or number is there already",
    "EInProgress": "the OMM is busy with something else",
    "EInval": "a value is not allowed",
    "EInvalidChars": "a text has letters the OMM does not take",
    "ELicense": "the licence of the OMM does not cover more",
    "ELicenseFile": "the licence of the OMM does not cover more",
    "EMissing": "something is missing that this firmware wants",
    "ENoEnt": "it is not there",
    "ENoMem": "the OMM is full",
    "EPerm": "the login has no right to do it",
    "EDectRegDomainInvalid": "the region of the radio (regulatory domain) is not set",
    "ETooLong": "a text is too long",
}


class AxiLink:
    """One connection, used by one thread. ``wake`` (any thread) ends a wait early."""

    def __init__(self, host: str, port: int, *, stopping: Callable[[], bool]) -> None:
        """Connect; raises DeviceUnavailable."""
        self._stopping = stopping
        self._splitter = Splitter()
        self._events: deque[Element] = deque()
        self._messages: deque[Element] = deque()
        self._seq = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        try:
            plain = socket.create_connection((host.strip("[]"), port), timeout=CONNECT_S)
        except OSError as error:
            raise DeviceUnavailable(
                f"no answer: {error.strerror or error}", error_id="dect.omm_away"
            ) from None
        try:
            self._socket = context.wrap_socket(plain, server_hostname=None)
        except (OSError, ValueError) as error:
            plain.close()
            raise DeviceUnavailable(f"no TLS: {error}", error_id="dect.omm_tls") from None
        certificate = self._socket.getpeercert(binary_form=True) or b""
        self.fingerprint = hashlib.sha256(certificate).hexdigest()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.setblocking(False)

    def close(self) -> None:
        """End it."""
        for one in (self._socket, self._wake_in, self._wake_out):
            with contextlib.suppress(OSError):
                one.close()

    def wake(self) -> None:
        """Let :meth:`event` return; any thread."""
        with contextlib.suppress(OSError):
            self._wake_in.send(b"x")

    def ask(self, question: Element) -> Element:
        """The answer, or AxiRefused; raises DeviceUnavailable when none comes."""
        self._seq += 1
        seq = str(self._seq)
        question.attributes = {"seq": seq, **question.attributes}
        self._send(encode(question))
        until = time.monotonic() + ANSWER_S
        while True:
            answer = self._next(until)
            if answer is None:
                if self._stopping() or time.monotonic() >= until:
                    raise DeviceUnavailable(f"no answer to {question.name}", error_id="dect.omm_silent")
                continue
            if answer.name.startswith("Event"):
                self._events.append(answer)
            elif answer.name == f"{question.name}Resp" and answer.text("seq", seq) == seq:
                if answer.text("errCode") not in ("", "None"):
                    raise AxiRefused(question.name, answer.text("errCode"))
                return answer
            else:
                log.debug("omm.unknown_message", name=answer.name[:40])

    def event(self, timeout_s: float) -> Element | None:
        """The next event; None when there was none for so long, or somebody woke us."""
        if self._events:
            return self._events.popleft()
        message = self._next(time.monotonic() + timeout_s)
        return message if message is not None and message.name.startswith("Event") else None

    def _next(self, until: float) -> Element | None:
        while not self._messages:
            left = until - time.monotonic()
            if left <= 0 or self._stopping():
                return None
            if not self._socket.pending():
                ready, _, _ = select.select([self._socket, self._wake_out], [], [], left)
                if self._wake_out in ready:
                    self._wake_out.recv(4096)
                    return None
                if not ready:
                    return None
            self._read()
        return self._messages.popleft()

    def _read(self) -> None:
        try:
            data = self._socket.recv(65536)
        except ssl.SSLWantReadError:
            return
        except (OSError, ValueError) as error:
            raise DeviceUnavailable(f"the connection broke: {error}", error_id="dect.omm_away") from None
        if not data:
            raise DeviceUnavailable("the OMM closed the connection", error_id="dect.omm_away")
        for one in self._splitter.feed(data):
            try:
                self._messages.append(decode(one))
            except AxiError as error:
                log.warning("omm.bad_message", error=str(error), length=len(one))
                if "declares" in str(error):
                    raise

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except (OSError, ValueError) as error:
            raise DeviceUnavailable(f"the connection broke: {error}", error_id="dect.omm_away") from None
