"""A small office and a planner for call-control tests: numbers say what happens."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from appliance.model.causes import Cause
from appliance.model.conferences import Announce, ConferenceRoom, WithoutModerator
from appliance.model.documents import Application, Device, Document, Extension, Language, Srtp, Trunk
from appliance.model.features import Action, PagingGroup, ParkLot, PickupGroup
from appliance.model.ids import ConferenceId, DeviceId, ExtensionId, Milliseconds, RecordingRuleId, TrunkId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    DeviceTarget,
    ExtensionTarget,
    ExternalTarget,
    Feature,
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
    Wait,
)
from appliance.model.recordings import Consent, RecordingRule, RecordingSettings
from appliance.model.snapshot import Snapshot, build

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLER = Caller(number="1")
EXTENSIONS = ("21", "22", "23", "24")


FEATURES: dict[str, tuple[Action, str]] = {
    "pickup 22": (Action.PICKUP, "22"),
    "pickup": (Action.PICKUP_GROUP, ""),
    "park": (Action.PARK, ""),
    "park 702": (Action.PARK, "702"),
    "701": (Action.RETRIEVE, "701"),
    "702": (Action.RETRIEVE, "702"),
    "conference": (Action.CONFERENCE, ""),
    "move": (Action.MOVE, ""),
    "callback": (Action.CALLBACK, ""),
    "no callback": (Action.CALLBACK_CANCEL, ""),
    "redial": (Action.REDIAL, ""),
    "record": (Action.RECORD, ""),
    "record off": (Action.RECORD_OFF, ""),
    "record pause": (Action.RECORD_PAUSE, ""),
}
"""What is dialled in these tests → the feature."""


ROOMS = (
    ConferenceRoom(id=ConferenceId("800"), number="800", announce=Announce.NOTHING),
    ConferenceRoom(
        id=ConferenceId("801"),
        number="801",
        pin="1234",
        moderator_pin="98765",
        owner=ExtensionId("21"),
        announce=Announce.NAME,
        wait_for_moderator=True,
        without_moderator=WithoutModerator.WAITS,
        max_participants=4,
    ),
    ConferenceRoom(
        id=ConferenceId("802"),
        number="802",
        owner=ExtensionId("21"),
        without_moderator=WithoutModerator.ENDS,
        muted=True,
        may_unmute=False,
    ),
)
"""An open room, one with all that a room can ask for, and one that only its owner speaks in."""


def feature(action: Action, argument: str, *targets: ExtensionTarget) -> Feature:
    """A feature step."""
    return Feature(action=action, argument=argument, language=Language.GERMAN, targets=targets)


def snapshot() -> Snapshot:
    """Four extensions with a phone each, 24 with two and without call waiting; two trunks."""
    everybody = tuple(ExtensionId(number) for number in EXTENSIONS)
    documents: list[Document] = [
        ParkLot(id="lot", first="701", count=2),
        PickupGroup(id="all", members=everybody),
        PagingGroup(id="all", number="1", members=everybody),
    ]
    documents += ROOMS
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


def device(number: str, name: str = "") -> FromDevice:
    """The origin of a call from this phone."""
    return FromDevice(device=DeviceId(name or number), extension=ExtensionId(number))


def extension(office: Snapshot, number: str, *, auto_answer: bool = False) -> ExtensionTarget:
    """The extension as a ring target."""
    found = office.extension_by_number[number]
    return ExtensionTarget(
        extension=found.id,
        number=number,
        devices=tuple(
            DeviceTarget(device=one.id, username=one.username, srtp=Srtp.OPTIONAL)
            for one in office.devices_by_extension[found.id]
            if isinstance(one, Device)
        ),
        call_waiting=found.call_waiting,
        present=Presentation(number="1"),
        auto_answer=auto_answer,
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
        case "0" | "+4915112345678":
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
        case "wait":
            target = extension(office, "24")
            seat = Wait(
                extension=ExtensionId("24"),
                number="24",
                seats=2,
                timeout_ms=Milliseconds(60_000),
                next={Outcome.DONE: 2},
            )
            first = Ring(targets=(target,), timeout_ms=Milliseconds(20_000), next={Outcome.BUSY: 1})
            steps = (first, seat, ring(target))
        case room if any(one.number == room for one in ROOMS):
            inside = Run(
                application=Application.CONFERENCE, prompt="", language=Language.GERMAN, argument=room
            )
            steps = (inside,)
        case "intercom":
            steps = (feature(Action.INTERCOM, "22", extension(office, "22", auto_answer=True)),)
        case "paging":
            targets = [extension(office, one, auto_answer=True) for one in EXTENSIONS]
            steps = (feature(Action.PAGING, "all", *targets),)
        case code if code in FEATURES:
            steps = (feature(*FEATURES[code]),)
        case _:
            steps = (Reject(cause=Cause.UNALLOCATED),)
    return Plan(kind=kind, steps=steps, called=request.dialled, caller=caller)


def ring(*targets: RingTarget) -> Ring:
    """Ring these for 20 s, then give up."""
    return Ring(targets=targets, timeout_ms=Milliseconds(20_000))


def with_rooms(office: Snapshot, rooms: Mapping[ConferenceId, ConferenceRoom]) -> Snapshot:
    """The same office with other conference rooms."""
    return replace(office, rooms=rooms)


def recorded(office: Snapshot) -> Snapshot:
    """The same office where 21 may record and calls with 23 are recorded."""
    rule = RecordingRule(id=RecordingRuleId("23"), extensions=(ExtensionId("23"),), consent=Consent.NONE)
    may = RecordingSettings(may_record=(ExtensionId("21"),))
    return replace(office, recording=may, recording_rules={rule.id: rule})
