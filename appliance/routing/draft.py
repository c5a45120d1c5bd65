"""A plan in the making: the steps so far and the reasons that led to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from appliance.model.causes import Cause
from appliance.model.documents import Extension, Language
from appliance.model.ids import DeviceId, NumberId
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    FromDevice,
    Outcome,
    Plan,
    Play,
    Reason,
    Reject,
    Ring,
    Run,
    Step,
)
from appliance.model.snapshot import Snapshot
from appliance.routing.numbers import Dialling

UNANSWERED = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE, Outcome.REJECTED)
"""Outcomes after which somebody else may be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the caller gets when nobody answers: an announcement, then the end with this cause."""

    prompt: str
    cause: Cause


NOBODY_ANSWERED: Mapping[Outcome, Ending] = {
    Outcome.NO_ANSWER: Ending(prompt="no_answer", cause=Cause.NO_ANSWER),
    Outcome.UNREACHABLE: Ending(prompt="unreachable", cause=Cause.UNREACHABLE),
}
"""Busy and rejected are left out: the caller's own phone or exchange makes the tone everybody knows."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """Belongs to one run of ``plan``; every decision leaves its reason here."""

    request: CallRequest
    snapshot: Snapshot
    now: datetime
    caller: Caller = field(default_factory=Caller)
    reasons: list[Reason] = field(default_factory=list)

    @property
    def extension(self) -> Extension | None:
        """The extension that calls; None for calls from trunks and for deleted extensions."""
        origin = self.request.origin
        return self.snapshot.extensions.get(origin.extension) if isinstance(origin, FromDevice) else None

    @property
    def device(self) -> DeviceId | None:
        """The device that calls."""
        origin = self.request.origin
        return origin.device if isinstance(origin, FromDevice) else None

    @property
    def language(self) -> Language:
        """The language in which the caller hears announcements."""
        extension = self.extension
        return (extension.language if extension else None) or self.snapshot.site.language

    @property
    def dialling(self) -> Dialling:
        """How numbers are dialled here."""
        return Dialling.of(self.snapshot.site)

    def because(self, code: str, **values: object) -> None:
        """Note a reason; each code has its sentences in ``explain_catalogue``."""
        self.reasons.append(Reason(code=code, values={key: str(value) for key, value in values.items()}))

    def finish(
        self, kind: CallKind, steps: Sequence[Step], *, called: str, number: NumberId | None = None
    ) -> Plan:
        """Close the draft."""
        return Plan(
            kind=kind,
            steps=tuple(steps) or (Reject(cause=Cause.FAILURE),),
            reasons=tuple(self.reasons),
            called=called,
            number=number,
            caller=self.caller,
        )

    def announce(self, ending: Ending, *, at: int = 0) -> tuple[Step, Step]:
        """The two steps of an ending, for positions ``at`` and ``at + 1``.

        The announcement comes as early media: it costs the caller nothing.
        """
        return (
            Play(prompt=ending.prompt, language=self.language, answer=False, next={Outcome.DONE: at + 1}),
            Reject(cause=ending.cause),
        )

    def chain(self, links: Sequence[Ring | Run], endings: Mapping[Outcome, Ending]) -> tuple[Step, ...]:
        """Lay steps one after another: unanswered goes to the next, after the last come the endings."""
        steps: list[Step] = []
        last = len(links) - 1
        tail: list[Step] = []
        ends: dict[Outcome, int] = {}
        if links and isinstance(links[last], Ring):
            for outcome, ending in endings.items():
                ends[outcome] = len(links) + len(tail)
                tail += self.announce(ending, at=ends[outcome])
        for position, link in enumerate(links):
            if isinstance(link, Run):
                following = {Outcome.DONE: position + 1} if position < last else {}
            elif position < last:
                following = dict.fromkeys(UNANSWERED, position + 1)
            else:
                following = ends
            steps.append(replace(link, next=following))
        return (*steps, *tail)
