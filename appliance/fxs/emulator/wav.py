"""WAV files as sound for a line: 16 bit mono at 8 kHz."""

import sys
import wave
from array import array
from pathlib import Path

from appliance.errors import ConfigError

_RATE = 8000
_LONGEST_S = 300


def read_wav(path: Path) -> bytes:
    """The sound of a file; raises ConfigError for what is no 16 bit WAV or longer than five minutes."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, rate, width = file.getnchannels(), file.getframerate(), file.getsampwidth()
            seconds = file.getnframes() / max(1, rate)
            data = file.readframes(file.getnframes()) if width == 2 and seconds <= _LONGEST_S else b""
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", error_id="simulate.file", hint="name a WAV file"
        ) from None
    if not data:
        raise ConfigError(
            f"{path} is not 16 bit, empty or too long",
            error_id="simulate.file",
            hint=f"make it 16 bit and at most {_LONGEST_S} s: sox in.wav -b 16 -r 8000 -c 1 out.wav",
        )
    samples = array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    return _at_8000(samples[::channels], rate)


def _at_8000(samples: "array[int]", rate: int) -> bytes:
    if rate == _RATE:
        made = samples
    else:
        step = rate / _RATE
        last = len(samples) - 1
        made = array("h")
        for at in range(int(len(samples) / step)):
            place = at * step
            low = int(place)
            here, then = samples[low], samples[min(low + 1, last)]
            made.append(int(here + (then - here) * (place - low)))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()
