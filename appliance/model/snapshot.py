"""The whole configuration as one immutable value, with the indexes that routing needs.

A change builds a new snapshot that is swapped whole; whoever holds one sees a consistent office.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from appliance.errors import Problem
from appliance.model import audio as recordings
from appliance.model import checks, dect_checks, menu_checks
from appliance.model.accounts import Account, PermissionGroup
from appliance.model.analog import AnalogDevice
from appliance.model.audio import Audio
from appliance.model.backups import NO_PLAN, BackupPlan
from appliance.model.decode import suggestion
from appliance.model.dect import DectHandset, DectMedia, DectNet
from appliance.model.documents import (
    TRUNK_PROFILES,
    Block,
    Callthrough,
    ClassOfService,
    ConferenceRoom,
    Device,
    Document,
    Extension,
    GsmModule,
    JournalSettings,
    Limit,
    Mobile,
    Number,
    RecordingRule,
    RecordingSettings,
    Rotation,
    Route,
    Service,
    Site,
    Switch,
    Trunk,
    VoicemailBox,
)
from appliance.model.fax import FaxBox
from appliance.model.features import (
    NO_FEATURES,
    Announcement,
    FeatureCode,
    FeatureDocument,
    Features,
    PagingGroup,
    ParkLot,
    PickupGroup,
    SpeedDial,
    WakeUp,
    index_features,
)
from appliance.model.ids import (
    AccountId,
    AudioId,
    BlockId,
    CallthroughId,
    ClassId,
    ConferenceId,
    DectSystemId,
    DeviceId,
    ExtensionId,
    FaxBoxId,
    GroupId,
    LimitId,
    MenuId,
    MobileId,
    ModuleId,
    NumberId,
    PhoneId,
    PhoneTemplateId,
    RecordingRuleId,
    RotationId,
    RouteId,
    ServiceId,
    SwitchId,
    TrunkId,
    VoicemailBoxId,
)
from appliance.model.instances import Instance
from appliance.model.journal import USUAL as USUAL_JOURNAL
from appliance.model.mail import Mail, Notification
from appliance.model.menus import Menu
from appliance.model.phones import USUAL_PROVISIONING, IpPhone, PhoneTemplate, Provisioning
from appliance.model.recordings import USUAL
from appliance.model.voicemail import own_box

Phone = Device | AnalogDevice | DectHandset


_Id = TypeVar("_Id")
_Claimant = TypeVar("_Claimant")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything configured, read-only, indexed. ``revision`` grows with each change."""

    revision: int = 0
    site: Site = field(default_factory=Site)
    extensions: Mapping[ExtensionId, Extension] = field(default_factory=dict)
    devices: Mapping[DeviceId, Device] = field(default_factory=dict)
    analog: Mapping[DeviceId, AnalogDevice] = field(default_factory=dict)
    dect_systems: Mapping[DectSystemId, DectNet] = field(default_factory=dict)
    handsets: Mapping[DeviceId, DectHandset] = field(default_factory=dict)
    """Those of SIP systems that are not blocked stand in ``devices``, too: as the account they are."""
    numbers: Mapping[NumberId, Number] = field(default_factory=dict)
    trunks: Mapping[TrunkId, Trunk] = field(default_factory=dict)
    services: Mapping[ServiceId, Service] = field(default_factory=dict)
    extension_by_number: Mapping[str, Extension] = field(default_factory=dict)
    service_by_number: Mapping[str, Service] = field(default_factory=dict)
    number_by_e164: Mapping[str, Number] = field(default_factory=dict)
    device_by_username: Mapping[str, Device] = field(default_factory=dict)
    devices_by_extension: Mapping[ExtensionId, tuple[Phone, ...]] = field(default_factory=dict)
    trunks_by_priority: tuple[Trunk, ...] = ()
    limits: Mapping[LimitId, Limit] = field(default_factory=dict)
    routes: Mapping[RouteId, Route] = field(default_factory=dict)
    routes_by_order: tuple[Route, ...] = ()
    """Those in force."""
    switches: Mapping[SwitchId, Switch] = field(default_factory=dict)
    switches_on: frozenset[SwitchId] = frozenset()
    rotations: Mapping[RotationId, Rotation] = field(default_factory=dict)
    classes: Mapping[ClassId, ClassOfService] = field(default_factory=dict)
    blocks: Mapping[BlockId, Block] = field(default_factory=dict)
    modules: Mapping[ModuleId, GsmModule] = field(default_factory=dict)
    rooms: Mapping[ConferenceId, ConferenceRoom] = field(default_factory=dict)
    recording: RecordingSettings = USUAL
    journal: JournalSettings = USUAL_JOURNAL
    backup: BackupPlan = NO_PLAN
    recording_rules: Mapping[RecordingRuleId, RecordingRule] = field(default_factory=dict)
    room_by_number: Mapping[str, ConferenceRoom] = field(default_factory=dict)
    features: Features = NO_FEATURES
    fax_boxes: Mapping[FaxBoxId, FaxBox] = field(default_factory=dict)
    fax_box_by_number: Mapping[str, FaxBox] = field(default_factory=dict)
    menus: Mapping[MenuId, Menu] = field(default_factory=dict)
    menu_by_number: Mapping[str, Menu] = field(default_factory=dict)
    mobiles: Mapping[MobileId, Mobile] = field(default_factory=dict)
    mobile_by_number: Mapping[str, Mobile] = field(default_factory=dict)
    callthroughs: Mapping[CallthroughId, Callthrough] = field(default_factory=dict)
    mail: Mail | None = None
    notifications: Mapping[ExtensionId, Notification] = field(default_factory=dict)
    voicemail_boxes: Mapping[VoicemailBoxId, VoicemailBox] = field(default_factory=dict)
    """Also those that extensions have without a document; every one with its owners."""
    voicemail_by_number: Mapping[str, VoicemailBox] = field(default_factory=dict)
    voicemail_of: Mapping[ExtensionId, VoicemailBox] = field(default_factory=dict)
    """The box of an extension: the one of its id, else the first that it owns."""
    audio: Mapping[AudioId, Audio] = field(default_factory=dict)
    groups: Mapping[GroupId, PermissionGroup] = field(default_factory=dict)
    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    provisioning: Provisioning = USUAL_PROVISIONING
    phone_templates: Mapping[PhoneTemplateId, PhoneTemplate] = field(default_factory=dict)
    phones: Mapping[PhoneId, IpPhone] = field(default_factory=dict)
    phone_by_mac: Mapping[str, IpPhone] = field(default_factory=dict)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    trunks_away: Mapping[TrunkId, tuple[str, ...]] = field(default_factory=dict)
    """Trunks that other instances use and this one does not, and which do."""

    def with_changed(self, documents: Iterable[Extension | Switch]) -> "Snapshot":
        """The same office with these documents in place of those of their ids, for imagining."""
        extensions, switches = dict(self.extensions), dict(self.switches)
        for document in documents:
            if isinstance(document, Extension):
                extensions[document.id] = document
            else:
                switches[document.id] = document
        return replace(
            self,
            extensions=extensions,
            extension_by_number=_first_by(extensions, lambda one: one.number),
            switches=switches,
            switches_on=frozenset(one.id for one in switches.values() if one.on),
        )


