"""The load benchmark's own arithmetic: what it prints can be believed."""

import hashlib
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.calls import arguments_of
from tests.bench.load import asterisk, trace
from tests.bench.load.percentiles import percentiles, slope
from tests.bench.load.phones import Account, make_office
from tests.bench.load.trace import Line
from tests.bench.load.usage import cpu_s, tree, usage_of


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_ranked_members(values: list[float]) -> None:
    found = percentiles(values)
    assert {found.p50, found.p95, found.p99, found.highest} <= set(values)
    assert found.p50 <= found.p95 <= found.p99 <= found.highest == max(values)
    assert sum(value <= found.p95 for value in values) >= 0.95 * len(values)


def test_no_value_no_percentile() -> None:
    assert math.isnan(percentiles([]).p99)


@given(st.floats(-50, 50), st.floats(-1e3, 1e3))
def test_slope_of_a_line(rise: float, start: float) -> None:
    points = [(x, start + rise * x) for x in range(0, 1000, 50)]
    assert slope(points) == pytest.approx(rise, abs=1e-6)


def test_slope_needs_two_places() -> None:
    assert slope([]) == slope([(1, 2)]) == slope([(1, 2), (1, 5)]) == 0


def message(at: float, arrow: str, call_id: str, cseq: str, start: str) -> Line:
    return Line(at=at, sent=arrow == ">", call_id=call_id, cseq=cseq, start=start)


def one_call(at: float, call_id: str, number: str) -> tuple[list[Line], list[Line]]:
    """A call whose system needs 1 ms to challenge, 4 ms to ring and 6 ms to answer; both phones dawdle."""
    caller = [
        message(at, ">", call_id, "1 INVITE", f"INVITE sip:{number}@127.0.0.1:5060 SIP/2.0"),
        message(at + 0.001, "<", call_id, "1 INVITE", "SIP/2.0 407 Proxy Authentication Required"),
        message(at + 0.001, ">", call_id, "1 ACK", "ACK sip:x SIP/2.0"),
        message(at + 0.004, ">", call_id, "2 INVITE", f"INVITE sip:{number}@127.0.0.1:5060 SIP/2.0"),
        message(at + 0.007, "<", call_id, "2 INVITE", "SIP/2.0 180 Ringing"),
        message(at + 0.112, "<", call_id, "2 INVITE", "SIP/2.0 200 OK"),
    ]
    invite = f"INVITE sip:{number}@127.0.0.1:7000 SIP/2.0"
    callee = [
        message(at + 0.006, "<", f"b-{call_id}", "9 INVITE", invite),
        message(at + 0.006, ">", f"b-{call_id}", "9 INVITE", "SIP/2.0 180 Ringing"),
        message(at + 0.109, ">", f"b-{call_id}", "9 INVITE", "SIP/2.0 200 OK"),
    ]
    return caller, callee


def test_what_the_phones_take_is_left_out() -> None:
    calls = [one_call(100.0 + index, f"c{index}", "4000") for index in range(3)]
    found = trace.times(
        [line for call in calls for line in call[0]], [line for call in calls for line in call[1]]
    )
    assert found.ring == pytest.approx([4.0] * 3, abs=1e-3)
    assert found.answer == pytest.approx([6.0] * 3, abs=1e-3)


def test_a_call_that_never_rang_has_no_times() -> None:
    caller, callee = one_call(5.0, "b", "4000")
    lost = one_call(4.0, "a", "4000")[0][:4]
    found = trace.times(lost + caller, callee)
    assert len(found.ring) == len(found.answer) == 1
    assert "a at 4.000: >INVITE <407 >ACK >INVITE" in trace.unfinished(lost)


def test_repetitions_are_counted_where_they_matter() -> None:
    caller, callee = one_call(1.0, "a", "4000")
    again = [caller[3], caller[4], caller[5], caller[5], callee[0]]
    assert trace.repetitions(caller + callee) == (0, 0)
    assert trace.repetitions(caller + callee + again) == (1, 3)


def test_the_log_is_read_on_from_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert trace.read(path) == ([], 0)
    line = (
        "2026-01-31\t08:00:00.5\t1769842800.500000\tS\t1-2@127.0.0.1\tCSeq:1 INVITE\tINVITE sip:4@h SIP/2.0\n"
    )
    path.write_text(line + line[:30])
    first, offset = trace.read(path)
    assert first == [message(1769842800.5, ">", "1-2@127.0.0.1", "1 INVITE", "INVITE sip:4@h SIP/2.0")]
    assert offset == len(line)
    path.write_text(line + line)
    assert len(trace.read(path, offset)[0]) == 1


def test_cpu_of_a_tree_is_counted() -> None:
    work = "import hashlib\nprint(1, flush=True)\nwhile True: hashlib.sha256(b'x' * 4096)"
    command = ["sh", "-c", f'{sys.executable} -c "{work}"; :']
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            pids = tree(process.pid)
            assert len(pids) == 2
            before = cpu_s(pids)
            while cpu_s(pids) < before + 0.1:
                hashlib.sha256(b"x" * 4096)
            usage = usage_of(process.pid)
            assert usage.processes == 2
            assert 0 < usage.pss <= usage.rss
        finally:
            for pid in reversed(tree(process.pid)):
                subprocess.run(["kill", str(pid)], check=False)
    assert tree(process.pid) == ()


def test_the_baseline_knows_every_phone(tmp_path: Path) -> None:
    phones = (Account(user="4000", secret="s-1"), Account(user="4001", secret="s-2"))
    main = asterisk.write_configuration(tmp_path, phones, port=7070, rtp=(40000, 41999), domain="ortsamt")
    assert f"astetcdir => {tmp_path}" in main.read_text()
    sip = (tmp_path / "pjsip.conf").read_text()
    assert "bind=127.0.0.1:7070" in sip
    assert sip.count("username=") == 2
    assert "password=s-2" in sip
    assert "exten => 4001,hint,PJSIP/4001" in (tmp_path / "extensions.conf").read_text()
    assert asterisk.records_written(tmp_path) == 0
    (tmp_path / "log" / "cdr-csv" / "Master.csv").write_text("a\nb\n")
    assert asterisk.records_written(tmp_path) == 2


def test_offices_do_not_share_numbers() -> None:
    office = make_office(400)
    assert len({one.user for one in office.accounts}) == 1200
    with pytest.raises(ValueError):
        make_office(5000)


@pytest.mark.parametrize(
    "words", [["--rates", "fast"], ["--rates", "0"], ["--talk", "0"], ["--seconds", "-1"], ["--soak", "-5"]]
)
def test_wrong_arguments_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        arguments_of(words)


def test_a_quick_run_is_short() -> None:
    arguments = arguments_of(["--quick"])
    assert arguments.rates == [50.0, 100.0]
    assert arguments.seconds <= 6
    assert arguments.talk <= 100
