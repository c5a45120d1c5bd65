"""Carries out dialogues: one input at a time, looked up in the table of the scene.

An input that a scene does not list is ignored when it is a key, and ends the dialogue when it is anything
else: nobody is left in a scene that nothing leads out of.
"""

import dataclasses

from appliance.calls import call_back, steps, talking
from appliance.calls.call import Call, Phase
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.calls.voice.catalogue import DIALOGUES
from appliance.calls.voice.dialogue import KEYS, Input, Leave, Next, Scene, Stage, Talk, Way, targets
from appliance.errors import IllegalTransition
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Application
from appliance.model.events import Consulted, RecordingEnded
from appliance.model.plan import CallRequest, Run

ASK_MS = 15_000
"""The outside has failed when it says nothing for so long."""
MAX_MOVES = 100
"""A dialogue that goes through more scenes without a key or a word is one that goes round by itself."""
MAX_AHEAD = 20
LISTEN_MS = 600_000
"""No list of prompts is longer; one whose end is never reported must not hold the line."""
MAX_DIALS = 20
"""So often one party may be sent on by dialogues within one call."""


def start(x: Exchange, call: Call, a: Leg, step: Run) -> None:
    """Answer the party with the step's dialogue; an application may be one that does not answer."""
    if step.application is Application.CALL_BACK:
        call_back.turned_away(x, call, a, step)
        return
    x.answer(a)
    x.mark_answered(call)
    steps.release_transferor(x, call)
    dialogue = DIALOGUES[step.application]
    talk = Talk(x=x, call=call, leg=a, step=step, language=step.language, dialogue=dialogue)
    call.talk = talk
    _go(talk, dialogue.begin(talk))


def runs(call: Call, leg: Leg) -> Talk | None:
    """The dialogue this leg is in."""
    talk = call.talk
    if isinstance(talk, Talk) and talk.leg.id == leg.id and call.phase is Phase.SETUP and call.a == leg.id:
        return talk
    return None


def key(talk: Talk, pressed: str) -> None:
    """The party pressed a key."""
    talk.moves = 0
    if pressed not in KEYS:
        return
    scene = talk.dialogue.scenes[talk.scene]
    match talk.stage:
        case Stage.ASKING:
            talk.ahead = (talk.ahead + pressed)[:MAX_AHEAD]
        case Stage.RECORDING:
            _stop_recording(talk)
        case Stage.SAYING if not scene.interruptible(talk):
            pass
        case Stage.SAYING if scene.take is not None and pressed not in scene.on:
            pass  # a stray key must not cost the caller the greeting, nor the recording after it
        case Stage.SAYING | Stage.WAITING if scene.keys:
            _take_key(talk, pressed)
        case Stage.SAYING | Stage.WAITING if Input.SAID in scene.on and pressed == "#":
            _hush(talk)
            _input(talk, Input.SAID)  # the hash key skips what is only said
        case Stage.SAYING if _leads_on(scene):
            talk.ahead = (talk.ahead + pressed)[:MAX_AHEAD]  # who knows the way need not listen
            _hush(talk)
            _input(talk, Input.SAID)
        case _:
            pass


def playback_ended(talk: Talk, playback: int) -> None:
    """What was said is over."""
    if talk.stage is Stage.SAYING and talk.call.playback == playback:
        talk.call.playback = 0
        talk.moves = 0
        _said(talk)


def timed_out(talk: Talk) -> None:
    """The timer of the scene ran out."""
    match talk.stage:
        case Stage.ASKING:
            _input(talk, Input.FAILED)
        case Stage.SAYING:
            talk.call.playback = 0
            _said(talk)
        case Stage.WAITING if talk.keyed:
            _entered(talk)
        case Stage.WAITING:
            _input(talk, Input.SILENCE)
        case _:
            pass


def consulted(talk: Talk, event: Consulted) -> None:
    """The outside replied."""
    if talk.stage is Stage.ASKING and event.serial == talk.serial:
        talk.reply = event.reply
        _input(talk, Input.FAILED if event.reply is None else Input.REPLIED)


def recording_ended(talk: Talk, event: RecordingEnded) -> None:
    """A recording of the party is over."""
    if talk.stage is Stage.RECORDING and event.recording == talk.recording:
        talk.recording = ""
        talk.recorded = event
        _input(talk, Input.RECORDED)


