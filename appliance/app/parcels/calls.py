"""Finished calls between nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.decode import encode
from appliance.model.ids import CallId
from appliance.store.parcels import Parcel, ParcelStore
from appliance.store.records import RecordedCall

from .source import LOOKED_AT, raise_floor, was_here

if TYPE_CHECKING:
    from appliance.app.core import Core

FLUSH_S = 20.0


class CallSource:
    """Finished calls with their legs."""

    kind = "call"

    def __init__(self, core: Core, stores: Sequence[ParcelStore]) -> None:
        self._core = core
        self._stores = stores
        self._records = core.records

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order they began; a call that goes on holds nobody up."""
        floor = parcels.floor(self.kind)
        with closing(self._records.connect()) as connection:
            rows = connection.execute(
                "SELECT row, call, ended FROM calls WHERE row > ? ORDER BY row LIMIT ?", (floor, LOOKED_AT)
            ).fetchall()
        settled = parcels.settled(self.kind, [call for _, call, _ in rows])
        raise_floor(parcels, self.kind, floor, [(row, bool(settled.get(call))) for row, call, _ in rows])
        for _, call, ended in rows:
            if ended is not None and not settled.get(call):
                try:
                    recorded = self._records.call(CallId(call))
                except NotFound:
                    continue  # deleted just now
                data = msgspec.json.encode(encode(recorded)).decode()
                yield Parcel(kind=self.kind, id=call, version="1", data=data)

    def file(self, identity: str) -> Path | None:
        """Calls have none."""
        return None

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Write it as one of ours; on disk when this returns."""
        recorded = msgspec.json.decode(parcel.data, type=RecordedCall)
        if recorded.call.call != parcel.id or recorded.call.ended is None:
            raise ConfigError("not a finished call", error_id="parcels.garbage")
        if self._over(recorded.call.call, recorded.call.ended):
            return parcel.version
        self._core.outages.call_elsewhere(recorded.call)
        self._records.put_call(recorded.call)
        for leg in recorded.legs:
            self._records.put_leg(leg)
        if not self._records.flush(FLUSH_S):
            raise DeviceUnavailable("records are not on disk yet", error_id="store.slow")
        return parcel.version

    def _over(self, call: CallId, ended: datetime) -> bool:
        """Whether its time is over here, or it was deleted here before."""
        days = self._core.configuration.snapshot().journal.keep_days
        if days and ended < datetime.now(UTC) - timedelta(days=days):
            return True
        try:
            self._records.call(call)
        except NotFound:
            return was_here(self._stores, self.kind, call)
        return False
