"""The phone's pure parts around the engine: identities, addresses, sentences, the test call."""

import dataclasses
import types
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.model.documents import Transport
from appliance.phone import commands, events, identity
from appliance.phone.probe import Probe, ProbePlan, Verdict
from appliance.phone.sentences import sentence
from appliance.phone.settings import PhoneSettings, name_servers, split_server

INVITE = (
    "INVITE sip:%2A21@10.0.0.1;transport=tcp SIP/2.0\r\n"
    'f: "Anna \\"A\\" Ahrens" <sip:22@box>;tag=1\r\n'
    "P-Asserted-Identity: <sip:+4922147@box>\r\n"
    "P-Asserted-Identity: <tel:+4922148>\r\n"
    "Diversion: <sip:30@box>;\r\n reason=no-answer\r\n"
    "Content-Length: 0\r\n\r\nFrom: <sip:body@box>\r\n"
)


@pytest.mark.parametrize(
    ("text", "number", "display"),
    [
        ("<sip:22@box>", "22", ""),
        ("sip:22@box;tag=1", "22", ""),
        ('"Anna" <sip:22@box>', "22", "Anna"),
        ("Anna Ahrens <sips:22@box:5061;transport=tls>", "22", "Anna Ahrens"),
        ("<tel:+4922147;phone-context=x>", "+4922147", ""),
        ("<sip:%2A97@box>", "*97", ""),
        ("<sip:22:password@box>", "22", ""),
        ("<sip:box.example>", "box.example", ""),
        ("nonsense", "", ""),
    ],
)
def test_addresses(text: str, number: str, display: str) -> None:
    assert identity.address(text) == (number, display)


def test_headers_and_request_uri() -> None:
    assert identity.request_user(INVITE) == "*21"
    found = identity.headers(INVITE)
    assert identity.address(found["From"]) == ("22", 'Anna "A" Ahrens')
    assert found["P-Asserted-Identity"] == "<sip:+4922147@box>, <tel:+4922148>"
    assert found["Diversion"] == "<sip:30@box>; reason=no-answer"


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    identity.address(text)
    identity.headers(text)
    identity.request_user(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("box", "box", 0), ("localhost:5062", "127.0.0.1", 5062), ("[::1]:5060", "[::1]", 5060)],
)
def test_servers(text: str, host: str, port: int) -> None:
    assert split_server(text) == (host, port)


@pytest.mark.parametrize("text", ["", "a b", "box:", "box:99999", "http://box"])
def test_wrong_servers(text: str) -> None:
    with pytest.raises(ConfigError):
        split_server(text)


def test_what_is_dialled_becomes_a_uri() -> None:
    settings = PhoneSettings(server="10.0.0.1", server_port=5062, transport=Transport.TCP)
    assert settings.uri("*97#") == "sip:*97%23@10.0.0.1:5062;transport=tcp"
    assert settings.uri("sip:a@b") == "sip:a@b"
    for wrong in ("", "a b", "22@evil", "1" * 65):
        with pytest.raises(ConfigError):
            settings.uri(wrong)
    with pytest.raises(ConfigError):
        PhoneSettings().uri("22")


def test_name_servers_are_read(tmp_path: Any) -> None:
    (tmp_path / "resolv.conf").write_text("# x\nnameserver 192.0.2.1\nsearch lan\nnameserver 192.0.2.2\n")
    assert name_servers(tmp_path / "resolv.conf") == ("192.0.2.1", "192.0.2.2")
    assert name_servers(tmp_path / "absent") == ()


def sample(kind: type) -> Any:
    """Any event with plausible values."""

    def value(hint: Any) -> Any:
        if get_origin(hint) is tuple:
            return ()
        if get_origin(hint) in (dict, types.MappingProxyType) or "Mapping" in str(hint):
            return {}
        if isinstance(hint, type) and issubclass(hint, events.Hearing):
            return events.Hearing.TONE
        return {int: 7, str: "22", bool: True, float: 1.5}[hint]

    hints = get_type_hints(kind)
    return kind(**{field.name: value(hints[field.name]) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", get_args(events.Event), ids=lambda kind: kind.__name__)
def test_every_event_has_a_sentence(kind: type) -> None:
    text = sentence(sample(kind))
    assert text
    assert f"{kind.__name__}(" not in text, "an event shown as its Python value"


def call(probe: Probe, *steps: tuple[float, events.Event | None]) -> list[commands.Command]:
    orders = probe.begin()
    for now, event in steps:
        orders += probe.on_time(now=now) if event is None else probe.on_event(event, now=now)
    return orders


@pytest.mark.parametrize(
    ("status", "reason", "advice"),
    [
        (403, "Forbidden", "--secret"),
        (408, "Request Timeout", "--server"),
        (503, "SSL certificate verification error", "--ca"),
        (404, "Not Found", "exist"),
    ],
)
def test_a_failed_registration_comes_with_advice(status: int, reason: str, advice: str) -> None:
    assert advice in sentence(events.RegistrationFailed(user="21", status=status, reason=reason))


REGISTERED = events.Registered(user="21", expires=300)
ANSWERED = events.Answered(call=1, number="22", display="")
ENDED = events.Ended(call=1, status=486, reason="Busy Here", cause="", by_remote=True, seconds=0)


def tone(hz: float) -> events.Heard:
    return events.Heard(call=1, kind=events.Hearing.TONE, hz=(hz,), dbfs=-15.0)


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([(1, REGISTERED), (2, ANSWERED), (3, tone(1000)), (6, None), (7, None)], Verdict.OK),
        ([(1, REGISTERED), (2, ANSWERED), (3, tone(900)), (6, None), (7, None)], Verdict.NOT_HEARD),
        ([(1, REGISTERED), (2, ANSWERED), (3, tone(1000)), (4, ENDED)], Verdict.OK),
        ([(1, REGISTERED), (2, ENDED)], Verdict.NOT_ANSWERED),
        ([(1, REGISTERED), (41, None)], Verdict.NOT_ANSWERED),
        ([(1, events.RegistrationFailed(user="21", status=403, reason=""))], Verdict.NOT_REGISTERED),
        ([(41, None)], Verdict.NOT_REGISTERED),
        ([(1, REGISTERED), (2, events.Failed(command="call", message="no"))], Verdict.NOT_ANSWERED),
        ([(1, REGISTERED), (2, ANSWERED), (3, None)], None),
    ],
)
def test_the_test_call_judges(
    steps: list[tuple[float, events.Event | None]], verdict: Verdict | None
) -> None:
    probe = Probe(ProbePlan(number="22", expect_hz=1000), now=0)
    orders = call(probe, *steps)
    assert probe.verdict is verdict
    assert orders[:1] in ([], [commands.Call(number="22")], [commands.Hangup()])


def test_the_test_call_says_what_it_was_told() -> None:
    plan = ProbePlan(number="22", play="a.wav", digits="1", wait_registration=False)
    orders = call(Probe(plan, now=0), (1, ANSWERED), (6.1, None))
    assert orders == [
        commands.Call(number="22"),
        commands.Play(path="a.wav"),
        commands.Digits(digits="1"),
        commands.Hangup(),
    ]
