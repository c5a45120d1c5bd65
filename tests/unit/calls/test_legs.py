"""The tables of legs and calls: every cell, and that what is not listed raises."""

import itertools

import pytest

from appliance.calls.call import PHASES, Call, Phase, Turn
from appliance.calls.legs import TABLE, Act, LegState, Report, next_state
from appliance.errors import IllegalTransition
from appliance.model.causes import Cause
from appliance.model.ids import CallId
from appliance.model.plan import CallKind, Plan, Reject
from appliance.model.records import CallRecord
from tests.unit.calls.office import NOW


@pytest.mark.parametrize(("state", "given"), list(itertools.product(LegState, [*Act, *Report])))
def test_every_pair_moves_as_listed_or_raises(state: LegState, given: Act | Report) -> None:
    if (state, given) in TABLE:
        assert next_state(state, given) is TABLE[state, given]
    else:
        with pytest.raises(IllegalTransition) as caught:
            next_state(state, given)
        assert caught.value.error_id == "internal.transition"


def test_every_living_state_can_end_from_either_side() -> None:
    for state in LegState:
        if state is LegState.ENDED:
            continue
        assert TABLE[state, Report.ENDED] is LegState.ENDED
        assert TABLE[state, Act.END] is LegState.ENDING


def test_nothing_leaves_ended() -> None:
    assert not [pair for pair in TABLE if pair[0] is LegState.ENDED]


@pytest.mark.parametrize(("phase", "turn"), list(itertools.product(Phase, Turn)))
def test_calls_turn_as_listed_or_raise(phase: Phase, turn: Turn) -> None:
    record = CallRecord(
        call=CallId("c"), kind=CallKind.INTERNAL, started=NOW, caller_number="", caller_name="",
        withheld=False, dialled="", called="",
    )  # fmt: skip
    plan = Plan(kind=CallKind.INTERNAL, steps=(Reject(cause=Cause.FAILURE),))
    call = Call(id=CallId("c"), record=record, plan=plan, phase=phase)
    if (phase, turn) in PHASES:
        call.turn(turn)
        assert call.phase is PHASES[phase, turn]
    else:
        with pytest.raises(IllegalTransition):
            call.turn(turn)
