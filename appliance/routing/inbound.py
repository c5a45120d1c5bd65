"""Public numbers: which of ours is meant, and the distribution behind it."""

from dataclasses import dataclass, field

from appliance.model.causes import Cause
from appliance.model.documents import Number, Service, Site, Target, TargetKind
from appliance.model.ids import ExtensionId, Milliseconds, NumberId, ServiceId
from appliance.model.plan import CallKind, FromTrunk, Plan, Reject, Ring, RingTarget, Run
from appliance.model.snapshot import Snapshot
from appliance.routing.draft import NOBODY_ANSWERED, Draft, Ending
from appliance.routing.internal import UNREACHABLE, extension_target
from appliance.routing.numbers import PublicNumber, e164, readings
from appliance.routing.services import service_run
from appliance.routing.trunks import external_target

NOT_ASSIGNED = Ending(prompt="not_assigned", cause=Cause.NOT_ASSIGNED)
MAX_LINKS = 40
"""Steps of one plan; distributions that lead to each other could make it endless in all but name."""
MAX_TARGETS = 64
"""Targets that ring at once."""


def find_number(received: str, snapshot: Snapshot) -> Number | None:
    """Our number that a provider means, whatever its spelling; never a guess between two."""
    site: Site = snapshot.site
    possible = readings(received, site.country, site.area_code)
    if not possible:
        return None
    exact = snapshot.number_by_e164.get(possible[0])
    if exact is not None:
        return exact
    hits = {one.id: one for one in map(snapshot.number_by_e164.get, possible[1:]) if one is not None}
    return next(iter(hits.values())) if len(hits) == 1 else None


def own_number(number: str, snapshot: Snapshot) -> Number | None:
    """The document of an E.164 number of ours."""
    return snapshot.number_by_e164.get(number) or snapshot.number_by_e164.get(e164(number) or "")


def plan_inbound(draft: Draft, origin: FromTrunk) -> Plan:
    """A call from the public network: ours or refused. Nothing goes through the box to anywhere else."""
    dialled = draft.request.dialled
    number = find_number(dialled, draft.snapshot)
    trunk = draft.snapshot.trunks.get(origin.trunk)
    if number is None and trunk is not None and trunk.username and dialled == trunk.username:
        # Some providers call the account instead of the number that was dialled.
        number = own_number(trunk.default_number or "", draft.snapshot)
        if number is not None:
            draft.because("inbound.account", trunk=trunk.id, number=number.number)
    if number is None:
        draft.because("inbound.not_ours", dialled=dialled, trunk=origin.trunk)
        return draft.finish(CallKind.REFUSED, (Reject(cause=Cause.UNALLOCATED),), called=dialled)
    return plan_distribution(draft, number, CallKind.INBOUND)


def plan_distribution(draft: Draft, number: Number, kind: CallKind) -> Plan:
    """Ring what the number's steps say, one after another."""
    draft.because("number.ours", number=number.number, name=number.name, steps=len(number.steps))
    if not number.steps:
        draft.because("number.unassigned", number=number.number)
        return draft.finish(kind, draft.announce(NOT_ASSIGNED), called=number.number, number=number.id)
    links = _Distribution(draft=draft, called=number).links()
    if not links:
        draft.because("number.nobody", number=number.number)
        return draft.finish(kind, draft.announce(UNREACHABLE), called=number.number, number=number.id)
    return draft.finish(kind, draft.chain(links, NOBODY_ANSWERED), called=number.number, number=number.id)


@dataclass(slots=True, kw_only=True)
class _Together:
    """What rings at once, each target once."""

    extensions: dict[ExtensionId, RingTarget] = field(default_factory=dict)
    externals: dict[str, RingTarget] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.extensions) + len(self.externals)


@dataclass(slots=True, kw_only=True)
class _Distribution:
    """One pass over a distribution and those it leads to; ``seen`` breaks circles."""

    draft: Draft
    called: Number
    seen: set[NumberId] = field(default_factory=set)

    def links(self) -> list[Ring | Run]:
        links = self._of(self.called)
        if len(links) > MAX_LINKS:
            self.draft.because("distribution.too_long", number=self.called.number, limit=MAX_LINKS)
        return links[:MAX_LINKS]

    def _of(self, number: Number) -> list[Ring | Run]:
        self.seen.add(number.id)
        links: list[Ring | Run] = []
        for position, step in enumerate(number.steps, start=1):
            if len(links) > MAX_LINKS:
                break
            self.draft.because("distribution.step", number=number.number, step=position, seconds=step.seconds)
            follow = self._elsewhere(step.targets[0]) if len(step.targets) == 1 else None
            if follow is not None:
                if self._enter(follow):
                    links += self._of(follow)
                continue
            together = _Together()
            self._gather(step.targets, together)
            if together.services:
                if together.extensions or together.externals or len(together.services) > 1:
                    self.draft.because("distribution.service_alone", number=together.services[0].number)
                links.append(service_run(self.draft, together.services[0]))
            elif len(together):
                targets = (*together.extensions.values(), *together.externals.values())
                links.append(
                    Ring(targets=targets[:MAX_TARGETS], timeout_ms=Milliseconds(step.seconds * 1000))
                )
            else:
                self.draft.because("distribution.step_empty", number=number.number, step=position)
        return links

    def _elsewhere(self, target: Target) -> Number | None:
        """The other public number of ours that an external target is in truth."""
        return own_number(target.ref, self.draft.snapshot) if target.kind is TargetKind.EXTERNAL else None

    def _enter(self, number: Number) -> bool:
        if number.id in self.seen:
            self.draft.because("distribution.loop", number=number.number)
            return False
        self.draft.because("distribution.follow", number=number.number, name=number.name)
        if not number.steps:
            self.draft.because("number.unassigned", number=number.number)
            return False
        return True

    def _gather(self, targets: tuple[Target, ...], together: _Together) -> None:
        draft = self.draft
        for target in targets:
            if len(together) >= MAX_TARGETS:
                draft.because("distribution.too_many", number=self.called.number, limit=MAX_TARGETS)
                return
            match target.kind:
                case TargetKind.EXTENSION:
                    self._extension(target.ref, together)
                case TargetKind.SERVICE:
                    service = draft.snapshot.services.get(ServiceId(target.ref))
                    if service is None:
                        draft.because("target.no_service", ref=target.ref)
                    else:
                        together.services.append(service)
                case TargetKind.EXTERNAL:
                    self._external(target, together)

    def _extension(self, ref: str, together: _Together) -> None:
        extension = self.draft.snapshot.extensions.get(ExtensionId(ref))
        if extension is None:
            self.draft.because("target.no_extension", ref=ref)
        elif extension.id not in together.extensions:
            self.draft.because("target.extension", number=extension.number, name=extension.name)
            target = extension_target(self.draft, extension)
            if target is not None:
                together.extensions[extension.id] = target

    def _external(self, target: Target, together: _Together) -> None:
        other = self._elsewhere(target)
        if other is not None:
            if self._enter(other):
                self.seen.add(other.id)
                self._gather(other.steps[0].targets, together)
        elif target.ref not in together.externals:
            self.draft.because("target.external", number=target.ref)
            # The number that was called is ours to present; the caller's own would need CLIP no screening.
            reached = external_target(self.draft, PublicNumber(number=target.ref), wanted=self.called.number)
            if reached is not None:
                together.externals[target.ref] = reached
