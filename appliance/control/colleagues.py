"""``colleagues.list``: everybody inside, as one sees them when choosing whom to call or to forward to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.decode import Nothing, decode
from appliance.model.ids import ExtensionId
from appliance.model.parties import Party, PartyState
from appliance.model.selection import Status
from appliance.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody inside. ``call``: what the telephone does; None: nothing."""

    extension: ExtensionId
    number: str
    name: str
    status: Status
    status_text: str
    call: PartyState | None = None


def colleagues(snapshot: Snapshot, parties: tuple[Party, ...]) -> list[Colleague]:
    """Everybody by number; of several calls the one in conversation counts."""
    doing: dict[ExtensionId, PartyState] = {}
    for party in parties:
        if party.state is not PartyState.ENDED and doing.get(party.extension) is not PartyState.TALKING:
            doing[party.extension] = party.state
    return [
        Colleague(
            extension=one.id,
            number=one.number,
            name=one.name,
            status=one.status,
            status_text=one.status_text,
            call=doing.get(one.id),
        )
        for one in sorted(snapshot.extensions.values(), key=lambda one: (len(one.number), one.number))
    ]


def register_colleagues(
    server: ControlServer, snapshot: Callable[[], Snapshot], parties: Callable[[], tuple[Party, ...]]
) -> None:
    """Offer ``colleagues.list``; ``parties`` asks the engine thread."""

    def listed(params: Mapping[str, Any]) -> object:
        decode(Nothing, params, where="colleagues.list")
        return colleagues(snapshot(), parties())

    server.register("colleagues.list", listed, slow=True)
