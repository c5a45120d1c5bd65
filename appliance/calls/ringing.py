"""One Ring step: all targets at once, the first to answer wins.

An extension is over when all its devices are, or when one of them declines (603); an external number when
its last route is. The step is over when every target is or its time is up; then the weightiest cause
counts: somebody was there and did not answer > declined > busy > could not be reached.
"""

import dataclasses

from appliance.calls import handing, spending
from appliance.calls.answering import answers_by_itself
from appliance.calls.call import Call, TargetProgress
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg, LegState
from appliance.calls.music import music
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Srtp
from appliance.model.plan import (
    Caller,
    DeviceTarget,
    ExtensionTarget,
    ExternalTarget,
    FaxTarget,
    Outcome,
    Presentation,
    Ring,
    TrunkRoute,
)
from appliance.routing.ways import out_of_reach

PROGRESS_TIMEOUT_MS = 4000
"""A far side without even a 100 Trying by then is not there (RFC 3261 Timer B says so after 32 s)."""

_TRY_NEXT_ROUTE = frozenset(
    {Cause.CONGESTION, Cause.TIMEOUT, Cause.FAILURE, Cause.NO_ROUTE, Cause.MEDIA_LOST}
)
_OUTCOME: dict[Cause, Outcome] = {
    Cause.NO_ANSWER: Outcome.NO_ANSWER,
    Cause.REJECTED: Outcome.REJECTED,
    Cause.FORBIDDEN: Outcome.REJECTED,
    Cause.BUSY: Outcome.BUSY,
    Cause.CONGESTION: Outcome.NO_LINE,
    Cause.NO_ROUTE: Outcome.NO_LINE,
    Cause.TIMEOUT: Outcome.NO_LINE,
    Cause.FAILURE: Outcome.NO_LINE,
    Cause.LIMITED: Outcome.LIMITED,
}
_NOT_ACCEPTABLE = (488, 606)
_WEIGHT = (
    Outcome.NO_ANSWER,
    Outcome.REJECTED,
    Outcome.BUSY,
    Outcome.LIMITED,
    Outcome.UNREACHABLE,
    Outcome.NO_LINE,
)


def outcome_of(cause: Cause) -> Outcome:
    """The outcome by which a plan goes on after this cause."""
    return _OUTCOME.get(cause, Outcome.UNREACHABLE)


def start(x: Exchange, call: Call, step: Ring) -> Cause | None:
    """Ring all targets; returns the step's cause when none of them could even be tried."""
    call.targets = [TargetProgress(target=target) for target in step.targets]
    for progress in call.targets:
        start_target(x, call, progress)
    if all(progress.cause is not None for progress in call.targets):
        return _verdict(call)
    x.start_timer(f"ring:{call.id}", step.timeout_ms)
    a = x.live(call.a)
    if a is not None and _held(call):
        x.answer(a)
        x.hear(a, music(x, call, a))
    return None


def start_target(x: Exchange, call: Call, progress: TargetProgress) -> None:
    """Ring one target; its cause says so where that cannot even be tried."""
    target = progress.target
    if isinstance(target, ExternalTarget):
        if spending.refuses(x, call, target):
            progress.cause = Cause.LIMITED
            return
        progress.routes = list(target.routes)
        _next_route(x, call, progress, target)
        return
    if isinstance(target, FaxTarget):
        _ring_fax(x, call, progress, target)
        return
    if not target.call_waiting and x.in_a_call(target.extension):
        progress.cause = Cause.BUSY
        return
    if not target.devices and not target.elsewhere:
        progress.cause = Cause.UNREACHABLE
        return
    for device in target.devices:
        if not x.room_for(1, call.plan):
            break
        _ring_device(x, call, progress, target, device, device.srtp)
    if target.elsewhere:
        present = _present(x, x.live(call.a), target)
        handing.ring_elsewhere(x, call, progress, target, present, _party(x, target))
    if not progress.legs:
        progress.cause = Cause.CONGESTION


def _ring_fax(x: Exchange, call: Call, progress: TargetProgress, target: FaxTarget) -> None:
    a = x.live(call.a)
    if not x.room_for(1, call.plan):
        progress.cause = Cause.CONGESTION
        return
    if a is not None:
        x.emit(fx.CarryFax(leg=a.id))
    party = Caller(number=target.number, name=target.name)
    leg = x.outgoing_leg(
        call, fx.ToFax(box=target.box, relay=target.relay), target.present, party, diverted=target.diverted
    )
    progress.legs.add(leg.id)
    x.start_timer(f"progress:{leg.id}", PROGRESS_TIMEOUT_MS)


def _ring_device(
    x: Exchange,
    call: Call,
    progress: TargetProgress,
    target: ExtensionTarget,
    device: DeviceTarget,
    srtp: Srtp,
) -> None:
    party = _party(x, target)
    a = x.live(call.a)
    if a is not None and x.is_fax_machine(device.device):
        x.emit(fx.CarryFax(leg=a.id))
    endpoint = _endpoint(device, srtp)
    leg = x.outgoing_leg(
        call,
        endpoint,
        _present(x, a, target),
        party,
        target.extension,
        auto_answer=target.auto_answer,
        diverted=target.diverted,
    )
    progress.legs.add(leg.id)
    x.start_timer(f"progress:{leg.id}", PROGRESS_TIMEOUT_MS)