def build(documents: Iterable[Document], *, revision: int = 0) -> Snapshot:
    """Index the documents. Where two claim one number the later wins; :func:`check` reports that."""
    site = Site()
    extensions: dict[ExtensionId, Extension] = {}
    devices: dict[DeviceId, Device] = {}
    analog: dict[DeviceId, AnalogDevice] = {}
    dect_systems: dict[DectSystemId, DectNet] = {}
    handsets: dict[DeviceId, DectHandset] = {}
    numbers: dict[NumberId, Number] = {}
    trunks: dict[TrunkId, Trunk] = {}
    services: dict[ServiceId, Service] = {}
    limits: dict[LimitId, Limit] = {}
    routes: dict[RouteId, Route] = {}
    switches: dict[SwitchId, Switch] = {}
    rotations: dict[RotationId, Rotation] = {}
    classes: dict[ClassId, ClassOfService] = {}
    blocks: dict[BlockId, Block] = {}
    modules: dict[ModuleId, GsmModule] = {}
    rooms: dict[ConferenceId, ConferenceRoom] = {}
    recording = USUAL
    journal = USUAL_JOURNAL
    backup = NO_PLAN
    recording_rules: dict[RecordingRuleId, RecordingRule] = {}
    features: list[FeatureDocument] = []
    fax_boxes: dict[FaxBoxId, FaxBox] = {}
    mail: Mail | None = None
    notifications: dict[ExtensionId, Notification] = {}
    boxes: dict[VoicemailBoxId, VoicemailBox] = {}
    audio: dict[AudioId, Audio] = {}
    menus: dict[MenuId, Menu] = {}
    mobiles: dict[MobileId, Mobile] = {}
    callthroughs: dict[CallthroughId, Callthrough] = {}
    groups: dict[GroupId, PermissionGroup] = {}
    accounts: dict[AccountId, Account] = {}
    provisioning = USUAL_PROVISIONING
    phone_templates: dict[PhoneTemplateId, PhoneTemplate] = {}
    ip_phones: dict[PhoneId, IpPhone] = {}
    instances: dict[str, Instance] = {}
    for document in documents:
        match document:
            case Audio():
                audio[document.id] = document
            case Site():
                site = document
            case Extension():
                extensions[document.id] = document
            case Device():
                devices[document.id] = document
            case AnalogDevice():
                analog[document.id] = document
            case DectNet():
                dect_systems[document.id] = document
            case DectHandset():
                handsets[document.id] = document
            case Number():
                numbers[document.id] = document
            case Trunk():
                trunks[document.id] = document
            case Limit():
                limits[document.id] = document
            case Route():
                routes[document.id] = document
            case Service():
                services[document.id] = document
            case Switch():
                switches[document.id] = document
            case Rotation():
                rotations[document.id] = document
            case ClassOfService():
                classes[document.id] = document
            case Block():
                blocks[document.id] = document
            case GsmModule():
                modules[document.id] = document
            case BackupPlan():
                backup = document
            case JournalSettings():
                journal = document
            case RecordingSettings():
                recording = document
            case RecordingRule():
                recording_rules[document.id] = document
            case ConferenceRoom():
                rooms[document.id] = document
            case (
                FeatureCode()
                | ParkLot()
                | PickupGroup()
                | PagingGroup()
                | WakeUp()
                | Announcement()
                | SpeedDial()
            ):
                features.append(document)
            case FaxBox():
                fax_boxes[document.id] = document
            case Menu():
                menus[document.id] = document
            case Mobile():
                mobiles[document.id] = document
            case Callthrough():
                callthroughs[document.id] = document
            case Mail():
                mail = document
            case VoicemailBox():
                boxes[document.id] = document.owned()
            case Notification():
                notifications[document.id] = document
            case PermissionGroup():
                groups[document.id] = document
            case Account():
                accounts[document.id] = document
            case Provisioning():
                provisioning = document
            case PhoneTemplate():
                phone_templates[document.id] = document
            case IpPhone():
                ip_phones[document.id] = document
            case Instance():
                instances[document.id] = document
    boxes, voicemail_of = _voicemail(boxes, extensions)
    of_extension: dict[ExtensionId, list[Phone]] = {}
    cordless = _cordless(dect_systems, handsets)
    devices |= {one.id: one for one in cordless if isinstance(one, Device)}
    local = (one for one in cordless if isinstance(one, DectHandset))
    phones: tuple[Phone, ...] = (*devices.values(), *analog.values(), *local)
    for device in phones:
        of_extension.setdefault(device.extension, []).append(device)
    return Snapshot(
        revision=revision,
        site=site,
        extensions=extensions,
        devices=devices,
        analog=analog,
        dect_systems=dect_systems,
        handsets=handsets,
        numbers=numbers,
        trunks=trunks,
        services=services,
        extension_by_number=_first_by(extensions, lambda one: one.number),
        service_by_number=_first_by(services, lambda one: one.number),
        number_by_e164=_first_by(numbers, lambda one: one.number),
        device_by_username=_first_by(devices, lambda one: one.username),
        devices_by_extension={key: tuple(value) for key, value in of_extension.items()},
        trunks_by_priority=tuple(sorted(trunks.values(), key=lambda trunk: (trunk.priority, trunk.id))),
        limits=limits,
        routes=routes,
        routes_by_order=tuple(
            sorted((one for one in routes.values() if one.enabled), key=lambda one: (one.order, one.id))
        ),
        switches=switches,
        switches_on=frozenset(one.id for one in switches.values() if one.on),
        rotations=rotations,
        classes=classes,
        blocks=blocks,
        modules=modules,
        rooms=rooms,
        recording=recording,
        journal=journal,
        backup=backup,
        recording_rules=recording_rules,
        room_by_number=_first_by(rooms, lambda one: one.number),
        features=index_features(features) if features else NO_FEATURES,
        fax_boxes=fax_boxes,
        fax_box_by_number=_first_by(
            {key: one for key, one in fax_boxes.items() if one.number}, lambda one: one.number
        ),
        menus=menus,
        menu_by_number=_first_by(
            {key: one for key, one in menus.items() if one.number}, lambda one: one.number
        ),
        mobiles=mobiles,
        mobile_by_number=_first_by(mobiles, lambda one: one.number),
        callthroughs=callthroughs,
        mail=mail,
        notifications=notifications,
        voicemail_boxes=boxes,
        voicemail_by_number=_first_by(
            {key: one for key, one in boxes.items() if one.number}, lambda one: one.number
        ),
        voicemail_of=voicemail_of,
        audio=audio,
        groups=groups,
        accounts=accounts,
        provisioning=provisioning,
        phone_templates=phone_templates,
        phones=ip_phones,
        phone_by_mac={one.mac: one for one in ip_phones.values()},
        instances=instances,
    )


