"""Raises alarms by what DECT systems tell of themselves. One thread only; the clock is handed in.

Bases restart and handsets are carried out of the house: each is left alone for a while.
"""

from collections.abc import Callable, Iterable, Iterator

from appliance.model.alarms import AlarmKind
from appliance.model.dect import DectMedia
from appliance.model.dect_air import BaseStatus, DectState, DectStatus, HandsetStatus
from appliance.telemetry.alarms import Alarms

SYSTEM_PATIENCE_MS = 30_000
BASE_PATIENCE_MS = 10_000
HANDSET_PATIENCE_MS = 30 * 60_000
_WRONG = frozenset(DectStatus) - {DectStatus.READY, DectStatus.DISABLED, DectStatus.CONNECTING}
_Key = tuple[AlarmKind, str]


class DectWatch:
    """Looks at all systems about once a second."""

    def __init__(self, alarms: Alarms, monotonic_ms: Callable[[], int]) -> None:
        self._alarms = alarms
        self._now = monotonic_ms
        self._since: dict[_Key, int] = {}

    def look(self, states: Iterable[DectState]) -> None:
        """Raise what has lasted long enough, clear what is over."""
        now, seen = self._now(), set()
        for key, patience_ms, detail in (one for state in states for one in _wrong(state)):
            seen.add(key)
            since = self._since.setdefault(key, now)
            if now - since >= patience_ms:
                kind, subject = key
                self._alarms.raise_alarm(kind, subject, detail=detail)
        for key in self._since.keys() - seen:
            del self._since[key]
            self._alarms.clear(*key)


def _wrong(state: DectState) -> Iterator[tuple[_Key, int, str]]:
    """What is not as it should be: alarm and subject, how long it may last, words for people."""
    own = state.name or state.system
    if state.status in _WRONG:
        patience = (
            SYSTEM_PATIENCE_MS if state.media is DectMedia.SIP else BASE_PATIENCE_MS
        )  # a module is a base
        patience = 0 if state.status in (DectStatus.REFUSED, DectStatus.STRANGER) else patience
        yield (AlarmKind.DECT_SYSTEM, own), patience, state.detail or state.status.value
        return
    for base in state.bases:
        if base.status in (BaseStatus.LOST, BaseStatus.STRANGE):
            detail = base.detail or base.location or base.address or base.status.value
            yield (AlarmKind.DECT_BASE, f"{own}: {base.name or base.key}"), BASE_PATIENCE_MS, detail
    for handset in state.handsets:
        if handset.handset is not None and handset.status is HandsetStatus.AWAY:
            seen = "" if handset.last_seen is None else f"{handset.last_seen:%Y-%m-%d %H:%M} UTC"
            yield (AlarmKind.DECT_HANDSET, f"{handset.name} ({handset.handset})"), HANDSET_PATIENCE_MS, seen
