"""The thread ``clock``: is the clock of the box right? Schedules, the journal and certificates hang on it.

A box without a clock chip starts at the latest time that the system kept (docs/network.md). It is noticed
here when even that was lost, and when no time server has set the clock for a while.
"""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from appliance.errors import OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.network.facts import TimeFacts
from appliance.telemetry.alarms import Alarms

EVERY_S = 60.0
SLACK = timedelta(minutes=5)
PATIENCE = timedelta(minutes=10)
"""So long a box that was just started may wait for a time server."""
RELEASE = Path("/usr/lib/clock-epoch")
"""Its date is that of the software (systemd.time-epoch, systemd(1))."""
_log = structlog.get_logger("clock")


class ClockWatch:
    """``newest``: when something was written down last, which cannot have been later than now."""

    def __init__(
        self,
        alarms: Alarms,
        newest: Callable[[], datetime | None],
        time_facts: Callable[[], TimeFacts],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        release: Path = RELEASE,
    ) -> None:
        self._alarms, self._newest, self._time, self._now = alarms, newest, time_facts, now
        self._release = release
        self._looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(7)

    def look(self) -> None:
        """Once, as every minute."""
        now, least = self._now(), self._least()
        if least is not None and now < least - SLACK:
            self._alarms.raise_alarm(AlarmKind.CLOCK_BEHIND, time=_said(now), least=_said(least))
        else:
            self._alarms.clear(AlarmKind.CLOCK_BEHIND)
        self._looks += 1
        if self._time().synchronised is not False:
            self._alarms.clear(AlarmKind.CLOCK_UNSET)
        elif self._looks * EVERY_S >= PATIENCE.total_seconds():
            self._alarms.raise_alarm(AlarmKind.CLOCK_UNSET)

    def _least(self) -> datetime | None:
        """It is this late at least."""
        found = [self._newest()]
        with contextlib.suppress(OSError):  # no image
            found.append(datetime.fromtimestamp(self._release.stat().st_mtime, UTC))
        return max((one for one in found if one is not None), default=None)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except OrtsamtError as error:
                _log.warning("the clock is not watched", error=str(error))
            self._stop.wait(EVERY_S)


def _said(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
