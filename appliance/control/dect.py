"""The ``dect.*`` methods: systems, bases and handsets as they are, enrolment, search, restart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.control.server import ControlServer
from appliance.errors import ConfigError
from appliance.model import dect_air as air
from appliance.model.decode import Nothing, decode, encode
from appliance.model.dect import DectHandset, spaced
from appliance.model.ids import DectSystemId, DeviceId
from appliance.ports import DectSystem


class DectDesk(Protocol):
    """What these methods need of the box; each raises NotFound or ConfigError for what is not there."""

    def states(self) -> tuple[air.DectState, ...]:
        """Of all systems."""

    def system(self, name: str) -> tuple[DectSystemId, DectSystem]:
        """By its id, or the only one."""

    def enrol(
        self, *, system: str, handset: str, extension: str, ipei: str, pin: str, seconds: int, who: str
    ) -> air.Enrolment:
        """Open a window."""

    def bind(self, *, system: str, ipei: str, extension: str, who: str) -> DeviceId:
        """An enrolled handset becomes an extension's."""

    def forget(self, *, system: str, handset: str, key: str) -> None:
        """End an enrolment."""

    def ipdect(self, system: str) -> str:
        """What an OMM reads at its start."""

    def address(self, system: DectSystemId) -> str:
        """Where the bases of a system fetch their files; empty: they do not."""

    def document(self, handset: str) -> DectHandset:
        """Of a handset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """Params of ``dect.enrol``. By number ``extension`` or document ``handset``; neither: whoever comes."""

    system: str = ""
    extension: str = ""
    handset: str = ""
    ipei: str = ""
    pin: str = ""
    seconds: int = 0
    who: str = "control"

    def __post_init__(self) -> None:
        if self.pin and not (self.pin.isdigit() and self.pin.isascii() and 4 <= len(self.pin) <= 8):
            raise ValueError("pin: is not a PIN for handsets: four to eight digits")
        if self.seconds and not 10 <= self.seconds <= 3600:
            raise ValueError("seconds: out of range: 10 to 3600")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSystem:
    """Params of ``dect.close``; without ``system`` the only one."""

    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Params of ``dect.bind``."""

    ipei: str
    extension: str
    system: str = ""
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Params of ``dect.forget``: a document, or the system's own key."""

    handset: str = ""
    key: str = ""
    system: str = ""

    def __post_init__(self) -> None:
        if not self.handset and not self.key:
            raise ValueError("handset: is missing: which handset?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Params of ``dect.page``; ``to``: who talks with the finder (a number)."""

    handset: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBase:
    """Params of ``dect.restart`` and ``dect.update``; without ``base`` all."""

    system: str = ""
    base: str = ""


Contacts = Callable[[str], bool]
"""Whether an account is registered at the edge."""
Search = Callable[[DectHandset, str], None]
"""Ring a handset alone, for this number to talk with whoever finds it."""


class DectMethods:
    """Binds DECT to a server."""

    def __init__(self, dect: DectDesk, registered: Contacts, search: Search) -> None:
        self._dect = dect
        self._registered = registered
        self._search = search

    def register(self, server: ControlServer) -> None:
        """Offer every method."""
        methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "dect.list": self.listing,
            "dect.enrol": self.enrol,
            "dect.close": self.close,
            "dect.bind": self.bind,
            "dect.forget": self.forget,
            "dect.page": self.page,
            "dect.restart": self.restart,
            "dect.update": self.update,
            "dect.ipdect": self.ipdect,
        }
        for name, method in methods.items():
            server.register(name, method, slow=True)

    def listing(self, params: Mapping[str, Any]) -> object:
        """Every system with bases, handsets, enrolment, and the tree in which bases take their clock."""
        decode(Nothing, params, where="dect.list")
        return [self._shown(state) for state in self._dect.states()]

    def _shown(self, state: air.DectState) -> dict[str, Any]:
        handsets = []
        for one in state.handsets:
            registered = False
            extension = ""
            if one.handset is not None:
                try:
                    document = self._dect.document(one.handset)
                except ConfigError:  # deleted a moment ago
                    pass
                else:
                    registered, extension = self._registered(document.account), document.extension
            handsets.append(
                {**encode(one), "ipei": spaced(one.ipei), "extension": extension, "registered": registered}
            )
        shown = {"handsets": handsets, "tree": tree(state.bases), "address": self._dect.address(state.system)}
        return {**encode(state), **shown}

    def enrol(self, params: Mapping[str, Any]) -> object:
        """Open a window; how it goes is in ``dect.list`` and told by events ``dect``."""
        asked = decode(Enrolling, params, where="dect.enrol")
        try:
            opening = self._dect.enrol(
                system=asked.system,
                handset=asked.handset,
                extension=asked.extension,
                ipei=asked.ipei,
                pin=asked.pin,
                seconds=asked.seconds,
                who=asked.who,
            )
        except ValueError as error:
            raise ConfigError(str(error), field="ipei") from None
        return {"handset": opening.handset, "ipei": spaced(opening.ipei), "pin": opening.pin}

    def close(self, params: Mapping[str, Any]) -> object:
        """Close the window."""
        asked = decode(OfSystem, params, where="dect.close")
        name, system = self._dect.system(asked.system)
        system.order(air.CloseEnrolment())
        return {"closed": name}

    def bind(self, params: Mapping[str, Any]) -> object:
        """Give an enrolled handset to an extension."""
        asked = decode(Binding, params, where="dect.bind")
        try:
            made = self._dect.bind(
                system=asked.system, ipei=asked.ipei, extension=asked.extension, who=asked.who
            )
        except ValueError as error:
            raise ConfigError(str(error), field="ipei") from None
        return {"handset": made}

    def forget(self, params: Mapping[str, Any]) -> object:
        """End the enrolment of a handset; its document stays for another one."""
        asked = decode(Forgetting, params, where="dect.forget")
        self._dect.forget(system=asked.system, handset=asked.handset, key=asked.key)
        return {"forgotten": asked.handset or asked.key}

    def page(self, params: Mapping[str, Any]) -> object:
        """Ring a handset that somebody looks for."""
        asked = decode(Paging, params, where="dect.page")
        self._search(self._dect.document(asked.handset), asked.to)
        return {"searching": asked.handset}

    def restart(self, params: Mapping[str, Any]) -> object:
        """Restart a base or all; what cannot be done is told by an event ``dect``."""
        asked = decode(OfBase, params, where="dect.restart")
        name, system = self._dect.system(asked.system)
        system.order(air.RestartBase(key=_base(system.state, asked.base)))
        return {"restarting": asked.base or name}

    def update(self, params: Mapping[str, Any]) -> object:
        """Let a base or all load their firmware."""
        asked = decode(OfBase, params, where="dect.update")
        name, system = self._dect.system(asked.system)
        system.order(air.UpdateFirmware(key=_base(system.state, asked.base)))
        return {"updating": asked.base or name}

    def ipdect(self, params: Mapping[str, Any]) -> object:
        """The file ``ipdect.cfg`` that an OMM of ours reads at its start."""
        asked = decode(OfSystem, params, where="dect.ipdect")
        return {"name": "ipdect.cfg", "content": self._dect.ipdect(asked.system)}


