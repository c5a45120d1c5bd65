"""What does not fit together is refused, what is odd is shown: each with entity, field and remedy."""

from dataclasses import replace

import pytest

from appliance.errors import Severity
from appliance.model import availability
from appliance.model.availability import Function
from appliance.model.checks import always
from appliance.model.documents import (
    Application,
    Block,
    CallRule,
    Calls,
    ClassOfService,
    Device,
    DialOut,
    DialRule,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Holidays,
    Number,
    Permission,
    Profile,
    Rewriting,
    Ringing,
    RingStep,
    Rotation,
    RuleAction,
    Scenario,
    Service,
    Site,
    Substitute,
    Switch,
    Target,
    TargetKind,
    Trunk,
    Weekday,
    When,
)
from appliance.model.ids import (
    E164,
    BlockId,
    ClassId,
    DeviceId,
    ExtensionId,
    NumberId,
    RotationId,
    ServiceId,
    SwitchId,
    TrunkId,
)
from appliance.model.notices import covers, never, notices, overlap
from appliance.model.references import references
from appliance.model.snapshot import build, check

A, B, C = (
    Extension(id=ExtensionId(name), number=number) for name, number in (("a", "21"), ("b", "22"), ("c", "23"))
)
PHONES = tuple(
    Device(id=DeviceId(f"d{one}"), extension=ExtensionId(one), username=f"u{one}", secret="geheim-geheim")
    for one in "abc"
)
TRUNK = Trunk(id=TrunkId("t"), host="sip.example.net", username="x")
TO_A, TO_B, TO_C = (Target(kind=TargetKind.EXTENSION, ref=one) for one in "abc")
GONE = Target(kind=TargetKind.EXTENSION, ref="gone")
NO_PHONE = Extension(id=ExtensionId("x"), number="29")
TO_NO_PHONE = Target(kind=TargetKind.EXTENSION, ref="x")
DEAD = RingStep(targets=(GONE,))
NOBODY_ON_DUTY = Target(kind=TargetKind.ROTATION, ref="duty")


