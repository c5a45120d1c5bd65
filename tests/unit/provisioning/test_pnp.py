"""SIP PnP as phones send it, and anything else that may arrive at the group."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PeerProtocolError
from appliance.provisioning.pnp import accepted, check_sync, read_search, told

# As published by Snom for its phones: no branch, no User-Agent.
SNOM = """\
SUBSCRIBE sip:MAC%3a00135E874B49@intern.example SIP/2.0
Via: SIP/2.0/UDP 192.168.10.67:5060;rport
From: <sip:MAC%3a00135E874B49@intern.example>;tag=658512961
To: <sip:MAC%3a00135E874B49@intern.example>
Call-ID: 1930770594@192.168.10.67
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"
Expires: 0
Accept: application/url
Contact: <sip:192.168.10.67:5060>
Content-Length: 0

""".replace("\n", "\r\n").encode()


def test_a_search_is_read() -> None:
    search = read_search(SNOM)
    assert (search.mac, search.vendor, search.model, search.version) == (
        "00135e874b49",
        "OEM",
        "OEM",
        "7.1.19",
    )
    assert search.contact == "sip:192.168.10.67:5060"


def test_short_header_names_are_read() -> None:
    names = {b"Via": b"v", b"From": b"f", b"To": b"t", b"Call-ID": b"i", b"Contact": b"m", b"Event": b"o"}
    short = SNOM
    for name, letter in names.items():
        short = short.replace(b"\r\n" + name + b":", b"\r\n" + letter + b":")
    assert read_search(short) == read_search(SNOM)


def test_the_answers() -> None:
    search = read_search(SNOM)
    ok = accepted(search, "tag1", ("192.168.10.67", 5062)).decode()
    first, via, *_ = ok.split("\r\n")
    assert first == "SIP/2.0 200 OK"
    assert via == "Via: SIP/2.0/UDP 192.168.10.67:5060;received=192.168.10.67;rport=5062"
    assert "To: <sip:MAC%3a00135E874B49@intern.example>;tag=tag1\r\n" in ok
    notify = told(search, "tag1", "http://192.168.1.10/prov/", ("192.168.1.10", 40000)).decode()
    head, _, body = notify.partition("\r\n\r\n")
    assert head.startswith("NOTIFY sip:192.168.10.67:5060 SIP/2.0\r\n")
    assert "From: <sip:MAC%3a00135E874B49@intern.example>;tag=tag1\r\n" in notify
    assert "To: <sip:MAC%3a00135E874B49@intern.example>;tag=658512961\r\n" in notify
    assert f"Content-Length: {len(body)}" in head
    assert body == "http://192.168.1.10/prov/"
    again = check_sync("sip:192.168.10.67:5060", "check-sync;reboot=true", ("192.168.1.10", 40000)).decode()
    assert "\r\nEvent: check-sync;reboot=true\r\n" in again


@pytest.mark.parametrize(
    "change",
    [
        (b"SUBSCRIBE sip", b"INVITE sip"), (b"ua-profile", b"presence"), (b"00135E874B49", b"00135E874B4"),
        (b"\r\nContact: <sip:192.168.10.67:5060>", b""), (b"\r\nCall-ID: 1930770594@192.168.10.67", b""),
        (b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"), (b"00135E874B49", b"000000000000"),
    ],
)  # fmt: skip
def test_other_talk_is_left_alone(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(PeerProtocolError):
        read_search(SNOM.replace(*change))


@given(data=st.binary(max_size=5000))
def test_nothing_that_arrives_does_harm(data: bytes) -> None:
    for one in (data, SNOM[: len(data) % len(SNOM)] + data):
        try:
            read_search(one)
        except PeerProtocolError:
            continue