def _base(state: air.DectState, name: str) -> str:
    """The key of a base named by key, MAC or name; raises ConfigError."""
    if not name:
        return ""
    for one in state.bases:
        if name in (one.key, one.name) or name.replace(":", "").upper() == one.mac:
            return one.key
    known = ", ".join(one.name or one.key for one in state.bases)
    raise ConfigError(
        f"there is no base '{name[:40]}'", field="base", hint=f"one of {known}" if known else ""
    )


def tree(bases: tuple[air.BaseState, ...]) -> list[dict[str, Any]]:
    """Bases below the one they take their clock from; those of no tree are roots, too."""
    keys = {one.key for one in bases}
    below: dict[str, list[air.BaseState]] = {}
    for one in bases:
        above = one.sync_to if one.sync_to in keys and one.sync_to != one.key else ""
        below.setdefault(above, []).append(one)

    seen: set[str] = set()

    def grow(above: str, depth: int) -> list[dict[str, Any]]:
        found = []
        for one in below.get(above, ()):
            if one.key in seen or depth > len(bases):
                continue
            seen.add(one.key)
            found.append(
                {
                    "base": one.key,
                    "name": one.name or one.key,
                    "status": one.status.value,
                    "level": one.sync_level,
                    "quality": one.quality,
                    "rssi_dbm": one.rssi_dbm,
                    "below": grow(one.key, depth + 1),
                }
            )
        return found

    return grow("", 0)
