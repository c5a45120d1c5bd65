"""The log: masked, structured, and nobody waits for it."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.causes import Cause
from appliance.model.events import Quality
from appliance.model.ids import CallId, LegId, NumberId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.telemetry.logs import LogWriter, configure, log_call, mask_number, mask_secrets

ROOT = Path(__file__).parents[3]
BEGIN = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What a configured log wrote, after ``finish``."""
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    structlog.configure(**before)
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+4922147100", "+4922147xxx"),
        ("0221471000", "0221471xxx"),
        ("+49112", "+49xxx"),
        ("21", "21"),
        ("112", "112"),
        ("116117", "116117"),
        ("", ""),
        ("anonymous", "anonymous"),
        ("sip:+4922147100@x", "sip:+4922147xxx@x"),
    ],
)
def test_public_numbers_lose_their_last_digits(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@given(st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True))
def test_no_public_number_is_whole(number: str) -> None:
    assert number not in mask_number(f"from {number} to")
    assert len(mask_number(number)) == len(number)
    assert mask_number(mask_number(number)) == mask_number(number)


def test_secrets_are_hidden_by_name_and_in_messages() -> None:
    masked = mask_secrets(
        None,
        "info",
        {
            "secret": "hush",
            "SIP_Password": "hush",
            "ha1": "hush",
            "pin": "1234",
            "door_pin": "1234",
            "mapping": "kept",
            "shipping": "kept",
            "authorization": "hush",
            "params": {"fields": [{"secret": "hush", "name": "kept"}], "token": "hush"},
            "text": 'REGISTER sip:x\r\nAuthorization: Digest response="hush"\r\nTo: kept',
            "empty_secret": "",
        },
    )
    assert "hush" not in repr(masked)
    assert "1234" not in repr(masked)
    assert repr(masked).count("kept") == 4
    assert masked["empty_secret"] == ""


def test_numbers_are_hidden_by_name() -> None:
    masked = mask_secrets(
        None, "info", {"caller": "+4922147100", "caller_number": "022147100", "legs": 1234567}
    )
    assert masked == {"caller": "+4922147xxx", "caller_number": "022147xxx", "legs": 1234567}


def test_circles_end() -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle
    mask_secrets(None, "info", {"circle": circle})


def test_lines_are_json_with_time_level_and_name(out: io.StringIO) -> None:
    writer = configure("info", json=True, stream=out)
    structlog.get_logger("edge").warning("edge is down", reason="kill", secret="hush")
    structlog.get_logger("edge").debug("not shown")
    logging.getLogger("library").error("foreign %s", "words")
    writer.stop()
    first, second = lines(out)
    assert first == {
        "event": "edge is down",
        "reason": "kill",
        "secret": "***",
        "level": "warning",
        "logger": "edge",
        "at": first["at"],
    }
    assert datetime.fromisoformat(first["at"]).tzinfo is not None
    assert (second["event"], second["level"], second["logger"]) == ("foreign words", "error", "library")


def test_exceptions_are_kept_in_one_line(out: io.StringIO) -> None:
    writer = configure("info", json=True, stream=out)
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger("core").exception("it failed")
    writer.stop()
    (line,) = lines(out)
    assert "RuntimeError: broken" in line["exception"]


def test_people_get_no_json(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    writer = configure("info", stream=out)
    structlog.get_logger("core").info("ready for calls", pid=7)
    writer.stop()
    assert "ready for calls" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_what_cannot_be_json_does_not_matter(out: io.StringIO) -> None:
    writer = configure("info", json=True, stream=out)
    structlog.get_logger("core").info("odd", thing=object(), raw=b"\xff", words={1: {2}})
    writer.stop()
    assert len(lines(out)) == 1


def test_nobody_waits_for_a_stuck_stderr_and_what_is_lost_is_counted() -> None:
    gate, entered = threading.Event(), threading.Event()
    written: list[str] = []

    class Stuck(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entered.set()
            gate.wait(30)
            written.append(record.getMessage())

    writer = LogWriter(Stuck(), max_waiting=10)
    writer.start()

    def record(i: int) -> logging.LogRecord:
        return logging.LogRecord("x", logging.INFO, "", 0, f"line {i}", None, None)

    writer.put(record(0))
    assert entered.wait(10)
    begin = time.monotonic()
    for i in range(1, 1001):
        writer.put(record(i))
    assert time.monotonic() - begin < 5
    gate.set()
    writer.stop(10)
    assert [line for line in written if line.startswith("line")] == [f"line {i}" for i in range(11)]
    told = [line for line in written if not line.startswith("line")]
    assert len(told) == 1
    assert told[0].startswith("990 log lines were dropped")


def test_a_stuck_stderr_does_not_hold_up_the_end() -> None:
    gate = threading.Event()

    class Stuck(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            gate.wait(30)

    writer = LogWriter(Stuck())
    writer.start()
    writer.put(logging.LogRecord("x", logging.INFO, "", 0, "line", None, None))
    begin = time.monotonic()
    writer.stop(0.2)
    assert time.monotonic() - begin < 10
    gate.set()


def test_the_last_lines_are_written_at_exit_and_a_closed_stderr_is_no_drama() -> None:
    program = (
        "from appliance.telemetry.logs import configure\n"
        "import structlog, sys, os\n"
        "configure('info', json=True)\n"
        "for i in range(500): structlog.get_logger('x').info('line', i=i)\n"
        "print('done')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert len(ran.stderr.splitlines()) == 500
    reading, writing = os.pipe()
    os.close(reading)
    try:
        closed = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=writing,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert closed.stdout == "done\n"


def test_a_call_is_one_line(out: io.StringIO) -> None:
    writer = configure("info", json=True, stream=out)
    record = CallRecord(
        call=CallId("c1"),
        kind=CallKind.INBOUND,
        started=BEGIN,
        caller_number="+4930901820",
        caller_name="Müller",
        withheld=False,
        dialled="022147100",
        called="+4922147100",
        number=NumberId("main"),
        answered=BEGIN + timedelta(seconds=4),
        ended=BEGIN + timedelta(seconds=64),
        cause=Cause.NORMAL,
    )
    leg = LegRecord(
        leg=LegId("l1"),
        call=CallId("c1"),
        direction=Direction.OUTGOING,
        endpoint="device:d21",
        party="21",
        started=BEGIN,
        alerted=BEGIN + timedelta(milliseconds=30),
        answered=BEGIN + timedelta(seconds=4),
        ended=BEGIN + timedelta(seconds=64),
        cause=Cause.NORMAL,
        by_remote=True,
        quality=Quality(codec="opus", secure=True, received_packets=3000, lost_packets=2, jitter_ms=1.234),
    )
    log_call(record, [leg])
    writer.stop()
    (line,) = lines(out)
    assert (line["caller"], line["called"], line["kind"]) == ("+4930901xxx", "+4922147xxx", "inbound")
    assert (line["answered_ms"], line["talked_ms"], line["cause"]) == (4000, 60000, "normal")
    assert line["legs"][0] == {
        "leg": "l1",
        "direction": "outgoing",
        "endpoint": "device:d21",
        "party": "21",
        "alerted_ms": 30,
        "answered_ms": 4000,
        "total_ms": 64000,
        "cause": "normal",
        "by_remote": True,
        "codec": "opus",
        "secure": True,
        "received": 3000,
        "lost": 2,
        "jitter_ms": 1.2,
        "remote_lost": 0,
        "round_trip_ms": 0.0,
        "mos": 4.4,
    }
    assert "Müller" not in out.getvalue()
