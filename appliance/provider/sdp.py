"""Session descriptions (RFC 4566, RFC 3264) as far as one G.711 stream needs them. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import PeerProtocolError

PCMU, PCMA = 0, 8
_NAMES = {PCMU: "PCMU", PCMA: "PCMA"}


class Flow(StrEnum):
    """Who sends, seen from the side that says it."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"


ANSWER_TO = {Flow.BOTH: Flow.BOTH, Flow.SEND: Flow.RECEIVE, Flow.RECEIVE: Flow.SEND, Flow.NONE: Flow.NONE}


class SdpError(PeerProtocolError):
    """A description we cannot use: answered with 488."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_id="sip.sdp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What the other side offers or has answered: where its audio goes and in which codecs."""

    host: str
    port: int
    codecs: tuple[int, ...]
    """Payload types of G.711 in the other side's order."""
    digits: int | None
    """Payload type of telephone-event at 8 kHz."""
    flow: Flow
    other_media: tuple[str, ...]
    """m= lines beside the audio, to be refused by port 0, as ``(before or after, line)`` in order."""
    audio_index: int


def read(body: bytes) -> Remote:
    """Read a description; raises SdpError when it has no audio we can take."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise SdpError("the description is not UTF-8") from error
    session, *sections = re.split(r"(?m)^(?=m=)", text.replace("\r\n", "\n"))
    medias = [section.split("\n", 1)[0].strip() for section in sections]
    index = next((i for i, one in enumerate(medias) if re.match(r"m=audio \d+ RTP/AVP ", one)), None)
    if index is None:
        raise SdpError("there is no unencrypted audio")
    section = sections[index]
    words = medias[index].split()
    payloads = [int(word) for word in words[3:] if word.isascii() and word.isdigit()]
    codecs = tuple(one for one in payloads if one in _NAMES)
    if not codecs:
        raise SdpError("there is no G.711")
    place = re.search(r"(?m)^c=IN IP[46] (\S+)", section) or re.search(r"(?m)^c=IN IP[46] (\S+)", session)
    port = int(words[1])
    if place is None or port > 65535:
        raise SdpError("it does not say where to send")
    digits = re.search(r"(?mi)^a=rtpmap:(\d+) telephone-event/8000", section)
    direction = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\s*$", section) or re.search(
        r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\s*$", session
    )
    held = place[1] == "0.0.0.0"  # noqa: S104 - the old way to say hold (RFC 2543)
    return Remote(
        host=place[1],
        port=port,
        codecs=codecs,
        digits=int(digits[1]) if digits else None,
        flow=Flow.NONE if held else Flow(direction[1]) if direction else Flow.BOTH,
        other_media=tuple(one for i, one in enumerate(medias) if i != index),
        audio_index=index,
    )


def write(
    *,
    host: str,
    port: int,
    codecs: tuple[int, ...],
    digits: int | None,
    flow: Flow,
    version: int,
    answer_to: Remote | None = None,
) -> bytes:
    """Our description: an offer, or the answer to one (then other media are refused in their places)."""
    payloads = [*codecs, *([digits] if digits is not None else [])]
    audio = [f"m=audio {port} RTP/AVP {' '.join(map(str, payloads))}"]
    audio += [f"a=rtpmap:{one} {_NAMES[one]}/8000" for one in codecs]
    if digits is not None:
        audio += [f"a=rtpmap:{digits} telephone-event/8000", f"a=fmtp:{digits} 0-16"]
    audio += ["a=ptime:20", f"a={flow.value}"]
    sections = [audio]
    if answer_to is not None:
        refused = [[re.sub(r"^(m=\S+) \d+", r"\1 0", one)] for one in answer_to.other_media]
        sections = [*refused[: answer_to.audio_index], audio, *refused[answer_to.audio_index :]]
    family = "IP6" if ":" in host else "IP4"
    head = [
        "v=0",
        f"o=provider {version} {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
    ]
    return ("\r\n".join(head + [line for section in sections for line in section]) + "\r\n").encode()
