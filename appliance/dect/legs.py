"""Handsets whose sound is ours as legs: who has which, and what their systems tell of them."""

from collections import deque
from collections.abc import Callable

from appliance.dect.handset_port import HandsetPort
from appliance.fxs.line_settings import Judge
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.seat import Seat
from appliance.fxs.telephones import Telephones
from appliance.model import dect_air as air
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.dect import DectHandset, DectMedia
from appliance.model.events import Quality
from appliance.model.ids import DectSystemId, DeviceId, LegId
from appliance.model.snapshot import Snapshot
from appliance.ports import DectSystem, MediaPort

SettingsOf = Callable[[Snapshot, DectHandset], PortSettings]
"""What a handset's documents mean for its port."""
_MISSED = frozenset({Cause.CANCELLED, Cause.NO_ANSWER, Cause.NORMAL, Cause.TIMEOUT})
_NARROW, _WIDE = Quality(codec="G726"), Quality(codec="G722")
"""As they are on the air."""


class HandsetLegs(Telephones):
    """All of them. Everything but ``heard`` and ``light`` runs on the engine thread."""

    kind = "dect"

    def __init__(
        self,
        *,
        media: MediaPort,
        new_id: Callable[[], str],
        system: Callable[[DectSystemId], DectSystem | None],
        states: Callable[[], tuple[air.DectState, ...]],
        judge: Judge,
        settings_of: SettingsOf,
        now_ms: Callable[[], int],
    ) -> None:
        """``system``: the driver of one, if there is one now."""
        super().__init__(media=media, new_id=new_id)
        self._system = system
        self._states = states
        self._judge = judge
        self._settings_of = settings_of
        self._now_ms = now_ms
        self._ports: dict[str, HandsetPort] = {}
        self._heard: deque[air.DectEvent] = deque()

    # --- on any thread

    def heard(self, event: air.DectEvent) -> None:
        """What a system tells."""
        self._heard.append(event)

    # --- LegPort

    def poll(self) -> None:
        """Hand over what happened."""
        while self._heard:
            self._take_air(self._heard.popleft())
        super().poll()
        for port in self._ports.values():
            port.turn()
        super().poll()

    def reaches(self, endpoint: fx.Endpoint) -> bool:
        """Whether it is a handset of a module in this box."""
        return isinstance(endpoint, fx.ToHandset)

    def seat_of(self, endpoint: fx.Endpoint) -> Seat | None:
        """By its document."""
        return self._seats.get(endpoint.device) if isinstance(endpoint, fx.ToHandset) else None

    def quality(self, seat: Seat | None) -> Quality:
        """As the handset is connected now."""
        return _WIDE if seat is not None and seat.wideband else _NARROW

    def apply(self, snapshot: Snapshot) -> None:
        """Which handsets there are, and whose they are."""
        local = {name for name, net in snapshot.dect_systems.items() if net.media is DectMedia.LOCAL}
        wanted = {one.id: one for one in snapshot.handsets.values() if one.system in local}
        for gone in [name for name in self._seats if DeviceId(name) not in wanted]:
            self._remove(gone)
        for name, document in wanted.items():
            seat = self._seats.get(name)
            if seat is None:
                seat = self._add_seat(document, snapshot.site.country)
            seat.device = document
            seat.extension = snapshot.extensions.get(document.extension)
            seat.settings = self._settings_of(snapshot, document)
            self._configure(seat)
        self._reach()

    def _add_seat(self, document: DectHandset, country: str) -> Seat:
        name = document.id

        def system() -> DectSystem | None:
            seat = self._seats.get(name)
            device = seat.device if seat is not None else document
            return self._system(device.system) if isinstance(device, DectHandset) else None

        port = HandsetPort(
            name,
            country=country,
            system=system,
            judge=self._judge,
            new_id=self._new_id,
            sink=self.reported,
            now_ms=self._now_ms,
        )
        self._ports[name] = port
        self._seats[name] = Seat(port, device=document)
        return self._seats[name]

    def _remove(self, name: str) -> None:
        """Its document is gone."""
        port = self._ports.pop(name)
        port.stop()
        seat = self._seats.pop(name)
        for leg in list(seat.legs):
            self._over(leg, Cause.UNREACHABLE, by_remote=True)

    def _reach(self) -> None:
        """Who may be called, as systems see it now."""
        there = {
            one.handset
            for state in self._states()
            for one in state.handsets
            if one.status in (air.HandsetStatus.READY, air.HandsetStatus.AWAY) and not one.unreachable
        }
        for name, port in self._ports.items():
            port.reachable(DeviceId(name) in there)

    def _take_air(self, event: air.DectEvent) -> None:
        match event:
            case air.DectChanged():
                self._reach()
            case air.HandsetCalls():
                self._reach()
                port = self._ports.get(event.handset)
                if port is not None:
                    port.happened(event)
            case air.HandsetRings() | air.HandsetAnswers() | air.HandsetKey() | air.HandsetEnds():
                port = self._at(event.leg)
                if port is not None:
                    port.happened(event)
            case _:
                return

    def _at(self, leg: LegId) -> HandsetPort | None:
        return next((one for one in self._ports.values() if one.on_air == leg), None)

    def _end(self, seat: Seat, leg: LegId, cause: Cause) -> None:
        """Call control lets a party go; one that was never taken is a missed call."""
        missed = leg == seat.coming and not seat.returning and cause in _MISSED
        super()._end(seat, leg, cause)
        port = self._ports.get(seat.port.id)
        if missed and port is not None:
            port.miss()
