"""What rings at once, each target once.

A member of a group decides for itself whether its own phones ring: its rules and its status count, and where
it forwards all calls, that rings instead. What it forwards when busy or not answering does not count here:
the others ring on, and what follows is for the group to say.
"""

from dataclasses import dataclass, field

from appliance.model.documents import Extension, Number, Permission, Service, Target, TargetKind, VoicemailBox
from appliance.model.ids import ExtensionId, Milliseconds, ServiceId
from appliance.model.plan import Ring, RingTarget, Run
from appliance.model.snapshot import Snapshot
from appliance.routing.conferences import room_run
from appliance.routing.destinations import destination_of, permission_of
from appliance.routing.draft import Draft
from appliance.routing.extensions import extension_target
from appliance.routing.fax import fax_ring
from appliance.routing.graph import UNANSWERED, Link
from appliance.routing.mobiles import mobiles_of, patience
from appliance.routing.numbers import PublicNumber, e164
from appliance.routing.path import Path, divert, had_its_turn, judge, of_number
from appliance.routing.rotations import on_duty
from appliance.routing.scenarios import distribution_of
from appliance.routing.selection import ringing_for
from appliance.routing.services import service_run
from appliance.routing.trunks import external_target
from appliance.routing.voicemail import deposit_link, find_box

MAX_TARGETS = 64
"""Targets that ring at once."""


@dataclass(slots=True, kw_only=True)
class Together:
    """What was found to ring at once."""

    own: ExtensionId | None = None
    """The extension whose personal ringing this is: named as a target, it is its devices."""
    extensions: dict[ExtensionId, RingTarget] = field(default_factory=dict)
    externals: dict[str, RingTarget] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    faxes: list[Ring] = field(default_factory=list)
    boxes: list[VoicemailBox] = field(default_factory=list)
    """They take the call when nobody does."""
    rooms: list[Run] = field(default_factory=list)
    asked: set[ExtensionId] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.extensions) + len(self.externals)

    def link(self, draft: Draft, seconds: int) -> Link | None:
        """One step that rings it all; a service, fax box or room answers at once, alone. None: nobody."""
        if self.services:
            if len(self) or len(self.services) > 1:
                draft.because("distribution.service_alone", number=self.services[0].number)
            return draft.link(service_run(draft, self.services[0]))
        if self.rooms:
            if len(self) or len(self.rooms) > 1:
                draft.because("distribution.room_alone")
            return draft.link(self.rooms[0])
        if self.faxes:
            if len(self) or len(self.faxes) > 1:
                draft.because("distribution.fax_alone")
            return draft.link(self.faxes[0])
        box = deposit_link(draft, self.boxes[0]) if self.boxes else None
        if not len(self):
            return box
        targets = (*self.extensions.values(), *self.externals.values())
        seconds = patience(draft, targets, seconds)
        ring = Ring(targets=targets[:MAX_TARGETS], timeout_ms=Milliseconds(seconds * 1000))
        return draft.link(ring, dict.fromkeys(UNANSWERED, (box,)) if box is not None else None)


def gather(path: Path, targets: tuple[Target, ...], together: Together) -> None:
    """Find what these targets ring."""
    for target in targets:
        if len(together) >= MAX_TARGETS:
            path.draft.because("distribution.too_many", limit=MAX_TARGETS)
            return
        found = on_duty(path.draft, target)
        if found is not None:
            _add(path, found, together)


