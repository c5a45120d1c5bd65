"""Calls on the air of one module: at most one a handset, each with a place on the sound bus.

    handset calls:  ESTABLISH → SETUP_ACK, channel → (keys) → RINGING → ANSWER ────────┐
    handset called: ESTABLISH ← RINGING ← ANSWER ← channel → talks ────────────────────┴ RELEASE either way

What a user hears before the answer (dial tone, ringing tone) comes from us, so the channel is open from the
first moment. Hold, transfer and three parties are ours alone: on the air it stays one call.
All but ``listen`` belongs to the thread of the driver.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.numbers import Codec, Event, Ie, Progress, Reason
from appliance.dect.cmbs.slots import Place, SlotBus, free_place
from appliance.model import dect_air as air
from appliance.model.causes import Cause
from appliance.model.ids import DeviceId, LegId
from appliance.ports import SoundUser

KEYS = frozenset(b"0123456789*#ABCD")
_OUR_INSTANCES = 0x8000_0000
"""Calls to handsets are numbered from here on, so that they never meet the module's own."""
log = structlog.get_logger(__name__)
Send = Callable[..., None]
"""Event, elements."""


@dataclass(slots=True)
class AirCall:
    """A call of a handset (``number``)."""

    leg: LegId
    instance: int
    number: int
    from_handset: bool
    place: Place | None = None
    answered: bool = False


