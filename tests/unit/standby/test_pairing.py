"""Codes that open once, secrets that are proven, frames that a stranger may send."""

import asyncio
import time
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.standby import pairing
from appliance.standby.pairing import Door, Pairing
from appliance.standby.wire import MAX_FRAME, Session, framed, receive
from tests.support import loops

CODE = "ABCD-EFGH-JKLM"


def test_a_code_opens_once_however_it_is_typed() -> None:
    door = Door()
    door.set(pairing.hashed(CODE), time.time() + 60)
    assert not door.opens("ABCD-EFGH-JKLN")
    assert door.opens(" abcd efgh jklm ")
    door.set(pairing.hashed(CODE), time.time() + 60)
    assert not door.opens(CODE), "a used one stays used"


def test_an_old_code_and_none_do_not_open() -> None:
    door = Door()
    assert not door.opens("")
    door.set(pairing.hashed(CODE), time.time() - 1)
    assert not door.opens(CODE)


def test_who_guesses_is_told_to_wait() -> None:
    door = Door()
    door.set(pairing.hashed(CODE), time.time() + 60)
    for number in range(pairing.TRIES):
        assert not door.opens(f"AAAA-AAAA-{number:04}")
    with pytest.raises(DeviceUnavailable) as raised:
        door.opens(CODE)
    assert raised.value.error_id == "standby.too_many"


def test_a_proof_is_for_one_role_and_one_certificate() -> None:
    key = "ab" * 32
    good = pairing.proof(key, "caller", b"certificate")
    assert pairing.is_proof(good, key, "caller", b"certificate")
    assert not pairing.is_proof(good, key, "called", b"certificate")
    assert not pairing.is_proof(good, key, "caller", b"another")
    assert not pairing.is_proof(good, "cd" * 32, "caller", b"certificate")
    nothing: tuple[object, ...] = (None, 7, "", "ü", {})
    for nonsense in nothing:
        assert not pairing.is_proof(nonsense, key, "caller", b"certificate")


def test_the_pairing_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    assert pairing.read(tmp_path) is None
    kept = Pairing(node="box-b", address="10.0.0.2", port=5067, fingerprint="ab", key="ab" * 32, calls=True)
    pairing.write(tmp_path, kept)
    assert pairing.read(tmp_path) == kept
    assert (tmp_path / pairing.FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / pairing.FILE).write_text("{")
    with pytest.raises(ConfigError):
        pairing.read(tmp_path)
    pairing.forget(tmp_path)
    assert pairing.read(tmp_path) is None


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    certificate, key = pairing.certificate(tmp_path, "box-a")
    before = certificate.read_bytes()
    assert pairing.certificate(tmp_path, "box-a") == (certificate, key)
    assert certificate.read_bytes() == before
    assert key.stat().st_mode & 0o777 == 0o600
    assert pairing.fingerprint(certificate)


def reader(data: bytes) -> asyncio.StreamReader:
    made = asyncio.StreamReader()
    made.feed_data(data)
    made.feed_eof()
    return made


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", DeviceUnavailable),
        (b"\0\0", DeviceUnavailable),
        (b"\0\0\0\x09{}", DeviceUnavailable),
        ((MAX_FRAME + 1).to_bytes(4, "big") + b"x", PeerProtocolError),
        (b"GET / HTTP/1.1\r\n\r\n", PeerProtocolError),
        (b"\0\0\0\x03abc", PeerProtocolError),
        (b"\0\0\0\x02[]", PeerProtocolError),
        (b"\0\0\0\x04null", PeerProtocolError),
    ],
)
def test_what_is_no_frame_is_named(data: bytes, error: type[OrtsamtError]) -> None:
    async def take() -> None:
        await receive(reader(data))

    with pytest.raises(error):
        loops.run(take())


def test_questions_go_both_ways_and_an_error_ends_nothing(tmp_path: Path) -> None:
    async def twice(asked: object) -> object:
        return [asked, asked]

    async def refuse(_asked: object) -> object:
        raise ConfigError("not so", error_id="test.refused")

    async def break_(_asked: object) -> object:
        raise KeyError("a defect")

    async def story() -> None:
        sessions: list[Session] = []

        async def called(own: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            sessions.append(Session(own, writer, {"twice": twice, "refuse": refuse, "break": break_}))
            await sessions[0].run()

        server = await asyncio.start_unix_server(called, path=str(tmp_path / "s"))
        own, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        session = Session(own, writer, {"twice": twice})
        task = asyncio.create_task(session.run())
        assert await session.call("twice", "a") == ["a", "a"]
        assert await sessions[0].call("twice", 1) == [1, 1]
        for what, error_id in (
            ("refuse", "test.refused"),
            ("break", "standby.internal"),
            ("x", "standby.unknown"),
        ):
            with pytest.raises(OrtsamtError) as raised:
                await session.call(what)
            assert raised.value.error_id == error_id
        assert await session.call("twice", "b") == ["b", "b"]
        waiting = asyncio.create_task(session.call("never"))
        writer.write(framed({"id": 99, "done": 1}))  # an answer nobody asked for
        with pytest.raises(OrtsamtError):
            await waiting
        sessions[0].close()
        with pytest.raises(DeviceUnavailable):
            await task
        with pytest.raises(DeviceUnavailable):
            await session.call("twice", patience_s=0.2)
        server.close()

    loops.run(story())