def _add(path: Path, target: Target, together: Together) -> None:
    draft = path.draft
    match target.kind:
        case TargetKind.EXTENSION:
            extension = draft.snapshot.extensions.get(ExtensionId(target.ref))
            if extension is None:
                draft.because("target.no_extension", ref=target.ref)
            elif extension.id == together.own:
                _devices(path, extension, together)
            elif extension.id not in together.asked:
                _member(path, extension, together)
        case TargetKind.SERVICE:
            service = draft.snapshot.services.get(ServiceId(target.ref))
            if service is None:
                draft.because("target.no_service", ref=target.ref)
            else:
                together.services.append(service)
        case TargetKind.MENU:
            draft.because("target.menu_alone", ref=target.ref)
        case TargetKind.CALLTHROUGH:
            draft.because("target.callthrough_alone", ref=target.ref)
        case TargetKind.EXTERNAL:
            number = own_number(target.ref, draft.snapshot)
            if number is not None:
                _number(path, number, together)
            elif target.ref not in together.externals:
                reached = reach_outside(path, target.ref)
                if reached is not None:
                    together.externals[target.ref] = reached
        case TargetKind.FAX:
            receives = fax_ring(draft, target.ref)
            if receives is not None:
                together.faxes.append(receives)
        case TargetKind.VOICEMAIL:
            box = find_box(draft, target.ref)
            together.boxes += [box] if box is not None else []
        case TargetKind.CONFERENCE:
            room = room_run(draft, target.ref)
            if room is not None:
                together.rooms.append(room)
        case TargetKind.ROTATION:
            pass  # on_duty never names one


def _member(path: Path, extension: Extension, together: Together) -> None:
    draft = path.draft
    together.asked.add(extension.id)
    draft.because("target.extension", number=extension.number, name=extension.name)
    if had_its_turn(path, extension):
        return
    verdict = judge(path, extension)
    if verdict.refusal is not None or verdict.quiet:
        draft.because("member.skipped", number=extension.number, name=extension.name)
        return
    if verdict.forwarding is not None:
        onward = divert(path, extension, verdict, verdict.forwarding)
        if onward is not None:
            gather(onward[0], (onward[1],), together)
        return
    ringing = ringing_for(draft, extension, verdict.settings.status)
    if ringing is None:
        _devices(path, extension, together)
        return
    draft.because("ringing.first_step", number=extension.number)
    outer, together.own = together.own, extension.id
    gather(path, ringing.steps[0].targets, together)
    together.own = outer


def _devices(path: Path, extension: Extension, together: Together) -> None:
    target = extension_target(path.draft, extension, diverted=path.diverted)
    if target is not None:
        together.extensions[extension.id] = target
    for mobile in mobiles_of(path, extension):
        together.externals.setdefault(mobile.number, mobile)


def _number(path: Path, number: Number, together: Together) -> None:
    draft = path.draft
    if not enter(path, number):
        return
    distribution = distribution_of(draft, number)
    if distribution.steps:
        gather(of_number(draft, number, path), distribution.steps[0].targets, together)
    else:
        draft.because("number.unassigned", number=number.number)


def enter(path: Path, number: Number) -> bool:
    """Go on to the distribution of another number of ours; False if it had its turn."""
    if number.id in path.numbers:
        path.draft.because("distribution.loop", number=number.number)
        return False
    path.numbers.add(number.id)
    path.draft.because("distribution.follow", number=number.number, name=number.name)
    return True


def reach_outside(path: Path, number: str) -> RingTarget | None:
    """An external number; None (and the reason) without a trunk, or where who forwards may not dial it."""
    draft = path.draft
    draft.because("target.external", number=number)
    if path.charged is not None:
        destination = destination_of(number, draft.dialling)
        permission, _ = permission_of(draft, path.charged, number, destination)
        if permission is not Permission.ALLOW:
            draft.because("forward.barred", number=path.charged.number, ref=number)
            return None
    charged = path.charged.id if path.charged is not None else draft.extension_id
    diverted = path.diverted if path.divided is None else (*path.diverted, path.divided)
    return external_target(draft, PublicNumber(number=number), path.identity, diverted, charged=charged)


def own_number(number: str, snapshot: Snapshot) -> Number | None:
    """The document of an E.164 number of ours."""
    return snapshot.number_by_e164.get(number) or snapshot.number_by_e164.get(e164(number) or "")
