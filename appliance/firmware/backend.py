"""RAUC's questions about slots, answered (RAUC's reference, *custom bootloader backend*); pure.

RAUC knows *primary*, *good* and *bad*; the box knows *confirmed* and *trial*: a new primary is a trial, and
only what runs can become good.
"""

from collections.abc import Sequence
from dataclasses import replace

from appliance.errors import ConfigError
from appliance.firmware.slots import BootChoice, Running, Slot, confirm, try_once


def answer(words: Sequence[str], choice: BootChoice, now: Running | None) -> tuple[str, BootChoice]:
    """What is printed, and the choice from now on; raises ConfigError for what must not be."""
    match list(words):
        case ["get-primary"]:
            return (choice.trial or choice.confirmed).value, choice
        case ["set-primary", name]:
            return "", try_once(choice, _slot(name))
        case ["get-state", name]:
            slot = _slot(name)
            return "good" if slot in (choice.confirmed, choice.trial) else "bad", choice
        case ["set-state", name, "bad"]:
            slot = _slot(name)
            if slot is choice.confirmed:
                raise ConfigError(f"slot {slot} is confirmed", error_id="update.slot_needed")
            return "", replace(choice, trial=None if choice.trial is slot else choice.trial)
        case ["set-state", name, "good"]:
            slot = _slot(name)
            return "", confirm(choice, now) if now is not None and now.slot is slot else choice
        case ["get-current"]:
            return now.slot.value if now is not None else choice.confirmed.value, choice
    raise ConfigError(f"'{' '.join(words)[:60]}' is no question of RAUC's", error_id="update.backend")


def _slot(name: str) -> Slot:
    if name not in set(Slot):
        raise ConfigError(f"'{name[:20]}' is no slot", error_id="update.backend", hint="a or b")
    return Slot(name)
