"""Address books in the core: numbers as people write them, and names for callers on the engine thread."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from appliance.control.contacts import ContactMethods
from appliance.errors import DeviceUnavailable
from appliance.model.contacts import GLOBAL, Names
from appliance.model.events import NamesChanged
from appliance.model.ids import ExtensionId
from appliance.model.snapshot import Snapshot
from appliance.model.tel import dialled_of
from appliance.routing.numbers import Dialling, clean, read_dialled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.app.core import Core
    from appliance.store.operations import Operation


def read_number(text: str, snapshot: Snapshot) -> str:
    """E.164 of what somebody wrote (``tel:`` links too); inside numbers and what is no number as they are."""
    digits = clean(dialled_of(text))
    if not digits:
        return text.strip()[:64]
    if digits in snapshot.extension_by_number:
        return digits
    site = Dialling.of(snapshot.site)
    outside = Dialling(country=site.country, area_code=site.area_code)
    public = read_dialled(digits, outside)
    return public.number if public is not None else digits


LIVE_S = 0.2
"""How long a change waits for call control to know it."""


class AddressBook:
    """Offers the methods, and keeps call control's names as the books are."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def register(self) -> None:
        """Offer ``contacts.*``; call control knows the names from now on."""
        core = self._core
        methods = ContactMethods(
            core.stores.contacts,
            core.configuration.snapshot,
            lambda text: read_number(text, core.configuration.snapshot()),
            self.tell,
        )
        methods.register(core.server)

    def tell(self) -> None:
        """Tell call control the names; after a change, on any thread but the engine's."""
        core = self._core
        event = NamesChanged(names=self.names())
        try:
            core.loop.ask(lambda: core.loop.handle(event), LIVE_S)
        except DeviceUnavailable:  # late: it is in the queue now, or the next change brings it
            with contextlib.suppress(DeviceUnavailable):
                core.loop.post(event)
        core.server.publish("contacts", {"changed": True})

    def names(self) -> Names:
        """As the books are now."""
        owners = self._core.stores.contacts.names()
        snapshot = self._core.configuration.snapshot()
        return Names(
            office=owners.pop(GLOBAL, {}),
            own={ExtensionId(owner): names for owner, names in owners.items()},
            hidden_from=frozenset(one.id for one in snapshot.extensions.values() if not one.global_contacts),
        )

    def configuration_changed(self, _snapshot: Snapshot, operations: Iterable[Operation]) -> None:
        """Names are hidden from others now, or an extension and its book are gone."""
        if any(one.kind == "extension" and one.field in (None, "global_contacts") for one in operations):
            self.tell()
