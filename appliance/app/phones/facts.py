"""What a phone is told, out of the office's documents. Pure."""

from dataclasses import dataclass, replace

from appliance.model.documents import Extension
from appliance.model.features import Action
from appliance.model.instances import Role
from appliance.model.phones import Firmware, IpPhone, KeyKind, PhoneKey, PhoneTemplate, PhoneTransport
from appliance.model.snapshot import Snapshot
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.clock import clock_of
from appliance.provisioning.facts import KeyFacts, KeyFunction, LineFacts, PhoneFacts, Server
from appliance.provisioning.recognise import recognise


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How phones reach the box: SIP ports, and those of its pages; 0: not offered."""

    address: str
    sip_port: int
    tls_port: int
    http_port: int
    https_port: int


def root_url(snapshot: Snapshot, reach: Reach) -> str:
    """Where phones fetch that have no secret address yet; ends with a slash."""
    settings = snapshot.provisioning
    secure = settings.https or not reach.http_port
    port = reach.https_port if secure else reach.http_port
    usual = 443 if secure else 80
    host = _in_url(settings.server or reach.address)
    return f"{'https' if secure else 'http'}://{host}{'' if port == usual else f':{port}'}/prov/"


def phone_facts(snapshot: Snapshot, phone: IpPhone, reach: Reach) -> PhoneFacts:
    """Everything about one phone. Accounts whose device is gone are left out."""
    site, settings = snapshot.site, snapshot.provisioning
    base_url = f"{root_url(snapshot, reach)}{phone.token}/"
    firmware = _firmware(snapshot, phone)
    lines = _lines(snapshot, phone)
    cloud = settings.cloud_address or _cloud(snapshot, reach, settings.cloud_transport)
    return PhoneFacts(
        mac=phone.mac,
        vendor=phone.vendor,
        model=phone.model,
        language=(phone.language or _language(snapshot, phone)),
        country=site.country,
        clock=clock_of(site.timezone),
        ntp=settings.ntp_server,
        lines=lines,
        keys=_keys(snapshot, phone, lines),
        primary=_primary(snapshot, phone, reach),
        secondary=None
        if cloud is None
        else Server(host=cloud[0], port=cloud[1], transport=settings.cloud_transport.value),
        base_url=base_url,
        directory_url=f"{base_url}directory?format={phone.vendor}",
        firmware_url=firmware.url if firmware is not None else "",
        firmware_version=firmware.version if firmware is not None else "",
        admin_password=phone.admin_password or settings.admin_password,
        resync_hour=settings.resync_hour,
        ring_internal=settings.ring_internal,
        ring_external=settings.ring_external,
    )


def _cloud(snapshot: Snapshot, reach: Reach, transport: PhoneTransport) -> tuple[str, int] | None:
    """Where the instance in the cloud says phones reach it; None when that is where they are anyway."""
    found = [one for one in snapshot.instances.values() if one.role is Role.CLOUD and one.address]
    if not found:
        return None
    cloud = min(found, key=lambda one: one.id)
    if (cloud.address, cloud.sip_port) == (reach.address, reach.sip_port):
        return None
    tls = transport is PhoneTransport.TLS and cloud.tls_port
    return cloud.address, cloud.tls_port if tls else cloud.sip_port


def with_model(phone: IpPhone, agent: str) -> IpPhone:
    """The phone with the model that it calls itself, where its document names none."""
    if phone.model:
        return phone
    seen = recognise(agent)
    return replace(phone, model=seen.model) if seen.vendor == phone.vendor else phone


def left_out(snapshot: Snapshot, phone: IpPhone) -> tuple[str, ...]:
    """What the phone is not told because it could not do anything with it, in words."""
    found = []
    model = vendors()[phone.vendor].model(phone.model) if phone.model else None
    if phone.model and model is None:
        found.append(f"model {phone.model} is not known: all keys are written, whether it has them or not")
    if model is not None:
        extra = [key.place for key in wanted_keys(snapshot, phone) if key.place > model.keys]
        if extra:
            found.append(f"{phone.model} has {model.keys} keys: key {extra[0]} and further ones are left out")
        if len(phone.devices) > model.lines:
            found.append(f"{phone.model} has {model.lines} lines: the others are left out")
    return tuple(found)


def _primary(snapshot: Snapshot, phone: IpPhone, reach: Reach) -> Server:
    host = (snapshot.provisioning.server or reach.address).strip("[]")
    if phone.transport is PhoneTransport.TLS and reach.tls_port:
        return Server(host=host, port=reach.tls_port, transport="tls")
    plain = "tcp" if phone.transport is PhoneTransport.TCP else "udp"
    return Server(host=host, port=reach.sip_port, transport=plain)


def _lines(snapshot: Snapshot, phone: IpPhone) -> tuple[LineFacts, ...]:
    model = vendors()[phone.vendor].model(phone.model) if phone.model else None
    most = model.lines if model is not None else len(phone.devices)
    found: list[LineFacts] = []
    for name in phone.devices[:most]:
        device = snapshot.devices.get(name)
        if device is None:
            continue
        extension = snapshot.extensions.get(device.extension)
        found.append(
            LineFacts(
                place=len(found) + 1,
                username=device.username,
                secret=device.secret,
                number=extension.number if extension is not None else device.username,
                name=_name(extension) or device.name or device.username,
                srtp=device.srtp.value,
                voicemail=_code(snapshot, Action.VOICEMAIL)
                if device.extension in snapshot.voicemail_of
                else "",
            )
        )
    return tuple(found)


def _name(extension: Extension | None) -> str:
    return "" if extension is None else extension.name or extension.number


def _language(snapshot: Snapshot, phone: IpPhone) -> str:
    device = snapshot.devices.get(phone.devices[0])
    extension = snapshot.extensions.get(device.extension) if device is not None else None
    own = extension.language if extension is not None else None
    return (own or snapshot.site.language).value


def template_of(snapshot: Snapshot, phone: IpPhone) -> PhoneTemplate | None:
    """The template a phone has; None: none, or it is gone."""
    return snapshot.phone_templates.get(phone.template) if phone.template is not None else None


def wanted_keys(snapshot: Snapshot, phone: IpPhone) -> list[PhoneKey]:
    """Keys of the template, with the phone's own in their places unless the template is fixed."""
    template = template_of(snapshot, phone)
    shared = {key.place: key for key in (template.keys if template is not None else ())}
    own = {key.place: key for key in phone.keys}
    by_place = own | shared if template is not None and template.fixed else shared | own
    return [by_place[place] for place in sorted(by_place)]


