"""What voice applications ask of the outside, and what comes back.

A dialogue must not wait for a disk: it emits ``effects.Consult`` with a request, goes on when
``events.Consulted`` brings the reply, and takes no answer for a failure. Each application has its own
requests and replies, derived from the two classes here and frozen.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Request:
    """Something that is looked up, written or sent outside the engine thread."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the outside says to a request."""


@dataclass(frozen=True, slots=True)
class Done(Reply):
    """It was done, and is safe on disk where it is to be kept."""


class Side(StrEnum):
    """What of a leg is recorded."""

    SAYS = "says"
    HEARS = "hears"


class RecordingEnd(StrEnum):
    """Why a recording is over."""

    STOPPED = "stopped"
    LONGEST = "longest"
    """It was as long as it may be."""
    SILENCE = "silence"
    """Nothing was said for as long as was allowed."""
    LEG_ENDED = "leg_ended"
    FAILED = "failed"
    """It could not be begun: no room on the disk, too many at once."""
