"""Limits against fraud: how much an extension or a trunk may call outside. Emergency calls know none."""

from dataclasses import dataclass

from appliance.model.ids import ExtensionId, LimitId, TrunkId
from appliance.model.validation import check_count, check_id, check_name, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What each of these may do by itself on one day of the site's clock; 0: as much as one likes.

    Without extensions and trunks it is for each extension that no other limit names.
    """

    id: LimitId
    name: str = ""
    extensions: tuple[ExtensionId, ...] = ()
    trunks: tuple[TrunkId, ...] = ()
    calls_at_once: int = 0
    """Outside calls at the same time."""
    calls_per_day: int = 0
    """Outside calls, answered or not."""
    minutes_per_day: int = 0
    foreign_minutes_per_day: int = 0
    """To other countries and to premium numbers."""
    cost_per_day: int = 0
    """By the rates of the trunks, in hundredths of a cent."""
    warn_percent: int = 80
    """An alarm is raised at this part of a daily limit, and another when it is reached."""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_count("extensions", self.extensions, 500)
        check_count("trunks", self.trunks, 50)
        most = {
            "calls_at_once": 1000,
            "calls_per_day": 100_000,
            "minutes_per_day": 100_000,
            "foreign_minutes_per_day": 100_000,
            "cost_per_day": 1_000_000_000,
        }
        for field, largest in most.items():
            require(0 <= getattr(self, field) <= largest, f"{field}: out of range: 0 (no limit) to {largest}")
        require(any(getattr(self, field) for field in most), "calls_at_once: nothing is limited: set a limit")
        require(10 <= self.warn_percent <= 100, "warn_percent: out of range: 10 to 100")
