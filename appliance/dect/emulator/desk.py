"""Emulated handsets to be used from outside: a socket in the language of the core's.

``air.show`` tells what bases and handsets do; ``air.enrol``, ``lift``, ``dial``, ``hold``, ``hang_up`` and
``walk`` are what users do, ``look_up`` searches the phone book, ``air.power`` pulls or plugs a base,
``press`` holds its key. Answers come when it is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.server import ControlServer
from appliance.dect.emulator.loop import AirThread
from appliance.model.decode import decode

_KEYS = frozenset("0123456789*#+")


def desk_path(runtime: Path, name: str = "") -> Path:
    """Where the socket is; ``name``: of one of several emulators beside each other."""
    return runtime / f"dect-{f'{name}-' if name else ''}simulation.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Handset:
    handset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrol:
    handset: str
    pin: str = "0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dial:
    handset: str
    digits: str

    def __post_init__(self) -> None:
        if not self.digits or not set(self.digits) <= _KEYS or len(self.digits) > 40:
            raise ValueError("digits: cannot be dialled: digits, * and #")


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookUp:
    handset: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    handset: str
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speak:
    handset: str
    hz: int

    def __post_init__(self) -> None:
        if not 100 <= self.hz <= 7500:
            raise ValueError("hz: is not to be heard: 100 to 7500")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    handset: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Power:
    base: str
    on: bool


class AirDesk:
    """Serves what is in the air."""

    def __init__(self, path: Path, thread: AirThread) -> None:
        self._thread = thread
        self._air = thread.air
        self._server = ControlServer(path)
        for name, method in (
            ("air.show", self._show),
            ("air.enrol", self._enrol),
            ("air.lift", self._lift),
            ("air.dial", self._dial),
            ("air.hold", self._hold),
            ("air.speak", self._speak),
            ("air.hang_up", self._hang_up),
            ("air.walk", self._walk),
            ("air.power", self._power),
            ("air.press", self._press),
            ("air.look_up", self._look_up),
        ):
            self._server.register(name, method, slow=True)

    def start(self) -> None:
        """Raises DeviceUnavailable when the socket cannot be had."""
        self._server.start()

    def stop(self) -> None:
        """No more."""
        self._server.stop()

    def _show(self, _: Mapping[str, Any]) -> object:
        return self._thread.do(self._air.shown)

    def _enrol(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Enrol, params, where="air.enrol")
        return {"display": self._thread.run(self._air.enrol(asked.handset, asked.pin))}

    def _lift(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Handset, params, where="air.lift")
        self._thread.do(lambda: self._air.lift(asked.handset))
        return {}

    def _dial(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Dial, params, where="air.dial")
        self._thread.do(lambda: self._air.dial(asked.handset, asked.digits))
        return {}

    def _hold(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Hold, params, where="air.hold")
        self._thread.do(lambda: self._air.hold(asked.handset, on=asked.on))
        return {}

    def _speak(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Speak, params, where="air.speak")
        self._thread.do(lambda: self._air.speak(asked.handset, asked.hz))
        return {}

    def _hang_up(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Handset, params, where="air.hang_up")
        self._thread.do(lambda: self._air.hang_up(asked.handset))
        return {}

    def _press(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Base, params, where="air.press")
        self._thread.do(lambda: self._air.press(asked.base))
        return {}

    def _look_up(self, params: Mapping[str, Any]) -> object:
        asked = decode(_LookUp, params, where="air.look_up")
        found = self._thread.run(self._air.look_up(asked.handset, asked.words))
        return [{"name": name, "number": number} for name, number in found]

    def _walk(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Walk, params, where="air.walk")
        self._thread.do(lambda: self._air.walk(asked.handset, asked.to))
        return {}

    def _power(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Power, params, where="air.power")
        self._thread.do(lambda: self._air.power(asked.base, on=asked.on))
        return {}
