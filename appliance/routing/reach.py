"""What a call reaches that is sent to one target alone: a chain of steps, or a refusal.

Here an extension's forwardings count in full: of all calls in its place, when busy, not answering or not
reachable after it rang; a declined call counts as busy. Only then what called it (the next step of a
distribution) goes on.
"""

from dataclasses import dataclass, replace

from appliance.model.causes import Cause
from appliance.model.documents import (
    Application,
    Extension,
    Forwarding,
    ForwardOn,
    Number,
    Target,
    TargetKind,
    VoicemailBox,
)
from appliance.model.ids import ExtensionId, MenuId, Milliseconds, NumberId, ServiceId
from appliance.model.plan import CallKind, DivertedOn, Outcome, Plan, Ring, Run, Wait
from appliance.routing.conferences import room_run
from appliance.routing.draft import MAX_LINKS, NOBODY_ANSWERED, Draft, Ending
from appliance.routing.extensions import extension_target
from appliance.routing.fax import fax_ring
from appliance.routing.graph import Chain, Link
from appliance.routing.menus import menu_run
from appliance.routing.mobiles import callthrough_run, mobiles_of, patience
from appliance.routing.path import (
    BUSY,
    UNREACHABLE,
    Path,
    Verdict,
    divert,
    forwarding,
    had_its_turn,
    judge,
    of_number,
)
from appliance.routing.rotations import on_duty
from appliance.routing.scenarios import Distribution, distribution_of
from appliance.routing.selection import ringing_for
from appliance.routing.services import service_run
from appliance.routing.together import Together, enter, gather, own_number, reach_outside
from appliance.routing.voicemail import box_in_the_end, deposit_link, find_box

