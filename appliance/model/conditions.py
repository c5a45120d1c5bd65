"""What routing must know of the moment that no document says: ways out that are down, the internet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.model.ids import E164, DeviceId, TrunkId
from appliance.model.instances import ALONE, Elsewhere


class Internet(StrEnum):
    """How the box is connected to the world."""

    ONLINE = "online"
    DEGRADED = "degraded"
    """Something is missing, but calls go out: a provider, the name servers, or the cloud."""
    CUT_OFF = "cut_off"
    """Nothing outside is reached over the internet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The state of the world outside; the default is a good day."""

    internet: Internet = Internet.ONLINE
    down: frozenset[TrunkId] = frozenset()
    """Trunks that cannot take a call as far as is known; they are tried last, never left out."""
    places: Mapping[DeviceId, E164] = field(default_factory=dict)
    """Shown on emergency calls by carried telephones: the number of the place where each is."""
    elsewhere: Elsewhere = ALONE
    """Other instances of the office."""


GOOD_DAY = Conditions()
