"""Address books: a contact and its numbers, and the names by which callers are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import ContactId, ExtensionId

GLOBAL = ""
"""The owner of what is in the office's book."""


class NumberKind(StrEnum):
    """What a contact's number is."""

    WORK = "work"
    MOBILE = "mobile"
    HOME = "home"
    FAX = "fax"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNumber:
    """A number, E.164 where it is a public one."""

    number: str
    kind: NumberKind = NumberKind.WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody in an address book. ``owner``: whose book, an extension; empty: the office's."""

    id: ContactId
    owner: str
    name: str
    company: str = ""
    numbers: tuple[ContactNumber, ...] = ()
    emails: tuple[str, ...] = ()
    address: str = ""
    note: str = ""
    uid: str = ""
    """The id it has where it was imported from (UID of a vCard): importing again changes it."""
    changed: datetime

    @property
    def shown(self) -> str:
        """The name on a telephone."""
        return self.name or self.company


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Number → name, of the office's book and of each extension's own. Never changed, only replaced."""

    office: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[ExtensionId, Mapping[str, str]] = field(default_factory=dict)
    hidden_from: frozenset[ExtensionId] = frozenset()
    """Who does not see the office's book."""

    def of(self, number: str, extension: ExtensionId | None = None) -> str:
        """The name of a number, for an extension its own book first; empty when nobody knows it."""
        if not number:
            return ""
        own = self.own.get(extension) if extension is not None else None
        if own is not None and number in own:
            return own[number]
        return "" if extension in self.hidden_from else self.office.get(number, "")
