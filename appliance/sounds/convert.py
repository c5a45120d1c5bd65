"""Any common audio file turned into what the mixer plays: mono, 16 bit, 16 kHz, at a well-audible level.

Nothing of a stranger's file is decoded in this process: small programs of Debian do it, each bounded in time,
memory and output. What the file is, is read from its first bytes, never from a name. Runs for seconds: not
for the engine thread.
"""

import math
import os
import re
import subprocess
import wave
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.audio import AudioUse

RATE = 16_000
"""Of everything kept, whatever the mixer's clock: recordings are shared between boxes."""
MAX_BYTES = 64 * 1024 * 1024
LIMIT_S = {AudioUse.PROMPT: 120, AudioUse.GREETING: 300, AudioUse.ANNOUNCEMENT: 600, AudioUse.MUSIC: 900}
LEAST_MS = 200
_RUN_S = 60
_MEMORY = 512 * 1024 * 1024
_MAX_DECODED = 200 * 1024 * 1024
"""15 minutes in stereo at 48 kHz fit."""
_MOST_GAIN_DB = 30.0
_WORTH_A_NOTE_DB = 10.0
_TARGET_DBFS = {AudioUse.MUSIC: -25.0}
_SPEECH_DBFS = -20.0
_INAUDIBLE_DBFS = -48.0
_FLAT = 12.0
"""sox's flat factor from which a recording that reaches full scale sounds distorted."""


