"""Emulated telephones to be used from outside: a socket beside the core's, in the same language.

``phones.show`` tells what each does and perceives; ``phones.lift``, ``hang_up``, ``dial``, ``flash``,
``speak`` are what a user does. ``phones.load`` puts a fax machine in the place of a telephone, with a
document for the next number dialled or without; ``phones.take`` fetches what it received. Every answer comes
at once; ``show`` tells when the user has finished (``idle``).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound
from appliance.fax.tiff import read_pages
from appliance.fxs.caller_id import Shown
from appliance.fxs.emulator.fax_machine import FaxMachine
from appliance.fxs.emulator.hearing import describe
from appliance.fxs.emulator.telephone import Telephone
from appliance.model.decode import decode, suggestion
from appliance.model.fxs import FxsFamily

_IDENT = frozenset("0123456789+ ")
_KEYS = frozenset("0123456789*#ABCD")
_LISTEN_MS = (1200, 4000)
"""A steady tone is known soon, a cadence takes longer."""
_MOMENT_MS = 400
"""Between what one does with a telephone and the first digit: people take a moment."""


def desk_path(runtime: Path) -> Path:
    """Where the socket is."""
    return runtime / "simulation.sock"


class DialWith(StrEnum):
    """How a number is dialled."""

    KEYS = "keys"
    PULSES = "pulses"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phone:
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dial:
    phone: str
    digits: str
    how: DialWith = DialWith.KEYS
    pulses_per_second: float = 10.0

    def __post_init__(self) -> None:
        if not self.digits or not set(self.digits) <= _KEYS:
            raise ValueError("digits: cannot be dialled: digits, * and #")
        if self.how is DialWith.PULSES and not self.digits.isdigit():
            raise ValueError("digits: pulses are for digits only: leave * and # out")
        if not 1 <= self.pulses_per_second <= 40:
            raise ValueError("pulses_per_second: out of range: 1 to 40")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flash:
    phone: str
    milliseconds: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.milliseconds <= 5000:
            raise ValueError("milliseconds: out of range: 1 to 5000")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speak:
    phone: str
    sound: str
    """Base64 of 16 bit mono at 8 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    phone: str
    document: str = ""
    """Base64 of a TIFF as faxes are; empty: only to receive."""
    ident: str = ""
    ecm: bool = True

    def __post_init__(self) -> None:
        if not set(self.ident) <= _IDENT or len(self.ident) > 20:
            raise ValueError("ident: cannot be sent: digits, + and spaces, up to 20")


class SimulationDesk:
    """Serves the telephones by the names of their ports; ``families`` says what each hangs on."""

    def __init__(self, path: Path, phones: Mapping[str, tuple[Telephone, FxsFamily]]) -> None:
        self._phones = dict(phones)
        self._machines: dict[str, FaxMachine] = {}
        self._folder = path.parent / "simulation"
        self._loaded = 0
        self._server = ControlServer(path)
        for name, method in (
            ("phones.show", self._show),
            ("phones.lift", self._lift),
            ("phones.hang_up", self._hang_up),
            ("phones.dial", self._dial),
            ("phones.flash", self._flash),
            ("phones.speak", self._speak),
            ("phones.load", self._load),
            ("phones.take", self._take),
        ):
            self._server.register(name, method)

    def start(self) -> None:
        """Raises DeviceUnavailable when the socket cannot be had."""
        self._server.start()

    def stop(self) -> None:
        """No more."""
        self._server.stop()

    def _phone(self, name: str) -> Telephone:
        found = self._phones.get(name)
        if found is None:
            raise NotFound(
                f"phone: there is no emulated telephone '{name}'", hint=suggestion(name, list(self._phones))
            )
        return found[0]

    def _show(self, _: Mapping[str, Any]) -> object:
        return [
            {
                "phone": name,
                "family": family.value,
                "handset": "lifted" if phone.off_hook else "on the hook",
                "rings": phone.rings,
                "bells": len(phone.bells),
                "display": _shown(phone),
                "messages": next(
                    (one.messages for one in reversed(phone.displays) if one.lamp is not None), None
                ),
                "hears": _hears(phone) if phone.off_hook else "",
                "fax": str(self._machines[name].state) if name in self._machines else "",
                "waited_ms": phone.waited_ms,
                "idle": phone.idle,
            }
            for name, (phone, family) in self._phones.items()
        ]

    def _lift(self, params: Mapping[str, Any]) -> object:
        phone = self._phone(decode(_Phone, params, where="phones.lift").phone)
        phone.heard.clear()
        phone.lift()
        return {}

    def _hang_up(self, params: Mapping[str, Any]) -> object:
        self._phone(decode(_Phone, params, where="phones.hang_up").phone).hang_up()
        return {}

    def _dial(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Dial, params, where="phones.dial")
        phone = self._phone(asked.phone)
        phone.wait(_MOMENT_MS)
        if asked.how is DialWith.PULSES:
            phone.pulses(asked.digits, per_second=asked.pulses_per_second)
        else:
            phone.keys(asked.digits)
        if phone.machine is not None:
            phone.then(phone.machine.dialled)
        return {}

    def _flash(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Flash, params, where="phones.flash")
        self._phone(asked.phone).flash(asked.milliseconds)
        return {}

    def _speak(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Speak, params, where="phones.speak")
        try:
            sound = base64.b64decode(asked.sound, validate=True)
        except binascii.Error:
            raise ConfigError("sound: is not base64", field="sound", hint="send 16 bit samples") from None
        self._phone(asked.phone).say(sound[: len(sound) // 2 * 2])
        return {"milliseconds": len(sound) // 16}

    def _load(self, params: Mapping[str, Any]) -> object:
        asked = decode(_Load, params, where="phones.load")
        phone = self._phone(asked.phone)
        folder = self._folder / asked.phone
        folder.mkdir(parents=True, exist_ok=True)
        machine = self._machines.get(asked.phone)
        if machine is None:
            machine = self._machines[asked.phone] = FaxMachine(phone, folder, ident=asked.ident)
        if asked.document:
            try:
                document = base64.b64decode(asked.document, validate=True)
            except binascii.Error:
                raise ConfigError(
                    "document: is not base64", field="document", hint="send a TIFF file"
                ) from None
            self._loaded += 1
            tiff = folder / f"loaded-{self._loaded}.tif"
            tiff.write_bytes(document)
            read_pages(tiff)
            machine.load(tiff, ecm=asked.ecm, ident=asked.ident)
        return {}

    def _take(self, params: Mapping[str, Any]) -> object:
        name = decode(_Phone, params, where="phones.take").phone
        self._phone(name)
        machine = self._machines.get(name)
        document = None if machine is None else machine.state.document
        if document is None or not document.exists():
            raise NotFound(
                f"phone: {name} has received no fax", hint="ortsamt simulate show tells what it does"
            )
        return {"document": base64.b64encode(document.read_bytes()).decode("ascii")}


def _shown(phone: Telephone) -> str:
    caller: Shown | None = next((one.caller for one in reversed(phone.displays) if one.caller), None)
    if caller is None:
        return ""
    if caller.withheld:
        return "withheld"
    return " ".join(one for one in (caller.number, caller.name) if one) or "unknown"


def _hears(phone: Telephone) -> str:
    short, long = _LISTEN_MS
    now = describe(phone.recent(short))
    return now if now.endswith("steady") or now == "silence" else describe(phone.recent(long))
