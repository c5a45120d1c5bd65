"""What drivers share whose handsets are SIP phones: a thread, orders, a window, a state."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from appliance.dect.window import Window
from appliance.model import dect_air as air
from appliance.model.dect import DectMedia
from appliance.model.ids import LegId
from appliance.ports import SoundUser

_JOIN_S = 5
log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The wall clock of drivers."""
    return datetime.now(UTC)


class SipSystem:
    """See :class:`appliance.ports.DectSystem`; ``_run`` is the body of the thread."""

    def __init__(self, setup: air.DectSetup, wall: Callable[[], datetime]) -> None:
        net = setup.net
        self._setup = setup
        self._wall = wall
        self._lock = threading.RLock()
        self._orders: deque[air.DectCommand] = deque()
        self._stopping = threading.Event()
        self._nudge = threading.Event()
        self._sink: Callable[[air.DectEvent], None] = _drop
        self._window = Window(wall)
        self._state = air.DectState(system=net.id, family=net.family, media=DectMedia.SIP, name=net.name)
        self._thread = threading.Thread(target=self._run, name=f"dect-{net.id}", daemon=True)

    # --- DectSystem

    def start(self, sink: Callable[[air.DectEvent], None]) -> None:
        """Begin to look after the system."""
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        """Leave the system as it is."""
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def order(self, command: air.DectCommand) -> None:
        """Have it done as soon as the system is there."""
        self._orders.append(command)
        self._wake()

    def listen(self, leg: LegId, user: SoundUser | None) -> None:
        """There is no sound here: handsets are SIP phones."""

    @property
    def state(self) -> air.DectState:
        """As last known."""
        with self._lock:
            return self._state

    @property
    def setup(self) -> air.DectSetup:
        """What the office wants of it."""
        return self._setup

    # --- for drivers

    def _run(self) -> None:
        raise NotImplementedError

    def _wake(self) -> None:
        self._nudge.set()

    def _meant(self, order: air.OpenEnrolment) -> tuple[air.WantedHandset | None, str]:
        """Whose a window is to be, and the IPEI that alone may come; empty: any."""
        wanted = next((one for one in self._setup.handsets if one.document.id == order.handset), None)
        return wanted, order.ipei or (wanted.document.identity if wanted is not None else "")

    def _emit(self, *events: air.DectEvent) -> None:
        for event in events:
            try:
                self._sink(event)
            except Exception:
                log.exception("dect.event_not_taken", event_type=type(event).__name__)


def _drop(_event: air.DectEvent) -> None:
    """Stand for the sink before start."""
