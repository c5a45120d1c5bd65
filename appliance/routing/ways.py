"""In which order the trunks are tried: by route, price and priority, those that are down last."""

from collections.abc import Iterable

from appliance.model.documents import Destination, Rate, Route, Trunk
from appliance.model.ids import TrunkId
from appliance.model.patterns import first_match
from appliance.routing.destinations import destination_of
from appliance.routing.draft import Draft


def ways_out(draft: Draft, number: str) -> list[Trunk]:
    """The enabled trunks for a public number, the one to be tried first in front."""
    snapshot = draft.snapshot
    usable = _enabled(draft, snapshot.trunks_by_priority)
    destination = destination_of(number, draft.dialling)
    route = _route(draft, number, destination)
    if route is not None:
        draft.because("route.chosen", route=route.name or route.id)
        first = _named(route.trunks, usable) if route.trunks else list(usable)
        if route.cheapest:
            prices = {trunk.id: _price(draft, trunk, number, destination) for trunk in first}
            first.sort(key=lambda trunk: prices[trunk.id])
            for trunk in first:
                draft.because("route.price", trunk=trunk.id, price=_said(prices[trunk.id]))
        rest = [] if route.only else [trunk for trunk in usable if trunk not in first]
        usable = [*first, *rest]
    return _down_last(draft, usable)


def emergency_ways(draft: Draft) -> list[Trunk]:
    """Every enabled trunk, in the order of the site; no route and no price counts."""
    snapshot = draft.snapshot
    usable = _enabled(draft, snapshot.trunks_by_priority)
    first = _named(snapshot.site.emergency_trunks, usable)
    return _down_last(draft, [*first, *(trunk for trunk in usable if trunk not in first)])


def rate_for(trunk: Trunk, number: str, destination: Destination, draft: Draft) -> Rate | None:
    """The trunk's rate for a number at this moment; None: it costs nothing."""
    for rate in trunk.rates:
        if _fits(rate.destinations, rate.numbers, number, destination) and draft.holds(rate.when):
            return rate
    return None


def _enabled(draft: Draft, trunks: Iterable[Trunk]) -> list[Trunk]:
    usable = []
    for trunk in trunks:
        if trunk.enabled:
            usable.append(trunk)
        else:
            draft.because("trunk.disabled", trunk=trunk.id)
    return usable


def _named(wanted: Iterable[TrunkId], usable: list[Trunk]) -> list[Trunk]:
    by_id = {trunk.id: trunk for trunk in usable}
    return [by_id[one] for one in wanted if one in by_id]


def _route(draft: Draft, number: str, destination: Destination) -> Route | None:
    for route in draft.snapshot.routes_by_order:
        if _fits(route.destinations, route.numbers, number, destination) and draft.holds(route.when):
            return route
    return None


def _fits(
    destinations: tuple[Destination, ...], numbers: tuple[str, ...], number: str, destination: Destination
) -> bool:
    if not destinations and not numbers:
        return True
    return destination in destinations or first_match(numbers, number) is not None


def _price(draft: Draft, trunk: Trunk, number: str, destination: Destination) -> tuple[int, int]:
    rate = rate_for(trunk, number, destination, draft)
    return (rate.per_minute, rate.per_call) if rate is not None else (0, 0)


def _said(price: tuple[int, int]) -> str:
    return f"{price[0] / 100:g}" + (f" + {price[1] / 100:g}" if price[1] else "")


def _down_last(draft: Draft, trunks: list[Trunk]) -> list[Trunk]:
    down = draft.request.conditions.down
    for trunk in trunks:
        if trunk.id in down:
            draft.because("trunk.down", trunk=trunk.id)
    return [trunk for trunk in trunks if trunk.id not in down] + [
        trunk for trunk in trunks if trunk.id in down
    ]