NOT_ASSIGNED = Ending(prompt="not_assigned", cause=Cause.NOT_ASSIGNED)
_EVENTS: tuple[tuple[ForwardOn, DivertedOn, tuple[Outcome, ...]], ...] = (
    (ForwardOn.NO_ANSWER, DivertedOn.NO_ANSWER, (Outcome.NO_ANSWER,)),
    (ForwardOn.BUSY, DivertedOn.BUSY, (Outcome.BUSY, Outcome.REJECTED)),
    (ForwardOn.UNREACHABLE, DivertedOn.UNREACHABLE, (Outcome.UNREACHABLE,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The chain; where it is empty, ``refusal`` is what the caller gets."""

    chain: Chain = ()
    refusal: Ending = UNREACHABLE
    turned_away: bool = False
    """A rule does not want this caller: no box takes the call either."""


NOBODY = Reached()
NO_STRANGERS = Reached(refusal=NOT_ASSIGNED)
"""They are told nothing of what others find there."""
RETURNING_SECONDS = 20
"""How long a returned call rings at the one who called out, before the others."""


def finish(
    draft: Draft, reached: Reached, kind: CallKind, *, called: str, number: NumberId | None = None
) -> Plan:
    """The plan of a call that goes to what was reached."""
    if not reached.chain:
        return draft.finish(kind, draft.announce(reached.refusal), called=called, number=number)
    steps = draft.steps(reached.chain, NOBODY_ANSWERED)
    return draft.finish(kind, steps, called=called, number=number)


def reach(path: Path, target: Target) -> Reached:
    """What a call to this one target reaches."""
    draft = path.draft
    if draft.full:
        draft.because("plan.too_long", limit=MAX_LINKS)
        return NOBODY
    found = on_duty(draft, target)
    if found is None:
        return NOBODY
    match found.kind:
        case TargetKind.EXTENSION:
            extension = draft.snapshot.extensions.get(ExtensionId(found.ref))
            if extension is None:
                draft.because("target.no_extension", ref=found.ref)
                return NOBODY
            draft.because("target.extension", number=extension.number, name=extension.name)
            return reach_extension(path, extension)
        case TargetKind.SERVICE:
            service = draft.snapshot.services.get(ServiceId(found.ref))
            if service is None:
                draft.because("target.no_service", ref=found.ref)
                return NOBODY
            return Reached(chain=(draft.link(service_run(draft, service)),))
        case TargetKind.MENU:
            return reach_menu(path, MenuId(found.ref))
        case TargetKind.EXTERNAL:
            number = own_number(found.ref, draft.snapshot)
            if number is not None:
                return reach_number(path, number) if enter(path, number) else NOBODY
            outside = reach_outside(path, found.ref)
            if outside is None:
                return NOBODY
            ring = Ring(targets=(outside,), timeout_ms=Milliseconds(path.seconds * 1000))
            return Reached(chain=(draft.link(ring),))
        case TargetKind.FAX:
            receives = fax_ring(draft, found.ref)
            return Reached(chain=(draft.link(receives),)) if receives is not None else NOBODY
        case TargetKind.VOICEMAIL:
            box = find_box(draft, found.ref)
            return Reached(chain=(deposit_link(draft, box),)) if box is not None else NOBODY
        case TargetKind.CONFERENCE:
            room = room_run(draft, found.ref)
            return Reached(chain=(draft.link(room),)) if room is not None else NOBODY
        case TargetKind.CALLTHROUGH:
            calls_through = callthrough_run(draft, found.ref)
            return Reached(chain=(draft.link(calls_through),)) if calls_through else NO_STRANGERS
        case TargetKind.ROTATION:
            return NOBODY  # on_duty never names one


def reach_menu(path: Path, menu_id: MenuId) -> Reached:
    """The menu with everything its keys lead to."""
    menu = path.draft.snapshot.menus.get(menu_id)
    if menu is None:
        path.draft.because("target.no_menu", ref=menu_id)
        return NOBODY
    link = menu_run(path, menu, _by_key)
    return Reached(chain=(link,)) if link is not None else NOBODY


def _by_key(path: Path, target: Target) -> Chain:
    """What a key of a menu leads to: a person called this way has their box in the end."""
    draft = path.draft
    extension = draft.snapshot.extensions.get(ExtensionId(target.ref))
    person = target.kind is TargetKind.EXTENSION
    box = box_in_the_end(draft, extension) if person else None
    return with_box(draft, reach(path, target), box).chain


def reach_extension(path: Path, extension: Extension) -> Reached:
    """What a call to this extension reaches."""
    if had_its_turn(path, extension):
        return NOBODY
    verdict = judge(path, extension)
    if verdict.refusal is not None:
        return Reached(refusal=verdict.refusal, turned_away=not verdict.quiet)
    if verdict.forwarding is not None:
        onward = divert(path, extension, verdict, verdict.forwarding)
        return reach(*onward) if onward is not None else NOBODY
    no_answer = forwarding(path, extension, verdict.settings, ForwardOn.NO_ANSWER)
    links = _own_links(path, extension, verdict, no_answer)
    aside = _asides(path, extension, verdict, links, no_answer)
    if links and Outcome.BUSY not in aside and extension.waiting_seats:
        path.draft.because("extension.waiting", number=extension.number, seats=extension.waiting_seats)
        wait = Wait(
            extension=extension.id,
            number=extension.number,
            seats=extension.waiting_seats,
            timeout_ms=Milliseconds(extension.waiting_seconds * 1000),
        )
        aside[Outcome.BUSY] = (path.draft.link(wait), *links)
    if links:
        return Reached(chain=(*links[:-1], replace(links[-1], then=aside)))
    itself = path.draft.extension is not None and path.draft.extension.id == extension.id
    return Reached(chain=aside.get(Outcome.UNREACHABLE, ()), refusal=BUSY if itself else UNREACHABLE)


def _own_links(
    path: Path, extension: Extension, verdict: Verdict, no_answer: Forwarding | None
) -> list[Link]:
    draft = path.draft
    ringing = ringing_for(draft, extension, verdict.settings.status)
    if ringing is None:
        target = extension_target(draft, extension, diverted=path.diverted)
        mobiles = mobiles_of(path, extension)
        targets = (*((target,) if target is not None else ()), *mobiles)
        if not targets:
            return []
        seconds = min(path.seconds, no_answer.seconds) if no_answer is not None else path.seconds
        seconds = patience(draft, mobiles, seconds)
        return [draft.link(Ring(targets=targets, timeout_ms=Milliseconds(seconds * 1000)))]
    links: list[Link] = []
    left = no_answer.seconds if no_answer is not None else None
    for position, step in enumerate(ringing.steps, start=1):
        if left is not None and left <= 0:
            break
        seconds = step.seconds if left is None else min(step.seconds, left)
        draft.because("ringing.step", number=extension.number, step=position, seconds=seconds)
        together = Together(own=extension.id)
        gather(path, step.targets, together)
        link = together.link(draft, seconds)
        if link is None:
            draft.because("distribution.step_empty", number=extension.number, step=position)
            continue
        links.append(link)
        left = None if left is None else left - seconds
    return links


def _asides(
    path: Path, extension: Extension, verdict: Verdict, links: list[Link], no_answer: Forwarding | None
) -> dict[Outcome, Chain]:
    """Where the extension forwards after it rang, by outcome; without links only what is not reachable."""
    aside: dict[Outcome, Chain] = {}
    for event, on, outcomes in _EVENTS:
        if not links and event is not ForwardOn.UNREACHABLE:
            continue
        found = no_answer
        if event is not ForwardOn.NO_ANSWER:
            found = forwarding(path, extension, verdict.settings, event)
        if found is None:
            continue
        onward = divert(path, extension, replace(verdict, on=on), found)
        if onward is not None:
            chain = reach(*onward).chain
            aside.update(dict.fromkeys(outcomes, chain))
    return {outcome: chain for outcome, chain in aside.items() if chain}


def reach_number(path: Path, number: Number) -> Reached:
    """What a call to this public number of ours reaches, by the distribution that holds now."""
    return reach_distribution(path, number, distribution_of(path.draft, number))


def reach_distribution(path: Path, number: Number, distribution: Distribution) -> Reached:
    """Ring what the steps say, one after another."""
    draft = path.draft
    if not distribution.steps and not distribution.voicemail:
        return Reached(refusal=_without_steps(path, number, distribution))
    within = of_number(draft, number, path)
    links: list[Link] = []
    refusals: list[Reached] = []
    returning = draft.snapshot.extensions.get(draft.request.returning_to or ExtensionId(""))
    if number.returning and returning is not None:
        draft.because("number.returning", number=returning.number, name=returning.name)
        who = Target(kind=TargetKind.EXTENSION, ref=returning.id)
        links += reach(replace(within, seconds=RETURNING_SECONDS), who).chain
    for position, step in enumerate(distribution.steps, start=1):
        if draft.full:
            draft.because("plan.too_long", limit=MAX_LINKS)
            break
        draft.because("distribution.step", number=number.number, step=position, seconds=step.seconds)
        before = len(links)
        if len(step.targets) == 1:
            reached = reach(replace(within, seconds=step.seconds), step.targets[0])
            links += reached.chain
            if not reached.chain:
                refusals.append(reached)
        else:
            together = Together()
            gather(within, step.targets, together)
            link = together.link(draft, step.seconds)
            links += [link] if link is not None else []
        if len(links) == before:
            draft.because("distribution.step_empty", number=number.number, step=position)
    refused = len(refusals) == len(distribution.steps) > 0
    reached = replace(refusals[0], chain=()) if refused else Reached(chain=tuple(links))
    reached = with_box(draft, reached, _box_of(draft, distribution))
    if not reached.chain:
        return reached
    greeting = (Link(step=draft.prompt(distribution.greeting)),) if distribution.greeting else ()
    return Reached(chain=(*greeting, *reached.chain))


def with_box(draft: Draft, reached: Reached, box: VoicemailBox | None) -> Reached:
    """What was reached, and in the end the box, unless something else answers for certain."""
    if box is None or reached.turned_away:
        return reached
    last = reached.chain[-1].step if reached.chain else None
    if isinstance(last, Run) and last.application is not Application.MENU:
        return reached
    return Reached(chain=(*reached.chain, deposit_link(draft, box)))


def _box_of(draft: Draft, distribution: Distribution) -> VoicemailBox | None:
    """The distribution's box, else that of the extension which the last step rings alone."""
    if distribution.voicemail:
        return find_box(draft, distribution.voicemail)
    targets = distribution.steps[-1].targets if distribution.steps else ()
    if len(targets) != 1 or targets[0].kind is not TargetKind.EXTENSION:
        return None
    return box_in_the_end(draft, draft.snapshot.extensions.get(ExtensionId(targets[0].ref)))


def _without_steps(path: Path, number: Number, distribution: Distribution) -> Ending:
    draft = path.draft
    if distribution.greeting:
        draft.because("number.only_greeting", number=number.number, prompt=distribution.greeting)
        return Ending(prompt=distribution.greeting, cause=Cause.UNREACHABLE)
    if distribution.scenario:
        draft.because("scenario.no_steps", name=distribution.scenario)
        return UNREACHABLE
    draft.because("number.unassigned", number=number.number)
    return NOT_ASSIGNED
