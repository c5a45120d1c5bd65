"""The databases of a box: opened before anything is taken that could not be kept."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
        configuration = ConfigurationStore(folder / "configuration.db", box.node, cloud=box.in_cloud)
        opened.callback(configuration.close)
        records = RecordStore(folder / "records.db")
        opened.callback(records.close)
        notes = NoteStore(records)
        opened.callback(notes.close)
        wishes = WishStore(records)
        opened.callback(wishes.close)
        outages = OutageStore(folder / "outages.db")
        opened.callback(outages.close)
        parcels = ParcelStore(folder / "parcels.db")
        opened.callback(parcels.close)
        pair_parcels = ParcelStore(folder / "pair.db")
        opened.callback(pair_parcels.close)
        voicemail = VoicemailStore(folder / "voicemail.db")
        opened.callback(voicemail.close)
        recordings = RecordingStore(folder, folder / "voice", lambda: datetime.now(UTC))
        opened.callback(recordings.close)
        contacts = ContactStore(folder / "contacts.db")
        opened.callback(contacts.close)
        sms = SmsStore(folder / "sms.db")
        opened.callback(sms.close)
        phones = PhoneStore(folder / "phones.db")
        opened.callback(phones.close)
        stack.push(opened.pop_all())
        return Stores(
            configuration=configuration,
            records=records,
            notes=notes,
            wishes=wishes,
            outages=outages,
            parcels=parcels,
            pair_parcels=pair_parcels,
            voicemail=voicemail,
            recordings=recordings,
            contacts=contacts,
            sms=sms,
            phones=phones,
        )
