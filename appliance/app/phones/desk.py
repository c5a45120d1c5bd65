"""Everything about IP phones in this core: seen, adopted, told, made to fetch again."""

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from appliance.app.phones.facts import Reach, left_out, phone_facts, root_url
from appliance.app.phones.gate import Gate, Request, Verdict
from appliance.app.phones.neighbours import neighbour
from appliance.app.phones.pnp import PnpListener
from appliance.control.phones import Adopting, Fetched, Fetching
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.decode import encode, suggestion
from appliance.model.ids import DeviceId
from appliance.model.phones import VENDORS, IpPhone
from appliance.model.snapshot import Snapshot
from appliance.provisioning import render
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.directory import Entry, find
from appliance.provisioning.pnp import Search
from appliance.provisioning.recognise import Seen, read_mac, recognise
from appliance.provisioning.sources import FileSource, ForeignDevice
from appliance.sip.edge.events import Aor, AuthFailed, Contact
from appliance.sip.edge.link import EdgeLink
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Change, Put, new_secret
from appliance.store.operations import Operation
from appliance.store.phones import Discovered, PhoneStore
from appliance.telemetry.alarms import Alarms

TELL_S = 3.0
MAX_NEW_PER_MINUTE = 100
"""Phones never seen before that are taken down; a flood of invented ones is not written to the disk."""
_log = structlog.get_logger("phones")


