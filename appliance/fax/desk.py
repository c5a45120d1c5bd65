"""The fax process: queue, journal, paper and mail around the line process.

Theory of operation: everything that happens (news of the line, orders, changes of the office, finished paper)
is put into one queue and handled on the main thread, which alone decides; each decision is on disk before it
is acted upon. Conversion and telling people have a thread each, because they take time. A line process that
dies takes its calls with it, and only them: what was being sent is tried again.
"""

import queue
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError
from appliance.fax import selftest, wire
from appliance.fax.keeper import LineKeeper
from appliance.fax.office import Office, OfficeWatch
from appliance.fax.orders import MAX_WAITING, Orders
from appliance.fax.paper import copy_pages, count_pages, prepare
from appliance.fax.relay import send_on
from appliance.fax.rows import Fax, FaxState
from appliance.fax.settings import FaxSettings
from appliance.fax.store import FaxStore
from appliance.fax.teller import Teller
from appliance.model.fax import FINAL_CAUSES, FaxCause, FaxFigures, FaxResult

LONGEST_PAUSE = timedelta(hours=2)
CLEAN_S = 3600.0
REST_S = 300.0
"""Without a call for so long the line process ends; it starts in a second."""
_TICK_S = 0.5
log = structlog.get_logger(__name__)
Task = Callable[[], None]


