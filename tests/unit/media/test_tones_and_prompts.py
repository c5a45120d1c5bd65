"""Cadences by country; which file is a prompt."""

from pathlib import Path

import pytest

from appliance.media.sources import find_prompt
from appliance.media.tones import cadence
from appliance.model.documents import Language
from appliance.model.effects import ToneKind


@pytest.mark.parametrize("country", ["DE", "US", "GB", "ZZ", ""])
@pytest.mark.parametrize("tone", list(ToneKind))
def test_every_country_has_every_tone(country: str, tone: ToneKind) -> None:
    bursts = cadence(country, tone)
    assert 1 <= len(bursts) <= 4
    for burst in bursts:
        assert 300 <= burst.low_hz <= 700
        assert burst.on_ms > 0
        assert burst.off_ms > 0


def test_germany_and_the_unlisted_sound_alike() -> None:
    (ringback,) = cadence("DE", ToneKind.RINGBACK)
    assert (ringback.low_hz, ringback.on_ms, ringback.off_ms) == (425, 1000, 4000)
    assert cadence("XX", ToneKind.BUSY) == cadence("DE", ToneKind.BUSY)
    assert cadence("AT", ToneKind.BUSY) != cadence("DE", ToneKind.BUSY)


def test_prompts_are_found_in_their_language_else_in_another(tmp_path: Path) -> None:
    for name in ("de/a", "en/a", "en/only", "music/default"):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    secret = tmp_path.parent / "secret.wav"
    secret.touch()
    assert find_prompt(tmp_path, "a", Language.GERMAN) == tmp_path / "de/a.wav"
    assert find_prompt(tmp_path, "only", Language.GERMAN) == tmp_path / "en/only.wav"
    assert find_prompt(tmp_path, "music/default", Language.ENGLISH) == tmp_path / "music/default.wav"
    assert find_prompt(tmp_path, "none", Language.GERMAN) is None
    assert find_prompt(tmp_path, "../../secret", Language.GERMAN) is None
    assert find_prompt(tmp_path, "music/../../secret", Language.GERMAN) is None
