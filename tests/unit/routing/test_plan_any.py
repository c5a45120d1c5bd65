"""Whatever is configured and dialled: a plan comes out, it ends, and emergency calls go through."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from appliance.model.documents import (
    Application,
    Device,
    Document,
    Extension,
    Language,
    Number,
    RingStep,
    Service,
    Site,
    Target,
    TargetKind,
    Trunk,
)
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, ServiceId, TrunkId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    ExternalTarget,
    FromDevice,
    FromTrunk,
    Origin,
    Play,
    Ring,
)
from appliance.model.snapshot import Snapshot, build
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from tests.unit.routing.office import well_formed

IDS = ["a", "b", "c", "d"]
INTERNAL = ["1", "21", "22", "110", "112", "115", "0112", "221", "4711", "9112", "022147100"]
PUBLIC = [
    "+4922147100",
    "+4922147101",
    "+4922147102",
    "+41435435570",
    "+12125551234",
    "+49112",
    "+99912",
    "+4900",
]
PREFIXES = ["", "0", "9", "112", "00"]
COUNTRIES = ["DE", "CH", "AT", "US", "IT", "DK", "RU", "HU", "XX", "AU"]

ids = st.sampled_from(IDS)
public = st.sampled_from(PUBLIC) | st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True)
internal = st.sampled_from(INTERNAL) | st.from_regex(r"[0-9]{1,12}", fullmatch=True)
digits = st.text(alphabet="0123456789", max_size=15)

targets = st.one_of(
    st.builds(Target, kind=st.sampled_from([TargetKind.EXTENSION, TargetKind.SERVICE]), ref=ids),
    st.builds(Target, kind=st.just(TargetKind.EXTERNAL), ref=public),
)
steps = st.builds(
    RingStep, targets=st.lists(targets, min_size=1, max_size=5).map(tuple), seconds=st.integers(1, 600)
)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    country = draw(st.sampled_from(COUNTRIES))
    extra = draw(st.lists(st.from_regex(r"[0-9]{2,6}", fullmatch=True), max_size=2))
    return Site(
        country=country,
        area_code=draw(st.sampled_from(["", "221", "30", "212", "0"])),
        outside_prefix=draw(st.sampled_from(PREFIXES)),
        emergency_numbers=("110", "112", *extra),
        default_caller_number=draw(st.none() | public.map(E164)),
    )


documents: st.SearchStrategy[Document] = st.one_of(
    st.builds(
        Extension,
        id=ids.map(ExtensionId),
        number=internal,
        name=st.sampled_from(["", "Anna"]),
        caller_number=st.none() | public.map(E164),
        call_waiting=st.booleans(),
        ring_seconds=st.integers(5, 600),
    ),
    st.builds(
        Device,
        id=ids.map(DeviceId),
        extension=ids.map(ExtensionId),
        username=ids,
        secret=st.just("geheim-geheim"),
    ),
    st.builds(
        Number, id=ids.map(NumberId), number=public.map(E164), steps=st.lists(steps, max_size=4).map(tuple)
    ),
    st.builds(
        Trunk,
        id=ids.map(TrunkId),
        host=st.just("sip.example.net"),
        username=st.just("account"),
        profile=st.sampled_from(["generic", "national", "international", "sipgate", "no-such"]),
        priority=st.integers(0, 3),
        default_number=st.none() | public.map(E164),
        enabled=st.booleans(),
    ),
    st.builds(
        Service,
        id=ids.map(ServiceId),
        number=internal | st.sampled_from(["*1", "#", "**112"]),
        application=st.just(Application.ECHO),
    ),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    return build([draw(sites()), *draw(st.lists(documents, max_size=14))])


origins: st.SearchStrategy[Origin] = st.one_of(
    st.builds(FromDevice, device=ids.map(DeviceId), extension=ids.map(ExtensionId)),
    st.builds(FromTrunk, trunk=ids.map(TrunkId)),
)
said = (
    st.sampled_from(["112", "0112", "account", "116117", "*1", "+", "00", "", *INTERNAL, *PUBLIC])
    | digits
    | digits.map("+{}".format)
    | st.text(max_size=50)
)
callers = st.builds(Caller, number=said, name=st.text(max_size=5), withheld=st.booleans())
times = st.datetimes(timezones=st.just(UTC))


@given(
    snapshot=snapshots(),
    origin=origins,
    caller=callers,
    dialled=said,
    on_behalf_of=st.none() | callers,
    now=times,
)
def test_there_is_always_a_plan_that_ends(
    snapshot: Snapshot,
    origin: Origin,
    caller: Caller,
    dialled: str,
    on_behalf_of: Caller | None,
    now: datetime,
) -> None:
    request = CallRequest(origin=origin, caller=caller, dialled=dialled, on_behalf_of=on_behalf_of)
    made = plan(request, snapshot, now)
    well_formed(made)
    assert made == plan(request, snapshot, now)
    for language in Language:
        explained = explain(made, language)
        assert len(explained.reasons) == len(made.reasons)
        assert len(explained.steps) == len(made.steps)
    for step in made.steps:
        for target in step.targets if isinstance(step, Ring) else ():
            if isinstance(target, ExternalTarget):
                assert all(snapshot.trunks[route.trunk].enabled for route in target.routes)
    if isinstance(origin, FromTrunk):
        assert made.kind in {CallKind.INBOUND, CallKind.REFUSED}
        assert (made.number is None) == (made.kind is CallKind.REFUSED)


@given(snapshot=snapshots(), origin=origins, caller=callers, now=times, data=st.data())
def test_emergency_numbers_get_through_whatever_is_configured(
    snapshot: Snapshot, origin: Origin, caller: Caller, now: datetime, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from(snapshot.site.emergency_numbers))
    prefix = data.draw(st.sampled_from(["", snapshot.site.outside_prefix]))
    request = CallRequest(origin=origin, caller=caller, dialled=prefix + number)
    made = plan(request, snapshot, now)
    if isinstance(origin, FromTrunk):
        assert made.kind is not CallKind.EMERGENCY
        return
    assert made.kind is CallKind.EMERGENCY
    enabled = [one.id for one in snapshot.trunks_by_priority if one.enabled]
    first = made.steps[0]
    if not enabled:
        assert isinstance(first, Play)
        assert first.prompt == "emergency_unavailable"
        return
    assert isinstance(first, Ring)
    (target,) = first.targets
    assert isinstance(target, ExternalTarget)
    assert [route.trunk for route in target.routes] == enabled
    assert {route.dial for route in target.routes} == {made.called}
    assert not any(route.present.withheld for route in target.routes)


@given(snapshot=snapshots(), origin=origins, caller=callers, now=times)
def test_calls_from_outside_ring_no_stranger_that_no_number_names(
    snapshot: Snapshot, origin: Origin, caller: Caller, now: datetime
) -> None:
    named = {
        target.ref
        for number in snapshot.numbers.values()
        for step in number.steps
        for target in step.targets
        if target.kind is TargetKind.EXTERNAL
    }
    for number in snapshot.numbers.values():
        trunk_call = CallRequest(origin=FromTrunk(trunk=TrunkId("a")), caller=caller, dialled=number.number)
        made = plan(trunk_call, snapshot, now)
        for step in made.steps:
            for target in step.targets if isinstance(step, Ring) else ():
                assert not isinstance(target, ExternalTarget) or target.number in named
