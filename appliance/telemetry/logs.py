"""The log: structured lines on stderr, written by a thread of its own so that no caller ever waits.

A line is made (time, masking, traceback) where it happens and put into a bounded queue; the thread ``log``
renders and writes. When stderr does not take lines fast enough, further ones are dropped and counted.
"""

import atexit
import contextlib
import logging
import queue
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from appliance.telemetry.log_memory import MEMORY
from appliance.telemetry.masking import mask_number, mask_secrets

if TYPE_CHECKING:  # each process of the box logs, few know of calls
    from appliance.model.records import CallRecord, LegRecord

__all__ = ["LogWriter", "configure", "log_call", "mask_number", "mask_secrets"]

MAX_WAITING = 10_000
"""Lines; at 300 bytes each some 3 MB."""
STOP_TIMEOUT_S = 2.0

_call_log = structlog.get_logger("call")


class LogWriter:
    """Owns the thread that writes log lines."""

    def __init__(self, handler: logging.Handler, max_waiting: int = MAX_WAITING) -> None:
        self._handler = handler
        self._max_waiting = max_waiting
        # SimpleQueue, since its put may be interrupted by a garbage collection that logs, too.
        self._waiting: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """Write what waits and end; gives up after ``timeout`` seconds when stderr is stuck."""
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def put(self, record: logging.LogRecord) -> None:
        """Take a line, or count it as dropped; never waits."""
        if self._waiting.qsize() >= self._max_waiting:
            self._dropped += 1
        else:
            self._waiting.put(record)

    def _run(self) -> None:
        while (record := self._waiting.get()) is not None:
            MEMORY.keep(record)
            self._handler.handle(record)
            if self._dropped and self._waiting.qsize() < self._max_waiting // 2:
                self._tell_dropped()
        if self._dropped:
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        words = f"{dropped} log lines were dropped: they came faster than they could be written"
        self._handler.handle(
            logging.LogRecord("log", logging.WARNING, __file__, 0, words, None, None, "_tell_dropped")
        )


class _ToWriter(logging.Handler):
    def __init__(self, writer: LogWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        if not isinstance(record.msg, dict):
            # Foreign lines: their arguments may change before the thread comes to them.
            with contextlib.suppress(Exception):
                record.msg = record.getMessage()
                record.args = None
        self._writer.put(record)


def configure(
    level: str = "info", *, json: bool = False, stream: TextIO | None = None, max_waiting: int = MAX_WAITING
) -> LogWriter:
    """Set up logging for this process: JSON lines if asked for or stderr is no terminal, else for people.

    The writer stops by itself at exit. Calling again replaces what was set up before.
    """
    out = stream if stream is not None else sys.stderr
    for_people = not json and out.isatty()
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(for_people=for_people),
            ],
        )
    )
    writer = LogWriter(handler, max_waiting)
    writer.start()
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _ToWriter)]:
        root.removeHandler(old)
    root.addHandler(_ToWriter(writer))
    root.setLevel(threshold)
    logging.raiseExceptions = False  # a closed stderr is no reason to print tracebacks to it
    atexit.register(writer.stop)
    return writer


def _renderers(*, for_people: bool) -> list[structlog.typing.Processor]:
    if for_people:
        return [structlog.dev.ConsoleRenderer(colors=True, timestamp_key="at", pad_event_to=24)]
    return [structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]


def log_call(record: "CallRecord", legs: "Sequence[LegRecord]") -> None:
    """The one line of a call that is over: who, what, how long, why it ended, and each leg."""
    _call_log.info(
        "call",
        call=record.call,
        kind=record.kind.value,
        caller="withheld" if record.withheld else mask_number(record.caller_number),
        called=mask_number(record.called),
        distribution=record.number,
        started=record.started.isoformat(),
        answered_ms=_ms(record.started, record.answered),
        total_ms=_ms(record.started, record.ended),
        talked_ms=_ms(record.answered, record.ended),
        cause=record.cause.value if record.cause is not None else None,
        merged_into=record.merged_into,
        legs=[_leg(leg) for leg in legs],
    )


def _leg(leg: "LegRecord") -> dict[str, Any]:
    quality = leg.quality
    line: dict[str, Any] = {
        "leg": leg.leg,
        "direction": leg.direction.value,
        "endpoint": leg.endpoint,
        "party": mask_number(leg.party),
        "alerted_ms": _ms(leg.started, leg.alerted),
        "answered_ms": _ms(leg.started, leg.answered),
        "total_ms": _ms(leg.started, leg.ended),
        "cause": leg.cause.value if leg.cause is not None else None,
        "sip": leg.sip_status or None,
        "by_remote": leg.by_remote,
        "codec": quality.codec or None,
    }
    if quality.codec:
        line |= {
            "secure": quality.secure,
            "received": quality.received_packets,
            "lost": quality.lost_packets,
            "jitter_ms": round(quality.jitter_ms, 1),
            "remote_lost": quality.remote_lost_packets,
            "round_trip_ms": round(quality.round_trip_ms, 1),
            "mos": quality.mos,
        }
    return {name: value for name, value in line.items() if value is not None}


def _ms(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)
