"""In which order trunks are tried: routes, prices, what is down, and emergency calls that know none of it."""

from dataclasses import replace

import pytest

from appliance.model.causes import Cause
from appliance.model.conditions import Conditions, Internet
from appliance.model.documents import ClassOfService, Destination, Document, Rate, Route, TrunkKind, When
from appliance.model.ids import E164, ClassId, DeviceId, RouteId, TrunkId
from appliance.model.plan import ExternalTarget, Plan, Play
from appliance.model.schedules import Weekday
from appliance.model.snapshot import Snapshot, check
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from appliance.routing.ways import cost_of
from tests.unit.routing.office import NOON, SITE, codes, from_inside, hears, inside, office, ring, trunk

MOBILE, BERLIN = "015112345678", "030901820"


def route(name: str, *trunks: str, **fields: object) -> Route:
    return Route(id=RouteId(name), trunks=tuple(TrunkId(one) for one in trunks), **fields)  # type: ignore[arg-type]


def order(made: Plan) -> list[str]:
    target = ring(made).targets[0]
    assert isinstance(target, ExternalTarget)
    return [one.trunk for one in target.routes]


def with_third(*more: Document) -> Snapshot:
    return office(trunk("third", priority=3), *more)


def test_without_routes_priority_counts() -> None:
    assert order(inside(MOBILE, with_third())) == ["first", "second", "third"]


def test_a_route_puts_its_trunks_in_front_of_the_others() -> None:
    snapshot = with_third(route("mobile", "third", destinations=(Destination.MOBILE,)))
    made = inside(MOBILE, snapshot)
    assert order(made) == ["third", "first", "second"]
    assert "route.chosen" in codes(made)
    assert order(inside(BERLIN, snapshot)) == ["first", "second", "third"]


def test_a_route_may_be_the_only_one() -> None:
    snapshot = with_third(route("berlin", "second", numbers=("+4930.",), only=True))
    assert order(inside(BERLIN, snapshot)) == ["second"]


def test_the_first_route_by_order_that_holds_now_decides() -> None:
    sunday = (When(weekdays=(Weekday.SUNDAY,)),)
    saturday = (When(weekdays=(Weekday.SATURDAY,)),)
    snapshot = with_third(
        route("a", "first", order=1, when=sunday),
        route("b", "second", order=2, when=saturday),
        route("c", "third", order=3),
        route("off", "third", order=0, enabled=False),
    )
    assert order(inside(MOBILE, snapshot))[0] == "second"


def test_the_cheapest_way_by_destination_and_hour() -> None:
    night = (When(start="18:00", end="08:00"),)
    snapshot = office(
        trunk("first", priority=1, rates=(Rate(per_minute=900, destinations=(Destination.MOBILE,)),)),
        trunk(
            "second", priority=2, rates=(Rate(per_minute=100, when=night), Rate(per_minute=950, per_call=5))
        ),
        trunk("third", priority=3, rates=(Rate(per_minute=890, numbers=("+49151.",)), Rate(per_minute=10))),
        route("cheap", cheapest=True),
    )
    made = inside(MOBILE, snapshot)
    assert order(made) == ["third", "first", "second"]
    assert "Eine Minute über second kostet jetzt 9.5 + 0.05 Cent." in "\n".join(
        explain(made, SITE.language).lines()
    )
    evening = plan(from_inside(MOBILE), snapshot, NOON.replace(hour=19))
    assert order(evening) == ["second", "third", "first"]
    assert order(inside(BERLIN, snapshot)) == ["first", "third", "second"]


def test_what_is_down_is_tried_last_and_never_left_out() -> None:
    request = replace(from_inside(MOBILE), conditions=Conditions(down=frozenset({TrunkId("first")})))
    made = plan(request, with_third(), NOON)
    assert order(made) == ["second", "third", "first"]
    assert "trunk.down" in codes(made)
    everything = Conditions(down=frozenset(TrunkId(one) for one in ("first", "second", "third")))
    assert order(plan(replace(request, conditions=everything), with_third(), NOON)) == [
        "first",
        "second",
        "third",
    ]


