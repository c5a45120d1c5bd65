"""What dialling a feature code does to calls in progress; one function an action, one table."""

from collections.abc import Callable

from appliance.calls import callback, parking, ringing, steps, talking, taping, transfer
from appliance.calls.call import Call, Phase, Turn
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg, LegState
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.features import CHANGES, Action
from appliance.model.ids import ExtensionId, LegId, Milliseconds
from appliance.model.plan import CallRequest, Feature, Ring

_RINGS = frozenset({LegState.DIALLING, LegState.PROCEEDING, LegState.RINGING, LegState.EARLY_OUT})
INTERCOM_MS = Milliseconds(20_000)
MAX_CONFERENCE = 12
CHANGE_MS = 5000
"""A change that takes longer is said to have failed."""


def start(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    """Do what the code stands for."""
    _DO[step.action](x, call, a, step)


def _nothing(x: Exchange, call: Call, a: Leg, prompt: str) -> None:
    steps.say_and_end(x, call, a, [prompt], Cause.UNALLOCATED)


# -- pickup ------------------------------------------------------------------------------------------


def _pickup(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    _take_ringing(x, call, a, [ExtensionId(step.argument)])


def _pickup_group(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    own = a.extension
    reach = x.snapshot.features.picked_up_by.get(own, frozenset()) if own is not None else frozenset()
    _take_ringing(x, call, a, sorted(reach))


def _take_ringing(x: Exchange, call: Call, a: Leg, extensions: list[ExtensionId]) -> None:
    """Answer the call that rings longest at one of these extensions, in the place of its phones."""
    ringing_legs = [
        leg
        for extension in extensions
        for leg in x.index.of_extension(extension).values()
        if leg.state in _RINGS
    ]
    for leg in sorted(ringing_legs, key=lambda one: (one.record.started, one.id)):
        found = x.call_of(leg)
        if (
            found is not None
            and found is not call
            and found.phase is Phase.SETUP
            and leg.id in found.ringing_legs()
            and x.live(found.a) is not None
        ):
            steps.join_instead(x, call, a, found)
            return
    _nothing(x, call, a, "nothing_to_pick_up")


# -- the caller's own other calls --------------------------------------------------------------------


def _own_talking(x: Exchange, a: Leg) -> list[tuple[Call, Leg]]:
    """The conversations of ``a``'s extension on other legs, the oldest first."""
    if a.extension is None:
        return []
    found: list[tuple[Call, Leg]] = []
    for leg in x.index.of_extension(a.extension).values():
        call = x.call_of(leg)
        if leg.id != a.id and leg.live and call is not None and leg.id in call.members:
            found.append((call, leg))
    return sorted(found, key=lambda pair: (pair[1].record.started, pair[1].id))


def _move(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    """Take over, on this device, the conversation that another device of the extension has."""
    for found, leg in _own_talking(x, a):
        if leg.device != a.device and found.speaker is None:
            transfer.take_place(x, found, leg, a, Cause.REPLACED)
            x.merge_call(call, found.id)
            return
    _nothing(x, call, a, "not_possible")


def _conference(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    """Join all conversations this device holds into one, with the caller in it once."""
    held = [
        (found, leg)
        for found, leg in _own_talking(x, a)
        if leg.device == a.device and not (found.speaker or found.room)
    ]
    others: list[LegId] = []
    for found, leg in held:
        others += [one for one in found.members if one != leg.id and one not in others]
    if not others or len(others) + 1 > MAX_CONFERENCE:
        _nothing(x, call, a, "not_possible")
        return
    room = held[0][0]
    for found, leg in held:
        members = [one for one in found.members if one != leg.id]
        for one in members:
            member = x.live(one)
            if member is not None:
                x.move_leg(member, room)
        if found is not room:
            x.merge_call(found, room.id)
        x.end_leg(leg, Cause.REPLACED)
    x.move_leg(a, room)
    x.answer(a)
    room.members = [*others, a.id]
    room.owner = a.id
    x.merge_call(call, room.id)
    talking.refresh(x, room)


def _record(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    """Record, pause or stop the conversation that this device holds, or that another of the extension has."""
    own = sorted(_own_talking(x, a), key=lambda pair: pair[1].device != a.device)
    by = f"code {a.party.number or a.extension}"
    if own and taping.act(x, own[0][0], own[0][1], taping.CODES[step.action], by):
        steps.say_and_end(x, call, a, [f"recording_{step.action.value}"], Cause.NORMAL)
    else:
        _nothing(x, call, a, "not_possible")


# -- calling again -----------------------------------------------------------------------------------


def _redial(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    last = x.dialled.get(a.extension) if a.extension is not None else None
    if last is None or a.origin is None:
        _nothing(x, call, a, "not_possible")
        return
    request = CallRequest(origin=a.origin, caller=a.party, dialled=last.dialled)
    plan = x.plan(request)
    x.update_call(call, kind=plan.kind, called=plan.called)
    steps.follow_plan(x, call, plan)


def _callback(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    if callback.request(x, a):
        steps.say_and_end(x, call, a, ["callback_set"], Cause.NORMAL)
    else:
        _nothing(x, call, a, "not_possible")


def _callback_cancel(x: Exchange, call: Call, a: Leg, _step: Feature) -> None:
    callback.cancel(x, a.extension)
    steps.say_and_end(x, call, a, ["callback_cancelled"], Cause.NORMAL)


# -- phones that answer by themselves ----------------------------------------------------------------


def _intercom(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    if not step.targets:
        _nothing(x, call, a, "unreachable")
        return
    ring = Ring(targets=step.targets, timeout_ms=INTERCOM_MS)
    steps.continue_with(x, call, (ring,))


def _paging(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    """Everybody in the group hears the caller; nobody is heard but the caller."""
    if not step.targets or not x.room_for(1, call.plan):
        _nothing(x, call, a, "unreachable")
        return
    x.answer(a)
    steps.release_transferor(x, call)
    ring = Ring(targets=step.targets, timeout_ms=INTERCOM_MS)
    if ringing.start(x, call, ring) is not None:
        _nothing(x, call, a, "unreachable")
        return
    call.turn(Turn.CONNECT)
    call.speaker = a.id
    call.a = None
    call.members = [a.id]
    x.mark_answered(call)
    talking.refresh(x, call)


def page_answered(x: Exchange, call: Call, leg: Leg) -> None:
    """A phone of the group listens now."""
    for progress in call.targets:
        if leg.id in progress.legs:
            progress.legs.discard(leg.id)
            x.cancel_timer(f"progress:{leg.id}")
            ringing.stop_target(x, progress, Cause.ANSWERED_ELSEWHERE)
            progress.cause = Cause.NORMAL
    call.members.append(leg.id)
    talking.refresh(x, call)


def page_stop_ringing(x: Exchange, call: Call) -> None:
    """Phones that have not answered by now do not any more; alone, the speaker is let go."""
    ringing.stop(x, call, Cause.NO_ANSWER)
    if len(call.members) < 2:
        x.end_legs(call.members, Cause.NO_ANSWER)


# -- changes of the configuration --------------------------------------------------------------------


def _change(x: Exchange, call: Call, a: Leg, step: Feature) -> None:
    if not step.edits:
        changed(x, call, made=True)
        return
    who = f"phone {a.party.number or a.extension}"
    x.emit(fx.ChangeConfiguration(call=call.id, edits=step.edits, who=who))
    x.start_timer(f"edit:{call.id}", CHANGE_MS)


def changed(x: Exchange, call: Call, *, made: bool) -> None:
    """The configuration took the change, or did not: tell the party that wanted it."""
    x.cancel_timer(f"edit:{call.id}")
    a = x.live(call.a)
    step = call.plan.steps[call.cursor] if call.phase is Phase.SETUP else None
    if a is None or not isinstance(step, Feature) or step.action not in CHANGES:
        return
    if made:
        steps.say_and_end(x, call, a, list(step.confirm), Cause.NORMAL)
    else:
        _nothing(x, call, a, "not_possible")


_DO: dict[Action, Callable[[Exchange, Call, Leg, Feature], None]] = {
    Action.PICKUP: _pickup,
    Action.PICKUP_GROUP: _pickup_group,
    Action.PARK: lambda x, call, a, step: parking.park(x, call, a, step.argument),
    Action.RETRIEVE: lambda x, call, a, step: parking.retrieve(x, call, a, step.argument),
    Action.CONFERENCE: _conference,
    Action.MOVE: _move,
    **dict.fromkeys(taping.CODES, _record),
    Action.CALLBACK: _callback,
    Action.CALLBACK_CANCEL: _callback_cancel,
    Action.REDIAL: _redial,
    Action.INTERCOM: _intercom,
    Action.PAGING: _paging,
    **dict.fromkeys(CHANGES, _change),
}
