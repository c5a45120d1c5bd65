"""What persons and programs do about DECT: enrol, bind, forget; by the control socket."""

from collections.abc import Callable, Mapping

from appliance.app.dect_setup import free_slot
from appliance.dect.mitel.ipdect import ipdect_cfg
from appliance.dect.mitel.system import MitelSystem
from appliance.errors import ConfigError, NotFound
from appliance.model import dect_air as air
from appliance.model.decode import suggestion
from appliance.model.dect import PROVISIONED, DectHandset, ipei_of
from appliance.model.ids import DectSystemId, DeviceId
from appliance.model.snapshot import Snapshot
from appliance.ports import DectSystem
from appliance.store.configuration import ConfigurationStore


class EnrolmentDesk:
    """See :class:`appliance.control.dect.DectDesk`."""

    def __init__(
        self,
        configuration: ConfigurationStore,
        systems: Callable[[], Mapping[DectSystemId, DectSystem]],
        states: Callable[[], tuple[air.DectState, ...]],
        forgotten: Callable[[DectSystemId, DeviceId | None], None],
        files: Callable[[Snapshot], str],
    ) -> None:
        """``systems``: those that are driven; ``forgotten`` hears of handsets that are enrolled no more;
        ``files``: where phones fetch.
        """
        self._configuration = configuration
        self._systems = systems
        self.states = states
        self._forgotten = forgotten
        self._files = files

    def system(self, name: str) -> tuple[DectSystemId, DectSystem]:
        """A system by its id, or the only one; raises NotFound, ConfigError."""
        known = self._systems()
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
        for name, driver in [self.system(system)] if system else list(self._systems().items()):
            for one in driver.state.handsets:
                if one.key and ((handset and one.handset == handset) or (key and one.key == key)):
                    driver.order(air.ForgetHandset(key=one.key))
                    self._forgotten(name, one.handset)
                    return
        raise NotFound(
            f"handset '{(handset or key)[:40]}' is not enrolled", hint="'ctl dect handsets' shows them"
        )

    def ipdect(self, system: str) -> str:
        """``ipdect.cfg`` of a Mitel system; raises NotFound, ConfigError."""
        _, driver = self.system(system)
        if not isinstance(driver, MitelSystem):
            raise ConfigError("this system has no ipdect.cfg", field="system", hint="only SIP-DECT reads one")
        return ipdect_cfg(driver.setup)

    def address(self, system: DectSystemId) -> str:
        """Where the bases of a system fetch their files; empty: they do not."""
        snapshot = self._configuration.snapshot()
        net = snapshot.dect_systems.get(system)
        if net is None or net.family not in PROVISIONED:
            return ""
        return f"{self._files(snapshot)}{net.token}/"

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


def _extension(snapshot: Snapshot, number: str) -> str:
    found = snapshot.extension_by_number.get(number)
    if found is None:
        raise NotFound(
            f"extension: there is no extension '{number[:40]}'",
            hint=suggestion(number, list(snapshot.extension_by_number)),
        )
    return found.id
