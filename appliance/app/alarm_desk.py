"""Tells of alarms on a thread of its own: mails and SMS go to disk first, and the engine cannot wait."""

import queue
import threading
from collections.abc import Callable, Sequence

import structlog

from appliance.errors import OrtsamtError
from appliance.model.alarms import ALARMS, Alarm, Severity
from appliance.model.documents import Site

MAX_WAITING = 500
SMS_LETTERS = 300
"""Nobody wants more on a telephone; two parts of an SMS."""
_log = structlog.get_logger("alarm")


class AlarmDesk:
    """``take`` never waits. Critical alarms, and their end, also go out as SMS."""

    def __init__(
        self,
        site: Callable[[], Site],
        tell: Sequence[Callable[[Alarm], None]],
        send_sms: Callable[[str, str], object],
    ) -> None:
        self._site = site
        self._tell = tuple(tell)
        self._send_sms = send_sms
        self._waiting: queue.Queue[Alarm | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what waits, then end."""
        if self._thread.ident is not None:
            self._waiting.put(None)
            self._thread.join(5)

    def take(self, alarm: Alarm) -> None:
        """Tell this soon."""
        try:
            self._waiting.put_nowait(alarm)
        except queue.Full:
            _log.error("too many alarms to tell", kind=alarm.kind.value)

    def _run(self) -> None:
        while True:
            alarm = self._waiting.get()
            if alarm is None:
                return
            for tell in (*self._tell, self._by_sms):
                try:
                    tell(alarm)
                except OrtsamtError as error:
                    _log.warning("an alarm could not be told", kind=alarm.kind.value, error=str(error))
                except Exception:  # noqa: BLE001 - the next way of telling may work
                    _log.exception("an alarm could not be told", kind=alarm.kind.value)

    def _by_sms(self, alarm: Alarm) -> None:
        site = self._site()
        if ALARMS[alarm.kind].severity is not Severity.CRITICAL:
            return
        for number in dict.fromkeys(site.alarm_numbers):
            self._send_sms(number, f"{site.name}: {alarm.said(site.language)}"[:SMS_LETTERS])
