"""DECT put together: a driver for each system of the configuration, alarms, what documents learn."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog

from appliance.app.dect_setup import free_slot, setups
from appliance.app.dect_watch import DectWatch
from appliance.dect.absent import AbsentHandsets
from appliance.dect.equipment import Surroundings, make_system
from appliance.dect.mitel.ipdect import ipdect_cfg
from appliance.dect.mitel.system import MitelSystem
from appliance.dect.provisioned.families import FAMILIES
from appliance.dect.provisioned.system import Poke, ProvisionedSystem, Registration
from appliance.errors import ConfigError, NotFound, OrtsamtError
from appliance.model import dect_air as air
from appliance.model.box import BoxSettings
from appliance.model.decode import suggestion
from appliance.model.dect import PROVISIONED, DectBase, DectHandset, ipei_of
from appliance.model.ids import E164, DectSystemId, DeviceId
from appliance.model.snapshot import Snapshot
from appliance.ports import DectSystem
from appliance.provisioning.sources import ForeignDevice
from appliance.sip.edge.events import Contact
from appliance.store.configuration import ConfigurationStore
from appliance.store.operations import Operation
from appliance.telemetry.alarms import Alarms

WHO = "dect"
_CONCERNED = frozenset({"dect_system", "dect_handset", "extension", "site", "service", "voicemail_box"})
_LOOK_S = 1.0
log = structlog.get_logger(__name__)


class Dect:
    """Everything about DECT in this core. ``absent`` is for the engine loop."""

    def __init__(
        self,
        box: BoxSettings,
        configuration: ConfigurationStore,
        alarms: Alarms,
        publish: Callable[[str, object], None],
        registrar: tuple[str, int],
        *,
        poke: Poke = lambda _accounts, _event: None,
        contacts: Callable[[], Iterable[Contact]] = tuple,
        adopted: Callable[[str], object] = lambda _mac: None,
        moved: Callable[[Mapping[DeviceId, E164]], None] = lambda _numbers: None,
    ) -> None:
        """``contacts``: registrations now; ``adopted``: a base (MAC) may fetch its first file;
        ``moved`` hears the numbers of the places where handsets are.
        """
        self._box = box
        self._configuration = configuration
        self._publish = publish
        self._registrar = registrar
        self._around = Surroundings(box=box, poke=poke)
        self._contacts = contacts
        self._adopted = adopted
        self._moved = moved
        self._told_places: dict[DeviceId, E164] = {}
        self._known_bases: set[str] | None = None
        """Those that were there at the start have fetched before."""
        self._lock = threading.RLock()
        self._systems: dict[DectSystemId, DectSystem] = {}
        self._families: dict[DectSystemId, object] = {}
        self._idle: dict[DectSystemId, air.DectState] = {}
        """Systems that nothing in this box can drive."""
        self._watch = DectWatch(alarms, lambda: time.monotonic_ns() // 1_000_000)
        self.absent = AbsentHandsets()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="dect", daemon=True)

    # --- life

    def start(self) -> None:
        """Begin with what is configured."""
        self._apply(self._configuration.snapshot())
        self._thread.start()

    def stop(self) -> None:
        """Let go of all systems."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5)
        with self._lock:
            systems, self._systems = list(self._systems.values()), {}
        for one in systems:
            one.stop()

    def changed(self, snapshot: Snapshot, operations: tuple[Operation, ...]) -> None:
        """The configuration changed; drivers go on at their own pace."""
        if any(one.kind in _CONCERNED for one in operations):
            self._apply(snapshot)

    def _apply(self, snapshot: Snapshot) -> None:
        host, port = self._registrar
        wanted = setups(
            snapshot,
            node=self._box.node,
            registrar=host,
            registrar_port=port,
            realm=self._box.security.realm,
        )
        gone: list[DectSystem] = []
        fresh: list[tuple[DectSystemId, DectSystem]] = []
        idle: dict[DectSystemId, air.DectState] = {}
        with self._lock:
            for name in list(self._systems):
                setup = wanted.get(name)
                if setup is None or setup.net.family is not self._families[name]:
                    gone.append(self._systems.pop(name))
            for name, setup in wanted.items():
                if name in self._systems:
                    self._systems[name].configure(setup)
                elif (made := make_system(setup, self._around)) is None:
                    idle[name] = _undriven(setup)
                else:
                    self._systems[name] = made
                    self._families[name] = setup.net.family
                    fresh.append((name, made))
            self._idle = idle
        for one in gone:
            # Not here: its thread may be the one that changes the configuration.
            threading.Thread(target=one.stop, name="dect-stop", daemon=True).start()
        for name, one in fresh:
            one.start(lambda event, system=name: self._happened(system, event))  # type: ignore[misc]
            if isinstance(one, ProvisionedSystem):
                for contact in self._contacts():
                    one.registered(_registration(contact))
        self._adopt(snapshot)
        self._show()

    def _adopt(self, snapshot: Snapshot) -> None:
        """Let new bases fetch their first file."""
        now = {
            base.mac
            for net in snapshot.dect_systems.values()
            if net.family in PROVISIONED and net.enabled
            for base in net.bases
        }
        fresh, self._known_bases = now - (now if self._known_bases is None else self._known_bases), now
        for mac in sorted(fresh):
            try:
                self._adopted(mac.lower())
            except OrtsamtError as error:
                log.warning("dect.base_not_adopted", error=str(error))

    # --- what bases and their handsets do

    def registered(self, contact: Contact) -> None:
        """A phone has registered at the edge."""
        for one in self._provisioned():
            one.registered(_registration(contact))

    def unregistered(self, contact: Contact) -> None:
        """A registration has ended."""
        for one in self._provisioned():
            one.unregistered(_registration(contact))

    def _provisioned(self) -> list[ProvisionedSystem]:
        with self._lock:
            return [one for one in self._systems.values() if isinstance(one, ProvisionedSystem)]

    def device(self, mac: str) -> ForeignDevice | None:
        """A base that fetches files (``provisioning.sources.FileSource``)."""
        for one in self._provisioned():
            base = one.base(mac)
            if base is not None and one.setup.net.enabled:
                return _fetching(one, base)
        return None

    def devices(self) -> tuple[ForeignDevice, ...]:
        """All of them."""
        return tuple(
            _fetching(one, base)
            for one in self._provisioned()
            if one.setup.net.enabled
            for base in one.setup.net.bases
        )

    # --- from drivers' threads

    def _happened(self, system: DectSystemId, event: air.DectEvent) -> None:
        match event:
            case air.DectChanged():
                self._show()
                self._publish("dect", {"system": system, "what": "state", "status": event.state.status.value})
            case air.Enrolled():
                log.info("dect.enrolled", system=system, handset=event.handset)
                if event.handset is not None:
                    self._learn("dect_handset", event.handset, {"ipei": event.ipei})
                self._publish("dect", {"system": system, "what": "enrolled", "handset": event.handset})
            case air.EnrolmentOver():
                log.info("dect.enrolment_over", system=system, why=event.why)
                told = {
                    "system": system,
                    "what": "enrolment_over",
                    "status": event.status.value,
                    "why": event.why,
                }
                self._publish("dect", {**told, "handset": event.handset})
            case air.OrderRefused():
                log.warning("dect.order_refused", system=system, order=event.what, why=event.why)
                self._publish(
                    "dect", {"system": system, "what": "refused", "order": event.what, "why": event.why}
                )
            case air.IdentitySeen():
                self._learn("dect_system", system, {"fingerprint": event.fingerprint})
            case _:
                return

    def _learn(self, kind: str, entity: str, fields: Mapping[str, object]) -> None:
        try:
            self._configuration.put(kind, entity, fields, WHO)
        except OrtsamtError as error:
            log.error("dect.not_kept", kind=kind, entity=entity, error=str(error))

    def _show(self) -> None:
        away: set[DeviceId] = set()
        for state in self.states():
            away |= {one.handset for one in state.handsets if one.handset is not None and one.unreachable}
        self.absent.show(frozenset(away))
        here = {
            device: base.emergency_number
            for device, base in self._located()
            if base.emergency_number is not None
        }
        if here != self._told_places:
            self._told_places = here
            self._moved(here)

    def _located(self) -> Iterator[tuple[DeviceId, DectBase]]:
        """Handsets at bases that documents name."""
        systems = self._configuration.snapshot().dect_systems
        for state in self.states():
            net = systems.get(state.system)
            bases = {one.mac: one for one in net.bases} if net is not None else {}
            for one in state.handsets:
                if one.handset is not None and one.base in bases:
                    yield one.handset, bases[one.base]

    def place_of(self, device: str) -> str:
        """Where a handset is, for rescuers; empty: not known."""
        return next((base.location for one, base in self._located() if one == device), "")

    def _look(self) -> None:
        while not self._stopping.wait(_LOOK_S):
            try:
                self._watch.look(self.states())
            except Exception:
                log.exception("dect.watch_failed")

    # --- for the control socket

    def states(self) -> tuple[air.DectState, ...]:
        """Of all systems."""
        with self._lock:
            return (*(one.state for one in self._systems.values()), *self._idle.values())

    def system(self, name: str) -> tuple[DectSystemId, DectSystem]:
        """A system by its id, or the only one; raises NotFound, ConfigError."""
        with self._lock:
            known = dict(self._systems)
        if not name and len(known) == 1:
            return next(iter(known.items()))
        found = known.get(DectSystemId(name))
        if found is not None:
            return DectSystemId(name), found
        if not known:
            raise NotFound("there is no DECT system", hint="create one: 'ctl set dect_system …'")
        if not name:
            raise ConfigError("which DECT system?", field="system", hint=f"one of {', '.join(sorted(known))}")
        raise NotFound(
            f"system: there is no DECT system '{name[:40]}'",
            hint=suggestion(name, [str(one) for one in known]),
        )

    def enrol(
        self, *, system: str, handset: str, extension: str, ipei: str, pin: str, seconds: int, who: str
    ) -> air.Enrolment:
        """Open a window; for an extension (by number) its next handset gets a document first.

        Raises ConfigError, NotFound.
        """
        snapshot = self._configuration.snapshot()
        document = snapshot.handsets.get(DeviceId(handset)) if handset else None
        if handset and document is None:
            raise NotFound(
                f"handset: there is no handset '{handset[:40]}'",
                hint=suggestion(handset, [str(one) for one in snapshot.handsets]),
            )
        name, driver = self.system(document.system if document is not None else system)
        bare = ipei_of(ipei) if ipei else ""
        if extension and document is None:
            document = self._handset_for(snapshot, name, extension, bare, who)
        elif document is not None and bare and document.identity != bare:
            self._configuration.put("dect_handset", document.id, {"ipei": bare}, who)
        net = snapshot.dect_systems[name]
        driver.order(
            air.OpenEnrolment(
                seconds=seconds or net.enrol_seconds,
                handset=document.id if document is not None else None,
                ipei=bare,
                pin=pin,
            )
        )
        return air.Enrolment(
            status=air.EnrolStatus.OPENING,
            handset=document.id if document is not None else None,
            ipei=bare,
            pin=pin or net.pin,
        )

    def bind(self, *, system: str, ipei: str, extension: str, who: str) -> DeviceId:
        """An enrolled handset becomes an extension's; raises ConfigError, NotFound."""
        name, _ = self.system(system)
        bare = ipei_of(ipei)
        snapshot = self._configuration.snapshot()
        known = next((one for one in snapshot.handsets.values() if one.identity == bare), None)
        if known is None:
            return self._handset_for(snapshot, name, extension, bare, who).id
        owner = _extension(snapshot, extension)
        self._configuration.put("dect_handset", known.id, {"extension": owner, "home": None}, who)
        return known.id

    def _handset_for(
        self, snapshot: Snapshot, system: DectSystemId, extension: str, ipei: str, who: str
    ) -> DectHandset:
        """The extension's handset that waits to be enrolled (or has this IPEI), else a new one."""
        owner = _extension(snapshot, extension)
        own = [one for one in snapshot.handsets.values() if one.extension == owner and one.system == system]
        waiting = next((one for one in own if one.identity in ("", ipei)), None)
        if waiting is not None:
            if ipei and not waiting.ipei:
                self._configuration.put("dect_handset", waiting.id, {"ipei": ipei}, who)
            return self._configuration.snapshot().handsets[waiting.id]
        names = (f"dect{extension}" + (f"-{count}" if count > 1 else "") for count in range(1, 100))
        taken = {*snapshot.devices, *snapshot.handsets, *snapshot.analog}
        fresh = next(DeviceId(name) for name in names if DeviceId(name) not in taken)
        others = [one for one in snapshot.handsets.values() if one.system == system]
        fields: dict[str, object] = {"system": system, "extension": owner, "slot": free_slot(others)}
        if ipei:
            fields["ipei"] = ipei
        self._configuration.put("dect_handset", fresh, fields, who)
        return self._configuration.snapshot().handsets[fresh]

    def forget(self, *, system: str, handset: str, key: str) -> None:
        """End the enrolment of a handset, by its document or the system's own key; raises NotFound."""
        for name, driver in self._of(system):
            for one in driver.state.handsets:
                if one.key and ((handset and one.handset == handset) or (key and one.key == key)):
                    driver.order(air.ForgetHandset(key=one.key))
                    self._publish("dect", {"system": name, "what": "forgotten", "handset": one.handset})
                    if one.handset is not None:
                        self._learn("dect_handset", one.handset, {"ipei": ""})
                    return
        raise NotFound(
            f"handset '{(handset or key)[:40]}' is not enrolled", hint="'ctl dect handsets' shows them"
        )

    def _of(self, system: str) -> list[tuple[DectSystemId, DectSystem]]:
        if system:
            return [self.system(system)]
        with self._lock:
            return list(self._systems.items())

    def ipdect(self, system: str) -> str:
        """``ipdect.cfg`` of a Mitel system; raises NotFound, ConfigError."""
        _, driver = self.system(system)
        if not isinstance(driver, MitelSystem):
            raise ConfigError("this system has no ipdect.cfg", field="system", hint="only SIP-DECT reads one")
        return ipdect_cfg(driver.setup)

    def document(self, handset: str) -> DectHandset:
        """Of a handset; raises NotFound."""
        snapshot = self._configuration.snapshot()
        found = snapshot.handsets.get(DeviceId(handset))
        if found is None:
            raise NotFound(
                f"handset: there is no handset '{handset[:40]}'",
                hint=suggestion(handset, [str(one) for one in snapshot.handsets]),
            )
        return found