class AirCalls:
    """All of one module."""

    def __init__(
        self,
        *,
        send: Send,
        emit: Callable[[air.DectEvent], None],
        bus: SlotBus,
        new_id: Callable[[], str],
        who: Callable[[int], DeviceId | None],
        found: Callable[[int, bool], None],
    ) -> None:
        """``who``: whose handset may call; ``found``: a handset was there, or was searched in vain."""
        self._send = send
        self._emit = emit
        self._bus = bus
        self._new_id = new_id
        self._who = who
        self._found = found
        self._calls: dict[int, AirCall] = {}
        """By instance."""
        self._count = 0
        self._guard = threading.Lock()
        self._users: dict[LegId, SoundUser] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._calls)

    def listen(self, leg: LegId, user: SoundUser | None) -> None:
        """Who speaks in a call; on any thread."""
        with self._guard:
            if user is None:
                self._users.pop(leg, None)
            else:
                self._users[leg] = user
            place = next((one.place for one in list(self._calls.values()) if one.leg == leg), None)
            self._bus.use(leg, place, user)

    # --- orders

    def ring(self, order: air.RingHandset, number: int | None) -> None:
        """Call a handset; None: it is not enrolled here."""
        if number is None or any(one.number == number for one in self._calls.values()):
            cause = Cause.UNREACHABLE if number is None else Cause.BUSY
            self._emit(air.HandsetEnds(leg=order.leg, cause=cause))
            return
        self._count += 1
        call = AirCall(
            leg=order.leg, instance=_OUR_INSTANCES | self._count, number=number, from_handset=False
        )
        self._calls[call.instance] = call
        caller = el.Party(number=order.number, withheld=not order.number, internal=order.internal)
        self._say(
            call,
            Event.CALL_ESTABLISH,
            el.party(Ie.CALLER_PARTY, caller),
            el.party(Ie.CALLED_PARTY, el.Party(number=str(number), plan=no.PLAN_HANDSET)),
            el.name(order.name),
            el.byte(Ie.LINE_ID, 0),
            el.codecs(Codec.LINEAR_WIDEBAND, (Codec.LINEAR_WIDEBAND, Codec.LINEAR)),
        )

    def accept(self, order: air.AcceptHandset) -> None:
        """A call that a handset made rings, or was answered."""
        call = self._of(order.leg)
        if call is None or not call.from_handset or call.answered:
            return
        if not order.answered:
            self._say(call, Event.CALL_PROGRESS, el.byte(Ie.CALL_PROGRESS, Progress.RINGING))
            return
        call.answered = True
        self._say(call, Event.CALL_ANSWER, *_codec(call))

    def show(self, order: air.ShowParty) -> None:
        """Another party is talked with, or waits."""
        call = self._of(order.leg)
        if call is not None:
            party = el.Party(number=order.number, withheld=not order.number)
            self._say(call, Event.CALL_INBAND_INFO, el.party(Ie.CALLER_PARTY, party), el.name(order.name))

    def hang_up(self, order: air.HangUpHandset) -> None:
        """End a call."""
        call = self._of(order.leg)
        if call is not None:
            self._say(call, Event.CALL_RELEASE, el.reason(no.REASONS.get(order.cause, Reason.NORMAL)))
            self._over(call, order.cause, by_remote=False)

    def end_all(self) -> None:
        """We are about to go: nobody shall hear silence."""
        for call in list(self._calls.values()):
            self.hang_up(air.HangUpHandset(leg=call.leg, cause=Cause.RESTART))

    def lost(self) -> None:
        """The module has forgotten every call."""
        for call in list(self._calls.values()):
            self._over(call, Cause.FAILURE)

    # --- what the module tells

    def take(self, frame: Frame) -> None:
        """Raises PeerProtocolError for what cannot be read."""
        instance = el.value_of(frame, Ie.CALL_INSTANCE, 4)
        if frame.event == Event.CALL_ESTABLISH:
            self._called(instance, frame)
            return
        call = self._calls.get(instance)
        if call is None:
            if frame.event == Event.CALL_RELEASE:
                self._complete(instance)
            return
        match frame.event:
            case Event.CALL_PROGRESS:
                if el.value_of(frame, Ie.CALL_PROGRESS, 1) == Progress.RINGING and not call.from_handset:
                    self._found(call.number, True)
                    self._emit(air.HandsetRings(leg=call.leg))
            case Event.CALL_ANSWER if not call.answered:
                self._answered(call, frame)
            case Event.CALL_INBAND_INFO:
                for octet in el.digits_of(frame):
                    if octet == no.RECALL or octet in KEYS:
                        key = "R" if octet == no.RECALL else chr(octet)
                        self._emit(air.HandsetKey(leg=call.leg, key=key))
            case Event.CHANNEL_START_DONE if not el.answered_ok(frame):
                log.warning("cmbs.no_channel", handset=call.number)
                self._say(call, Event.CALL_RELEASE, el.reason(Reason.INSUFFICIENT_RESOURCES))
                self._over(call, Cause.CONGESTION)
            case Event.CALL_RELEASE | Event.CALL_RELEASE_COMPLETE:
                self._released(call, frame)
            case _:
                return

    def _called(self, instance: int, frame: Frame) -> None:
        """A user presses the green key."""
        caller = el.party_of(frame, Ie.CALLER_PARTY).number
        number = int(caller) if caller.isdecimal() and len(caller) < 4 else 0
        handset = self._who(number)
        for old in [one for one in self._calls.values() if one.number == number]:
            # Both began at once, or the end of the call before was lost on the line.
            self._say(old, Event.CALL_RELEASE, el.reason(Reason.USER_BUSY))
            self._over(old, Cause.NORMAL if old.answered else Cause.BUSY)
        call = AirCall(leg=LegId(self._new_id()), instance=instance, number=number, from_handset=True)
        wideband = el.wideband_of(frame, offer=True)
        if handset is None or not self._open_channel(call, wideband=wideband):
            why = Reason.USER_REJECTION if handset is None else Reason.INSUFFICIENT_RESOURCES
            self._say(call, Event.CALL_RELEASE, el.reason(why))
            return
        self._found(number, True)
        self._calls[instance] = call
        digits = "".join(
            one for one in el.party_of(frame, Ie.CALLED_PARTY).number if ord(one) in KEYS or one == "+"
        )
        wideband = call.place is not None and call.place.wideband
        self._emit(air.HandsetCalls(leg=call.leg, handset=handset, digits=digits, wideband=wideband))

    def _answered(self, call: AirCall, frame: Frame) -> None:
        self._found(call.number, True)
        if not self._open_channel(call, wideband=el.wideband_of(frame, offer=False)):
            self._say(call, Event.CALL_RELEASE, el.reason(Reason.INSUFFICIENT_RESOURCES))
            self._over(call, Cause.CONGESTION)
            return
        call.answered = True
        self._emit(air.HandsetAnswers(leg=call.leg, wideband=call.place is not None and call.place.wideband))

    def _released(self, call: AirCall, frame: Frame) -> None:
        if frame.event == Event.CALL_RELEASE:
            self._complete(call.instance)
        reason = el.reason_of(frame)
        cause = no.CAUSES.get(reason, Cause.FAILURE)
        if reason in (Reason.USER_DETACHED, Reason.USER_NOT_IN_RANGE):
            self._found(call.number, False)
        self._over(call, cause)

    # --- small pieces

    def _open_channel(self, call: AirCall, *, wideband: bool) -> bool:
        """Give the call a place on the bus and open its sound; False: the bus is full or gone."""
        taken = frozenset(
            lane for one in self._calls.values() if one.place is not None for lane in one.place.lanes
        )
        place = free_place(taken, wideband=wideband)
        if place is None and wideband:
            place = free_place(taken, wideband=False)
        if place is None or self._bus.trouble:
            log.warning("cmbs.no_place", handset=call.number, why=self._bus.trouble or "the bus is full")
            return False
        call.place = place
        if call.from_handset:
            self._say(
                call,
                Event.CALL_PROGRESS,
                el.byte(Ie.CALL_PROGRESS, Progress.SETUP_ACK),
                *_codec(call),
            )
        self._say(
            call,
            Event.CHANNEL_START,
            el.channel(el.Channel(number=place.lane, slots=place.slots)),
            *_codec(call),
        )
        with self._guard:
            user = self._users.get(call.leg)
            if user is not None:
                self._bus.use(call.leg, place, user)
        return True

    def _over(self, call: AirCall, cause: Cause, *, by_remote: bool = True) -> None:
        if self._calls.pop(call.instance, None) is None:
            return
        with self._guard:
            self._users.pop(call.leg, None)
            self._bus.use(call.leg, None)
        if call.place is not None:
            self._say(
                call,
                Event.CHANNEL_STOP,
                el.channel(el.Channel(number=call.place.lane, slots=call.place.slots)),
            )
        self._emit(air.HandsetEnds(leg=call.leg, cause=cause, by_remote=by_remote))

    def _of(self, leg: LegId) -> AirCall | None:
        return next((one for one in self._calls.values() if one.leg == leg), None)

    def _say(self, call: AirCall, event: Event, *elements: Element) -> None:
        self._send(event, el.long(Ie.CALL_INSTANCE, call.instance), *elements)

    def _complete(self, instance: int) -> None:
        self._send(Event.CALL_RELEASE_COMPLETE, el.long(Ie.CALL_INSTANCE, instance))


def _codec(call: AirCall) -> tuple[Element, ...]:
    wideband = call.place is not None and call.place.wideband
    used = Codec.LINEAR_WIDEBAND if wideband else Codec.LINEAR
    return (el.codecs(used, (used,)),)
