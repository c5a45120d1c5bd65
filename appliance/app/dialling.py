"""What a phone can dial, asked for from elsewhere: calls for an extension, and codes that change settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.app.changes import edits_of
from appliance.errors import ConfigError, NotFound, OrtsamtError
from appliance.model.decode import Nothing, decode, suggestion
from appliance.model.documents import Extension
from appliance.model.events import Announce, CallBack, PlaceCall, Steer
from appliance.model.features import CHANGES
from appliance.model.ids import CallId, DeviceId
from appliance.model.parties import SteerAct
from appliance.model.plan import Caller, CallRequest, Feature, FromDevice
from appliance.model.snapshot import Snapshot
from appliance.model.tel import dialled_of
from appliance.routing.plan import plan
from appliance.routing.selection import dial_out_of

if TYPE_CHECKING:
    from appliance.app.core import Core

ASK_S = 3.0
DIGITS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """Params of both methods: ``extension`` by its number, ``dialled`` as on its key pad."""

    extension: str
    dialled: str
    who: str = "control"

    def __post_init__(self) -> None:
        if not self.dialled or len(self.dialled) > 64:
            raise ValueError("dialled: is not a number: give what would be dialled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcing:
    """Params of ``announcements.play``: the id of the announcement."""

    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingBack:
    """Params of ``calls.call_back``: ``mobile`` by its id, empty for the extension's first."""

    extension: str
    dialled: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Params of ``calls.place``; ``dialled`` may be a ``tel:`` link. ``device``: which telephone rings."""

    extension: str
    dialled: str
    auto_answer: bool = False
    device: str = ""
    who: str = "control"

    def __post_init__(self) -> None:
        if not self.dialled or len(self.dialled) > 200:
            raise ValueError("dialled: is not a number: give what would be dialled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """Params of ``calls.steer``; see :class:`appliance.model.events.Steer`. ``extension`` by its number."""

    call: str
    act: SteerAct
    extension: str
    device: str = ""
    to: str = ""
    other: str = ""

    def __post_init__(self) -> None:
        if self.act is SteerAct.TRANSFER and not 0 < len(self.to) <= 200:
            raise ValueError("to: is not a number: give where the other party is to go")
        if self.act is SteerAct.DIGITS and not (0 < len(self.to) <= 32 and set(self.to) <= set(DIGITS)):
            raise ValueError("to: are no digits: up to 32 of 0-9, *, # and A-D")


class DiallingMethods:
    """``calls.place``, ``calls.steer``, ``calls.parties``, ``calls.call_back``, ``features.do`` and more."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def register(self) -> None:
        """Offer them."""
        self._core.server.register("calls.place", self.place, slow=True)
        self._core.server.register("calls.steer", self.steer, slow=True)
        self._core.server.register("calls.parties", self.parties, slow=True)
        self._core.server.register("calls.call_back", self.call_back)
        self._core.server.register("announcements.play", self.announce)
        self._core.server.register("features.do", self.do, slow=True)

    def place(self, params: Mapping[str, Any]) -> Any:
        """Ring an extension and, when it answers, dial for it: click to dial."""
        asked = decode(Placing, params, where="calls.place")
        snapshot = self._core.configuration.snapshot()
        extension = _extension(snapshot, asked.extension)
        rings = snapshot.devices_by_extension.get(extension.id) or dial_out_of(extension).number
        if not rings:
            raise ConfigError(
                f"extension {extension.number} has no device to ring",
                field="extension",
                hint="give it a device first",
            )
        device = DeviceId(asked.device) if asked.device else None
        if device is not None and all(one.id != device for one in _devices(snapshot, extension)):
            raise NotFound(f"extension {extension.number} has no device '{asked.device[:64]}'")
        event = PlaceCall(
            extension=extension.id,
            dialled=dialled_of(asked.dialled),
            auto_answer=asked.auto_answer,
            device=device,
        )
        return {"ringing": extension.number, "call": self._core.loop.ask(lambda: self._placed(event), ASK_S)}

    def _placed(self, event: PlaceCall) -> str | None:
        """On the engine thread: the call that an event makes; None: there is no room for it."""
        loop = self._core.loop
        before = {record.call for record, _ in loop.control.live_calls()}
        loop.handle(event)
        return next((r.call for r, _ in loop.control.live_calls() if r.call not in before), None)

    def steer(self, params: Mapping[str, Any]) -> Any:
        """Answer, reject, hold, resume, transfer, join, send digits, hang up in the name of an extension."""
        asked = decode(Steering, params, where="calls.steer")
        extension = _extension(self._core.configuration.snapshot(), asked.extension)
        event = Steer(
            call=CallId(asked.call),
            act=asked.act,
            extension=extension.id,
            device=DeviceId(asked.device) if asked.device else None,
            to=dialled_of(asked.to) if asked.act is SteerAct.TRANSFER else asked.to,
            other=CallId(asked.other) if asked.other else None,
        )
        refused = self._core.loop.ask(lambda: self._steered(event), ASK_S)
        if refused is not None:
            raise OrtsamtError(
                f"{asked.act.value}: {refused}",
                error_id="call.state",
                field="act",
                hint="GET /calls/parties shows what can be done",
            )
        return {"done": asked.act.value, "call": asked.call}

    def _steered(self, event: Steer) -> str | None:
        """On the engine thread: do it, or say why not."""
        refused = self._core.loop.control.refuses(event)
        if refused is None:
            self._core.loop.handle(event)
        return refused

    def parties(self, params: Mapping[str, Any]) -> Any:
        """Calls in progress as each extension in them sees them."""
        decode(Nothing, params, where="calls.parties")
        return self._core.loop.ask(self._core.loop.control.parties, ASK_S)

    def call_back(self, params: Mapping[str, Any]) -> Any:
        """Call a mobile of an extension back and, when its key is pressed, dial for it; else a dial tone."""
        asked = decode(CallingBack, params, where="calls.call_back")
        snapshot = self._core.configuration.snapshot()
        extension = _extension(snapshot, asked.extension)
        own = [one for one in snapshot.mobiles.values() if one.extension == extension.id]
        mobile = next((one for one in own if asked.mobile in ("", one.id)), None)
        if mobile is None:
            hint = suggestion(asked.mobile, [one.id for one in own]) or "'ctl list mobile' shows them"
            raise NotFound(f"extension {extension.number} has no mobile '{asked.mobile}'", hint=hint)
        if not asked.dialled and not snapshot.callthroughs:
            raise ConfigError(
                "there is no callthrough that could give a dial tone",
                field="dialled",
                hint="say whom to call, or make a callthrough",
            )
        order = CallBack(extension=extension.id, dialled=asked.dialled[:64], mobile=mobile.id)
        self._core.loop.post(order)
        return {"calling": mobile.number}

    def announce(self, params: Mapping[str, Any]) -> Any:
        """Let the paging group of an announcement hear it now; phones in use are left alone."""
        asked = decode(Announcing, params, where="announcements.play")
        known = [one.id for one in self._core.configuration.snapshot().features.announcements]
        if asked.announcement not in known:
            hint = suggestion(asked.announcement, known) or "'ctl list announcement' shows them"
            raise NotFound(f"there is no announcement '{asked.announcement}'", hint=hint)
        self._core.loop.post(Announce(announcement=asked.announcement))
        return {"playing": asked.announcement}

    def do(self, params: Mapping[str, Any]) -> Any:
        """Make the change that a code makes when the extension dials it; by the same code as a phone's."""
        asked = decode(Dialling, params, where="features.do")
        snapshot = self._core.configuration.snapshot()
        extension = _extension(snapshot, asked.extension)
        origin = FromDevice(device=DeviceId(""), extension=extension.id)
        request = CallRequest(origin=origin, caller=Caller(), dialled=asked.dialled)
        step = plan(request, snapshot, datetime.now(UTC)).steps[0]
        if not isinstance(step, Feature) or step.action not in CHANGES:
            raise ConfigError(
                f"'{asked.dialled}' changes no setting of extension {extension.number}",
                field="dialled",
                hint="a code such as *26; what concerns calls in progress is dialled from a phone",
            )
        self._core.configuration.apply(edits_of(step.edits), asked.who)
        return {"action": step.action.value, "of": step.argument, "changed": len(step.edits)}


def _devices(snapshot: Snapshot, extension: Extension) -> tuple[Any, ...]:
    return tuple(snapshot.devices_by_extension.get(extension.id, ()))


def _extension(snapshot: Snapshot, number: str) -> Extension:
    found = snapshot.extension_by_number.get(number)
    if found is None:
        raise NotFound(f"there is no extension {number}", hint="'ctl list extension' shows them")
    return found
