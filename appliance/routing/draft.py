"""A plan in the making: the steps so far and the reasons that led to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from appliance.model.causes import Cause
from appliance.model.documents import Extension, Language, Number, When
from appliance.model.ids import DeviceId, ExtensionId, NumberId
from appliance.model.instances import Task
from appliance.model.plan import (
    Caller,
    CallKind,
    CallRequest,
    FaxTarget,
    FromDevice,
    FromFax,
    Outcome,
    Plan,
    Play,
    Reason,
    Reject,
    Step,
)
from appliance.model.snapshot import Snapshot
from appliance.routing.graph import Chain, Link, lay
from appliance.routing.languages import language_of_caller
from appliance.routing.numbers import Dialling
from appliance.routing.wall_clock import Miss, WallClock

MAX_LINKS = 40
"""Steps of one plan that ring or run something; what leads to each other could make it endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the caller gets when nobody answers: an announcement (if any), then the end with this cause."""

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
    withheld: bool = False
    """The caller does not want to be shown outside."""
    reasons: list[Reason] = field(default_factory=list)
    links: int = 0
    """How many links were made so far."""
    number: Number | None = None
    """Ours that was called from outside, once that is known."""
    chosen: Language | None = None
    """The language that the caller has chosen on the way that is being planned."""
    branches: int = 0
    """How many keys of menus lead somewhere in this plan."""
    fax: FaxTarget | None = None
    """Where the caller goes who turns out to be a fax machine."""
    lost: str = ""
    """The instance that is taken for cut off in the part that is planned."""
    scenario: str = ""
    notify: tuple[str, ...] = ()
    _clock: WallClock | None = None

    @property
    def extension(self) -> Extension | None:
        """The extension that calls; None for calls from trunks and for deleted extensions."""
        origin = self.request.origin
        if isinstance(origin, FromDevice | FromFax):
            return self.snapshot.extensions.get(origin.extension)
        handed = origin.handed
        if handed is not None and handed.by is not None and handed.task is Task.EMERGENCY:
            return self.snapshot.extensions.get(handed.by)
        return None

    @property
    def extension_id(self) -> ExtensionId | None:
        """The extension that calls, by id."""
        return self.extension.id if self.extension is not None else None

    @property
    def device(self) -> DeviceId | None:
        """The device that calls."""
        origin = self.request.origin
        return origin.device if isinstance(origin, FromDevice) else None

    @property
    def language(self) -> Language:
        """The language in which the caller hears announcements."""
        if self.chosen is not None:
            return self.chosen
        site = self.snapshot.site.language
        if isinstance(self.request.origin, FromDevice):
            extension = self.extension
            return (extension.language if extension else None) or site
        return language_of_caller(self.caller, self.number, site)

    @property
    def dialling(self) -> Dialling:
        """How numbers are dialled here."""
        return Dialling.of(self.snapshot.site)

    @property
    def clock(self) -> WallClock:
        """What the office's clock and calendar show."""
        if self._clock is None:
            self._clock = WallClock.at(self.now, self.snapshot.site)
        return self._clock

    def missed(self, when: When) -> Miss | None:
        """The first condition that does not hold now, None if all do."""
        return self.clock.missed(when, self.snapshot.switches_on)

    def holds(self, whens: Sequence[When]) -> bool:
        """True if any of them holds now, or there are none."""
        return not whens or self.clock.holds(whens, self.snapshot.switches_on)

    def because(self, code: str, **values: object) -> None:
        """Note a reason; each code has its sentences in ``explain_catalogue``."""
        self.reasons.append(Reason(code=code, values={key: str(value) for key, value in values.items()}))

    def link(self, step: Step, then: Mapping[Outcome, Chain] | None = None) -> Link:
        """Make a link that counts against the length of the plan."""
        self.links += 1
        return Link(step=step, then=then or {})

    @property
    def full(self) -> bool:
        """True when the plan is long enough."""
        return self.links >= MAX_LINKS

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
            scenario=self.scenario,
            notify=self.notify,
            fax=self.fax,
        )

    def ending(self, ending: Ending) -> Chain:
        """The links of an ending. The announcement comes as early media: it costs the caller nothing.

        A fax machine is told nothing.
        """
        end = Link(step=Reject(cause=ending.cause))
        spoken = ending.prompt and not isinstance(self.request.origin, FromFax)
        return (Link(step=self.prompt(ending.prompt)), end) if spoken else (end,)

    def prompt(self, name: str) -> Play:
        """An announcement before anybody answers."""
        return Play(prompt=name, language=self.language, answer=False)

    def announce(self, ending: Ending) -> tuple[Step, ...]:
        """The steps of a plan that is nothing but this ending."""
        return lay(self.ending(ending), {})

    def steps(self, chain: Chain, endings: Mapping[Outcome, Ending]) -> tuple[Step, ...]:
        """The steps of a plan: the chain, and after its last link the ending of each outcome."""
        return lay(chain, {outcome: self.ending(ending) for outcome, ending in endings.items()})