def _cordless(
    systems: Mapping[DectSystemId, DectNet], handsets: Mapping[DeviceId, DectHandset]
) -> list[Device | DectHandset]:
    """Handsets that may call and be called: as SIP accounts, or themselves where no SIP is between."""
    found: list[Device | DectHandset] = []
    for one in handsets.values():
        system = systems.get(one.system)
        if system is None or not system.enabled or one.blocked:
            continue
        if system.media is DectMedia.LOCAL:
            found.append(one)
        elif one.secret:
            found.append(
                Device(
                    id=one.id,
                    extension=one.extension,
                    home=one.home,
                    username=one.account,
                    secret=one.secret,
                    name=one.name,
                    max_calls=2,
                )
            )
    return found


def _first_by(
    documents: Mapping[_Id, _Claimant], value: Callable[[_Claimant], _Value]
) -> dict[_Value, _Claimant]:
    """Documents by a value of theirs alone; of two that claim one (:func:`check`) the first by id has it."""
    found: dict[_Value, _Claimant] = {}
    for one in documents.values():
        found.setdefault(value(one), one)
    return found


def _voicemail(
    boxes: dict[VoicemailBoxId, VoicemailBox], extensions: Mapping[ExtensionId, Extension]
) -> tuple[dict[VoicemailBoxId, VoicemailBox], dict[ExtensionId, VoicemailBox]]:
    """All boxes, and the one of each extension."""
    of: dict[ExtensionId, VoicemailBox] = {}
    for box in boxes.values():
        for owner in box.owners:
            of.setdefault(owner, box)
    for extension in extensions.values():
        own = boxes.get(VoicemailBoxId(extension.id))
        if own is not None and extension.id in own.owners:
            of[extension.id] = own
        elif own is None and extension.voicemail and extension.id not in of:
            made = own_box(extension.id, extension.name)
            boxes[made.id] = of[extension.id] = made
    return boxes, of


