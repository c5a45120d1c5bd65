"""Execution of a plan: take the next step, follow its outcome, end where nothing follows."""

import dataclasses

from appliance.calls import handing, pin, ringing, talking, waiting
from appliance.calls.call import Call, Phase, Turn
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.model import effects as fx
from appliance.model.causes import SIP_STATUS, Cause
from appliance.model.documents import Application, Language
from appliance.model.plan import AskPin, Feature, Outcome, Plan, Play, Reject, Ring, Run, Step, Wait

MAX_STEPS = 200
"""No plan is that long; a graph with a loop must still end."""


def run(x: Exchange, call: Call) -> None:
    """Take the step at the cursor, and those that follow at once."""
    while True:
        a = x.live(call.a)
        if call.phase is not Phase.SETUP or (a is None and call.then is None):
            return
        call.steps_taken += 1
        step = call.plan.steps[call.cursor] if call.steps_taken <= MAX_STEPS else Reject(cause=Cause.FAILURE)
        if isinstance(step, Ring):
            cause = ringing.start(x, call, step)
            if cause is not None:
                handing.not_taken(x, call, step, cause)
            if cause is None or not _follow(x, call, _after(step, cause), cause):
                return
            continue
        if a is None:
            x.close_call(call, Cause.NO_ANSWER)
            return
        match step:
            case Play():
                _play(x, call, a, step)
                return
            case Run(application=Application.ECHO):
                _echo(x, call, a, step)
                return
            case Run():
                x.start_application(x, call, a, step)
                return
            case Feature():
                x.start_feature(x, call, a, step)
                return
            case Wait():
                if waiting.sit_down(x, call, a, step):
                    return
                if not _follow(x, call, None, Cause.BUSY):
                    return
            case AskPin():
                pin.ask(x, call, a, step)
                return
            case Reject():
                _fail(x, call, step.cause)
                return


def finish(x: Exchange, call: Call, cause: Cause) -> None:
    """The current Ring step ended with this cause: go on."""
    step = call.plan.steps[call.cursor]
    call.targets = []
    following = _after(step, cause) if isinstance(step, Ring) else None
    if isinstance(step, Ring) and following is not None:
        handing.not_taken(x, call, step, cause)
    if _follow(x, call, following, cause):
        run(x, call)


def playback_ended(x: Exchange, call: Call, leg: Leg, playback: int) -> None:
    """What the waiting party heard is over: go on, unless it was something else."""
    if call.phase is not Phase.SETUP or call.a != leg.id or call.playback != playback:
        return
    call.playback = 0
    x.cancel_timer(f"play:{call.id}")
    if call.script:
        _next_of_script(x, call, leg)
        return
    if call.slot:
        x.hear(leg, music(x, call, leg, call.parker))
        return
    step = call.plan.steps[call.cursor]
    if isinstance(step, AskPin):
        pin.prompted(x, call)
        return
    if isinstance(step, Run) and step.application is Application.ECHO:
        x.hear(leg, fx.HearsLegs(legs=frozenset({leg.id})))
        return
    if isinstance(step, Play) and _follow(x, call, step.next.get(Outcome.DONE), Cause.NORMAL):
        run(x, call)


def keyed(x: Exchange, call: Call, digit: str) -> bool:
    """The waiting party pressed a key; True when the step takes keys, so that nobody else gets it."""
    step = call.plan.steps[call.cursor] if call.phase is Phase.SETUP else None
    if not isinstance(step, AskPin) or call.a is None:
        return False
    outcome = pin.key(x, call, step, digit)
    if outcome is not None and _follow(x, call, step.next.get(outcome), Cause.FORBIDDEN):
        run(x, call)
    return True


def seat_ready(x: Exchange, call: Call) -> None:
    """The extension for which the party waited is free."""
    step = call.plan.steps[call.cursor]
    if isinstance(step, Wait) and _follow(x, call, step.next.get(Outcome.DONE), Cause.BUSY):
        run(x, call)


def waited_in_vain(x: Exchange, call: Call) -> None:
    """The party waited as long as it may."""
    if waiting.waits(call):
        waiting.stand_up(x, call)
        _follow(x, call, None, Cause.BUSY)


def pin_timed_out(x: Exchange, call: Call) -> None:
    """No key was pressed for a while."""
    step = call.plan.steps[call.cursor] if call.phase is Phase.SETUP else None
    if isinstance(step, AskPin):
        outcome = pin.give_up(x, call, step)
        if outcome is not None and _follow(x, call, step.next.get(outcome), Cause.FORBIDDEN):
            run(x, call)


def answered(x: Exchange, call: Call, leg: Leg) -> None:
    """A ringing leg answered: the others stop, the two parties talk."""
    a = x.live(call.a)
    stop_others(x, call, leg)
    x.free_slot(call)
    if a is None:
        x.end_leg(leg, Cause.CANCELLED)
        x.close_call(call, Cause.CANCELLED)
        return
    x.answer(a)
    release_transferor(x, call)
    talking.connect(x, call, [a.id, leg.id])


def stop_others(x: Exchange, call: Call, leg: Leg) -> None:
    """One of the ringing legs answered: the others need not."""
    for progress in call.targets:
        progress.legs.discard(leg.id)
    x.cancel_timer(f"progress:{leg.id}")
    ringing.stop(x, call, Cause.ANSWERED_ELSEWHERE)


