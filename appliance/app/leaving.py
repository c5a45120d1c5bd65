"""A person leaves: the extension goes with all that is theirs, and what is personal is deleted.

Documents that are theirs alone go in one change, or nothing does: what others still name (a number that rings
there) is refused with its place. Then voicemail, address book and, unless the office keeps them, recordings
are deleted, and the name is taken out of the journal, whose calls stay for the bill.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from appliance.control.configuration import shown_operation
from appliance.errors import ConfigError, NotFound
from appliance.model.decode import decode
from appliance.model.ids import ExtensionId, VoicemailBoxId
from appliance.model.messages import GREETINGS, MessageState
from appliance.store.edits import Change, Delete, Put

if TYPE_CHECKING:
    from appliance.app.core import Core
    from appliance.model.snapshot import Snapshot

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Removing:
    """Params of ``persons.remove``; ``extension`` by its number."""

    extension: str
    keep_recordings: bool = False
    dry_run: bool = False
    who: str = "control"


class Leaving:
    """``persons.remove``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def register(self) -> None:
        """Offer it."""
        self._core.server.register("persons.remove", self.remove, slow=True)

    def remove(self, params: Mapping[str, Any]) -> Any:
        """What goes; with ``dry_run`` only what would, and what stands in the way."""
        asked = decode(Removing, params, where="persons.remove")
        core = self._core
        snapshot = core.configuration.snapshot()
        extension = snapshot.extension_by_number.get(asked.extension)
        if extension is None:
            raise NotFound(f"there is no extension {asked.extension[:20]}", hint="see the list")
        changes = changes_for(snapshot, extension.id, frozenset(core.configuration.existing()))
        boxes = [one.id for one in changes if isinstance(one, Delete) and one.kind == "voicemail_box"]
        boxes = list(dict.fromkeys([*boxes, extension.id]))
        messages = [one for box in boxes for one in core.stores.voicemail.messages(VoicemailBoxId(box))]
        tapes = () if asked.keep_recordings else self._tapes(extension.id)
        contacts = core.stores.contacts.page(owners=[extension.id], limit=100_000)
        found: dict[str, Any] = {
            "documents": [f"{one.kind} {one.id}" for one in changes if isinstance(one, Delete)],
            "messages": len(messages),
            "recordings": len(tapes),
            "contacts": len(contacts),
            "calls": core.records.count_of(extension.number),
            "applied": False,
        }
        if asked.dry_run:
            return {**found, "problems": core.configuration.preview(changes, asked.who).problems}
        made = core.configuration.apply(changes, asked.who)
        for message in messages:
            core.voicemail.mark(message.message, MessageState.DELETED)
            core.voicemail.cabinet.file(message).unlink(missing_ok=True)
        core.stores.voicemail.remove(one.message for one in messages)
        for box in boxes:
            shutil.rmtree(core.voicemail.cabinet.folder / GREETINGS / box, ignore_errors=True)
        for tape in tapes:
            core.stores.recordings.delete(tape, asked.who, "left")
        core.stores.contacts.delete_of(extension.id)
        core.address_book.tell()
        core.records.flush(5)
        core.records.make_anonymous(extension.number)
        return {**found, "applied": True, "operations": [shown_operation(one)["id"] for one in made]}

    def _tapes(self, extension: ExtensionId) -> tuple[Any, ...]:
        found = self._core.stores.recordings.recordings(extension=extension, limit=10_000)
        return tuple(one.tape.tape for one in found)


def changes_for(
    snapshot: Snapshot, leaver: ExtensionId, existing: frozenset[tuple[str, str]]
) -> list[Change]:
    """The extension and every document that is nobody else's."""
    out: list[Change] = []

    def gone(kind: str, identity: str) -> None:
        out.append(Delete(kind=kind, id=identity))

    for account in snapshot.accounts.values():
        if account.extensions == (leaver,):
            if any(account.role == one for one in ("administrator", "extended_administrator")):
                raise ConfigError(
                    f"account {account.id} is an administrator's", field="extension",
                    hint="take the extension out of it, or delete it first",
                )  # fmt: skip
            gone("account", account.id)
        elif leaver in account.extensions:
            left = [one for one in account.extensions if one != leaver]
            out.append(Put(kind="account", id=account.id, fields={"extensions": left}))
    for group in snapshot.groups.values():
        if leaver in group.extensions:
            left = [one for one in group.extensions if one != leaver]
            out.append(Put(kind="permission_group", id=group.id, fields={"extensions": left}))
    for kind, documents in (
        ("device", snapshot.devices), ("mobile", snapshot.mobiles), ("dect_handset", snapshot.handsets),
    ):  # fmt: skip
        for identity, document in documents.items():
            if document.extension == leaver:
                gone(kind, str(identity))
    for box in snapshot.voicemail_boxes.values():
        if ("voicemail_box", str(box.id)) not in existing:
            continue
        if box.owners == (leaver,) or (not box.owners and str(box.id) == leaver):
            gone("voicemail_box", box.id)
        elif leaver in box.owners:
            left = [one for one in box.owners if one != leaver]
            out.append(Put(kind="voicemail_box", id=box.id, fields={"owners": left}))
    if leaver in snapshot.notifications:
        gone("notification", leaver)
    for wake_up in snapshot.features.wake_ups:
        if wake_up.extension == leaver:
            gone("wake_up", wake_up.id)
    gone("extension", leaver)
    return out
