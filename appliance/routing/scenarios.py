"""Which scenario of a public number holds: the one chosen by hand, else the first whose time it is."""

from dataclasses import dataclass

from appliance.model.documents import OTHERWISE, Number, RingStep, Scenario
from appliance.routing.draft import Draft
from appliance.routing.wall_clock import Miss


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What a number does now. ``scenario`` is empty for the number's own steps."""

    scenario: str
    steps: tuple[RingStep, ...]
    greeting: str
    emails: tuple[str, ...] = ()
    voicemail: str = ""


def distribution_of(draft: Draft, number: Number) -> Distribution:
    """The distribution that holds now; every scenario that does not leaves its reason."""
    if number.override:
        chosen = _by_hand(draft, number)
        if chosen is not None:
            return chosen
    for scenario in number.scenarios:
        if _holds(draft, scenario):
            draft.because("scenario.holds", name=scenario.name)
            return _of(scenario)
    if number.scenarios:
        draft.because("scenario.none", number=number.number)
    return _own(number)


def _by_hand(draft: Draft, number: Number) -> Distribution | None:
    if number.override == OTHERWISE:
        draft.because("scenario.otherwise", number=number.number)
        return _own(number)
    for scenario in number.scenarios:
        if scenario.name == number.override and scenario.enabled:
            draft.because("scenario.by_hand", name=scenario.name)
            return _of(scenario)
    draft.because("scenario.unknown", name=number.override)
    return None


def _holds(draft: Draft, scenario: Scenario) -> bool:
    misses: list[Miss] = []
    if not scenario.enabled:
        misses = [Miss.DISABLED]
    elif not scenario.when:
        misses = [Miss.BY_HAND]
    else:
        for when in scenario.when:
            miss = draft.missed(when)
            if miss is None:
                return True
            misses.append(miss)
    for miss in dict.fromkeys(misses):
        draft.because("scenario.missed", name=scenario.name, why=miss.value)
    return False


def _of(scenario: Scenario) -> Distribution:
    return Distribution(
        scenario=scenario.name,
        steps=scenario.steps,
        greeting=scenario.greeting,
        emails=scenario.emails,
        voicemail=scenario.voicemail,
    )


def _own(number: Number) -> Distribution:
    return Distribution(scenario="", steps=number.steps, greeting=number.greeting, voicemail=number.voicemail)
