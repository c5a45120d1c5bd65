"""How an analog port is, for status and self-test."""

from dataclasses import dataclass
from datetime import datetime

from appliance.fxs.line_settings import LineState
from appliance.fxs.trial import TrialResult
from appliance.model.analog_line import LineHealth, PortId

LEFT_OFF = "off the hook for long: the handset lies beside the telephone, or the line is shorted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortHealth:
    """How a port is, for status and self-test."""

    port: PortId
    state: LineState
    line: LineHealth
    slips: int
    """Frames lost between the line's clock and the mixer's."""
    last_error: str = ""
    """What was wrong with its equipment last, even when all is well now."""
    last_error_at: datetime | None = None
    test: TrialResult | None = None
    tests: int = 0
    """How many tests have ended, by themselves or because somebody needed the line."""
