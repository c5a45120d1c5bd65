"""Deletes records of calls when their time is over: every hour, and as soon as the time is made shorter."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog

from appliance.errors import OrtsamtError
from appliance.model.journal import JournalSettings
from appliance.model.snapshot import Snapshot
from appliance.store.operations import Operation
from appliance.store.records import RecordStore

EVERY_S = 3600.0
_log = structlog.get_logger(__name__)


class Retention:
    """Does it on the thread ``retention``."""

    def __init__(self, records: RecordStore, settings: Callable[[], JournalSettings]) -> None:
        self._records = records
        self._settings = settings
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin; what is over is deleted at once."""
        self._due.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stop.set()
        self._due.set()
        self._thread.join(5)

    def changed(self, _snapshot: Snapshot, operations: Iterable[Operation]) -> None:
        """Look at once when the time may have been made shorter."""
        if any(operation.kind == "journal" for operation in operations):
            self._due.set()

    def expire(self, now: datetime) -> int:
        """Delete what is over; how many calls."""
        days = self._settings().keep_days
        return self._records.forget(now - timedelta(days=days), self._stop.is_set) if days else 0

    def _run(self) -> None:
        while not self._stop.is_set():
            self._due.wait(EVERY_S)
            self._due.clear()
            if self._stop.is_set():
                return
            try:
                gone = self.expire(datetime.now(UTC))
            except OrtsamtError as error:
                _log.warning("records could not be deleted in time", error=str(error))
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
                _log.exception("records could not be deleted in time")
            else:
                if gone:
                    _log.info("records deleted in time", count=gone)
