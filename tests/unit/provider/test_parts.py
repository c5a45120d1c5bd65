"""The emulated provider's pure parts: passwords, descriptions, codecs, numbers, accounts."""

import array
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.phone import events as phone
from appliance.phone.events import Hearing
from appliance.provider import digest, events, g711, sdp
from appliance.provider.commands import GRAMMAR, Behave, Call, Mode
from appliance.provider.digest import Challenger
from appliance.provider.message import Message
from appliance.provider.numbers import SPECIAL, Conduct, conduct_of, guide
from appliance.provider.registrar import Account, Registrar
from appliance.provider.sentences import sentence
from appliance.provider.transport import Path
from tests.support import tones

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 9 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"
    b"m=video 5000 RTP/AVP 96\r\na=sendrecv\r\n"
)


def hashed(text: str, algorithm: str = "md5") -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def authorization(challenger: Challenger, *, secret: str, now: float, algorithm: str = "MD5") -> str:
    nonce = challenger.challenge(now).split('nonce="')[1].split('"')[0]
    kind = algorithm.lower().replace("-", "")
    first = hashed(f"u:{challenger.realm}:{secret}", kind)
    second = hashed("REGISTER:sip:x", kind)
    answer = hashed(f"{first}:{nonce}:00000001:abc:auth:{second}", kind)
    return (
        f'Digest username="u", realm="{challenger.realm}", nonce="{nonce}", uri="sip:x", '
        f'response="{answer}", '
        f"algorithm={algorithm}, qop=auth, nc=00000001, cnonce=abc"
    )


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_right_password_is_known_from_a_wrong_one(algorithm: str) -> None:
    challenger = Challenger(realm="r")
    given = digest.read(authorization(challenger, secret="s", now=10, algorithm=algorithm))
    assert given is not None
    assert challenger.fresh(given, 11)
    assert challenger.correct(given, "REGISTER", "s")
    assert not challenger.correct(given, "REGISTER", "t")
    assert not challenger.correct(given, "INVITE", "s")


def test_nonces_grow_old_and_cannot_be_made_up() -> None:
    challenger = Challenger(realm="r")
    given = digest.read(authorization(challenger, secret="s", now=10))
    assert given is not None
    assert not challenger.fresh(given, 1000)
    assert not challenger.fresh(given, 5)
    assert not Challenger(realm="r").fresh(given, 11)


@given(st.text(max_size=80))
def test_any_authorization_is_survived(text: str) -> None:
    challenger = Challenger(realm="r")
    given = digest.read(f"Digest {text}")
    assert given is not None
    challenger.fresh(given, 1)
    challenger.correct(given, "REGISTER", "s")
    digest.read(text)


def test_an_offer_is_read_and_answered() -> None:
    remote = sdp.read(OFFER)
    assert (remote.host, remote.port, remote.codecs, remote.digits) == ("10.0.0.2", 4000, (0, 8), 101)
    assert remote.flow is sdp.Flow.SEND
    answer = sdp.write(
        host="127.0.0.1", port=6000, codecs=(0,), digits=101, flow=sdp.ANSWER_TO[remote.flow], version=1,
        answer_to=remote,
    )  # fmt: skip
    again = sdp.read(answer)
    assert (again.port, again.codecs, again.flow) == (6000, (0,), sdp.Flow.RECEIVE)
    assert b"m=video 0 " in answer
    assert answer.index(b"m=audio") < answer.index(b"m=video")


def test_the_old_way_to_hold_is_understood() -> None:
    assert sdp.read(OFFER.replace(b"c=IN IP4 10.0.0.2", b"c=IN IP4 0.0.0.0")).flow is sdp.Flow.NONE


@pytest.mark.parametrize(
    "body",
    [b"", b"v=0\r\n", OFFER.replace(b"9 0 8", b"9"), OFFER.replace(b"RTP/AVP 9", b"RTP/SAVP 9"), b"\xff\xfe",
     OFFER.replace(b"c=IN IP4 10.0.0.2", b"x=1"), OFFER.replace(b"4000", b"99999")],
)  # fmt: skip
def test_descriptions_without_usable_audio_are_refused(body: bytes) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.read(body)


@given(st.binary(max_size=200), st.integers(0, len(OFFER)))
def test_any_description_is_survived(noise: bytes, at: int) -> None:
    for body in (noise, OFFER[:at] + noise + OFFER[at:]):
        try:
            sdp.read(body)
        except sdp.SdpError:
            continue


@pytest.mark.parametrize("payload", [sdp.PCMA, sdp.PCMU])
def test_g711_keeps_a_tone_and_every_code(payload: int) -> None:
    codes = bytes(range(256))
    samples = array.array("h", g711.decode(payload, codes))
    again = array.array("h", g711.decode(payload, g711.encode(payload, samples)))
    assert max(abs(a - b) for a, b in zip(samples, again, strict=True)) <= 8
    tone = array.array("h", g711.decode(payload, g711.tone(payload, 1000)))
    assert tones.goertzel(tone, 1000, rate=8000) > 0.99
    assert not any(abs(value) > 8 for value in array.array("h", g711.decode(payload, g711.tone(payload, 0))))


