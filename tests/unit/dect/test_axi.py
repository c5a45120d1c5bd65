"""AXI on the wire: whatever the pieces, whatever the text; and what must not get in."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.dect.mitel.axi import MAX_MESSAGE, AxiError, Splitter, decode, element, encode
from appliance.dect.mitel.inventory import Inventory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=30)


@settings(max_examples=40, deadline=None)
@given(TEXT, st.integers(-9999, 9999), st.booleans())
def test_a_message_comes_out_as_it_went_in(text: str, number: int, flag: bool) -> None:
    sent = element("GetPPDev", element("pp", ipei=text, ppn=number, encrypt=flag), name=text)
    got = decode(encode(sent).removesuffix(b"\0"))
    assert got == sent
    pp = got.first("pp")
    assert pp is not None
    assert (pp.text("ipei"), pp.number("ppn"), pp.flag("encrypt")) == (text, number, flag)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXT, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=50))
def test_messages_are_whole_however_they_are_cut(texts: list[str], sizes: list[int]) -> None:
    stream = b"".join(encode(element("EventX", reason=text)) for text in texts)
    splitter, got, at = Splitter(), [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        got += splitter.feed(stream[at : at + size])
        at += size
    assert [decode(one).text("reason") for one in got] == texts


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<?php evil ?><a/>",
        b"<a>" * 50 + b"</a>" * 50,
        b"<a>" + b"<b/>" * 6000 + b"</a>",
        b"",
        b"HTTP/1.1 400 Bad Request",
        b"\xff\xfe<a/>",
        b"<a b='1'",
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(AxiError):
        decode(data)


def test_a_message_without_end_is_refused() -> None:
    with pytest.raises(AxiError):
        Splitter().feed(b"x" * (MAX_MESSAGE + 1))


NAMES = st.sampled_from(
    [
        "EventRFPState",
        "EventPPDevCnf",
        "EventPPCnf",
        "EventPPTransaction",
        "EventPositionInfo",
        "EventRFPSyncRel",
    ]
)
KEYS = st.sampled_from(
    ["ppn", "uid", "id", "rfpId", "s", "ipei", "connected", "trType", "syncState", "deleted"]
)
VALUES = st.sampled_from(
    ["", "0", "1", "-1", "Yes", "LocReg", "PPNotFound", "Synced", "x", "99999999999999999999"]
)
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=5)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(NAMES, ATTRIBUTES, st.sampled_from(["pp", "rfp", "user", "vis", "forward"]), ATTRIBUTES),
        max_size=12,
    )
)
def test_no_event_breaks_the_inventory(events: list[tuple[str, dict[str, str], str, dict[str, str]]]) -> None:
    inventory = Inventory()
    for name, attributes, child, values in events:
        inventory.take(element(name, element(child, **values), **attributes), NOW)
        inventory.bases(())
