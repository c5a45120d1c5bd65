"""The ``numbers.week`` method: which scenario of public numbers holds when, also of one being drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound
from appliance.model.decode import decode, encode
from appliance.model.distributions import MAX_SCENARIOS, Number, Scenario
from appliance.model.ids import E164, NumberId
from appliance.model.snapshot import Snapshot
from appliance.model.validation import check_count, require
from appliance.routing.imagine import supposing
from appliance.routing.wall_clock import WallClock
from appliance.routing.week import days_of, scenario_at

_NOBODY = Number(id=NumberId("new"), number=E164("+4930000000"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Params of ``numbers.week``: a number by its id, or all; ``first`` is ``2026-12-24``, empty: today.

    ``scenarios`` and ``override`` stand in place of the number's own while it is drawn (``id`` may then be
    empty: a new one); ``switches`` are supposed to be on or off.
    """

    id: str = ""
    first: str = ""
    days: int = 7
    scenarios: tuple[Scenario, ...] | None = None
    override: str | None = None
    switches: dict[str, bool] | None = None

    def __post_init__(self) -> None:
        require(1 <= self.days <= 31, "days: out of range: 1 to 31")
        check_count("scenarios", self.scenarios or (), MAX_SCENARIOS)
        try:
            date.fromisoformat(self.first or "2026-01-01")
        except ValueError:
            raise ValueError(
                f"first: '{self.first[:20]}' is not a date: write for example 2026-12-24"
            ) from None


class WeekMethods:
    """Binds the configuration in force to a server."""

    def __init__(self, snapshot: Callable[[], Snapshot], now: Callable[[], datetime]) -> None:
        self._snapshot = snapshot
        self._now = now

    def register(self, server: ControlServer) -> None:
        """Offer ``numbers.week``."""
        server.register("numbers.week", self.week, slow=True)

    def week(self, params: Mapping[str, Any]) -> object:
        """``{"now": {"date", "clock"}, "numbers": [{"id", "now", "days": [DayShown]}]}``.

        ``now`` of a number is the scenario that holds at this moment.
        """
        asked = decode(Drawing, params, where="numbers.week")
        snapshot = supposing(self._snapshot(), switches=asked.switches)
        clock = WallClock.at(self._now(), snapshot.site)
        first = date.fromisoformat(asked.first) if asked.first else clock.today.date
        shown = [
            {
                "id": one.id,
                "now": scenario_at(one, clock, snapshot.switches_on),
                "days": [encode(day) for day in days_of(one, snapshot, first, asked.days)],
            }
            for one in _numbers(asked, snapshot)
        ]
        return {"now": {"date": clock.today.iso, "clock": clock.clock}, "numbers": shown}


def _numbers(asked: Drawing, snapshot: Snapshot) -> tuple[Number, ...]:
    drawn = asked.scenarios is not None or asked.override is not None
    if not asked.id and not drawn:
        return tuple(snapshot.numbers.values())
    found = snapshot.numbers.get(NumberId(asked.id)) if asked.id else _NOBODY
    if found is None:
        raise NotFound(f"there is no number {asked.id[:80]}", hint="see the list")
    try:
        if asked.scenarios is not None:
            found = replace(found, scenarios=asked.scenarios)
        return (found if asked.override is None else replace(found, override=asked.override),)
    except ValueError as error:  # what no number's document may be
        raise ConfigError(str(error), field=str(error).partition(":")[0], hint="correct it") from None


def register_weeks(
    server: ControlServer, snapshot: Callable[[], Snapshot], now: Callable[[], datetime] | None = None
) -> None:
    """Offer ``numbers.week``."""
    WeekMethods(snapshot, now or (lambda: datetime.now(UTC))).register(server)
