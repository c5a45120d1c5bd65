"""A plan in words: what happens, and why, in the reader's language; for live, imagined and past calls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.model.documents import Application, Language
from appliance.model.menus import OTHERWISE
from appliance.model.plan import (
    AskPin,
    ExtensionTarget,
    FaxTarget,
    Feature,
    Outcome,
    Plan,
    Play,
    Presentation,
    Reason,
    Reject,
    Ring,
    RingTarget,
    Run,
    Step,
    Wait,
)
from appliance.routing import explain_catalogue as catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStep:
    """One step, counted from 1. ``next`` has a sentence for each way on."""

    step: int
    text: str
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A plan in one language; ``model.decode.encode`` makes JSON of it."""

    language: Language
    kind: str
    called: str
    caller: str
    summary: str
    reasons: tuple[str, ...]
    steps: tuple[ExplainedStep, ...]

    def lines(self) -> tuple[str, ...]:
        """The explanation as text for a terminal or a page."""
        word = {name: sentences[self.language] for name, sentences in catalogue.WORDS.items()}
        caller = self.caller or word["caller"]
        return (
            self.summary,
            word["from"].format(caller=caller),
            "",
            word["what"],
            *(line for step in self.steps for line in _step_lines(step)),
            "",
            word["why"],
            *(f"  - {reason}" for reason in self.reasons),
        )


def _step_lines(step: ExplainedStep) -> Iterable[str]:
    yield f"  {step.step}. {step.text}"
    for sentence in step.next:
        yield f"       {sentence}"


def explain(plan: Plan, language: Language) -> Explanation:
    """Put a plan into words."""
    who = plan.caller
    caller = f"{who.number} ({who.name})" if who.number and who.name else who.number or who.name
    if not caller and who.withheld:
        caller = catalogue.WORDS["withheld"][language]
    return Explanation(
        language=language,
        kind=plan.kind.value,
        called=plan.called,
        caller=caller,
        summary=catalogue.KINDS[plan.kind][language].format(called=plan.called or "–"),
        reasons=explain_reasons(plan.reasons, language),
        steps=tuple(
            ExplainedStep(step=position, text=_step(step, language), next=_next(step, language))
            for position, step in enumerate(plan.steps, start=1)
        ),
    )


def explain_reasons(reasons: Iterable[Reason], language: Language) -> tuple[str, ...]:
    """The reasons of a plan or of a call's record as sentences; codes of other versions are shown bare."""
    return tuple(_reason(reason, language) for reason in reasons)


class _Values(dict[str, str]):
    """The values of a reason, with a word for what is empty or missing."""

    def __init__(self, values: Mapping[str, str], language: Language) -> None:
        super().__init__(
            {
                name: value or catalogue.WORDS.get(name, {}).get(language, "–")
                for name, value in values.items()
            }
        )
        number, name = values.get("number", ""), values.get("name", "")
        self["who"] = f"{number} ({name})" if number and name else number or name or "–"
        for name, words in catalogue.VALUES.items():
            said = words.get(values.get(name, ""))
            if said is not None:
                self[name] = said[language]

    def __missing__(self, key: str) -> str:
        return "–"


def _reason(reason: Reason, language: Language) -> str:
    sentences = catalogue.REASONS.get(reason.code)
    if sentences is None:
        values = ", ".join(f"{name}={value}" for name, value in reason.values.items())
        return f"{reason.code} ({values})" if values else reason.code
    return sentences[language].format_map(_Values(reason.values, language))


def _step(step: Step, language: Language) -> str:
    match step:
        case Ring():
            return catalogue.STEPS["ring"][language].format(
                seconds=step.timeout_ms // 1000,
                targets="; ".join(_target(target, language) for target in step.targets),
            )
        case Play():
            spoken = catalogue.WORDS[step.language.value][language]
            sentence = catalogue.STEPS["play_answered" if step.answer else "play"][language]
            return sentence.format(prompt=step.prompt, language=spoken)
        case Run():
            application = catalogue.APPLICATIONS[step.application][language]
            sentence = catalogue.STEPS["run_of" if step.argument or not step.prompt else "run"][language]
            said = sentence.format(application=application, prompt=step.prompt, argument=step.argument)
            return said.rstrip()
        case Wait():
            return catalogue.STEPS["wait"][language].format(
                number=step.number, seconds=step.timeout_ms // 1000, seats=step.seats
            )
        case Feature():
            return (
                catalogue.STEPS["feature"][language]
                .format(action=catalogue.ACTIONS[step.action][language], argument=step.argument)
                .rstrip()
            )
        case AskPin():
            return catalogue.STEPS["ask_pin"][language].format(attempts=step.attempts)
        case Reject():
            return catalogue.STEPS["reject"][language].format(cause=catalogue.CAUSES[step.cause][language])


def _target(target: RingTarget, language: Language) -> str:
    said = _whom(target, language)
    if not target.diverted:
        return said
    by = catalogue.WORDS["then"][language].join(one.number for one in target.diverted)
    return catalogue.STEPS["diverted"][language].format(target=said, by=by)


def _whom(target: RingTarget, language: Language) -> str:
    if isinstance(target, ExtensionTarget):
        return catalogue.STEPS["extension"][language].format(
            number=target.number, devices=", ".join(device.device for device in target.devices)
        )
    if isinstance(target, FaxTarget):
        return catalogue.STEPS["fax"][language].format(box=target.name or target.box)
    routes = catalogue.WORDS["then"][language].join(
        catalogue.STEPS["route"][language].format(
            trunk=route.trunk, dial=route.dial, shown=_shown(route.present, language)
        )
        for route in target.routes
    )
    return catalogue.STEPS["external"][language].format(number=target.number, routes=routes)


def _shown(present: Presentation, language: Language) -> str:
    if present.withheld:
        return catalogue.WORDS["withheld"][language]
    return present.number or catalogue.WORDS["shown"][language]


def _branches(step: Run, language: Language) -> tuple[str, ...]:
    said: list[str] = []
    for label, position in step.branches.items():
        menu, _, key = label.rpartition("/")
        name = (
            "branch" if step.application is not Application.MENU else "no_key" if key == OTHERWISE else "key"
        )
        sentence = catalogue.STEPS[name][language]
        said.append(sentence.format(label=label, menu=menu, key=key, step=position + 1))
    return tuple(said)


def _next(step: Step, language: Language) -> tuple[str, ...]:
    if isinstance(step, Reject):
        return ()
    ways: dict[int, list[Outcome]] = {}
    for outcome, position in step.next.items():
        ways.setdefault(position, []).append(outcome)
    branches = _branches(step, language) if isinstance(step, Run) else ()
    return branches + tuple(
        catalogue.STEPS["next"][language].format(
            outcomes=", ".join(catalogue.OUTCOMES[outcome][language] for outcome in outcomes),
            step=position + 1,
        )
        for position, outcomes in ways.items()
    )