def _party(x: Exchange, target: ExtensionTarget) -> Caller:
    extension = x.snapshot.extensions.get(target.extension)
    return Caller(number=target.number, name=extension.name if extension is not None else "")


def _present(x: Exchange, a: Leg | None, target: ExtensionTarget) -> Presentation:
    """What the phone shows: the caller's name as its person's own address book has it."""
    if a is None or a.party.withheld or not target.present.number:
        return target.present
    own = x.names.own.get(target.extension, {}).get(a.party.number)
    if own is not None:
        return dataclasses.replace(target.present, name=own)
    if target.extension in x.names.hidden_from and target.present.name == x.names.of(a.party.number):
        return dataclasses.replace(target.present, name="")
    return target.present


def _endpoint(device: DeviceTarget, srtp: Srtp) -> fx.Endpoint:
    if device.port:
        return fx.ToAnalog(device=device.device, port=device.port)
    if device.system:
        return fx.ToHandset(device=device.device, system=device.system)
    return fx.ToDevice(device=device.device, username=device.username, srtp=srtp)


def ring_again(x: Exchange, call: Call, leg: Leg) -> None:
    """Call a ringing phone anew so that it answers by itself."""
    found = answers_by_itself(call, leg)
    if found is None:
        return
    progress, target, device = found
    progress.legs.discard(leg.id)
    x.cancel_timer(f"progress:{leg.id}")
    x.end_leg(leg, Cause.ANSWERED_ELSEWHERE)
    srtp = Srtp.MANDATORY if device.device in progress.encrypted else device.srtp
    _ring_device(x, call, progress, dataclasses.replace(target, auto_answer=True), device, srtp)


def _ask_encrypted(
    x: Exchange, call: Call, progress: TargetProgress, target: ExtensionTarget, leg: Leg
) -> bool:
    """Offer RTP/SAVP to a phone that refused RTP/AVP with a=crypto, once: it may take nothing else."""
    device = next((one for one in target.devices if one.device == leg.device), None)
    if (
        device is None
        or device.srtp is not Srtp.OPTIONAL
        or device.device in progress.encrypted
        or not x.room_for(1, call.plan)
    ):
        return False
    progress.encrypted.add(device.device)
    _ring_device(x, call, progress, target, device, Srtp.MANDATORY)
    return True


def _next_route(x: Exchange, call: Call, progress: TargetProgress, target: ExternalTarget) -> None:
    if call.plan.emergency:
        _make_way(x, call, progress)
    while progress.routes:
        route = progress.routes.pop(0)
        if (_full(x, route) and not call.plan.emergency) or not x.room_for(1, call.plan):
            continue
        if spending.trunk_refuses(x, call, handing.billed(route), target.number):
            progress.cause = Cause.LIMITED
            continue
        endpoint = handing.way(call, route)
        party = Caller(number=target.number)
        leg = x.outgoing_leg(call, endpoint, route.present, party, diverted=target.diverted)
        if not call.plan.emergency:
            leg.charged = target.charged
            spending.begins(x, leg)
        progress.legs.add(leg.id)
        progress.cause = None
        x.start_timer(f"progress:{leg.id}", PROGRESS_TIMEOUT_MS)
        return
    if progress.cause is None:
        progress.cause = Cause.CONGESTION


def _full(x: Exchange, route: TrunkRoute) -> bool:
    if route.handed is not None:
        return False
    trunk = x.snapshot.trunks.get(route.trunk)
    return trunk is None or x.index.living_of_trunk(route.trunk) >= trunk.max_calls


def _out_of_reach(x: Exchange, route: TrunkRoute) -> bool:
    if route.handed is not None:
        return False
    trunk = x.snapshot.trunks.get(route.trunk)
    return trunk is None or out_of_reach(trunk, x.conditions)


def _make_way(x: Exchange, call: Call, progress: TargetProgress) -> None:
    """Let an emergency call have the best trunk with a free line, else the line of the newest other call.

    A full trunk is tried all the same, after the free ones: the limit is ours, not the provider's.
    """
    progress.routes.sort(key=lambda route: (_out_of_reach(x, route), _full(x, route)))
    if not progress.routes or not _full(x, progress.routes[0]):
        return
    for route in progress.routes:
        others = [
            leg
            for leg in x.index.of_trunk(route.trunk).values()
            if leg.live and not _is_emergency(x, leg) and leg.call != call.id
        ]
        if others:
            newest = max(others, key=lambda leg: (not leg.answered, leg.record.started, leg.id))
            x.end_leg(newest, Cause.PREEMPTED)
            progress.routes.remove(route)
            progress.routes.insert(0, route)
            return


def _is_emergency(x: Exchange, leg: Leg) -> bool:
    other = x.call_of(leg)
    return other is not None and other.plan.emergency


