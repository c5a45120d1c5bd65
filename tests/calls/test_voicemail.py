"""Voicemail with real phones through the whole box: messages left, heard, shown, kept over a sudden end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import Box, office, tone_of
from tests.support.tones import goertzel, read_wav, rms_dbfs

BOX: dict[str, Any] = {
    "21": {"pin": "4711", "min_seconds": 1, "silence_seconds": 2, "number": "821"},
    "sales": {"number": "80", "owners": ["22", "23"], "pin": "1234", "min_seconds": 1, "language": "en"},
}


def documents(**more: Any) -> Any:
    made: Any = office("21", "22", "23", voicemail_box=BOX, **more)
    made["extension"]["21"]["voicemail"] = True
    return made


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Three extensions, a personal box and a group's."""
    with Box(tmp_path_factory.mktemp("box"), documents()) as box:
        yield box


def messages(box: Box, of: str, count: int = 1) -> list[dict[str, Any]]:
    """The box's messages, once there are so many; the newest last."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = sorted(box.control("voicemail.list", box=of), key=lambda one: str(one["message"]))
        return len(found) == count

    box.eventually(there, f"{count} messages")
    return found


@pytest.fixture(autouse=True)
def _empty(box: Box) -> Iterator[None]:
    yield
    for message in box.control("voicemail.list"):
        box.control("voicemail.delete", message=message["message"])


def recorded(box: Box, of: str) -> set[Path]:
    """The files of the box."""
    return set((box.folder / "state" / "voice" / "messages" / of).glob("*.wav"))


def speaking(box: Box, of: str, before: set[Path]) -> Path:
    """The file into which a message for this box is being recorded, once there is one."""
    box.eventually(lambda: bool(recorded(box, of) - before), "a recording to begin")
    return next(iter(recorded(box, of) - before))


def grown(box: Box, path: Path, seconds: float) -> None:
    """Wait until so much was recorded."""
    box.eventually(lambda: path.stat().st_size > 44 + seconds * 32000, f"{seconds} s of recording")


def audio(box: Box, message: dict[str, Any]) -> "Any":
    samples, rate = read_wav(
        box.folder / "state" / "voice" / "messages" / message["box"] / f"{message['message']}.wav"
    )
    assert abs(len(samples) * 1000 // rate - message["length_ms"]) <= 1
    return samples


def test_a_message_is_kept_as_it_was_said_when_the_caller_hangs_up(box: Box) -> None:
    with box.phones("22") as (ben,):
        before = recorded(box, "21")
        call = ben.call("21")  # no phone is registered: the box answers at once
        ben.wait("answered", call=call)
        ben.digits("#", call=call)  # past the greeting
        path = speaking(box, "21", before)
        grown(box, path, 3)
        ben.hangup(call)
        (message,) = messages(box, "21")
    assert message["caller"]["number"] == "22"
    assert message["state"] == "new"
    assert message["length_ms"] >= 2800
    samples = audio(box, message)
    middle = samples[16000:-8000]
    assert goertzel(middle, tone_of("22")) > 0.9
    assert rms_dbfs(middle) > -25
