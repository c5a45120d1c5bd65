"""The prompts as the build makes them: the files the box will play."""

import array
import ast
import functools
import itertools
import json
import math
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "image-build" / "prompts"
LANGUAGES = ("de", "en")


@functools.cache
def prompts_made() -> dict[str, dict[str, bool]]:
    """Return each prompt's languages, and whether it is said within a row; asked of the build itself."""
    program = (
        "import build, json; "
        "print(json.dumps([(text.name, text.language, text.part) for text in build.load()[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, timeout=110, check=True
    )
    found: dict[str, dict[str, bool]] = {}
    for name, language, part in json.loads(done.stdout):
        found.setdefault(name, {})[language] = part
    return found


def make(output: Path, only: str = "*", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SOURCE / "build.py"), "--output", str(output), "--only", only],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("prompts")
    done = make(output)
    assert done.returncode == 0, done.stderr
    return output


def read(path: Path) -> "array.array[int]":
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        samples = array.array("h")
        samples.frombytes(file.readframes(file.getnframes()))
        return samples


def level(samples: "array.array[int]") -> float:
    """Root mean square in dBFS."""
    power = sum(value * value for value in samples) / len(samples)
    return 20 * math.log10(max(1.0, math.sqrt(power)) / 32767)


def test_every_prompt_is_there_in_every_language_and_nothing_else(prompts: Path) -> None:
    expected = {f"{language}/{name}.wav" for name in prompts_made() for language in LANGUAGES}
    made = {str(path.relative_to(prompts)) for path in prompts.rglob("*") if path.is_file()}
    assert made == expected | {"music/default.wav", "texts.json"}
    listed = json.loads((prompts / "texts.json").read_text())
    assert listed["number/21"] == {"de": "einundzwanzig", "en": "twenty-one"}
    assert listed.keys() == prompts_made().keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompts_are_spoken_alike_loud_with_quiet_ends(prompts: Path, language: str) -> None:
    for path in sorted((prompts / language).rglob("*.wav")):
        samples = read(path)
        name = str(path.relative_to(prompts / language).with_suffix(""))
        if prompts_made()[name][language]:
            shortest, longest, lead, tail = 0.2, 2.5, 320, 960
        else:
            shortest, longest, lead, tail = 0.4, 12, 1600, 3200
        assert shortest <= len(samples) / 16000 <= longest, path
        assert -27 <= level(samples) <= -18, path
        assert max(map(abs, samples)) < 32767 * 0.75, path
        assert not any(samples[:lead]), path
        assert not any(samples[-tail:]), path


def test_the_music_is_gentle_and_loops_without_a_seam(prompts: Path) -> None:
    samples = read(prompts / "music" / "default.wav")
    assert 30 <= len(samples) / 16000 <= 60
    assert -32 <= level(samples) <= -20
    seconds = [samples[at : at + 16000] for at in range(0, len(samples) - 16000, 16000)]
    assert min(level(second) for second in seconds) > -40, (
        "a caller on hold must never think the line is dead"
    )
    steepest = max(abs(b - a) for a, b in itertools.pairwise(samples))
    assert abs(samples[0] - samples[-1]) <= steepest


def test_the_same_inputs_give_the_same_bytes(prompts: Path, tmp_path: Path) -> None:
    assert make(tmp_path, only="[a-f]*").returncode == 0
    again = sorted(tmp_path.rglob("*.wav"))
    assert len(again) > 20
    for path in again:
        assert path.read_bytes() == (prompts / path.relative_to(tmp_path)).read_bytes(), path


def test_without_the_speaker_the_build_says_what_to_install(tmp_path: Path) -> None:
    done = make(tmp_path / "out", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "apt-get install espeak-ng" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_prompt_that_routing_and_calls_name_exists() -> None:
    """Wherever a step is built with ``prompt="…"``, the text must be in prompts.toml."""
    missing: list[str] = []
    for folder in ("routing", "calls", "app"):
        for path in sorted((ROOT / "appliance" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.keyword) and node.arg == "prompt" and not _recorded(node.value):
                    missing += [
                        f"{path.name}:{node.value.lineno} {name}"
                        for name in constants(node.value)
                        if name not in prompts_made()
                    ]
    assert not missing


def _recorded(node: ast.expr) -> bool:
    """True for something recorded, whose name is put together: ``f"voice/…"``."""
    return isinstance(node, ast.JoinedStr) and constants(node)[:1] == ["voice/"]


def constants(node: ast.expr) -> list[str]:
    return [
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
    ]