def test_known_codes_of_g711() -> None:
    """Values of ITU-T G.711 tables 1a and 2a, scaled to 16 bit."""
    alaw = array.array("h", g711.decode(sdp.PCMA, bytes([0xD5, 0x55, 0xAA, 0x2A])))
    assert list(alaw) == [8, -8, 32256, -32256]
    ulaw = array.array("h", g711.decode(sdp.PCMU, bytes([0xFF, 0x7F, 0x80, 0x00])))
    assert list(ulaw) == [0, 0, 32124, -32124]


def test_numbers_behave_by_their_last_digits() -> None:
    assert conduct_of("030123417").refuse == 486
    assert conduct_of("+4930123419").answer_after is None
    assert conduct_of("030123443").dead
    assert conduct_of("0301234567") == Conduct()
    for number in ("110", "112", "+112", "+49110"):
        assert conduct_of(number).tone_hz == 1400
    assert all(f"…{suffix}" in guide() for suffix in SPECIAL)


def path(host: str = "10.0.0.2") -> Path:
    return Path("UDP", host, 5060, lambda _: None)


def register(contact: str, **headers: str) -> Message:
    fields = [("Contact", contact), *((name.title(), value) for name, value in headers.items())]
    return Message(method="REGISTER", uri="sip:x", headers=tuple(fields))


@pytest.mark.parametrize(
    ("contact", "headers", "granted"),
    [
        ("<sip:u@h>;expires=60", {}, 60),
        ("<sip:u@h>", {"expires": "120"}, 120),
        ("<sip:u@h>", {}, 300),
        ("<sip:u@h>;expires=99999999", {}, 3600),
        ("<sip:u@h>;expires=1", {}, 10),
        ("<sip:u@h>;expires=0", {}, 0),
        ("*", {"expires": "0"}, 0),
        ("", {}, None),
        ("<sip:u@h>;expires=soon", {}, 300),
    ],
)
def test_registrations_get_the_time_they_ask_for(
    contact: str, headers: dict[str, str], granted: int | None
) -> None:
    account = Account(name="u", secret="s")
    registrar = Registrar((account,), Challenger(realm="r"))
    assert registrar.bind(account, register(contact, **headers), path(), 100.0) == granted
    assert account.registered(100.0) is bool(granted)
    assert not account.registered(100.0 + (granted or 0))


def test_numbers_belong_to_the_account_with_the_longest_prefix() -> None:
    first = Account(name="a", secret="s", numbers=("+4922",))
    second = Account(name="b", secret="s", numbers=("+4922147",))
    registrar = Registrar((first, second), Challenger(realm="r"))
    assert registrar.account_of("+49221471100") is second
    assert registrar.account_of("+4922999") is first
    assert registrar.account_of("+4930") is first
    assert registrar.account_of("+4930", "b") is second
    assert registrar.account_of("+4930", "c") is None


def test_a_peer_is_known_by_address_but_cannot_register() -> None:
    registrar = Registrar((Account(name="p", secret="", peer=("10.0.0.2", 5060)),), Challenger(realm="r"))
    invite = Message(method="INVITE", uri="sip:x")
    assert registrar.identify(invite, path(), 1.0).account is not None
    assert registrar.identify(invite, path("10.0.0.3"), 1.0).status == 407
    assert registrar.identify(register("<sip:a@b>"), path(), 1.0).status == 401


def test_what_people_type() -> None:
    assert GRAMMAR.parse("call +4922147 from +4930") == Call(number="+4922147", caller="+4930")
    assert GRAMMAR.parse('call +4922147 from +4930 name "Dr. X" withheld true') == Call(
        number="+4922147", caller="+4930", name="Dr. X", withheld=True
    )
    assert GRAMMAR.parse("behave nonsense") == Behave(mode=Mode.NONSENSE)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (
            events.Registered(account="u", contact="sip:u@h", expires=60),
            "u is registered at sip:u@h for 60 s.",
        ),
        (events.Unregistered(account="u"), "u is not registered any more."),
        (events.Refused(method="REGISTER", account="u", status=403, why="wrong password"), "wrong password"),
        (
            events.Incoming(call=1, account="u", called="110", number="21", display="A", conduct="answers"),
            "#1 u calls 110, showing A (21); it answers.",
        ),
        (
            events.ProviderStatus(
                mode="normal",
                accounts=(events.AccountStatus(account="u", contact=""),),
                calls=(phone.CallStatus(call=1, state="talking", number="110", display=""),),
            ),
            "u: not registered\n  #1 110: talking",
        ),
        (phone.Heard(call=1, kind=Hearing.SILENCE, hz=(), dbfs=-90.0), "#1 we hear silence."),
    ],
)
def test_people_read_sentences(event: Any, says: str) -> None:
    assert says in sentence(event)
