"""The ``contacts.*`` methods: address books of the office and of each extension, and who a number is."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound, Problem
from appliance.model.contacts import GLOBAL, Contact, ContactNumber
from appliance.model.decode import decode
from appliance.model.ids import ContactId
from appliance.model.snapshot import Snapshot
from appliance.store.contact_files import Card, cards_of_table, cards_of_vcards, table, vcards
from appliance.store.contacts import MAX_OF_OWNER, ContactStore

OFFICE = "global"
"""What the office's book is called; others are called by the number of their extension."""
MAX_NUMBERS, MAX_EMAILS = 20, 10
MAX_LOOK_UPS = 500
MAX_ROWS, MAX_PROBLEMS = 1000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Params of ``contacts.list``; ``books``: numbers of extensions and ``global``; none: every book."""

    query: str = ""
    books: tuple[str, ...] = ()
    after: str | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 1000:
            raise ValueError("limit: out of range: 1 to 1000")
        if len(self.query) > 100:
            raise ValueError("query: is too long: 100 characters at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfContact:
    """One contact by its id."""

    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Putting:
    """A contact; without ``contact`` a new one. ``book``: ``global`` or the number of an extension."""

    book: str
    contact: str = ""
    name: str = ""
    company: str = ""
    numbers: tuple[ContactNumber, ...] = ()
    emails: tuple[str, ...] = ()
    address: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        check_fields(self.name, self.company, self.numbers, self.emails, self.address, self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportingContacts:
    """``text``: the file; ``format``: csv or vcard, empty: found out. ``replace`` empties the book first.

    ``rows``: the answer says of the first thousand contacts what becomes of each.
    """

    book: str
    text: str
    format: str = ""
    replace: bool = False
    dry_run: bool = False
    rows: bool = False

    def __post_init__(self) -> None:
        if self.format not in ("", "csv", "vcard"):
            raise ValueError("format: is unknown: csv or vcard")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportingContacts:
    """Which book, in which format: csv or vcard."""

    book: str = OFFICE
    format: str = "vcard"

    def __post_init__(self) -> None:
        if self.format not in ("csv", "vcard"):
            raise ValueError("format: is unknown: csv or vcard")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingUp:
    """Params of ``contacts.lookup``: numbers as somebody wrote or dialled them, ``tel:`` links too."""

    numbers: tuple[str, ...]
    books: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.numbers) <= MAX_LOOK_UPS:
            raise ValueError(f"numbers: out of range: 1 to {MAX_LOOK_UPS}")


def check_fields(
    name: str,
    company: str,
    numbers: tuple[ContactNumber, ...],
    emails: tuple[str, ...],
    address: str,
    note: str,
) -> None:
    """Raise ValueError for what no contact is."""
    if not (name.strip() or company.strip()):
        raise ValueError("name: is missing: a name or a company")
    for field, text, longest in (
        ("name", name, 120), ("company", company, 120), ("address", address, 300), ("note", note, 2000),
    ):  # fmt: skip
        if len(text) > longest:
            raise ValueError(f"{field}: is too long: {longest} characters at most")
        if any(ord(one) < 32 and one not in "\n\t" for one in text):
            raise ValueError(f"{field}: has control characters: leave them out")
    if len(numbers) > MAX_NUMBERS or any(not 0 < len(one.number) <= 64 for one in numbers):
        raise ValueError(f"numbers: {MAX_NUMBERS} at most, of up to 64 characters: shorten them")
    if len(emails) > MAX_EMAILS or any("@" not in one or len(one) > 254 for one in emails):
        raise ValueError(f"emails: {MAX_EMAILS} at most, each with an @: correct them")


class ContactMethods:
    """Binds the address books to a server."""

    def __init__(
        self,
        store: ContactStore,
        snapshot: Callable[[], Snapshot],
        read_number: Callable[[str], str],
        changed: Callable[[], None],
    ) -> None:
        """``read_number`` makes E.164 of what somebody wrote; ``changed`` is called after each change."""
        self._store = store
        self._snapshot = snapshot
        self._read_number = read_number
        self._changed = changed

    def register(self, server: ControlServer) -> None:
        """Offer every ``contacts.*`` method."""
        server.register("contacts.list", self.list, slow=True)
        server.register("contacts.get", self.get, slow=True)
        server.register("contacts.put", self.put, slow=True)
        server.register("contacts.delete", self.delete, slow=True)
        server.register("contacts.import", self.import_, slow=True)
        server.register("contacts.export", self.export, slow=True)
        server.register("contacts.lookup", self.look_up, slow=True)

    def list(self, params: Mapping[str, Any]) -> object:
        """Contacts by name; the next page: ``after`` the last one."""
        asked = decode(Listing, params, where="contacts.list")
        owners = [self._owner(one) for one in asked.books] if asked.books else None
        found = self._store.page(owners=owners, query=asked.query, after=asked.after, limit=asked.limit)
        return [self._shown(one) for one in found]

    def get(self, params: Mapping[str, Any]) -> object:
        """One contact."""
        return self._shown(self._store.get(decode(OfContact, params, where="contacts.get").contact))

    def put(self, params: Mapping[str, Any]) -> object:
        """Make or change a contact; the contact as it is kept."""
        asked = decode(Putting, params, where="contacts.put")
        before = self._store.get(asked.contact) if asked.contact else None
        card = Card(
            name=asked.name.strip(),
            company=asked.company.strip(),
            numbers=asked.numbers,
            emails=asked.emails,
            address=asked.address,
            note=asked.note,
            uid=before.uid if before is not None else "",
        )
        made = self._contact(card, self._owner(asked.book), asked.contact)
        if before is not None:
            made = _later(made, before)
        self._store.put([made])
        self._changed()
        return self._shown(made)

    def delete(self, params: Mapping[str, Any]) -> object:
        """Delete a contact for good."""
        asked = decode(OfContact, params, where="contacts.delete")
        if not self._store.delete([asked.contact]):
            raise NotFound(f"there is no contact {asked.contact[:64]}", hint="GET /contacts lists them")
        self._changed()
        return {"deleted": asked.contact}

    def import_(self, params: Mapping[str, Any]) -> object:
        """All contacts of a file or none: ``{"made", "changed", "deleted", "applied", "problems"}``.

        Asked for ``rows``, also ``"rows": [{"row", "where", "name", "numbers", "action"}]``; the action is
        create, change or error.
        """
        asked = decode(ImportingContacts, params, where="contacts.import")
        owner = self._owner(asked.book)
        is_vcard = asked.format == "vcard" or (
            not asked.format and asked.text.lstrip("\ufeff \r\n\t")[:11].upper() == "BEGIN:VCARD"
        )
        cards = cards_of_vcards(asked.text) if is_vcard else cards_of_table(asked.text)
        problems: list[Problem] = []
        rows: list[dict[str, object]] = []
        made: dict[str, Contact] = {}
        known: set[str] = set()
        for position, card in enumerate(cards, start=1):
            wrong = _problem(position, card)
            action = "error"
            if wrong is not None:
                problems.append(wrong)
            else:
                contact = self._contact(card, owner, "")
                same = None if asked.replace else self._store.same(contact)
                action = "create" if same is None else "change"
                if same is None:
                    made[contact.id] = contact
                else:
                    known.add(same.id)
                    made[same.id] = replace(_later(contact, same), id=same.id)
            if asked.rows and position <= MAX_ROWS:
                rows.append(
                    {
                        "row": position, "where": _where(position, card),
                        "name": (card.name or card.company)[:120],
                        "numbers": [one.number[:64] for one in card.numbers[:MAX_NUMBERS]], "action": action,
                    }
                )  # fmt: skip
        if len(cards) > MAX_OF_OWNER:
            problems.append(
                Problem(where="file", field="text", message="has too many contacts", remedy="split it")
            )
        if problems and not asked.dry_run:
            raise ConfigError.of(problems[:MAX_PROBLEMS])
        if problems:
            made, known = {}, set()
        gone = 0
        if not asked.dry_run:
            if asked.replace:
                gone = self._store.delete_of(owner)
            self._store.put(made.values())
            self._changed()
        return {
            "made": len(made) - len(known), "changed": len(known), "deleted": gone,
            "applied": not asked.dry_run, "problems": problems[:MAX_PROBLEMS],
            **({"rows": rows} if asked.rows else {}),
        }  # fmt: skip

    def export(self, params: Mapping[str, Any]) -> object:
        """A whole book as one text."""
        asked = decode(ExportingContacts, params, where="contacts.export")
        found = self._store.page(owners=[self._owner(asked.book)], limit=MAX_OF_OWNER)
        if asked.format == "vcard":
            return vcards(found)
        return table(found, german=self._snapshot().site.language.value == "de")

    def look_up(self, params: Mapping[str, Any]) -> object:
        """Who has these numbers: for each the number as it is dialled, name, contact, company."""
        asked = decode(LookingUp, params, where="contacts.lookup")
        owners = [self._owner(one) for one in asked.books] if asked.books else None
        read = {one: self._read_number(one[:200]) for one in asked.numbers}
        known = self._store.of_numbers(list(set(read.values())), owners)
        snapshot = self._snapshot()
        out = []
        for written, number in read.items():
            extension = snapshot.extension_by_number.get(number)
            contacts = sorted(known.get(number, ()), key=lambda one: one.owner == GLOBAL)
            first = contacts[0] if contacts else None
            out.append(
                {
                    "asked": written,
                    "number": number,
                    "extension": extension.id if extension is not None else None,
                    "name": extension.name if extension is not None else first.shown if first else "",
                    "company": first.company if first is not None else "",
                    "contacts": [self._shown(one) for one in contacts],
                }
            )
        return out

    def _contact(self, card: Card, owner: str, identity: str) -> Contact:
        numbers = {
            self._read_number(one.number): one.kind for one in reversed(card.numbers) if one.number.strip()
        }
        return Contact(
            id=ContactId(identity or secrets.token_hex(8)),
            owner=owner,
            name=card.name[:120],
            company=card.company[:120],
            numbers=tuple(
                ContactNumber(number=number, kind=kind) for number, kind in reversed(numbers.items())
            ),
            emails=tuple(dict.fromkeys(card.emails)),
            address=card.address,
            note=card.note,
            uid=card.uid,
            changed=datetime.now(UTC),
        )

    def _owner(self, book: str) -> str:
        """The owner of a book: ``global``, or the number of an extension."""
        if book == OFFICE:
            return GLOBAL
        extension = self._snapshot().extension_by_number.get(book)
        if extension is None:
            raise NotFound(f"there is no address book '{book[:40]}'", hint="global, or an extension's number")
        return extension.id

    def _shown(self, contact: Contact) -> dict[str, Any]:
        owner = self._snapshot().extensions.get(contact.owner)  # type: ignore[call-overload]
        return {
            "id": contact.id,
            "book": OFFICE if contact.owner == GLOBAL else owner.number if owner is not None else "?",
            "name": contact.name,
            "company": contact.company,
            "numbers": [{"number": one.number, "kind": one.kind} for one in contact.numbers],
            "emails": contact.emails,
            "address": contact.address,
            "note": contact.note,
            "changed": contact.changed,
        }


def _later(made: Contact, before: Contact) -> Contact:
    """A change is later than what it changes, whatever the clocks of two nodes say."""
    return replace(made, changed=max(made.changed, before.changed + timedelta(microseconds=1)))


def _where(position: int, card: Card) -> str:
    return f"contact {position} ({card.name[:40] or card.company[:40]})"


def _problem(position: int, card: Card) -> Problem | None:
    try:
        check_fields(card.name, card.company, card.numbers, card.emails, card.address, card.note)
    except ValueError as error:
        field, message, *remedy = (*str(error).split(": "), "")
        return Problem(where=_where(position, card), field=field, message=message, remedy=remedy[0])
    return None
