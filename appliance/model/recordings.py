"""Recording of calls: the documents that say what is recorded, a recording as it is kept, and what is asked.

A recording belongs to one leg, the one for whose party it is made: what that party says is one side, what it
hears the other. So it holds whoever talks to that party, also in a conference.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.model.ids import CallId, ExtensionId, LegId, NumberId, RecordingRuleId, TapeId, TrunkId
from appliance.model.validation import check_count, check_id, check_name, require
from appliance.model.voice import Request


class Sides(StrEnum):
    """How the two sides of a call are kept."""

    STEREO = "stereo"
    """Left: the recorded party; right: what it hears."""
    MIXED = "mixed"


class Coding(StrEnum):
    """What a WAV file holds."""

    PCM = "pcm"
    """16 bit."""
    ALAW = "alaw"
    """G.711 A-law: half the size."""


class Consent(StrEnum):
    """What the parties of an automatic recording are asked."""

    NONE = "none"
    ANNOUNCE = "announce"
    """All parties hear that the call is recorded when it begins."""
    AGREE = "agree"
    """The caller from outside is asked first, and must press 1; calls to the outside are not recorded."""


class Direction(StrEnum):
    """Which calls a rule is for."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """Calls that are recorded by themselves: those for which every condition holds that is given."""

    id: RecordingRuleId
    name: str = ""
    enabled: bool = True
    extensions: tuple[ExtensionId, ...] = ()
    """One of these takes part."""
    numbers: tuple[NumberId, ...] = ()
    """One of these was called."""
    trunks: tuple[TrunkId, ...] = ()
    """The call comes or goes over one of these."""
    directions: tuple[Direction, ...] = ()
    consent: Consent = Consent.AGREE

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        for field in ("extensions", "numbers", "trunks"):
            check_count(field, getattr(self, field), 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings:
    """How the box records; there is one, with id ``main``."""

    id: str = "main"
    may_record: tuple[ExtensionId, ...] = ()
    """Who may start a recording by code or over the control socket."""
    may_delete: bool = False
    """Extensions may delete recordings of their own."""
    sides: Sides = Sides.STEREO
    coding: Coding = Coding.PCM
    keep_days: int = 30
    keep_count: int = 1000
    """The newest so many of each extension stay."""
    free_mb: int = 200
    """Room that recordings leave on the disk; with less they are stopped."""
    exchange: bool = True
    """Recordings are handed to the office's other instances: the cloud, a second box."""

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one recording document")
        require(1 <= self.keep_days <= 3650, "keep_days: out of range: 1 to 3650")
        require(1 <= self.keep_count <= 1_000_000, "keep_count: out of range: 1 to 1000000")
        require(0 <= self.free_mb <= 100_000_000, "free_mb: out of range: 0 to 100000000")
        check_count("may_record", self.may_record, 5000)


USUAL = RecordingSettings()
"""Where no document says otherwise."""


class TapeEnd(StrEnum):
    """Why a recording is over."""

    STOPPED = "stopped"
    CALL_ENDED = "call_ended"
    DISK_FULL = "disk_full"
    FAILED = "failed"
    RESTART = "restart"
    """The box was cut off; what had been spoken is there."""


class TapeAct(StrEnum):
    """What is done to a recording in progress."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """A recording, known from its begin."""

    tape: TapeId
    call: CallId
    leg: LegId
    started: datetime
    extension: ExtensionId | None
    """Whose it is; None: nobody's of ours."""
    own_number: str
    party_number: str
    party_name: str
    kind: str
    """Of the call: inbound, outbound, internal, service."""
    by: str
    """Who started it: ``code 21``, ``rule sales``, ``room 800``, or as the control socket was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTape:
    """A recording on disk."""

    tape: Tape
    seq: int
    """Its link in the chain."""
    ended: datetime
    end: TapeEnd
    length_ms: int
    pauses: int
    file: str
    """Below the folder of recordings."""
    size: int
    sha256: str
    sides: Sides
    coding: Coding
    origin: str = ""
    """The node where it was made; empty: here."""
    origin_seq: int = 0
    """Its link in the chain there, and that link's hash: each chain vouches for the other."""
    origin_hash: str = ""


@dataclass(frozen=True, slots=True)
class BeginTape(Request):
    """A recording begins: note it durably, so that it is found after a crash."""

    tape: Tape


@dataclass(frozen=True, slots=True)
class KeepTape(Request):
    """A recording is over: put its parts together and keep them."""

    tape: Tape
    ended: datetime
    end: TapeEnd
    parts: int
    """So many pairs of files, ``part(tape, n)``."""


def part(tape: TapeId, number: int, side: str) -> str:
    """The name of one side of one uninterrupted stretch, as ``effects.Record`` wants it."""
    return f"voice/tapes/{tape}.{number}.{side}"
