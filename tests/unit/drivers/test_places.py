"""What the USB shows, sound cards, tried PINs: whatever is there, nothing but modules is taken."""

import json
import re
from pathlib import Path

import pytest

from appliance.drivers.alsa import SoundCard
from appliance.drivers.gsm.families import (
    FAMILIES,
    GENERIC,
    QUECTEL,
    QUECTEL_SERIAL,
    SIMCOM,
    AudioWay,
    family_of,
)
from appliance.drivers.gsm.finder import find_modules
from appliance.drivers.gsm.pins import PinFile
from appliance.drivers.serial_link import SerialLine
from appliance.errors import DeviceUnavailable

DEV = Path("/dev")


def device(sysfs: Path, name: str, ids: tuple[int, int], interfaces: dict[int, str]) -> Path:
    folder = sysfs / "bus/usb/devices" / name
    folder.mkdir(parents=True)
    (folder / "idVendor").write_text(f"{ids[0]:04x}\n")
    (folder / "idProduct").write_text(f"{ids[1]:04x}\n")
    for number, child in interfaces.items():
        interface = folder / f"{name}:1.{number}"
        (interface / child).mkdir(parents=True)
        (interface / "bInterfaceNumber").write_text(f"{number:02x}\n")
    return folder


def test_modules_are_found_by_identity_and_ports_by_interface(tmp_path: Path) -> None:
    ports = {number: f"ttyUSB{9 - number}" for number in range(5)}
    device(tmp_path, "1-1", (0x1E0E, 0x9001), ports)
    device(tmp_path, "1-2", (0x2C7C, 0x0125), {**ports, 5: "sound/card3"})
    device(tmp_path, "1-3", (0x2C7C, 0x0125), ports)
    device(tmp_path, "1-4", (0x1BC7, 0x0036), {0: "tty/ttyACM0"})
    device(tmp_path, "2-1.4", (0x0403, 0x6001), {0: "ttyUSB50"})  # a converter of somebody else's
    device(tmp_path, "usb1", (0x1D6B, 0x0002), {})
    device(tmp_path, "1-5", (0x1E0E, 0x9001), {})  # not ready yet
    found = {one.place: one for one in find_modules(tmp_path, DEV)}
    assert set(found) == {"1-1", "1-2", "1-3", "1-4"}
    assert found["1-1"].family is SIMCOM
    assert (found["1-1"].at_port, found["1-1"].audio_port) == ("/dev/ttyUSB7", "/dev/ttyUSB5")
    assert (found["1-2"].family, found["1-2"].audio_port) == (QUECTEL, "card3")
    assert (found["1-3"].family, found["1-3"].audio_port) == (QUECTEL_SERIAL, "/dev/ttyUSB8")
    assert (found["1-4"].family.audio, found["1-4"].at_port) == (AudioWay.NONE, "/dev/ttyACM0")
    assert find_modules(tmp_path / "nowhere", DEV) == ()


def test_rubbish_in_sysfs_is_no_module(tmp_path: Path) -> None:
    folder = device(tmp_path, "1-1", (0x1E0E, 0x9001), {2: "ttyUSB../../etc/passwd", 3: "ttyUSBx"})
    (folder / "1-1:1.4").write_text("a file")
    (folder / "serial").write_bytes(b"\xff\x00" * 5000)
    assert find_modules(tmp_path, DEV) == ()


def test_every_family_is_chosen_by_its_ids() -> None:
    assert family_of(0x2C7C, 0x0125) is QUECTEL
    assert family_of(0x2C7C, 0x9999) is GENERIC
    assert family_of(0x0403, 0x6001) is None


def test_a_sound_card_of_alsa_is_read_and_written_without_waiting() -> None:
    card = SoundCard("null")  # the one that every ALSA has
    assert card.fileno() == -1
    assert len(card.read()) % 2 == 0
    assert card.write(bytes(640)) == 640
    card.close()
    card.close()
    with pytest.raises(DeviceUnavailable, match="sound card"):
        SoundCard("plughw:31")


def test_a_serial_port_that_is_not_there_is_said_so() -> None:
    with pytest.raises(DeviceUnavailable, match="ttyNone"):
        SerialLine("/dev/ttyNone")


def test_tried_pins_are_remembered_without_being_written_down(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    pins = PinFile(path)
    assert not pins.refused("8949", "1234")
    pins.note("8949", "1234")
    assert PinFile(path).refused("8949", "1234")
    assert not PinFile(path).refused("8950", "1234")
    assert "1234" not in json.loads(path.read_text())
    assert path.stat().st_mode & 0o077 == 0
    pins.right("8949", "1234")
    assert not PinFile(path).refused("8949", "1234")
    path.write_text("not json")
    assert not pins.refused("8949", "1234")


def test_the_rule_for_udev_names_every_vendor_of_modules() -> None:
    rule = Path(__file__).parents[3] / "rootfs/usr/lib/udev/rules.d/60-ortsamt-gsm.rules"
    named = set(re.findall(r'idVendor}=="([0-9a-f]{4})"', rule.read_text()))
    vendors = {vendor for family in FAMILIES for vendor in family.vendors}
    vendors |= {vendor for family in FAMILIES for vendor, _ in family.usb_ids}
    assert named == {f"{vendor:04x}" for vendor in vendors}
