"""What a feature code changes in the configuration: pure, so that it can be explained and tried."""

import re
from dataclasses import dataclass, replace

from appliance.model.decode import encode
from appliance.model.documents import (
    EVERY_CALL,
    Extension,
    Forwarding,
    ForwardOn,
    Status,
    Switch,
    Target,
    TargetKind,
)
from appliance.model.features import Action
from appliance.model.ids import DeviceId
from appliance.model.plan import Edit
from appliance.routing.draft import Draft
from appliance.routing.numbers import clean, read_dialled
from appliance.routing.voicemail import box_dialled

FORWARDS: dict[Action, ForwardOn] = {
    Action.FORWARD_ALWAYS: ForwardOn.ALWAYS,
    Action.FORWARD_NO_ANSWER: ForwardOn.NO_ANSWER,
    Action.FORWARD_BUSY: ForwardOn.BUSY,
    Action.FORWARD_UNREACHABLE: ForwardOn.UNREACHABLE,
}
FORWARDS_OFF: dict[Action, frozenset[ForwardOn]] = {
    Action.FORWARD_ALWAYS_OFF: frozenset({ForwardOn.ALWAYS}),
    Action.FORWARD_NO_ANSWER_OFF: frozenset({ForwardOn.NO_ANSWER}),
    Action.FORWARD_BUSY_OFF: frozenset({ForwardOn.BUSY}),
    Action.FORWARD_UNREACHABLE_OFF: frozenset({ForwardOn.UNREACHABLE}),
    Action.FORWARD_OFF: frozenset(ForwardOn),
}
FIELDS: dict[Action, tuple[dict[str, object], str]] = {
    Action.DND_ON: ({"status": Status.DND.value}, "switched_on"),
    Action.DND_OFF: ({"status": Status.ONLINE.value}, "switched_off"),
    Action.WITHHOLD_ON: ({"withhold": True}, "switched_on"),
    Action.WITHHOLD_OFF: ({"withhold": False}, "switched_off"),
    Action.VOICEMAIL_ON: ({"voicemail": True}, "switched_on"),
    Action.VOICEMAIL_OFF: ({"voicemail": False}, "switched_off"),
}
"""Actions that set fields of the extension to fixed values, and what is said then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Edits to be made at once, and the prompts that say so afterwards."""

    edits: tuple[Edit, ...]
    confirm: tuple[str, ...] = ("saved",)


def change_of(draft: Draft, action: Action, argument: str) -> Change | None:
    """What the code changes for who dials it; None when the argument makes no sense or it changes nothing."""
    extension = draft.extension
    if extension is None:
        return None
    if action in FORWARDS:
        target = target_of(draft, argument)
        return _forward(extension, FORWARDS[action], target) if target is not None else None
    if action in FORWARDS_OFF:
        kept = _without(extension, FORWARDS_OFF[action])
        return _of(extension, {"forwardings": encode(kept)}, "switched_off")
    if action in FIELDS:
        fields, prompt = FIELDS[action]
        return _of(extension, fields, prompt)
    match action:
        case Action.PROFILE:
            return _profile(extension, argument)
        case Action.SWITCH:
            found = [one for one in draft.snapshot.switches.values() if one.number and one.number == argument]
            return turn(found[0]) if found else None
        case Action.SWITCH_STATE:
            found = [one for one in draft.snapshot.switches.values() if one.number and one.number == argument]
            return Change(edits=(), confirm=(state_prompt(found[0]),)) if found else None
        case Action.WAKE_UP:
            return _wake_up(extension, argument)
        case Action.WAKE_UP_OFF:
            return _no_wake_up(draft, extension)
        case Action.DND_KEY | Action.FORWARD_KEY | Action.PROFILE_KEY:
            return _press(extension, action, argument)
        case Action.LOGIN:
            return _log_in(draft, argument)
        case Action.LOGOUT:
            return _log_out(draft)
        case _:
            return None


def state_prompt(switch: Switch) -> str:
    """What is said of how a switch stands."""
    return "switch_is_on" if switch.on else "switch_is_off"


def turn(switch: Switch) -> Change:
    """Turn a switch to its other side, and say on which it is then."""
    edit = Edit(kind="switch", id=switch.id, fields={"on": not switch.on})
    return Change(edits=(edit,), confirm=("switched_off" if switch.on else "switched_on",))


def _of(extension: Extension, fields: dict[str, object], prompt: str) -> Change:
    """Set fields where they count: in the profile in use if that one has a say in them."""
    used = extension.profile_in_use
    if used is not None:
        theirs = {name: value for name, value in fields.items() if getattr(used, name, None) is not None}
        if theirs:
            profiles = [
                {**encode(one), **theirs} if one is used else encode(one) for one in extension.profiles
            ]
            fields = {name: value for name, value in fields.items() if name not in theirs}
            fields["profiles"] = profiles
    return Change(edits=(Edit(kind="extension", id=extension.id, fields=fields),), confirm=(prompt,))


