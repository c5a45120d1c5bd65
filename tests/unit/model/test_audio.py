"""Recordings as documents: what they may be, who uses them, and greetings by time of day."""

from datetime import UTC, datetime

import pytest

from appliance.model.audio import Audio, AudioUse, recording_named
from appliance.model.documents import (
    Application,
    Document,
    Extension,
    Number,
    Scenario,
    Service,
    Site,
)
from appliance.model.greetings import BY_TIME_OF_DAY, prompt_at
from appliance.model.ids import E164, AudioId, ExtensionId, NumberId, ServiceId
from appliance.model.languages import Language
from appliance.model.references import references
from appliance.model.snapshot import build, check

HASH = "0" * 64


def replacement(name: str, prompt: str = "busy", language: Language | None = Language.GERMAN) -> Audio:
    return Audio(id=AudioId(name), use=AudioUse.PROMPT, prompt=prompt, language=language, file=HASH)


@pytest.mark.parametrize(
    ("documents", "field", "message"),
    [
        ((replacement("a"), replacement("b")), "prompt", "'busy' is replaced by audio a already"),
        ((replacement("a", prompt=""),), "prompt", "is missing"),
        ((replacement("a", language=None),), "language", "is missing"),
        ((Audio(id=AudioId("a"), prompt="busy"),), "prompt", "is only for replacements"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    documents: tuple[Document, ...], field: str, message: str
) -> None:
    (problem,) = check(build(documents))
    assert (problem.field, problem.message) == (field, message)
    assert problem.remedy


def test_one_prompt_may_be_replaced_in_each_language() -> None:
    both = (replacement("a"), replacement("b", language=Language.ENGLISH), replacement("c", prompt="welcome"))
    assert not check(build(both))


@pytest.mark.parametrize("id_", ["", "A", "a b", "ä", "x" * 49, "../x"])
def test_ids_can_be_named_in_prompts(id_: str) -> None:
    with pytest.raises(ValueError, match="id: "):
        Audio(id=AudioId(id_))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (Site(music_on_hold="music/gone"), "music_on_hold"),
        (Extension(id=ExtensionId("e"), number="21", music_on_hold="music/gone"), "music_on_hold"),
        (Number(id=NumberId("n"), number=E164("+4922147100"), music_on_hold="music/gone"), "music_on_hold"),
        (Number(id=NumberId("n"), number=E164("+4922147100"), greeting="audio/gone"), "greeting"),
        (
            Number(
                id=NumberId("n"),
                number=E164("+4922147100"),
                scenarios=(Scenario(name="s", greeting="audio/gone"),),
            ),
            "scenarios[0].greeting",
        ),
        (
            Service(
                id=ServiceId("s"), number="50", application=Application.ANNOUNCEMENT, prompt="audio/gone"
            ),
            "prompt",
        ),
    ],
)
def test_recordings_in_use_are_known_and_dead_ones_refused(document: Document, field: str) -> None:
    assert [(one.field, one.kind, one.id) for one in references(document)] == [(field, "audio", "gone")]
    (problem,) = check(build([document]))
    assert (problem.field, problem.message) == (field, "audio 'gone' does not exist")
    assert not check(build([document, Audio(id=AudioId("gone"), file=HASH)]))


def test_built_in_names_are_no_recordings() -> None:
    assert recording_named("music/default") is None
    assert recording_named("welcome") is None
    assert recording_named("audio/sale") == "sale"
    assert recording_named("music/jazz") == "jazz"


@pytest.mark.parametrize(
    ("hour", "prompt"),
    [
        (3, "evening"),
        (4, "morning"),
        (10, "morning"),
        (11, "day"),
        (17, "day"),
        (18, "evening"),
        (23, "evening"),
    ],
)
def test_greetings_follow_the_clock(hour: int, prompt: str) -> None:
    local = datetime(2027, 5, 3, hour, 59, tzinfo=UTC)
    assert prompt_at(BY_TIME_OF_DAY, local) == f"greeting/{prompt}"
    assert prompt_at("welcome", local) == "welcome"
