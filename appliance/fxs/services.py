"""What the user of a port does with parties by the R key and the hook: hold, swap, join, transfer, let go."""

from collections import deque

from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.line_settings import LineState
from appliance.fxs.seat import Seat, SeatLeg
from appliance.fxs.steps import CallOver, Connected, RingWanted, Service
from appliance.fxs.tap import Tap
from appliance.model.causes import Cause
from appliance.model.events import Event, LegAnswered, LegEnded, LegHeld, LegTransfer, Quality
from appliance.model.ids import LegId
from appliance.ports import MediaPort


class Parties:
    """The legs of all ports, and what their users do with them. Engine thread only."""

    def __init__(self, media: MediaPort) -> None:
        self._media = media
        self._events: deque[Event] = deque()
        self._by_leg: dict[LegId, Seat] = {}

    def quality(self, seat: Seat | None) -> Quality:
        """What records say of the sound of a port's call; None: there was no call."""
        raise NotImplementedError

    # --- legs

    def _add(self, seat: Seat, leg: LegId, party: Shown) -> None:
        made = SeatLeg(tap=Tap(data=seat.fax, wideband=seat.wideband), party=party)
        seat.legs[leg] = made
        self._by_leg[leg] = seat
        self._media.attach(leg, made.tap, exact=seat.fax, wideband=seat.wideband)

    def _retap(self, seat: Seat, *, wideband: bool) -> None:
        """The telephone's sound is another from now on, and so is that of all who hear it."""
        if seat.wideband == wideband:
            return
        seat.wideband = wideband
        for leg, made in seat.legs.items():
            made.tap = Tap(wideband=wideband)
            self._media.attach(leg, made.tap, wideband=wideband)
        seat.connect()

    def _over(self, leg: LegId, cause: Cause, *, by_remote: bool) -> None:
        seat = self._by_leg.pop(leg, None)
        if seat is not None:
            seat.legs.pop(leg, None)
            self._media.detach(leg)
            self._give(LegEnded(leg=leg, cause=cause, by_remote=by_remote, quality=self.quality(seat)))

    def _give(self, event: Event) -> None:
        # Not at once: call control may be in the middle of another event.
        self._events.append(event)

    # --- services

    def _serve(self, seat: Seat, service: Service) -> None:
        match service:
            case Service.HOLD:
                self._hold(seat)
                seat.connect()
            case Service.TAKE_BACK | Service.DROP_AND_TAKE:
                dropped, seat.current = seat.current, None
                if dropped is not None:
                    self._over(dropped, Cause.NORMAL, by_remote=True)
                self._take_other(seat)
            case Service.SWAP:
                other = seat.held if seat.held is not None else seat.coming
                was_held = seat.held is not None
                seat.held = None
                self._hold(seat)
                self._talk(seat, other, was_held=was_held)
            case Service.REJECT:
                other = seat.held if seat.held is not None else seat.coming
                cause = Cause.NORMAL if seat.held is not None else Cause.REJECTED
                seat.held = seat.coming = None
                if other is not None:
                    self._over(other, cause, by_remote=True)
            case Service.CONFERENCE:
                self._join(seat)
            case Service.TRANSFER:
                held, current = seat.held, seat.current
                seat.held = None
                if held is not None and current is not None:
                    self._give(LegTransfer(leg=held, target="", replaces=current))

    def _hold(self, seat: Seat) -> None:
        third = seat.third
        seat.held, seat.current, seat.third = seat.current, None, None
        if seat.held is not None:
            self._give(LegHeld(leg=seat.held, held=True))
        if third is not None:
            # Two cannot be held by one telephone: whoever was joined goes on with nobody.
            self._over(third, Cause.NORMAL, by_remote=True)

    def _take_other(self, seat: Seat) -> None:
        was_held = seat.held is not None
        other = seat.held if was_held else seat.coming
        seat.held = None
        self._talk(seat, other, was_held=was_held)

    def _talk(self, seat: Seat, leg: LegId | None, *, was_held: bool) -> None:
        """Make it the party that is talked with."""
        if leg is None:
            seat.connect()
            seat.port.tell(CallOver())
            return
        if leg == seat.coming:
            seat.coming = None
        seat.current = leg
        seat.connect()
        seat.port.tell(Connected())
        self._give(LegHeld(leg=leg, held=False) if was_held else LegAnswered(leg=leg))

    def _join(self, seat: Seat) -> None:
        was_held = seat.held is not None
        seat.third = seat.held if was_held else seat.coming
        seat.held = None
        if not was_held:
            seat.coming = None
        seat.connect()
        if seat.third is not None:
            third = seat.third
            self._give(LegHeld(leg=third, held=False) if was_held else LegAnswered(leg=third))

    def _hung_up(self, seat: Seat) -> None:
        gone = [leg for leg in (seat.current, seat.third) if leg is not None]
        seat.current = seat.third = None
        seat.connect()
        for leg in gone:
            self._over(leg, Cause.NORMAL, by_remote=True)
        if seat.state == LineState.GONE or seat.returning:
            rest = [leg for leg in (seat.held, seat.coming) if leg is not None]
            seat.held = seat.coming = None
            seat.returning = False
            for leg in rest:
                self._over(leg, Cause.UNREACHABLE, by_remote=True)
        elif seat.held is not None:
            self._come_back(seat)
        elif seat.coming is not None:
            # It has been waiting: now it rings.
            seat.port.tell(RingWanted(caller=seat.legs[seat.coming].party, kind=RingKind.EXTERNAL))

    def _come_back(self, seat: Seat) -> None:
        """The user has hung up upon a held party: it rings again."""
        held, waiting = seat.held, seat.coming
        seat.held, seat.coming, seat.returning = None, held, True
        if waiting is not None:
            self._over(waiting, Cause.BUSY, by_remote=True)
        if held is not None:
            seat.port.tell(RingWanted(caller=seat.legs[held].party, kind=RingKind.RECALL))
