"""What a call may be sent to, and how long it rings there."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.model.validation import check_public, check_seconds, require


class TargetKind(StrEnum):
    """What a number rings."""

    EXTENSION = "extension"
    EXTERNAL = "external"
    SERVICE = "service"
    ROTATION = "rotation"
    FAX = "fax_box"
    VOICEMAIL = "voicemail_box"
    CONFERENCE = "conference_room"
    MENU = "menu"
    CALLTHROUGH = "callthrough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to ring: an external E.164 number, or by id what the kind says."""

    kind: TargetKind
    ref: str

    def __post_init__(self) -> None:
        if self.kind is TargetKind.EXTERNAL:
            check_public("ref", self.ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingStep:
    """Ring all targets at once for so many seconds, then the next step follows."""

    targets: tuple[Target, ...]
    seconds: int = 20

    def __post_init__(self) -> None:
        require(self.targets, "targets: is empty: name at least one target")
        require(len(self.targets) <= 64, "targets: too many: at most 64 at once")
        check_seconds("seconds", self.seconds)


MAX_STEPS = 20


def check_steps(field: str, steps: tuple[RingStep, ...]) -> None:
    """Raise ValueError for more steps than anybody waits for."""
    require(len(steps) <= MAX_STEPS, f"{field}: too many: at most {MAX_STEPS}")
