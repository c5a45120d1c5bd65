"""Small records that change and are deleted: notes on calls, contacts, SMS. The later change holds, whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from appliance.errors import ConfigError, NotFound
from appliance.model.contacts import Contact
from appliance.model.decode import encode
from appliance.model.gsm import SmsRecord, SmsStatus
from appliance.model.ids import ContactId, NoteId, SmsId
from appliance.model.notes import CallNote
from appliance.model.outages import Outage
from appliance.store.changes import Changed
from appliance.store.parcels import Parcel, ParcelStore
from appliance.store.record_rows import micros

from .source import LOOKED_AT, raise_floor

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from appliance.app.core import Core


R = TypeVar("R")


class Log(Protocol):
    """A store that tells what changed."""

    def changes(self, after: int, limit: int) -> tuple[Changed, ...]:
        """Behind a place."""


class ChangingSource(Generic[R]):
    """Records of one store that tells what changed."""

    def __init__(
        self,
        kind: str,
        log: Log,
        model: type[R],
        *,
        read: Callable[[str], tuple[R, datetime] | None],
        keep: Callable[[R], bool],
        id_of: Callable[[R], str],
        delete: Callable[[str, int], bool] | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """``read`` gives a record and when it changed, None for what does not travel; raises NotFound."""
        self.kind = kind
        self._log = log
        self._model = model
        self._read = read
        self._keep = keep
        self._id_of = id_of
        self._delete = delete
        self._told = told

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order they changed."""
        floor = parcels.floor(self.kind)
        changed = self._log.changes(floor, LOOKED_AT)
        if not changed:
            return
        settled = parcels.settled(self.kind, [one.id for one in changed])
        found = [(one, self._parcel(one)) for one in changed]
        raise_floor(
            parcels, self.kind, floor,
            [(one.place, made is None or settled.get(one.id) == made.version) for one, made in found],
        )  # fmt: skip
        for one, made in found:
            if made is not None and settled.get(one.id) != made.version:
                yield made

    def _parcel(self, one: Changed) -> Parcel | None:
        if one.gone:
            data: Any = {"gone": one.gone}
            version = f"{one.gone} gone"
        else:
            try:
                found = self._read(one.id)
            except NotFound:
                return None  # deleted meanwhile; the log tells next
            if found is None:
                return None
            data, version = encode(found[0]), str(micros(found[1]))
        return Parcel(kind=self.kind, id=one.id, version=version, data=msgspec.json.encode(data).decode())

    def file(self, identity: str) -> Path | None:
        """They have none."""
        return None

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep the later one."""
        data = msgspec.json.decode(parcel.data)
        gone = data.get("gone") if isinstance(data, dict) else None
        if gone is not None:
            if type(gone) is not int or gone <= 0 or self._delete is None:
                raise ConfigError("not a deletion", error_id="parcels.garbage")
            kept = self._delete(parcel.id, gone)
        else:
            record = msgspec.convert(data, self._model)
            if self._id_of(record) != parcel.id:
                raise ConfigError("has another id", error_id="parcels.garbage")
            kept = self._keep(record)
        if kept:
            self._told()
        return parcel.version


def changing_sources(core: Core) -> tuple[ChangingSource[Any], ...]:
    """Notes, contacts, SMS, reports of outages."""
    stores = core.stores

    def note(identity: str) -> tuple[CallNote, datetime]:
        found = stores.notes.note(NoteId(identity))
        return found, found.changed or found.written

    def contact(identity: str) -> tuple[Contact, datetime]:
        found = stores.contacts.get(ContactId(identity))
        return found, found.changed

    def sms(identity: str) -> tuple[SmsRecord, datetime] | None:
        found = stores.sms.record(SmsId(identity))
        return None if found.status is SmsStatus.WAITING else (found, found.changed)

    def outage(identity: str) -> tuple[Outage, datetime] | None:
        found = stores.outages.get(identity)
        return None if found.ended is None else (found, found.ended)

    return (
        ChangingSource(
            "note", stores.notes, CallNote, read=note, keep=stores.notes.replicated,
            id_of=lambda one: one.note, delete=stores.notes.replicated_gone,
        ),
        ChangingSource(
            "contact", stores.contacts, Contact, read=contact, keep=stores.contacts.replicated,
            id_of=lambda one: one.id, delete=stores.contacts.replicated_gone, told=core.address_book.tell,
        ),
        ChangingSource(
            "outage", stores.outages, Outage, read=outage, keep=stores.outages.replicated,
            id_of=lambda one: one.id,
        ),
        ChangingSource(
            "sms", stores.sms, SmsRecord, read=sms, keep=stores.sms.replicated, id_of=lambda one: one.id
        ),
    )  # fmt: skip
