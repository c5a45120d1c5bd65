"""Raises alarms by what GSM modules tell of themselves. One thread only; the clock is handed in.

Each status that a person must do something about has a kind and a patience: modules restart, are plugged in
anew, and lose their network for a minute without being anybody's business.
"""

from collections.abc import Callable, Iterable, Mapping

from appliance.model.alarms import AlarmKind
from appliance.model.gsm import ModuleState, ModuleStatus
from appliance.telemetry.alarms import Alarms

PROBLEMS: Mapping[ModuleStatus, tuple[AlarmKind, int]] = {
    ModuleStatus.ABSENT: (AlarmKind.MODULE_GONE, 60_000),
    ModuleStatus.FAILED: (AlarmKind.MODULE_FAILED, 60_000),
    ModuleStatus.STARTING: (AlarmKind.MODULE_FAILED, 180_000),
    ModuleStatus.NO_SIM: (AlarmKind.MODULE_NO_SIM, 30_000),
    ModuleStatus.SIM_BROKEN: (AlarmKind.MODULE_NO_SIM, 30_000),
    ModuleStatus.PIN_WANTED: (AlarmKind.MODULE_PIN, 0),
    ModuleStatus.PIN_WRONG: (AlarmKind.MODULE_PIN, 0),
    ModuleStatus.PIN_LAST_TRY: (AlarmKind.MODULE_PIN, 0),
    ModuleStatus.PUK_WANTED: (AlarmKind.MODULE_PUK, 0),
    ModuleStatus.NO_NETWORK: (AlarmKind.MODULE_NO_NETWORK, 300_000),
    ModuleStatus.ROAMING_BARRED: (AlarmKind.MODULE_NO_NETWORK, 300_000),
    ModuleStatus.DUPLICATE: (AlarmKind.MODULE_TWICE, 10_000),
}
"""Status → what is wrong, and for how long (ms) it must last."""
SILENT_CALLS = 2
"""After the first the module is restarted; the second says that this did not help."""


class ModuleWatch:
    """Looks at all modules about once a second."""

    def __init__(self, alarms: Alarms, monotonic_ms: Callable[[], int]) -> None:
        self._alarms = alarms
        self._now = monotonic_ms
        self._since: dict[str, tuple[AlarmKind, int]] = {}
        """Module → what is wrong with it, and since when."""
        self._dumb: set[str] = set()

    def look(self, states: Iterable[ModuleState]) -> None:
        """Raise what has lasted long enough, clear what is over."""
        seen = set()
        for state in states:
            subject = state.module or state.place
            seen.add(subject)
            self._status(subject, state)
            self._sound(subject, state)
        for subject in (self._since.keys() | self._dumb) - seen:
            self._right(subject)
            self._heard(subject)

    def _status(self, subject: str, state: ModuleState) -> None:
        problem = PROBLEMS.get(state.status)
        if problem is None:
            self._right(subject)
            return
        kind, patience_ms = problem
        known, since = self._since.get(subject, (kind, self._now()))
        if known is not kind:
            if state.status is ModuleStatus.STARTING:
                return  # it begins anew: what was wrong may be wrong still
            self._right(subject)
            since = self._now()
        self._since[subject] = kind, since
        if self._now() - since >= patience_ms:
            self._alarms.raise_alarm(kind, subject, detail=state.detail or state.status.value)

    def _sound(self, subject: str, state: ModuleState) -> None:
        if state.silent_calls >= SILENT_CALLS:
            self._dumb.add(subject)
            self._alarms.raise_alarm(AlarmKind.MODULE_DUMB, subject, calls=str(state.silent_calls))
        elif not state.silent_calls:
            self._heard(subject)

    def _right(self, subject: str) -> None:
        known = self._since.pop(subject, None)
        if known is not None:
            self._alarms.clear(known[0], subject)

    def _heard(self, subject: str) -> None:
        if subject in self._dumb:
            self._dumb.discard(subject)
            self._alarms.clear(AlarmKind.MODULE_DUMB, subject)
