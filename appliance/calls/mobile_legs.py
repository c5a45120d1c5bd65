"""Legs that are somebody's mobile phone: what call control knows of them beyond their calls."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from appliance.calls.lockout import Lockout
from appliance.model.causes import Cause
from appliance.model.ids import CallId, CallthroughId, LegId, MobileId
from appliance.model.plan import Run

ALL_WRONG = 40
"""So many wrong PINs by whomever, within the window, close a callthrough to unknown callers."""


@dataclass(slots=True, kw_only=True)
class Through:
    """A party that called through: back to the dial tone after each call."""

    step: Run
    rounds: int = 0
    cause: Cause | None = None
    """Why the last call came to nothing; None: it was a conversation, or given up by the party."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """A mobile that answered, and must press a key before it gets the call."""

    playback: int = 0
    times: int = 0


@dataclass(slots=True)
class MobileLegs:
    """By leg; gone with it."""

    through: dict[LegId, Through] = field(default_factory=dict)
    asked: dict[LegId, Asked] = field(default_factory=dict)
    coded: set[LegId] = field(default_factory=set)
    """Who may use codes while talking."""
    keyed: dict[LegId, str] = field(default_factory=dict)
    """The beginning of a code, held back."""
    aside: dict[LegId, CallId] = field(default_factory=dict)
    """Who consults somebody, and the call that waits meanwhile."""
    awaiting: dict[MobileId, CallthroughId] = field(default_factory=dict)
    """Mobiles that heard busy and are called back in a moment."""
    called_back: dict[MobileId, deque[datetime]] = field(default_factory=dict)
    """When, lately."""
    guesses: Lockout = field(default_factory=lambda: Lockout(limit=ALL_WRONG))
    """Wrong PINs by all callers together."""

    def forget(self, leg: LegId) -> None:
        """The leg is over."""
        self.through.pop(leg, None)
        self.asked.pop(leg, None)
        self.coded.discard(leg)
        self.keyed.pop(leg, None)
        self.aside.pop(leg, None)