def left(call: Call) -> None:
    """The party has gone, or was put elsewhere: end what was going on."""
    talk = call.talk
    call.talk = None
    if not isinstance(talk, Talk) or talk.stage is Stage.OVER:
        return
    talk.x.cancel_timer(f"talk:{call.id}")
    if talk.recording:
        talk.x.emit(fx.StopRecord(leg=talk.leg.id, recording=talk.recording))
    if talk.dialogue.hung_up is not None:
        talk.dialogue.hung_up(talk)
    talk.stage = Stage.OVER


# -- scenes ------------------------------------------------------------------------------------------


def _go(talk: Talk, to: Next) -> None:
    """Enter a scene, or leave."""
    if isinstance(to, Leave):
        _leave(talk, to)
        return
    x, call = talk.x, talk.call
    talk.moves += 1
    if talk.moves > MAX_MOVES:
        _leave(talk, Leave(Way.HANG_UP))
        return
    talk.tries = talk.tries + 1 if to == talk.scene else 1
    talk.scene = to
    talk.keyed = ""
    talk.heard = False
    talk.serial = x.new_playback()
    scene = talk.dialogue.scenes[to]
    if scene.ask is not None:
        talk.stage = Stage.ASKING
        x.emit(fx.Consult(call=call.id, serial=talk.serial, request=scene.ask(talk)))
        x.start_timer(f"talk:{call.id}", ASK_MS)
        return
    talk.stage = Stage.SAYING
    names = tuple(scene.say(talk))
    if talk.ahead and scene.interruptible(talk) and _goes_ahead(talk, scene):
        return
    if talk.ahead and scene.keys and scene.interruptible(talk):
        ahead, talk.ahead = talk.ahead, ""
        _wait(talk)
        _replay(talk, ahead)
    elif names:
        call.playback = x.new_playback()
        x.hear(talk.leg, fx.HearsList(names=names, language=talk.language, playback=call.playback))
        x.start_timer(f"talk:{call.id}", LISTEN_MS)
    else:
        _said(talk)


def _leads_on(scene: Scene) -> bool:
    """True where nothing is done but to say something before another scene."""
    move = scene.on.get(Input.SAID)
    return not scene.keys and scene.take is None and move is not None and isinstance(move.to, str)


def _goes_ahead(talk: Talk, scene: Scene) -> bool:
    """Take keys pressed before a scene that does not wait for any; True when it is behind us."""
    if scene.take is not None:
        first, talk.ahead = talk.ahead[0], talk.ahead[1:]
        if first in scene.on:
            _input(talk, first)
            return True
        talk.ahead = ""  # stray keys, which must not end the recording
        return False
    if _leads_on(scene):
        _input(talk, Input.SAID)
        return True
    return False


def _replay(talk: Talk, ahead: str) -> None:
    """Take keys that were pressed before the scene was there."""
    scene = talk.scene
    for position, pressed in enumerate(ahead):
        _take_key(talk, pressed)
        if talk.stage is Stage.OVER:
            return
        if talk.scene != scene or talk.stage is not Stage.WAITING:
            rest = ahead[position + 1 :]
            if rest and talk.stage is Stage.ASKING:
                talk.ahead = rest
            elif rest and talk.stage in (Stage.SAYING, Stage.WAITING):
                for one in rest:
                    key(talk, one)
            return


def _said(talk: Talk) -> None:
    talk.heard = True
    scene = talk.dialogue.scenes[talk.scene]
    if scene.take is not None:
        wish = scene.take(talk)
        talk.stage = Stage.RECORDING
        talk.recording = f"{talk.call.id}-{talk.serial}"
        talk.x.cancel_timer(f"talk:{talk.call.id}")
        talk.x.hear(talk.leg, fx.HearsNothing())
        talk.x.emit(
            fx.Record(
                leg=talk.leg.id,
                recording=talk.recording,
                name=wish.name,
                longest_ms=wish.longest_ms,
                silence_ms=wish.silence_ms,
            )
        )
    elif scene.keys or scene.hears is not None:
        _wait(talk)
    else:
        _input(talk, Input.SAID)


