"""Tells people of faxes: received ones as PDF by mail, failed ones with the reason; events to who watches.

Owner of the thread ``fax-teller``. Everything goes through the core: its mail queue keeps what it took. A fax
is told of when the core has taken the mail; until then it is tried again, and a key keeps the mail single.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from appliance.control.client import ControlClient
from appliance.errors import ConfigError, OrtsamtError
from appliance.fax.documents import DocumentError, to_pdf
from appliance.fax.office import Office
from appliance.fax.paper import MACHINE
from appliance.fax.relay import came_to_be_sent_on
from appliance.fax.rows import Fax
from appliance.fax.selftest import Expected, is_test
from appliance.fax.settings import FaxSettings
from appliance.fax.store import FaxStore
from appliance.fax.words import because, word
from appliance.model.fax import FaxFigures
from appliance.notify.messages import clean, pretty, zone

AGAIN_S = 20.0
MAX_EVENTS = 500
log = structlog.get_logger(__name__)


class Teller:
    """Letters and events of faxes."""

    def __init__(self, settings: FaxSettings, store: FaxStore, office: Callable[[], Office]) -> None:
        self._settings = settings
        self._store = store
        self._office = office
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._events: deque[dict[str, Any]] = deque(maxlen=MAX_EVENTS)
        self.expected = Expected()
        self.error = ""
        """Why nobody can be told now."""
        self._thread = threading.Thread(target=self._run, name="fax-teller", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not told is told after the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def wake(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    def event(self, what: str, fax: Fax, figures: FaxFigures | None = None) -> None:
        """Let those who watch the core know; lost when nobody can hear."""
        self._events.append(
            {
                "what": what,
                "fax": fax.id,
                "box": fax.box,
                "direction": fax.direction,
                "state": fax.state.value,
                "peer": fax.peer,
                "pages": (figures or fax.figures).pages,
                "cause": fax.cause.value if fax.cause is not None else None,
            }
        )
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with ControlClient(self._settings.runtime / "control.sock") as core:
                    while self._events:
                        core.call("fax.news", self._events.popleft())
                    for fax in self._store.untold():
                        self._tell(core, fax)
                self.error = ""
            except OrtsamtError as error:
                self.error = str(error)
            except Exception:
                log.exception("a defect while telling of faxes")
            self._wake.wait(AGAIN_S)
            self._wake.clear()

    def _tell(self, core: ControlClient, fax: Fax) -> None:
        if is_test(fax, self._store, self.expected) or came_to_be_sent_on(fax, self._store):
            self._store.told(fax.id)
            return
        letter = self._received(fax) if fax.direction == "in" else self._sent(fax)
        if letter is not None:
            try:
                core.call("mail.put", {**letter, "key": f"fax-{fax.id}-{fax.attempts}"})
            except ConfigError as error:
                # Without a relay the fax waits in the journal, and for a relay.
                self.error = str(error)
                return
        self._store.told(fax.id)

    def _received(self, fax: Fax) -> dict[str, Any] | None:
        office = self._office()
        box = office.boxes.get(fax.box)
        if not fax.in_document:
            return None
        pdf = self._settings.pdf(fax.id)
        if not pdf.exists():
            try:
                to_pdf(self._settings.tiff(fax.id), pdf, title=f"Fax {fax.id}")
            except DocumentError as error:
                log.error("a received fax cannot be made a PDF", fax=fax.id, error=str(error))
                return None
        if box is None or not box.recipients:
            return None
        language = box.language or office.site.language
        good = fax.cause is not None and fax.figures.pages == fax.in_document and fax.state.value == "done"
        about = "received" if good else "broken"
        peer = pretty(fax.peer, office.site.country) or word("unknown", language)
        name = f"{peer} ({clean(fax.peer_name)})" if fax.peer_name else peer
        here = fax.created.astimezone(zone(office.site.timezone))
        rows = [
            (word("from", language), name),
            (word("ident", language), fax.figures.remote_ident or "–"),
            (word("date", language), f"{here:%d.%m.%Y %H:%M}"),
            *self._figures(fax, office),
        ]
        if not good:
            rows.append((word("reason", language), because(fax.cause, fax.detail, language)))
        return {
            "recipients": list(box.recipients),
            "event": "fax_received",
            "language": language.value,
            "subject": word(f"{about}.subject", language, peer=peer, pages=fax.in_document),
            "body": word(f"{about}.body", language, box=box.name or box.id),
            "rows": rows,
            "attachments": [
                {"path": str(pdf), "name": word("file", language, time=f"{here:%Y-%m-%d-%H%M}")},
            ],
        }

    def _sent(self, fax: Fax) -> dict[str, Any] | None:
        office = self._office()
        box = office.boxes.get(fax.box)
        good = fax.state.value == "done"
        if fax.submitter:
            recipients = [fax.submitter]
        else:
            wanted = not good or fax.source == MACHINE
            recipients = list(box.recipients) if box is not None and wanted else []
        if box is None or not recipients:
            return None
        language = box.language or office.site.language
        peer = pretty(fax.peer, office.site.country)
        reason = because(fax.cause, fax.detail, language)
        about = "sent" if good else "failed"
        rows = [
            (word("to", language), peer),
            (word("box", language), box.name or box.id),
            (word("attempts", language), str(fax.attempts)),
            *self._figures(fax, office),
        ]
        for attempt in self._store.attempts(fax.id):
            at = attempt.at.astimezone(zone(office.site.timezone))
            why = because(attempt.cause, attempt.detail, language)
            rows.append((f"{attempt.number}.", f"{at:%d.%m.%Y %H:%M} {why}"))
        return {
            "recipients": recipients,
            "event": f"fax_{about}",
            "language": language.value,
            "subject": word(f"{about}.subject", language, peer=peer),
            "body": word(f"{about}.body", language, reason=reason),
            "rows": rows,
        }

    def _figures(self, fax: Fax, office: Office) -> list[tuple[str, str]]:
        box = office.boxes.get(fax.box)
        language = (box.language if box is not None else None) or office.site.language
        figures = fax.figures
        across, down = figures.resolution
        return [
            (word("pages", language), f"{figures.pages}/{fax.in_document}"),
            (
                word("rate", language),
                f"{figures.rate} bit/s{', ECM' if figures.ecm else ''}, {across}×{down} dpi"
                if figures.rate
                else "–",
            ),
            (word("duration", language), f"{round(fax.seconds)} s"),
        ]