@pytest.mark.parametrize("dialled", ["112", "110", "0112"])
def test_emergency_calls_know_no_route_and_have_an_order_of_their_own(dialled: str) -> None:
    site = replace(SITE, emergency_trunks=(TrunkId("third"), TrunkId("gone")), outside_prefix="0")
    only = route("only", "second", only=True)
    snapshot = office(trunk("third", priority=3), only, site=site)
    made = plan(from_inside(dialled), snapshot, NOON)
    assert order(made) == ["third", "first", "second"]
    down = replace(from_inside(dialled), conditions=Conditions(down=frozenset({TrunkId("third")})))
    assert order(plan(down, snapshot, NOON)) == ["first", "second", "third"]


def test_a_route_to_a_trunk_that_does_not_exist_is_refused() -> None:
    problems = check(
        office(route("x", "first", "gone"), site=replace(SITE, emergency_trunks=(TrunkId("no"),)))
    )
    assert {(one.where, one.field) for one in problems} >= {
        ("route x", "trunks[1]"),
        ("site main", "emergency_trunks[0]"),
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"only": True}, "trunks"),
        ({"trunks": (TrunkId("a"), TrunkId("a"))}, "trunks"),
        ({"numbers": ("49(",)}, "numbers"),
        ({"order": -1}, "order"),
    ],
)
def test_a_route_that_makes_no_sense_names_the_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        Route(id=RouteId("x"), **fields)  # type: ignore[arg-type]


def cut_off(dialled: str, snapshot: Snapshot) -> Plan:
    return plan(
        replace(from_inside(dialled), conditions=Conditions(internet=Internet.CUT_OFF)), snapshot, NOON
    )


def test_cut_off_from_the_internet_what_needs_it_is_tried_last() -> None:
    snapshot = office(
        trunk("second", priority=2, host="192.168.1.5"),
        trunk("third", priority=3, kind=TrunkKind.GSM, module="gsm"),
        trunk("fourth", priority=4, outbound_proxy="10.0.0.1:5080"),
    )
    made = cut_off(MOBILE, snapshot)
    assert order(made) == ["second", "third", "fourth", "first"]
    assert codes(made).count("trunk.cut_off") == 1
    assert order(cut_off("112", snapshot)) == ["second", "third", "fourth", "first"]


def test_while_cut_off_callers_hear_that_they_go_by_mobile_if_the_site_wants_it() -> None:
    gsm = trunk("third", priority=3, kind=TrunkKind.GSM, module="gsm")
    snapshot = office(gsm, site=replace(SITE, announce_mobile=True))
    made = cut_off(MOBILE, snapshot)
    assert isinstance(made.steps[0], Play)
    assert made.steps[0].prompt == "by_mobile"
    ring(made, 1)
    ring(inside(MOBILE, snapshot))
    ring(cut_off("112", snapshot))


def test_the_few_lines_are_not_for_every_class() -> None:
    site = replace(SITE, class_of_service=ClassId("guests"))
    snapshot = office(ClassOfService(id=ClassId("guests"), when_cut_off=False), site=site)
    assert order(inside(MOBILE, snapshot))
    made = cut_off(MOBILE, snapshot)
    assert hears(made) == ("few_lines", Cause.FORBIDDEN)
    assert "class.cut_off" in codes(made)
    assert order(cut_off("112", snapshot))
    ring(cut_off("22", snapshot))


def test_what_a_call_cost() -> None:
    snapshot = office(
        trunk("first", rates=(Rate(per_minute=900, per_call=50, destinations=(Destination.MOBILE,)),))
    )
    first = snapshot.trunks[TrunkId("first")]
    for seconds, cost in ((1, 950), (60, 950), (61, 1850)):
        assert cost_of(snapshot, first, "+4915112345678", NOON, seconds) == cost
    assert cost_of(snapshot, first, "+4930901820", NOON, 60) == 0


def test_an_emergency_call_shows_the_number_of_the_place_where_the_telephone_is() -> None:
    snapshot = with_third()
    places = Conditions(places={DeviceId("d21"): E164("+4922147155")})
    made = plan(replace(from_inside("112"), conditions=places), snapshot, NOON)
    target = ring(made).targets[0]
    assert isinstance(target, ExternalTarget)
    assert target.routes[0].present.number.endswith("22147155")
    assert "emergency.place" in codes(made)
    ordinary = plan(replace(from_inside(MOBILE), conditions=places), snapshot, NOON)
    assert "emergency.place" not in codes(ordinary)
