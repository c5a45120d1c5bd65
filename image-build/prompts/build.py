#!/usr/bin/env python3
"""Make the box's prompts and its music on hold: ``build.py --output DIR``.

Writes ``<language>/<name>.wav`` for every text of prompts.toml and of families.py, ``music/default.wav``,
all mono, 16 kHz, 16 bit, and ``texts.json``: what each prompt says, by name and language. Needs espeak-ng
and sox; otherwise the standard library alone. The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import array
import fnmatch
import json
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import families
import music
import sound

TEXTS = Path(__file__).resolve().with_name("prompts.toml")
_LEVEL_DBFS = -20.0
_PEAK_DBFS = -3.0
_WHOLE_MS = (120, 250)
_PART_MS = (30, 90)
"""Silence before and after what is said alone, and within a row."""
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
    part: bool


def load(path: Path = TEXTS) -> tuple[dict[str, Voice], tuple[Text, ...]]:
    """Read voices and texts; raises BuildError when a prompt lacks a language or has one without a voice."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    voices = {
        language: Voice(voice=one["voice"], speed=one["speed"]) for language, one in raw["voices"].items()
    }
    prompts = {name: {**said, "part": True} for name, said in families.texts().items()} | raw["prompts"]
    texts: list[Text] = []
    for name, said in prompts.items():
        part = said.pop("part", False)
        if set(said) != set(voices):
            raise BuildError(f"{path.name}: prompt '{name}' must have a text in each of {', '.join(voices)}")
        texts += [Text(name=name, language=lang, text=text, part=part) for lang, text in said.items()]
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
    lead_ms, tail_ms = _PART_MS if text.part else _WHOLE_MS
    return sound.silence(lead_ms) + samples + sound.silence(tail_ms)


def build(output: Path, only: str = "*") -> int:
    """Make the prompts whose names match, the music and the list of texts; returns how many files."""
    for tool in ("espeak-ng", "sox"):
        if shutil.which(tool) is None:
            raise BuildError(f"{tool} is not installed: apt-get install {tool}")
    voices, texts = load()
    alike: dict[tuple[str, str, bool], list[Text]] = {}
    for text in texts:
        if fnmatch.fnmatch(text.name, only):
            alike.setdefault((text.language, text.text, text.part), []).append(text)

    def one(same: list[Text]) -> int:
        samples = speak(same[0], voices[same[0].language])
        for text in same:
            sound.write_wav(output / text.language / f"{text.name}.wav", samples)
        return len(same)

    with ThreadPoolExecutor(max_workers=2) as pool:
        count = sum(pool.map(one, alike.values()))
    sound.write_wav(output / "music" / "default.wav", music.compose())
    said: dict[str, dict[str, str]] = {}
    for text in texts:
        said.setdefault(text.name, {})[text.language] = text.text
    listed = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)
    sound.write_whole(output / "texts.json", listed.encode())
    return count + 2


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
    parser.add_argument("--only", default="*", help="only prompts whose name matches, as a shell pattern")
    try:
        arguments = parser.parse_args()
        output: Path = arguments.output
        count = build(output, arguments.only)
    except (BuildError, OSError) as error:
        print(f"prompts: {error}", file=sys.stderr)
        return 1
    print(f"prompts: {count} files in {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
