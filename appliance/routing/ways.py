"""In which order the trunks are tried: by route, price and priority, those that are down last."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime

from appliance.model.conditions import Conditions, Internet
from appliance.model.documents import Destination, Route, Trunk, TrunkKind
from appliance.model.ids import TrunkId
from appliance.model.patterns import first_match
from appliance.model.snapshot import Snapshot
from appliance.routing.destinations import destination_of
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import trunk_elsewhere
from appliance.routing.numbers import Dialling
from appliance.routing.wall_clock import WallClock

_INSIDE = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Private, link-local and loop-back addresses (RFC 1918, RFC 3927, RFC 4193, RFC 4291)."""


def ways_out(draft: Draft, number: str) -> list[Trunk]:
    """The enabled trunks for a public number, the one to be tried first in front."""
    snapshot = draft.snapshot
    usable = _enabled(draft, snapshot.trunks_by_priority, elsewhere=True)
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


def cost_of(snapshot: Snapshot, trunk: Trunk, number: str, at: datetime, seconds: int) -> int:
    """What an answered call cost, by the rate in force when it began, every minute begun in full.

    In hundredths of a cent.
    """
    clock = WallClock.at(at, snapshot.site)
    destination = destination_of(number, Dialling.of(snapshot.site))
    for rate in trunk.rates:
        if _fits(rate.destinations, rate.numbers, number, destination) and (
            not rate.when or clock.holds(rate.when, snapshot.switches_on)
        ):
            return rate.per_call + rate.per_minute * max(1, -(-seconds // 60))
    return 0


def is_local(trunk: Trunk) -> bool:
    """True for a trunk that is reached without the internet: a module of the box, a gateway in the office."""
    if trunk.kind is TrunkKind.GSM:
        return True
    host = trunk.next_hop[0].strip("[]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa"))
    return any(address in network for network in _INSIDE)


def _enabled(draft: Draft, trunks: Iterable[Trunk], *, elsewhere: bool = False) -> list[Trunk]:
    """Own trunks, and those of other instances within reach: after own ones of the same priority."""
    usable = []
    for trunk in trunks:
        node = trunk_elsewhere(draft, trunk) if elsewhere and not trunk.enabled else None
        if node is not None:
            draft.because("trunk.elsewhere", trunk=trunk.id, node=node)
        if trunk.enabled or node is not None:
            usable.append(trunk)
        else:
            draft.because("trunk.disabled", trunk=trunk.id)
    return sorted(usable, key=lambda trunk: (trunk.priority, not trunk.enabled))


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
    for rate in trunk.rates:
        if _fits(rate.destinations, rate.numbers, number, destination) and draft.holds(rate.when):
            return rate.per_minute, rate.per_call
    return 0, 0


def _said(price: tuple[int, int]) -> str:
    return f"{price[0] / 100:g}" + (f" + {price[1] / 100:g}" if price[1] else "")


def out_of_reach(trunk: Trunk, conditions: Conditions) -> bool:
    """True for a trunk that cannot take a call now, as far as is known."""
    if not trunk.enabled:
        return False  # another instance's: it knows
    return trunk.id in conditions.down or (conditions.internet is Internet.CUT_OFF and not is_local(trunk))


def _down_last(draft: Draft, trunks: list[Trunk]) -> list[Trunk]:
    conditions = draft.request.conditions
    for trunk in trunks:
        if trunk.id in conditions.down:
            draft.because("trunk.down", trunk=trunk.id)
        elif out_of_reach(trunk, conditions):
            draft.because("trunk.cut_off", trunk=trunk.id)
    return sorted(trunks, key=lambda trunk: out_of_reach(trunk, conditions))
