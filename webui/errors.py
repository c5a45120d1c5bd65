"""Refusals of the web process, and the HTTP status of every error."""

from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError, PeerProtocolError


class Refused(OrtsamtError):
    """Not let through; ``status`` is HTTP's."""

    def __init__(
        self, status: int, error_id: str, message: str, *, hint: str = "", field: str | None = None,
        retry_s: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(message, error_id=error_id, hint=hint, field=field)
        self.status = status
        self.retry_s = retry_s


def forbidden(what: str = "this") -> Refused:
    """The role does not allow it."""
    return Refused(403, "web.forbidden", f"you may not do {what}", hint="an administrator can give the right")


def missing(what: str) -> NotFound:
    """There is none, or none for the one who asks: the same answer, so that nothing is given away."""
    return NotFound(f"there is no {what[:80]}", hint="see the list")


def status_of(error: OrtsamtError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, NotFound):
        return 404
    if error.error_id in ("config.exists", "config.changed", "config.overtaken", "call.state"):
        return 409
    if error.error_id == "config.version":
        return 412
    if error.error_id == "control.timeout":
        return 504
    if error.error_id == "control.unknown_method":
        return 501
    if isinstance(error, ConfigError) or error.field is not None:
        return 422
    if isinstance(error, DeviceUnavailable) or error.error_id.startswith("control."):
        return 503
    if isinstance(error, PeerProtocolError):
        return 502
    return 500 if error.error_id.startswith("internal.") else 422
