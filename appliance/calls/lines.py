"""What the lamps of others show of an extension: derived from its legs, published when it changes.

An extension that talks is *confirmed*, one that is rung or waits for an answer *early* (RFC 4235 §3.7.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.calls.legs import Leg, LegState
from appliance.model.effects import LineState, PublishLine
from appliance.model.records import Direction

if TYPE_CHECKING:
    from appliance.calls.exchange import Exchange
    from appliance.model.ids import ExtensionId

_STATES: dict[LegState, LineState] = {
    LegState.OFFERED: LineState.EARLY,
    LegState.ALERTED: LineState.EARLY,
    LegState.EARLY_IN: LineState.EARLY,
    LegState.RINGING: LineState.EARLY,
    LegState.EARLY_OUT: LineState.EARLY,
    LegState.ANSWERING: LineState.CONFIRMED,
    LegState.CONNECTED: LineState.CONFIRMED,
}


class Lines:
    """Keeps the last published state per extension and finds those that changed."""

    def __init__(self) -> None:
        self._touched: set[ExtensionId] = set()
        self._published: dict[ExtensionId, PublishLine] = {}

    def touch(self, extension: ExtensionId | None) -> None:
        """Note that a leg of this extension changed."""
        if extension is not None:
            self._touched.add(extension)

    def changes(self, exchange: Exchange) -> list[PublishLine]:
        """The states to publish since last asked."""
        out: list[PublishLine] = []
        for extension_id in self._touched:
            extension = exchange.snapshot.extensions.get(extension_id)
            if extension is None:
                self._published.pop(extension_id, None)
                continue
            line = _line(exchange, extension_id, extension.number)
            if self._published.get(extension_id) != line:
                if line.state is LineState.TERMINATED:
                    if extension_id in self._published:
                        out.append(line)
                    self._published.pop(extension_id, None)
                else:
                    self._published[extension_id] = line
                    out.append(line)
        self._touched.clear()
        return out

    def current(self) -> tuple[PublishLine, ...]:
        """The state of every extension that is not idle."""
        return tuple(self._published.values())


def _line(exchange: Exchange, extension: ExtensionId, number: str) -> PublishLine:
    best: Leg | None = None
    best_state = LineState.TERMINATED
    for leg in exchange.index.of_extension(extension).values():
        state = _STATES.get(leg.state, LineState.TERMINATED)
        if state is LineState.CONFIRMED or (state is LineState.EARLY and best is None):
            best, best_state = leg, state
            if state is LineState.CONFIRMED:
                break
    if best is None:
        return PublishLine(extension=extension, number=number, state=LineState.TERMINATED)
    call = exchange.calls.get(best.call)
    incoming = best.direction is Direction.OUTGOING  # seen from the phone: it is being called
    remote_number = remote_name = ""
    if call is not None:
        if not incoming:
            remote_number = call.record.called
        elif not call.record.withheld:
            remote_number, remote_name = call.record.caller_number, call.record.caller_name
    return PublishLine(
        extension=extension,
        number=number,
        state=best_state,
        incoming=incoming,
        remote_number=remote_number,
        remote_name=remote_name,
    )
