"""Telephones as legs: effects become words to ports, what users do becomes events (``ports.LegPort``).

A port (analog, or the base's side of a cordless handset) has one user and up to three calls: one that is
talked with, one held, one waiting or ringing; each is a leg with a place of its own in the mixer. Who is
talked with hears the telephone; a second party of a three-party call is joined in the port. Everything but
``reported`` runs on the engine thread.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import structlog

from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import LineState
from appliance.fxs.seat import Seat, other_of, refusal, ring_kind, shown, tone_of
from appliance.fxs.services import Parties
from appliance.fxs.steps import (
    BellAnswered,
    BellRefused,
    CallOver,
    CallTaken,
    CallWanted,
    Connected,
    FaxHeard,
    HungUp,
    KeyPressed,
    Other,
    OtherChanged,
    Report,
    RingOver,
    RingWanted,
    ServiceWanted,
    SoundChanged,
    StateShown,
)
from appliance.fxs.tap import Tap
from appliance.fxs.tones import PortTone
from appliance.media.spandsp.keys import KeySounder
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.events import (
    LegAnswered,
    LegDigit,
    LegEnded,
    LegFax,
    LegHeld,
    LegIncoming,
    LegRinging,
    LegTrying,
)
from appliance.model.ids import DeviceId, LegId
from appliance.model.plan import Caller, FromDevice
from appliance.ports import EventSink, MediaPort, TrunkState

log = structlog.get_logger(__name__)


class Telephones(Parties):
    """Ports with a telephone behind each; each kind says who is at which port."""

    kind = ""
    """What a call of such a port says of its source: ``analog``."""

    def __init__(self, *, media: MediaPort, new_id: Callable[[], str]) -> None:
        super().__init__(media)
        self._new_id = new_id
        self._seats: dict[str, Seat] = {}
        self._sink: EventSink | None = None
        self._reports: deque[tuple[str, Report]] = deque()
        self._keys = KeySounder(on_ms=100, off_ms=60)
        self._lamps: deque[tuple[DeviceId, int]] = deque()
        self._messages: dict[DeviceId, int] = {}

    def reported(self, port: str, report: Report) -> None:
        """What a port tells; on its thread."""
        self._reports.append((port, report))

    def light(self, device: DeviceId, messages: int) -> None:
        """So many new messages wait for this telephone's user; on any thread."""
        self._lamps.append((device, messages))

    # --- LegPort, as far as it is the same for all

    def start(self, sink: EventSink) -> None:
        """Let the ports begin."""
        self._sink = sink
        for seat in self._seats.values():
            seat.port.start()

    def stop(self) -> None:
        """End every leg, let go of the lines."""
        for seat in self._seats.values():
            seat.port.stop()
        for leg in list(self._by_leg):
            self._over(leg, Cause.RESTART, by_remote=False)
        self.poll()

    def poll(self) -> None:
        """Hand over what happened."""
        while self._lamps:
            device, messages = self._lamps.popleft()
            self._messages[device] = messages
            for each in self._seats.values():
                if each.device is not None and each.device.id == device:
                    self._configure(each)
        while self._reports:
            name, report = self._reports.popleft()
            seat = self._seats.get(name)
            if seat is not None:
                self._take(seat, report)
        while self._events and self._sink is not None:
            self._sink(self._events.popleft())

    def _configure(self, seat: Seat) -> None:
        """Tell a port what the office wants, and what messages wait."""
        settings, device = seat.settings, seat.device
        if settings is None or device is None:
            return
        messages = self._messages.get(device.id, 0)
        if messages:
            line = replace(settings.line, something_set=True)
            settings = replace(settings, line=line, messages=messages)
        seat.port.configure(settings)

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """There are no trunks here."""
        return ()

    def seat_of(self, endpoint: fx.Endpoint) -> Seat | None:
        """Where a call for this one goes; None: not to a port of ours."""
        raise NotImplementedError

    def execute(self, effect: fx.LegEffect) -> None:
        """Do it; what has no meaning for a telephone without a display of its own is left."""
        if isinstance(effect, fx.Originate):
            self._originate(effect)
            return
        if isinstance(effect, fx.Announce):
            return
        seat = self._by_leg.get(effect.leg)
        if seat is None:
            return
        match effect:
            case fx.SendRinging() if effect.leg == seat.current:
                seat.port.tell(CallTaken(tone=PortTone.RINGBACK))
            case fx.SendEarlyMedia() if effect.leg == seat.current:
                seat.port.tell(CallTaken())
            case fx.Answer():
                if effect.leg == seat.current:
                    seat.port.tell(Connected())
                self._give(LegAnswered(leg=effect.leg))
            case fx.EndLeg():
                self._end(seat, effect.leg, effect.cause)
            case fx.CarryFax():
                self._carry_fax(seat, effect.leg)
            case fx.SendDigit():
                seat.legs[effect.leg].tap.play(self._keys.sound(effect.digit))
            case fx.TransferResult() if effect.sip_status >= 300 and seat.held is None:
                self._transfer_failed(seat, effect.leg)
            case _:
                return

    def _carry_fax(self, seat: Seat, leg: LegId) -> None:
        """From now on no sample may be changed; a port for faxes is so from the start."""
        made = seat.legs[leg]
        if made.tap.data:
            return
        log.info("telephone.carries_fax", port=seat.port.id)
        made.tap = Tap(data=True)
        self._media.attach(leg, made.tap, exact=True)
        seat.connect()
        seat.port.carry_fax()

    # --- towards telephones

    def _originate(self, effect: fx.Originate) -> None:
        seat = self.seat_of(effect.endpoint)
        why_not = Cause.UNREACHABLE if seat is None else refusal(seat)
        if seat is None or why_not is not None:
            cause = why_not or Cause.UNREACHABLE
            self._give(LegEnded(leg=effect.leg, cause=cause, by_remote=False, quality=self.quality(None)))
            return
        party = shown(effect.present)
        self._add(seat, effect.leg, party)
        self._give(LegTrying(leg=effect.leg))
        seat.coming = effect.leg
        if seat.state == LineState.IDLE:
            seat.port.tell(RingWanted(caller=party, kind=ring_kind(effect.present)))
        else:
            seat.port.tell(OtherChanged(other=Other.WAITING, caller=party))
            self._give(LegRinging(leg=effect.leg))

    def _end(self, seat: Seat, leg: LegId, cause: Cause) -> None:
        """Call control lets a party of this user go."""
        if leg == seat.coming:
            seat.coming = None
            seat.returning = False
            ringing = seat.current is None and seat.state in (LineState.IDLE, LineState.RINGING)
            seat.port.tell(RingOver() if ringing else OtherChanged(other=other_of(seat)))
        elif leg == seat.held:
            seat.held = None
            seat.port.tell(OtherChanged(other=other_of(seat)))
        elif leg == seat.third:
            seat.third = None
            seat.connect()
        elif leg == seat.current:
            seat.current, seat.third = seat.third, None
            seat.connect()
            if seat.current is None:
                seat.port.tell(CallOver(tone=tone_of(cause)))
        self._over(leg, cause, by_remote=False)

    def _transfer_failed(self, seat: Seat, leg: LegId) -> None:
        """The user hears that it is done and may be gone: the party comes back."""
        log.info("telephone.transfer_failed", port=seat.port.id)
        if seat.current is not None and seat.current != leg:
            ended, seat.current = seat.current, None
            self._over(ended, Cause.NORMAL, by_remote=True)
        if leg in seat.legs:
            seat.current, seat.held = None, leg
            if seat.state == LineState.IDLE:
                self._come_back(seat)
            else:
                seat.port.tell(OtherChanged(other=Other.HELD))

    # --- from telephones

    def _take(self, seat: Seat, report: Report) -> None:
        match report:
            case StateShown():
                seat.state = report.state
                if report.state == LineState.RINGING and seat.coming is not None and not seat.returning:
                    self._give(LegRinging(leg=seat.coming))
            case CallWanted():
                self._wanted(seat, report)
            case BellAnswered():
                self._answered(seat)
            case BellRefused():
                self._refused(seat, report.cause)
            case FaxHeard() if seat.current is not None:
                self._give(LegFax(leg=seat.current))
            case KeyPressed() if seat.current is not None:
                self._give(LegDigit(leg=seat.current, digit=report.key))
            case ServiceWanted():
                self._serve(seat, report.service)
            case HungUp():
                self._hung_up(seat)
            case SoundChanged():
                self._retap(seat, wideband=report.wideband)
            case _:
                return

    def _wanted(self, seat: Seat, wanted: CallWanted) -> None:
        device, extension = seat.device, seat.extension
        if device is None or extension is None:
            log.info("telephone.nobody_s_port", port=seat.port.id)
            seat.port.tell(CallOver(tone=PortTone.REJECTED))
            return
        leg = LegId(self._new_id())
        self._add(seat, leg, Shown(number=wanted.number))
        seat.current = leg
        seat.connect()
        self._give(
            LegIncoming(
                leg=leg,
                origin=FromDevice(device=device.id, extension=extension.id),
                caller=Caller(number=extension.number, name=extension.name),
                dialled=wanted.number,
                source=f"{self.kind}:{seat.port.id}",
            )
        )

    def _answered(self, seat: Seat) -> None:
        leg, seat.coming = seat.coming, None
        if leg is None:
            seat.port.tell(CallOver())
            return
        seat.current = leg
        seat.connect()
        if seat.returning:
            seat.returning = False
            self._give(LegHeld(leg=leg, held=False))
        else:
            self._give(LegAnswered(leg=leg))

    def _refused(self, seat: Seat, cause: Cause) -> None:
        leg, seat.coming = seat.coming, None
        seat.returning = False
        if leg is not None:
            self._over(leg, cause, by_remote=True)
