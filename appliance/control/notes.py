"""The ``notes.*`` methods: what people write on calls, kept with the records and sent to whom they say."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from appliance.control.records import FLUSH_SECONDS
from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound
from appliance.model.decode import decode
from appliance.model.ids import CallId, NoteId
from appliance.model.languages import Language
from appliance.model.notes import CallNote, check_recipients
from appliance.model.validation import check_page
from appliance.notify.notifier import Notifier
from appliance.store.notes import MAX_PAGE, NoteStore
from appliance.store.records import RecordedCall, RecordStore

_TICK = timedelta(microseconds=1)
"""A change is later than what it changes, whatever the clocks of two nodes say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """Params of ``notes.add``; ``emails``: who gets it by mail, in ``language`` (None: the site's)."""

    call: str
    text: str
    author: str
    reference: str = ""
    emails: tuple[str, ...] = ()
    language: Language | None = None

    def __post_init__(self) -> None:
        check_recipients("emails", self.emails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """Params of ``notes.change``: what is not given stays as it is."""

    note: str
    text: str | None = None
    author: str | None = None
    reference: str | None = None
    emails: tuple[str, ...] = ()
    language: Language | None = None

    def __post_init__(self) -> None:
        check_recipients("emails", self.emails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Params of ``notes.list``; see :meth:`appliance.store.notes.NoteStore.notes`."""

    call: str | None = None
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        check_page(self.since, self.until, self.limit, MAX_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNote:
    """Params of ``notes.delete``."""

    note: str


class NoteMethods:
    """Binds the notes, the records they belong to and the mails they may become to a server."""

    def __init__(self, notes: NoteStore, records: RecordStore, notifier: Notifier) -> None:
        self._notes = notes
        self._records = records
        self._notifier = notifier

    def register(self, server: ControlServer) -> None:
        """Offer every ``notes.*`` method."""
        server.register("notes.add", self.add, slow=True)
        server.register("notes.change", self.change, slow=True)
        server.register("notes.delete", self.delete, slow=True)
        server.register("notes.list", self.list, slow=True)

    def add(self, params: Mapping[str, Any]) -> object:
        """Write a note on a call, running or over; the note."""
        asked = decode(Adding, params, where="notes.add")
        self._records.flush(FLUSH_SECONDS)
        try:
            of = self._records.call(CallId(asked.call))
        except NotFound as error:
            raise ConfigError(
                error.message, error_id="notes.no_call", hint=error.hint, field="call"
            ) from None
        note = _checked(
            {
                "note": secrets.token_hex(8),
                "call": of.call.call,
                "author": asked.author,
                "text": asked.text,
                "reference": asked.reference,
                "written": self._notes.now(),
            }
        )
        return self._keep(note, of, asked.emails, asked.language)

    def change(self, params: Mapping[str, Any]) -> object:
        """Change what is given of a note, send it (again) to ``emails``; the note as it is then."""
        asked = decode(Changing, params, where="notes.change")
        before = self._notes.note(NoteId(asked.note))
        given = {
            name: value
            for name in ("text", "author", "reference")
            if (value := getattr(asked, name)) is not None and value != getattr(before, name)
        }
        note = before
        if given:
            fields = {name: getattr(before, name) for name in ("note", "call", "author", "text", "reference")}
            fields |= {
                "written": before.written,
                "mailed": before.mailed,
                "changed": max(self._notes.now(), (before.changed or before.written) + _TICK),
            }
            note = _checked({**fields, **given})
        of = self._records.call(note.call) if asked.emails else None
        return self._keep(note, of, asked.emails, asked.language)

    def delete(self, params: Mapping[str, Any]) -> object:
        """Delete a note for good; ``{"deleted"}``."""
        asked = decode(OfNote, params, where="notes.delete")
        self._notes.delete(NoteId(asked.note))
        return {"deleted": asked.note}

    def list(self, params: Mapping[str, Any]) -> object:
        """Notes, the newest first."""
        asked = decode(Listing, params, where="notes.list")
        call = None if asked.call is None else CallId(asked.call)
        return self._notes.notes(
            call, reference=asked.reference, since=asked.since, until=asked.until, limit=asked.limit
        )

    def _keep(
        self, note: CallNote, of: RecordedCall | None, emails: tuple[str, ...], language: Language | None
    ) -> CallNote:
        """Write the note, then have it sent: a note is never lost for the sake of a mail."""
        if not emails or of is None:
            self._notes.put(note)
            return note
        self._notifier.check_relay("emails")
        mailed = dict.fromkeys((*note.mailed, *emails))
        note = replace(note, mailed=tuple(mailed))
        self._notes.put(note)
        self._notifier.note(note, of.call, emails, language)
        return note


def _checked(values: dict[str, object]) -> CallNote:
    """A note of these values; raises ConfigError that names the field."""
    return decode(CallNote, values, where="note")


def register_notes(server: ControlServer, notes: NoteStore, records: RecordStore, notifier: Notifier) -> None:
    """Offer every ``notes.*`` method."""
    NoteMethods(notes, records, notifier).register(server)
