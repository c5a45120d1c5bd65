"""DECT put together: a driver for each system of the configuration, alarms, what documents learn."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog

from appliance.app.dect_desk import EnrolmentDesk
from appliance.app.dect_setup import handset_settings, setups
from appliance.app.dect_watch import DectWatch
from appliance.dect.absent import AbsentHandsets
from appliance.dect.equipment import Surroundings, make_system
from appliance.dect.legs import HandsetLegs
from appliance.dect.mitel.system import MitelSystem
from appliance.dect.provisioned.families import FAMILIES
from appliance.dect.provisioned.system import Poke, ProvisionedSystem
from appliance.dect.provisioned.view import Registration
from appliance.errors import OrtsamtError
from appliance.fxs.line_settings import Judge
from appliance.model import dect_air as air
from appliance.model.box import BoxSettings
from appliance.model.dect import PROVISIONED, DectBase
from appliance.model.ids import E164, DectSystemId, DeviceId
from appliance.model.snapshot import Snapshot
from appliance.ports import DectSystem, MediaPort
from appliance.provisioning.sources import ForeignDevice
from appliance.sip.edge.events import Contact
from appliance.store.configuration import ConfigurationStore
from appliance.store.operations import Operation
from appliance.telemetry.alarms import Alarms

WHO = "dect"
_CONCERNED = frozenset(
    {"dect_system", "dect_handset", "extension", "site", "service", "voicemail_box", "provisioning"}
)
_LOOK_S = 1.0
log = structlog.get_logger(__name__)


class Dect:
    """Everything about DECT in this core; ``legs`` and ``absent`` are for the engine loop, ``desk``
    is for persons.
    """

    def __init__(
        self,
        box: BoxSettings,
        configuration: ConfigurationStore,
        alarms: Alarms,
        publish: Callable[[str, object], None],
        registrar: tuple[str, int],
        *,
        media: MediaPort,
        judge: Judge,
        new_id: Callable[[], str],
        files: Callable[[Snapshot], str] = lambda _snapshot: "",
        poke: Poke = lambda _accounts, _event: None,
        contacts: Callable[[], Iterable[Contact]] = tuple,
        adopted: Callable[[str], object] = lambda _mac: None,
        moved: Callable[[Mapping[DeviceId, E164]], None] = lambda _numbers: None,
    ) -> None:
        """``judge`` says whether a number is whole; ``files``: where phones fetch; ``contacts``:
        registrations now; ``adopted``: a base (MAC) may fetch its first file; ``moved`` hears the numbers of
        the places where handsets are.
        """
        self._box = box
        self._configuration = configuration
        self._publish = publish
        self._registrar = registrar
        self._files = files
        self._around = Surroundings(box=box, poke=poke, new_id=new_id)
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
        self.legs = HandsetLegs(
            media=media,
            new_id=new_id,
            system=self._driver,
            states=self.states,
            judge=judge,
            settings_of=handset_settings,
            now_ms=lambda: time.monotonic_ns() // 1_000_000,
        )
        self.desk = EnrolmentDesk(configuration, self._driven, self.states, self._forgotten, files)
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
        """The configuration changed, or how it is seen (no operations); drivers go on at their own pace."""
        if not operations or any(one.kind in _CONCERNED for one in operations):
            self._apply(snapshot)

    def _apply(self, snapshot: Snapshot) -> None:
        host, port = self._registrar
        wanted = setups(
            snapshot,
            node=self._box.node,
            registrar=host,
            registrar_port=port,
            realm=self._box.security.realm,
            files=self._files(snapshot),
        )
        gone: list[DectSystem] = []
        fresh: list[tuple[DectSystemId, DectSystem]] = []
        idle: dict[DectSystemId, air.DectState] = {}
        with self._lock:
            for name in list(self._systems):
                setup = wanted.get(name)
                if setup is None or _driver_of(setup) != self._families[name]:
                    gone.append(self._systems.pop(name))
            for name, setup in wanted.items():
                if name in self._systems:
                    self._systems[name].configure(setup)
                elif (made := make_system(setup, self._around)) is None:
                    idle[name] = _undriven(setup)
                else:
                    self._systems[name] = made
                    self._families[name] = _driver_of(setup)
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

    def _driver(self, name: DectSystemId) -> DectSystem | None:
        return self._systems.get(name)

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
        gone = _registration(contact)
        same = (_registration(one) for one in self._contacts() if one.aor == contact.aor)
        left = next((one for one in same if (one.host, one.port) != (gone.host, gone.port)), None)
        for system in self._provisioned():
            system.unregistered(gone, left)

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
        """All of them; an OMM fetches no file, but looks up names."""
        fetching = (
            _fetching(one, base)
            for one in self._provisioned()
            if one.setup.net.enabled
            for base in one.setup.net.bases
        )
        systems = self._driven().values()
        return (*fetching, *(_looking_up(one) for one in systems if isinstance(one, MitelSystem)))

    # --- from drivers' threads

    def _happened(self, system: DectSystemId, event: air.DectEvent) -> None:
        match event:
            case air.DectChanged():
                self.legs.heard(event)
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
                self.legs.heard(event)

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

    # --- as it is

    def states(self) -> tuple[air.DectState, ...]:
        """Of all systems."""
        with self._lock:
            return (*(one.state for one in self._systems.values()), *self._idle.values())

    def _driven(self) -> Mapping[DectSystemId, DectSystem]:
        with self._lock:
            return dict(self._systems)

    def _forgotten(self, system: DectSystemId, handset: DeviceId | None) -> None:
        self._publish("dect", {"system": system, "what": "forgotten", "handset": handset})
        if handset is not None:
            self._learn("dect_handset", handset, {"ipei": ""})


def _driver_of(setup: air.DectSetup) -> object:
    """What a driver is made for; another needs another."""
    return setup.net.family, setup.net.module


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


def _looking_up(system: MitelSystem) -> ForeignDevice:
    token = system.setup.net.token
    return ForeignDevice(
        mac="", vendor="omm", model="OMM", token=token, first_file="", render=lambda _name, _url: None
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
