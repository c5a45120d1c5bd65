"""What no single document can know: parts of ``snapshot.check``. Everything found here refuses a change.

An office has thousands of references and nearly all are alive, so first it is only asked whether one is dead,
and the places are named where that is so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.errors import Problem
from appliance.model.audio import recording_named
from appliance.model.availability import NOT_YET, wanted
from appliance.model.decode import suggestion
from appliance.model.dialplan import MODIFIERS
from appliance.model.documents import (
    OTHERWISE,
    ClassOfService,
    DialOut,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Number,
    Permission,
    RingStep,
    Rotation,
    Site,
    Target,
    TargetKind,
    When,
)
from appliance.model.features import Argument
from appliance.model.ids import ExtensionId
from appliance.model.presentable import Objection, objection
from appliance.model.public_holidays import known_regions
from appliance.model.references import references

if TYPE_CHECKING:
    from appliance.model.snapshot import Snapshot

_OBJECTIONS = {
    Objection.NO_NUMBER: "is not a number one could have",
    Objection.EMERGENCY: "is an emergency number",
    Objection.SERVICE: "belongs to a directory, mass traffic or premium service",
}
"""Numbers abroad may be shown where the trunk is abroad, so they are left to the call."""


def dead_references(snapshot: Snapshot) -> list[Problem]:
    """Documents that name others which do not exist."""
    known: Known = {
        TargetKind.EXTENSION.value: snapshot.extensions,
        TargetKind.SERVICE.value: snapshot.services,
        TargetKind.ROTATION.value: snapshot.rotations,
        TargetKind.FAX.value: snapshot.fax_boxes,
        TargetKind.VOICEMAIL.value: snapshot.voicemail_boxes,
        TargetKind.CONFERENCE.value: snapshot.rooms,
        TargetKind.MENU.value: snapshot.menus,
        TargetKind.CALLTHROUGH.value: snapshot.callthroughs,
        "switch": snapshot.switches,
        "class_of_service": snapshot.classes,
        "trunk": snapshot.trunks,
        "gsm_module": snapshot.modules,
        "number": snapshot.numbers,
        "audio": snapshot.audio,
        "device": snapshot.devices,
        "permission_group": snapshot.groups,
        "phone_template": snapshot.phone_templates,
        "paging_group": {one.id for one in snapshot.features.paging_groups},
    }
    suspects: list[tuple[str, Document]] = [("site main", snapshot.site)]
    suspects += [(f"number {one.id}", one) for one in snapshot.numbers.values() if _number_dead(one, known)]
    suspects += [
        (f"extension {one.id}", one) for one in snapshot.extensions.values() if _extension_dead(one, known)
    ]
    suspects += [(f"service {one.id}", one) for one in snapshot.services.values()]
    suspects += [(f"rotation {one.id}", one) for one in snapshot.rotations.values()]
    suspects += [(f"class_of_service {one.id}", one) for one in snapshot.classes.values()]
    suspects += [(f"fax_box {one.id}", one) for one in snapshot.fax_boxes.values()]
    suspects += [(f"analog {one.id}", one) for one in snapshot.analog.values() if one.fax_box]
    suspects += [(f"voicemail_box {one.id}", one) for one in snapshot.voicemail_boxes.values()]
    suspects += [(f"recording_rule {one.id}", one) for one in snapshot.recording_rules.values()]
    suspects.append(("recording main", snapshot.recording))
    suspects += [(f"conference_room {one.id}", one) for one in snapshot.rooms.values()]
    suspects += [(f"block {one.id}", one) for one in snapshot.blocks.values()]
    suspects += [(f"route {one.id}", one) for one in snapshot.routes.values()]
    suspects += [(f"trunk {one.id}", one) for one in snapshot.trunks.values() if one.rates or one.module]
    suspects += [(f"limit {one.id}", one) for one in snapshot.limits.values()]
    suspects += [(f"menu {one.id}", one) for one in snapshot.menus.values()]
    suspects += [(f"mobile {one.id}", one) for one in snapshot.mobiles.values()]
    suspects += [(f"callthrough {one.id}", one) for one in snapshot.callthroughs.values()]
    suspects += [(f"permission_group {one.id}", one) for one in snapshot.groups.values()]
    suspects += [(f"account {one.id}", one) for one in snapshot.accounts.values()]
    suspects += [(f"phone {one.id}", one) for one in snapshot.phones.values()]
    suspects += [(f"announcement {one.id}", one) for one in snapshot.features.announcements]
    return [
        Problem(
            where=where,
            field=reference.field,
            message=f"{reference.kind} '{reference.id}' does not exist",
            remedy=suggestion(reference.id, [str(key) for key in _keys(known[reference.kind])])
            or "choose an existing one",
        )
        for where, document in suspects
        for reference in references(document)
        if reference.id not in known[reference.kind]
    ]


def _keys(known: Container[str]) -> Iterable[str]:
    return known if isinstance(known, Iterable) else ()


Known = dict[str, Container[str]]


def _number_dead(number: Number, known: Known) -> bool:
    boxes = known["voicemail_box"]
    if _steps_dead(number.steps, known) or (number.voicemail and number.voicemail not in boxes):
        return True
    if number.fax_box is not None and number.fax_box not in known[TargetKind.FAX.value]:
        return True
    said = (number.music_on_hold, number.greeting, *(one.greeting for one in number.scenarios))
    if any(_prompt_dead(one, known) for one in said):
        return True
    return any(
        _steps_dead(scenario.steps, known)
        or _whens_dead(scenario.when, known)
        or (scenario.voicemail != "" and scenario.voicemail not in boxes)
        for scenario in number.scenarios
    )


def _prompt_dead(prompt: str, known: Known) -> bool:
    recording = recording_named(prompt) if prompt else None
    return recording is not None and recording not in known["audio"]


def _extension_dead(one: Extension, known: Known) -> bool:
    if _prompt_dead(one.music_on_hold, known):
        return True
    if one.class_of_service is not None and one.class_of_service not in known["class_of_service"]:
        return True
    if _forwardings_dead(one.forwardings, known) or _dial_out_dead(one.dial_out, known):
        return True
    for rule in one.rules:
        if rule.calls.when and _whens_dead(rule.calls.when, known):
            return True
    for ringing in one.ringings:
        if _whens_dead(ringing.calls.when, known) or _steps_dead(ringing.steps, known):
            return True
    return any(
        _forwardings_dead(profile.forwardings or (), known) or _dial_out_dead(profile.dial_out, known)
        for profile in one.profiles
    )


def _dial_out_dead(dial_out: DialOut | None, known: Known) -> bool:
    return dial_out is not None and dial_out.device is not None and dial_out.device not in known["device"]


def _forwardings_dead(forwardings: Iterable[Forwarding], known: Known) -> bool:
    for one in forwardings:
        to = one.to
        if to.kind is not TargetKind.EXTERNAL and to.ref not in known[to.kind.value]:
            return True
        if one.calls.when and _whens_dead(one.calls.when, known):
            return True
    return False


def _whens_dead(whens: Iterable[When], known: Known) -> bool:
    switches = known["switch"]
    return any(when.switch is not None and when.switch not in switches for when in whens)


def _steps_dead(steps: Iterable[RingStep], known: Known) -> bool:
    external, extension = TargetKind.EXTERNAL, TargetKind.EXTENSION
    extensions = known["extension"]
    for step in steps:
        for target in step.targets:
            kind = target.kind
            if kind is extension:
                if target.ref not in extensions:
                    return True
            elif kind is not external and target.ref not in known[kind.value]:
                return True
    return False


def settings(snapshot: Snapshot) -> list[Problem]:
    """Settings that cannot hold: what does not exist, may not be, or does not work in this version."""
    problems: list[Problem] = []
    for find in (
        _of_site,
        _of_numbers,
        _of_extensions,
        _of_rotations,
        _of_classes,
        _of_modifiers,
        _of_blocks,
        _of_menus,
    ):
        problems += find(snapshot)
    return problems


def _of_site(snapshot: Snapshot) -> Iterator[Problem]:
    site: Site = snapshot.site
    try:
        ZoneInfo(site.timezone)
    except (ValueError, OSError, LookupError):
        yield _problem("site main", "timezone", f"there is no time zone '{site.timezone}'", "Europe/Berlin")
    regions = known_regions(site.country)
    if site.region and (regions is None or site.region not in regions):
        remedy = suggestion(site.region, list(regions or ()))
        yield _problem("site main", "region", f"'{site.region}' is no region of {site.country}", remedy)


def _of_numbers(snapshot: Snapshot) -> Iterator[Problem]:
    for number in snapshot.numbers.values():
        if not number.scenarios and not number.override:
            continue
        where = f"number {number.id}"
        names = [scenario.name for scenario in number.scenarios]
        for i, name in enumerate(names):
            if name in names[:i]:
                yield _problem(where, f"scenarios[{i}].name", f"'{name}' is there twice", "choose another")
        if number.override and number.override not in (OTHERWISE, *names):
            remedy = suggestion(number.override, [OTHERWISE, *names])
            yield _problem(where, "override", f"there is no scenario '{number.override}'", remedy)
        yield from _unavailable(where, number)


def _of_extensions(snapshot: Snapshot) -> Iterator[Problem]:
    country = snapshot.site.country
    for extension in snapshot.extensions.values():
        where = f"extension {extension.id}"
        for field in ("caller_number", "diverting_number"):
            shown = getattr(extension, field)
            found = None if shown is None else objection(shown, country)
            if found is not None and found in _OBJECTIONS:
                yield _problem(where, field, f"{shown} {_OBJECTIONS[found]}", "show another number")
        yield from _not_own(snapshot, extension, "dial_out", extension.dial_out)
        if not extension.profile and not extension.profiles:
            continue
        names = [profile.name for profile in extension.profiles]
        for i, name in enumerate(names):
            if name in names[:i]:
                yield _problem(where, f"profiles[{i}].name", f"'{name}' is there twice", "choose another")
            yield from _not_own(
                snapshot, extension, f"profiles[{i}].dial_out", extension.profiles[i].dial_out
            )
        if extension.profile and extension.profile not in names:
            remedy = suggestion(extension.profile, names)
            yield _problem(where, "profile", f"there is no profile '{extension.profile}'", remedy)


def _not_own(
    snapshot: Snapshot, extension: Extension, field: str, dial_out: DialOut | None
) -> Iterator[Problem]:
    """A call that is set up for somebody must not ring at somebody else's."""
    device = snapshot.devices.get(dial_out.device) if dial_out is not None and dial_out.device else None
    if device is not None and extension.id not in (device.extension, device.home):
        own: list[str] = [one.id for one in snapshot.devices_by_extension.get(extension.id, ())]
        yield _problem(
            f"extension {extension.id}",
            f"{field}.device",
            f"device {device.id} belongs to extension {device.extension}",
            suggestion(device.id, own) if own else "leave it out",
        )


