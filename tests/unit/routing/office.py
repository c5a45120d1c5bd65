"""An office in Köln for the routing tests: three extensions, a block of numbers, two trunks."""

from dataclasses import replace
from datetime import UTC, datetime

from appliance.model.causes import Cause
from appliance.model.documents import (
    Application,
    Device,
    Document,
    Extension,
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
    AskPin,
    Caller,
    CallRequest,
    FromDevice,
    FromTrunk,
    Outcome,
    Plan,
    Play,
    Reject,
    Ring,
    Run,
    Step,
)
from appliance.model.snapshot import Snapshot, build
from appliance.routing.plan import plan

NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
SITE = Site(area_code="221", default_caller_number=E164("+4922147100"))


def extension(number: str, name: str = "", caller_number: str | None = None) -> Extension:
    return Extension(
        id=ExtensionId(f"e{number}"),
        number=number,
        name=name,
        caller_number=E164(caller_number) if caller_number else None,
    )


def device(of: str, suffix: str = "") -> Device:
    name = f"d{of}{suffix}"
    return Device(id=DeviceId(name), extension=ExtensionId(f"e{of}"), username=name, secret="geheim-geheim")


def rings(*refs: str, seconds: int = 20) -> RingStep:
    """A step of such targets as :func:`target` makes."""
    return RingStep(targets=tuple(target(ref) for ref in refs), seconds=seconds)


def target(ref: str) -> Target:
    """``e21`` an extension, ``s*1`` a service, ``+49…`` outside, ``rduty`` a rotation, ``mmain`` a menu."""
    if ref.startswith("r"):
        return Target(kind=TargetKind.ROTATION, ref=ref[1:])
    if ref.startswith("m"):
        return Target(kind=TargetKind.MENU, ref=ref[1:])
    kinds = {"e": TargetKind.EXTENSION, "s": TargetKind.SERVICE, "+": TargetKind.EXTERNAL}
    return Target(kind=kinds[ref[0]], ref=ref)


def number(e164: str, *steps: RingStep, name: str = "") -> Number:
    return Number(id=NumberId(f"n{e164}"), number=E164(e164), name=name, steps=steps)


def trunk(name: str, **fields: object) -> Trunk:
    return replace(
        Trunk(id=TrunkId(name), host="sip.example.net", username=f"user-{name}"),
        **fields,  # type: ignore[arg-type]  # the tests name real fields
    )


DOCUMENTS: tuple[Document, ...] = (
    extension("21", "Anna", "+49221471021"),
    extension("22", "Bernd"),
    extension("23", "ohne Telefon"),
    device("21"),
    device("22"),
    device("22", "m"),
    Service(id=ServiceId("s*1"), number="*1", name="Echo", application=Application.ECHO),
    Service(id=ServiceId("s50"), number="50", application=Application.ANNOUNCEMENT, prompt="welcome"),
    trunk("first", default_number=E164("+4922147100"), priority=1),
    trunk("second", default_number=E164("+493012345670"), priority=2, profile="sipgate"),
    number("+4922147100", rings("e21", "e22", seconds=15), rings("e22", "+4915112345678"), name="Zentrale"),
    number("+49221471021", rings("e21")),
    number("+49221471099"),
)


def office(*more: Document, site: Site = SITE, without: tuple[str, ...] = ()) -> Snapshot:
    """The office with further documents (of an equal kind and id: instead of it) and without some ids."""
    chosen: dict[tuple[type, str], Document] = {}
    for document in (site, *DOCUMENTS, *more):
        if document.id not in without:
            chosen[type(document), document.id] = document
    return build(chosen.values())


def from_inside(dialled: str, *, of: str = "21", withheld: bool = False) -> CallRequest:
    return CallRequest(
        origin=FromDevice(device=DeviceId(f"d{of}"), extension=ExtensionId(f"e{of}")),
        caller=Caller(number="spoofed", name="spoofed", withheld=withheld),
        dialled=dialled,
    )


def from_outside(
    dialled: str, *, caller: str = "+4930901820", name: str = "", withheld: bool = False, over: str = "first"
) -> CallRequest:
    return CallRequest(
        origin=FromTrunk(trunk=TrunkId(over)),
        caller=Caller(number=caller, name=name, withheld=withheld),
        dialled=dialled,
    )


def inside(dialled: str, snapshot: Snapshot | None = None, *, of: str = "21", withheld: bool = False) -> Plan:
    return plan(from_inside(dialled, of=of, withheld=withheld), snapshot or office(), NOON)


def outside(dialled: str, snapshot: Snapshot | None = None, **call: str) -> Plan:
    return plan(from_outside(dialled, **call), snapshot or office(), NOON)  # type: ignore[arg-type]  # texts only


def codes(made: Plan) -> list[str]:
    return [reason.code for reason in made.reasons]


def ring(made: Plan, position: int = 0) -> Ring:
    step = made.steps[position]
    assert isinstance(step, Ring), step
    return step


def hears(made: Plan, *, after: Outcome | None = None, position: int = 0) -> tuple[str, Cause | None]:
    """The prompt and the cause that follow an outcome of a step (None: the plan's own beginning)."""
    if after is not None:
        step = made.steps[position]
        assert not isinstance(step, Reject)
        if after not in step.next:
            return "", None
        position = step.next[after]
    step = made.steps[position]
    if isinstance(step, Reject):
        return "", step.cause
    assert isinstance(step, Play), step
    assert not step.answer
    end = made.steps[step.next[Outcome.DONE]]
    assert isinstance(end, Reject)
    return step.prompt, end.cause


def follows(step: Step) -> tuple[int, ...]:
    if isinstance(step, Reject):
        return ()
    return (*step.next.values(), *(step.branches.values() if isinstance(step, Run) else ()))


def well_formed(made: Plan) -> None:
    """At least one step, every reference inside the plan, no circle."""
    assert made.steps
    finished: set[int] = set()

    def walk(position: int, above: frozenset[int]) -> None:
        assert 0 <= position < len(made.steps)
        assert position not in above, "circle"
        if position in finished:
            return
        for after in follows(made.steps[position]):
            walk(after, above | {position})
        finished.add(position)

    walk(0, frozenset())
    assert finished == set(range(len(made.steps))), "steps that nothing leads to"
    for step in made.steps:
        assert isinstance(step, Ring | Play | Run | AskPin | Reject)
        if isinstance(step, Ring):
            assert step.targets
            assert step.timeout_ms > 0
