"""Two terminal phones in two processes call each other directly, without any exchange between them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tones
from tests.support.phone import Phone
from tests.support.processes import free_port


@pytest.fixture
def pair() -> Iterator[tuple[Phone, Phone]]:
    with Phone(user="anna", name="Anna Ahrens", tone=1000) as anna, Phone(user="bert", tone=700) as bert:
        yield anna, bert


def talk(caller: Phone, callee: Phone, *headers: str) -> tuple[int, int]:
    """Let one call the other; both call numbers once they talk."""
    mine = caller.call(f"sip:{callee.user}@{callee.address}", *headers)
    theirs = callee.incoming()["call"]
    callee.answer(theirs)
    caller.wait("answered", call=mine)
    return mine, theirs


def test_each_hears_the_others_tone(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    mine = anna.call(f"sip:bert@{bert.address}")
    offered = bert.incoming(number="anna", display="Anna Ahrens", called="bert")
    anna.wait("ringing", status=180)
    bert.answer(offered["call"])
    anna.wait("answered", call=mine)
    bert.hears(1000)
    anna.hears(700)
    anna.tone(0)
    bert.silence()
    anna.tone(440)
    bert.hears(440)
    figures = anna.media()
    assert figures["codec"] == "opus"
    assert figures["received"] > 10
    assert anna.hangup(mine)["by_remote"] is False
    assert bert.ended()["by_remote"] is True


@pytest.mark.parametrize(
    ("codec", "rate"), [("opus", 48000), ("G722", 16000), ("PCMA", 8000), ("PCMU", 8000)]
)
def test_every_codec_carries_the_tone(codec: str, rate: int) -> None:
    with Phone(codecs=(codec,), tone=1000) as caller, Phone(user="other", tone=700, answer=True) as callee:
        caller.call(f"sip:other@{callee.address}")
        caller.hears(700)
        callee.hears(1000)
        figures = caller.media()
        assert figures["codec"].lower() == codec.lower()
        assert figures["clock_rate"] == rate


def test_encrypted_audio() -> None:
    with (
        Phone(srtp="mandatory", tone=1000) as caller,
        Phone(user="other", srtp="optional", tone=700, answer=True) as callee,
    ):
        caller.call(f"sip:other@{callee.address}")
        caller.hears(700)
        callee.hears(1000)
        assert caller.media()["secure"] is True
        assert callee.media()["secure"] is True


def test_encryption_that_one_side_refuses_ends_the_call() -> None:
    with Phone(srtp="mandatory") as caller, Phone(user="other", srtp="off", answer=True) as callee:
        caller.call(f"sip:other@{callee.address}")
        assert caller.ended()["status"] in (406, 488)


def test_tcp(tmp_path: Path) -> None:
    with (
        Phone(transport="tcp", tone=1000) as caller,
        Phone(user="other", transport="tcp", tone=700, answer=True) as callee,
    ):
        caller.call(f"sip:other@{callee.address};transport=tcp")
        caller.hears(700)
        callee.hears(1000)


def test_reject_and_cancel(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    first = anna.call(f"sip:bert@{bert.address}")
    bert.reject(603, bert.incoming()["call"])
    assert anna.ended(first)["status"] == 603
    second = anna.call(f"sip:bert@{bert.address}")
    ringing = bert.incoming()["call"]
    anna.wait("ringing", call=second)
    assert anna.hangup(second)["status"] == 487
    assert bert.ended(ringing)["by_remote"] is True


def test_a_redirection_is_followed(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    with Phone(user="carl", tone=440, answer=True) as carl:
        mine = anna.call(f"sip:bert@{bert.address}")
        bert.send("redirect", number=f"sip:carl@{carl.address}", call=bert.incoming()["call"])
        anna.wait("redirected", call=mine, target="carl")
        anna.wait("answered", call=mine)
        anna.hears(440, call=mine)
        carl.hears(1000)
        assert bert.ended()["by_remote"] is False


def test_hold_and_resume(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    mine, _ = talk(anna, bert)
    bert.hears(1000)
    anna.hold(mine)
    bert.wait("remote_held")
    bert.silence()
    anna.resume(mine)
    bert.wait("remote_resumed")
    bert.hears(1000)
    anna.hears(700)


@pytest.mark.parametrize("method", ["rtp", "info"])
def test_digits(pair: tuple[Phone, Phone], method: str) -> None:
    anna, bert = pair
    mine, _ = talk(anna, bert)
    bert.hears(1000)
    anna.digits("12#", mine, method)
    assert [bert.wait("digit", method=method)["digit"] for _ in range(3)] == ["1", "2", "#"]


def test_a_file_is_played_once(pair: tuple[Phone, Phone], tmp_path: Path) -> None:
    anna, bert = pair
    mine, _ = talk(anna, bert)
    anna.play(tones.write_wav(tmp_path / "a.wav", tones.tone(440, seconds=1.0, rate=8000), rate=8000), mine)
    bert.hears(440)
    anna.wait("played")
    bert.silence()


def test_echo_comes_back() -> None:
    with Phone(tone=1000) as caller, Phone(user="other", echo=True, answer=True) as callee:
        caller.call(f"sip:other@{callee.address}")
        caller.hears(1000)


def test_blind_transfer(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    with Phone(user="carl", tone=440, answer=True) as carl:
        mine, theirs = talk(anna, bert)
        anna.transfer(f"sip:carl@{carl.address}", mine)
        asked = bert.wait("transfer_asked", call=theirs, target="carl")
        assert anna.wait("transfer_progress", final=True)["status"] == 200
        anna.ended(mine)
        bert.wait("answered", call=asked["follow"])
        bert.hears(440, call=asked["follow"])
        carl.hears(700)


def test_attended_transfer(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    with Phone(user="carl", tone=440, answer=True) as carl:
        mine, theirs = talk(anna, bert)
        asked = anna.consult(f"sip:carl@{carl.address}", mine)
        anna.wait("held", call=mine)
        anna.wait("answered", call=asked)
        carl.hears(1000)
        anna.complete(asked)
        follow = bert.wait("transfer_asked", call=theirs)["follow"]
        bert.hears(440, call=follow)
        taken = carl.wait("replaced")
        carl.hears(700, call=taken["by"])
        anna.ended(mine)
        anna.ended(asked)


def test_call_waiting(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    with Phone(user="carl", tone=440) as carl:
        _, first = talk(anna, bert)
        carl.call(f"sip:bert@{bert.address}")
        second = bert.incoming(number="carl")["call"]
        bert.hold(first)
        bert.answer(second)
        bert.hears(440, call=second)
        bert.hangup(second)
        bert.resume(first)
        anna.hears(700)


def test_headers_travel(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    anna.call(f"sip:bert@{bert.address}", 'P-Asserted-Identity: "Zentrale" <sip:+4922147@example.net>')
    offered = bert.incoming(number="+4922147", display="Zentrale")
    assert offered["headers"]["From"].startswith('"Anna Ahrens"')


def test_nonsense_lines_are_answered_and_survived(pair: tuple[Phone, Phone]) -> None:
    anna, bert = pair
    for line in (
        "fly away",
        "{",
        '{"do": 1}',
        "call",
        "hangup",
        "hangup #9",
        "digits xyz",
        "tone 99999",
        "hold",
    ):
        anna.process.send(line)
        anna.wait("failed")
    anna.process.send("call not-a-number!")
    anna.wait("failed", command="call")
    talk(anna, bert)


def test_a_call_to_nobody_ends_with_a_status() -> None:
    with Phone(transport="tcp") as phone:
        phone.call(f"sip:nobody@127.0.0.1:{free_port()};transport=tcp")
        assert phone.ended()["status"] in (502, 503)


def test_a_taken_port_is_a_clear_message() -> None:
    with Phone() as first:
        port = first.address.rpartition(":")[2]
        done = phone_command("--port", port)
        assert done.returncode == 2
        assert "the port is taken" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "wrong", [("--codec", "mp3"), ("--server", "a b"), ("--port", "70000"), ("--ca", "/nowhere")]
)
def test_wrong_options_are_clear_messages(wrong: tuple[str, str]) -> None:
    done = phone_command(*wrong)
    assert done.returncode == 2
    assert done.stderr.startswith("ortsamt phone: ")
    assert "Traceback" not in done.stderr


def test_one_test_call_judges_what_it_hears() -> None:
    with Phone(user="other", tone=1000, answer=True) as other:
        target = f"sip:other@{other.address}"
        assert phone_command("--call", target, "--for", "1", "--expect-tone", "1000").returncode == 0
        assert phone_command("--call", target, "--for", "1", "--expect-tone", "700").returncode == 5
    assert phone_command("--call", target, "--patience", "0.2").returncode == 3


def test_it_leaves_on_sigterm_and_when_its_input_ends() -> None:
    with Phone() as phone, Phone(user="other", answer=True) as other:
        phone.call(f"sip:other@{other.address}")
        phone.wait("answered")
        phone.process.signal(signal.SIGTERM)
        assert phone.process.wait(5) == 0
        other.ended()
        assert other.process.popen.stdin is not None
        other.process.popen.stdin.close()
        assert other.process.wait(5) == 0


def test_people_read_sentences() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.commands.phone"],
        input="help\nstatus\nquit\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0
    assert "Ready at 127.0.0.1:" in done.stdout
    assert "transfer NUMBER [#CALL]" in done.stdout
    assert "no calls" in done.stdout
    assert done.stderr == ""


def phone_command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.commands.phone", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ},
    )