def _wait(talk: Talk) -> None:
    scene = talk.dialogue.scenes[talk.scene]
    talk.stage = Stage.WAITING
    talk.call.playback = 0
    talk.x.hear(talk.leg, scene.hears(talk) if scene.hears is not None else fx.HearsNothing())
    patience_ms = scene.patience_ms(talk)
    if patience_ms:
        talk.x.start_timer(f"talk:{talk.call.id}", patience_ms)
    else:
        talk.x.cancel_timer(f"talk:{talk.call.id}")


def _hush(talk: Talk) -> None:
    """Stop what is being said."""
    if talk.stage is Stage.SAYING:
        talk.call.playback = 0
        talk.x.hear(talk.leg, fx.HearsNothing())


def _take_key(talk: Talk, pressed: str) -> None:
    scene = talk.dialogue.scenes[talk.scene]
    if talk.stage is Stage.SAYING:
        _wait(talk)
    if not talk.keyed and pressed in scene.on:
        _input(talk, pressed)
        return
    digits = scene.digits
    if digits is None:
        if Input.WRONG in scene.on:
            _input(talk, Input.WRONG)
        return
    if pressed == "#":
        _entered(talk)
        return
    if not talk.keyed and scene.hears is not None:
        talk.x.hear(talk.leg, fx.HearsNothing())  # the dial tone ends with the first digit
    talk.keyed += pressed
    if len(talk.keyed) >= digits.longest or (digits.complete and digits.complete(talk, talk.keyed)):
        _entered(talk)
    else:
        talk.x.start_timer(f"talk:{talk.call.id}", digits.pause_ms)


def _entered(talk: Talk) -> None:
    talk.entered, talk.keyed = talk.keyed, ""
    _input(talk, Input.ENTERED)


def _stop_recording(talk: Talk) -> None:
    talk.x.emit(fx.StopRecord(leg=talk.leg.id, recording=talk.recording))


def _input(talk: Talk, given: str) -> None:
    """Look an input up and follow it."""
    talk.x.cancel_timer(f"talk:{talk.call.id}")
    move = talk.dialogue.scenes[talk.scene].on.get(given)
    if move is None:
        _leave(talk, Leave(Way.HANG_UP))
        return
    chosen = move.do(talk) if move.do is not None else None
    if talk.stage is Stage.OVER:
        return
    if chosen is not None and not _listed(chosen, targets(move)):
        raise IllegalTransition(
            "dialogue", f"{talk.step.application.value}/{talk.scene}", f"{given} → {chosen}"
        )
    _go(talk, chosen if chosen is not None else move.to)


def _listed(chosen: Next, listed: tuple[Next | Way, ...]) -> bool:
    return chosen in listed or (isinstance(chosen, Leave) and chosen.way in listed)


# -- the way out -------------------------------------------------------------------------------------


def _leave(talk: Talk, leave: Leave) -> None:
    x, call, leg = talk.x, talk.call, talk.leg
    x.cancel_timer(f"talk:{call.id}")
    talk.stage = Stage.OVER
    if call.talk is talk:
        call.talk = None
    match leave.way:
        case Way.TAKEN:
            return
        case Way.BRANCH if leave.to in talk.step.branches:
            x.hear(leg, fx.HearsNothing())
            call.cursor = talk.step.branches[leave.to]
            steps.run(x, call)
        case Way.DIAL if leave.to:
            _dial(talk, leave)
        case Way.DONE:
            x.hear(leg, fx.HearsNothing())
            steps.application_over(x, call)
        case _:
            talking.part(x, call, leg, Cause.NORMAL)


def _dial(talk: Talk, leave: Leave) -> None:
    """Plan as if the party had dialled this; a party that may not dial is told so by the plan."""
    x, call, leg = talk.x, talk.call, talk.leg
    call.dials += 1
    if leg.origin is None or call.dials > MAX_DIALS:
        talking.part(x, call, leg, Cause.FORBIDDEN)
        return
    request = CallRequest(origin=leg.origin, caller=leg.party, dialled=leave.to, menu=leave.menu)
    plan = x.plan(request)
    x.update_call(call, reasons=(*call.record.reasons, *plan.reasons))
    if plan.emergency:
        x.update_call(call, kind=plan.kind, called=plan.called)
    x.hear(leg, music(x, call, leg))
    call.steps_taken = 0
    steps.follow_plan(x, call, dataclasses.replace(plan, number=call.plan.number, notify=call.plan.notify))
