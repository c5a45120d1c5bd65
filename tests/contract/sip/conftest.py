"""One engine per test module; no test may leave a leg behind."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.sip.rig import Edge, Rig
from tests.support.tones import tone, write_wav


@pytest.fixture(scope="session", autouse=True)
def _collector_off() -> Iterator[None]:
    """A collection on the test's thread must not destroy the engine's objects (see appliance.sip.engine)."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompts that are tones: 700 Hz in German, 900 Hz in English, music 1100 Hz."""
    folder = tmp_path_factory.mktemp("prompts")
    for name, hertz, seconds in (
        ("de/short", 700, 0.8),
        ("en/short", 900, 0.8),
        ("music/default", 1100, 1.0),
    ):
        path = folder / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        write_wav(path, tone(hertz, seconds=seconds))
    (folder / "de/broken.wav").write_bytes(b"RIFF is all that is true of this")
    return folder


@pytest.fixture(scope="module")
def rig(prompts: Path) -> Iterator[Rig]:
    """An engine with the settings most tests want."""
    rig = Rig(prompts)
    rig.start()
    yield rig
    rig.stop()


@pytest.fixture
def edge(rig: Rig) -> Iterator[Edge]:
    """The edge, phones behind it."""
    with Edge(rig) as edge:
        yield edge
    rig.wait_idle()
    rig.seen.clear()
    while not rig.events.empty():
        rig.events.get()
