"""Everything about IP phones in this core: seen, adopted, told, made to fetch again."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from appliance.app.phones.facts import Reach, left_out, phone_facts, with_model
from appliance.app.phones.finding import PhoneFinding
from appliance.app.phones.gate import Gate
from appliance.app.phones.mdns import MdnsListener
from appliance.app.phones.names import Names
from appliance.app.phones.neighbours import neighbour
from appliance.app.phones.own_keys import OwnKeys
from appliance.app.phones.pnp import PnpListener
from appliance.app.phones.premises import Premises, new_token
from appliance.app.phones.serving import PhoneServing
from appliance.control.phones import Adopting
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.decode import encode, suggestion
from appliance.model.ids import DeviceId
from appliance.model.phones import VENDORS, IpPhone
from appliance.model.snapshot import Snapshot
from appliance.provisioning import render
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.recognise import read_mac
from appliance.provisioning.sources import FileSource, ForeignDevice
from appliance.sip.edge.events import Aor, Contact
from appliance.sip.edge.link import EdgeLink
from appliance.store.configuration import ConfigurationStore
from appliance.store.contacts import ContactStore
from appliance.store.edits import Change, Put, new_secret
from appliance.store.operations import Operation
from appliance.store.phones import Discovered, PhoneStore
from appliance.telemetry.alarms import Alarms

TELL_S = 3.0
_log = structlog.get_logger("phones")


class PhoneDesk:
    """See the module. Safe to use from any thread; nothing here is called on the engine's."""

    def __init__(
        self,
        *,
        configuration: ConfigurationStore,
        store: PhoneStore,
        contacts: ContactStore,
        edge: EdgeLink,
        alarms: Alarms,
        publish: Callable[[str, object], None],
        reach: Reach,
        addresses: tuple[str, ...],
        neighbour_of: Callable[[str], str] = neighbour,
        said_as: Callable[[str], str] = lambda own: own,
    ) -> None:
        self._edge = edge
        self._alarms = alarms
        self._here = Premises(
            configuration=configuration,
            store=store,
            gate=Gate(store, neighbour_of, self._guessed),
            reach=reach,
            publish=publish,
            neighbour=neighbour_of,
        )
        self.finding = PhoneFinding(self._here)
        self.serving = PhoneServing(self._here, self.finding, Names(contacts))
        self.own_keys = OwnKeys(self._here, lambda mac: self.check_sync(mac, restart=False))
        self._pnp = PnpListener(addresses, self.finding.searched)
        self._mdns = MdnsListener(addresses, reach.https_port, self.finding.named, said_as)

    def start(self) -> None:
        """Begin to listen for phones that look for settings, or say their names."""
        self._pnp.start()
        self._mdns.start()

    def stop(self) -> None:
        """End."""
        self._mdns.stop()
        self._pnp.stop()

    def add_source(self, source: FileSource) -> None:
        """Have devices of somebody else served too; before ``start``."""
        self._here.sources.append(source)

    def _guessed(self, address: str, count: int) -> None:
        self._alarms.raise_alarm(AlarmKind.PHONES_GUESSED, address, count=str(count))

    def phones(self) -> list[dict[str, Any]]:
        """Adopted phones and how they are."""
        snapshot = self._here.snapshot
        contacts: dict[str, list[Contact]] = {}
        for contact in self._edge.all_contacts():
            contacts.setdefault(contact.aor, []).append(contact)
        return [self._shown(snapshot, phone, contacts) for phone in snapshot.phones.values()]

    def _shown(
        self, snapshot: Snapshot, phone: IpPhone, contacts: Mapping[str, list[Contact]]
    ) -> dict[str, Any]:
        state = self._here.store.fetching(phone.mac)
        devices = [snapshot.devices[one] for one in phone.devices if one in snapshot.devices]
        extensions = [snapshot.extensions.get(one.extension) for one in devices]
        numbers = [one.number for one in extensions if one is not None]
        registered = [each for one in devices for each in contacts.get(one.username, ())]
        is_open = (
            state.open_until is not None and state.open_until > self._here.store.now() and not state.pinned
        )
        return {
            "id": phone.id, "mac": phone.mac, "vendor": phone.vendor,
            "model": with_model(phone, state.agent).model,
            "name": phone.name, "numbers": numbers, "enabled": phone.enabled,
            "registered": [{"address": one.source_ip, "transport": one.transport, "agent": one.user_agent}
                           for one in registered],
            "version": state.version, "address": state.address, "fetched": encode(state.fetched),
            "open_until": encode(state.open_until) if is_open else None, "pinned": state.pinned,
            "refused": encode(state.refused), "refused_from": state.refused_from,
        }  # fmt: skip

    def adopt(self, asked: Adopting) -> dict[str, Any]:
        """Bind a phone to an extension and let it fetch; raises ConfigError, NotFound."""
        snapshot, mac = self._here.snapshot, _mac(asked.mac)
        known = snapshot.phone_by_mac.get(mac)
        if known is not None:
            raise ConfigError(
                f"this phone is adopted already: phone {known.id}", field="mac", error_id="config.exists",
                hint="delete that phone first, or open it anew",
            )  # fmt: skip
        seen = next((one for one in self._here.store.discovered() if one.mac == mac), None)
        if seen is not None and seen.dect:
            raise ConfigError(
                f"{seen.model} is a DECT base", field="mac", hint="add it to a DECT system (kind dect_system)"
            )
        vendor = (asked.vendor or (seen.vendor if seen is not None else "")).lower()
        if vendor not in VENDORS:
            raise ConfigError(
                "the vendor is not known" if not vendor else f"phones of '{vendor}' are not known",
                field="vendor", hint=suggestion(vendor, list(VENDORS)) or f"one of {', '.join(VENDORS)}",
            )  # fmt: skip
        extension = snapshot.extension_by_number.get(asked.extension)
        if extension is None:
            raise NotFound(
                f"there is no extension {asked.extension[:20]}",
                hint=suggestion(asked.extension, list(snapshot.extension_by_number)),
            )
        changes: list[Change] = []
        if asked.device:
            device = snapshot.devices.get(DeviceId(asked.device))
            if device is None or device.extension != extension.id:
                raise NotFound(f"extension {extension.number} has no device {asked.device[:40]}")
            device_id = device.id
        else:
            device_id = DeviceId(f"{extension.number}-{mac[-6:]}")
            if device_id in snapshot.devices:
                raise ConfigError(
                    f"there is a device {device_id} already", field="device", hint="name it as device"
                )
            fields: dict[str, object] = {
                "extension": extension.id, "username": device_id, "secret": new_secret(),
                "name": asked.name or f"{vendors()[vendor].name} {extension.number}",
            }  # fmt: skip
            changes.append(Put(kind="device", id=device_id, fields=fields))
        settings = snapshot.provisioning
        model = asked.model or (seen.model if seen is not None and seen.vendor == vendor else "")
        phone: dict[str, object] = {
            "mac": mac, "vendor": vendor, "model": model, "name": asked.name, "devices": [device_id],
            "template": asked.template or None, "transport": settings.transport.value,
            "token": new_token(),
        }  # fmt: skip
        if not settings.admin_password:
            phone["admin_password"] = new_secret()[:12]
        changes.append(Put(kind="phone", id=mac, fields=phone))
        self._here.configuration.apply(changes, asked.who)
        with self._here.guard:
            state = self._here.gate.open(mac, asked.minutes)
            self._here.store.forget(mac)
        nudged = seen is not None and self._nudge(seen, vendor)
        self._here.publish("phone", {"what": "adopted", "mac": mac, "number": extension.number})
        return {
            "id": mac, "mac": mac, "device": device_id, "vendor": vendor, "told": nudged,
            "open_until": encode(state.open_until), "url": self._here.root,
        }  # fmt: skip

    def forget(self, mac: str) -> dict[str, Any]:
        """Take a phone off the list of those that wait; it comes again when it is seen again."""
        found = self._here.store.forget(_mac(mac))
        if found is None:
            raise NotFound(f"no phone {mac[:20]} waits", hint="'ctl phones-discovered' shows them")
        return {"forgotten": found.mac}

    def open(self, mac: str, minutes: int) -> dict[str, Any]:
        """Let the file of a phone be fetched once more by whoever comes first."""
        known, _ = self._known(mac)
        with self._here.guard:
            state = self._here.gate.open(known, minutes)
        return {"mac": known, "open_until": encode(state.open_until)}

    def preview(self, mac: str, file: str) -> dict[str, Any]:
        """A file as the phone would get it, without secrets, and what it is not told."""
        snapshot = self._here.snapshot
        phone = self._phone(mac)
        phone = with_model(phone, self._here.store.fetching(phone.mac).agent)
        facts = render.masked(phone_facts(snapshot, phone, self._here.reach))
        if not facts.lines:
            raise ConfigError("the phone has no account", field="devices", hint="name a device that exists")
        name = file or render.main_file(facts)
        made = render.render(facts, name)
        if made is None:
            raise NotFound(f"the phone has no file {name[:60]}", hint="leave it out for the main one")
        return {
            "mac": phone.mac, "file": made.name, "media_type": made.media_type,
            "text": made.content.decode("utf-8", "replace"), "left_out": list(left_out(snapshot, phone)),
            "reasons": [
                {"name": one.name, "index": one.index, "why": one.why} for one in render.elements(facts)
            ],
        }  # fmt: skip

    def check_sync(self, mac: str, *, restart: bool) -> dict[str, Any]:
        """Make a phone fetch again, or restart; raises DeviceUnavailable when it cannot be told."""
        known, device = self._known(mac)
        if device is not None:
            event, accounts = device.check_sync, device.accounts
        else:
            phone = self._phone(mac)
            vendor = vendors()[phone.vendor]
            event = vendor.reboot if restart else vendor.check_sync
            devices = [self._here.snapshot.devices.get(one) for one in phone.devices]
            accounts = tuple(one.username for one in devices if one is not None)
        contacts = self._contacts(known, accounts)
        if not contacts:
            raise DeviceUnavailable(
                "the phone is not registered", error_id="phones.not_registered",
                hint="it fetches by itself at its next start",
            )  # fmt: skip
        for contact in contacts:
            self._edge.notify(contact, event).result(TELL_S)
        return {"mac": known, "event": event, "told": [one.source_ip for one in contacts]}

    def _contacts(self, mac: str, accounts: tuple[str, ...]) -> list[Contact]:
        """Where the phone is registered; of several that share an account, the one that fetched."""
        found = [contact for one in accounts for contact in self._edge.contacts(Aor(one))]
        address = self._here.store.fetching(mac).address
        here = [one for one in found if one.source_ip == address]
        chosen = here or found
        return list({(one.source_ip, one.source_port): one for one in chosen}.values())

    def _nudge(self, seen: Discovered, vendor: str) -> bool:
        """Make a phone that looked for settings look again, now that there are some."""
        contact, _, place = seen.contact.partition(" ")
        address, _, port = place.rpartition(":")
        if not contact or not port.isdigit():
            return False
        return self._pnp.send(contact, address, int(port), vendors()[vendor].reboot)

    def configuration_changed(self, snapshot: Snapshot, operations: tuple[Operation, ...]) -> None:
        """Phones that were deleted are nobody's any more."""
        gone = {one.entity for one in operations if one.kind == "phone" and one.field is None}
        for entity in gone:
            if read_mac(entity) and entity not in snapshot.phone_by_mac:
                try:
                    self._here.store.drop(entity)
                except OrtsamtError as error:
                    _log.warning("how a deleted phone fetched is still kept", mac=entity, error=str(error))

    def _phone(self, mac: str) -> IpPhone:
        known = self._here.snapshot.phone_by_mac.get(_mac(mac))
        if known is None:
            raise NotFound(f"there is no phone {mac[:20]}", hint="'ctl phones' shows them")
        return known

    def _known(self, mac: str) -> tuple[str, ForeignDevice | None]:
        device = self._here.foreign(_mac(mac))
        return (device.mac, device) if device is not None else (self._phone(mac).mac, None)


def _mac(text: str) -> str:
    mac = read_mac(text[:40])
    if not mac:
        raise ConfigError(
            f"'{text[:40]}' is no MAC address", field="mac", hint="twelve hex digits: it stands on the phone"
        )
    return mac