def check(snapshot: Snapshot) -> tuple[Problem, ...]:
    """Find what no single document can know: dead references and numbers claimed twice, both sides named.

    Only what must not be; what is merely odd is found by ``model.notices``.
    """
    problems: list[Problem] = []
    problems += _claimed_twice(snapshot)
    for kind, device in _phones(snapshot):
        if device.extension not in snapshot.extensions:
            problems.append(
                Problem(
                    where=f"{kind} {device.id}",
                    field="extension",
                    message=f"extension '{device.extension}' does not exist",
                    remedy="create the extension first or choose another",
                )
            )
    for notification in snapshot.notifications.values():
        if notification.id not in snapshot.extensions:
            problems.append(
                Problem(
                    where=f"notification {notification.id}",
                    field="id",
                    message=f"extension '{notification.id}' does not exist",
                    remedy="a notification has the id of an extension",
                )
            )
    for trunk in snapshot.trunks.values():
        if trunk.profile not in TRUNK_PROFILES:
            problems.append(
                Problem(
                    where=f"trunk {trunk.id}",
                    field="profile",
                    message=f"'{trunk.profile}' is not a known profile",
                    remedy=suggestion(trunk.profile, list(TRUNK_PROFILES)),
                )
            )
    problems += _dead_members(snapshot)
    problems += checks.dead_references(snapshot)
    problems += checks.settings(snapshot)
    problems += recordings.problems(snapshot.audio)
    problems += checks.forwarding_circles(snapshot)
    problems += menu_checks.problems(snapshot)
    return tuple(problems)


def _dead_members(snapshot: Snapshot) -> list[Problem]:
    groups: list[tuple[str, PickupGroup | PagingGroup]] = [
        *(("pickup_group", group) for group in snapshot.features.pickup_groups),
        *(("paging_group", group) for group in snapshot.features.paging_groups),
    ]
    known = [str(key) for key in snapshot.extensions]
    return [
        Problem(
            where=f"{kind} {group.id}",
            field=f"members[{i}]",
            message=f"extension '{member}' does not exist",
            remedy=suggestion(member, known) or "choose an existing one",
        )
        for kind, group in groups
        for i, member in enumerate(group.members)
        if member not in snapshot.extensions
    ]


