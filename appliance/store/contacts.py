"""Address books on disk: contacts and an index of their numbers. Written at once, searched by any part."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.errors import ConfigError, NotFound
from appliance.model.contacts import Contact, ContactNumber, NumberKind
from appliance.model.ids import ContactId
from appliance.store.changes import Changed, changes, gone_at, log_of, note_gone
from appliance.store.database import GuardedDatabase, explained
from appliance.store.migrations import Schema, transaction
from appliance.store.record_rows import micros, time_of

SCHEMA = Schema(
    name="contacts",
    application_id=0x4F544E01,
    steps=(
        (
            """CREATE TABLE contacts (
                row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, sort TEXT NOT NULL,
                name TEXT NOT NULL, company TEXT NOT NULL, numbers TEXT NOT NULL, emails TEXT NOT NULL,
                address TEXT NOT NULL, note TEXT NOT NULL, uid TEXT NOT NULL, changed INTEGER NOT NULL,
                search TEXT NOT NULL
            )""",
            "CREATE INDEX contacts_sort ON contacts (sort, id)",
            "CREATE INDEX contacts_owner ON contacts (owner, sort, id)",
            "CREATE INDEX contacts_uid ON contacts (owner, uid) WHERE uid <> ''",
            """CREATE TABLE numbers (
                number TEXT NOT NULL, contact TEXT NOT NULL, PRIMARY KEY (number, contact)
            ) WITHOUT ROWID""",
            "CREATE INDEX numbers_contact ON numbers (contact)",
        ),
        log_of("contacts", "id"),
    ),
)
MAX_OF_OWNER = 20_000
_COLUMNS = "id, owner, name, company, numbers, emails, address, note, uid, changed"
_PAGE = f"""
    SELECT {_COLUMNS} FROM contacts
    WHERE (:owners IS NULL OR owner IN (SELECT value FROM json_each(:owners)))
      AND (:after IS NULL OR (sort, id) > (SELECT sort, id FROM contacts WHERE id = :after))
      AND (:words = '[]' OR NOT EXISTS
           (SELECT 1 FROM json_each(:words) WHERE instr(contacts.search, value) = 0))
    ORDER BY sort, id LIMIT :limit
