"""The ``records.*`` methods: finished and running calls as they were written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.decode import decode, encode
from appliance.model.ids import CallId, DeviceId, ExtensionId
from appliance.model.journal import JournalFilter, Result, Way
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.model.validation import check_page
from appliance.store.journal import result_of, way_of
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
    way: Way | None = None
    result: Result | None = None
    cost_centre: str | None = None
    extension: str | None = None
    """The number of an extension that has a part in it."""
    parties: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_page(self.since, self.until, self.limit, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall:
    """Params of ``records.call``."""

    call: str


def shown_call(record: CallRecord) -> dict[str, Any]:
    """A record with its way and result, as journals show it."""
    return {**encode(record), "way": way_of(record), "result": result_of(record)}


def shown_leg(leg: LegRecord) -> dict[str, Any]:
    """A leg with how good it sounded."""
    return {**encode(leg), "quality": {**encode(leg.quality), "mos": leg.quality.mos}}


class RecordMethods:
    """Binds a record store to a server."""

    def __init__(self, store: RecordStore, notes: NoteStore, snapshot: Callable[[], Snapshot]) -> None:
        self._store = store
        self._snapshot = snapshot
        self._notes = notes

    def register(self, server: ControlServer) -> None:
        """Offer every ``records.*`` method."""
        server.register("records.calls", self.calls, slow=True)
        server.register("records.call", self.call, slow=True)
        server.register("records.status", self.status)
        server.register("records.cost_centres", self.cost_centres, slow=True)

    def calls(self, params: Mapping[str, Any]) -> object:
        """Call records, newest first."""
        asked = decode(Searching, params, where="records.calls")
        self._store.flush(FLUSH_SECONDS)
        before = None if asked.before is None else CallId(asked.before)
        wanted = JournalFilter(
            since=asked.since,
            until=asked.until,
            number=asked.number,
            way=asked.way,
            result=asked.result,
            cost_centre=asked.cost_centre,
            extension=self._parties(asked.extension) if asked.extension is not None else None,
            noted=asked.noted,
            parties=asked.parties,
        )
        return [shown_call(one) for one in self._store.journal(wanted, before, asked.limit)]

    def _parties(self, number: str) -> tuple[str, ...]:
        """How records name an extension: its number and its devices."""
        now = self._snapshot()
        extension = now.extension_by_number.get(number)
        if extension is None:
            return (number,)
        places: list[tuple[DeviceId, ExtensionId]] = [
            *((one.id, one.extension) for one in now.devices.values()),
            *((one.id, one.extension) for one in now.analog.values()),
            *((one.id, one.extension) for one in now.handsets.values()),
        ]
        return (number, *(f"device:{device}" for device, of in places if of == extension.id))

    def call(self, params: Mapping[str, Any]) -> object:
        """One call with its legs and what was noted on it: ``{"call": {…}, "legs": […], "notes": […]}``."""
        asked = decode(OfCall, params, where="records.call")
        self._store.flush(FLUSH_SECONDS)
        found = self._store.call(CallId(asked.call))
        return {
            "call": shown_call(found.call),
            "legs": [shown_leg(one) for one in found.legs],
            "notes": self._notes.notes(found.call.call),
        }

    def cost_centres(self, params: Mapping[str, Any]) -> object:
        """Every cost centre that calls are put down to."""
        del params
        return self._store.cost_centres()

    def status(self, params: Mapping[str, Any]) -> object:
        """``{"pending", "dropped", "failing"}``."""
        del params
        return self._store.status()


def register_records(
    server: ControlServer, store: RecordStore, notes: NoteStore, snapshot: Callable[[], Snapshot]
) -> None:
    """Offer every ``records.*`` method of the store."""
    RecordMethods(store, notes, snapshot).register(server)
