"""The families of modules: what differs between makers, as data.

Values marked [U] were never seen on a real module by us; docs/hardware.md lists them.
"""

from dataclasses import dataclass, replace
from enum import Enum

UsbId = tuple[int, int]
"""Vendor and product."""


class AudioWay(Enum):
    """How the sound of a call leaves the module."""

    NONE = "none"
    SERIAL = "serial"
    """16 bit little-endian frames at 8 kHz on a second serial port."""
    SOUND_CARD = "sound_card"
    """A USB sound card (UAC) that ALSA knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinTries:
    """How a family tells the tries left for the SIM's PIN: the value at this place of the answer."""

    ask: str
    prefix: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family; interfaces are numbers of USB interfaces (``bInterfaceNumber``)."""

    name: str
    usb_ids: frozenset[UsbId] = frozenset()
    vendors: frozenset[int] = frozenset()
    """Any product of these, when no other family has it."""
    at_interfaces: tuple[int, ...] = ()
    """The first that is there is used; none: the lowest serial port."""
    audio: AudioWay = AudioWay.NONE
    audio_interface: int | None = None
    init: tuple[str, ...] = ()
    """After the SIM is open, in order; what the module refuses is logged and left."""
    pin_tries: tuple[PinTries, ...] = (PinTries(ask="AT+CPINR=SIM PIN", prefix="+CPINR:", place=1),)
    reset: str = "AT+CFUN=1,1"
    audio_on: str = ""
    """Once the call is active."""
    audio_off: str = ""
    audio_delay_ms: int = 0
    audio_tries: int = 1
    key: str = "AT+VTS={digit}"
    signal: str = "AT+CSQ"


_COMMON = (
    'AT+CSCS="UCS2"',
    "AT+CMGF=0",
    "AT+CRC=0",
    "AT+CLIP=1",
    "AT+CREG=2",
    "AT+CEREG=2",
    "AT+COPS=3,0",
    "AT+CCWA=0,0",
)

QUECTEL = Family(
    name="quectel",
    usb_ids=frozenset({(0x2C7C, 0x0125), (0x2C7C, 0x0121), (0x2C7C, 0x0191), (0x2C7C, 0x0195)}),
    at_interfaces=(2, 3),
    audio=AudioWay.SOUND_CARD,
    init=(
        *_COMMON,
        'AT+QINDCFG="all",1,0',
        'AT+QINDCFG="ccinfo",1,0',
        'AT+QINDCFG="csq",1,0',
        'AT+QINDCFG="act",1,0',
        'AT+QINDCFG="ring",0,0',
        "AT^DSCI=1",
        "AT+QTONEDET=1",
        "AT+QPCMV=1,2",
        "AT+CNMI=2,1,0,2,0",
    ),
    pin_tries=(
        PinTries(ask='AT+QPINC="SC"', prefix="+QPINC:", place=1),
        PinTries(ask="AT+CPINR=SIM PIN", prefix="+CPINR:", place=1),
    ),
    key='AT+VTS="{digit}"',
    signal="AT+QCSQ",
)
"""Quectel EC25, EG25 and sisters with the sound card switched on (``+QCFG="USBCFG"``, ``+QPCMV=1,2``)."""

QUECTEL_SERIAL = Family(
    name="quectel-serial",
    at_interfaces=QUECTEL.at_interfaces,
    audio=AudioWay.SERIAL,
    audio_interface=1,
    init=tuple("AT+QPCMV=1,0" if line == "AT+QPCMV=1,2" else line for line in QUECTEL.init),
    pin_tries=QUECTEL.pin_tries,
    key=QUECTEL.key,
    signal=QUECTEL.signal,
)
"""The same without a sound card: frames on the port of the satellite receiver."""

SIMCOM = Family(
    name="simcom",
    usb_ids=frozenset({(0x1E0E, 0x9001), (0x1E0E, 0x9011)}),
    at_interfaces=(2, 3),
    audio=AudioWay.SERIAL,
    audio_interface=4,
    init=(
        *_COMMON,
        "AT+CLCC=1",
        "AT+CNSMOD=1",
        "AT+AUTOCSQ=1,1",
        "AT+DDET=1",
        "AT+CPCMFRM=0",
        "AT+CNMI=2,1,0,2,0",
    ),
    pin_tries=(
        PinTries(ask="AT+SPIC", prefix="+SPIC:", place=0),
        PinTries(ask="AT+CPINR=SIM PIN", prefix="+CPINR:", place=1),
    ),
    reset="AT+CRESET",
    audio_on="AT+CPCMREG=1",
    audio_off="AT+CPCMREG=0",
    audio_delay_ms=100,
    audio_tries=10,
)
"""SIMCom SIM7600."""

GENERIC = Family(
    name="generic",
    vendors=frozenset({0x12D1, 0x19D2, 0x1199, 0x1BC7, 0x1546, 0x2CB7, 0x1E0E, 0x2C7C}),
    init=(*_COMMON, "AT+CNMI=2,1,0,2,0"),
)
"""Anything else that speaks AT: SMS and USSD, no calls, because nobody knows where its sound is.

Vendors: Huawei, ZTE, Sierra, Telit, u-blox, Fibocom, and other products of SIMCom and Quectel.
"""

FAMILIES = (QUECTEL, SIMCOM, GENERIC)
"""In the order they are asked whether a device is theirs."""


def family_named(name: str, *, serial_sound: bool) -> Family:
    """The family of a module on a serial port: its sound comes over another one, or not at all."""
    family = {SIMCOM.name: SIMCOM, QUECTEL.name: QUECTEL_SERIAL}.get(name, GENERIC)
    return family if serial_sound and family is not GENERIC else replace(family, audio=AudioWay.NONE)


def family_of(vendor: int, product: int) -> Family | None:
    """Whose device this is; None: no module that we know."""
    for family in FAMILIES:
        if (vendor, product) in family.usb_ids:
            return family
    return next((family for family in FAMILIES if vendor in family.vendors), None)