"""  # noqa: S608 - made of constants alone


def folded(text: str) -> str:
    """Small letters without accents: what is searched in and sorted by."""
    flat = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in flat if not unicodedata.combining(one))


class ContactStore(GuardedDatabase):
    """All address books; for any thread; on disk when a method returns. Raises DeviceUnavailable."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA)

    def page(
        self,
        *,
        owners: Sequence[str] | None = None,
        query: str = "",
        after: str | None = None,
        limit: int = 100,
    ) -> tuple[Contact, ...]:
        """Contacts by name, of these owners (None: all), in which every word of ``query`` occurs."""
        words = [_digits(one) or folded(one) for one in query.split()]
        values = {
            "owners": None if owners is None else json.dumps(owners),
            "words": json.dumps(words),
            "after": after,
            "limit": limit,
        }
        with self._guard, explained(self.path):
            rows = self._database.connection.execute(_PAGE, values).fetchall()
        return tuple(_read(row) for row in rows)

    def get(self, contact: str) -> Contact:
        """One; raises NotFound."""
        with self._guard, explained(self.path):
            row = self._database.connection.execute(
                f"SELECT {_COLUMNS} FROM contacts WHERE id = ?",  # noqa: S608 - made of constants alone
                (contact,),
            ).fetchone()
        if row is None:
            raise NotFound(f"there is no contact {contact[:64]}", hint="'ctl contacts' shows them")
        return _read(row)

    def put(self, contacts: Iterable[Contact]) -> None:
        """Keep these, new or changed, all or none; raises ConfigError for more than a book holds."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            owners = set()
            for one in contacts:
                self._put(one)
                owners.add(one.owner)
            for owner in owners:
                count = self._database.connection.execute(
                    "SELECT count(*) FROM contacts WHERE owner = ?", (owner,)
                ).fetchone()[0]
                if count > MAX_OF_OWNER:
                    raise ConfigError(
                        f"an address book holds {MAX_OF_OWNER} contacts", field="numbers", hint="delete some"
                    )

    def same(self, contact: Contact) -> Contact | None:
        """The one in the same book that an import means: of the same UID, else of the same name."""
        by = "uid = ?" if contact.uid else "uid = '' AND name = ? AND company = ?"
        values = (contact.uid,) if contact.uid else (contact.name, contact.company)
        with self._guard, explained(self.path):
            row = self._database.connection.execute(
                f"SELECT {_COLUMNS} FROM contacts WHERE owner = ? AND {by} LIMIT 1",  # noqa: S608
                (contact.owner, *values),
            ).fetchone()
        return None if row is None else _read(row)

    def delete(self, contacts: Iterable[str]) -> int:
        """Delete these; how many there were."""
        ids = json.dumps(list(contacts))
        with self._guard, explained(self.path), transaction(self._database.connection):
            db = self._database.connection
            db.execute("DELETE FROM numbers WHERE contact IN (SELECT value FROM json_each(?))", (ids,))
            return db.execute(
                "DELETE FROM contacts WHERE id IN (SELECT value FROM json_each(?))", (ids,)
            ).rowcount

    def delete_of(self, owner: str) -> int:
        """Delete a whole book; how many there were."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            db = self._database.connection
            db.execute(
                "DELETE FROM numbers WHERE contact IN (SELECT id FROM contacts WHERE owner = ?)", (owner,)
            )
            return db.execute("DELETE FROM contacts WHERE owner = ?", (owner,)).rowcount

    # -- other nodes -------------------------------------------------------------------------------

    def changes(self, after: int, limit: int) -> tuple[Changed, ...]:
        """What was made, changed or deleted behind a place of the log."""
        with self._guard, explained(self.path):
            return changes(self._database.connection, "contacts", after, limit)

    def replicated(self, contact: Contact) -> bool:
        """Keep a contact of another node unless what is here is newer; whether it was kept."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            if micros(contact.changed) <= self._newest(contact.id):
                return False
            self._put(contact)
            return True

    def replicated_gone(self, identity: str, at: int) -> bool:
        """A contact was deleted elsewhere (microseconds since 1970): delete it unless it changed later."""
        with self._guard, explained(self.path), transaction(self._database.connection):
            if self._newest(identity) > at:
                return False
            db = self._database.connection
            db.execute("DELETE FROM numbers WHERE contact = ?", (identity,))
            db.execute("DELETE FROM contacts WHERE id = ?", (identity,))
            if gone_at(db, "contacts", identity) != at:
                note_gone(db, "contacts", identity, at)
            return True

    def _newest(self, identity: str) -> int:
        """When it was changed or deleted; 0: unknown."""
        db = self._database.connection
        row = db.execute("SELECT changed FROM contacts WHERE id = ?", (identity,)).fetchone()
        return int(row[0]) if row is not None else gone_at(db, "contacts", identity)

    # -- numbers -----------------------------------------------------------------------------------

    def of_numbers(
        self, numbers: Sequence[str], owners: Sequence[str] | None = None
    ) -> dict[str, tuple[Contact, ...]]:
        """Who has these numbers."""
        columns = ", ".join(f"contacts.{one.strip()}" for one in _COLUMNS.split(","))
        sql = (
            f"SELECT numbers.number, {columns} FROM numbers JOIN contacts ON contacts.id = numbers.contact"  # noqa: S608
            " WHERE numbers.number IN (SELECT value FROM json_each(?))"
            " AND (? IS NULL OR owner IN (SELECT value FROM json_each(?))) ORDER BY sort, contacts.id"
        )
        chosen = None if owners is None else json.dumps(owners)
        found: dict[str, tuple[Contact, ...]] = {}
        with self._guard, explained(self.path):
            for number, *row in self._database.connection.execute(sql, (json.dumps(numbers), chosen, chosen)):
                found[number] = (*found.get(number, ()), _read(row))
        return found

    def names(self) -> dict[str, dict[str, str]]:
        """Owner → number → name, of everybody."""
        found: dict[str, dict[str, str]] = {}
        with self._guard, explained(self.path):
            for owner, number, name, company in self._database.connection.execute(
                "SELECT owner, numbers.number, name, company FROM numbers"
                " JOIN contacts ON contacts.id = numbers.contact ORDER BY sort DESC, contacts.id DESC"
            ):
                found.setdefault(owner, {})[number] = name or company
        return found

    def _put(self, one: Contact) -> None:
        db = self._database.connection
        numbers = [number.number for number in one.numbers]
        search = folded(" ".join((one.name, one.company, *one.emails, one.address, one.note)))
        db.execute(
            "INSERT INTO contacts (id, owner, sort, name, company, numbers, emails, address, note, uid,"
            " changed, search) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, sort = excluded.sort,"
            " name = excluded.name, company = excluded.company, numbers = excluded.numbers,"
            " emails = excluded.emails, address = excluded.address, note = excluded.note,"
            " uid = excluded.uid, changed = excluded.changed, search = excluded.search",
            (
                one.id,
                one.owner,
                folded(one.shown),
                one.name,
                one.company,
                json.dumps([[number.number, number.kind.value] for number in one.numbers]),
                json.dumps(one.emails),
                one.address,
                one.note,
                one.uid,
                micros(one.changed),
                " ".join((search, *numbers)),
            ),
        )
        db.execute("DELETE FROM numbers WHERE contact = ?", (one.id,))
        db.executemany("INSERT OR IGNORE INTO numbers VALUES (?, ?)", [(n, one.id) for n in numbers])


def with_id(contact: Contact, identity: str) -> Contact:
    """The same under another id."""
    return replace(contact, id=ContactId(identity))


def _digits(word: str) -> str:
    """A part of a number as it is kept: leading zeros of national spelling are not."""
    bare = "".join(one for one in word if one.isdigit())
    only = all(one.isdigit() or one in "+-/().*#" for one in word)
    return bare.lstrip("0") if only and len(bare) >= 3 else ""


def _read(row: Sequence[Any]) -> Contact:
    return Contact(
        id=ContactId(row[0]),
        owner=row[1],
        name=row[2],
        company=row[3],
        numbers=tuple(ContactNumber(number=n, kind=NumberKind(kind)) for n, kind in json.loads(row[4])),
        emails=tuple(json.loads(row[5])),
        address=row[6],
        note=row[7],
        uid=row[8],
        changed=time_of(row[9]),
    )
