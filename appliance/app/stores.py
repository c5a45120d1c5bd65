"""The databases of a box: opened before anything is taken that could not be kept."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from appliance.backup import restoring
from appliance.errors import DeviceUnavailable
from appliance.model.box import BoxSettings
from appliance.store.configuration import ConfigurationStore
from appliance.store.contacts import ContactStore
from appliance.store.notes import NoteStore
from appliance.store.outages import OutageStore
from appliance.store.parcels import ParcelStore
from appliance.store.phones import PhoneStore
from appliance.store.recordings import RecordingStore
from appliance.store.records import RecordStore
from appliance.store.reserve import give_up_reserve, keep_reserve
from appliance.store.sms import SmsStore
from appliance.store.voicemail import VoicemailStore
from appliance.store.wishes import WishStore

log = structlog.get_logger(__name__)


class _Closable(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What the core keeps on the disk, each store in a database of its own but for two beside the records."""

    configuration: ConfigurationStore
    records: RecordStore
    notes: NoteStore
    wishes: WishStore
    outages: OutageStore
    parcels: ParcelStore
    """For the exchange with the cloud."""
    pair_parcels: ParcelStore
    """For the exchange with the second box on site."""
    voicemail: VoicemailStore
    recordings: RecordingStore
    contacts: ContactStore
    sms: SmsStore
    phones: PhoneStore


def open_stores(box: BoxSettings, stack: ExitStack) -> Stores:
    """Open all, finishing a restore that was cut off; ``stack`` closes them.

    Raises ConfigError or DeviceUnavailable, then none is open. A full disk is given the room kept back.
    """
    folder = box.paths.state_dir
    if folder.is_dir():
        restoring.finish(folder)
    try:
        stores = _open(box, folder, stack)
    except DeviceUnavailable as error:
        if error.error_id != "store.disk_full" or not give_up_reserve(folder):
            raise
        log.error("the disk is full; started with the room that was kept back", folder=str(folder))
        return _open(box, folder, stack)
    keep_reserve(folder)
    return stores


def _open(box: BoxSettings, folder: Path, stack: ExitStack) -> Stores:
    with ExitStack() as opened:

        def kept(store: S) -> S:
            return opened.enter_context(closing(store))

        configuration = kept(ConfigurationStore(folder / "configuration.db", box.node, cloud=box.in_cloud))
        records = kept(RecordStore(folder / "records.db"))
        stores = Stores(
            configuration=configuration,
            records=records,
            notes=kept(NoteStore(records)),
            wishes=kept(WishStore(records)),
            outages=kept(OutageStore(folder / "outages.db")),
            parcels=kept(ParcelStore(folder / "parcels.db")),
            pair_parcels=kept(ParcelStore(folder / "pair.db")),
            voicemail=kept(VoicemailStore(folder / "voicemail.db")),
            recordings=kept(RecordingStore(folder, folder / "voice", lambda: datetime.now(UTC))),
            contacts=kept(ContactStore(folder / "contacts.db")),
            sms=kept(SmsStore(folder / "sms.db")),
            phones=kept(PhoneStore(folder / "phones.db")),
        )
        stack.push(opened.pop_all())
        return stores