def line(*scenarios: Scenario, **fields: object) -> Number:
    made = Number(
        id=NumberId("n"), number=E164("+4922147100"), steps=(RingStep(targets=(TO_A,)),), scenarios=scenarios
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def scenario(name: str, *when: When, **fields: object) -> Scenario:
    made = Scenario(name=name, when=when, steps=(RingStep(targets=(TO_B,)),))
    return replace(made, **fields)  # type: ignore[arg-type]


def forward(to: Target, on: ForwardOn = ForwardOn.ALWAYS, **fields: object) -> Forwarding:
    return replace(Forwarding(on=on, to=to), **fields)  # type: ignore[arg-type]


def refused(*documents: Document) -> list[tuple[str, str, str]]:
    chosen = {(type(one), one.id): one for one in (A, B, C, *PHONES, TRUNK, *documents)}
    problems = check(build(chosen.values()))
    assert all(one.remedy and one.severity is Severity.ERROR for one in problems), problems
    return [(one.where, one.field, one.message) for one in problems]


def shown(*documents: Document) -> list[tuple[str, str, str]]:
    chosen = {(type(one), one.id): one for one in (A, B, C, *PHONES, TRUNK, *documents)}
    snapshot = build(chosen.values())
    assert check(snapshot) == ()
    found = notices(snapshot)
    assert all(one.remedy and one.severity is Severity.NOTICE for one in found)
    return [(one.where, one.field, one.message) for one in found]


SWITCHED = When(switch=SwitchId("night"))


@pytest.mark.parametrize(
    ("document", "field", "message"),
    [
        (
            line(scenario("s", steps=(RingStep(targets=(GONE,)),))),
            "scenarios[0].steps[0].targets[0].ref",
            "extension 'gone'",
        ),
        (line(scenario("s", SWITCHED)), "scenarios[0].when[0].switch", "switch 'night'"),
        (line(steps=(RingStep(targets=(NOBODY_ON_DUTY,)),)), "steps[0].targets[0].ref", "rotation 'duty'"),
        (replace(A, forwardings=(forward(GONE),)), "forwardings[0].to.ref", "extension 'gone'"),
        (
            replace(A, forwardings=(forward(TO_B, calls=Calls(when=(SWITCHED,))),)),
            "forwardings[0].calls.when[0].switch",
            "switch 'night'",
        ),
        (
            replace(A, rules=(CallRule(action=RuleAction.BUSY, calls=Calls(when=(SWITCHED,))),)),
            "rules[0].calls.when[0].switch",
            "switch 'night'",
        ),
        (
            replace(A, ringings=(Ringing(steps=(RingStep(targets=(TO_A, GONE)),)),)),
            "ringings[0].steps[0].targets[1].ref",
            "extension 'gone'",
        ),
        (
            replace(A, profiles=(Profile(name="p", forwardings=(forward(GONE),)),)),
            "profiles[0].forwardings[0].to.ref",
            "extension 'gone'",
        ),
        (replace(A, class_of_service=ClassId("vip")), "class_of_service", "class_of_service 'vip'"),
        (replace(A, dial_out=DialOut(device=DeviceId("none"))), "dial_out.device", "device 'none'"),
        (
            replace(A, profiles=(Profile(name="p", dial_out=DialOut(device=DeviceId("none"))),)),
            "profiles[0].dial_out.device",
            "device 'none'",
        ),
        (Site(class_of_service=ClassId("vip")), "class_of_service", "class_of_service 'vip'"),
        (
            Rotation(id=RotationId("r"), members=(GONE,), first="2026-01-01"),
            "members[0].ref",
            "extension 'gone'",
        ),
        (
            Rotation(
                id=RotationId("r"),
                members=(TO_A,),
                first="2026-01-01",
                substitutes=(Substitute(first="2026-01-01", last="2026-01-01", target=GONE),),
            ),
            "substitutes[0].target.ref",
            "extension 'gone'",
        ),
        (
            ClassOfService(id=ClassId("k"), rules=(DialRule(permission=Permission.BAR, when=(SWITCHED,)),)),
            "rules[0].when[0].switch",
            "switch 'night'",
        ),
        (Block(id=BlockId("b"), first=E164("+4922147100"), trunk=TrunkId("none")), "trunk", "trunk 'none'"),
    ],
)
def test_a_dead_reference_is_named_and_keeps_nothing_else_from_being_deleted(
    document: Document, field: str, message: str
) -> None:
    ((where, place, said),) = refused(document)
    assert where.endswith(document.id)
    assert (place, said) == (field, f"{message} does not exist")
    assert field in [one.field for one in references(document)]


@pytest.mark.parametrize(
    ("documents", "field", "message"),
    [
        ((Site(timezone="Europe/Köln"),), "timezone", "there is no time zone 'Europe/Köln'"),
        ((Site(region="NX"),), "region", "'NX' is no region of DE"),
        ((line(scenario("s"), scenario("s")),), "scenarios[1].name", "'s' is there twice"),
        ((line(scenario("s"), override="t"),), "override", "there is no scenario 't'"),
        ((replace(A, profile="p"),), "profile", "there is no profile 'p'"),
        (
            (replace(A, profiles=(Profile(name="p"), Profile(name="p"))),),
            "profiles[1].name",
            "'p' is there twice",
        ),
        (
            (
                replace(A, dial_out=DialOut(device=DeviceId("b"))),
                B,
                Device(id=DeviceId("b"), extension=B.id, username="b", secret="x" * 10),
            ),
            "dial_out.device",
            "device b belongs to extension b",
        ),
        (
            (replace(A, caller_number=E164("+499001234567")),),
            "caller_number",
            "+499001234567 belongs to a directory, mass traffic or premium service",
        ),
        (
            (replace(A, diverting_number=E164("+49110")),),
            "diverting_number",
            "+49110 is an emergency number",
        ),
        (
            (Rotation(id=RotationId("duty"), members=(NOBODY_ON_DUTY,), first="2026-01-01"),),
            "members[0].kind",
            "a rotation cannot be a member of one",
        ),
        (
            (Service(id=ServiceId("s"), number="*31*5", application=Application.ECHO),),
            "number",
            "*31* in front of a number withholds the caller's",
        ),
        (
            (
                Block(id=BlockId("b"), first=E164("+4922147100"), size=100, trunk=TRUNK.id),
                Block(id=BlockId("c"), first=E164("+4922147150"), size=10, trunk=TRUNK.id),
            ),
            "first",
            "+4922147150 already belongs to block b",
        ),
    ],
)
def test_settings_that_cannot_hold_are_refused(
    documents: tuple[Document, ...], field: str, message: str
) -> None:
    ((_, place, said),) = refused(*documents)
    assert (place, said) == (field, message)


@pytest.mark.parametrize(
    ("document", "field", "function"),
    [
        (line(scenario("s", emails=("a@example.net",))), "scenarios[0].emails", Function.SCENARIO_MAIL),
        (
            ClassOfService(id=ClassId("k"), otherwise=Permission.PIN, pin="4711"),
            "otherwise",
            Function.RELEASE_PIN,
        ),
        (
            ClassOfService(id=ClassId("k"), rules=(DialRule(permission=Permission.PIN),), pin="4711"),
            "rules[0].permission",
            Function.RELEASE_PIN,
        ),
    ],
)
def test_what_does_not_work_yet_is_refused_and_taken_when_it_does(
    document: Document, field: str, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.model.checks.NOT_YET", frozenset({function}))
    ((_, place, message),) = refused(document)
    assert (place, message) == (field, f"{function.value} does not work in this version")
    monkeypatch.setattr("appliance.model.checks.NOT_YET", frozenset())
    assert refused(document) == []
    assert set(Function) >= availability.NOT_YET


def test_a_pin_that_is_asked_for_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.model.checks.NOT_YET", frozenset())
    (problem,) = refused(ClassOfService(id=ClassId("k"), otherwise=Permission.PIN))
    assert problem[1:] == ("pin", "is missing, but a rule asks for it")


# Circles


def test_extensions_that_send_every_call_to_each_other_are_refused() -> None:
    circle = [replace(one, forwardings=(forward(to),)) for one, to in ((A, TO_B), (B, TO_C), (C, TO_A))]
    assert refused(*circle) == [
        ("extension a", "forwardings", "all calls go round in a circle: 21 → 22 → 23 → 21")
    ]
    assert refused(replace(A, forwardings=(forward(TO_A),)))[0][2].endswith("21 → 21")
    by_profile = replace(A, profiles=(Profile(name="p", forwardings=(forward(TO_A),)),))
    assert refused(by_profile) == []
    assert len(refused(replace(by_profile, profile="p"))) == 1


def test_a_circle_that_can_be_left_is_only_shown() -> None:
    each_other = (
        replace(A, forwardings=(forward(TO_B, ForwardOn.NO_ANSWER),)),
        replace(B, forwardings=(forward(TO_A, ForwardOn.NO_ANSWER),)),
    )
    ((where, field, message),) = shown(*each_other)
    assert (where, field) == ("extension a", "forwardings")
    assert "21 → 22 → 21" in message
    over_number = replace(
        A, forwardings=(forward(Target(kind=TargetKind.EXTERNAL, ref="+4922147100"), ForwardOn.BUSY),)
    )
    assert "21 → 21" in shown(over_number, line())[0][2]


def test_only_a_forwarding_without_conditions_sends_every_call() -> None:
    timed = forward(TO_B, calls=Calls(withheld=True))
    assert always(replace(A, forwardings=(timed, forward(TO_B)))) is None
    assert always(replace(A, forwardings=(forward(TO_B),))) == TO_B
    assert always(replace(A, forwardings=(forward(TO_B, enabled=False),))) is None


# Notices

DAY = When(start="08:00", end="18:00")
LONG = When(start="06:00", end="22:00")
FRIDAY_NIGHT = When(weekdays=(Weekday.FRIDAY,), start="22:00", end="06:00")
SATURDAY = When(weekdays=(Weekday.SATURDAY,))
HOLIDAY = When(holidays=Holidays.ONLY)
WORKDAY = When(holidays=Holidays.NEVER)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (DAY, LONG, True),
        (DAY, When(start="18:00", end="08:00"), False),
        (DAY, When(start="17:59", end="08:00"), True),
        (FRIDAY_NIGHT, SATURDAY, True),
        (FRIDAY_NIGHT, replace(SATURDAY, start="06:00"), False),
        (FRIDAY_NIGHT, When(weekdays=(Weekday.THURSDAY,)), False),
        (HOLIDAY, WORKDAY, False),
        (HOLIDAY, DAY, True),
        (When(first="2026-01-01", last="2026-01-31"), When(first="2026-02-01"), False),
        (When(first="2026-01-01", last="2026-01-31"), When(first="2026-01-31"), True),
        (
            When(first="2026-01-01", last="2026-01-31", start="22:00", end="06:00"),
            When(first="2026-02-01", last="2026-02-01"),
            True,
        ),
        (When(first="12-24", last="12-26"), DAY, True),
    ],
)
def test_when_two_conditions_may_hold_at_once(one: When, other: When, both: bool) -> None:
    assert overlap(one, other) is both
    assert overlap(other, one) is both


