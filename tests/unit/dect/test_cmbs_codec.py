"""Frames of a DECT module: cut anywhere, spoilt, lost in noise; and what is inside."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs.codec import SYNC, Broken, Decoder, Element, Frame, checksum, encode
from appliance.dect.cmbs.numbers import Codec, Command, Event, Ie, Param, Reason
from appliance.dect.cmbs.view import version_text
from appliance.errors import PeerProtocolError

KINDS = st.integers(1, 0x8D)
ELEMENTS = st.builds(Element, kind=KINDS, data=st.binary(max_size=40))
FRAMES = st.one_of(
    st.builds(
        Frame,
        event=st.integers(1, 0x100),
        packet=st.integers(0, 0xFFFF),
        elements=st.lists(ELEMENTS, max_size=5).map(tuple),
    ),
    st.builds(Frame, event=st.sampled_from(Command), command=st.binary(max_size=16)),
)


def decoder(*, checked: bool = True) -> Decoder:
    made = Decoder()
    made.checked = checked
    return made


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    found, at = [], 0
    for size in [*sizes, len(data)]:
        found.append(data[at : at + size])
        at += size
    return found


def test_a_frame_is_what_the_headers_of_the_maker_say() -> None:
    frame = Frame(event=Event.OPEN_REGISTRATION, packet=7, elements=(el.long(Ie.INTEGER_VALUE, 120),))
    plain = bytes.fromhex("DADADADA 1000 0700 0900 0800 1800 0400 78000000")
    assert encode(frame) == plain
    assert encode(frame, checked=True)[:4] == SYNC
    assert len(encode(frame, checked=True)) == len(plain) + 6
    hello = Frame(event=Command.HELLO, command=b"\x00\x03")
    assert encode(hello, checked=True) == bytes.fromhex("DADADADA 0A00 0000 01FF 0200 0003")


@given(st.binary(max_size=200))
def test_with_its_checksum_everything_adds_up_to_nothing(data: bytes) -> None:
    first = second = 0
    for octet in data + checksum(data):
        first = (first + octet) % 255
        second = (second + first) % 255
    assert (first, second) == (0, 0)


@given(st.lists(FRAMES, max_size=6), st.lists(st.integers(1, 7), max_size=60), st.booleans())
def test_frames_may_come_in_any_pieces(frames: list[Frame], sizes: list[int], checked: bool) -> None:
    made = decoder(checked=checked)
    data = b"".join(encode(one, checked=checked) for one in frames)
    assert [one for piece in pieces(data, sizes) for one in made.feed(piece)] == frames
    assert made.garbage == 0
    single = decoder(checked=checked)
    assert [one for octet in data for one in single.feed(bytes((octet,)))] == frames


@given(st.binary(max_size=300), FRAMES)
def test_after_any_noise_and_a_pause_the_next_frame_is_understood(noise: bytes, frame: Frame) -> None:
    made = decoder()
    made.feed(noise)
    for _ in range(len(noise) + 1):
        made.give_up()
    assert made.feed(encode(frame, checked=True))[-1:] == [frame]


@given(FRAMES.filter(lambda one: bool(one.elements)), FRAMES, st.data())
def test_a_wrong_octet_is_noticed_and_costs_no_other_frame(
    frame: Frame, after: Frame, data: st.DataObject
) -> None:
    whole = bytearray(encode(frame, checked=True))
    at = data.draw(st.integers(12, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    made = decoder()
    found = made.feed(bytes(whole))
    while made.waiting:
        found += made.give_up()
    assert frame not in found or bytes(whole) == encode(frame, checked=True)
    assert made.feed(encode(after, checked=True))[-1:] == [after]


@given(FRAMES.filter(lambda one: bool(one.elements)))
def test_where_checksums_are_agreed_none_is_broken(frame: Frame) -> None:
    (found,) = decoder().feed(encode(frame))
    assert isinstance(found, Broken)
    assert "no checksum" in found.why


@given(FRAMES, st.data())
def test_what_is_cut_off_is_waited_for_and_given_up(frame: Frame, data: st.DataObject) -> None:
    whole = encode(frame, checked=True)
    made = decoder()
    assert made.feed(whole[: data.draw(st.integers(0, len(whole) - 1))]) == []
    for _ in range(len(whole)):
        made.give_up()
    assert not made.waiting


@given(st.sampled_from(Event), st.lists(ELEMENTS, max_size=4))
def test_elements_of_a_stranger_are_read_or_refused(event: Event, elements: list[Element]) -> None:
    frame = Frame(event=event, elements=tuple(elements))
    for read in (
        lambda: el.value_of(frame, Ie.CALL_INSTANCE, 4),
        lambda: el.party_of(frame, Ie.CALLER_PARTY),
        lambda: el.name_of(frame),
        lambda: el.digits_of(frame),
        lambda: el.reason_of(frame),
        lambda: el.wideband_of(frame, offer=True),
        lambda: el.channel_of(frame),
        lambda: el.handset_info_of(frame),
        lambda: el.listed_of(frame),
        lambda: el.parameter_of(frame),
        lambda: el.waiting_of(frame),
        lambda: el.answered_ok(frame),
    ):
        with contextlib.suppress(PeerProtocolError):
            read()


def test_values_survive_the_way() -> None:
    def sent(*elements: Element) -> Frame:
        frame = Frame(event=Event.CALL_ESTABLISH, elements=elements)
        (found,) = decoder().feed(encode(frame, checked=True))
        assert isinstance(found, Frame)
        return found

    info = el.HandsetInfo(number=3, registered=True, ipei="0307402200018", model=9)
    assert el.handset_info_of(sent(el.handset_info(info))) == info
    who = el.Party(number="0221987", withheld=False, internal=True)
    assert el.party_of(sent(el.party(Ie.CALLER_PARTY, who)), Ie.CALLER_PARTY) == who
    hidden = el.party(Ie.CALLER_PARTY, el.Party(number="0221987", withheld=True))
    assert el.party_of(sent(hidden), Ie.CALLER_PARTY).number == ""
    assert el.name_of(sent(el.name("Jürgen Groß" * 4))) == ("Jürgen Groß" * 4)[:26]
    listed = (el.Listed(number=1, name="Anna"), el.Listed(number=2, name=""))
    assert el.listed_of(sent(*(el.listed(one) for one in listed))) == listed
    assert el.numbers_in(el.handsets_mask((1, 3))) == (1, 3)
    channel = el.Channel(number=2, slots=0xF0)
    assert el.channel_of(sent(el.channel(channel))) == channel
    assert el.reason_of(sent(el.reason(Reason.USER_BUSY))) == Reason.USER_BUSY
    offered = el.codecs(Codec.LINEAR, (Codec.LINEAR, Codec.LINEAR_WIDEBAND))
    assert el.wideband_of(sent(offered), offer=True)
    assert not el.wideband_of(sent(offered), offer=False)
    pin = el.parameter(Param.AUTH_PIN, el.pin_octets("4711"))
    assert el.parameter_of(sent(pin)) == (Param.AUTH_PIN, bytes.fromhex("ffff4711"))
    summer = datetime(2026, 7, 5, 14, 3, 9, tzinfo=timezone(timedelta(hours=2)))
    assert el.office_time(summer).data == bytes((3, 0, 26, 7, 5, 14, 3, 9, 8))
    assert el.office_time(datetime(2026, 1, 2, tzinfo=UTC)).data[-1] == 0


@pytest.mark.parametrize(
    ("version", "text"), [(0x4081, "4.08.1 (build 05.12)"), (0x030A, "03.0a (build 05.12)")]
)
def test_versions_are_written_as_the_maker_does(version: int, text: str) -> None:
    assert version_text(version, 0x0512) == text
