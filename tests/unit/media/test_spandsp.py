"""Keys and line messages: what one end makes the other must understand."""

import random
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.media.spandsp.identity import LineMessage, MessageListener, modulate
from appliance.media.spandsp.keys import KeyListener, KeySounder

FRAME = 320
KEYS = "0123456789*#ABCD"


def heard(sound: bytes) -> str:
    listener = KeyListener()
    sound += bytes(-len(sound) % FRAME + FRAME)
    return "".join(listener.hear(sound[at : at + FRAME]) for at in range(0, len(sound), FRAME))


def read(sound: bytes) -> list[LineMessage]:
    listener = MessageListener()
    sound += bytes(-len(sound) % FRAME + 10 * FRAME)
    return [one for at in range(0, len(sound), FRAME) for one in listener.hear(sound[at : at + FRAME])]


@settings(max_examples=40, deadline=None)
@given(
    keys=st.text(KEYS, min_size=1, max_size=12),
    on_ms=st.integers(50, 300),
    off_ms=st.integers(50, 300),
    level=st.integers(-22, -4),
)
def test_keys_are_heard_as_pressed(keys: str, on_ms: int, off_ms: int, level: int) -> None:
    assert heard(KeySounder(on_ms=on_ms, off_ms=off_ms, level_dbm0=level).sound(keys)) == keys


def test_a_key_held_down_is_one_key() -> None:
    assert heard(KeySounder(on_ms=5000, off_ms=100).sound("55")) == "55"


def test_keys_are_heard_over_noise() -> None:
    chance = random.Random(7)
    sound = array("h", KeySounder(on_ms=70, off_ms=70).sound(KEYS))
    noisy = array("h", (max(-32768, min(32767, value + int(chance.gauss(0, 250)))) for value in sound))
    assert heard(noisy.tobytes()) == KEYS


def test_noise_is_no_key() -> None:
    chance = random.Random(11)
    noise = array("h", (int(chance.gauss(0, 3000)) for _ in range(8000 * 10)))
    assert not heard(noise.tobytes())


PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
"""What numbers, names and times are made of (ETSI EN 300 659-3 §5.4)."""


@settings(max_examples=25, deadline=None)
@given(
    fields=st.lists(
        st.tuples(st.integers(1, 127), st.text(PRINTABLE, min_size=1, max_size=30).map(str.encode)),
        min_size=1,
        max_size=4,
    ),
    off_hook=st.booleans(),
)
@example(fields=[(7, b"Gisela Schneider")], off_hook=False)  # 16 letters
def test_a_message_arrives_as_sent(fields: list[tuple[int, bytes]], off_hook: bool) -> None:
    message = LineMessage(type=0x80, fields=tuple(fields))
    assert read(modulate(message, off_hook=off_hook)) == [message]


@pytest.mark.parametrize("at", [0.75, 0.85, 0.95])
def test_a_message_with_a_hole_is_not_believed(at: float) -> None:
    sound = bytearray(modulate(LineMessage(type=0x80, fields=((2, b"02214710"), (7, b"Anna Berg")))))
    middle = int(len(sound) * at) // 2 * 2
    sound[middle : middle + 480] = bytes(480)
    assert read(bytes(sound)) == []


def test_what_is_too_long_is_left_off_whole() -> None:
    fields = ((1, b"11230945"), (7, b"x" * 200), (2, b"y" * 100))
    assert read(modulate(LineMessage(type=0x80, fields=fields))) == [
        LineMessage(type=0x80, fields=fields[:2])
    ]
