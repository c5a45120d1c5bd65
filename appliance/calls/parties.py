"""Calls as their parties see them, told when that changes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from appliance.calls.answering import answers_by_itself
from appliance.calls.call import Call, Phase
from appliance.calls.legs import Leg
from appliance.model.parties import Party, PartyState
from appliance.model.plan import Caller
from appliance.model.records import Direction

if TYPE_CHECKING:
    from appliance.calls.exchange import Exchange
    from appliance.model.ids import CallId, LegId


class Parties:
    """Keeps what was told of every leg of an extension, and finds what changed."""

    def __init__(self) -> None:
        self._touched: set[CallId] = set()
        self._told: dict[LegId, Party] = {}
        self._gone: list[Party] = []

    def touch(self, call: CallId) -> None:
        """Note that something in this call changed."""
        self._touched.add(call)

    def gone(self, leg: Leg) -> None:
        """A leg is over."""
        last = self._told.pop(leg.id, None)
        if last is not None:
            self._gone.append(_ended(last))
        self._touched.add(leg.call)

    def changes(self, x: Exchange) -> tuple[Party, ...]:
        """What is to be told since last asked."""
        out, self._gone = self._gone, []
        if self._touched:
            for leg in x.legs.values():
                if leg.call in self._touched and leg.extension is not None:
                    party, last = seen(x, leg) if leg.live else None, self._told.get(leg.id)
                    if party is not None and last != party:
                        self._told[leg.id] = party
                        out.append(party)
                    elif party is None and last is not None:
                        out.append(_ended(self._told.pop(leg.id)))
            self._touched.clear()
        return tuple(out)

    def current(self) -> tuple[Party, ...]:
        """Every party there is."""
        return tuple(self._told.values())


def seen(x: Exchange, leg: Leg) -> Party | None:
    """The call as this leg sees it; None without a call, or of nobody of ours."""
    call = x.call_of(leg)
    if call is None or leg.extension is None:
        return None
    others = _others(x, call, leg)
    other = others[0] if len(others) == 1 else Caller()
    number = "" if other.withheld else other.number
    name = x.names.of(number, leg.extension)
    if not name and not (leg.extension in x.names.hidden_from and other.name == x.names.of(number)):
        name = other.name
    state = _state(call, leg)
    return Party(
        leg=leg.id,
        call=call.id,
        extension=leg.extension,
        device=leg.device,
        state=state,
        answers=state is PartyState.RINGING and answers_by_itself(call, leg) is not None,
        incoming=leg.direction is Direction.OUTGOING and call.then is None,
        number=number,
        name="" if other.withheld else name,
        others=len(others),
        since=leg.record.answered or leg.record.started,
    )


def _state(call: Call, leg: Leg) -> PartyState:
    if leg.id in call.ringing_legs() and not leg.answered:
        return PartyState.RINGING
    if call.phase is Phase.TALKING and leg.id in call.members:
        return PartyState.HELD if leg.held else PartyState.TALKING
    return PartyState.CALLING


def _others(x: Exchange, call: Call, leg: Leg) -> list[Caller]:
    if call.phase is Phase.TALKING:
        found = [x.live(one) for one in call.members if one != leg.id]
        return [one.party for one in found if one is not None]
    a = x.live(call.a)
    if leg.id in call.ringing_legs() and a is not None:
        return [a.party]
    return [Caller(number=call.record.called or call.record.dialled)]


def _ended(party: Party) -> Party:
    return dataclasses.replace(party, state=PartyState.ENDED, answers=False)