@pytest.mark.parametrize(
    ("wide", "narrow", "is_so"),
    [
        (LONG, DAY, True),
        (DAY, LONG, False),
        (When(), FRIDAY_NIGHT, False),
        (When(), SATURDAY, True),
        (SATURDAY, When(), False),
        (When(), HOLIDAY, True),
        (HOLIDAY, When(), False),
        (SWITCHED, When(), False),
        (When(), SWITCHED, True),
        (When(first="2026-01-01"), When(first="2026-02-01", last="2026-03-01"), True),
        (When(first="2026-01-01", last="2026-02-15"), When(first="2026-02-01", last="2026-03-01"), False),
        (When(first="12-24", last="12-26"), When(first="12-24", last="12-26", start="08:00"), True),
        (When(first="12-24", last="12-26"), When(), False),
    ],
)
def test_when_one_condition_covers_another(wide: When, narrow: When, is_so: bool) -> None:
    assert covers(wide, narrow) is is_so


def test_a_condition_that_never_comes() -> None:
    days = When(first="2026-03-02", last="2026-03-04", weekdays=(Weekday.SUNDAY,))
    assert never(days)
    assert not never(replace(days, last="2026-03-08"))
    assert not never(replace(days, weekdays=()))


def test_scenarios_that_overlap_hide_each_other_or_name_nobody_are_shown() -> None:
    assert shown(line(scenario("Tag", DAY), scenario("lang", LONG))) == [
        ("number n", "scenarios[1].when", "'lang' and 'Tag' may hold at once; then 'Tag' counts")
    ]
    assert shown(line(scenario("lang", LONG), scenario("Tag", DAY))) == [
        (
            "number n",
            "scenarios[1].when",
            "'Tag' never has its turn: scenarios in front of it cover all its time",
        )
    ]
    assert shown(line(scenario("leer", DAY, steps=()))) == [
        ("number n", "scenarios[0].steps", "'leer' names no target")
    ]
    assert shown(line(scenario("Tag", DAY), scenario("von Hand"), scenario("aus", DAY, enabled=False))) == []


