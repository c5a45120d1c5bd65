"""The ``fax.*`` methods, served by the fax process; the core passes them on from its own socket."""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.control.fax import PASSED_ON
from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound
from appliance.fax import selftest
from appliance.fax.desk import Desk
from appliance.fax.documents import MAX_BYTES, to_pdf
from appliance.fax.orders import safe
from appliance.fax.replicas import Replicas
from appliance.fax.rows import Fax, FaxState
from appliance.fax.words import because
from appliance.model.decode import Nothing, decode
from appliance.model.fax import FaxBox
from appliance.model.ids import FaxBoxId
from appliance.model.languages import Language

CHUNK = 1_000_000
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """Params of ``fax.upload``: a piece of a file, base64; the first without ``upload``."""

    data: str
    name: str = ""
    upload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Params of ``fax.send``: uploaded files, one after another, to each number; ``cover`` is its text."""

    box: str
    to: tuple[str, ...]
    uploads: tuple[str, ...] = ()
    subject: str = ""
    cover: str = ""
    submitter: str = ""
    """Told by mail what became of it; empty: the box's recipients, and only of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Params of ``fax.journal``."""

    box: str | None = None
    direction: str | None = None
    job: str | None = None
    before: str | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        if self.direction not in (None, "in", "out"):
            raise ValueError("direction: is neither in nor out")
        if not 1 <= self.limit <= 10_000:
            raise ValueError("limit: out of range: 1 to 10000")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFax:
    """Params of methods about one fax."""

    fax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBox:
    """Params of ``fax.test`` (``to``: a machine; empty: the box itself) and ``fax.expect``."""

    box: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfIdent:
    """Params of ``fax.expected``."""

    box: str
    ident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDocument:
    """Params of ``fax.document``: a piece of it from ``offset``."""

    fax: str
    form: str = "pdf"
    offset: int = 0

    def __post_init__(self) -> None:
        if self.form not in ("pdf", "tiff"):
            raise ValueError("form: is neither pdf nor tiff")
        if self.offset < 0:
            raise ValueError("offset: is negative")