def _phones(snapshot: Snapshot) -> Iterator[tuple[str, Phone]]:
    for device in snapshot.devices.values():
        if device.id not in snapshot.handsets:
            yield "device", device
    for analog in snapshot.analog.values():
        yield "analog", analog
    for handset in snapshot.handsets.values():
        yield "dect_handset", handset


def internal_numbers(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """What can be dialled inside: number, whose it is (``extension 21``), the field that says so."""
    for extension in snapshot.extensions.values():
        yield extension.number, f"extension {extension.id}", "number"
    for service in snapshot.services.values():
        yield service.number, f"service {service.id}", "number"
    for voicemail in snapshot.voicemail_boxes.values():
        if voicemail.number:
            yield voicemail.number, f"voicemail_box {voicemail.id}", "number"
    for room in snapshot.rooms.values():
        yield room.number, f"conference_room {room.id}", "number"
    for menu in snapshot.menus.values():
        if menu.number:
            yield menu.number, f"menu {menu.id}", "number"
    for lot in snapshot.features.lots:
        for slot in lot.slots():
            yield slot, f"park_lot {lot.id}", "first"
    for code in snapshot.features.codes:
        yield code.code, f"the feature code for {code.action.value}", "code"
    for speed_dial in snapshot.features.speed_dials.values():
        yield speed_dial.number, f"speed_dial {speed_dial.id}", "number"
    for box in snapshot.fax_boxes.values():
        if box.number:
            yield box.number, f"fax_box {box.id}", "number"
    for switch in snapshot.switches.values():
        if switch.number:
            yield switch.number, f"switch {switch.id}", "number"


def _claimed_twice(snapshot: Snapshot) -> list[Problem]:
    problems: list[Problem] = []
    internal: dict[str, str] = {
        f"{one}": "the emergency numbers of the site" for one in snapshot.site.emergency_numbers
    }
    public: dict[str, str] = {}
    usernames: dict[str, str] = {}

    def claim(owners: dict[str, str], value: str, where: str, field_name: str) -> None:
        other = owners.setdefault(value, where)
        if other != where:
            problems.append(
                Problem(
                    where=where,
                    field=field_name,
                    message=f"'{value}' already belongs to {other}",
                    remedy="choose another",
                )
            )

    for number, where, named in internal_numbers(snapshot):
        claim(internal, number, where, named)
    paging: dict[str, str] = {}
    for group in snapshot.features.paging_groups:
        claim(paging, group.number, f"paging_group {group.id}", "number")
    for own in snapshot.numbers.values():
        claim(public, own.number, f"number {own.id}", "number")
    for mobile in snapshot.mobiles.values():
        claim(public, mobile.number, f"mobile {mobile.id}", "number")
    modules: dict[str, str] = {}
    for trunk in snapshot.trunks.values():
        if trunk.module:
            claim(modules, trunk.module, f"trunk {trunk.id}", "module")
    hardware: dict[str, str] = {}
    for module in snapshot.modules.values():
        for field_name, value in (("imei", module.imei), ("usb_path", module.usb_path)):
            if value:
                claim(hardware, value, f"gsm_module {module.id}", field_name)
    for kind, device in _phones(snapshot):
        if isinstance(device, Device):
            claim(usernames, device.username, f"{kind} {device.id}", "username")
        elif isinstance(device, DectHandset):
            claim(usernames, device.account, f"{kind} {device.id}", "username")
    ids: dict[str, str] = {}
    macs: dict[str, str] = {}
    for phone in snapshot.phones.values():
        claim(macs, phone.mac, f"phone {phone.id}", "mac")
    ports: dict[str, str] = {}
    for kind, device in _phones(snapshot):
        claim(ids, device.id, f"{kind} {device.id}", "id")
    problems += dect_checks.problems(snapshot.dect_systems, snapshot.handsets)
    for analog in snapshot.analog.values():
        relays = snapshot.fax_boxes.get(analog.fax_box) if analog.fax_box else None
        if relays is not None and relays.extension is None:
            problems.append(
                Problem(
                    where=f"analog {analog.id}",
                    field="fax_box",
                    message=f"fax box {relays.id} only receives",
                    remedy="name the extension with whose rights it sends",
                )
            )
        claim(ports, f"{analog.node}/{analog.port}".removeprefix("/"), f"analog {analog.id}", "port")
    return problems
