"""Recording of calls: by code, by rule, of rooms; pause, and the end with its leg.

Theory of operation: a recording (a *tape*) hangs on one leg and consists of stretches without a pause, each
two files: what the leg says and what it hears. ON and PAUSED alternate; ENDING waits until the files are
closed; then the outside is asked to keep it. Nothing here can fail a call: what cannot be recorded is not.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from appliance.calls.legs import Leg
from appliance.errors import IllegalTransition
from appliance.model import effects as fx
from appliance.model.events import RecordingEnded
from appliance.model.features import Action
from appliance.model.ids import LegId, TapeId
from appliance.model.plan import CallKind
from appliance.model.recordings import (
    BeginTape,
    Consent,
    KeepTape,
    RecordingRule,
    Tape,
    TapeAct,
    TapeEnd,
    part,
)
from appliance.model.voice import RecordingEnd, Side

if TYPE_CHECKING:
    from appliance.calls.call import Call
    from appliance.calls.exchange import Exchange

MAX_PARTS = 200


class Reel(StrEnum):
    """Where a tape is."""

    ON = "on"
    PAUSED = "paused"
    ENDING = "ending"


TABLE: dict[tuple[Reel, TapeAct], Reel] = {
    (Reel.ON, TapeAct.PAUSE): Reel.PAUSED,
    (Reel.PAUSED, TapeAct.PAUSE): Reel.PAUSED,
    (Reel.PAUSED, TapeAct.RESUME): Reel.ON,
    (Reel.ON, TapeAct.RESUME): Reel.ON,
    (Reel.ON, TapeAct.STOP): Reel.ENDING,
    (Reel.PAUSED, TapeAct.STOP): Reel.ENDING,
    (Reel.ENDING, TapeAct.STOP): Reel.ENDING,
}
"""(state, act) → next state; any other pair raises."""


@dataclass(slots=True, kw_only=True)
class Taping:
    """A recording in progress."""

    tape: Tape
    reel: Reel = Reel.ON
    parts: int = 0
    running: set[str] = field(default_factory=set)
    """Files being written, by the ids of their effects."""
    end: TapeEnd = TapeEnd.CALL_ENDED

    def turn(self, act: TapeAct) -> None:
        """Move on; raises IllegalTransition for a pair not in the table."""
        try:
            self.reel = TABLE[self.reel, act]
        except KeyError:
            raise IllegalTransition("tape", self.reel.value, act.value) from None


def of_leg(x: "Exchange", leg: LegId) -> Taping | None:
    """The recording of this leg that is not ending."""
    return next(
        (one for one in x.tapes.values() if one.tape.leg == leg and one.reel is not Reel.ENDING), None
    )


def of_call(x: "Exchange", call: "Call") -> Taping | None:
    """A recording of one of its parties that is not ending."""
    return next((found for leg in call.members if (found := of_leg(x, leg)) is not None), None)


def start(x: "Exchange", call: "Call", leg: Leg, by: str) -> bool:
    """Record a leg; False when it cannot be: no room, the leg is recorded or not talking."""
    if x.taping_halted or not leg.live or leg.id not in call.members or of_leg(x, leg.id) is not None:
        return False
    other = next((one for one in (x.live(one) for one in call.members if one != leg.id) if one), None)
    extension = x.snapshot.extensions.get(leg.extension) if leg.extension is not None else None
    taping = Taping(
        tape=Tape(
            tape=TapeId(x.new_id()),
            call=call.id,
            leg=leg.id,
            started=x.now,
            extension=leg.extension,
            own_number=extension.number if extension is not None else leg.party.number,
            party_number="" if other is None or other.party.withheld else other.party.number,
            party_name="" if other is None or other.party.withheld else other.party.name,
            kind=call.record.kind.value,
            by=by,
        )
    )
    x.tapes[taping.tape.tape] = taping
    x.emit(fx.Consult(call=None, serial=0, request=BeginTape(taping.tape)))
    _stretch(x, taping)
    return True


def _stretch(x: "Exchange", taping: Taping) -> None:
    tape = taping.tape
    for side in Side:
        recording = f"tape:{tape.tape}:{taping.parts}:{side.value}"
        taping.running.add(recording)
        x.emit(
            fx.Record(
                leg=tape.leg,
                recording=recording,
                name=part(tape.tape, taping.parts, side.value),
                side=side,
            )
        )
    taping.parts += 1


def pause(x: "Exchange", taping: Taping) -> None:
    """From now on nothing is recorded."""
    taping.turn(TapeAct.PAUSE)
    _close_files(x, taping)


def resume(x: "Exchange", taping: Taping) -> None:
    """Record on."""
    was = taping.reel
    if taping.parts < MAX_PARTS:
        taping.turn(TapeAct.RESUME)
        if was is Reel.PAUSED:
            _stretch(x, taping)


def stop(x: "Exchange", taping: Taping, end: TapeEnd) -> None:
    """End a recording; it is kept when its files are closed."""
    if taping.reel is not Reel.ENDING:
        taping.end = end
    taping.turn(TapeAct.STOP)
    _close_files(x, taping)
    _finish(x, taping)


def _close_files(x: "Exchange", taping: Taping) -> None:
    for recording in sorted(taping.running):
        x.emit(fx.StopRecord(leg=taping.tape.leg, recording=recording))


def _finish(x: "Exchange", taping: Taping) -> None:
    if not taping.running and x.tapes.pop(taping.tape.tape, None) is not None:
        kept = KeepTape(taping.tape, x.now, taping.end, taping.parts)
        x.emit(fx.Consult(call=None, serial=0, request=kept))


def file_closed(x: "Exchange", event: RecordingEnded) -> bool:
    """One file is complete; False when it belongs to no recording of a call."""
    if not event.recording.startswith("tape:"):
        return False
    taping = x.tapes.get(TapeId(event.recording.split(":")[1]))
    if taping is None:
        return True
    taping.running.discard(event.recording)
    if taping.reel is Reel.ENDING:
        _finish(x, taping)
    elif event.end is RecordingEnd.LEG_ENDED:
        stop(x, taping, TapeEnd.CALL_ENDED)
    elif event.end is not RecordingEnd.STOPPED:
        stop(x, taping, TapeEnd.FAILED)
    return True


def leg_gone(x: "Exchange", leg: LegId) -> None:
    """A leg is over: so is its recording, its files are being closed."""
    taping = of_leg(x, leg)
    if taping is not None:
        stop(x, taping, TapeEnd.CALL_ENDED)


def allow(x: "Exchange", *, allowed: bool) -> None:
    """There is room for recordings again, or none any more: the calls go on."""
    x.taping_halted = not allowed
    if not allowed:
        for taping in list(x.tapes.values()):
            stop(x, taping, TapeEnd.DISK_FULL)


# -- by themselves -----------------------------------------------------------------------------------


def automatic(x: "Exchange", call: "Call") -> None:
    """Begin what rules or the room want recorded, once the parties talk."""
    if x.taping_halted or call.untaped or of_call(x, call) is not None:
        return
    members = [leg for leg in (x.live(one) for one in call.members) if leg is not None]
    if call.room is not None:
        if call.room.document.record and members:
            start(x, call, members[0], f"room {call.room.document.number}")
        return
    if len(members) < 2 or not x.snapshot.recording_rules:
        return
    for rule in x.snapshot.recording_rules.values():
        leg = _anchor(call, rule, members)
        if leg is None or not start(x, call, leg, f"rule {rule.name or rule.id}"):
            continue
        if rule.consent is Consent.ANNOUNCE:
            legs = frozenset(one.id for one in members)
            language = x.snapshot.site.language
            x.emit(fx.Announce(legs=legs, names=("recording_notice",), language=language))
        return


def _anchor(call: "Call", rule: RecordingRule, members: list[Leg]) -> Leg | None:
    """The leg that the rule wants recorded; None: the rule is not for this call."""
    if not rule.enabled or (rule.consent is Consent.AGREE and rule.id not in call.consents):
        return None
    record = call.record
    if call.plan.emergency or record.kind is CallKind.EMERGENCY:
        return None
    if rule.directions and record.kind.value not in [one.value for one in rule.directions]:
        return None
    if rule.numbers and record.number not in rule.numbers:
        return None
    if rule.trunks and not any(leg.trunk in rule.trunks for leg in members):
        return None
    if rule.extensions:
        return next((leg for leg in members if leg.extension in rule.extensions), None)
    return next((leg for leg in members if leg.extension is not None), members[0])


# -- by code -----------------------------------------------------------------------------------------

CODES = {
    Action.RECORD: TapeAct.START,
    Action.RECORD_OFF: TapeAct.STOP,
    Action.RECORD_PAUSE: TapeAct.PAUSE,
}


def act(x: "Exchange", call: "Call", leg: Leg, wish: TapeAct, by: str, *, free: bool = False) -> bool:
    """Do what a party or a person at the box wants; False when it cannot be or may not (``free``: may)."""
    if not free and (leg.extension is None or leg.extension not in x.snapshot.recording.may_record):
        return False
    taping = of_leg(x, leg.id) or of_call(x, call)
    match wish:
        case TapeAct.START if taping is None:
            call.untaped = False
            return start(x, call, leg, by)
        case TapeAct.START | TapeAct.RESUME if taping is not None:
            resume(x, taping)
            return taping.reel is Reel.ON
        case TapeAct.PAUSE if taping is not None and taping.reel is Reel.ON:
            pause(x, taping)
        case TapeAct.PAUSE if taping is not None and not free:
            resume(x, taping)  # the same code again
        case TapeAct.PAUSE if taping is not None:
            pass
        case TapeAct.STOP if taping is not None:
            call.untaped = True
            stop(x, taping, TapeEnd.STOPPED)
        case _:
            return False
    return True


def keyed(x: "Exchange", call: "Call", leg: Leg, pressed: str) -> None:
    """A party of ours pressed a key while talking: it may be the last one of a code for recording."""
    if leg.extension is None or leg.extension not in x.snapshot.recording.may_record:
        return
    leg.keyed = (leg.keyed + pressed)[-6:]
    for code in x.snapshot.features.codes:
        if code.action in CODES and leg.keyed.endswith(code.code):
            leg.keyed = ""
            done = act(x, call, leg, CODES[code.action], f"code {leg.party.number or leg.extension}")
            names = ("tone/beep",) if done else ("not_possible",)
            language = x.language_of(leg.extension)
            x.emit(fx.Announce(legs=frozenset({leg.id}), names=names, language=language))
            return
