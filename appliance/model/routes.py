"""Which trunk carries which call: routes by destination and time, and what a call costs."""

from dataclasses import dataclass

from appliance.model.dialplan import Destination
from appliance.model.ids import RouteId, TrunkId
from appliance.model.patterns import check_patterns
from appliance.model.schedules import When
from appliance.model.validation import check_count, check_id, check_name, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a trunk charges for some destinations: kinds or patterns, any of which will do; neither: all."""

    per_minute: int
    """Hundredths of a cent, or of whatever the smallest coin is called: 150 is 1.5 cents."""
    per_call: int = 0
    """In the same unit, once for a call that is answered."""
    destinations: tuple[Destination, ...] = ()
    numbers: tuple[str, ...] = ()
    """Patterns of the E.164 or short number: ``+4915.``."""
    when: tuple[When, ...] = ()
    """Any of them will do; empty: at all times."""

    def __post_init__(self) -> None:
        check_patterns("numbers", self.numbers)
        check_count("when", self.when, 20)
        require(0 <= self.per_minute <= 10_000_000, "per_minute: out of range: 0 to 10000000")
        require(0 <= self.per_call <= 10_000_000, "per_call: out of range: 0 to 10000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The trunks for some destinations at some times. The first route that is for a call decides.

    Emergency calls know no routes: they have ``Site.emergency_trunks``.
    """

    id: RouteId
    name: str = ""
    order: int = 10
    """Lower is looked at first."""
    destinations: tuple[Destination, ...] = ()
    numbers: tuple[str, ...] = ()
    """Patterns of the E.164 or short number; neither patterns nor destinations: every call."""
    when: tuple[When, ...] = ()
    """Any of them will do; empty: at all times."""
    trunks: tuple[TrunkId, ...] = ()
    """In this order. Empty: all of them, by price and priority."""
    cheapest: bool = False
    """By price at this moment; what costs the same keeps its order."""
    only: bool = False
    """No other trunk is tried after these."""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_patterns("numbers", self.numbers)
        check_count("when", self.when, 20)
        check_count("trunks", self.trunks, 50)
        require(len(set(self.trunks)) == len(self.trunks), "trunks: one is named twice: take it out once")
        require(0 <= self.order <= 1000, "order: out of range: 0 to 1000")
        require(self.trunks or not self.only, "trunks: is empty: say which are the only ones")
