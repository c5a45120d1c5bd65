"""Raises alarms by what the engine reports: emergency calls, trunks that stay down. Engine thread only."""

from collections.abc import Callable, Iterable

from appliance.app.module_watch import ModuleWatch
from appliance.model.alarms import AlarmKind
from appliance.model.causes import Cause
from appliance.model.effects import LimitReached
from appliance.model.gsm import ModuleState
from appliance.model.ids import CallId, TrunkId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.ports import TrunkState, TrunkStatus
from appliance.telemetry.alarms import Alarms

_DEVICE = "device:"
PATIENCE_MS = 60_000
"""A trunk that fails for a shorter time is nobody's business."""


class Watch:
    """Nothing here waits."""

    def __init__(
        self,
        alarms: Alarms,
        monotonic_ms: Callable[[], int],
        nobody_there: Callable[[], None] = lambda: None,
        modules: Callable[[], Iterable[ModuleState]] = tuple,
        is_module: Callable[[TrunkId], bool] = lambda _trunk: False,
        place_of: Callable[[str], str] = lambda _device: "",
    ) -> None:
        self._alarms = alarms
        self._nobody_there = nobody_there
        """A call over a trunk found nobody at all."""
        self._modules = modules
        self._module_watch = ModuleWatch(alarms, monotonic_ms)
        self._is_module = is_module
        """What is wrong with such a trunk the module tells in words of its own."""
        self._now = monotonic_ms
        self._place_of = place_of
        """Where a device is, for rescuers; empty: where it always is."""
        self._devices: dict[CallId, str] = {}
        """Who calls, of calls in progress."""
        self._emergencies: set[CallId] = set()
        self._failing: dict[TrunkId, tuple[int, str]] = {}

    def call(self, record: CallRecord) -> None:
        """The record of a call changed."""
        device = self._devices.get(record.call, "")
        if record.ended is not None:
            self._devices.pop(record.call, None)
        if record.kind is not CallKind.EMERGENCY or record.part:
            return
        place = self._place_of(device) if device else ""
        name = f"{record.caller_name}, {place}".strip(", ")
        said = {"called": record.called, "caller": record.caller_number, "name": name}
        if record.call not in self._emergencies:
            self._emergencies.add(record.call)
            self._alarms.raise_alarm(AlarmKind.EMERGENCY_CALL, record.caller_number, **said)
        if record.ended is not None:
            self._emergencies.discard(record.call)
            failed = record.cause if record.answered is None else None
            if failed is not None and failed is not Cause.CANCELLED:
                self._alarms.raise_alarm(
                    AlarmKind.EMERGENCY_NO_LINE, record.caller_number, **said, cause=failed.value
                )

    def leg(self, record: LegRecord) -> None:
        """The record of a leg changed."""
        incoming = record.direction is Direction.INCOMING and record.endpoint.startswith(_DEVICE)
        if incoming and record.ended is None:
            self._devices[record.call] = record.endpoint.removeprefix(_DEVICE)
        if (
            record.ended is not None
            and record.cause is Cause.TIMEOUT
            and record.endpoint.startswith("trunk:")
        ):
            self._nobody_there()

    def limit(self, reached: LimitReached) -> None:
        """A limit of outside calls is near or reached."""
        kind = AlarmKind.LIMIT_REACHED if reached.reached else AlarmKind.LIMIT_NEAR
        self._alarms.raise_alarm(kind, reached.subject, limit=reached.limit, what=reached.what)

    def trunk(self, state: TrunkState) -> None:
        """The state of a trunk changed."""
        if state.status is TrunkStatus.FAILED and not self._is_module(state.trunk):
            since, _ = self._failing.get(state.trunk, (self._now(), ""))
            self._failing[state.trunk] = (since, state.detail)
        elif state.status is not TrunkStatus.TRYING:
            self._failing.pop(state.trunk, None)
            self._alarms.clear(AlarmKind.TRUNK_DOWN, state.trunk)

    def tick(self) -> None:
        """About once a second: what has failed for long enough?"""
        self._module_watch.look(self._modules())
        for trunk, (since, detail) in self._failing.items():
            if self._now() - since >= PATIENCE_MS:
                self._alarms.raise_alarm(AlarmKind.TRUNK_DOWN, trunk, detail=detail)
