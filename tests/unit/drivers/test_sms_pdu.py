"""SMS as octets: known messages, round trips of any text, and rubbish that must not hurt."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.drivers.gsm import alphabet, pdu
from appliance.errors import ConfigError, PeerProtocolError

NUMBER = "+491701234567"
GSM_TEXT = st.text(alphabet="".join(alphabet._SEPTET) + "^{}\\[~]|€\f", max_size=400)


def test_a_message_of_the_textbooks_is_read() -> None:
    read = pdu.read_pdu("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    assert read == pdu.Deliver(
        sender="+31641600986",
        text="How are you?",
        sent=datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC),
        part=pdu.Part(),
    )


def test_a_name_as_sender_and_a_status_report_are_read() -> None:
    name = alphabet.pack(alphabet.septets("Telekom") or [])
    octets = bytes((0, 0x04, 13, 0xD0)) + name + bytes((0, 8)) + bytes.fromhex("62113221000040")
    read = pdu.read_pdu((octets + bytes((4,)) + "ä€".encode("utf-16-be")).hex())
    assert isinstance(read, pdu.Deliver)
    assert (read.sender, read.text) == ("Telekom", "ä€")
    report = bytes((0, 0x06, 42, 12, 0x91)) + bytes.fromhex("947110325476")
    times = bytes.fromhex("62113221000040") * 2
    for status, delivered, final in ((0x00, True, True), (0x30, False, False), (0x46, False, True)):
        answer = pdu.read_pdu((report + times + bytes((status,))).hex())
        assert isinstance(answer, pdu.StatusReport)
        assert (answer.reference, answer.recipient) == (42, "+491701234567")
        assert (answer.delivered, answer.final) == (delivered, final)


def test_a_sixteen_bit_reference_and_a_port_are_understood() -> None:
    start = bytes((0, 0x44, 12, 0x91)) + bytes.fromhex("947110325476") + bytes((0, 8))
    start += bytes.fromhex("62113221000040")
    long = bytes((6, 8, 4, 0x12, 0x34, 3, 2)) + "ja".encode("utf-16-be")
    read = pdu.read_pdu((start + bytes((len(long),)) + long).hex())
    assert isinstance(read, pdu.Deliver)
    assert (read.part, read.text, read.data) == (pdu.Part(reference=0x1234, number=2, of=3), "ja", False)
    wap = bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF0)) + b"\x01\x06"
    read = pdu.read_pdu((start + bytes((len(wap),)) + wap).hex())
    assert isinstance(read, pdu.Deliver)
    assert read.data


def back(submitted: pdu.Submission) -> pdu.Deliver:
    """What a recipient would be delivered of this."""
    octets = bytes.fromhex(submitted.hex)
    assert submitted.length == len(octets) - 1
    first, size = octets[1], octets[3]
    address = octets[3 : 5 + (size + 1) // 2]
    rest = octets[3 + len(address) :]
    coding, length, data = rest[1], rest[3], rest[4:]
    assert len(data) <= 140
    deliver = bytes((0, 0x04 | first & 0x40)) + address + bytes((0, coding))
    read = pdu.read_pdu((deliver + bytes.fromhex("62113221000040") + bytes((length,)) + data).hex())
    assert isinstance(read, pdu.Deliver)
    return read


@given(text=st.one_of(GSM_TEXT, st.text(max_size=400)))
def test_any_text_arrives_as_it_was_sent(text: str) -> None:
    expected = alphabet.ucs2(text).decode("utf-16-be", "replace")
    parts = pdu.submissions(NUMBER, text, reference=77, report=True, valid_minutes=60)
    read = [back(part) for part in parts]
    assert "".join(one.text for one in read) == expected
    assert len(parts) == pdu.parts_needed(text)
    if len(parts) > 1:
        assert [one.part for one in read] == [
            pdu.Part(reference=77, number=i, of=len(parts)) for i in range(1, len(parts) + 1)
        ]
    assert {one.sender for one in read} == {NUMBER}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("a" * 306, 2),
    ],
)
def test_a_text_takes_as_many_parts_as_it_must(text: str, parts: int) -> None:
    assert pdu.parts_needed(text) == parts


@pytest.mark.parametrize(
    ("minutes", "octet"),
    [(5, 0), (60, 11), (720, 143), (750, 144), (1440, 167), (2880, 168), (99999999, 255)],
)
def test_validity_is_rounded_up(minutes: int, octet: int) -> None:
    assert pdu._validity(minutes) == octet


@pytest.mark.parametrize("number", ["", "+", "abc", "+49 170", "1" * 21])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ConfigError):
        pdu.submissions(number, "x", reference=0, report=False, valid_minutes=60)


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="too long"):
        pdu.submissions(NUMBER, "x" * 5000, reference=0, report=False, valid_minutes=60)


@given(data=st.binary(max_size=200))
def test_rubbish_is_read_or_refused(data: bytes) -> None:
    try:
        read = pdu.read_pdu(data.hex())
    except PeerProtocolError:
        return
    if isinstance(read, pdu.Deliver):
        assert len(read.text) <= 255
        assert 1 <= read.part.number <= read.part.of <= 255


@given(text=st.text(max_size=60))
def test_text_that_is_no_pdu_is_refused(text: str) -> None:
    with contextlib.suppress(PeerProtocolError):
        pdu.read_pdu(text)


@given(codes=st.lists(st.integers(0, 127), max_size=160), fill=st.integers(0, 6))
def test_septets_come_back(codes: list[int], fill: int) -> None:
    assert alphabet.unpack(alphabet.pack(codes, fill), len(codes), fill) == codes
