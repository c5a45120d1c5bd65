"""Analog ports put together: lines by box.toml, legs for the engine, emulated telephones on their socket."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appliance.control.server import ControlServer
from appliance.errors import NotFound
from appliance.fxs.emulator.desk import SimulationDesk, desk_path
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.equipment import make_line
from appliance.fxs.legs import AnalogLegs
from appliance.fxs.line_settings import Completeness, LineSettings
from appliance.fxs.port import FxsPort
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.search import CardSearch
from appliance.fxs.steps import Report
from appliance.model.analog import AnalogDevice, Dialling
from appliance.model.analog_line import PortId
from appliance.model.box import BoxSettings
from appliance.model.decode import decode, suggestion
from appliance.model.documents import Extension
from appliance.model.fxs import FxsFamily
from appliance.model.fxs import FxsPort as WantedPort
from appliance.model.selection import Status
from appliance.model.snapshot import Snapshot
from appliance.ports import MediaPort


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    port: str
    ring: bool = False


class Analog:
    """Everything about analog ports in this core. ``legs`` is for the engine loop, which runs it."""

    def __init__(
        self,
        box: BoxSettings,
        media: MediaPort,
        snapshot: Callable[[], Snapshot],
        new_id: Callable[[], str],
    ) -> None:
        self._snapshot = snapshot
        self._known: tuple[Snapshot | None, frozenset[str]] = (None, frozenset())
        self._guard = threading.Lock()
        phones: dict[str, tuple[Telephone, FxsFamily]] = {}
        ports: dict[PortId, FxsPort] = {}
        site = snapshot().site
        for wanted in box.fxs:
            line, phone = make_line(wanted)
            if phone is not None:
                phones[wanted.id] = (phone, wanted.family)
            ports[line.id] = FxsPort(
                line,
                country=wanted.country or site.country,
                sink=self._reported,
                judge=self.judge,
                office_time=self._office_time,
                gains_db=(wanted.to_phone_db, wanted.from_phone_db),
            )
        self._phones = phones
        self._ports_by_id: Mapping[PortId, FxsPort] = ports
        named = [wanted.channel for wanted in box.fxs if wanted.family is FxsFamily.DAHDI]
        self._search = CardSearch(self._card_found, named=named)
        self.legs = AnalogLegs(ports, node=box.node, media=media, new_id=new_id, settings_of=settings_of)
        self._desk = SimulationDesk(desk_path(box.paths.runtime_dir), phones) if phones else None

    def _card_found(self, channel: int) -> None:
        """On the thread of the search: a channel that nobody has named is called by its number."""
        wanted = WantedPort(id=f"dahdi{channel}", family=FxsFamily.DAHDI, channel=channel)
        if PortId(wanted.id) in self._ports_by_id:
            return
        line, _ = make_line(wanted)
        port = FxsPort(
            line,
            country=self._snapshot().site.country,
            sink=self._reported,
            judge=self.judge,
            office_time=self._office_time,
        )
        self._ports_by_id = {**self._ports_by_id, line.id: port}
        self.legs.plug(line.id, port)

    def _reported(self, port: PortId, report: Report) -> None:
        self.legs.reported(port, report)

    def register(self, server: ControlServer) -> None:
        """Offer ``analog.ports``: how every port is, and ``analog.test``: try one."""
        server.register("analog.ports", self._ports)
        server.register("analog.test", self._test)

    def _ports(self, _: Mapping[str, Any]) -> object:
        return [
            {
                "port": health.port,
                "state": health.state.value,
                "device": device,
                "present": health.line.present,
                "off_hook": health.line.off_hook,
                "alarm": health.line.alarm.value,
                "detail": health.line.detail,
                "late_frames": health.line.late_frames,
                "slips": health.slips,
                "last_error": health.last_error,
                "last_error_at": health.last_error_at,
                "emulated": health.port in self._phones,
                "bells": len(self._phones[health.port][0].bells) if health.port in self._phones else None,
                "tests": health.tests,
                "test": health.test,
            }
            for device, health in self.legs.health()
        ]

    def _test(self, params: Mapping[str, Any]) -> object:
        """Begin; the result is in ``analog.ports`` when ``tests`` has changed."""
        asked = decode(_Test, params, where="analog.test")
        ports = {health.port: health for _, health in self.legs.health()}
        health = ports.get(PortId(asked.port))
        if health is None:
            raise NotFound(
                f"port: there is no analog port '{asked.port}'", hint=suggestion(asked.port, list(ports))
            )
        self.legs.test(health.port, ring=asked.ring)
        return {"tests": health.tests}

    def turned(self) -> Mapping[str, float]:
        """Thread of a port → when it turned last (monotonic, s)."""
        return {f"fxs-{port}": one.turned_at for port, one in self._ports_by_id.items()}

    def start(self) -> None:
        """Serve emulated telephones, look for cards; raises DeviceUnavailable."""
        self._search.start()
        if self._desk is not None:
            self._desk.start()

    def stop(self) -> None:
        """No more of that."""
        self._search.stop()
        if self._desk is not None:
            self._desk.stop()

    def judge(self, digits: str) -> Completeness:
        """Whether no longer number can be meant; asked on the threads of ports."""
        snapshot = self._snapshot()
        with self._guard:
            if self._known[0] is not snapshot:
                self._known = (snapshot, whole_numbers(snapshot))
            whole = self._known[1]
        return Completeness.WHOLE if digits in whole else Completeness.MORE

    def _office_time(self) -> datetime:
        return datetime.now(ZoneInfo(self._snapshot().site.timezone))


def whole_numbers(snapshot: Snapshot) -> frozenset[str]:
    """Numbers that are dialled as soon as they are there: no other begins with them.

    Emergency numbers always are. Where outside numbers are dialled without a prefix, any short number may be
    the begin of one, and the user waits or ends it with #.
    """
    emergency = set(snapshot.site.emergency_numbers)
    prefix = snapshot.site.outside_prefix
    emergency |= {prefix + one for one in emergency}
    if not prefix:
        return frozenset(emergency)
    inside = {
        *snapshot.extension_by_number,
        *snapshot.service_by_number,
        *(slot for lot in snapshot.features.lots for slot in lot.slots()),
        *(one.number for one in snapshot.switches.values() if one.number),
        *(one.number for one in snapshot.features.speed_dials.values()),
    }
    longer = {number[:length] for number in inside for length in range(1, len(number))}
    longer |= {prefix, *(code.code for code in snapshot.features.codes)}
    return frozenset(emergency | {one for one in inside - longer if not one.startswith((prefix, "*", "#"))})


def something_set(extension: Extension | None) -> bool:
    """Whether calls go elsewhere: the special dial tone says so."""
    return extension is not None and (bool(extension.forwardings) or extension.status is not Status.ONLINE)


def settings_of(snapshot: Snapshot, device: AnalogDevice) -> PortSettings:
    """What the documents of a telephone mean for its port."""
    extension = snapshot.extensions.get(device.extension)
    return PortSettings(
        line=LineSettings(
            kind=device.kind,
            hot_line=device.hot_line,
            hot_line_ms=device.hot_line_seconds * 1000,
            polarity_on_answer=device.polarity,
            call_waiting=extension is None or extension.call_waiting,
            something_set=something_set(extension),
        ),
        caller_id=device.caller_id,
        message_lamp=device.message_lamp,
        flash_least_ms=device.flash_least_ms,
        flash_most_ms=device.flash_most_ms,
        pulses=device.dialling is Dialling.BOTH,
    )