class PhoneDesk:
    """See the module. Safe to use from any thread; nothing here is called on the engine's."""

    def __init__(
        self,
        *,
        configuration: ConfigurationStore,
        store: PhoneStore,
        edge: EdgeLink,
        alarms: Alarms,
        publish: Callable[[str, object], None],
        reach: Reach,
        addresses: tuple[str, ...],
        neighbour_of: Callable[[str], str] = neighbour,
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._edge = edge
        self._alarms = alarms
        self._publish = publish
        self._reach = reach
        self._neighbour = neighbour_of
        self._guard = threading.RLock()
        self._gate = Gate(store, neighbour_of, self._guessed)
        self._sources: list[FileSource] = []
        self._minute, self._new = 0, 0
        self._entries: tuple[int, tuple[Entry, ...]] = (-1, ())
        self._pnp = PnpListener(addresses, self._searched)

    def start(self) -> None:
        """Begin to listen for phones that look for settings."""
        if self._snapshot.provisioning.enabled and self._snapshot.provisioning.pnp:
            self._pnp.start()

    def stop(self) -> None:
        """End."""
        self._pnp.stop()

    def add_source(self, source: FileSource) -> None:
        """Have devices of somebody else served too; before ``start``."""
        self._sources.append(source)

    @property
    def _snapshot(self) -> Snapshot:
        return self._configuration.snapshot()

    # -- what a device asks for ------------------------------------------------------------------

    def fetch(self, asked: Fetching) -> Fetched:
        """What the web process shall answer; see ``phones.fetch``."""
        snapshot = self._snapshot
        address, seen = _plain(asked.address), recognise(asked.agent)
        if not snapshot.provisioning.enabled:
            return Fetched(result="unknown")
        named = render.named_files(asked.file)
        mac = asked.linked or next((one.mac for one in named if one.mac), "")
        if asked.linked and any(one.mac not in ("", mac) for one in named):
            return Fetched(result="unknown")  # a link is for one phone
        with self._guard:
            if self._gate.blocked(address):
                return Fetched(result="blocked")
        root = root_url(snapshot, self._reach)
        own_root = f"{root}{asked.token}/" if asked.token else root
        device = self._foreign(mac)
        phone = None if device is not None else snapshot.phone_by_mac.get(mac)
        for one in named:
            fits = phone.vendor == one.vendor if phone is not None else not one.mac
            if one.spec.common and fits and device is None:
                self._glimpse(seen, address)
                return Fetched(result="common", vendor=one.vendor, file=asked.file, base_url=own_root)
        if device is None and (phone is None or not phone.enabled):
            return self._stranger(mac, address, asked, seen)
        with self._guard:
            verdict = self._gate.decide(
                mac,
                device.token if device is not None else phone.token if phone is not None else "",
                Request(
                    address=address,
                    token=asked.token,
                    linked=bool(asked.linked),
                    agent=asked.agent[:256],
                    version=seen.version,
                ),
            )
        if verdict is not Verdict.SERVED:
            self._publish("phone", {"what": "refused", "mac": mac, "address": address})
            return Fetched(result=verdict.value)
        self._publish("phone", {"what": "fetched", "mac": mac, "address": address, "file": asked.file})
        if device is not None:
            return self._foreign_file(device, asked.file, root)
        assert phone is not None  # noqa: S101 - one of the two is there
        self._learn(phone, seen)
        facts = phone_facts(snapshot, phone, self._reach)
        if not facts.lines:
            return Fetched(result="unknown")
        return Fetched(result="facts", file=asked.file, vendor=phone.vendor, facts=encode(facts))

    def directory(self, token: str, address: str, words: str, first: int, count: int) -> dict[str, Any]:
        """A page of the office's directory, for a phone that shows its token; raises NotFound."""
        snapshot = self._snapshot
        with self._guard:
            if self._gate.blocked(_plain(address)):
                raise NotFound("there is no such directory")
            vendor = self._vendor_of(snapshot, token)
            if not vendor:
                self._gate.guess(_plain(address), token)
                raise NotFound("there is no such directory")
        found = find(self._directory_entries(snapshot), words)
        return {
            "vendor": vendor,
            "title": snapshot.site.name,
            "total": len(found),
            "entries": [encode(one) for one in found[first : first + count]],
        }

    def _glimpse(self, seen: Seen, address: str) -> None:
        """A phone that asks for what all may have, and says who it is."""
        if seen.mac and seen.mac not in self._snapshot.phone_by_mac and self._foreign(seen.mac) is None:
            self._discover(seen, address, "http")

    def _stranger(self, mac: str, address: str, asked: Fetching, seen: Seen) -> Fetched:
        if asked.token or not mac:
            with self._guard:
                self._gate.guess(address, asked.token or asked.file)
            return Fetched(result="unknown")
        with self._guard:
            self._gate.guess(address, mac)
        self._discover(replace(recognise(asked.agent, mac), mac=mac) if mac else seen, address, "http")
        return Fetched(result="unknown")

    def _foreign(self, mac: str) -> ForeignDevice | None:
        return next((found for one in self._sources if (found := one.device(mac)) is not None), None)

    def _foreign_file(self, device: ForeignDevice, name: str, root: str) -> Fetched:
        made = device.render(name, f"{root}{device.token}/")
        if made is None:
            return Fetched(result="unknown")
        content = base64.b64encode(made.content).decode()
        return Fetched(result="content", file=made.name, content=content, media_type=made.media_type)

    def _vendor_of(self, snapshot: Snapshot, token: str) -> str:
        if not token:
            return ""
        for phone in snapshot.phones.values():
            if phone.token == token and phone.enabled:
                return phone.vendor
        for source in self._sources:
            for device in source.devices():
                if device.token == token:
                    return device.vendor
        return ""

    def _directory_entries(self, snapshot: Snapshot) -> tuple[Entry, ...]:
        revision, entries = self._entries
        if revision != snapshot.revision:
            extensions, speed_dials = snapshot.extensions.values(), snapshot.features.speed_dials.values()
            entries = (
                *(Entry(name=one.name or one.number, number=one.number) for one in extensions),
                *(Entry(name=one.name or one.dial, number=one.number) for one in speed_dials),
            )
            self._entries = (snapshot.revision, entries)
        return entries

    def _learn(self, phone: IpPhone, seen: Seen) -> None:
        """Keep the model that a phone calls itself, once."""
        if phone.model or not seen.model or seen.vendor != phone.vendor:
            return
        try:
            self._configuration.put("phone", phone.id, {"model": seen.model}, "phone")
        except OrtsamtError as error:
            _log.info("the model of a phone was not kept", phone=phone.id, error=str(error))

    # -- phones that are seen --------------------------------------------------------------------

    def _searched(self, search: Search, address: str, port: int) -> str:
        """SIP PnP: where a phone shall fetch; one that nobody knows is taken down and not answered."""
        settings = self._snapshot.provisioning
        if not (settings.enabled and settings.pnp):
            return ""
        root = root_url(self._snapshot, self._reach)
        device = self._foreign(search.mac)
        if device is not None:
            return f"{root}{device.first_file}"
        phone = self._snapshot.phone_by_mac.get(search.mac)
        if phone is not None and phone.enabled:
            return f"{root}{render.fill(vendors()[phone.vendor].pnp, phone.mac, phone.model)}"
        seen = recognise(search.agent or f"{search.vendor} {search.model}/{search.version}", search.mac)
        vendor = search.vendor.casefold()
        seen = replace(
            seen,
            vendor=seen.vendor or next((one for one in VENDORS if one in vendor), ""),
            model=seen.model or search.model,
            version=seen.version or search.version,
        )
        self._discover(seen, address, "pnp", contact=f"{search.contact} {address}:{port}")
        return ""

    def auth_failed(self, event: AuthFailed) -> None:
        """A phone tried to register with an account that is none, or with a wrong password."""
        mac = self._neighbour(event.source_ip)
        if not mac or mac in self._snapshot.phone_by_mac or self._foreign(mac) is not None:
            return
        seen = recognise(event.user_agent, mac)
        if seen.vendor:
            self._discover(seen, event.source_ip, "register", account=event.account)

    def _discover(self, seen: Seen, address: str, how: str, *, account: str = "", contact: str = "") -> None:
        if not seen.mac:
            return
        now = self._store.now()
        with self._guard:
            minute = int(now.timestamp()) // 60
            if minute != self._minute:
                self._minute, self._new = minute, 0
            if self._new >= MAX_NEW_PER_MINUTE:
                return
            try:
                new = self._store.seen(
                    Discovered(
                        mac=seen.mac,
                        vendor=seen.vendor,
                        model=seen.model[:40],
                        version=seen.version[:40],
                        dect=seen.dect,
                        address=address,
                        how=how,
                        account=account,
                        contact=contact[:250],
                        first=now,
                        last=now,
                    )
                )
            except OrtsamtError as error:
                _log.warning("a phone that was seen cannot be kept", error=str(error))
                return
            self._new += new
        if new:
            _log.info("phone seen", mac=seen.mac, vendor=seen.vendor, model=seen.model, how=how)
            self._publish(
                "phone",
                {"what": "discovered", "mac": seen.mac, "vendor": seen.vendor, "model": seen.model,
                 "address": address, "how": how},
            )  # fmt: skip

    def _guessed(self, address: str, count: int) -> None:
        self._alarms.raise_alarm(AlarmKind.PHONES_GUESSED, address, count=str(count))

    # -- what people do --------------------------------------------------------------------------

    def discovered(self, vendor: str = "") -> list[dict[str, Any]]:
        """Phones that wait to be adopted, the one seen last first."""
        known = self._snapshot.phone_by_mac
        return [
            {name: value for name, value in encode(one).items() if name != "contact"}
            for one in self._store.discovered()
            if (not vendor or one.vendor == vendor) and one.mac not in known
        ]

    def phones(self) -> list[dict[str, Any]]:
        """Adopted phones and how they are."""
        snapshot = self._snapshot
        contacts: dict[str, list[Contact]] = {}
        for contact in self._edge.all_contacts():
            contacts.setdefault(contact.aor, []).append(contact)
        return [self._shown(snapshot, phone, contacts) for phone in snapshot.phones.values()]

    def _shown(
        self, snapshot: Snapshot, phone: IpPhone, contacts: Mapping[str, list[Contact]]
    ) -> dict[str, Any]:
        state = self._store.fetching(phone.mac)
        devices = [snapshot.devices[one] for one in phone.devices if one in snapshot.devices]
        extensions = [snapshot.extensions.get(one.extension) for one in devices]
        numbers = [one.number for one in extensions if one is not None]
        registered = [each for one in devices for each in contacts.get(one.username, ())]
        is_open = state.open_until is not None and state.open_until > self._store.now() and not state.pinned
        return {
            "id": phone.id, "mac": phone.mac, "vendor": phone.vendor, "model": phone.model,
            "name": phone.name, "numbers": numbers, "enabled": phone.enabled,
            "registered": [{"address": one.source_ip, "transport": one.transport, "agent": one.user_agent}
                           for one in registered],
            "version": state.version, "address": state.address, "fetched": encode(state.fetched),
            "open_until": encode(state.open_until) if is_open else None, "pinned": state.pinned,
            "refused": encode(state.refused), "refused_from": state.refused_from,
        }  # fmt: skip

    def adopt(self, asked: Adopting) -> dict[str, Any]:
        """Bind a phone to an extension and let it fetch; raises ConfigError, NotFound."""
        snapshot, mac = self._snapshot, _mac(asked.mac)
        known = snapshot.phone_by_mac.get(mac)
        if known is not None:
            raise ConfigError(
                f"this phone is adopted already: phone {known.id}", field="mac", error_id="config.exists",
                hint="delete that phone first, or open it anew",
            )  # fmt: skip
        seen = next((one for one in self._store.discovered() if one.mac == mac), None)
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
                "name": asked.name or f"{vendors()[vendor].name} {asked.model}".strip(),
            }  # fmt: skip
            changes.append(Put(kind="device", id=device_id, fields=fields))
        settings = snapshot.provisioning
        model = asked.model or (seen.model if seen is not None and seen.vendor == vendor else "")
        phone: dict[str, object] = {
            "mac": mac, "vendor": vendor, "model": model, "name": asked.name, "devices": [device_id],
            "template": asked.template or None, "transport": settings.transport.value,
            "token": new_secret() + new_secret(),
        }  # fmt: skip
        if not settings.admin_password:
            phone["admin_password"] = new_secret()[:12]
        changes.append(Put(kind="phone", id=mac, fields=phone))
        self._configuration.apply(changes, asked.who)
        with self._guard:
            state = self._gate.open(mac, asked.minutes)
            self._store.forget(mac)
        nudged = seen is not None and self._nudge(seen, vendor)
        self._publish("phone", {"what": "adopted", "mac": mac, "number": extension.number})
        return {
            "id": mac, "mac": mac, "device": device_id, "vendor": vendor, "told": nudged,
            "open_until": encode(state.open_until), "url": root_url(self._snapshot, self._reach),
        }  # fmt: skip

    def forget(self, mac: str) -> dict[str, Any]:
        """Take a phone off the list of those that wait; it comes again when it is seen again."""
        found = self._store.forget(_mac(mac))
        if found is None:
            raise NotFound(f"no phone {mac[:20]} waits", hint="'ctl phones-discovered' shows them")
        return {"forgotten": found.mac}

    def open(self, mac: str, minutes: int) -> dict[str, Any]:
        """Let the file of a phone be fetched once more by whoever comes first."""
        known, _ = self._known(mac)
        with self._guard:
            state = self._gate.open(known, minutes)
        return {"mac": known, "open_until": encode(state.open_until)}

    def preview(self, mac: str, file: str) -> dict[str, Any]:
        """A file as the phone would get it, without secrets, and what it is not told."""
        snapshot = self._snapshot
        phone = self._phone(mac)
        facts = render.masked(phone_facts(snapshot, phone, self._reach))
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
            devices = [self._snapshot.devices.get(one) for one in phone.devices]
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
        address = self._store.fetching(mac).address
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
                    self._store.drop(entity)
                except OrtsamtError as error:
                    _log.warning("how a deleted phone fetched is still kept", mac=entity, error=str(error))

    def _phone(self, mac: str) -> IpPhone:
        known = self._snapshot.phone_by_mac.get(_mac(mac))
        if known is None:
            raise NotFound(f"there is no phone {mac[:20]}", hint="'ctl phones' shows them")
        return known

    def _known(self, mac: str) -> tuple[str, ForeignDevice | None]:
        device = self._foreign(_mac(mac))
        return (device.mac, device) if device is not None else (self._phone(mac).mac, None)


def _mac(text: str) -> str:
    mac = read_mac(text[:40])
    if not mac:
        raise ConfigError(
            f"'{text[:40]}' is no MAC address", field="mac", hint="twelve hex digits: it stands on the phone"
        )
    return mac


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")
