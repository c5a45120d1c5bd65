"""A text spoken by the voice of the built-in prompts (espeak-ng). Not for the engine thread."""

import subprocess
from pathlib import Path

from appliance.errors import DeviceUnavailable
from appliance.model.languages import Language
from appliance.sounds.convert import refused

VOICES = {Language.GERMAN: ("de", "145"), Language.ENGLISH: ("en-gb", "150")}
"""espeak-ng's voice and its speed in words per minute."""
_RUN_S = 30


def speak(text: str, language: Language, folder: Path) -> Path:
    """Speak into a file in ``folder``. Raises ConfigError (nothing to say), DeviceUnavailable."""
    if not any(one.isalnum() for one in text):
        raise refused("nothing_to_say", "the text has no word", "write what is to be said", "text")
    made = folder / "spoken.wav"
    voice, speed = VOICES[language]
    try:
        done = subprocess.run(
            ("nice", "-n", "15", "espeak-ng", "-v", voice, "-s", speed, "-w", str(made)),
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_RUN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeviceUnavailable("speaking the text took too long", error_id="audio.speech") from None
    except OSError as error:
        raise DeviceUnavailable("the voice cannot be run", error_id="audio.speech") from error
    if done.returncode != 0 or not made.is_file():
        raise DeviceUnavailable(
            "the voice does not speak",
            error_id="audio.speech",
            hint=done.stderr.decode(errors="replace").strip()[:200] or "apt-get install espeak-ng",
        )
    return made