def progressed(x: Exchange, leg: Leg) -> None:
    """The far side is there: no need to give it up early."""
    x.cancel_timer(f"progress:{leg.id}")


def alerting(x: Exchange, call: Call, leg: Leg) -> None:
    """A target rings or sends early media: let the waiting party hear it."""
    a = x.live(call.a)
    if a is None or _held(call):
        return
    lonely = len(call.ringing_legs()) == 1 and len(call.targets) == 1 and not _confirms(call)
    if leg.state is LegState.EARLY_OUT and lonely:
        x.open_early(a)
        x.hear(a, fx.HearsLegs(legs=frozenset({leg.id})))
        x.hear(leg, fx.HearsLegs(legs=frozenset({a.id})))
    elif a.answered:
        x.hear(a, fx.HearsTone(tone=fx.ToneKind.RINGBACK))
    elif a.state is LegState.EARLY_IN:
        if not isinstance(a.hears, fx.HearsLegs):
            x.hear(a, fx.HearsTone(tone=fx.ToneKind.RINGBACK))
    else:
        x.alert(a)


def _held(call: Call) -> bool:
    """True while the waiting party hears music, for a mobile is to call in."""
    return any(isinstance(one.target, ExternalTarget) and one.target.calls_in for one in call.targets)


def _confirms(call: Call) -> bool:
    """A mobile network's own words are not for the caller of an extension."""
    return any(isinstance(one.target, ExternalTarget) and one.target.confirms for one in call.targets)


def leg_over(x: Exchange, call: Call, leg: Leg, cause: Cause) -> Cause | None:
    """A ringing leg is over; returns the step's cause when that was the last of the step."""
    x.cancel_timer(f"progress:{leg.id}")
    progress = next((one for one in call.targets if leg.id in one.legs), None)
    if progress is None:
        return None
    progress.legs.discard(leg.id)
    target = progress.target
    if isinstance(target, ExtensionTarget):
        if cause is Cause.REJECTED:
            stop_target(x, progress, Cause.REJECTED)
        if leg.record.sip_status in _NOT_ACCEPTABLE and _ask_encrypted(x, call, progress, target, leg):
            return None
        if cause in (Cause.TIMEOUT, Cause.FAILURE, Cause.TRANSFERRED):
            cause = Cause.UNREACHABLE  # a phone that does not answer its messages, or sent on, is away
        progress.heard = cause if progress.heard is None else _weightier(progress.heard, cause)
        if progress.legs:
            return None
        progress.cause = progress.heard
    elif isinstance(target, FaxTarget):
        progress.cause = Cause.UNREACHABLE if cause in (Cause.TIMEOUT, Cause.FAILURE) else cause
    elif target.calls_in is not None and (leg.record.alerted or leg.record.answered):
        return None  # it was seen who calls: the mobile may call in as long as the step lasts
    elif progress.routes and leg.record.alerted is None and _another_may_help(call, cause):
        progress.cause = None
        _next_route(x, call, progress, target)
    else:
        progress.cause = cause
    if any(one.cause is None for one in call.targets):
        return None
    x.cancel_timer(f"ring:{call.id}")
    return _verdict(call)


def _another_may_help(call: Call, cause: Cause) -> bool:
    """Whether the next way out is worth trying; for an emergency everything but the far end's own word is."""
    if call.plan.emergency:
        return cause not in (Cause.BUSY, Cause.REJECTED)
    return cause in _TRY_NEXT_ROUTE


def no_progress(x: Exchange, call: Call, leg: Leg) -> Cause | None:
    """The far side of a leg is silent: give it up, as if it had refused."""
    x.end_leg(leg, Cause.TIMEOUT)
    return leg_over(x, call, leg, Cause.TIMEOUT)


def timed_out(x: Exchange, call: Call) -> Cause:
    """The step's time is up: stop ringing."""
    for progress in call.targets:
        if progress.cause is None:
            progress.cause = Cause.NO_ANSWER
    stop(x, call, Cause.NO_ANSWER)
    return _verdict(call)


def stop(x: Exchange, call: Call, cause: Cause) -> None:
    """End every leg that still rings, and the step's timers."""
    for progress in call.targets:
        stop_target(x, progress, cause)
    x.cancel_timer(f"ring:{call.id}")


def stop_target(x: Exchange, progress: TargetProgress, cause: Cause) -> None:
    """End what still rings of one target."""
    for leg_id in sorted(progress.legs):
        x.cancel_timer(f"progress:{leg_id}")
    x.end_legs(sorted(progress.legs), cause)
    progress.legs.clear()


def _weightier(one: Cause, other: Cause) -> Cause:
    return one if _WEIGHT.index(outcome_of(one)) <= _WEIGHT.index(outcome_of(other)) else other


def _verdict(call: Call) -> Cause:
    verdict: Cause | None = None
    for progress in call.targets:
        cause = progress.cause or Cause.UNREACHABLE
        verdict = cause if verdict is None else _weightier(verdict, cause)
    return verdict or Cause.UNREACHABLE
