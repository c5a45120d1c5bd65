"""SMS as octets: SUBMIT out; DELIVER and STATUS-REPORT in (3GPP TS 23.040 §9). Pure.

Whatever octets come from the network: they decode to something harmless or raise PeerProtocolError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from appliance.drivers.gsm import alphabet
from appliance.errors import ConfigError, PeerProtocolError

_MOST_SEPTETS, _MOST_OCTETS = 160, 140
_PART_SEPTETS, _PART_UNITS = 153, 67
_UDH_OCTETS = 6
"""Length and concatenation element with an 8 bit reference (§9.2.3.24.1)."""
MAX_PARTS = 20
"""Longer texts are refused: nobody pays for 255 parts by mistake."""
_CONCAT_8, _CONCAT_16 = 0x00, 0x08
_INTERNATIONAL, _UNKNOWN_NUMBER, _ALPHANUMERIC = 0x91, 0x81, 0xD0
_DIGITS = "0123456789*#abc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where a message stands among the parts of a long one (§9.2.3.24.1); 1 of 1 for whole ones."""

    reference: int = 0
    number: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A message, or a part of one, for us."""

    sender: str
    text: str
    sent: datetime | None
    part: Part
    data: bool = False
    """It has no text (binary, or for an application behind a port)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What became of a message that we sent (§9.2.3.15)."""

    reference: int
    recipient: str
    status: int
    discharged: datetime | None

    @property
    def delivered(self) -> bool:
        """It reached the recipient."""
        return self.status < 0x20

    @property
    def final(self) -> bool:
        """The network does not try any more."""
        return not 0x20 <= self.status < 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One PDU to be sent; ``length`` is what +CMGS wants: octets without the SMSC's."""

    length: int
    hex: str


Incoming = Deliver | StatusReport


def parts_needed(text: str) -> int:
    """How many SMS the text takes."""
    return len(_split(text)[1])


def submissions(
    number: str, text: str, *, reference: int, report: bool, valid_minutes: int
) -> tuple[Submission, ...]:
    """The PDUs of a text for a number; raises ConfigError for what cannot be sent."""
    address = _address(number)
    coding, payloads = _split(text)
    if len(payloads) > MAX_PARTS:
        raise ConfigError(
            f"the text is too long for SMS: {len(payloads)} parts",
            error_id="sms.too_long",
            field="text",
            hint=f"at most {MAX_PARTS} parts",
        )
    several = len(payloads) > 1
    out = []
    for index, (count, data) in enumerate(payloads, 1):
        # SMS-SUBMIT, relative validity; reference 0: the module numbers its messages (§9.2.3.6)
        first = 0x01 | 0x10 | (0x20 if report else 0) | (0x40 if several else 0)
        header = bytes((5, _CONCAT_8, 3, reference & 0xFF, len(payloads), index)) if several else b""
        tpdu = bytes((first, 0)) + address + bytes((0, coding, _validity(valid_minutes), count))
        tpdu += header + data
        out.append(Submission(length=len(tpdu), hex="00" + tpdu.hex().upper()))
    return tuple(out)


def read_pdu(text: str) -> Incoming:
    """A PDU as the module prints it, SMSC first; raises PeerProtocolError for rubbish."""
    try:
        octets = bytes.fromhex(text.strip())
        reader = _Reader(octets)
        reader.take(reader.octet())  # the SMSC
        first = reader.octet()
        kind = first & 0x03
        if kind == 0x00:
            return _deliver(reader, first)
        if kind == 0x02:
            return _report(reader)
    except (ValueError, IndexError, OverflowError) as error:
        raise PeerProtocolError(f"an SMS cannot be read: {error}", error_id="sms.pdu") from None
    raise PeerProtocolError(f"an SMS of kind {kind} is not for a telephone", error_id="sms.pdu")


# --- out


def _split(text: str) -> tuple[int, list[tuple[int, bytes]]]:
    """Data coding, then length field and user data (without header) of each part."""
    codes = alphabet.septets(text)
    if codes is not None:
        if len(codes) <= _MOST_SEPTETS:
            return 0x00, [(len(codes), alphabet.pack(codes))]
        header = (_UDH_OCTETS * 8 + 6) // 7
        return 0x00, [
            (header + len(part), alphabet.pack(part, 1)) for part in _septet_parts(codes, _PART_SEPTETS)
        ]
    data = alphabet.ucs2(text)
    if len(data) <= _MOST_OCTETS:
        return 0x08, [(len(data), data)]
    return 0x08, [(_UDH_OCTETS + len(part), part) for part in _unit_parts(data, _PART_UNITS)]


def _septet_parts(codes: Sequence[int], most: int) -> list[list[int]]:
    """No escape is cut from its character."""
    parts = []
    at = 0
    while at < len(codes):
        end = min(len(codes), at + most)
        if end < len(codes) and codes[end - 1] == 0x1B:
            end -= 1
        parts.append(list(codes[at:end]))
        at = end
    return parts


