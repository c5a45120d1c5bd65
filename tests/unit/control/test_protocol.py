"""The control protocol without I/O: round trips, cuts anywhere, garbage."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.control.protocol import (
    Event,
    Lines,
    Refusal,
    Request,
    Response,
    decode_message,
    decode_request,
    encode_event,
    encode_request,
    encode_response,
    error_of,
    refusal,
)
from appliance.errors import (
    ConfigError,
    DeviceUnavailable,
    NotFound,
    OrtsamtError,
    PeerProtocolError,
    Problem,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.integers() | texts, texts, st.dictionaries(texts, json_values, max_size=3))
def test_requests_come_back(identity: int | str, method: str, params: dict[str, object]) -> None:
    request = Request(id=identity, method=method, params=params)
    line = encode_request(request)
    assert line.count(b"\n") == 1
    assert decode_request(line) == request


@given(json_values)
def test_results_and_payloads_come_back(value: object) -> None:
    assert decode_message(encode_response(Response(id=1, result=value))) == Response(id=1, result=value)
    assert decode_message(encode_event(Event(event="call", payload=value))) == Event(
        event="call", payload=value
    )


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=10), st.data())
def test_lines_are_the_same_wherever_the_stream_is_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cutter, found = Lines(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += cutter.feed(stream[:size])
        stream = stream[size:]
    assert found == lines


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1))
def test_no_line_grows_without_bound(chunks: list[bytes]) -> None:
    cutter = Lines(40)
    with contextlib.suppress(PeerProtocolError):
        for chunk in chunks:
            assert all(len(line) <= 40 for line in cutter.feed(chunk))
    assert len(cutter._rest) <= 40


@given(st.binary(max_size=80))
def test_any_bytes_are_a_request_or_refused(line: bytes) -> None:
    with contextlib.suppress(PeerProtocolError):
        assert isinstance(decode_request(line), Request)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"id":1}',
        b'{"id":1.5,"method":"x"}',
        b'{"id":1,"method":"x","params":[]}',
        b'{"id":null,"method":"x"}',
        b"[" * 200_000,
        b'{"id":1,"method":"\xff"}',
    ],
)
def test_garbage_is_refused(line: bytes) -> None:
    with pytest.raises(PeerProtocolError):
        decode_request(line)


@pytest.mark.parametrize("line", [b"", b"[]", b"7", b'{"result":1}', b'{"event":1}', b'{"id":1,"error":[]}'])
def test_an_answer_that_makes_no_sense_is_refused(line: bytes) -> None:
    with pytest.raises(PeerProtocolError):
        decode_message(line)


PROBLEM = Problem(where="extension 21", field="number", message="is missing", remedy="add this field")


@pytest.mark.parametrize(
    "error",
    [
        NotFound("gone", hint="look"),
        ConfigError.of([PROBLEM, PROBLEM]),
        ConfigError("taken", error_id="config.exists", hint="h", field="f"),
        DeviceUnavailable("full", error_id="store.disk_full", hint="h"),
        PeerProtocolError("odd", error_id="control.odd", hint="h"),
    ],
)
def test_errors_keep_what_people_and_programs_need(error: OrtsamtError) -> None:
    line = encode_response(Response(id=7, error=refusal(error)))
    message = decode_message(line)
    assert isinstance(message, Response)
    assert message.error is not None
    again = error_of(message.error)
    assert (again.error_id, again.message, again.hint, again.field) == (
        error.error_id,
        error.message,
        error.hint,
        error.field,
    )
    if isinstance(error, ConfigError | DeviceUnavailable):
        assert type(again) is type(error)
    if isinstance(error, ConfigError):
        assert isinstance(again, ConfigError)
        assert again.problems == error.problems
    assert isinstance(error_of(Refusal(id="x", message="m")), OrtsamtError)
