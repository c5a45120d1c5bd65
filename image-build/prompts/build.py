#!/usr/bin/env python3
"""Make the box's prompts and its music on hold: ``build.py --output DIR``.

Writes ``<language>/<name>.wav`` for every text of prompts.toml and ``music/default.wav``, all mono,
16 kHz, 16 bit. Needs espeak-ng and sox; otherwise the standard library alone.
The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import array
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import music
import sound

TEXTS = Path(__file__).resolve().with_name("prompts.toml")
_LEVEL_DBFS = -20.0
_PEAK_DBFS = -3.0
_LEAD_MS = 120
_TAIL_MS = 250
_LIMIT_SECONDS = 30
_CONVERT = ("-t", "raw", "-r", str(sound.RATE), "-b", "16", "-e", "signed-integer", "-L", "-c", "1")


class BuildError(Exception):
    """Something the person who builds must put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An espeak-ng voice and its speed in words per minute."""

    voice: str
    speed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One prompt in one language."""

    name: str
    language: str
    text: str


def load(path: Path = TEXTS) -> tuple[dict[str, Voice], tuple[Text, ...]]:
    """Read voices and texts; raises BuildError when a prompt lacks a language or has one without a voice."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    voices = {
        language: Voice(voice=one["voice"], speed=one["speed"]) for language, one in raw["voices"].items()
    }
    texts: list[Text] = []
    for name, by_language in raw["prompts"].items():
        if set(by_language) != set(voices):
            raise BuildError(f"{path.name}: prompt '{name}' must have a text in each of {', '.join(voices)}")
        texts += [Text(name=name, language=lang, text=text) for lang, text in by_language.items()]
    return voices, tuple(texts)


def speak(text: Text, voice: Voice) -> array.array[int]:
    """Speak, convert, trim, level and give a little silence before and after."""
    spoken = _run(("espeak-ng", "-v", voice.voice, "-s", str(voice.speed), "--stdout"), text.text.encode())
    # -R: the same dither each time. espeak-ng cannot seek back on a pipe: the length it wrote is wrong.
    raw = _run(
        ("sox", "-R", "--ignore-length", "-t", "wav", "-", *_CONVERT, "-", "highpass", "80", "gain", "-3"),
        spoken,
    )
    samples = array.array("h")
    samples.frombytes(raw)
    if sys.byteorder == "big":
        samples.byteswap()
    samples = sound.trimmed(samples)
    if not samples:
        raise BuildError(f"espeak-ng said nothing for prompt '{text.name}' ({text.language})")
    samples = sound.levelled(samples, target_dbfs=_LEVEL_DBFS, peak_dbfs=_PEAK_DBFS)
    return sound.silence(_LEAD_MS) + samples + sound.silence(_TAIL_MS)


def build(output: Path) -> int:
    """Make everything below ``output``; returns the number of files written."""
    for tool in ("espeak-ng", "sox"):
        if shutil.which(tool) is None:
            raise BuildError(f"{tool} is not installed: apt-get install {tool}")
    voices, texts = load()

    def one(text: Text) -> None:
        sound.write_wav(output / text.language / f"{text.name}.wav", speak(text, voices[text.language]))

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(one, texts))
    sound.write_wav(output / "music" / "default.wav", music.compose())
    return len(texts) + 1


def _run(command: tuple[str, ...], data: bytes) -> bytes:
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{command[0]} did not finish within {_LIMIT_SECONDS} seconds") from error
    if done.returncode != 0:
        raise BuildError(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()[:300]}")
    return done.stdout


def main() -> int:
    """Parse the command line; 0 when all files are there."""
    parser = argparse.ArgumentParser(description="Make prompts and music on hold.")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    try:
        output: Path = parser.parse_args().output
        count = build(output)
    except (BuildError, OSError) as error:
        print(f"prompts: {error}", file=sys.stderr)
        return 1
    print(f"prompts: {count} files in {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
