"""The conversation with real relays: what they take, refuse, or never answer."""

import contextlib
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.model.mail import Mail, MailTls
from appliance.notify.messages import Letter, mime
from appliance.notify.relay import Relay, RelayUnusable, Watch
from tests.support.processes import free_port
from tests.support.relay import MailRelay, Tarpit, certificate

LETTER = Letter(subject="Hallo Zoë", text=".\n.punkt\nÄnderung\n", html="<p>Änderung</p>", line="x")


def settings(relay: MailRelay | Tarpit | int, **fields: object) -> Mail:
    port = relay if isinstance(relay, int) else relay.port
    values = {"host": "127.0.0.1", "tls": MailTls.NONE, "sender": "box@example.com", **fields}
    return Mail(port=port, **values)  # type: ignore[arg-type]


def content(to: str = "anna@example.com", letter: Letter = LETTER) -> bytes:
    return mime(
        letter,
        sender="box@example.com",
        sender_name="Büro",
        recipient=to,
        message_id="<1@example.com>",
        date=datetime(2026, 5, 1, tzinfo=UTC),
    )


def test_a_mail_arrives_as_it_was_written() -> None:
    with MailRelay() as post, Relay(settings(post)) as relay:
        assert relay.send("anna@example.com", content()).taken
        mail = post.wait()
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Hallo Zoë",
        "Büro <box@example.com>",
        "anna@example.com",
    )
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == [".", ".punkt", "Änderung"]
    assert post.sessions[0].host_name == "[127.0.0.1]"


@pytest.mark.parametrize("verify", [True, False])
def test_starttls_and_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: bool) -> None:
    context, cert = certificate(tmp_path)
    if verify:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with MailRelay(starttls=context, user=("box", "geheim")) as post:
        chosen = settings(post, tls=MailTls.STARTTLS, verify=verify, username="box", secret="geheim")
        with Relay(chosen) as relay:
            assert relay.send("anna@example.com", content()).taken
        assert post.sessions[0].ssl is not None
    assert "geheim" not in "\n".join(relay.lines)
    assert any(line.startswith("> AUTH") for line in relay.lines)
    assert "Z2VoZWlt" not in "\n".join(relay.lines), "not in base64 either"


def test_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, cert = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with MailRelay(tls=context) as post, Relay(settings(post, tls=MailTls.TLS)) as relay:
        assert relay.send("anna@example.com", content()).taken


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    for tls in (MailTls.STARTTLS, MailTls.TLS):
        from_the_start = tls is MailTls.TLS
        with (
            MailRelay(
                starttls=None if from_the_start else context, tls=context if from_the_start else None
            ) as post,
            pytest.raises(RelayUnusable, match="certificate is not trusted"),
            Relay(settings(post, tls=tls)),
        ):
            pass


def test_a_wrong_secret_is_told_without_it(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with MailRelay(starttls=context, user=("box", "geheim")) as post:
        relay = Relay(
            settings(post, tls=MailTls.STARTTLS, verify=False, username="box", secret="falsch-falsch")
        )
        with pytest.raises(RelayUnusable, match="refuses name and secret: 535"), relay:
            pass
    assert "falsch" not in "\n".join(relay.lines)
    assert any(line.startswith("< 535") for line in relay.lines)


def test_without_starttls_nothing_is_said_in_the_clear() -> None:
    with MailRelay() as post:
        relay = Relay(settings(post, tls=MailTls.STARTTLS, username="box", secret="geheim"))
        with pytest.raises(RelayUnusable, match="STARTTLS"), relay:
            pass
    assert not any("AUTH" in line and line.startswith(">") for line in relay.lines)


@pytest.mark.parametrize(
    ("reply", "final"), [("550 no such user", True), ("451 try later", False), ("450 full", False)]
)
def test_a_refused_recipient_does_not_end_the_conversation(reply: str, final: bool) -> None:
    with MailRelay() as post, Relay(settings(post)) as relay:
        post.refuse["gone@example.com"] = reply
        verdict = relay.send("gone@example.com", content("gone@example.com"))
        assert (verdict.taken, verdict.final, verdict.error) == (False, final, reply)
        assert relay.send("anna@example.com", content()).taken
        post.refuse_data = "554 looks like spam"
        assert relay.send("anna@example.com", content()).error == "554 looks like spam"
        post.refuse_data = ""
        assert relay.send("anna@example.com", content()).taken


def test_a_refused_sender_makes_all_mails_wait() -> None:
    with MailRelay() as post, Relay(settings(post)) as relay:
        post.refuse_sender = "550 who are you"
        with pytest.raises(RelayUnusable, match="refuses the sender: 550 who are you"):
            relay.send("anna@example.com", content())


def test_nobody_listens() -> None:
    with pytest.raises(RelayUnusable, match="Connection refused"), Relay(settings(free_port())):
        pass


@pytest.mark.parametrize("tls", [MailTls.NONE, MailTls.TLS])
def test_a_silent_relay_costs_a_bounded_time(tls: MailTls) -> None:
    with Tarpit() as pit:
        begun = time.monotonic()
        with pytest.raises(RelayUnusable, match="in time"), Relay(settings(pit, tls=tls), wait_s=0.3):
            pass
        assert time.monotonic() - begun < 30, "and not for ever"


def test_a_relay_that_drips_costs_a_bounded_time() -> None:
    with Tarpit(drip=0.05) as pit:
        begun = time.monotonic()
        with pytest.raises(RelayUnusable, match="in time"), Relay(settings(pit), wait_s=5, step_s=0.5):
            pass
        assert time.monotonic() - begun < 30, "and not for ever"


def test_a_conversation_can_be_cut_from_outside() -> None:
    with Tarpit() as pit:
        watch = Watch()

        def cut() -> None:
            pit.connected.wait(5)
            watch.cut()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(RelayUnusable), Relay(settings(pit), watch):
            pass
        thread.join(5)


@pytest.mark.parametrize(
    "noise", [b"\xff\xfe\x00 hello\r\n", b"220" + b"x" * 20000, b"", b"220 ok\r\n999 \r\n"]
)
def test_a_relay_that_talks_nonsense_is_only_unusable(noise: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(RelayUnusable), Relay(settings(server.getsockname()[1]), wait_s=2):
            pass
        thread.join(5)
