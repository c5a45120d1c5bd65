"""The alphabets of SMS and USSD: GSM 7 bit with its extension table, UCS2 (3GPP TS 23.038)."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""TS 23.038 §6.2.1: the character of each septet."""
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""TS 23.038 §6.2.1.1: after an escape."""
_ESCAPE = 0x1B
_SEPTET = {char: i for i, char in enumerate(_BASIC) if i != _ESCAPE}
_ESCAPED = {char: code for code, char in _EXTENSION.items()}


def septets(text: str) -> list[int] | None:
    """The text in the 7 bit alphabet, escapes included; None when a character is not in it."""
    out: list[int] = []
    for char in text:
        if (code := _SEPTET.get(char)) is not None:
            out.append(code)
        elif (code := _ESCAPED.get(char)) is not None:
            out += (_ESCAPE, code)
        else:
            return None
    return out


def text_of_septets(codes: list[int]) -> str:
    """The text of septets; an unknown escape is the character of the basic table (§6.2.1.1)."""
    out: list[str] = []
    escaped = False
    for code in codes:
        if escaped:
            escaped = False
            out.append(" " if code == _ESCAPE else _EXTENSION.get(code, _BASIC[code & 0x7F]))
        elif code == _ESCAPE:
            escaped = True
        else:
            out.append(_BASIC[code & 0x7F])
    return "".join(out)


def pack(codes: list[int], fill_bits: int = 0) -> bytes:
    """Septets to octets, lowest bit first, after so many zero bits (§6.1.2.1)."""
    whole = 0
    for i, code in enumerate(codes):
        whole |= code << (7 * i + fill_bits)
    return whole.to_bytes((7 * len(codes) + fill_bits + 7) // 8, "little")


def unpack(data: bytes, count: int, fill_bits: int = 0) -> list[int]:
    """At most ``count`` septets of octets; fewer when the data is short."""
    whole = int.from_bytes(data, "little") >> fill_bits
    available = max(0, (8 * len(data) - fill_bits) // 7)
    return [whole >> (7 * i) & 0x7F for i in range(min(count, available))]


def ucs2(text: str) -> bytes:
    """The text as UCS2; characters beyond it as surrogate pairs, as telephones do (UTF-16BE)."""
    return text.encode("utf-16-be", "replace")


def text_of_ucs2(data: bytes) -> str:
    """The text of UCS2 octets, whatever they are."""
    return data[: len(data) // 2 * 2].decode("utf-16-be", "replace")
