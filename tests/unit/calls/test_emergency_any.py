"""Emergency calls under every combination of barring, full lines and silence outside: one goes out."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import given

from appliance.calls.control import CallControl
from appliance.calls.exchange import Limits
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.conditions import Internet
from appliance.model.documents import (
    ClassOfService,
    Device,
    Document,
    Extension,
    Limit,
    Permission,
    Rewriting,
    Route,
    Site,
    Status,
    Trunk,
    TrunkKind,
)
from appliance.model.ids import ClassId, DeviceId, ExtensionId, LegId, LimitId, ModuleId, RouteId, TrunkId
from appliance.model.plan import Caller, FromDevice
from appliance.model.snapshot import build
from appliance.routing.plan import plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BARRED = ClassOfService(id=ClassId("none"), otherwise=Permission.BAR, when_cut_off=False)
TRUNKS = ("sip", "gateway", "gsm")


def office(lines: int, prefix: str, first: str, *, limited: bool, only: str) -> list[Document]:
    documents: list[Document] = [
        Site(
            outside_prefix=prefix,
            class_of_service=BARRED.id,
            emergency_trunks=(TrunkId(first),) if first else (),
            rewriting=(
                Rewriting(pattern="1.", strip=1, prepend="0190"),
                Rewriting(pattern="0.", prepend="0"),
            ),
        ),
        BARRED,
        Trunk(id=TrunkId("sip"), host="sip.example.net", username="u", max_calls=lines),
        Trunk(id=TrunkId("gateway"), host="192.168.1.9", kind="static", max_calls=lines),  # type: ignore[arg-type]
        Trunk(id=TrunkId("gsm"), host="gsm", kind=TrunkKind.GSM, module=ModuleId("m"), max_calls=1),
        Extension(id=ExtensionId("21"), number="21", status=Status.DND, accept_only=True, withhold=True),
        Extension(id=ExtensionId("22"), number="22"),
    ]
    for number in ("21", "22"):
        documents.append(
            Device(id=DeviceId(number), extension=ExtensionId(number), username=number, secret="x" * 10)
        )
    if limited:
        documents.append(Limit(id=LimitId("l"), calls_per_day=1, calls_at_once=1))
    if only:
        documents.append(Route(id=RouteId("r"), trunks=(TrunkId(only),), only=True))
    return documents


@given(
    lines=st.integers(1, 3),
    prefix=st.sampled_from(["", "0", "9"]),
    first=st.sampled_from(["", *TRUNKS, "gone"]),
    limited=st.booleans(),
    only=st.sampled_from(["", *TRUNKS]),
    down=st.sets(st.sampled_from(TRUNKS)),
    internet=st.sampled_from(Internet),
    earlier=st.lists(st.sampled_from(["030123456", "112", "22"]), max_size=8),
    dialled=st.sampled_from(["112", "110", "*31#112", "{prefix}112"]),
    phone=st.sampled_from(["21", "22", "nobody"]),
    authenticated=st.booleans(),
)
def test_an_emergency_call_always_finds_a_line(
    lines: int,
    prefix: str,
    first: str,
    limited: bool,
    only: str,
    down: set[str],
    internet: Internet,
    earlier: list[str],
    dialled: str,
    phone: str,
    authenticated: bool,
) -> None:
    ids = itertools.count(1)
    control = CallControl(
        planner=plan,
        new_id=lambda: f"id{next(ids)}",
        snapshot=build(office(lines, prefix, first, limited=limited, only=only)),
        limits=Limits(max_legs=4),
    )
    free = replace(BARRED, otherwise=Permission.ALLOW, when_cut_off=True)
    control.handle(
        ev.SnapshotChanged(snapshot=build([*office(9, "", "", limited=False, only=""), free])), NOW
    )
    for number, other in enumerate(earlier):
        leg = LegId(f"before{number}")
        origin = FromDevice(device=DeviceId("22"), extension=ExtensionId("22"))
        for effect in control.handle(
            ev.LegIncoming(leg=leg, origin=origin, caller=Caller(), dialled=other), NOW
        ):
            if isinstance(effect, fx.Originate) and number % 2:
                control.handle(ev.LegAnswered(leg=effect.leg), NOW)
    snapshot = build(office(lines, prefix, first, limited=limited, only=only))
    control.handle(ev.SnapshotChanged(snapshot=snapshot), NOW)
    control.handle(ev.TrunksDown(trunks=frozenset(TrunkId(one) for one in down)), NOW)
    control.handle(ev.InternetChanged(internet=internet), NOW)
    effects = control.handle(
        ev.LegIncoming(
            leg=LegId("sos"),
            origin=FromDevice(device=DeviceId(phone), extension=ExtensionId(phone)),
            caller=Caller(number=phone),
            dialled=dialled.format(prefix=prefix),
            authenticated=authenticated,
        ),
        NOW,
    )
    made = [one for one in effects if isinstance(one, fx.Originate)]
    assert len(made) == 1, effects
    assert isinstance(made[0].endpoint, fx.ToTrunk)
    assert made[0].endpoint.dial in ("112", "110")
    assert not made[0].present.withheld
    usable = set(TRUNKS) - down - ({"sip"} if internet is Internet.CUT_OFF else set())
    if usable:
        assert made[0].endpoint.trunk in usable
