"""GSM modules on the USB, found by what they are: vendor, product, interface; never by the number of a tty.

``sysfs`` and ``devices`` are /sys and /dev, or folders that look like them. A module is known by its USB path
(the socket it is plugged in) until it has said its IMEI.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.drivers.gsm.families import (
    QUECTEL,
    QUECTEL_SERIAL,
    AudioWay,
    Family,
    family_named,
    family_of,
)

_DEVICE = re.compile(r"[0-9]+-[0-9]+(\.[0-9]+)*\Z")
_MOST_INTERFACES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModule:
    """A module as the USB shows it; ``ports`` changes when it comes back under other names."""

    place: str
    """USB path: ``1-1.2``."""
    vendor: int
    product: int
    serial: str
    family: Family
    at_port: str
    audio_port: str = ""
    """Serial port, or name of the sound card (``card1``)."""


@dataclass(frozen=True, slots=True)
class _Interface:
    number: int
    tty: str
    card: str


def fixed_module(at_port: Path, family: str, audio_port: str) -> FoundModule | None:
    """A module on a serial port of the board; None while the port is not there."""
    if not at_port.exists():
        return None
    return FoundModule(
        place=at_port.name,
        vendor=0,
        product=0,
        serial="",
        family=family_named(family, serial_sound=bool(audio_port)),
        at_port=str(at_port),
        audio_port=audio_port,
    )


def find_modules(sysfs: Path, devices: Path) -> tuple[FoundModule, ...]:
    """Every module there is now, by USB path; what vanishes meanwhile is left out."""
    found = []
    try:
        entries = sorted((sysfs / "bus/usb/devices").iterdir())
    except OSError:
        return ()
    for entry in entries:
        if _DEVICE.match(entry.name):
            module = _module(entry, devices)
            if module is not None:
                found.append(module)
    return tuple(found)


def _module(entry: Path, devices: Path) -> FoundModule | None:
    vendor, product = _hex(entry / "idVendor"), _hex(entry / "idProduct")
    if vendor is None or product is None:
        return None
    family = family_of(vendor, product)
    if family is None:
        return None
    interfaces = _interfaces(entry)
    ttys = {one.number: one.tty for one in interfaces if one.tty}
    if not ttys:
        return None
    at_number = next((number for number in family.at_interfaces if number in ttys), min(ttys))
    family, audio = _audio(family, ttys, [one.card for one in interfaces if one.card], devices)
    return FoundModule(
        place=entry.name,
        vendor=vendor,
        product=product,
        serial=_text(entry / "serial"),
        family=family,
        at_port=str(devices / ttys[at_number]),
        audio_port=audio,
    )


def _audio(family: Family, ttys: dict[int, str], cards: list[str], devices: Path) -> tuple[Family, str]:
    """The way of the sound that is there: a module may be set up otherwise than its family usually is."""
    if family.audio is AudioWay.SOUND_CARD:
        if cards:
            return family, cards[0]
        if family is QUECTEL:
            family = QUECTEL_SERIAL
    if family.audio is AudioWay.SERIAL and family.audio_interface in ttys:
        return family, str(devices / ttys[family.audio_interface])
    return replace(family, audio=AudioWay.NONE), ""


def _interfaces(entry: Path) -> list[_Interface]:
    found = []
    try:
        folders = sorted(entry.glob(f"{entry.name}:*"))[:_MOST_INTERFACES]
        for folder in folders:
            number = _hex(folder / "bInterfaceNumber")
            if number is None:
                continue
            names = [one.name for one in folder.iterdir()]
            if "tty" in names:
                names += [one.name for one in (folder / "tty").iterdir()]
            tty = next((name for name in names if re.match(r"tty(USB|ACM)[0-9]+\Z", name)), "")
            card = ""
            if "sound" in names:
                cards = [one.name for one in (folder / "sound").iterdir()]
                card = next((name for name in cards if re.match(r"card[0-9]+\Z", name)), "")
            found.append(_Interface(number, tty, card))
    except OSError:
        return []
    return found


def _hex(path: Path) -> int | None:
    text = _text(path)
    return int(text, 16) if re.fullmatch("[0-9A-Fa-f]{1,4}", text) else None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()[:256]
    except OSError:
        return ""
    return "".join(char for char in raw.decode("utf-8", "replace") if char.isprintable()).strip()