def label_of(snapshot: Snapshot, phone: IpPhone, key: PhoneKey) -> str:
    """The word beside a key."""
    return _key(snapshot, key, _own_number(snapshot, phone), _lines(snapshot, phone)).label


def _keys(snapshot: Snapshot, phone: IpPhone, lines: tuple[LineFacts, ...]) -> tuple[KeyFacts, ...]:
    model = vendors()[phone.vendor].model(phone.model) if phone.model else None
    wanted = wanted_keys(snapshot, phone)
    if not wanted:  # without any, the first keys are the lines, as out of the box
        wanted = [PhoneKey(place=one.place, kind=KeyKind.LINE, line=one.place) for one in lines]
    most = model.keys if model is not None else max((key.place for key in wanted), default=0)
    own = _own_number(snapshot, phone)
    return tuple(_key(snapshot, key, own, lines) for key in wanted if key.place <= most)


def _own_number(snapshot: Snapshot, phone: IpPhone) -> str:
    device = snapshot.devices.get(phone.devices[0])
    extension = snapshot.extensions.get(device.extension) if device is not None else None
    return extension.number if extension is not None else ""


def _key(snapshot: Snapshot, key: PhoneKey, own: str, lines: tuple[LineFacts, ...]) -> KeyFacts:
    function, value, label, pickup = KeyFunction.LAMP, key.number, key.label, ""
    german = snapshot.site.language.value == "de"
    match key.kind:
        case KeyKind.LINE:
            line = next((one for one in lines if one.place == key.line), None)
            function, value, label = KeyFunction.LINE, "", label or (line.number if line is not None else "")
        case KeyKind.BLF:
            pickup = _code(snapshot, Action.PICKUP)
            label = label or _name(snapshot.extension_by_number.get(key.number))
        case KeyKind.PARK:
            function, label = KeyFunction.PARK, label or f"P {key.number}"
        case KeyKind.SPEED_DIAL:
            function = KeyFunction.DIAL
            known = snapshot.features.speed_dials.get(key.number)
            label = label or (known.name if known is not None else "")
        case KeyKind.SWITCH:
            switch = next((one for one in snapshot.switches.values() if one.number == key.number), None)
            label = label or (switch.name if switch is not None else "")
        case KeyKind.DND:
            value = f"{_code(snapshot, Action.DND_KEY)}{own}"
            label = label or ("Nicht stören" if german else "Do not disturb")
        case KeyKind.FORWARD:
            value = f"{_code(snapshot, Action.FORWARD_KEY)}{own}"
            label = label or ("Umleitung" if german else "Forwarding")
        case KeyKind.PROFILE:
            value = f"{_code(snapshot, Action.PROFILE_KEY)}{own}*{key.number}"
            label = label or (f"Profil {key.number}" if german else f"Profile {key.number}")
    return KeyFacts(
        place=key.place, function=function, value=value, label=label or value, line=key.line, pickup=pickup
    )


def _code(snapshot: Snapshot, action: Action) -> str:
    return next((one.code for one in snapshot.features.codes if one.action is action), "")


def _firmware(snapshot: Snapshot, phone: IpPhone) -> Firmware | None:
    if phone.firmware:
        return Firmware(vendor=phone.vendor, url=phone.firmware)
    fitting = [
        one
        for one in snapshot.provisioning.firmware
        if one.vendor == phone.vendor and phone.model.upper().startswith(one.model.upper())
    ]
    return max(fitting, key=lambda one: len(one.model), default=None)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
