"""DNS by hand: what is asked, what is understood, what is refused."""

import contextlib
import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sip.dns import SRV, A, Record, parse, query
from appliance.sip.locate import in_order, needs_lookup

REPLY = (
    struct.pack("!HHHHHH", 7, 0x8180, 1, 2, 0, 1)
    + b"\x04_sip\x04_udp\x04prov\x00"
    + struct.pack("!HH", SRV, 1)
    + b"\xc0\x0c"
    + struct.pack("!HHIH", SRV, 1, 300, 6 + 10)
    + struct.pack("!HHH", 10, 20, 5070)
    + b"\x03one\xc0\x16"
    + b"\x00\x00\x00\x00"
    + b"\xc0\x16"
    + struct.pack("!HHIH", A, 1, 60, 4)
    + bytes([192, 0, 2, 1])
    + b"\x00"
    + struct.pack("!HHIH", 41, 4096, 0, 0)
)


def test_a_reply_is_understood() -> None:
    reply = parse(REPLY)
    assert (reply.number, reply.code, reply.truncated) == (7, 0, False)
    assert reply.records == (
        Record(
            name="_sip._udp.prov", kind=SRV, ttl_s=300, value="one.prov", priority=10, weight=20, port=5070
        ),
        Record(name="prov", kind=A, ttl_s=60, value="192.0.2.1"),
    )


def test_a_query() -> None:
    assert query(7, "a.example.", A) == b"\0\7\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["x" * 60] * 5)])
def test_no_query_for_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError):
        query(1, name, A)


@pytest.mark.parametrize(
    "data",
    [b"", REPLY[:11], REPLY[:-20], query(1, "a", A), REPLY[:12] + b"\xc0\xff", REPLY[:12] + b"\xc0\x0c"],
)
def test_broken_replies(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_reply_or_an_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse(data)


@given(st.binary(max_size=100), st.integers(0, len(REPLY) - 1))
def test_any_change_is_survived(change: bytes, at: int) -> None:
    with contextlib.suppress(ValueError):
        parse(REPLY[:at] + change + REPLY[at + len(change) :])


def service(priority: int, weight: int, value: str) -> Record:
    return Record(name="x", kind=SRV, ttl_s=1, value=value, priority=priority, weight=weight, port=1)


def test_priority_first_then_weight_by_chance() -> None:
    records = [service(2, 0, "late"), service(1, 90, "heavy"), service(1, 10, "light")]
    firsts: Counter[str] = Counter()
    for _ in range(300):
        ordered = [one.value for one in in_order(records)]
        assert ordered[2] == "late"
        firsts[ordered[0]] += 1
    assert firsts["heavy"] > firsts["light"] > 0


def test_names_and_addresses() -> None:
    assert needs_lookup("sip.example")
    assert not needs_lookup("192.0.2.1")
    assert not needs_lookup("[2001:db8::1]")
