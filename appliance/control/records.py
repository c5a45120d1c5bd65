"""The ``records.*`` methods: finished and running calls as they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.decode import decode
from appliance.model.ids import CallId
from appliance.model.validation import check_page
from appliance.store.notes import NoteStore
from appliance.store.records import RecordStore

FLUSH_SECONDS = 1.0
"""How long an answer waits for records that are not on disk yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Params of ``records.calls``; see :meth:`appliance.store.records.RecordStore.calls`."""

    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    limit: int = 100
    before: str | None = None
    noted: bool = False
    parties: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_page(self.since, self.until, self.limit, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall:
    """Params of ``records.call``."""

    call: str


class RecordMethods:
    """Binds a record store to a server."""

    def __init__(self, store: RecordStore, notes: NoteStore) -> None:
        self._store = store
        self._notes = notes

    def register(self, server: ControlServer) -> None:
        """Offer every ``records.*`` method."""
        server.register("records.calls", self.calls, slow=True)
        server.register("records.call", self.call, slow=True)
        server.register("records.status", self.status)

    def calls(self, params: Mapping[str, Any]) -> object:
        """Call records, newest first."""
        asked = decode(Searching, params, where="records.calls")
        self._store.flush(FLUSH_SECONDS)
        before = None if asked.before is None else CallId(asked.before)
        return self._store.calls(
            asked.since,
            asked.until,
            asked.number,
            asked.limit,
            before,
            noted=asked.noted,
            parties=asked.parties,
        )

    def call(self, params: Mapping[str, Any]) -> object:
        """One call with its legs and what was noted on it: ``{"call": {…}, "legs": […], "notes": […]}``."""
        asked = decode(OfCall, params, where="records.call")
        self._store.flush(FLUSH_SECONDS)
        found = self._store.call(CallId(asked.call))
        return {"call": found.call, "legs": found.legs, "notes": self._notes.notes(found.call.call)}

    def status(self, params: Mapping[str, Any]) -> object:
        """``{"pending", "dropped", "failing"}``."""
        del params
        return self._store.status()


def register_records(server: ControlServer, store: RecordStore, notes: NoteStore) -> None:
    """Offer every ``records.*`` method of the store."""
    RecordMethods(store, notes).register(server)
