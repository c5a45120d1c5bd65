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
    assert 1 <= len(bursts) <= 7
    for burst in bursts:
        assert 300 <= burst.low_hz <= 1800
        assert burst.high_hz == 0 or burst.low_hz < burst.high_hz <= 2100
        assert 0 < burst.on_ms <= 32000, "PJSIP counts in 16 bits"
        assert 0 <= burst.off_ms <= 32000
    if tone in (ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.CONGESTION, ToneKind.CALL_WAITING):
        assert all(burst.off_ms for burst in bursts)


def test_germany_and_the_unlisted_sound_alike() -> None:
    (ringback,) = cadence("DE", ToneKind.RINGBACK)
    assert (ringback.low_hz, ringback.on_ms, ringback.off_ms) == (425, 1000, 4000)
    assert cadence("XX", ToneKind.BUSY) == cadence("DE", ToneKind.BUSY)
    assert cadence("AT", ToneKind.BUSY) != cadence("DE", ToneKind.BUSY)


@pytest.mark.parametrize(
    ("country", "tone", "expected"),
    [
        ("DE", ToneKind.DIAL, [(425, 0, 1000, 0)]),
        ("DE", ToneKind.SPECIAL_DIAL, [(400, 425, 1000, 0)]),
        ("DE", ToneKind.CALL_WAITING, [(425, 0, 200, 200), (425, 0, 200, 5000)]),
        ("AT", ToneKind.DIAL, [(420, 0, 1000, 0)]),
        ("CH", ToneKind.CALL_WAITING, [(425, 0, 200, 200), (425, 0, 200, 4000)]),
        ("GB", ToneKind.DIAL, [(350, 440, 1000, 0)]),
        ("IT", ToneKind.DIAL, [(425, 0, 200, 200), (425, 0, 600, 1000)]),
        ("US", ToneKind.CALL_WAITING, [(440, 0, 300, 10000)]),
    ],
)
def test_tones_of_the_list(country: str, tone: ToneKind, expected: list[tuple[int, ...]]) -> None:
    assert [(one.low_hz, one.high_hz, one.on_ms, one.off_ms) for one in cadence(country, tone)] == expected


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