class Format(Enum):
    """A kind of file, with the name ``sox -t`` knows; what sox cannot read another program decodes first."""

    WAV = "wav"
    MP3 = "mp3"
    VORBIS = "vorbis"
    FLAC = "flac"
    AIFF = "aiff"
    AU = "au"
    AMR = "amr-nb"
    AMR_WIDE = "amr-wb"
    AAC = "aac"
    OPUS = "opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about a recording that a person should know; ``code`` is stable."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A finished recording in ``path``, and what was done to it."""

    path: Path
    length_ms: int
    notes: tuple[Note, ...] = ()


def refused(code: str, message: str, hint: str, field: str = "file") -> ConfigError:
    """Make the error for a recording that cannot be taken."""
    return ConfigError(message, error_id=f"config.audio_{code}", field=field, hint=hint)


def format_of(head: bytes) -> Format | None:
    """Tell a file by its first bytes (512 are enough); None: none we know."""
    if head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"WAVE":
        return Format.WAV
    if head[:4] == b"OggS":
        if b"OpusHead" in head[:128]:
            return Format.OPUS
        return Format.VORBIS if b"\x01vorbis" in head[:128] else None
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Format.AIFF
    if head[4:8] == b"ftyp":
        return Format.AAC
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return Format.AAC if head[1] & 0xF6 == 0xF0 else Format.MP3 if head[1] & 0x06 else None
    return None


_STARTS = (
    (b"fLaC", Format.FLAC),
    (b"ID3", Format.MP3),
    (b".snd", Format.AU),
    (b"#!AMR-WB\n", Format.AMR_WIDE),
    (b"#!AMR\n", Format.AMR),
)


def convert(source: Path, use: AudioUse, folder: Path) -> Converted:
    """Convert ``source``; all files made are in ``folder``, which is the caller's to remove.

    Raises ConfigError (not audio, silent, too long …), DeviceUnavailable (a program is missing).
    """
    with source.open("rb") as file:
        head = file.read(512)
    if not head:
        raise refused("empty", "the file is empty", "upload it again")
    if source.stat().st_size > MAX_BYTES:
        raise refused("too_big", f"the file is larger than {MAX_BYTES >> 20} MB", "convert it to MP3 or FLAC")
    found = format_of(head)
    if found is None:
        raise refused(
            "unknown",
            "the file is no audio file that can be read",
            "use WAV, MP3, M4A, AAC, Ogg, Opus, FLAC, AIFF or AMR",
        )
    if found in (Format.AAC, Format.OPUS):
        source, found = _decoded(source, found, folder), Format.WAV
    limit = LIMIT_S[use]
    mono = folder / "mono.wav"
    # The limit comes first: nothing behind it is worth decoding.
    chain = ("trim", "0", str(limit + 1), "stats", "remix", "-", "gain", "-3", "rate", "-h", str(RATE))
    read = ("-t", found.value, str(source))
    write = ("-t", "wav", "-b", "16", "-e", "signed-integer", str(mono))
    told = _run(("sox", "-V1", "-R", *read, *write, *chain), folder)
    stats = _Stats.read(told.text)
    if told.failed or stats is None or not mono.is_file():
        raise refused(
            "damaged", "the file is damaged or not what it seems to be", "save it anew as WAV or MP3"
        )
    if stats.length_s > limit + 0.5:
        raise refused(
            "too_long", f"the recording is longer than {limit // 60} minutes", "shorten it or split it"
        )
    return _levelled(mono, use, stats, folder)


def _levelled(mono: Path, use: AudioUse, source: "_Stats", folder: Path) -> Converted:
    notes: list[Note] = []
    if source.peak_dbfs < _INAUDIBLE_DBFS:
        raise refused("silent", "nothing can be heard in the recording", "check the microphone, record again")
    pause = f"{min(-35.0, max(-65.0, source.peak_dbfs - 40)):.1f}d"
    spoken = _Stats.read(
        _run(
            ("sox", "-V1", str(mono), "-n", "silence", "1", "0.02", pause, "-1", "0.1", pause, "stats"),
            folder,
        ).text
    )
    if spoken is None or not math.isfinite(spoken.rms_dbfs):
        raise refused("silent", "nothing can be heard in the recording", "check the microphone, record again")
    gain = _TARGET_DBFS.get(use, _SPEECH_DBFS) - spoken.rms_dbfs
    if gain > _MOST_GAIN_DB:
        raise refused(
            "too_quiet", "the recording is much too quiet", "record again, closer to the microphone"
        )
    if gain > _WORTH_A_NOTE_DB:
        notes.append(Note(code="raised", message=f"it was quiet and was made louder by {gain:.0f} dB"))
    if gain < -_WORTH_A_NOTE_DB:
        notes.append(Note(code="lowered", message=f"it was loud and was made quieter by {-gain:.0f} dB"))
    if source.peak_dbfs > -0.2 and source.flat >= _FLAT:
        notes.append(Note(code="clipped", message="it is distorted: it was recorded too loudly"))
    final = folder / "final.wav"
    trim = ("silence", "1", "0.02", pause, "reverse") * 2 + ("pad", "0.1", "0.2")
    # The limiter leaves nothing above full scale; 3 dB below that is room for codecs.
    chain = (*(() if use is AudioUse.MUSIC else trim), "gain", "-l", f"{gain + 3:.2f}", "gain", "-3")
    made = _run(("sox", "-V1", "-R", str(mono), "-b", "16", str(final), *chain), folder)
    if made.failed or not final.is_file():
        raise DeviceUnavailable(
            "the recording could not be converted", error_id="audio.failed", hint=made.text
        )
    with wave.open(str(final)) as wav:
        length_ms = wav.getnframes() * 1000 // RATE
        fits = (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, RATE)
    margins_ms = 0 if use is AudioUse.MUSIC else 300
    if not fits or length_ms - margins_ms < LEAST_MS:
        raise refused("too_short", "the recording is too short", "record at least a word")
    return Converted(path=final, length_ms=length_ms, notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stats:
    """What sox measured; ``-inf`` for silence."""

    peak_dbfs: float
    rms_dbfs: float
    flat: float
    length_s: float

    @classmethod
    def read(cls, text: str) -> "_Stats | None":
        values: list[float] = []
        for label in ("Pk lev dB", "RMS lev dB", "Flat factor", "Length s"):
            found = re.search(rf"^{label}\s+(-?[\d.]+|-inf)", text, re.MULTILINE)
            if found is None:
                return None
            values.append(float(found[1]))
        return cls(peak_dbfs=values[0], rms_dbfs=values[1], flat=values[2], length_s=values[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    failed: bool
    text: str


def _decoded(source: Path, found: Format, folder: Path) -> Path:
    made = folder / "decoded.wav"
    if found is Format.AAC:
        told = _run(("faad", "-q", "-f", "1", "-o", str(made), str(source)), folder)
    else:
        told = _run(("opusdec", "--quiet", str(source), str(made)), folder)
    if told.failed or not made.is_file() or made.stat().st_size <= 44:
        raise refused(
            "damaged", "the file is damaged or has no sound that can be read", "save it anew as WAV or MP3"
        )
    return made


def _run(command: tuple[str, ...], folder: Path) -> _Told:
    """Run a program within bounds; a time-out or a kill is a failure."""
    bounds = ("prlimit", f"--as={_MEMORY}", f"--cpu={_RUN_S}", f"--fsize={_MAX_DECODED}", "--core=0", "--")
    words = folder / "words"
    with words.open("wb") as said:
        try:
            done = subprocess.run(
                ("nice", "-n", "15", *bounds, *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)},
                timeout=_RUN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _Told(failed=True, text="it took too long")
        except OSError as error:
            raise DeviceUnavailable(f"{command[0]} cannot be run", error_id="audio.program") from error
    with words.open("rb") as told:
        text = told.read(20_000).decode(errors="replace")
    if done.returncode in (126, 127):
        raise DeviceUnavailable(
            f"{command[0]} is not installed", error_id="audio.program", hint=f"apt-get install {command[0]}"
        )
    return _Told(failed=done.returncode != 0, text=text)
