"""Two slots of software and which of them starts; pure.

``confirmed`` is started always, ``trial`` once: the boot loader forgets it before it starts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.errors import ConfigError


class Slot(StrEnum):
    """A partition with a whole root in it."""

    A = "a"
    B = "b"

    @property
    def other(self) -> "Slot":
        """The one beside it."""
        return Slot.B if self is Slot.A else Slot.A


class Mode(StrEnum):
    """Why the running slot was started."""

    CONFIRMED = "confirmed"
    TRIAL = "trial"
    """Once, to prove itself."""
    FALLBACK = "fallback"
    """The one that should have started could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootChoice:
    """What the boot loader keeps."""

    confirmed: Slot = Slot.A
    trial: Slot | None = None
    reset: bool = False
    """The next start makes the data partition anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What was started."""

    slot: Slot
    mode: Mode


def running(command_line: str, choice: BootChoice | None = None) -> Running | None:
    """Read the kernel's command line; None: no image of ours runs here.

    A loader that cannot say why (tryboot) leaves the mode to ``choice``: what is not confirmed is on trial.
    What was started on trial and has been confirmed since is confirmed.
    """
    words = dict(word.partition("=")[::2] for word in command_line.split())
    name = words.get("ortsamt.slot", "")
    if name not in set(Slot):
        return None
    slot = Slot(name)
    mode = words.get("ortsamt.mode", "")
    if mode in set(Mode):
        proven = mode == Mode.TRIAL and choice is not None and choice.confirmed is slot
        return Running(slot=slot, mode=Mode.CONFIRMED if proven else Mode(mode))
    if choice is not None and choice.confirmed is not slot:
        return Running(slot=slot, mode=Mode.TRIAL)
    return Running(slot=slot, mode=Mode.CONFIRMED)


def try_once(choice: BootChoice, slot: Slot) -> BootChoice:
    """Start ``slot`` once at the next start; the confirmed one needs no trial."""
    return replace(choice, trial=None if slot is choice.confirmed else slot)


def confirm(choice: BootChoice, now: Running) -> BootChoice:
    """What runs has proven itself."""
    return replace(choice, confirmed=now.slot, trial=None)


def may_write(choice: BootChoice, now: Running) -> Slot:
    """The slot that an update may overwrite; raises ConfigError while the old one is still needed."""
    if choice.confirmed is not now.slot:
        raise ConfigError(
            "the software that runs is not confirmed",
            error_id="update.unconfirmed",
            hint="wait until the box has proven it, or restart into the confirmed slot",
        )
    return now.slot.other


def text_of(choice: BootChoice) -> Mapping[str, str]:
    """As the boot loader's variables."""
    return {
        "boot": choice.confirmed.value,
        "try": choice.trial.value if choice.trial is not None else "-",
        "reset": "yes" if choice.reset else "no",
    }


def choice_of(values: Mapping[str, str]) -> BootChoice:
    """The reverse; whatever is not understood counts as a new box's."""
    confirmed, trial = values.get("boot", "").strip(), values.get("try", "").strip()
    return BootChoice(
        confirmed=Slot(confirmed) if confirmed in set(Slot) else Slot.A,
        trial=Slot(trial) if trial in set(Slot) else None,
        reset=values.get("reset", "").strip() == "yes",
    )