def _of_rotations(snapshot: Snapshot) -> Iterator[Problem]:
    for rotation in snapshot.rotations.values():
        for i, member in enumerate(rotation.members):
            yield from _no_person(rotation, f"members[{i}].kind", member)
        for i, substitute in enumerate(rotation.substitutes):
            yield from _no_person(rotation, f"substitutes[{i}].target.kind", substitute.target)


def _no_person(rotation: Rotation, field: str, target: Target) -> Iterator[Problem]:
    if target.kind is TargetKind.ROTATION:
        yield _problem(
            f"rotation {rotation.id}",
            field,
            "a rotation cannot be a member of one",
            "name an extension or a number",
        )


def _of_classes(snapshot: Snapshot) -> Iterator[Problem]:
    for one in snapshot.classes.values():
        where = f"class_of_service {one.id}"
        yield from _unavailable(where, one)
        if not one.pin and _asks(one):
            yield _problem(where, "pin", "is missing, but a rule asks for it", "set four to ten digits")


def _asks(one: ClassOfService) -> bool:
    return one.otherwise is Permission.PIN or any(rule.permission is Permission.PIN for rule in one.rules)


def _unavailable(where: str, document: Document) -> Iterator[Problem]:
    for field, function in wanted(document):
        if function in NOT_YET:
            yield _problem(
                where, field, f"{function.value} does not work in this version", "leave it out for now"
            )


