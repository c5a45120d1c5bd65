"""An update from the order to its end, as a story: what it is at, and what comes next. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from appliance.firmware.slots import Mode, Running, Slot

QUIET = timedelta(seconds=30)
"""Without a call for so long before the box is taken away from its users."""


class Phase(StrEnum):
    """Where an update is."""

    IDLE = "idle"
    FETCHING = "fetching"
    STAGED = "staged"
    """Whole, its signature good, made for this board."""
    INSTALLING = "installing"
    INSTALLED = "installed"
    """In the other slot; the next start tries it."""
    TRIAL = "trial"
    DONE = "done"
    FAILED = "failed"


class Step(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    FETCH = "fetch"
    INSTALL = "install"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update; kept on disk after every change."""

    phase: Phase = Phase.IDLE
    url: str = ""
    """Empty: the bundle was brought as a file."""
    sha256: str = ""
    """Empty: the signature alone counts."""
    version: str = ""
    size: int = 0
    """Bytes of the bundle, once known."""
    due: datetime | None = None
    """Not before; None: at the next quiet moment."""
    wanted: bool = False
    """Somebody said that it shall be installed."""
    from_slot: Slot | None = None
    from_version: str = ""
    error_id: str = ""
    error: str = ""
    since: datetime | None = None
    """When this phase began."""


def failed(update: Update, now: datetime, error_id: str, error: str) -> Update:
    """It came to nothing."""
    return replace(update, phase=Phase.FAILED, error_id=error_id, error=error[:1000], wanted=False, since=now)


def after_start(
    update: Update, now: datetime, runs: Running | None, version: str, why_left: str = ""
) -> Update:
    """What a start of the box means for the story.

    ``runs``: the slot that was started and why; ``why_left``: what a trial said of itself before it was left.
    """
    if runs is None:
        return update
    match update.phase:
        case Phase.INSTALLING:
            return failed(
                update,
                now,
                "update.cut",
                "The box was restarted in the middle of the installation; nothing of it is used.",
            )
        case Phase.INSTALLED | Phase.TRIAL if runs.slot is update.from_slot:
            if update.phase is Phase.INSTALLED and runs.mode is Mode.FALLBACK:
                reason = "the new software could not be read"
            else:
                reason = why_left or "it did not start, or could not make a call"
            return failed(update, now, "update.returned", f"Back to version {version}: {reason}."[:1000])
        case Phase.INSTALLED if runs.mode is Mode.TRIAL:
            return replace(update, phase=Phase.TRIAL, since=now)
        case Phase.INSTALLED | Phase.TRIAL if runs.mode is Mode.CONFIRMED:
            return replace(update, phase=Phase.DONE, wanted=False, since=now)
    return update


def next_step(update: Update, now: datetime, *, quiet_since: datetime | None) -> Step:
    """What comes next; ``quiet_since``: since when there is no call, None while there is one."""
    if update.phase is Phase.FETCHING:
        return Step.FETCH
    due = update.wanted and (update.due is None or now >= update.due)
    quiet = quiet_since is not None and now - quiet_since >= QUIET
    if update.phase is Phase.STAGED and due and quiet:
        return Step.INSTALL
    if update.phase is Phase.INSTALLED and due and quiet:
        return Step.RESTART
    return Step.NOTHING


def waits_for(update: Update, now: datetime, *, quiet_since: datetime | None) -> str:
    """Why nothing happens, for people; empty: nothing is waited for."""
    if update.phase not in (Phase.STAGED, Phase.INSTALLED):
        return ""
    if not update.wanted:
        return "an order to install it"
    if update.due is not None and now < update.due:
        return f"{update.due.isoformat(timespec='minutes')}"
    if quiet_since is None:
        return "the end of the calls"
    return "half a minute without a call" if now - quiet_since < QUIET else ""