def _undriven(setup: air.DectSetup) -> air.DectState:
    net = setup.net
    return air.DectState(
        system=net.id,
        family=net.family,
        media=net.media,
        name=net.name,
        status=air.DectStatus.FAILED,
        detail=f"this version has no driver for family {net.family.value}",
    )


def _registration(contact: Contact) -> Registration:
    return Registration(
        account=contact.aor,
        host=contact.source_ip,
        port=contact.source_port,
        transport=contact.transport,
        user_agent=contact.user_agent,
    )


def _fetching(system: ProvisionedSystem, base: DectBase) -> ForeignDevice:
    net = system.setup.net
    family = FAMILIES[net.family]
    return ForeignDevice(
        mac=base.mac.lower(),
        vendor=net.family.value,
        model=base.model,
        token=net.token,
        first_file=family.first_file.format(mac=base.mac.lower(), MAC=base.mac),
        render=lambda name, base_url: system.file(base.mac, name, base_url),
        check_sync=family.check_sync,
        accounts=tuple(one.document.account for one in system.setup.handsets),
    )


def _extension(snapshot: Snapshot, number: str) -> str:
    found = snapshot.extension_by_number.get(number)
    if found is None:
        raise NotFound(
            f"extension: there is no extension '{number[:40]}'",
            hint=suggestion(number, list(snapshot.extension_by_number)),
        )
    return found.id