def join_instead(x: Exchange, call: Call, leg: Leg, other: Call) -> None:
    """Let ``leg``, which made ``call``, answer for those who ring in ``other``, or fetch who waits there."""
    release_transferor(x, call)
    x.move_leg(leg, other)
    x.answer(leg)
    x.merge_call(call, other.id)
    answered(x, other, leg)


def follow_plan(x: Exchange, call: Call, plan: Plan) -> None:
    """Go on with another plan from its first step."""
    call.plan = plan
    call.cursor = 0
    run(x, call)


def continue_with(x: Exchange, call: Call, steps: tuple[Step, ...]) -> None:
    """Go on with steps of our own."""
    follow_plan(x, call, dataclasses.replace(call.plan, steps=steps))


def say(x: Exchange, call: Call, leg: Leg, prompts: list[str]) -> None:
    """Let the waiting party hear prompts one after another; the step goes on as it is."""
    call.script = prompts
    _next_of_script(x, call, leg)


def say_and_end(x: Exchange, call: Call, leg: Leg, prompts: list[str], cause: Cause) -> None:
    """Tell the waiting party something and end the call."""
    language = x.language_of(leg.extension)
    if cause is Cause.NORMAL:
        x.answer(leg)
        x.mark_answered(call)
    plays = [
        Play(prompt=prompt, language=language, answer=False, next={Outcome.DONE: position})
        for position, prompt in enumerate(prompts, start=1)
    ]
    continue_with(x, call, (*plays, Reject(cause=cause)))


def _next_of_script(x: Exchange, call: Call, leg: Leg) -> None:
    _start_playback(x, call, leg, call.script.pop(0), x.language_of(leg.extension))


def abandoned(x: Exchange, call: Call, cause: Cause) -> None:
    """The waiting party has gone: stop everything that was done for it."""
    ringing.stop(x, call, Cause.CANCELLED)
    x.cancel_timer(f"play:{call.id}")
    if waiting.waits(call):
        waiting.stand_up(x, call)
    transferor = x.live(call.transferor)
    if transferor is not None:
        x.emit(fx.TransferResult(leg=transferor.id, sip_status=487))
        x.end_leg(transferor, Cause.NORMAL)
    x.close_call(call, cause)


def release_transferor(x: Exchange, call: Call) -> None:
    """Tell the transferor that it worked, and let them go."""
    transferor = x.live(call.transferor)
    call.transferor = None
    if transferor is not None:
        x.emit(fx.TransferResult(leg=transferor.id, sip_status=200))
        x.end_leg(transferor, Cause.TRANSFERRED)


def _after(step: Ring, cause: Cause) -> int | None:
    """The step that follows this cause."""
    outcome = ringing.outcome_of(cause)
    if outcome is Outcome.NO_LINE and outcome not in step.next:
        outcome = Outcome.UNREACHABLE
    if outcome is Outcome.LIMITED and outcome not in step.next:
        outcome = Outcome.REJECTED
    return step.next.get(outcome)


def _follow(x: Exchange, call: Call, following: int | None, cause: Cause) -> bool:
    if following is not None:
        call.cursor = following
        return True
    _fail(x, call, cause)
    return False


def _fail(x: Exchange, call: Call, cause: Cause) -> None:
    """Nothing follows. A transferor who is still there gets its peer back."""
    a = x.live(call.a)
    transferor = x.live(call.transferor)
    call.transferor = None
    if a is not None and transferor is not None:
        x.emit(fx.TransferResult(leg=transferor.id, sip_status=SIP_STATUS[cause]))
        call.turn(Turn.RESTORE)
        call.a = None
        call.members = [a.id, transferor.id]
        talking.refresh(x, call)
    elif a is not None and call.slot:
        x.settle_parked(x, call, a)
    elif a is not None:
        talking.part(x, call, a, cause)
    else:
        x.close_call(call, cause)


PLAYBACK_LIMIT_MS = 300_000
"""No prompt is longer; a playback whose end is never reported must not hold the line."""


def _play(x: Exchange, call: Call, a: Leg, step: Play) -> None:
    if step.answer:
        x.answer(a)
        x.mark_answered(call)
    elif not a.answered:
        x.open_early(a)
    _start_playback(x, call, a, step.prompt, step.language)


def _echo(x: Exchange, call: Call, a: Leg, step: Run) -> None:
    x.answer(a)
    x.mark_answered(call)
    release_transferor(x, call)
    if step.prompt:
        _start_playback(x, call, a, step.prompt, step.language)
    else:
        x.hear(a, fx.HearsLegs(legs=frozenset({a.id})))


def application_over(x: Exchange, call: Call) -> None:
    """The application has done what it does; the caller is still there."""
    step = call.plan.steps[call.cursor]
    following = step.next.get(Outcome.DONE) if isinstance(step, Run) else None
    if _follow(x, call, following, Cause.NORMAL):
        run(x, call)


def _start_playback(x: Exchange, call: Call, a: Leg, prompt: str, language: Language) -> None:
    call.playback = x.new_playback()
    x.hear(a, fx.HearsFile(name=prompt, language=language, playback=call.playback))
    x.start_timer(f"play:{call.id}", PLAYBACK_LIMIT_MS)
