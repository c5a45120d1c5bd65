"""What is inside elements: values to octets and back. Pure; reading raises PeerProtocolError."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.numbers import Ie
from appliance.errors import PeerProtocolError
from appliance.model.dect import ipei_of, ipui_of

_INFO = struct.Struct("<BBBI5s2s")
_CHANNEL = struct.Struct("<IIB")
_TWO = struct.Struct("<HH")
_PARAM = struct.Struct("<BBH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An address: a number, or a handset's."""

    number: str = ""
    plan: int = no.PLAN_PRIVATE
    withheld: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetInfo:
    """A handset that has come or gone."""

    number: int
    registered: bool
    ipei: str = ""
    model: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A handset in the module's list."""

    number: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where on the sound bus a call is: ``slots`` has a bit for every slot of 8 bits."""

    number: int
    slots: int


def _need(data: bytes | None, least: int, what: str) -> bytes:
    if data is None or len(data) < least:
        raise PeerProtocolError(f"the module says nothing usable of {what}", error_id="dect.cmbs_element")
    return data


# --- plain values


def byte(kind: Ie, value: int) -> Element:
    """One octet."""
    return Element(kind=kind, data=bytes((value,)))


def short(kind: Ie, value: int) -> Element:
    """Two octets."""
    return Element(kind=kind, data=value.to_bytes(2, "little"))


def long(kind: Ie, value: int) -> Element:
    """Four octets."""
    return Element(kind=kind, data=value.to_bytes(4, "little"))


def value_of(frame: Frame, kind: Ie, octets: int) -> int:
    """A plain value."""
    return int.from_bytes(_need(frame.get(kind), octets, kind.name.lower())[:octets], "little")


def answered_ok(frame: Frame) -> bool:
    """Whether it was done; what says nothing of it was."""
    found = frame.get(Ie.RESPONSE)
    return not found or found[0] == no.OK


# --- calls


def party(kind: Ie, who: Party) -> Element:
    """CALLER_PARTY and CALLED_PARTY."""
    presentation = (no.WITHHELD if who.withheld else 0) | (no.INTERNAL_CALL if who.internal else 0)
    address = b"" if who.withheld else who.number.encode("ascii", "replace")[: no.MOST_NUMBER]
    return Element(kind=kind, data=bytes((who.plan, presentation, len(address))) + address)


def party_of(frame: Frame, kind: Ie) -> Party:
    """The same read; an empty one when there is none."""
    data = frame.get(kind)
    if data is None:
        return Party()
    data = _need(data, 3, "a party")
    return Party(
        number=data[3 : 3 + data[2]].decode("ascii", "replace"),
        plan=data[0] & 0x0F,
        withheld=bool(data[1] & no.WITHHELD),
        internal=bool(data[1] & no.INTERNAL_CALL),
    )


def name(text: str) -> Element:
    """CALLER_NAME; cut between letters, not within."""
    data = text.encode()[: no.MOST_NAME].decode(errors="ignore").encode()
    return Element(kind=Ie.CALLER_NAME, data=bytes((len(data),)) + data)


def name_of(frame: Frame) -> str:
    """The same read."""
    data = frame.get(Ie.CALLER_NAME)
    return data[1 : 1 + data[0]].decode(errors="replace") if data else ""


def info(kind: no.Info, data: bytes) -> Element:
    """CALL_INFO: digits, or text for the display."""
    return Element(kind=Ie.CALL_INFO, data=bytes((kind, len(data))) + data)


def digits_of(frame: Frame) -> bytes:
    """Keys that the user pressed."""
    data = frame.get(Ie.CALL_INFO)
    if not data or len(data) < 2 or data[0] != no.Info.DIGIT:
        return b""
    return data[2 : 2 + data[1]]


def reason(why: no.Reason) -> Element:
    """RELEASE_REASON."""
    return Element(kind=Ie.RELEASE_REASON, data=struct.pack("<BI", why, 0))


def reason_of(frame: Frame) -> int:
    """The same read; normal when nothing is said."""
    data = frame.get(Ie.RELEASE_REASON)
    return data[0] if data else no.Reason.NORMAL


def codecs(best: no.Codec, offered: Iterable[no.Codec]) -> Element:
    """MEDIA_DESCRIPTOR: what is used, what could be."""
    every = bytes(offered)
    return Element(kind=Ie.MEDIA_DESCRIPTOR, data=bytes((best, len(every))) + every)


def wideband_of(frame: Frame, *, offer: bool) -> bool:
    """Whether wide-band is among what is offered, or was chosen."""
    data = frame.get(Ie.MEDIA_DESCRIPTOR)
    if not data or len(data) < 2:
        return False
    named = data[2 : 2 + data[1]] if offer else b""
    return no.Codec.LINEAR_WIDEBAND in (data[0], *named)


def channel(made: Channel) -> Element:
    """MEDIA_CHANNEL."""
    return Element(kind=Ie.MEDIA_CHANNEL, data=_CHANNEL.pack(made.number, made.slots, no.MEDIA_SLOTS))


def channel_of(frame: Frame) -> Channel:
    """The same read."""
    number, slots, _ = _CHANNEL.unpack_from(_need(frame.get(Ie.MEDIA_CHANNEL), _CHANNEL.size, "a channel"))
    return Channel(number=number, slots=slots)


# --- handsets


def handset_info(made: HandsetInfo) -> Element:
    """HANDSET_INFO."""
    identity = bytes.fromhex(ipui_of(made.ipei)) if made.ipei else bytes(5)
    state = no.Registered.YES if made.registered else no.Registered.NO
    return Element(
        kind=Ie.HANDSET_INFO, data=_INFO.pack(made.number, state, 0, made.model, identity, identity[:2])
    )


def handset_info_of(frame: Frame) -> HandsetInfo:
    """The same read; the identity is an IPUI of type N."""
    found = _need(frame.get(Ie.HANDSET_INFO), _INFO.size, "a handset")
    number, state, _, model, identity, _ = _INFO.unpack_from(found)
    try:
        ipei = ipei_of(identity.hex()) if any(identity) else ""
    except ValueError:
        ipei = ""
    return HandsetInfo(number=number, registered=state == no.Registered.YES, ipei=ipei, model=model)


def listed(made: Listed) -> Element:
    """SUBSCRIBED_LIST: one handset."""
    text = made.name.encode()[:96].decode(errors="ignore").encode()
    data = _TWO.pack(made.number, len(text)) + text + struct.pack("<HBB", 0, 0, 0)
    return Element(kind=Ie.SUBSCRIBED_LIST, data=data)


def listed_of(frame: Frame) -> tuple[Listed, ...]:
    """All handsets of a list."""
    found = []
    for data in frame.each(Ie.SUBSCRIBED_LIST):
        number, length = _TWO.unpack_from(_need(data, _TWO.size, "the list of handsets"))
        text = data[_TWO.size : _TWO.size + length].rstrip(b"\0").decode(errors="replace")
        if number:
            found.append(Listed(number=number, name=text))
    return tuple(found)


def handsets_mask(numbers: Iterable[int]) -> int:
    """Handsets as bits: handset 1 is the lowest."""
    mask = 0
    for number in numbers:
        mask |= 1 << (number - 1)
    return mask


def numbers_in(mask: int) -> tuple[int, ...]:
    """The same read."""
    return tuple(place + 1 for place in range(16) if mask >> place & 1)


# --- parameters, messages, time


def parameter(which: no.Param, data: bytes = b"") -> Element:
    """PARAMETER, in the module's own memory (EEPROM)."""
    return Element(kind=Ie.PARAMETER, data=_PARAM.pack(which, 0, len(data)) + data)


