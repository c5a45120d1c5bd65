"""SIP on the wire as the emulated provider reads and writes it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.provider import nonsense
from appliance.provider.dialog import from_invite
from appliance.provider.message import (
    Message,
    SipSyntaxError,
    StreamFramer,
    parameter,
    parse,
    response,
    split_list,
    uri_of,
)

INVITE = (
    b"INVITE sip:22@10.0.0.1 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport\r\n"
    b'f: "A, B" <sip:21@10.0.0.1>;tag=abc\r\n'
    b"t: <sip:22@10.0.0.1>\r\n"
    b"i: call-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"m: <sip:21@10.0.0.2;x=1>;expires=9\r\n"
    b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
    b"Subject: folded\r\n  line\r\n"
    b"l: 4\r\n\r\nbody"
)


def test_a_request_is_read_with_short_names_and_folded_lines() -> None:
    message = parse(INVITE)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:22@10.0.0.1", b"body")
    assert message.get("call-id") == "call-1"
    assert message.get("Subject") == "folded line"
    assert message.cseq == (7, "INVITE")
    assert message.branch == "z9hG4bK1"
    assert parameter(message.get("From"), "tag") == "abc"
    assert parameter(message.get("Contact"), "x") == ""
    assert uri_of(message.get("Contact")) == "sip:21@10.0.0.2;x=1"


def test_what_is_written_can_be_read() -> None:
    message = parse(INVITE)
    assert parse(message.encode()) == message
    answer = response(message, 200, "OK", to_tag="t1")
    again = parse(answer.encode())
    assert (again.status, again.reason) == (200, "OK")
    assert parameter(again.get("To"), "tag") == "t1"
    assert again.all("Record-Route") == message.all("Record-Route")


def test_the_called_sides_dialog() -> None:
    dialog = from_invite(parse(INVITE), "t1")
    assert dialog.target == "sip:21@10.0.0.2;x=1"
    assert dialog.route == ("<sip:p1;lr>", "<sip:p2;lr>")
    bye = dialog.request("BYE")
    assert (bye.uri, bye.cseq) == (dialog.target, (1, "BYE"))
    assert bye.get("From").endswith(";tag=t1")
    assert bye.get("To").endswith(";tag=abc")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n\r\n",
        INVITE.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
        INVITE.replace(b"i: call-1\r\n", b""),
        INVITE.replace(b"CSeq: 7", b"CSeq: x"),
        INVITE.replace(b"l: 4", b"l: 40"),
        INVITE.replace(b"l: 4", b"l: -1"),
        INVITE.replace(b"Subject: folded", b"Sub ject"),
        INVITE.replace(b"Subject: folded", b"Subject: \xff"),
        INVITE.replace(b"Subject: folded\r\n", b"X: y\r\n" * 300),
        INVITE + b"a" * 70000,
    ],
)
def test_what_is_no_message_is_refused(broken: bytes) -> None:
    with pytest.raises(SipSyntaxError):
        parse(broken)


@given(st.binary(max_size=400))
@example(b"SIP/2.0 200 OK\r\nVia: \r\n\r\n")
def test_any_bytes_are_survived(data: bytes) -> None:
    try:
        message = parse(data)
    except SipSyntaxError:
        return
    assert message.branch is not None


@given(st.integers(0, len(INVITE) - 1), st.integers(0, 255))
def test_any_flipped_byte_is_survived(at: int, value: int) -> None:
    broken = INVITE[:at] + bytes([value]) + INVITE[at + 1 :]
    try:
        message = parse(broken)
    except SipSyntaxError:
        return
    response(message, 400, "Bad Request", to_tag="x").encode()
    from_invite(message, "t")


@given(st.lists(st.integers(1, 60), max_size=40))
def test_a_stream_is_cut_into_its_messages_however_it_arrives(cuts: list[int]) -> None:
    whole = b"\r\n\r\n" + INVITE + b"\r\n\r\n" + INVITE + INVITE
    framer = StreamFramer()
    found: list[bytes] = []
    at = 0
    for cut in [*cuts, len(whole)]:
        found += framer.feed(whole[at : at + cut])
        at += cut
    assert found == [INVITE] * 3


def test_a_stream_without_end_is_refused() -> None:
    framer = StreamFramer()
    with pytest.raises(SipSyntaxError):
        framer.feed(b"X" * 70000)


def test_lists_are_split_outside_quotes_and_brackets() -> None:
    assert split_list('"A, B" <sip:a@b,c>;x=1, <sip:d>') == ['"A, B" <sip:a@b,c>;x=1', "<sip:d>"]
    assert split_list("") == [""]


def test_nonsense_is_of_many_kinds_and_never_fails() -> None:
    message = parse(INVITE)
    replies = [nonsense.reply(message, turn) for turn in range(24)]
    assert len(set(replies)) >= 10


def test_messages_compare_by_value() -> None:
    assert Message(method="BYE", uri="sip:a") == Message(method="BYE", uri="sip:a")
