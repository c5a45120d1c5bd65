"""The alarms of the box: raised from any thread, kept while they last, told to whoever wants to know."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from appliance.model.alarms import ALARMS, Alarm, AlarmKind
from appliance.model.languages import Language

KEPT = 200
"""Past alarms that can be looked at."""
_log = structlog.get_logger("alarm")

Tell = Callable[[Alarm], None]


class Alarms:
    """``raise_alarm`` and ``clear`` never wait and never fail: a listener that does is logged."""

    def __init__(self, tell: Tell, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._tell = tell
        self._clock = clock
        self._guard = threading.Lock()
        self._active: dict[tuple[AlarmKind, str], Alarm] = {}
        self._past: deque[Alarm] = deque(maxlen=KEPT)

    def raise_alarm(self, kind: AlarmKind, subject: str = "", **values: str) -> None:
        """Something is wrong; one that lasts is told once until it is cleared."""
        alarm = Alarm(kind=kind, subject=subject, values=values, at=self._clock())
        with self._guard:
            if ALARMS[kind].lasting:
                if (kind, subject) in self._active:
                    self._active[kind, subject] = alarm
                    return
                self._active[kind, subject] = alarm
            self._past.append(alarm)
        self._out(alarm)

    def clear(self, kind: AlarmKind, subject: str = "", **values: str) -> None:
        """It is right again; nothing if it was not wrong."""
        with self._guard:
            if self._active.pop((kind, subject), None) is None:
                return
            alarm = Alarm(kind=kind, subject=subject, values=values, at=self._clock(), over=True)
            self._past.append(alarm)
        self._out(alarm)

    def active(self) -> tuple[Alarm, ...]:
        """What is wrong now, the oldest first."""
        with self._guard:
            return tuple(self._active.values())

    def past(self) -> tuple[Alarm, ...]:
        """What was told since the start, the newest first."""
        with self._guard:
            return tuple(reversed(self._past))

    def _out(self, alarm: Alarm) -> None:
        _log.warning(
            alarm.said(Language.ENGLISH), kind=alarm.kind.value, subject=alarm.subject, over=alarm.over
        )
        try:
            self._tell(alarm)
        except Exception:  # noqa: BLE001 - whoever raises an alarm must not suffer for it
            _log.exception("an alarm could not be told", kind=alarm.kind.value)
