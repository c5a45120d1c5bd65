"""SMS as a module prints them, for the emulator: DELIVER and STATUS-REPORT (3GPP TS 23.040 §9.2.2)."""

from datetime import UTC, datetime

from appliance.drivers.gsm import alphabet


def deliver_pdu(sender: str, text: str, part: tuple[int, int, int] = (0, 1, 1)) -> str:
    """An SMS-DELIVER as a module prints it (3GPP TS 23.040 §9.2.2.1); ``part``: reference, of, number."""
    reference, of, number = part
    header = bytes((5, 0, 3, reference, of, number)) if of > 1 else b""
    codes = alphabet.septets(text)
    if codes is not None:
        coding = 0x00
        septets = (len(header) * 8 + 6) // 7
        data, length = header + alphabet.pack(codes, 1 if header else 0), septets + len(codes)
    else:
        coding = 0x08
        data = header + alphabet.ucs2(text)
        length = len(data)
    first = 0x04 | (0x40 if header else 0)
    octets = bytes((first,)) + _address(sender) + bytes((0, coding)) + _timestamp() + bytes((length,)) + data
    return "00" + octets.hex().upper()


def report_pdu(reference: int, recipient: str, status: int) -> str:
    """An SMS-STATUS-REPORT (§9.2.2.3)."""
    octets = bytes((0x06, reference)) + _address(recipient) + _timestamp() * 2 + bytes((status,))
    return "00" + octets.hex().upper()


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    return bytes((len(digits), 0x91 if number.startswith("+") else 0x81)) + bytes.fromhex(swapped)


def _timestamp() -> bytes:
    text = datetime.now(UTC).strftime("%y%m%d%H%M%S") + "00"
    return bytes.fromhex("".join(text[i + 1] + text[i] for i in range(0, len(text), 2)))