class FaxMethods:
    """Binds the desk to a server."""

    def __init__(self, desk: Desk, gateway: Callable[[], str] = lambda: "off") -> None:
        """``gateway``: the state of the T.38 gateway, ``off``, ``up`` or ``down``."""
        self._desk = desk
        self._gateway = gateway

    def register(self, server: ControlServer) -> None:
        """Offer every ``fax.*`` method."""
        for name in PASSED_ON:
            server.register(name, getattr(self, name.partition(".")[2]), slow=True)
        replicas = Replicas(self._desk)
        server.register("fax.ended", replicas.ended, slow=True)
        server.register("fax.replicate", replicas.replicate, slow=True)

    def status(self, params: Params) -> object:
        """How the fax service is."""
        decode(Nothing, params, where="fax.status")
        desk = self._desk
        states = [fax.state for fax in desk.store.in_state(*_ACTIVE)]
        return {
            "ready": desk.ready,
            "priority": desk.priority,
            "boxes": len(desk.office.boxes),
            **{state.value: states.count(state) for state in _ACTIVE},
            "untold": len(desk.store.untold()),
            "mail_error": desk.teller.error,
            "t38": self._gateway(),
        }

    def upload(self, params: Params) -> object:
        """Take a piece of a file: ``{"upload", "size"}``."""
        asked = decode(Uploading, params, where="fax.upload")
        try:
            data = base64.b64decode(asked.data, validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError("data: is no base64", field="data") from None
        name = asked.upload or f"{secrets.token_hex(12)}-{safe(asked.name)}"
        path = self._upload(name) if asked.upload else self._desk.settings.uploads / name
        if asked.upload and path.stat().st_size + len(data) > MAX_BYTES:
            path.unlink()
            raise ConfigError(
                f"the file is larger than {MAX_BYTES // 1_000_000} MB", error_id="fax.document.too_large"
            )
        with path.open("ab") as file:
            file.write(data)
        return {"upload": name, "size": path.stat().st_size}

    def send(self, params: Params) -> object:
        """Order a fax: ``{"job", "faxes"}``; on disk when this answers."""
        asked = decode(Sending, params, where="fax.send")
        paths = [self._upload(one) for one in asked.uploads]
        job, faxes = self._desk.orders.take(
            asked.box,
            asked.to,
            [(path.name.partition("-")[2], path.read_bytes()) for path in paths],
            source="api",
            submitter=asked.submitter,
            subject=asked.subject,
            cover=asked.cover,
        )
        for path in paths:
            path.unlink(missing_ok=True)
        return {"job": job, "faxes": list(faxes)}

    def journal(self, params: Params) -> object:
        """Faxes, newest first."""
        asked = decode(Searching, params, where="fax.journal")
        found = self._desk.store.journal(
            box=asked.box,
            direction=asked.direction,
            job=asked.job,
            before=asked.before,
            limit=asked.limit,
        )
        return [_row(fax) for fax in found]

    def show(self, params: Params) -> object:
        """One fax with its attempts."""
        asked = decode(OfFax, params, where="fax.show")
        fax = self._desk.store.get(asked.fax)
        attempts = [
            {
                "number": one.number,
                "at": one.at,
                "seconds": one.seconds,
                "pages": one.pages,
                "cause": one.cause.value,
                "detail": one.detail,
                "reason": {language.value: because(one.cause, one.detail, language) for language in Language},
            }
            for one in self._desk.store.attempts(fax.id)
        ]
        return {**_row(fax), "attempts": attempts}

    def document(self, params: Params) -> object:
        """A piece of the pages: ``{"size", "offset", "data"}``, base64."""
        asked = decode(OfDocument, params, where="fax.document")
        fax = self._desk.store.get(asked.fax)
        settings = self._desk.settings
        path = settings.tiff(fax.id)
        if not path.exists():
            raise NotFound(f"fax {fax.id} has no document", hint="it was deleted, or never came")
        if asked.form == "pdf":
            pdf = settings.pdf(fax.id)
            if not pdf.exists():
                to_pdf(path, pdf, title=f"Fax {fax.id}")
            path = pdf
        with path.open("rb") as file:
            file.seek(asked.offset)
            data = file.read(CHUNK)
        return {
            "size": path.stat().st_size,
            "offset": asked.offset,
            "data": base64.b64encode(data).decode(),
        }

    def cancel(self, params: Params) -> object:
        """Give a fax up."""
        self._desk.cancel(decode(OfFax, params, where="fax.cancel").fax)
        return {}

    def retry(self, params: Params) -> object:
        """Try a fax now, also one that was given up: ``{"tried"}``."""
        return {"tried": self._desk.retry(decode(OfFax, params, where="fax.retry").fax)}

    def test(self, params: Params) -> object:
        """Let a box fax a page to itself or a machine: ``{"fax"}``; see ``fax.tested`` when it has ended."""
        asked = decode(OfBox, params, where="fax.test")
        box = self._box(asked.box)
        number = asked.to or selftest.check_box(box)
        _, (fax,) = self._desk.orders.take(
            box.id, [number], [("test.txt", selftest.PAGE)], source=selftest.SOURCE
        )
        return {"fax": fax}

    def expect(self, params: Params) -> object:
        """A machine at a port is about to send the test page: ``{"ident", "number", "document"}`` for it."""
        box = self._box(decode(OfBox, params, where="fax.expect").box)
        document = base64.b64encode(selftest.test_page()).decode("ascii")
        return {
            "ident": self._desk.teller.expected.new(),
            "number": selftest.check_box(box),
            "document": document,
        }

    def expected(self, params: Params) -> object:
        """What has come of it: ``{"arrived", "good", "detail"}``."""
        asked = decode(OfIdent, params, where="fax.expected")
        found = selftest.arrival(asked.ident, asked.box, self._desk.settings, self._desk.store)
        if found is None:
            return {"arrived": False, "good": False, "detail": "nothing arrived"}
        return {"arrived": True, "good": found.good, "detail": found.detail}

    def _box(self, name: str) -> FaxBox:
        box = self._desk.office.boxes.get(FaxBoxId(name))
        if box is None:
            raise NotFound(f"there is no fax box '{name[:40]}'", hint="see: ortsamt ctl list fax_box")
        return box

    def tested(self, params: Params) -> object:
        """What became of a test: ``{"good", "detail", "received"}``."""
        fax = self._desk.store.get(decode(OfFax, params, where="fax.tested").fax)
        return selftest.verdict(fax, self._desk.settings, self._desk.store)

    def _upload(self, name: str) -> Path:
        path = self._desk.settings.uploads / name
        if path.parent != self._desk.settings.uploads or not path.is_file():
            raise NotFound(f"upload: there is no '{name[:60]}'", hint="upload it first")
        return path


_ACTIVE = (FaxState.PREPARING, FaxState.WAITING, FaxState.CALLING, FaxState.RECEIVING)


def _row(fax: Fax) -> dict[str, Any]:
    figures = fax.figures
    waits = fax.state is FaxState.WAITING
    return {
        "fax": fax.id,
        "box": fax.box,
        "direction": fax.direction,
        "state": fax.state.value,
        "peer": fax.peer,
        "peer_name": fax.peer_name,
        "job": fax.job,
        "source": fax.source,
        "submitter": fax.submitter,
        "subject": fax.subject,
        "created": fax.created,
        "started": fax.started,
        "ended": fax.ended,
        "due": fax.due if waits else None,
        "attempts": fax.attempts,
        "pages": figures.pages,
        "pages_in_document": fax.in_document,
        "rate": figures.rate,
        "ecm": figures.ecm,
        "resolution": list(figures.resolution),
        "remote_ident": figures.remote_ident,
        "bad_rows": figures.bad_rows,
        "seconds": fax.seconds,
        "cause": fax.cause.value if fax.cause is not None else None,
        "detail": fax.detail,
        "reason": {
            language.value: because(fax.cause, fax.detail, language) if fax.cause is not None else ""
            for language in Language
        },
        "leg": fax.leg,
        "document": fax.kept,
        "age_seconds": round((datetime.now(UTC) - fax.created).total_seconds()),
    }
