"""Which documents a document names by id: what keeps others from being deleted.

``snapshot.check`` reports every one of these that is dead; a test holds the two together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.model.accounts import Account, PermissionGroup
from appliance.model.audio import recording_named
from appliance.model.documents import (
    AnalogDevice,
    BackupPlan,
    Block,
    Calls,
    Callthrough,
    ClassOfService,
    ConferenceRoom,
    DectHandset,
    Device,
    Document,
    Extension,
    Forwarding,
    IpPhone,
    JournalSettings,
    Limit,
    Menu,
    Mobile,
    Number,
    RecordingRule,
    RecordingSettings,
    RingStep,
    Rotation,
    Route,
    Service,
    Site,
    Target,
    TargetKind,
    Trunk,
    VoicemailBox,
    When,
)
from appliance.model.fax import FaxBox
from appliance.model.features import Announcement, PagingGroup, PickupGroup, WakeUp
from appliance.model.mail import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``field`` (the path inside the naming document) names the document (kind, id)."""

    field: str
    kind: str
    id: str


def references(document: Document) -> Iterator[Reference]:
    """Every document named by this one, whether it exists or not."""
    match document:
        case Device():
            yield Reference(field="extension", kind="extension", id=document.extension)
            if document.home is not None:
                yield Reference(field="home", kind="extension", id=document.home)
        case IpPhone():
            for i, device in enumerate(document.devices):
                yield Reference(field=f"devices[{i}]", kind="device", id=device)
            if document.template is not None:
                yield Reference(field="template", kind="phone_template", id=document.template)
        case AnalogDevice():
            yield Reference(field="extension", kind="extension", id=document.extension)
            if document.fax_box is not None:
                yield Reference(field="fax_box", kind="fax_box", id=document.fax_box)
        case DectHandset():
            yield Reference(field="extension", kind="extension", id=document.extension)
            yield Reference(field="system", kind="dect_system", id=document.system)
        case Announcement():
            yield Reference(field="group", kind="paging_group", id=document.group)
            yield from _of_prompt("prompt", document.prompt)
        case WakeUp():
            yield Reference(field="extension", kind="extension", id=document.extension)
        case PickupGroup() | PagingGroup():
            for i, member in enumerate(document.members):
                yield Reference(field=f"members[{i}]", kind="extension", id=member)
        case FaxBox():
            if document.extension is not None:
                yield Reference(field="extension", kind="extension", id=document.extension)
        case Notification():
            yield Reference(field="id", kind="extension", id=document.id)
        case PermissionGroup():
            for i, extension in enumerate(document.extensions):
                yield Reference(field=f"extensions[{i}]", kind="extension", id=extension)
        case Account():
            for i, extension in enumerate(document.extensions):
                yield Reference(field=f"extensions[{i}]", kind="extension", id=extension)
            for i, group in enumerate(document.groups):
                yield Reference(field=f"groups[{i}]", kind="permission_group", id=group)
        case Number():
            yield from _of_prompt("music_on_hold", document.music_on_hold)
            yield from _of_prompt("greeting", document.greeting)
            yield from _of_steps("steps", document.steps)
            yield from _of_steps("backup", document.backup)
            if document.fax_box is not None:
                yield Reference(field="fax_box", kind="fax_box", id=document.fax_box)
            if document.voicemail:
                yield Reference(field="voicemail", kind="voicemail_box", id=document.voicemail)
            for i, scenario in enumerate(document.scenarios):
                yield from _of_prompt(f"scenarios[{i}].greeting", scenario.greeting)
                yield from _of_whens(f"scenarios[{i}].when", scenario.when)
                yield from _of_steps(f"scenarios[{i}].steps", scenario.steps)
                if scenario.voicemail:
                    yield Reference(
                        field=f"scenarios[{i}].voicemail", kind="voicemail_box", id=scenario.voicemail
                    )
        case Extension():
            yield from _of_extension(document)
        case Rotation():
            for i, target in enumerate(document.members):
                yield from _of_target(f"members[{i}]", target)
            for i, substitute in enumerate(document.substitutes):
                yield from _of_target(f"substitutes[{i}].target", substitute.target)
        case ClassOfService():
            for i, rule in enumerate(document.rules):
                yield from _of_whens(f"rules[{i}].when", rule.when)
        case VoicemailBox():
            yield from _of_prompt("greeting", document.greeting)
            for i, owner in enumerate(document.owners):
                yield Reference(field=f"owners[{i}]", kind="extension", id=owner)
            for i, greeting in enumerate(document.greetings):
                yield from _of_prompt(f"greetings[{i}].greeting", greeting.greeting)
                yield from _of_calls(f"greetings[{i}].calls", greeting.calls)
        case RecordingRule():
            for i, extension in enumerate(document.extensions):
                yield Reference(field=f"extensions[{i}]", kind="extension", id=extension)
            for i, number in enumerate(document.numbers):
                yield Reference(field=f"numbers[{i}]", kind="number", id=number)
            for i, trunk in enumerate(document.trunks):
                yield Reference(field=f"trunks[{i}]", kind="trunk", id=trunk)
        case JournalSettings() | BackupPlan():
            pass
        case RecordingSettings():
            for i, extension in enumerate(document.may_record):
                yield Reference(field=f"may_record[{i}]", kind="extension", id=extension)
        case ConferenceRoom():
            yield from _of_prompt("music", document.music)
            if document.owner is not None:
                yield Reference(field="owner", kind="extension", id=document.owner)
        case Block():
            yield Reference(field="trunk", kind="trunk", id=document.trunk)
        case Limit():
            for i, extension in enumerate(document.extensions):
                yield Reference(field=f"extensions[{i}]", kind="extension", id=extension)
            for i, trunk in enumerate(document.trunks):
                yield Reference(field=f"trunks[{i}]", kind="trunk", id=trunk)
        case Route():
            for i, trunk in enumerate(document.trunks):
                yield Reference(field=f"trunks[{i}]", kind="trunk", id=trunk)
            yield from _of_whens("when", document.when)
        case Trunk():
            if document.module:
                yield Reference(field="module", kind="gsm_module", id=document.module)
            for i, rate in enumerate(document.rates):
                yield from _of_whens(f"rates[{i}].when", rate.when)
        case Service():
            yield from _of_prompt("prompt", document.prompt)
        case Menu():
            yield from _of_menu(document)
        case Mobile():
            yield Reference(field="extension", kind="extension", id=document.extension)
        case Callthrough():
            for i, one in enumerate(document.anywhere):
                yield Reference(field=f"anywhere[{i}]", kind="extension", id=one)
        case Site():
            for i, trunk in enumerate(document.emergency_trunks):
                yield Reference(field=f"emergency_trunks[{i}]", kind="trunk", id=trunk)
            yield from _of_prompt("music_on_hold", document.music_on_hold)
            if document.class_of_service is not None:
                yield Reference(
                    field="class_of_service", kind="class_of_service", id=document.class_of_service
                )