def _unit_parts(data: bytes, most: int) -> list[bytes]:
    """No surrogate pair is cut in two."""
    parts = []
    at = 0
    while at < len(data):
        end = min(len(data), at + 2 * most)
        if end < len(data) and 0xD8 <= data[end - 2] <= 0xDB:
            end -= 2
        parts.append(data[at:end])
        at = end
    return parts


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    if not digits or len(digits) > 20 or any(char not in "0123456789*#" for char in digits):
        raise ConfigError(
            f"'{number}' is no number for SMS",
            error_id="sms.number",
            field="number",
            hint="write it like +491701234567",
        )
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN_NUMBER
    values = [_DIGITS.index(char) for char in digits] + [0x0F] * (len(digits) % 2)
    return bytes((len(digits), kind)) + bytes(
        low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True)
    )


def _validity(minutes: int) -> int:
    """Relative format (§9.2.3.12.1), rounded up."""
    if minutes <= 12 * 60:
        return max(0, -(-minutes // 5) - 1)
    if minutes <= 24 * 60:
        return 143 + -(-(minutes - 12 * 60) // 30)
    days = -(-minutes // (24 * 60))
    return 166 + days if days <= 30 else min(255, 192 + -(-days // 7))


# --- in


class _Reader:
    """Octets in order; IndexError at their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def octet(self) -> int:
        value = self._data[self._at]
        self._at += 1
        return value

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise IndexError("it is cut off")
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        return self._data[self._at :]

    def address(self) -> str:
        length, kind = self.octet(), self.octet()
        if length > 20:
            raise ValueError("a number is too long")
        data = self.take((length + 1) // 2)
        if kind & 0x70 == 0x50:
            return alphabet.text_of_septets(alphabet.unpack(data, length * 4 // 7)).rstrip("@ ")
        nibbles = [nibble for octet in data for nibble in (octet & 0x0F, octet >> 4)][:length]
        digits = "".join(_DIGITS[nibble] for nibble in nibbles if nibble < 15)
        return f"+{digits}" if kind & 0x70 == 0x10 and digits else digits

    def timestamp(self) -> datetime | None:
        """§9.2.3.11; None when it is no date."""
        data = self.take(7)
        values = [octet % 16 * 10 + octet // 16 for octet in data[:6]]
        year, month, day, hour, minute, second = values
        quarter = (data[6] & 0x07) * 10 + (data[6] >> 4)
        offset = timedelta(minutes=-15 * quarter if data[6] & 0x08 else 15 * quarter)
        try:
            local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(offset))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def _deliver(reader: _Reader, first: int) -> Deliver:
    sender = reader.address()
    reader.octet()
    coding = reader.octet()
    sent = reader.timestamp()
    length = reader.octet()
    data = reader.rest()
    header, port = Part(), False
    header_octets = 0
    if first & 0x40 and data:
        header_octets = min(len(data), data[0] + 1)
        header, port = _header(data[1:header_octets])
    text, binary = _text(data, coding, length, header_octets)
    return Deliver(sender=sender, text=text, sent=sent, part=header, data=binary or port)


def _header(data: bytes) -> tuple[Part, bool]:
    """Concatenation and whether it is for an application's port (§9.2.3.24)."""
    part, port = Part(), False
    at = 0
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        value = data[at + 2 : at + 2 + size]
        at += 2 + size
        if kind == _CONCAT_8 and len(value) == 3:
            part = _valid(value[0], value[2], value[1])
        elif kind == _CONCAT_16 and len(value) == 4:
            part = _valid(value[0] << 8 | value[1], value[3], value[2])
        elif kind in (0x04, 0x05):
            port = True
    return part, port


def _valid(reference: int, number: int, of: int) -> Part:
    """A part that cannot be is a whole message (§9.2.3.24.1)."""
    return Part(reference=reference, number=number, of=of) if 1 <= number <= of else Part()


def _text(data: bytes, coding: int, length: int, header_octets: int) -> tuple[str, bool]:
    """Text, and whether there is none (§9.2.3.16 for the length; TS 23.038 §4 for the coding)."""
    kind = _alphabet(coding)
    if kind == "7bit":
        header_septets = (header_octets * 8 + 6) // 7
        fill = (7 - header_octets * 8 % 7) % 7 if header_octets else 0
        codes = alphabet.unpack(data[header_octets:], max(0, length - header_septets), fill)
        return alphabet.text_of_septets(codes), False
    body = data[header_octets : max(header_octets, min(length, len(data)))]
    if kind == "ucs2":
        return alphabet.text_of_ucs2(body), False
    return "", True


def _alphabet(coding: int) -> str:
    group = coding >> 4
    if group < 0x8:  # general; compressed text cannot be read
        if coding & 0x20:
            return "data"
        return ("7bit", "data", "ucs2", "7bit")[coding >> 2 & 0x03]
    if group in (0xC, 0xD):
        return "7bit"
    if group == 0xE:
        return "ucs2"
    if group == 0xF:
        return "data" if coding & 0x04 else "7bit"
    return "7bit"  # reserved codings are read as the default alphabet


def _report(reader: _Reader) -> StatusReport:
    reference = reader.octet()
    recipient = reader.address()
    reader.timestamp()
    discharged = reader.timestamp()
    return StatusReport(
        reference=reference, recipient=recipient, status=reader.octet(), discharged=discharged
    )
