"""Analog ports as legs: which device is at which port, and what its documents mean for it."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from appliance.fxs.line_settings import LineState
from appliance.fxs.port import FxsPort
from appliance.fxs.port_health import PortHealth
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.seat import Seat
from appliance.fxs.telephones import Telephones
from appliance.model import effects as fx
from appliance.model.analog import AnalogDevice
from appliance.model.analog_line import PortId
from appliance.model.events import Quality
from appliance.model.snapshot import Snapshot
from appliance.ports import MediaPort

SettingsOf = Callable[[Snapshot, AnalogDevice], PortSettings]
"""What a device's documents mean for its port."""
_QUALITY = Quality(codec="analog")


class AnalogLegs(Telephones):
    """All analog ports of the box."""

    kind = "analog"

    def __init__(
        self,
        ports: Mapping[PortId, FxsPort],
        *,
        node: str,
        media: MediaPort,
        new_id: Callable[[], str],
        settings_of: SettingsOf,
    ) -> None:
        """Give every port ``reported`` as its sink."""
        super().__init__(media=media, new_id=new_id)
        self._ports = dict(ports)
        self._seats = {name: Seat(port) for name, port in ports.items()}
        self._node = node
        self._settings_of = settings_of
        self._plugged: deque[tuple[PortId, FxsPort]] = deque()
        self._snapshot: Snapshot | None = None

    def plug(self, name: PortId, port: FxsPort) -> None:
        """A port that was found later; on any thread."""
        self._plugged.append((name, port))

    def health(self) -> tuple[tuple[str, PortHealth], ...]:
        """Of every port, with the device that is at it (empty: none).

        The state is the one that call control goes by, which hears of it a turn after the port.
        """
        seats = self._seats
        return tuple(
            (
                "" if (device := seats[name].device) is None else device.id,
                replace(port.health(), state=LineState(seats[name].state)),
            )
            for name, port in self._ports.items()
        )

    def test(self, port: PortId, *, ring: bool) -> None:
        """Let a port try its line; raises KeyError. Any thread."""
        self._ports[port].test(ring=ring)

    def quality(self, seat: Seat | None) -> Quality:
        """There are no packets."""
        return _QUALITY

    # --- LegPort

    def poll(self) -> None:
        """Hand over what happened."""
        while self._plugged:
            name, port = self._plugged.popleft()
            self._seats = {**self._seats, name: Seat(port)}  # others read the tables meanwhile
            self._ports = {**self._ports, name: port}
            if self._snapshot is not None:
                self.apply(self._snapshot)
            port.start()
        super().poll()

    def reaches(self, endpoint: fx.Endpoint) -> bool:
        """Whether it is an analog telephone."""
        return isinstance(endpoint, fx.ToAnalog)

    def seat_of(self, endpoint: fx.Endpoint) -> Seat | None:
        """The port that the endpoint names, if that one is of this box."""
        seat = self._seats.get(endpoint.port) if isinstance(endpoint, fx.ToAnalog) else None
        if seat is None or not isinstance(endpoint, fx.ToAnalog) or seat.device is None:
            return None
        return seat if seat.device.id == endpoint.device else None

    def apply(self, snapshot: Snapshot) -> None:
        """Who is at which port, and how."""
        self._snapshot = snapshot
        here = {one.port: one for one in snapshot.analog.values() if one.node in ("", self._node)}
        for name, seat in self._seats.items():
            device = here.get(name)
            seat.device = device
            seat.extension = None if device is None else snapshot.extensions.get(device.extension)
            seat.settings = None if device is None else self._settings_of(snapshot, device)
            self._configure(seat)
