"""Headers from the network: tables for what is meant, hypothesis for what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.causes import Cause
from appliance.sip.headers import (
    Address,
    DialogId,
    Message,
    cause_in,
    clean,
    escape_user,
    first_of,
    host_of,
    info_digit,
    is_withheld,
    name_addr,
    parse_address,
    parse_replaces,
    parse_uri,
    reason_header,
    replaces_in,
)


def message(*lines: str, body: str = "") -> Message:
    return Message("\r\n".join(("INVITE sip:x@y SIP/2.0", *lines)) + "\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("sip:21@ortsamt", "21", "ortsamt", 0),
        ("sip:*21%2322@box:5060;user=phone", "*21#22", "box", 5060),
        ("sip:+49221;phone-context=x@box", "+49221", "box", 0),
        ("sips:a:secret@box?Replaces=b", "a", "box", 0),
        ("tel:+49-(221) 47.10;x=y", "+492214710", "", 0),
        ("sip:[2001:db8::1]:5062", "", "[2001:db8::1]", 5062),
        ("sip:a@[2001:db8::1]", "a", "[2001:db8::1]", 0),
        ("sip:a@B.Example:99999999999999", "a", "b.example", 0),
        ("nonsense", "", "", 0),
        ("", "", "", 0),
    ],
)
def test_uris(text: str, user: str, host: str, port: int) -> None:
    uri = parse_uri(text)
    assert (uri.user, uri.host, uri.port) == (user, host, port)


def test_uri_parameters() -> None:
    uri = parse_uri("sip:a@b;Line=x%2By;lr")
    assert uri.parameter("line") == "x+y"
    assert uri.parameter("lr") == ""
    assert uri.parameter("none") == ""


@pytest.mark.parametrize(
    ("text", "name", "user", "tag"),
    [
        ('"Erika \\"E\\" M" <sip:20@x;p=1>;tag=abc;q=1', 'Erika "E" M', "20", "abc"),
        ("Erika <sip:20@x>;tag=a", "Erika", "20", "a"),
        ("<sip:20@x>", "", "20", ""),
        ("sip:20@x;tag=t", "", "20", "t"),
        ('"A, B" <sip:1@x>, <tel:2>', "A, B", "1", ""),
        ("\x00\x01", "", "", ""),
    ],
)
def test_addresses(text: str, name: str, user: str, tag: str) -> None:
    address = parse_address(text)
    assert (address.name, address.uri.user, address.tag) == (name, user, tag)


def test_messages_fold_compact_and_repeat() -> None:
    one = message("f: <sip:a@b>", "Subject: one\r\n  two", "Via: x", "v: y", "no colon", body="b\r\n\r\nc")
    assert one.get("from") == "<sip:a@b>"
    assert one.get("subject") == "one two"
    assert one.get("via") == "x, y"
    assert one.get("missing") == ""
    assert one.body == "b\r\n\r\nc"
    assert one.request_uri == "sip:x@y"


@pytest.mark.parametrize(
    ("lines", "withheld"),
    [
        (["From: <sip:20@x>"], False),
        (["From: <sip:20@x>", "Privacy: id"], True),
        (["From: <sip:20@x>", "Privacy: user;id;critical"], True),
        (["From: <sip:20@x>", "Privacy: none"], False),
        (['From: "Anonymous" <sip:anonymous@anonymous.invalid>'], True),
        (["From: <sip:Anonymous@provider>"], True),
    ],
)
def test_who_wants_to_stay_unknown(lines: list[str], withheld: bool) -> None:
    assert is_withheld(message(*lines)) is withheld


def test_the_best_header_that_names_somebody() -> None:
    one = message(
        "From: <sip:trunk@p>", "P-Asserted-Identity: <sip:anonymous@x>", "Remote-Party-ID: <sip:7@x>"
    )
    order = ("p-asserted-identity", "remote-party-id", "from")
    assert first_of(one, order).uri.user == "7"
    assert first_of(message(), order) == Address()


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("", None),
        ("Q.850;cause=17", Cause.BUSY),
        ("SIP;cause=480, Q.850 ;cause=19 ;text=x", Cause.NO_ANSWER),
        ("Q.850;cause=16", None),
        ('SIP;cause=200;text="Call completed elsewhere"', Cause.ANSWERED_ELSEWHERE),
        ("Q.850;cause=9999", None),
        ("SIP;cause=17", None),
    ],
)
def test_reasons(reason: str, cause: Cause | None) -> None:
    assert cause_in(reason) is cause


def test_every_cause_can_be_said() -> None:
    for cause in Cause:
        assert "Q.850;cause=" in reason_header(cause)


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160", "5"),
        ("application/dtmf-relay;x=y", "Duration=160\r\nSignal= 10", "*"),
        ("application/dtmf", " #\r\n", "#"),
        ("application/dtmf", "12", "A"),
        ("application/dtmf", "99", ""),
        ("application/dtmf-relay", "", ""),
        ("text/plain", "5", ""),
    ],
)
def test_info_digits(kind: str, body: str, digit: str) -> None:
    assert info_digit(message(f"Content-Type: {kind}", body=body)) == digit


def test_replaces() -> None:
    assert parse_replaces("a@b;to-tag=1;from-tag=2;early-only") == DialogId(
        call_id="a@b", to_tag="1", from_tag="2"
    )
    assert parse_replaces("a@b;to-tag=1") is None
    uri = parse_uri("sip:22@x?Subject=y&Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2")
    assert replaces_in(uri) == DialogId(call_id="a@b", to_tag="1", from_tag="2")
    assert replaces_in(parse_uri("sip:22@x")) is None


def test_what_we_write_can_be_read() -> None:
    assert name_addr('O"tto\\', "*21#", "box") == '"O\\"tto\\\\" <sip:*21%23@box>'
    assert name_addr("", "", "box") == "<sip:box>"
    assert escape_user("a b@c") == "a%20b%40c"
    assert host_of("127.0.0.1:5060") == "127.0.0.1"
    assert host_of("[::1]:5060") == "::1"
    assert clean("a\r\nb\udcff\x00", 10) == "ab�"


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_and_numbers_survive_and_never_break_a_line(name: str, user: str) -> None:
    text = name_addr(name, user, "box")
    assert "\r" not in text
    assert "\n" not in text
    address = parse_address(text)
    assert address.name == clean(clean(name, 80), 80)
    assert "".join(address.uri.user.split()) == "".join(clean(user, 64).split())


@given(st.text(max_size=300))
def test_nothing_from_the_network_raises(text: str) -> None:
    one = Message(text)
    parse_uri(text)
    parse_address(text)
    parse_replaces(text)
    cause_in(text)
    is_withheld(one)
    info_digit(one)
    replaces_in(parse_uri(text))
    _ = one.request_uri


@given(st.binary(max_size=300))
def test_nor_do_bytes_as_swig_shows_them(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    address = parse_address(text)
    (address.name + address.uri.user + address.uri.host).encode()
