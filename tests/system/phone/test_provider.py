"""The emulated provider, met by a real SIP peer: our terminal phone registers and calls there."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.processes import free_port
from tests.support.provider import Provider

ACCOUNT = "trunk:right-secret:+4922147"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(accounts=(ACCOUNT,), answer_after=0.1) as provider:
        yield provider


def customer(provider: Provider, **options: object) -> Phone:
    """A phone with the right password that says 700 Hz."""
    given = {"user": "trunk", "secret": "right-secret", "tone": 700, **options}
    return Phone(server=provider.address, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_registration_and_its_end(provider: Provider, transport: str) -> None:
    with customer(provider, transport=transport) as phone:
        phone.register()
        provider.wait("registered", account="trunk")
        phone.unregister()
        provider.wait("unregistered", account="trunk")


@pytest.mark.parametrize(
    ("user", "secret", "why"), [("trunk", "wrong", "wrong password"), ("who", "x", "unknown")]
)
def test_wrong_credentials_are_refused(provider: Provider, user: str, secret: str, why: str) -> None:
    with customer(provider, user=user, secret=secret) as phone:
        assert phone.wait("registration_failed")["status"] == 403
        assert why in provider.wait("refused", account=user)["why"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_a_call_out_is_answered_with_a_tone(provider: Provider, transport: str, codec: str) -> None:
    with customer(provider, transport=transport, codecs=(codec,)) as phone:
        phone.register()
        call = phone.call("030123456", "P-Asserted-Identity: <sip:+4922147100@x>", "Privacy: none")
        phone.wait("ringing", call=call)
        phone.wait("answered", call=call)
        phone.hears(1000)
        provider.hears(700)
        arrived = provider.wait("incoming", called="030123456", account="trunk", number="+4922147100")
        assert arrived["headers"]["Privacy"] == "none"
        phone.digits("5#", call)
        assert [provider.wait("digit")["digit"] for _ in range(2)] == ["5", "#"]
        phone.digits("7", call, "info")
        provider.wait("digit", digit="7", method="info")
        phone.hangup(call)
        assert provider.wait("ended")["by_remote"] is True


def test_calls_without_registration_are_challenged_too(provider: Provider) -> None:
    with customer(provider, register=False) as phone:
        phone.call("030123456")
        phone.hears(1000)
    with customer(provider, register=False, secret="wrong") as phone:
        phone.call("030123456")
        assert phone.ended()["status"] == 403
        provider.wait("refused", method="INVITE")


@pytest.mark.parametrize(
    ("number", "status"), [("030123417", 486), ("030123401", 404), ("030123442", 503), ("030123446", 404)]
)
def test_special_numbers_end_as_told(provider: Provider, number: str, status: int) -> None:
    with customer(provider) as phone:
        phone.register()
        phone.call(number)
        assert phone.ended()["status"] == status


def test_early_media_is_heard_before_the_answer(provider: Provider) -> None:
    with customer(provider) as phone:
        phone.register()
        call = phone.call("030123444")
        phone.wait("early_media", call=call)
        phone.hears(600)
        assert phone.count("answered") == 0
        phone.wait("answered", call=call)
        phone.hears(1000)


@pytest.mark.parametrize("number", ["110", "112"])
def test_the_emergency_desk_answers_with_its_own_tone(provider: Provider, number: str) -> None:
    with customer(provider) as phone:
        phone.register()
        phone.call(number)
        phone.hears(1400)


def test_a_call_that_nobody_answers_can_be_given_up(provider: Provider) -> None:
    with customer(provider) as phone:
        phone.register()
        call = phone.call("030123419")
        phone.wait("ringing")
        assert phone.hangup(call)["status"] == 487
        assert provider.wait("ended")["status"] == 487


def test_an_outside_caller_reaches_the_customer(provider: Provider) -> None:
    with customer(provider) as phone:
        provider.wait("registered")
        call = provider.call("+49221471100", "+4930123456", name="Dr. Müller")
        offered = phone.incoming(called="+49221471100", number="+4930123456", display="Dr. Müller")
        provider.wait("ringing", call=call)
        phone.answer(offered["call"])
        provider.wait("answered", call=call)
        phone.hears(1000)
        provider.hears(700)
        provider.send("digits", digits="19*", call=call)
        assert [phone.wait("digit")["digit"] for _ in range(3)] == ["1", "9", "*"]
        provider.send("hold", call=call)
        provider.wait("held")
        phone.wait("remote_held")
        provider.send("resume", call=call)
        phone.wait("remote_resumed")
        phone.hold(offered["call"])
        provider.wait("remote_held")
        phone.resume(offered["call"])
        provider.wait("remote_resumed")
        provider.hangup(call)
        assert phone.ended()["by_remote"] is True


def test_a_withheld_caller_shows_nothing(provider: Provider) -> None:
    with customer(provider) as phone:
        provider.wait("registered")
        provider.call("+49221471100", "+4930123456", withheld=True)
        offered = phone.incoming(number="anonymous")
        assert offered["headers"]["Privacy"] == "id"
        assert "30123456" not in str(offered)
        phone.reject(486)
        assert provider.wait("ended")["status"] == 486


def test_an_outside_caller_who_gives_up(provider: Provider) -> None:
    with customer(provider) as phone:
        provider.wait("registered")
        call = provider.call("+49221471100")
        phone.incoming()
        provider.wait("ringing")
        assert provider.hangup(call)["by_remote"] is False
        assert phone.ended()["by_remote"] is True


def test_a_customer_known_by_address() -> None:
    port = free_port()
    with (
        Provider(peers=(f"office=127.0.0.1:{port}",), answer_after=0.1) as provider,
        Phone(server=provider.address, user="any", port=port, register=False, tone=700) as phone,
    ):
        phone.call("030123456")
        phone.hears(1000)
        phone.hangup()
        provider.wait("incoming", account="office")
        provider.call("+49221471100")
        phone.answer(phone.incoming(called="+49221471100")["call"])
        provider.hears(700)


@pytest.mark.parametrize(("mode", "status"), [("overloaded", 503), ("forbidden", 403)])
def test_faults_on_command(provider: Provider, mode: str, status: int) -> None:
    with customer(provider, register=False) as phone:
        provider.behave(mode)
        phone.call("030123456")
        assert phone.ended()["status"] == status
        provider.behave("normal")
        phone.call("030123456")
        phone.hears(1000)


def test_nonsense_and_silence_end_when_told(provider: Provider) -> None:
    with customer(provider, register=False) as phone:
        for mode in ("nonsense", "dead"):
            provider.behave(mode)
            call = phone.call("030123456")
            provider.wait("refused", method="INVITE", why=mode)
            provider.behave("normal")  # the phone's next repetition of the INVITE is understood
            phone.wait("answered", call=call)
            phone.hangup(call)


def test_garbage_on_its_ports_is_survived(provider: Provider) -> None:
    host, port = provider.address.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        for data in (b"", b"\x00" * 1000, b"INVITE\r\n\r\n", b"\xff" * 60000, b"SIP/2.0 200 OK\r\n\r\n"):
            noise.sendto(data, (host, int(port)))
    with socket.create_connection((host, int(port))) as stream:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
    provider.process.send("{nonsense")
    provider.wait("failed")
    provider.send("hangup")
    provider.wait("failed", command="hangup")
    provider.send("call", number="+49221471100")
    provider.wait("failed", command="call")
    with customer(provider) as phone:
        phone.register()
    assert provider.count("defect") == 0


def test_the_control_socket_takes_commands_from_another_terminal(tmp_path: Path) -> None:
    control = tmp_path / "provider.sock"
    with (
        Provider(accounts=(ACCOUNT,), options=("--control", str(control))) as provider,
        customer(provider) as phone,
    ):
        provider.wait("registered")
        assert "trunk: sip:trunk@" in command("--to", str(control), "status").stdout
        phone.send("status")
        done = command("--to", str(control), "call", "nonsense", "account", "nobody")
        assert "there is no account" in done.stdout
        done = command("--to", str(control), "call", "+49221471100", "name", "Dr. X", "account", "none")
        assert "there is no account 'none'" in done.stdout
        assert command("--to", str(tmp_path / "absent"), "status").returncode == 2


def test_wrong_options_are_clear_messages(provider: Provider) -> None:
    taken = provider.address.rpartition(":")[2]
    for words in (
        ("--port", taken),
        ("--account", "x"),
        ("--peer", "x"),
        ("--listen", "box"),
        ("call", "22"),
    ):
        done = command(*words)
        assert done.returncode == 2, words
        assert done.stderr.startswith("ortsamt provider: ")
        assert "Traceback" not in done.stderr


def test_it_runs_without_input_and_leaves_on_sigterm(provider: Provider) -> None:
    assert provider.process.popen.stdin is not None
    provider.process.popen.stdin.close()
    with customer(provider) as phone:
        phone.register()
        phone.call("030123456")
        phone.hears(1000)
        provider.process.signal(signal.SIGTERM)
        assert provider.process.wait(5) == 0
        assert phone.ended()["by_remote"] is True


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.commands.provider", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
