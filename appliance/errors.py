"""Errors, grouped by who must act; each has a stable ``error_id`` and a hint."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem stands in the way of a change, or is only worth a thought."""

    ERROR = "error"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a configuration, as a person can act on it.

    ``where`` names the entity (``extension 21``), ``field`` the path inside it (``steps[0].seconds``).
    """

    where: str
    field: str
    message: str
    remedy: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: {self.message} ({self.remedy})" if self.remedy else f"{place}: {self.message}"


class OrtsamtError(Exception):
    """Base of every error we raise on purpose: what happened, a stable id, what to do about it."""

    def __init__(self, message: str, *, error_id: str, hint: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.hint = hint
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(OrtsamtError):
    """The installer or administrator must change something; carries every problem found, not the first."""

    def __init__(
        self,
        message: str,
        *,
        error_id: str = "config.invalid",
        hint: str = "",
        field: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message, error_id=error_id, hint=hint, field=field)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> "ConfigError":
        """Make one error of at least one problem."""
        first = problems[0]
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return cls(f"{first}{more}", field=first.field, problems=problems)


class NotFound(ConfigError):
    """The named entity does not exist."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, error_id="config.not_found", hint=hint)


class DeviceUnavailable(OrtsamtError):
    """A device, port, process or file is not there now; the retry loop acts."""

    def __init__(self, message: str, *, error_id: str = "device.unavailable", hint: str = "") -> None:
        super().__init__(message, error_id=error_id, hint=hint)


class PeerProtocolError(OrtsamtError):
    """The remote side broke its protocol; the link is dropped or the message ignored."""

    def __init__(self, message: str, *, error_id: str = "peer.protocol", hint: str = "") -> None:
        super().__init__(message, error_id=error_id, hint=hint)


class IllegalTransition(OrtsamtError):
    """A state machine met a pair its table does not list: our own defect."""

    def __init__(self, machine: str, state: str, event: str) -> None:
        super().__init__(f"{machine}: {event} in state {state}", error_id="internal.transition")
