"""What of a port the office may change."""

from dataclasses import dataclass, field

from appliance.fxs.line_settings import LineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """Everything of a port that the office may change."""

    line: LineSettings = field(default_factory=LineSettings)
    caller_id: bool = True
    message_lamp: bool = True
    messages: int = 0
    flash_least_ms: int = 60
    flash_most_ms: int = 600
    pulses: bool = True