class Desk:
    """The fax process but its line. ``run`` on the main thread."""

    def __init__(
        self,
        settings: FaxSettings,
        line_command: Sequence[str],
        office_changed: Callable[[Office], None] = lambda _: None,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        """``turned``: told after every turn, twice a second. Raises ConfigError, DeviceUnavailable."""
        self.settings = settings
        self._office_changed = office_changed
        self._turned = turned
        for folder in (settings.folder, settings.uploads, settings.folder / "orders", settings.line.spool):
            folder.mkdir(parents=True, exist_ok=True)
        self.store = FaxStore(settings.folder / "fax.db")
        self._stack = ExitStack()
        self._stack.callback(self.store.close)
        self.office = Office()
        self._knows_office = False
        self._news: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._keeper = LineKeeper(
            line_command,
            news=lambda news: self.post(lambda: self._line_says(news)),
            down=lambda: self.post(self._line_down),
            door=settings.line.port,
            resting=lambda: self.post(self._line_rests),
        )
        self._watch = OfficeWatch(
            settings.runtime / "control.sock", lambda office: self.post(lambda: self._office_is(office))
        )
        self.orders = Orders(settings, self.store, lambda: self.office, lambda: self.post(_nothing))
        self.teller = Teller(settings, self.store, lambda: self.office)
        self._paper: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._paper_thread = threading.Thread(target=self._do_paper, name="fax-paper", daemon=True)
        self.ready = False
        """Whether the line process works, or rests and starts when it is needed."""
        self._line_runs = False
        self._used = time.monotonic()
        """When the line last had something to say."""
        self.priority = ""
        self._on_line: dict[str, str] = {}
        """Faxes being sent → their number, so that no number is called twice at once."""
        self._preparing: set[str] = set()
        self._receiving: dict[str, str] = {}
        """Faxes that come in → the file the line writes."""
        self._clean_at = 0.0

    # -- life

    def run(self) -> None:
        """Work until :meth:`stop`."""
        try:
            self._recover()
            self._paper_thread.start()
            self.teller.start()
            self._keeper.start()
            self._watch.start()
            self._turn()
        finally:
            self._watch.stop()
            self._keeper.stop()
            self.teller.stop()
            self._paper.put(None)
            if self._paper_thread.ident is not None:
                self._paper_thread.join(5.0)
            self._recover()
            self._stack.close()

    def stop(self) -> None:
        """Let :meth:`run` come to its end; any thread or signal handler."""
        self._news.put(None)

    def post(self, task: Task) -> None:
        """Have something done on the main thread."""
        self._news.put(task)

    def _turn(self) -> None:
        while True:
            try:
                task = self._news.get(timeout=_TICK_S)
            except queue.Empty:
                task = _nothing
            if task is None:
                return
            try:
                task()
                send_on(self.store, self.settings, utc_now())
                self._prepare_new()
                self._call_due()
                self._let_rest()
                self._clean_up()
                self._turned()
            except DeviceUnavailable as error:
                log.error("the fax desk cannot work", error=str(error))
                time.sleep(1.0)
            except Exception:
                log.exception("a defect at the fax desk")

    def _recover(self) -> None:
        """Set right what an end in the middle left."""
        now = utc_now()
        for fax in self.store.in_state(FaxState.CALLING):
            self._tried(fax, FaxResult(cause=FaxCause.RESTART), 0.0, now)
        for fax in self.store.in_state(FaxState.RECEIVING):
            spool = self.settings.line.spool / f"{fax.id}.tif"
            self._received(fax, str(spool), FaxResult(cause=FaxCause.RESTART), 0.0)

    # -- orders (any thread)

    def cancel(self, fax_id: str) -> None:
        """Give a fax up, also in the middle. Raises NotFound."""
        fax = self.store.get(fax_id)
        self.store.failed(fax.id, FaxCause.CANCELLED, "", utc_now())
        if fax.state in (FaxState.CALLING, FaxState.RECEIVING):
            self._keeper.tell(wire.Drop(fax=fax.id))

    def retry(self, fax_id: str) -> bool:
        """Try a fax now. Raises NotFound."""
        tried = self.store.hasten(self.store.get(fax_id).id, utc_now())
        self.post(_nothing)
        return tried

    # -- paper

    def _prepare_new(self) -> None:
        if not self._knows_office:
            return
        for fax in self.store.in_state(FaxState.PREPARING):
            if fax.id not in self._preparing and len(self._preparing) < MAX_WAITING:
                self._preparing.add(fax.id)
                self._keeper.wake()  # it will be wanted soon
                self._paper.put(lambda fax=fax: self._prepare(fax))  # type: ignore[misc]

    def _prepare(self, fax: Fax) -> None:
        """On the paper thread."""
        box = self.office.boxes.get(fax.box)
        try:
            if box is None:
                self.store.failed(fax.id, FaxCause.NOT_ALLOWED, "the box is gone", utc_now())
            else:
                pages = prepare(fax, box, self.office, self.settings, utc_now())
                self.store.prepared(fax.id, pages, utc_now())
        except ConfigError as error:
            fault = getattr(error, "fault", None)
            self.store.failed(fax.id, FaxCause.DOCUMENT, str(fault or error.message), utc_now())
        finally:
            self.post(lambda: self._preparing.discard(fax.id))
            self.teller.wake()

    def _do_paper(self) -> None:
        while (task := self._paper.get()) is not None:
            try:
                task()
            except OrtsamtError as error:
                log.error("a document cannot be handled now", error=str(error))
            except Exception:
                log.exception("a defect while handling a document")

    # -- the line

    def _call_due(self) -> None:
        if not self.ready or not self.office.active or len(self._on_line) >= self.settings.lines:
            return
        now = utc_now()
        for fax in self.store.in_state(FaxState.WAITING):
            if fax.due > now or len(self._on_line) >= self.settings.lines:
                return
            box = self.office.boxes.get(fax.box)
            if fax.peer in self._on_line.values():
                continue
            if box is None or box.extension is None:
                if self._knows_office:
                    self.store.failed(fax.id, FaxCause.NOT_ALLOWED, "the box may not send", now)
                    self.teller.wake()
                continue
            if not self._line_runs:
                self._keeper.wake()
                return
            self.store.calling(fax.id, now)
            self._on_line[fax.id] = fax.peer
            order = wire.Send(
                fax=fax.id,
                box=fax.box,
                dial=fax.peer,
                tiff=str(self.settings.tiff(fax.id)),
                ident=selftest.mark(fax.id) if fax.source == selftest.SOURCE else self.office.ident(box),
                ecm=box.ecm,
            )
            if not self._keeper.tell(order):
                self._over(fax.id, FaxResult(cause=FaxCause.ENGINE), 0.0)

    def _let_rest(self) -> None:
        if self._on_line or self._receiving or self._preparing:
            self._used = time.monotonic()
        elif self._line_runs and time.monotonic() - self._used >= REST_S:
            self._line_runs = False
            self._keeper.rest()

    def _line_rests(self) -> None:
        self.ready = True

    def _line_says(self, news: wire.News) -> None:
        self._used = time.monotonic()
        self._line_runs = True
        match news:
            case wire.Ready():
                self.ready = True
                self.priority = news.priority
                self._tell_boxes()
            case wire.Incoming():
                self._receiving[news.fax] = news.tiff
                self.store.incoming(
                    news.fax, news.box, news.caller, news.name, news.leg, utc_now(), relay=news.relay
                )
                self.teller.event("receiving", self.store.get(news.fax))
            case wire.PageDone(fax=fax) if fax in self._receiving:
                copy_pages(self._receiving[fax], self.settings.tiff(fax))
                self.teller.event("page", self.store.get(fax), news.figures)
            case wire.PageDone(fax=fax) if fax in self._on_line:
                self.teller.event("page", self.store.get(fax), news.figures)
            case wire.Over():
                self._over(news.fax, news.result, news.seconds)
            case _:
                pass

    def _over(self, fax_id: str, result: FaxResult, seconds: float) -> None:
        try:
            fax = self.store.get(fax_id)
        except NotFound:
            return
        spool = self._receiving.pop(fax_id, None)
        self._on_line.pop(fax_id, None)
        if fax.direction == "in":
            self._received(fax, spool or "", result, seconds)
        elif fax.state is FaxState.CALLING:
            self._tried(fax, result, seconds, utc_now())
        self.teller.wake()

    def _tried(self, fax: Fax, result: FaxResult, seconds: float, now: datetime) -> None:
        box = self.office.boxes.get(fax.box)
        again: datetime | None = None
        # Before the office is known, another attempt does no harm: it is looked at again when it is due.
        most = box.attempts if box is not None else 0 if self._knows_office else fax.attempts + 1
        if fax.source == selftest.SOURCE:
            most = 1
        if not result.good and result.cause not in FINAL_CAUSES and fax.attempts < most:
            pause = timedelta(seconds=self.settings.retry_seconds) * 2 ** min(fax.attempts - 1, 10)
            again = now + min(pause, LONGEST_PAUSE)
        self.store.tried(fax, result, seconds, now, again)
        log.info(
            "fax tried",
            fax=fax.id,
            cause=result.cause.value,
            pages=result.figures.pages,
            again=again is not None,
        )
        self.teller.event("tried", self.store.get(fax.id))

    def _received(self, fax: Fax, spool: str, result: FaxResult, seconds: float) -> None:
        """Keep what came; the row says so only when it is on disk."""
        tiff = self.settings.tiff(fax.id)
        if spool:
            copy_pages(spool, tiff, move=True)
        pages = count_pages(tiff)
        if not pages and result.good:
            result = replace(result, cause=FaxCause.LINE)
        elif result.figures == FaxFigures() and pages:
            result = replace(result, figures=FaxFigures(pages=pages))
        self.store.received(fax.id, result, pages, seconds, utc_now())
        log.info("fax received", fax=fax.id, cause=result.cause.value, pages=pages)
        self.teller.event("received", self.store.get(fax.id))

    def _line_down(self) -> None:
        """The line process died, and every call of it; or it rests."""
        self.ready = self._line_runs = False
        for fax_id in (*self._on_line, *self._receiving):
            self._over(fax_id, FaxResult(cause=FaxCause.ENGINE), 0.0)

    def _office_is(self, office: Office) -> None:
        self.office = office
        self._knows_office = True
        self._office_changed(office)
        self._tell_boxes()

    def _tell_boxes(self) -> None:
        if self._line_runs and self._knows_office:
            self._keeper.tell(
                wire.Boxes(
                    boxes={
                        box.id: wire.BoxLine(ident=self.office.ident(box), ecm=box.ecm)
                        for box in self.office.boxes.values()
                    }
                )
            )

    # -- order in the house

    def _clean_up(self) -> None:
        """Delete documents that are older than their box wants, orders that are done, stale uploads."""
        if time.monotonic() < self._clean_at or not self._knows_office:
            return
        self._clean_at = time.monotonic() + CLEAN_S
        now = utc_now()
        for box in self.office.boxes.values():
            if box.retention_days:
                for fax in self.store.older_than(box.id, now - timedelta(days=box.retention_days)):
                    for path in (self.settings.tiff(fax.id), self.settings.pdf(fax.id)):
                        path.unlink(missing_ok=True)
                    self.store.forget_document(fax.id)
        busy = {fax.job for fax in self.store.in_state(FaxState.PREPARING)}
        for folder in (self.settings.folder / "orders").iterdir():
            if folder.name not in busy and folder.stat().st_mtime < time.time() - CLEAN_S:
                shutil.rmtree(folder, ignore_errors=True)
        for upload in self.settings.uploads.iterdir():
            if upload.stat().st_mtime < time.time() - 24 * CLEAN_S:
                upload.unlink(missing_ok=True)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def _nothing() -> None:
    """Wake the main thread."""