@pytest.mark.parametrize(
    ("documents", "field", "message"),
    [
        (
            (
                Extension(id=ExtensionId("x"), number="29"),
                line(steps=(RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref="x"),)),)),
            ),
            "steps[0].targets",
            "nothing can ring: no phone is there",
        ),
        (
            (replace(A, rules=(CallRule(action=RuleAction.BUSY), CallRule(action=RuleAction.ACCEPT))),),
            "rules[1]",
            "never has its turn: the rule in front of it is for every call",
        ),
        (
            (replace(A, forwardings=(forward(TO_B), forward(TO_C))),),
            "forwardings[1]",
            "never has its turn: the forwarding in front of it is for every call",
        ),
        (
            (
                ClassOfService(
                    id=ClassId("k"),
                    rules=(DialRule(permission=Permission.BAR), DialRule(permission=Permission.ALLOW)),
                ),
            ),
            "rules[1]",
            "never has its turn: the rule in front of it is for every number",
        ),
        (
            (Site(rewriting=(Rewriting(pattern="2.", strip=1),)),),
            "rewriting[0].pattern",
            "2. also catches the internal number 21",
        ),
        (
            (line(), Block(id=BlockId("b"), first=E164("+4930123450"), trunk=TRUNK.id)),
            "number",
            "+4922147100 is in no block",
        ),
    ],
)
def test_what_is_odd_is_shown(documents: tuple[Document, ...], field: str, message: str) -> None:
    ((_, place, said),) = shown(*documents)
    assert (place, said) == (field, message)


def test_an_office_in_order_has_nothing_to_show() -> None:
    night = Switch(id=SwitchId("night"))
    assert shown(night, line(scenario("Nacht", SWITCHED)), replace(A, forwardings=(forward(TO_B),))) == []
