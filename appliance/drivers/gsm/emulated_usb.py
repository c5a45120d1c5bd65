"""Where an emulated module is plugged in: folders that look like /sys and /dev, with ptys for its ports."""

import contextlib
import os
import shutil
import tty
import zlib
from pathlib import Path

_IDS = {"simcom": (0x1E0E, 0x9001), "quectel": (0x2C7C, 0x0125), "generic": (0x1BC7, 0x0036)}
_PORTS: dict[str, tuple[int, int | None]] = {"simcom": (2, 4), "quectel": (2, None), "generic": (0, None)}
"""Interfaces of AT and of sound; None: a sound card."""


class UsbPlace:
    """A USB socket and the ports of what is in it. Not safe for several threads at once."""

    def __init__(self, folder: Path, *, family: str, place: str, serial: str) -> None:
        self._folder = folder
        self._family = family
        self._place = place
        self._serial = serial
        self.masters = (-1, -1)
        """Our ends of the AT port and of the sound, while it is plugged in."""
        self._slaves: list[int] = []
        """Kept open, or a master without a reader would report the end."""
        self._names: set[str] = set()
        self._next_tty = 0

    def unplug(self) -> None:
        """Vanish with all ports."""
        shutil.rmtree(self._folder / "sys/bus/usb/devices" / self._place, ignore_errors=True)
        for link in self._links():
            link.unlink(missing_ok=True)
        for end in (*self.masters, *self._slaves):
            with contextlib.suppress(OSError):
                os.close(end)
        self.masters = (-1, -1)
        self._slaves.clear()

    def plug(self) -> None:
        """Appear as sysfs shows a module: identity, interfaces, and the names of their ports."""
        vendor, product = _IDS[self._family]
        device = self._folder / "sys/bus/usb/devices" / self._place
        beside = device.with_name(f".{self._place}")
        for port in device.glob("*/ttyUSB*"):  # left by one that was killed
            (self._folder / "dev" / port.name).unlink(missing_ok=True)
        for left in (device, beside):
            shutil.rmtree(left, ignore_errors=True)
        beside.mkdir(parents=True)
        (self._folder / "dev/snd").mkdir(parents=True, exist_ok=True)
        for name, value in (
            ("idVendor", f"{vendor:04x}"),
            ("idProduct", f"{product:04x}"),
            ("serial", self._serial),
        ):
            (beside / name).write_text(f"{value}\n", encoding="ascii")
        base = self._free_tty()
        self._names.clear()
        ports = _PORTS[self._family]
        for number in range(5):
            interface = beside / f"{self._place}:1.{number}"
            interface.mkdir()
            (interface / "bInterfaceNumber").write_text(f"{number:02x}\n", encoding="ascii")
            (interface / f"ttyUSB{base + number}").mkdir()
        if self._family == "quectel":
            interface = beside / f"{self._place}:1.5"
            (interface / "sound" / self._card).mkdir(parents=True)
            (interface / "bInterfaceNumber").write_text("05\n", encoding="ascii")
        masters: list[int] = []
        for name in (
            f"ttyUSB{base + ports[0]}",
            f"snd/{self._card}" if ports[1] is None else f"ttyUSB{base + ports[1]}",
        ):
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            link = self._folder / "dev" / name
            link.unlink(missing_ok=True)
            link.symlink_to(os.ttyname(slave))
            self._names.add(link.name)
            masters.append(master)
            self._slaves.append(slave)
        self.masters = masters[0], masters[1]
        beside.rename(device)

    def _links(self) -> list[Path]:
        links = self._folder / "dev"
        found = [one for one in links.glob("ttyUSB*") if one.name in self._names]
        card = links / "snd" / self._card
        return [*found, *([card] if card.is_symlink() else [])]

    @property
    def _card(self) -> str:
        return f"card{zlib.crc32(self._place.encode()) % 30 + 1}"

    def _free_tty(self) -> int:
        self._next_tty = (self._next_tty + 5) % 50
        while (self._folder / "dev" / f"ttyUSB{self._next_tty + 2}").is_symlink():
            self._next_tty += 5
        return self._next_tty