def target_of(draft: Draft, dialled: str) -> Target | None:
    """What these digits name as the target of a forwarding; None for emergency, short and wrong numbers."""
    digits = clean(dialled)
    box = box_dialled(draft, "") if not digits else draft.snapshot.voicemail_by_number.get(digits)
    if box is not None:
        return Target(kind=TargetKind.VOICEMAIL, ref=box.id)
    extension = draft.snapshot.extension_by_number.get(digits)
    if extension is not None:
        return Target(kind=TargetKind.EXTENSION, ref=extension.id)
    service = draft.snapshot.service_by_number.get(digits)
    if service is not None:
        return Target(kind=TargetKind.SERVICE, ref=service.id)
    room = draft.snapshot.room_by_number.get(digits)
    if room is not None:
        return Target(kind=TargetKind.CONFERENCE, ref=room.id)
    menu = draft.snapshot.menu_by_number.get(digits)
    if menu is not None:
        return Target(kind=TargetKind.MENU, ref=menu.id)
    public = read_dialled(digits, draft.dialling) if digits else None
    if public is None or public.short:
        return None
    return Target(kind=TargetKind.EXTERNAL, ref=public.number)


def _without(extension: Extension, events: frozenset[ForwardOn]) -> tuple[Forwarding, ...]:
    """The forwardings that a code does not touch: others, and those for some calls only."""
    return tuple(
        one for one in extension.forwardings_in_use if one.on not in events or not one.calls.everything
    )


def _forward(extension: Extension, on: ForwardOn, target: Target) -> Change:
    before = [one for one in extension.forwardings_in_use if one.on is on and one.calls.everything]
    new = Forwarding(on=on, to=target, calls=EVERY_CALL)
    if before:
        new = replace(new, seconds=before[0].seconds)
    kept = _without(extension, frozenset({on}))
    return _of(extension, {"forwardings": encode((*kept, new))}, "switched_on")


def _profile(extension: Extension, argument: str) -> Change | None:
    place = int(argument) if re.fullmatch("[0-9]{1,2}", argument) else 0 if not argument else -1
    if place == 0:
        return _of(extension, {"profile": ""}, "switched_off")
    if not 1 <= place <= len(extension.profiles):
        return None
    return _of(extension, {"profile": extension.profiles[place - 1].name}, "switched_on")


def _press(extension: Extension, action: Action, argument: str) -> Change | None:
    """A key that shows a setting was pressed: turn it to the other side. Nobody presses somebody else's."""
    number, _, place = argument.partition("*")
    if number != extension.number:
        return None
    match action:
        case Action.DND_KEY if not place:
            on = extension.status_in_use is Status.DND
            fields, prompt = FIELDS[Action.DND_OFF if on else Action.DND_ON]
            return _of(extension, fields, prompt)
        case Action.FORWARD_KEY if not place:
            return _rest_or_hold(extension)
        case Action.PROFILE_KEY if re.fullmatch("[1-9][0-9]?", place):
            used = extension.profile_in_use
            chosen = used is not None and extension.profiles.index(used) == int(place) - 1
            return _profile(extension, "0" if chosen else place)
        case _:
            return None


def _rest_or_hold(extension: Extension) -> Change:
    """The forwarding of all calls keeps its target while it rests."""
    all_calls = [one for one in extension.forwardings_in_use if forwards_all(one)]
    if not all_calls:
        return Change(edits=(), confirm=("not_possible",))
    on = any(one.enabled for one in all_calls)
    changed = [
        replace(one, enabled=not on and one is all_calls[0]) if forwards_all(one) else one
        for one in extension.forwardings_in_use
    ]
    return _of(extension, {"forwardings": encode(tuple(changed))}, "switched_off" if on else "switched_on")


def forwards_all(forwarding: Forwarding) -> bool:
    """Whether it is for every call at any time."""
    return forwarding.on is ForwardOn.ALWAYS and forwarding.calls.everything


def _wake_up(extension: Extension, argument: str) -> Change | None:
    digits = argument.replace("*", "")
    if not re.fullmatch("([01][0-9]|2[0-3])[0-5][0-9]", digits):
        return None
    edit = Edit(
        kind="wake_up",
        id=extension.id,
        fields={
            "extension": extension.id,
            "time": f"{digits[:2]}:{digits[2:]}",
            "weekdays": [],
            "enabled": True,
        },
    )
    return Change(edits=(edit,), confirm=("wake_up_at", *(f"digit_{digit}" for digit in digits)))


def _no_wake_up(draft: Draft, extension: Extension) -> Change:
    known = any(one.id == extension.id for one in draft.snapshot.features.wake_ups)
    edits = (Edit(kind="wake_up", id=extension.id, delete=True),) if known else ()
    return Change(edits=edits, confirm=("switched_off",))


def _log_in(draft: Draft, argument: str) -> Change | None:
    number, _, pin = argument.partition("*")
    extension = draft.snapshot.extension_by_number.get(number)
    device = draft.snapshot.devices.get(draft.device) if draft.device is not None else None
    if extension is None or device is None or not extension.pin or pin != extension.pin:
        return None
    home = device.home or device.extension
    edit = Edit(
        kind=_kind(draft, device.id),
        id=device.id,
        fields={"extension": extension.id, "home": home if home != extension.id else None},
    )
    return Change(edits=(edit,))


def _log_out(draft: Draft) -> Change | None:
    device = draft.snapshot.devices.get(draft.device) if draft.device is not None else None
    if device is None or device.home is None:
        return None
    fields = {"extension": device.home, "home": None}
    return Change(edits=(Edit(kind=_kind(draft, device.id), id=device.id, fields=fields),))


def _kind(draft: Draft, device: DeviceId) -> str:
    """Of the document: a handset has one of its own."""
    return "dect_handset" if device in draft.snapshot.handsets else "device"
