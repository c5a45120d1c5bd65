"""The directory that phones show: colleagues, short numbers, the office's address book and one's own."""

from appliance.model.contacts import GLOBAL, NumberKind
from appliance.model.ids import ExtensionId
from appliance.model.snapshot import Snapshot
from appliance.provisioning.directory import Entry, find
from appliance.store.contacts import ContactStore

MAX_CONTACTS = 500
_KINDS = {NumberKind.MOBILE: "mobile", NumberKind.HOME: "home"}


class Names:
    """Searches; on worker threads."""

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts
        self._office: tuple[int, tuple[Entry, ...]] = (-1, ())

    def search(self, snapshot: Snapshot, owner: ExtensionId | None, words: str) -> tuple[Entry, ...]:
        """What fits, by name. ``owner``: whose phone it is; his book is searched, too."""
        extension = snapshot.extensions.get(owner) if owner is not None else None
        books = [GLOBAL] if extension is None or extension.global_contacts else []
        books += [str(owner)] if owner is not None else []
        contacts = self._contacts.page(owners=books, query=words, limit=MAX_CONTACTS)
        found = [
            Entry(name=one.shown, number=number.number, kind=_KINDS.get(number.kind, "office"))
            for one in contacts
            for number in one.numbers
            if number.kind is not NumberKind.FAX
        ]
        return tuple(
            sorted(
                (*find(self._colleagues(snapshot), words), *found),
                key=lambda one: (one.name.casefold(), one.number),
            )
        )

    def _colleagues(self, snapshot: Snapshot) -> tuple[Entry, ...]:
        revision, entries = self._office
        if revision != snapshot.revision:
            extensions, speed_dials = snapshot.extensions.values(), snapshot.features.speed_dials.values()
            entries = (
                *(Entry(name=one.name or one.number, number=one.number) for one in extensions),
                *(Entry(name=one.name or one.dial, number=one.number) for one in speed_dials),
            )
            self._office = (snapshot.revision, entries)
        return entries
