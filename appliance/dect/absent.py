"""Handsets that are known to be out of reach: calls to them end at once, so that forwarding comes at once."""

from collections import deque

from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.events import LegEnded, Quality
from appliance.model.ids import DeviceId
from appliance.model.snapshot import Snapshot
from appliance.ports import EventSink, TrunkState

_QUALITY = Quality(codec="")


class AbsentHandsets:
    """A port (``ports.LegPort``) that reaches nobody, in place of the SIP port for handsets that are away."""

    def __init__(self) -> None:
        self._away: frozenset[DeviceId] = frozenset()
        self._ended: deque[LegEnded] = deque()
        self._sink: EventSink | None = None

    def show(self, away: frozenset[DeviceId]) -> None:
        """These are away, all others are not; on any thread."""
        self._away = away

    # --- LegPort

    def start(self, sink: EventSink) -> None:
        """Nothing to open."""
        self._sink = sink

    def stop(self) -> None:
        """Nothing to close."""
        self.poll()

    def poll(self) -> None:
        """Tell which calls could not be made."""
        while self._ended and self._sink is not None:
            self._sink(self._ended.popleft())

    def reaches(self, endpoint: fx.Endpoint) -> bool:
        """Whether it is one of those who are away."""
        return isinstance(endpoint, fx.ToDevice) and endpoint.device in self._away

    def execute(self, effect: fx.LegEffect) -> None:
        """A call for it: nobody is there."""
        if isinstance(effect, fx.Originate):
            ended = LegEnded(leg=effect.leg, cause=Cause.UNREACHABLE, by_remote=False, quality=_QUALITY)
            self._ended.append(ended)

    def apply(self, snapshot: Snapshot) -> None:
        """It depends on the air alone."""

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """There are none."""
        return ()
