"""What happened while an office was cut off: from the internet, from its other instances, or both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MAX_EDITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageEdit:
    """Somebody changed a document meanwhile; ``fields`` is empty when it was deleted."""

    at: datetime
    node: str
    who: str
    kind: str
    id: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage as ``node`` saw it. ``cost`` in hundredths of a cent; edits are changed documents."""

    id: str
    node: str
    began: datetime
    ended: datetime | None = None
    """None: it lasts."""
    internet: bool = False
    """The internet was not reached."""
    exchange: bool = False
    """Other instances were not reached for longer than a minute."""
    why: str = ""
    outside: int = 0
    """Calls to the outside that were tried here."""
    by_gsm: int = 0
    cost: int = 0
    failed: int = 0
    """Calls to the outside for which there was no way."""
    missed: int = 0
    """Calls that reached this office and that nobody took."""
    elsewhere: int = 0
    """Calls for the office that other instances took meanwhile."""
    elsewhere_missed: int = 0
    edits_here: int = 0
    edits_elsewhere: int = 0
    conflicts: int = 0
    """Of these edits, those made at two places at once."""
    sent: Mapping[str, int] = field(default_factory=dict)
    """Records handed over when the link was back, by kind (``call``, ``voicemail``, …)."""
    taken: Mapping[str, int] = field(default_factory=dict)
    """Records that came from other instances then."""
    edits: tuple[OutageEdit, ...] = ()
    """The first of them."""

    @property
    def minutes(self) -> int:
        """How long, at least one; 0 while it lasts."""
        return 0 if self.ended is None else max(1, round((self.ended - self.began).total_seconds() / 60))
