"""The netstring codec: any cut gives the same payloads, nonsense ends the link and never grows a buffer."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PeerProtocolError
from appliance.sip.edge.netstring import Decoder, encode


@given(
    st.lists(st.binary(max_size=300), max_size=20),
    st.lists(st.integers(min_value=1, max_value=50), min_size=1),
)
def test_any_fragmentation_gives_the_same_payloads(wanted: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(encode(payload) for payload in wanted)
    decoder = Decoder()
    got: list[bytes] = []
    position = number = 0
    while position < len(stream):
        step = cuts[number % len(cuts)]
        got += decoder.feed(stream[position : position + step])
        position += step
        number += 1
    assert got == wanted


@given(st.binary(max_size=200))
def test_any_bytes_give_payloads_or_one_clear_error(data: bytes) -> None:
    decoder = Decoder(max_payload=100)
    with contextlib.suppress(PeerProtocolError):
        assert all(len(payload) <= 100 for payload in decoder.feed(data))


@pytest.mark.parametrize("data", [b"x", b":", b"-1:a,", b"1 :a,", b"3:abcd,", b"999999999", b"99999999999:"])
def test_what_is_no_netstring_is_refused(data: bytes) -> None:
    with pytest.raises(PeerProtocolError):
        list(Decoder().feed(data))


def test_payloads_before_the_broken_one_are_given() -> None:
    payloads = Decoder().feed(b"1:a,2:bc,?")
    assert [next(payloads), next(payloads)] == [b"a", b"bc"]
    with pytest.raises(PeerProtocolError):
        next(payloads)
