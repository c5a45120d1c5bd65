"""The little we read of SDP ourselves (RFC 8866); PJSIP negotiates."""

import re
from collections.abc import Collection

_MAPPED = re.compile(r"a=(?:rtpmap|fmtp):\s*([0-9]+)")
_G711 = frozenset({"0", "8"})
_STATIC = {"0": "pcmu", "8": "pcma", "9": "g722"}


def offers_any(sdp: str, codecs: Collection[str]) -> bool:
    """Tell whether an audio stream of an SDP has one of these codecs (lower-case encoding names)."""
    formats: list[str] = []
    names: dict[str, str] = {}
    audio = False
    for line in sdp.splitlines():
        if line.startswith("m="):
            words = line[2:].split()
            audio = len(words) > 3 and words[0] == "audio" and words[1] != "0"
            if audio:
                formats += words[3:]
        elif audio and line.startswith("a=rtpmap:"):
            number, _, encoding = line[9:].partition(" ")
            names[number.strip()] = encoding.partition("/")[0].strip().lower()
    return any((names.get(number) or _STATIC.get(number)) in codecs for number in formats)


def g711_only(sdp: str) -> str:
    """The same SDP with nothing but G.711 in its audio streams; unchanged where nothing would be left."""
    lines: list[str] = []
    kept: set[str] | None = None
    for line in sdp.splitlines():
        shown = line
        if line.startswith("m="):
            kept = None
            words = line[2:].split()
            if words[0] == "audio" and len(words) > 3:
                formats = [one for one in words[3:] if one in _G711]
                if formats:
                    kept = set(formats)
                    shown = "m=" + " ".join([*words[:3], *formats])
        elif kept is not None and (mapped := _MAPPED.match(line)) is not None and mapped[1] not in kept:
            continue
        lines.append(shown)
    return "\r\n".join(lines) + "\r\n"
