"""How a call comes to an extension, and what the extension's settings make of it.

In this order: rules for callers, forwarding of all calls, status. A caller with precedence, and one whom a
rule calls a VIP, comes through the latter two.
"""

from dataclasses import dataclass, field, replace

from appliance.model.causes import Cause
from appliance.model.documents import (
    Extension,
    Forwarding,
    ForwardOn,
    Number,
    RuleAction,
    Shown,
    Status,
    Target,
    TargetKind,
)
from appliance.model.ids import E164, ExtensionId, MenuId, NumberId, VoicemailBoxId
from appliance.model.plan import Diversion, DivertedOn
from appliance.routing.callers import Identity
from appliance.routing.draft import Draft, Ending
from appliance.routing.rotations import on_duty
from appliance.routing.selection import Settings, forwarding_on, rule_for, settings_of

MAX_DIVERSIONS = 5
"""Nobody means more; a circle that was overlooked ends here at the latest."""
UNREACHABLE = Ending(prompt="unreachable", cause=Cause.UNREACHABLE)
REJECTED = Ending(prompt="unreachable", cause=Cause.REJECTED)
BUSY = Ending(prompt="", cause=Cause.BUSY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Where a call has been on its way, and what goes with it."""

    draft: Draft
    seconds: int
    """How long one may let it ring."""
    identity: Identity = field(default_factory=Identity)
    """What external targets see."""
    divided: Diversion | None = None
    """The public number whose distribution leads outside: one more diversion for external targets."""
    diverted: tuple[Diversion, ...] = ()
    extensions: frozenset[ExtensionId] = frozenset()
    """Extensions that forwarded the call: none has a second turn."""
    numbers: set[NumberId] = field(default_factory=set)
    """Our public numbers that had their turn, on all ways of this plan."""
    menus: frozenset[MenuId] = frozenset()
    """Menus that sent the call on: none has a second turn."""
    charged: Extension | None = None
    """The extension that forwarded last: outside it may reach what it may dial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a call at an extension before anything rings: nothing said, and it rings."""

    settings: Settings
    refusal: Ending | None = None
    forwarding: Forwarding | None = None
    on: DivertedOn = DivertedOn.ALWAYS
    quiet: bool = False
    """The extension's status keeps its phones quiet."""


def had_its_turn(path: Path, extension: Extension) -> bool:
    """True (and the reason) for an extension that forwarded this call already: the circle ends there."""
    if extension.id not in path.extensions:
        return False
    path.draft.because("forward.loop", number=extension.number, name=extension.name)
    return True


def judge(path: Path, extension: Extension) -> Verdict:
    """Apply the extension's settings to the call."""
    draft = path.draft
    settings = settings_of(draft, extension)
    if draft.request.precedence:
        draft.because("rule.precedence", number=extension.number)
        return Verdict(settings=settings)
    if extension.rules or extension.accept_only:
        found = rule_for(draft, extension.rules, settings.status)
        if found is not None:
            position, rule = found
            draft.because(
                "rule.applies",
                number=extension.number,
                rule=rule.name or position,
                rule_action=rule.action.value,
            )
            match rule.action:
                case RuleAction.BUSY:
                    return Verdict(settings=settings, refusal=BUSY)
                case RuleAction.REJECT:
                    return Verdict(settings=settings, refusal=REJECTED)
                case RuleAction.VIP:
                    return Verdict(settings=settings)
                case RuleAction.ACCEPT:
                    pass
        elif extension.accept_only:
            draft.because("rule.not_accepted", number=extension.number)
            return Verdict(settings=settings, refusal=REJECTED)
    return _forwarded(path, extension, settings) or _by_status(path, extension, settings)


def _forwarded(path: Path, extension: Extension, settings: Settings) -> Verdict | None:
    always = forwarding(path, extension, settings, ForwardOn.ALWAYS)
    if always is None:
        return None
    on = DivertedOn.ALWAYS
    if always.calls.when:
        on = DivertedOn.TIME
    elif always.calls.status:
        on = DivertedOn.DND if settings.status is Status.DND else DivertedOn.AWAY
    return Verdict(settings=settings, forwarding=always, on=on)


def _by_status(path: Path, extension: Extension, settings: Settings) -> Verdict:
    match settings.status:
        case Status.DND:
            event, on, refusal = ForwardOn.BUSY, DivertedOn.DND, BUSY
        case Status.UNREACHABLE:
            event, on, refusal = ForwardOn.UNREACHABLE, DivertedOn.UNREACHABLE, UNREACHABLE
        case _:
            return Verdict(settings=settings)
    path.draft.because(
        "status.quiet", number=extension.number, name=extension.name, status=settings.status.value
    )
    instead = forwarding(path, extension, settings, event)
    if instead is None:
        return Verdict(settings=settings, refusal=refusal, quiet=True)
    return Verdict(settings=settings, forwarding=instead, on=on, quiet=True)


def forwarding(path: Path, extension: Extension, settings: Settings, on: ForwardOn) -> Forwarding | None:
    """The forwarding that is for this call, unless it leads back to who calls."""
    draft = path.draft
    found = forwarding_on(draft, settings, on)
    if found is None:
        return None
    if is_caller(draft, found.to):
        draft.because("forward.to_caller", number=extension.number, ref=found.to.ref)
        return None
    return found


def is_caller(draft: Draft, target: Target) -> bool:
    """Whether a call sent there would come back to who makes it."""
    match target.kind:
        case TargetKind.EXTENSION:
            return draft.extension is not None and target.ref == draft.extension.id
        case TargetKind.EXTERNAL:
            return target.ref == draft.caller.number
        case _:
            return False


def divert(path: Path, extension: Extension, verdict: Verdict, to: Forwarding) -> tuple[Path, Target] | None:
    """The way on to where an extension forwards; None (and the reason) where there is none."""
    draft = path.draft
    draft.because(
        "forward.follows",
        number=extension.number,
        name=extension.name,
        on=to.on.value,
        seconds=to.seconds,
        ref=_spoken(draft, to.to),
    )
    if len(path.diverted) >= MAX_DIVERSIONS:
        draft.because("forward.too_many", number=extension.number, limit=MAX_DIVERSIONS)
        return None
    target = on_duty(draft, to.to)
    if target is None:
        return None
    by = Diversion(number=extension.caller_number or extension.number, name=extension.name, on=verdict.on)
    onward = replace(
        path,
        identity=_shown(path, extension, verdict.settings),
        divided=None,
        diverted=(*path.diverted, by),
        extensions=path.extensions | {extension.id},
        charged=extension,
    )
    return onward, target


def _shown(path: Path, extension: Extension, settings: Settings) -> Identity:
    draft = path.draft
    own = extension.diverting_number or extension.caller_number or draft.snapshot.site.default_caller_number
    if extension.diverting_shows is Shown.OWN:
        return Identity(own=own, withheld=settings.withhold)
    return caller_shown(draft, own)


def caller_shown(draft: Draft, own: E164 | None) -> Identity:
    """Show the caller on a call that goes outside again; ``own`` where that cannot be."""
    withheld = draft.caller.withheld or draft.withheld
    number = draft.caller.number
    if draft.extension is not None and draft.request.on_behalf_of is None:
        number = draft.extension.caller_number or draft.snapshot.site.default_caller_number or ""
    known = number.startswith("+") and not withheld
    return Identity(caller=E164(number) if known else None, own=own, withheld=withheld)


def of_number(draft: Draft, number: Number, path: Path | None = None) -> Path:
    """The path into the distribution of a public number."""
    if number.diverting_shows is Shown.CALLER:
        identity = caller_shown(draft, number.number)
    else:
        identity = Identity(own=number.number)
    divided = Diversion(number=number.number, name=number.name, on=DivertedOn.ALWAYS)
    if path is None:
        return Path(draft=draft, seconds=0, identity=identity, divided=divided)
    return replace(path, identity=identity, divided=divided, charged=None)


def _spoken(draft: Draft, target: Target) -> str:
    if target.kind is TargetKind.EXTENSION:
        extension = draft.snapshot.extensions.get(ExtensionId(target.ref))
        return extension.number if extension is not None else target.ref
    if target.kind is TargetKind.VOICEMAIL:
        box = draft.snapshot.voicemail_boxes.get(VoicemailBoxId(target.ref))
        return (box.name if box is not None else "") or target.ref
    return target.ref
