"""Whatever is configured and dialled: a plan comes out, it ends, and emergency calls go through."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appliance.model.documents import (
    OTHERWISE,
    Application,
    Block,
    Callers,
    CallRule,
    Calls,
    Callthrough,
    ClassOfService,
    Destination,
    Device,
    DialRule,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Holidays,
    Language,
    Menu,
    MenuAction,
    MenuOption,
    Mobile,
    Number,
    Period,
    Permission,
    Profile,
    Rewriting,
    Ringing,
    RingStep,
    Rotation,
    RuleAction,
    Scenario,
    Service,
    Shown,
    Site,
    Status,
    Substitute,
    Switch,
    Target,
    TargetKind,
    Trunk,
    When,
)
from appliance.model.ids import (
    E164,
    BlockId,
    CallthroughId,
    ClassId,
    DeviceId,
    ExtensionId,
    MenuId,
    MobileId,
    NumberId,
    RotationId,
    ServiceId,
    SwitchId,
    TrunkId,
)
from appliance.model.notices import notices
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
from appliance.model.references import references
from appliance.model.schedules import WEEKDAYS
from appliance.model.snapshot import Snapshot, build, check
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
    st.builds(
        Target,
        kind=st.sampled_from([one for one in TargetKind if one is not TargetKind.EXTERNAL]),
        ref=ids,
    ),
    st.builds(Target, kind=st.just(TargetKind.EXTERNAL), ref=public),
)
steps = st.builds(
    RingStep, targets=st.lists(targets, min_size=1, max_size=5).map(tuple), seconds=st.integers(1, 600)
)


whens = st.builds(
    When,
    weekdays=st.sets(st.sampled_from(WEEKDAYS), max_size=3).map(tuple),
    start=st.sampled_from(["00:00", "08:00", "02:30"]),
    end=st.sampled_from(["24:00", "18:00", "02:00"]),
    first=st.sampled_from(["", "2020-01-01"]),
    holidays=st.sampled_from(Holidays),
    switch=st.none() | ids.map(SwitchId),
)
some_whens = st.lists(whens, max_size=2).map(tuple)
patterns = st.sampled_from([(), ("+4922.",), ("2X", "."), ("21", "+41.")])
calls_ = st.builds(
    Calls,
    callers=st.sampled_from(Callers),
    numbers=patterns,
    withheld=st.booleans(),
    when=some_whens,
    status=st.sets(st.sampled_from(Status), max_size=2).map(tuple),
) | st.just(Calls())
forwardings = st.lists(
    st.builds(Forwarding, on=st.sampled_from(ForwardOn), to=targets, calls=calls_, enabled=st.booleans()),
    max_size=4,
).map(tuple)
rules = st.lists(st.builds(CallRule, action=st.sampled_from(RuleAction), calls=calls_), max_size=2).map(tuple)
ringings = st.lists(
    st.builds(Ringing, steps=st.lists(steps, min_size=1, max_size=3).map(tuple), calls=calls_), max_size=2
).map(tuple)
profiles = st.lists(
    st.builds(
        Profile,
        name=ids,
        status=st.none() | st.sampled_from(Status),
        forwardings=st.none() | forwardings,
        withhold=st.none() | st.booleans(),
    ),
    max_size=2,
).map(tuple)
scenarios = st.lists(
    st.builds(
        Scenario,
        name=ids,
        when=some_whens,
        steps=st.lists(steps, max_size=3).map(tuple),
        greeting=st.sampled_from(["", "welcome"]),
        enabled=st.booleans(),
    ),
    max_size=4,
).map(tuple)
rewritings = st.lists(
    st.builds(
        Rewriting,
        pattern=st.sampled_from(["9X.", "11X.", "00.", "1XX"]),
        strip=st.integers(0, 2),
        prepend=st.sampled_from(["", "0", "112", "900", "+49"]),
        enabled=st.booleans(),
    ),
    max_size=3,
).map(tuple)
dial_rules = st.lists(
    st.builds(
        DialRule,
        permission=st.sampled_from(Permission),
        destinations=st.sets(st.sampled_from(Destination), max_size=3).map(tuple),
        numbers=patterns,
        when=some_whens,
    ),
    max_size=3,
).map(tuple)


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
        timezone=draw(st.sampled_from(["Europe/Berlin", "America/St_Johns", "no/where"])),
        region=draw(st.sampled_from(["", "NW", "no-such"])),
        rewriting=draw(rewritings),
        class_of_service=draw(st.none() | ids.map(ClassId)),
    )


@st.composite
def menu_options(draw: st.DrawFn) -> MenuOption:
    return MenuOption(
        key=draw(st.sampled_from("12*#0")),
        action=draw(st.sampled_from(MenuAction)),
        to=draw(targets),
        menu=draw(ids.map(MenuId)),
        switch=draw(ids.map(SwitchId)),
        prompts=("welcome",),
        protected=draw(st.booleans()),
    )


menus = st.builds(
    Menu,
    id=ids.map(MenuId),
    number=st.sampled_from(["", *INTERNAL]),
    options=st.lists(menu_options(), max_size=4).map(tuple),
    direct=st.sets(st.sampled_from([Destination.INTERNAL, Destination.MOBILE]), max_size=2).map(tuple),
    otherwise=st.none() | targets,
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
        withhold=st.booleans(),
        status=st.sampled_from(Status),
        rules=rules,
        accept_only=st.booleans(),
        forwardings=forwardings,
        ringings=ringings,
        profiles=profiles,
        profile=st.sampled_from(["", *IDS]),
        diverting_shows=st.sampled_from(Shown),
        diverting_number=st.none() | public.map(E164),
        class_of_service=st.none() | ids.map(ClassId),
    ),
    st.builds(Switch, id=ids.map(SwitchId), on=st.booleans()),
    st.builds(
        Rotation,
        id=ids.map(RotationId),
        members=st.lists(targets, min_size=1, max_size=3).map(tuple),
        period=st.sampled_from(Period),
        first=st.just("2026-03-02"),
        hand_over=st.sampled_from(["00:00", "02:30", "08:00"]),
        substitutes=st.lists(
            st.builds(Substitute, first=st.just("2020-01-01"), last=st.just("2030-01-01"), target=targets),
            max_size=1,
        ).map(tuple),
    ),
    st.builds(
        ClassOfService,
        id=ids.map(ClassId),
        rules=dial_rules,
        otherwise=st.sampled_from(Permission),
        pin=st.sampled_from(["", "4711"]),
    ),
    st.builds(
        Block,
        id=ids.map(BlockId),
        first=st.sampled_from(PUBLIC[:4]).map(E164),
        size=st.sampled_from([10, 100]),
        trunk=ids.map(TrunkId),
    ),
    st.builds(
        Device,
        id=ids.map(DeviceId),
        extension=ids.map(ExtensionId),
        username=ids,
        secret=st.just("geheim-geheim"),
    ),
    st.builds(
        Number,
        id=ids.map(NumberId),
        number=public.map(E164),
        steps=st.lists(steps, max_size=4).map(tuple),
        scenarios=scenarios,
        greeting=st.sampled_from(["", "welcome"]),
        override=st.sampled_from(["", OTHERWISE, *IDS]),
        diverting_shows=st.sampled_from(Shown),
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
        no_screening=st.booleans(),
    ),
    menus,
    st.builds(
        Mobile,
        id=ids.map(MobileId),
        extension=ids.map(ExtensionId),
        number=public.map(E164),
        rings=st.booleans(),
        reverse=st.booleans(),
    ),
    st.builds(
        Callthrough,
        id=ids.map(CallthroughId),
        callback=st.booleans(),
        anywhere=st.sampled_from([(), (ExtensionId("a"),)]),
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
    precedence=st.booleans(),
    menu=st.none() | ids.map(MenuId),
    now=times,
)
def test_there_is_always_a_plan_that_ends(
    snapshot: Snapshot,
    origin: Origin,
    caller: Caller,
    dialled: str,
    on_behalf_of: Caller | None,
    precedence: bool,
    menu: MenuId | None,
    now: datetime,
) -> None:
    request = CallRequest(
        origin=origin,
        caller=caller,
        dialled=dialled,
        on_behalf_of=on_behalf_of,
        precedence=precedence,
        menu=menu,
    )
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
    if isinstance(origin, FromTrunk) and menu not in snapshot.menus:
        assert made.kind in {CallKind.INBOUND, CallKind.REFUSED}
        assert (made.number is None) == (made.kind is CallKind.REFUSED)


@given(snapshot=snapshots(), origin=origins, caller=callers, now=times, data=st.data())
def test_emergency_numbers_get_through_whatever_is_configured(
    snapshot: Snapshot, origin: Origin, caller: Caller, now: datetime, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from(snapshot.site.emergency_numbers))
    prefix = data.draw(st.sampled_from(["", snapshot.site.outside_prefix, "*31*", "#31#"]))
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
    kept = (
        *snapshot.numbers.values(),
        *snapshot.extensions.values(),
        *snapshot.rotations.values(),
        *snapshot.menus.values(),
    )
    named = set(re.findall(r"ref='(\+[0-9]+)'", repr(kept)))
    named |= {str(one.number) for one in snapshot.mobiles.values()}
    for number in snapshot.numbers.values():
        trunk_call = CallRequest(origin=FromTrunk(trunk=TrunkId("a")), caller=caller, dialled=number.number)
        made = plan(trunk_call, snapshot, now)
        for step in made.steps:
            for target in step.targets if isinstance(step, Ring) else ():
                assert not isinstance(target, ExternalTarget) or target.number in named


@given(snapshot=snapshots())
def test_whatever_is_configured_can_be_judged(snapshot: Snapshot) -> None:
    for problem in (*check(snapshot), *notices(snapshot)):
        assert problem.where
        assert problem.field
        assert problem.message
    known = {(one.where, one.field) for one in check(snapshot)}
    homes: dict[str, set[str]] = {
        "extension": set(snapshot.extensions),
        "service": set(snapshot.services),
        "rotation": set(snapshot.rotations),
        "menu": set(snapshot.menus),
        "callthrough": set(snapshot.callthroughs),
        "fax_box": set(snapshot.fax_boxes),
        "voicemail_box": set(snapshot.voicemail_boxes),
        "conference_room": set(snapshot.rooms),
        "audio": set(snapshot.audio),
        "switch": set(snapshot.switches),
        "class_of_service": set(snapshot.classes),
    }
    for kind, kept in (
        ("number", snapshot.numbers),
        ("extension", snapshot.extensions),
        ("menu", snapshot.menus),
    ):
        for document in kept.values():
            for reference in references(document):
                alive = reference.id in homes[reference.kind]
                assert alive or (f"{kind} {document.id}", reference.field) in known


@given(
    row=st.lists(st.tuples(st.sampled_from(IDS), forwardings), min_size=1, max_size=12),
    dialled=st.sampled_from(["1", "2", "3", "4"]),
    status=st.sampled_from(Status),
)
def test_forwardings_always_end(
    row: list[tuple[str, tuple[Forwarding, ...]]], dialled: str, status: Status
) -> None:
    """Any graph of forwardings: the plan is no longer than its limit, and nobody rings for ever."""
    number_of = {"a": "1", "b": "2", "c": "3", "d": "4"}
    made: list[Document] = [Trunk(id=TrunkId("t"), host="sip.example.net", username="x")]
    for one, number in number_of.items():
        given_ = tuple(forwarding for name, some in row if name == one for forwarding in some)
        made.append(Extension(id=ExtensionId(one), number=number, forwardings=given_, status=status))
        made.append(
            Device(id=DeviceId(one), extension=ExtensionId(one), username=one, secret="geheim-geheim")
        )
    request = CallRequest(origin=FromTrunk(trunk=TrunkId("t")), caller=Caller(), dialled="+4922147100")
    made.append(
        Number(
            id=NumberId("n"),
            number=E164("+4922147100"),
            steps=(RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref="abcd"[int(dialled) - 1]),)),),
        )
    )
    planned = plan(request, build(made), datetime(2026, 3, 7, tzinfo=UTC))
    well_formed(planned)
    rings = [step for step in planned.steps if isinstance(step, Ring)]
    assert len(rings) <= 40
    assert all(len(target.diverted) <= 6 for step in rings for target in step.targets)
    longest = timedelta(milliseconds=sum(step.timeout_ms for step in rings))
    assert longest <= timedelta(hours=7)
