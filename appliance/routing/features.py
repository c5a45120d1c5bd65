"""Feature codes and park slots: what a colleague does to calls by dialling."""

from appliance.model.features import CHANGES, Action, Argument, Code, PagingGroup
from appliance.model.ids import ExtensionId
from appliance.model.plan import CallKind, ExtensionTarget, Feature, Plan
from appliance.routing.changes import Change, change_of, turn
from appliance.routing.draft import Draft
from appliance.routing.extensions import extension_target
from appliance.routing.voicemail import box_dialled, menu


def plan_feature(draft: Draft, digits: str) -> Plan | None:
    """The feature these digits stand for; None when they stand for none."""
    features = draft.snapshot.features
    if digits in features.lot_of_slot:
        draft.because("feature.slot", slot=digits)
        return _plan(draft, Action.RETRIEVE, digits, digits)
    for switch in draft.snapshot.switches.values():
        if switch.number == digits:
            draft.because("feature.switch", number=digits, name=switch.name)
            return _edit(draft, Action.SWITCH, switch.name or digits, digits, turn(switch))
    for code in features.codes:
        if digits.startswith(code.code):
            rest = digits.removeprefix(code.code).removeprefix("*").removesuffix("#")
            made = _with_argument(draft, code, rest, digits)
            if made is not None:
                return made
    return None


def _with_argument(draft: Draft, code: Code, rest: str, digits: str) -> Plan | None:
    snapshot = draft.snapshot
    match code.argument:
        case Argument.NONE:
            if rest:
                return None
            change = change_of(draft, code.action, "")
            if change is None and code.action in CHANGES:
                return None
            _say(draft, code, "")
            if change is not None:
                return _edit(draft, code.action, "", digits, change)
            return _plan(draft, code.action, "", digits)
        case Argument.EXTENSION:
            extension = snapshot.extension_by_number.get(rest)
            if extension is None:
                return None
            _say(draft, code, f"{extension.number} {extension.name}".strip())
            targets = _targets(draft, (extension.id,)) if code.action is Action.INTERCOM else ()
            return _plan(draft, code.action, extension.id, digits, targets)
        case Argument.SLOT:
            if rest and rest not in snapshot.features.lot_of_slot:
                return None
            _say(draft, code, rest)
            return _plan(draft, code.action, rest, digits)
        case Argument.GROUP:
            group = snapshot.features.paging_by_number.get(rest)
            if group is None:
                return None
            _say(draft, code, group.name or group.number)
            return _plan(draft, code.action, group.id, digits, _members(draft, group))
        case Argument.BOX:
            box = box_dialled(draft, rest)
            if rest and box is None:
                return None
            _say(draft, code, rest)
            return draft.finish(CallKind.SERVICE, (menu(draft, box),), called=digits)
        case _:
            change = change_of(draft, code.action, rest)
            if change is None:
                return None
            _say(draft, code, rest)
            return _edit(draft, code.action, rest, digits, change)


def _edit(draft: Draft, action: Action, argument: str, called: str, change: Change) -> Plan:
    step = Feature(
        action=action,
        argument=argument,
        language=draft.language,
        edits=change.edits,
        confirm=change.confirm,
    )
    return draft.finish(CallKind.SERVICE, (step,), called=called)


def _say(draft: Draft, code: Code, of: str) -> None:
    draft.because("feature.code", key=code.code, action=code.action.value, of=of)


def _members(draft: Draft, group: PagingGroup) -> tuple[ExtensionTarget, ...]:
    own = draft.extension.id if draft.extension is not None else None
    return _targets(draft, tuple(member for member in group.members if member != own))


def _targets(draft: Draft, extensions: tuple[ExtensionId, ...]) -> tuple[ExtensionTarget, ...]:
    found = (draft.snapshot.extensions.get(one) for one in extensions)
    targets = (extension_target(draft, extension, auto_answer=True) for extension in found if extension)
    return tuple(target for target in targets if target is not None)


def _plan(
    draft: Draft, action: Action, argument: str, called: str, targets: tuple[ExtensionTarget, ...] = ()
) -> Plan:
    step = Feature(action=action, argument=argument, language=draft.language, targets=targets)
    return draft.finish(CallKind.SERVICE, (step,), called=called)
