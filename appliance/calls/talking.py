"""Parties that talk: who hears whom, hold with music, digits, and the end of the conversation."""

from appliance.calls import ringing, room, taping, through
from appliance.calls.call import Call, Phase, Turn
from appliance.calls.exchange import PARTING_TONE_MS, Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import CallId, LegId


def connect(x: Exchange, call: Call, members: list[LegId]) -> None:
    """Let these legs talk to each other."""
    call.turn(Turn.CONNECT)
    call.a = None
    call.targets = []
    call.playback = 0
    call.members = members
    x.mark_answered(call)
    refresh(x, call)
    legs = [leg for leg in (x.live(one) for one in members) if leg is not None]
    if any(x.is_fax(leg) for leg in legs):
        carry_fax(x, call)


def carry_fax(x: Exchange, call: Call) -> None:
    """Carry the conversation as a fax: nothing of its sound may be lost or made nicer."""
    for leg_id in call.members:
        if x.live(leg_id) is not None:
            x.emit(fx.CarryFax(leg=leg_id, joined=True))


def refresh(x: Exchange, call: Call) -> None:
    """Set what every member hears: the others who are not holding, else music."""
    if call.room is not None:
        room.refresh(x, call, call.room)
        return
    taping.automatic(x, call)
    x.parties.touch(call.id)
    members = [leg for leg in (x.live(one) for one in call.members) if leg is not None]
    for leg in members:
        audible = frozenset(
            other.id
            for other in members
            if other.id != leg.id and not other.held and call.speaker in (None, other.id)
        )
        if leg.held or leg.id == call.speaker:
            x.hear(leg, fx.HearsNothing())
        elif audible:
            x.hear(leg, fx.HearsLegs(legs=audible))
        elif len(members) > 1 or call.away is not None:
            holders = [x.live(call.away), *(one for one in members if one.id != leg.id and one.held)]
            holder = next((one.extension for one in holders if one is not None), None)
            x.hear(leg, music(x, call, leg, holder))
        else:
            x.hear(leg, fx.HearsNothing())


def digit(x: Exchange, call: Call, leg: Leg, pressed: str) -> None:
    """Pass a digit on to everybody else in the conversation, or to the far end that sends early media."""
    others = call.members if call.phase is Phase.TALKING else call.ringing_legs() if leg.id == call.a else []
    for other_id in others:
        other = x.live(other_id)
        if other is not None and other.id != leg.id:
            x.emit(fx.SendDigit(leg=other.id, digit=pressed))


def member_left(x: Exchange, call: Call, leg_id: LegId, cause: Cause) -> None:
    """Somebody left: the last one left alone is hung up and the call is over."""
    if call.room is not None:
        room.left(x, call, call.room, leg_id, cause)
        return
    if leg_id in call.members:
        call.members.remove(leg_id)
    remaining = [leg for leg in (x.live(one) for one in call.members) if leg is not None]
    if _goes_on(call, leg_id, remaining):
        refresh(x, call)
        return
    ringing.stop(x, call, Cause.CANCELLED)
    if len(remaining) == 1 and come_back(x, call, remaining[0], cause, talked=True):
        return
    for leg in remaining:
        x.end_leg(leg, Cause.NORMAL)
    x.close_call(call, cause)


def _goes_on(call: Call, left: LegId, remaining: list[Leg]) -> bool:
    if call.speaker is not None:
        return left != call.speaker and (len(remaining) >= 2 or bool(call.ringing_legs()))
    if call.owner == left and all(leg.trunk is not None for leg in remaining):
        return False  # nobody of ours is left to pay attention to what strangers say at our cost
    return len(remaining) >= 2


def kept_by(x: Exchange, leg: Leg) -> Call | None:
    """The call whose party waits while this leg consults somebody else."""
    kept = x.calls.get(x.mobiles.aside.get(leg.id, CallId("")))
    return kept if kept is not None and kept.away == leg.id and kept.phase is Phase.TALKING else None


def take_up(x: Exchange, kept: Call, leg: Leg) -> None:
    """Talk again to who waited."""
    x.mobiles.aside.pop(leg.id, None)
    kept.away = None
    x.move_leg(leg, kept)
    kept.members.append(leg.id)
    leg.held = False
    refresh(x, kept)


def come_back(x: Exchange, call: Call, leg: Leg, cause: Cause, *, talked: bool) -> bool:
    """The call is over: on with who waits for the leg, or the dial tone; False: there is neither."""
    kept = kept_by(x, leg)
    if kept is None or not leg.live:
        return through.back(x, call, leg, cause, talked=talked)
    if call.a == leg.id:
        call.a = None
    call.members = [one for one in call.members if one != leg.id]
    x.close_call(call, cause)
    take_up(x, kept, leg)
    if not talked and cause is not Cause.NORMAL:
        language = x.language_of(leg.extension)
        x.emit(fx.Announce(legs=frozenset({leg.id}), names=("not_possible",), language=language))
    return True


def part(x: Exchange, call: Call, leg: Leg, cause: Cause) -> None:
    """The call leads nowhere: refuse a party that was never answered, else let it hear why and hang up."""
    if not leg.answered:
        x.end_leg(leg, cause)
        x.close_call(call, cause)
        return
    if come_back(x, call, leg, cause, talked=False):
        return
    x.update_call(call, cause=cause)
    if cause is Cause.NORMAL:
        x.end_leg(leg, cause)
        x.close_call(call, cause)
        return
    call.turn(Turn.FAIL)
    busy = cause in (Cause.BUSY, Cause.REJECTED, Cause.NO_ANSWER)
    x.hear(leg, fx.HearsTone(tone=fx.ToneKind.BUSY if busy else fx.ToneKind.CONGESTION))
    x.start_timer(f"part:{call.id}", PARTING_TONE_MS)