def _of_prompt(field: str, prompt: str) -> Iterator[Reference]:
    recording = recording_named(prompt)
    if recording is not None:
        yield Reference(field=field, kind="audio", id=recording)


def _of_menu(menu: Menu) -> Iterator[Reference]:
    for field in ("greeting", "prompts"):
        for i, prompt in enumerate(getattr(menu, field)):
            yield from _of_prompt(f"{field}[{i}]", prompt)
    for i, option in enumerate(menu.options):
        if option.to is not None and option.to.kind is not TargetKind.EXTERNAL:
            yield from _of_target(f"options[{i}].to", option.to)
        for j, prompt in enumerate(option.prompts):
            yield from _of_prompt(f"options[{i}].prompts[{j}]", prompt)
        if option.menu is not None:
            yield Reference(field=f"options[{i}].menu", kind="menu", id=option.menu)
        if option.switch is not None:
            yield Reference(field=f"options[{i}].switch", kind="switch", id=option.switch)
    for i, extension in enumerate(menu.directory):
        yield Reference(field=f"directory[{i}]", kind="extension", id=extension)
    if menu.otherwise is not None:
        yield from _of_target("otherwise", menu.otherwise)


def _of_extension(extension: Extension) -> Iterator[Reference]:
    yield from _of_prompt("music_on_hold", extension.music_on_hold)
    if extension.dial_out.device is not None:
        yield Reference(field="dial_out.device", kind="device", id=extension.dial_out.device)
    if extension.class_of_service is not None:
        yield Reference(field="class_of_service", kind="class_of_service", id=extension.class_of_service)
    for i, rule in enumerate(extension.rules):
        yield from _of_calls(f"rules[{i}].calls", rule.calls)
    yield from _of_forwardings("forwardings", extension.forwardings)
    for i, ringing in enumerate(extension.ringings):
        yield from _of_calls(f"ringings[{i}].calls", ringing.calls)
        yield from _of_steps(f"ringings[{i}].steps", ringing.steps)
    for i, profile in enumerate(extension.profiles):
        yield from _of_forwardings(f"profiles[{i}].forwardings", profile.forwardings or ())
        if profile.dial_out is not None and profile.dial_out.device is not None:
            yield Reference(field=f"profiles[{i}].dial_out.device", kind="device", id=profile.dial_out.device)


def _of_forwardings(path: str, forwardings: Iterable[Forwarding]) -> Iterator[Reference]:
    for i, forwarding in enumerate(forwardings):
        yield from _of_target(f"{path}[{i}].to", forwarding.to)
        yield from _of_calls(f"{path}[{i}].calls", forwarding.calls)


def _of_calls(path: str, calls: Calls) -> Iterator[Reference]:
    yield from _of_whens(f"{path}.when", calls.when)


def _of_whens(path: str, whens: Iterable[When]) -> Iterator[Reference]:
    for i, when in enumerate(whens):
        if when.switch is not None:
            yield Reference(field=f"{path}[{i}].switch", kind="switch", id=when.switch)


def _of_steps(path: str, steps: Iterable[RingStep]) -> Iterator[Reference]:
    for i, step in enumerate(steps):
        for j, target in enumerate(step.targets):
            if target.kind is not TargetKind.EXTERNAL:
                yield from _of_target(f"{path}[{i}].targets[{j}]", target)


def _of_target(path: str, target: Target) -> Iterator[Reference]:
    if target.kind is not TargetKind.EXTERNAL:
        yield Reference(field=f"{path}.ref", kind=target.kind.value, id=target.ref)