def _of_modifiers(snapshot: Snapshot) -> Iterator[Problem]:
    """What a wish in front of a number (``*31*``) would swallow."""
    for modifier in MODIFIERS:
        message = f"{modifier.prefix} in front of a number withholds the caller's"
        for service in snapshot.services.values():
            if service.number != modifier.prefix and service.number.startswith(modifier.prefix):
                yield _problem(f"service {service.id}", "number", message, "choose another")
        for code in snapshot.features.codes:
            shadowed = code.argument is not Argument.NONE and modifier.prefix.startswith(code.code)
            if shadowed or (code.code != modifier.prefix and code.code.startswith(modifier.prefix)):
                yield _problem(f"feature_code {code.action.value}", "code", message, "choose another")


def _of_menus(snapshot: Snapshot) -> Iterator[Problem]:
    for menu in snapshot.menus.values():
        yield from _unavailable(f"menu {menu.id}", menu)


def _of_blocks(snapshot: Snapshot) -> Iterator[Problem]:
    blocks = sorted(snapshot.blocks.values(), key=lambda one: (len(one.first), one.first, one.id))
    for i, block in enumerate(blocks):
        for other in blocks[i + 1 :]:
            if other.first not in block:
                break
            yield _problem(
                f"block {other.id}",
                "first",
                f"{other.first} already belongs to block {block.id}",
                "correct first number or size",
            )


def forwarding_circles(snapshot: Snapshot) -> list[Problem]:
    """Extensions that send every call to each other, so that none of them ever rings."""
    onward: dict[ExtensionId, ExtensionId] = {}
    for extension in snapshot.extensions.values():
        to = always(extension) if extension.forwardings or extension.profiles else None
        if to is not None and to.kind is TargetKind.EXTENSION:
            onward[extension.id] = ExtensionId(to.ref)
    problems: list[Problem] = []
    done: set[ExtensionId] = set()
    for start in onward:
        way: list[ExtensionId] = []
        here: ExtensionId | None = start
        while here is not None and here not in done:
            done.add(here)
            way.append(here)
            here = onward.get(here)
        if here is not None and here in way:
            circle = way[way.index(here) :]
            said = " → ".join(snapshot.extensions[one].number for one in (*circle, circle[0]))
            problems.append(
                _problem(
                    f"extension {min(circle)}",
                    "forwardings",
                    f"all calls go round in a circle: {said}",
                    "let one of them ring",
                )
            )
    return problems


def always(extension: Extension) -> Target | None:
    """Where an extension sends every call whatsoever, None if it does not."""
    for forwarding in extension.forwardings_in_use:
        if forwarding.on is ForwardOn.ALWAYS and forwarding.enabled:
            return forwarding.to if forwarding.calls.everything else None
    return None


def _problem(where: str, field: str, message: str, remedy: str) -> Problem:
    return Problem(where=where, field=field, message=message, remedy=remedy)
