"""The registered contacts as the edge last told them; safe from any thread."""

import threading

from appliance.sip.edge.events import Aor, Contact


class ContactBook:
    """Contacts by extension; a change of one extension tells who came and who went."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contacts: dict[Aor, tuple[Contact, ...]] = {}

    def of(self, aor: Aor) -> tuple[Contact, ...]:
        """The contacts of one extension."""
        with self._lock:
            return self._contacts.get(aor, ())

    def all(self) -> tuple[Contact, ...]:
        """Every contact."""
        with self._lock:
            return tuple(contact for group in self._contacts.values() for contact in group)

    def fill(self, contacts: tuple[Contact, ...]) -> None:
        """These and no others."""
        grouped: dict[Aor, list[Contact]] = {}
        for contact in contacts:
            grouped.setdefault(contact.aor, []).append(contact)
        with self._lock:
            self._contacts = {aor: tuple(group) for aor, group in grouped.items()}

    def replace(
        self, aor: Aor, contacts: tuple[Contact, ...]
    ) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
        """One extension's contacts; those that went and those that came, refreshes in neither."""
        with self._lock:
            before = self._contacts.pop(aor, ())
            if contacts:
                self._contacts[aor] = contacts
        old, new = {contact.key for contact in before}, {contact.key for contact in contacts}
        return (
            tuple(contact for contact in before if contact.key not in new),
            tuple(contact for contact in contacts if contact.key not in old),
        )
