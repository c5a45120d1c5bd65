"""The core's side of a pair of boxes: active or on stand-by, its methods, the alarms about the other one.

Whoever has the floating address is active; that is looked at ten times a second, and nothing else decides.
On stand-by the configuration is seen with other trunks than GSM modules and what is rung by the clock turned
off (:mod:`appliance.model.place`); the registrations of the active box are kept at the own edge.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from appliance.app.parcels.methods import Parcels
from appliance.app.settings import listen_addresses
from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.decode import Nothing, decode, encode
from appliance.sip.edge.events import Contact
from appliance.standby.address import is_here
from appliance.standby.pairing import hashed
from appliance.store.parcels import ParcelStore
from appliance.sync.enrolment import ALPHABET, CODE_LENGTH
from appliance.sync.envelope import operations_of, row_of

if TYPE_CHECKING:
    from appliance.app.core import Core

LOOK_S = 0.1
SLOW_LOOK_S = 2.0
SILENT_S = 5.0
"""Without a report for so long the process of the pair does not run."""
ALONE_S = 15.0
BEHIND_S = 120.0
NO_ADDRESS_S = 20.0
CODE_S = 3600.0
HAND_OVER_S = 20.0
PAIRING_S = 25.0
ENGINE_S = 0.8
EDGE_S = 2.0
MOST_GIVEN = 2000
_log = structlog.get_logger("standby")


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """Params of ``standby.give``: operations after this local sequence that ``node`` did not make."""

    after: int
    node: str
    limit: int = 1000

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_GIVEN:
            raise ValueError(f"limit: out of range: 1 to {MOST_GIVEN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Params of ``standby.take``."""

    operations: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Params of ``standby.take_contacts``: everything that is registered at the active box."""

    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingWith:
    """Params of ``standby.pair``: ``host`` or ``host:port`` of the other box, and the code it gave."""

    address: str
    code: str


@dataclass(slots=True, kw_only=True)
class _Since:
    """Since when (monotonic) something is so."""

    known: dict[str, float] = field(default_factory=dict)

    def seconds(self, name: str, holds: bool) -> float:
        """For how long it has held."""
        if not holds:
            self.known.pop(name, None)
            return 0.0
        return time.monotonic() - self.known.setdefault(name, time.monotonic())


class _PairParcels(Parcels):
    """Records to and from the other box; what was here is known for the way to the cloud, too."""

    def __init__(self, core: Core, store: ParcelStore, folder: str) -> None:
        super().__init__(core, store, folder)
        self._hub = core.stores.parcels

    def settled(self, params: Mapping[str, Any]) -> object:
        """Note that the other box has this version."""
        answer = super().settled(params)
        self._hub.note(str(params["kind"]), str(params["id"]))
        return answer

    def take(self, params: Mapping[str, Any]) -> object:
        """Keep a parcel of the other box; on disk when this returns."""
        answer = super().take(params)
        self._hub.note(str(params["parcel"]["kind"]), str(params["parcel"]["id"]))
        return answer


class StandbyDesk:
    """Active or on stand-by; a box without a floating address is always active."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._settings = core.box.standby
        self._address = core.box.standby.floating
        self._report: Mapping[str, Any] = {}
        self._reported, self._reports = 0.0, 0
        self._guard = threading.Condition()
        self._code: dict[str, Any] = {}
        self._hand_over: float | None = None
        self._do: dict[str, Any] = {}
        self._keeping = threading.Lock()
        self._kept: tuple[Contact, ...] = ()
        """What is registered at the active box, as last heard on stand-by."""
        self._since = _Since()
        self._took_over = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standby", daemon=True)
        self.active = not self._address or is_here(self._address)
        """For any thread."""

    def register(self) -> None:
        """Offer every method."""
        server = self._core.server
        server.register("standby.show", self.show)
        server.register("standby.report", self.report, slow=True)
        server.register("standby.code", self.code, slow=True)
        server.register("standby.pair", self.pair, slow=True)
        server.register("standby.forget", self.forget, slow=True)
        server.register("standby.hand_over", self.hand_over, slow=True)
        server.register("standby.give", self.give, slow=True)
        server.register("standby.take", self.take, slow=True)
        server.register("standby.contacts", self.contacts, slow=True)
        server.register("standby.take_contacts", self.take_contacts, slow=True)
        records = _PairParcels(self._core, self._core.stores.pair_parcels, "standby")
        server.register("pair.waiting", records.waiting, slow=True)
        server.register("pair.piece", records.piece, slow=True)
        server.register("pair.settled", records.settled, slow=True)
        server.register("pair.again", records.again, slow=True)
        server.register("pair.take", records.take, slow=True)

    def start(self) -> None:
        """Begin to look; nothing to do for a box alone."""
        if self._address:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(2)

    def said_as(self, own: str) -> str:
        """What is told of an own address: the floating one by the active box, nothing on stand-by."""
        if not self._address:
            return own
        return self._address if self.active else ""

    # -- what people ask ---------------------------------------------------------------------------

    def show(self, params: Mapping[str, Any]) -> object:
        """Which box is active, how the other one is, and whether both are in step."""
        decode(Nothing, params, where="standby.show")
        return self.state()

    def state(self) -> dict[str, Any]:
        """The same."""
        box = self._core.box
        found: dict[str, Any] = {
            "configured": bool(self._address),
            "node": box.node,
            "address": self._settings.address,
            "active": self.active,
            "seconds": round(time.monotonic() - self._took_over),
            "running": self._runs(),
        }
        with self._guard:
            found |= {key: value for key, value in self._report.items() if key not in ("pin", "done")}
        if not self._runs():
            found["connected"] = False
        return found

    def code(self, params: Mapping[str, Any]) -> object:
        """A one-time code for the second box: ``{"code", "node", "port"}``."""
        decode(Nothing, params, where="standby.code")
        self._must_run()
        text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        with self._guard:
            self._code = {"hash": hashed(text), "until": time.time() + CODE_S}
            known = self._reports + 2  # the answer to the next report has it, the one after is behind it
            if not self._guard.wait_for(lambda: self._reports >= known, SILENT_S):
                raise DeviceUnavailable("the pair's process does not answer", error_id="standby.process")
            text += str(self._report.get("pin", ""))
        code = "-".join(text[i : i + 4] for i in range(0, len(text), 4))
        return {"code": code, "node": self._core.box.node, "port": self._settings.port}

    def pair(self, params: Mapping[str, Any]) -> object:
        """Become the second box of the one that gave the code."""
        asked = decode(PairingWith, params, where="standby.pair")
        self._carry_out({"what": "pair", "address": asked.address, "code": asked.code})
        return self.state()

    def forget(self, params: Mapping[str, Any]) -> object:
        """The other box is no more: this one is alone."""
        decode(Nothing, params, where="standby.forget")
        self._carry_out({"what": "forget"})
        return self.state()

    def hand_over(self, params: Mapping[str, Any]) -> object:
        """Make the other box active, or this one when the other is; returns when it is so."""
        decode(Nothing, params, where="standby.hand_over")
        self._must_run()
        before, report = self.active, self._report
        if not report.get("connected"):
            raise DeviceUnavailable(
                "the other box is not reached", error_id="standby.alone", hint="is it on?"
            )
        if before and not report.get("peer_can_call"):
            raise DeviceUnavailable(
                "the other box cannot make calls now", error_id="standby.peer_ill", hint="see its status"
            )
        with self._guard:
            self._hand_over = time.monotonic()
            deadline = self._hand_over + HAND_OVER_S
            while self.active is before and not self._stopping.is_set():
                if not self._guard.wait(max(0.0, deadline - time.monotonic())):
                    raise DeviceUnavailable(
                        "the address did not move", error_id="standby.not_moved",
                        hint="does ortsamt-vrrp run on both?",
                    )  # fmt: skip
        return self.state()

    def _carry_out(self, order: dict[str, Any]) -> None:
        """Have the process do it; raises what it says."""
        self._must_run()
        identity = secrets.token_hex(8)
        with self._guard:
            self._do = {**order, "id": identity}
            deadline = time.monotonic() + PAIRING_S
            while (done := self._report.get("done") or {}).get("id") != identity:
                if not self._guard.wait(max(0.0, deadline - time.monotonic())):
                    raise DeviceUnavailable("the pair's process does not answer", error_id="standby.process")
            self._do = {}
        if done.get("error"):
            raise ConfigError(done["message"], error_id=done["error"], hint=done.get("hint", ""))

    def _must_run(self) -> None:
        if not self._address:
            raise ConfigError(
                "this box has no floating address",
                error_id="standby.off",
                hint='write [standby] address = "192.168.1.10/24" into box.toml of both boxes',
            )
        if not self._runs():
            raise DeviceUnavailable(
                "the pair's process does not run", error_id="standby.process", hint="start ortsamt-standby"
            )

    def _runs(self) -> bool:
        return bool(self._reported) and time.monotonic() - self._reported < SILENT_S

    # -- what the pair's process asks --------------------------------------------------------------

    def report(self, params: Mapping[str, Any]) -> object:
        """Take what the process says; whether calls can be made here, and orders."""
        with self._guard:
            self._report, self._reported = dict(params), time.monotonic()
            self._reports += 1
            orders = {"code": self._code, "hand_over": self._hand_over, "do": self._do}
            self._guard.notify_all()
        calls = -1
        with contextlib.suppress(DeviceUnavailable, FutureTimeout):
            calls = self._core.loop.ask(lambda: self._core.loop.control.leg_count, ENGINE_S)
        return {
            "can_call": calls >= 0 and self._core.edge.up,
            "calls": max(0, calls),
            "identity": self._core.identity,
            "orders": orders,
        }

    def give(self, params: Mapping[str, Any]) -> object:
        """``{"operations": [row], "last": sequence of the last, "waiting": how many more there are}``."""
        asked = decode(Giving, params, where="standby.give")
        found, more = self._core.configuration.log.since(asked.after, asked.node, asked.limit)
        return {
            "operations": [row_of(operation) for _, operation in found],
            "last": found[-1][0] if found else asked.after,
            "waiting": more,
        }

    def take(self, params: Mapping[str, Any]) -> object:
        """Take operations in, and pass them on to the cloud: the other box may never be able to."""
        asked = decode(Taking, params, where="standby.take")
        good, refused = operations_of(asked.operations)
        made = self._core.configuration.merge(good, received=False)
        return {"new": len(made), "refused": refused}

    def contacts(self, params: Mapping[str, Any]) -> object:
        """What is registered here, with the seconds left, for the other box's edge."""
        decode(Nothing, params, where="standby.contacts")
        found: tuple[Contact, ...] = ()
        if self.active:
            try:
                found = self._core.edge.registrations().result(EDGE_S)
            except (OrtsamtError, FutureTimeout):
                return {"active": False, "contacts": []}
        return {"active": self.active, "contacts": [encode(one) for one in found]}

    def take_contacts(self, params: Mapping[str, Any]) -> object:
        """On stand-by, have these registered at the own edge and no others."""
        asked = decode(Contacts, params, where="standby.take_contacts")
        if self.active:
            return {"taken": 0}
        edge = self._core.edge
        wanted = {(one.aor, one.uri) for one in asked.contacts}
        for one in edge.all_contacts():
            if (one.aor, one.uri) not in wanted:
                with contextlib.suppress(OrtsamtError, FutureTimeout):
                    edge.drop_contact(one).result(EDGE_S)
        with self._keeping:
            self._kept = asked.contacts
            return {"taken": self._keep_contacts(active=False)}

    def _keep_contacts(self, *, active: bool) -> int:
        """Have the edge reach them: from the own address, as the floating one is not here; now from there."""
        network, taken = self._core.box.network, 0
        address = self._address if active else listen_addresses(self._core.box)[0]
        for one in self._kept:
            port = network.tls_port if one.transport == "tls" else network.sip_port
            try:
                self._core.edge.add_contact(one, address, port, pinged=active).result(EDGE_S)
                taken += 1
            except (OrtsamtError, FutureTimeout) as error:
                _log.warning("a registration was not taken", extension=one.aor, why=str(error))
        return taken

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        slow = 0.0
        while not self._stopping.wait(LOOK_S):
            try:
                here = is_here(self._address)
            except DeviceUnavailable as error:
                _log.warning("the floating address cannot be looked for", why=str(error))
                continue
            if here is not self.active:
                self._turn(active=here)
            now = time.monotonic()
            if now >= slow:
                slow = now + SLOW_LOOK_S
                self._watch()

    def _turn(self, *, active: bool) -> None:
        with self._guard:
            self.active, self._took_over = active, time.monotonic()
            self._guard.notify_all()
        _log.warning("active" if active else "on stand-by", address=self._address)
        self._core.configuration.stand_by(not active)
        self._core.server.publish("standby", {"active": active})
        if active and (peer := str(self._report.get("peer") or "")):
            self._core.alarms.raise_alarm(AlarmKind.STANDBY_TOOK_OVER, self._core.box.node, peer=peer)
        with self._keeping:
            if not active:  # what is plugged in here calls them from the own address from now on
                self._kept = self._core.edge.all_contacts()
            self._keep_contacts(active=active)
            if active:
                self._kept = ()

    def _watch(self) -> None:
        alarms, report = self._core.alarms, self._report
        running, paired = self._runs(), bool(report.get("paired"))
        peer = str(report.get("peer") or "")
        connected = running and bool(report.get("connected"))
        away = (paired and not connected) or (bool(self._reported) and not running)
        if self._since.seconds("alone", away) > ALONE_S:
            detail = str(report.get("detail") or "") if running else "ortsamt-standby"
            alarms.raise_alarm(AlarmKind.STANDBY_ALONE, peer, detail=detail or "?")
        elif not away:
            alarms.clear(AlarmKind.STANDBY_ALONE, peer)
        behind = connected and not (report.get("equal") and not report.get("waiting"))
        seconds = self._since.seconds("behind", behind)
        if seconds > BEHIND_S:
            detail = str(report.get("detail") or f"{report.get('waiting')} / {report.get('records_waiting')}")
            alarms.raise_alarm(AlarmKind.STANDBY_BEHIND, peer, minutes=f"{seconds / 60:.0f}", detail=detail)
        elif not behind:
            alarms.clear(AlarmKind.STANDBY_BEHIND, peer)
        nobody = not self.active and not report.get("peer_active") and running
        if self._since.seconds("nobody", nobody) > NO_ADDRESS_S:
            alarms.raise_alarm(AlarmKind.STANDBY_NO_ADDRESS, self._address)
        elif not nobody:
            alarms.clear(AlarmKind.STANDBY_NO_ADDRESS, self._address)