def parameter_of(frame: Frame) -> tuple[int, bytes]:
    """Which, and what it is."""
    data = _need(frame.get(Ie.PARAMETER), _PARAM.size, "a parameter")
    which, _, length = _PARAM.unpack_from(data)
    return which, data[_PARAM.size : _PARAM.size + length]


def pin_octets(pin: str) -> bytes:
    """A PIN of four to eight digits: BCD, filled up with F in front."""
    return bytes.fromhex(pin.rjust(8, "f"))


def waiting(count: int, kind: int) -> Element:
    """GEN_EVENT: so many messages or calls."""
    return Element(kind=Ie.GEN_EVENT, data=struct.pack("<BHB", kind, min(count, 0xFFFF), 0xFF))


def waiting_of(frame: Frame) -> int:
    """How many."""
    _, count, _ = struct.unpack_from("<BHB", _need(frame.get(Ie.GEN_EVENT), 4, "messages"))
    return int(count)


def office_time(now: datetime) -> Element:
    """DATE_TIME; the zone in quarters of an hour."""
    offset = now.utcoffset()
    zone = 0 if offset is None else int(offset.total_seconds() // 900)
    clock = (now.year % 100, now.month, now.day, now.hour, now.minute, now.second)
    return Element(kind=Ie.DATE_TIME, data=bytes((no.DATE_AND_TIME, 0, *clock, zone & 0xFF)))
