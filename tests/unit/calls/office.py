"""A small office and a planner for call-control tests: numbers say what happens."""

from datetime import UTC, datetime

from appliance.model.causes import Cause
from appliance.model.documents import Application, Device, Extension, Language, Srtp, Trunk
from appliance.model.ids import DeviceId, ExtensionId, Milliseconds, TrunkId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    DeviceTarget,
    ExtensionTarget,
    ExternalTarget,
    FromDevice,
    FromTrunk,
    Outcome,
    Plan,
    Play,
    Presentation,
    Reject,
    Ring,
    RingTarget,
    Run,
    Step,
    TrunkRoute,
)
from appliance.model.snapshot import Snapshot, build

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EXTENSIONS = ("21", "22", "23", "24")


def snapshot() -> Snapshot:
    """Four extensions with a phone each, 24 with two and without call waiting; two trunks."""
    documents: list[Extension | Device | Trunk] = []
    for number in EXTENSIONS:
        documents.append(
            Extension(
                id=ExtensionId(number), number=number, name=f"Phone {number}", call_waiting=number != "24"
            )
        )
        documents.append(
            Device(id=DeviceId(number), extension=ExtensionId(number), username=number, secret="x" * 10)
        )
    documents.append(Device(id=DeviceId("24b"), extension=ExtensionId("24"), username="24b", secret="x" * 10))
    for trunk in ("t1", "t2"):
        documents.append(Trunk(id=TrunkId(trunk), host="sip.example.net", username="u", max_calls=2))
    return build(documents)


def device(number: str) -> FromDevice:
    """The origin of a call from this phone."""
    return FromDevice(device=DeviceId(number), extension=ExtensionId(number))


def extension(office: Snapshot, number: str) -> ExtensionTarget:
    """The extension as a ring target."""
    found = office.extension_by_number[number]
    return ExtensionTarget(
        extension=found.id,
        number=number,
        devices=tuple(
            DeviceTarget(device=one.id, username=one.username, srtp=Srtp.OPTIONAL)
            for one in office.devices_by_extension[found.id]
        ),
        call_waiting=found.call_waiting,
        present=Presentation(number="1"),
    )


def external(*trunks: str) -> ExternalTarget:
    """A public number with these ways out."""
    return ExternalTarget(
        number="+4930123456",
        routes=tuple(
            TrunkRoute(trunk=TrunkId(one), dial="030123456", present=Presentation(number="1"))
            for one in trunks
        ),
    )


def planner(request: CallRequest, office: Snapshot, now: datetime) -> Plan:
    """Dialled: an extension; ``0`` out; ``112``; ``all``; ``echo``; ``play``; ``steps``; else nothing."""
    kind = CallKind.INBOUND if isinstance(request.origin, FromTrunk) else CallKind.INTERNAL
    caller = request.on_behalf_of or request.caller
    if isinstance(request.origin, FromDevice) and request.on_behalf_of is None:
        caller = Caller(number=request.origin.extension)
    steps: tuple[Step, ...]
    match request.dialled:
        case number if number in office.extension_by_number:
            steps = (ring(extension(office, number)),)
        case "0":
            steps = (ring(external("t1", "t2")),)
        case "112":
            kind = CallKind.EMERGENCY
            steps = (ring(external("t1", "t2")),)
        case "all":
            steps = (ring(*(extension(office, one) for one in EXTENSIONS), external("t1")),)
        case "echo":
            steps = (Run(application=Application.ECHO, prompt="echo_intro", language=Language.GERMAN),)
        case "play":
            steps = (
                Play(prompt="welcome", language=Language.GERMAN, answer=False, next={Outcome.DONE: 1}),
                ring(extension(office, "21")),
            )
        case "steps":
            onward = {Outcome.NO_ANSWER: 1, Outcome.BUSY: 1, Outcome.UNREACHABLE: 1, Outcome.REJECTED: 1}
            steps = (
                Ring(targets=(extension(office, "21"),), timeout_ms=Milliseconds(5000), next=onward),
                ring(extension(office, "22"), external("t1")),
            )
        case _:
            steps = (Reject(cause=Cause.UNALLOCATED),)
    return Plan(kind=kind, steps=steps, called=request.dialled, caller=caller)


def ring(*targets: RingTarget) -> Ring:
    """Ring these for 20 s, then give up."""
    return Ring(targets=targets, timeout_ms=Milliseconds(20_000))
