"""The little we read of SDP ourselves (RFC 8866); PJSIP negotiates."""

from collections.abc import Collection

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
