"""Why a call ended, as the network numbers it and as makers word it (``+CEER``). Pure."""

import re

from appliance.model.causes import Cause

_CAUSES = {
    1: Cause.UNALLOCATED,
    3: Cause.NO_ROUTE,
    8: Cause.FORBIDDEN,
    16: Cause.NORMAL,
    17: Cause.BUSY,
    18: Cause.NO_ANSWER,
    19: Cause.NO_ANSWER,
    21: Cause.REJECTED,
    22: Cause.UNALLOCATED,
    27: Cause.UNREACHABLE,
    28: Cause.INVALID_NUMBER,
    29: Cause.FORBIDDEN,
    31: Cause.NORMAL,
    34: Cause.CONGESTION,
    38: Cause.CONGESTION,
    41: Cause.CONGESTION,
    42: Cause.CONGESTION,
    44: Cause.CONGESTION,
    47: Cause.CONGESTION,
    50: Cause.FORBIDDEN,
    55: Cause.FORBIDDEN,
    57: Cause.FORBIDDEN,
    63: Cause.CONGESTION,
    88: Cause.NOT_ACCEPTABLE,
    102: Cause.TIMEOUT,
}
"""3GPP TS 24.008 §10.5.4.11 and Annex H."""
_WORDS = (
    ("user busy", Cause.BUSY),
    ("no user responding", Cause.NO_ANSWER),
    ("no answer", Cause.NO_ANSWER),
    ("user alerting", Cause.NO_ANSWER),
    ("unassigned", Cause.UNALLOCATED),
    ("unallocated", Cause.UNALLOCATED),
    ("number changed", Cause.UNALLOCATED),
    ("no route", Cause.NO_ROUTE),
    ("call rejected", Cause.REJECTED),
    ("invalid number", Cause.INVALID_NUMBER),
    ("incomplete number", Cause.INVALID_NUMBER),
    ("destination out of order", Cause.UNREACHABLE),
    ("temporarily unavailable", Cause.UNREACHABLE),
    ("barr", Cause.FORBIDDEN),
    ("not allowed", Cause.FORBIDDEN),
    ("no network", Cause.CONGESTION),
    ("no service", Cause.CONGESTION),
    ("congestion", Cause.CONGESTION),
    ("no circuit", Cause.CONGESTION),
    ("network out of order", Cause.CONGESTION),
    ("temporary failure", Cause.CONGESTION),
    ("access class blocked", Cause.CONGESTION),
    ("normal", Cause.NORMAL),
    ("client ended", Cause.NORMAL),
)
"""In the texts of +CEER, which every maker words as he likes."""


def network_cause(value: int) -> Cause | None:
    """The cause of a number of the network."""
    return _CAUSES.get(value)


def extended_cause(text: str) -> Cause | None:
    """What +CEER says, by its words or by the last number in it; None when it says nothing."""
    lower = text.lower()
    for words, cause in _WORDS:
        if words in lower:
            return cause
    numbers = re.findall(r"\d+", lower)
    return _CAUSES.get(int(numbers[-1][:4])) if numbers else None
