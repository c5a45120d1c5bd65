"""The core's side of exchange with other nodes: its methods, how it goes, and the alarms about it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from appliance.app.parcels.methods import Parcels
from appliance.control.sync import SyncMethods
from appliance.errors import ConfigError
from appliance.model.alarms import AlarmKind
from appliance.model.decode import Nothing, decode, encode
from appliance.sync.credentials import Credentials
from appliance.sync.enrolling import whole_code
from appliance.sync.enrolment import Enrolment

if TYPE_CHECKING:
    from appliance.app.core import Core

SILENT_S = 30.0
"""Without a report for so long the sync process does not run."""
DOWN_S = 60.0
"""How long exchange may be interrupted before somebody is told."""
CLOCK_WRONG_S = 60.0
LOOK_S = 5.0
PAGES_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNode:
    """Params of ``sync.code``."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeeming:
    """Params of ``sync.redeem``."""

    code: str
    node: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Apart:
    """When exchange was interrupted (monotonic), and what had been counted by then."""

    since: float
    counted: Mapping[str, int]


class Exchange:
    """Keeps what the sync process reports, and looks at it from time to time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._enrolment = Enrolment(core.box.paths.state_dir / "sync")
        self._report: Mapping[str, Any] = {"state": "off", "node": core.box.node}
        self._reported = 0.0
        self._good = time.monotonic()
        self._counted, self._conflicts = -1, 0
        self._apart: _Apart | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)

    def register(self) -> None:
        """Offer every ``sync.*`` method."""
        server = self._core.server
        parcels = Parcels(self._core, self._core.stores.parcels)
        parcels.register(server)
        SyncMethods(self._core.configuration, server, parcels=parcels).register(server)
        self._core.outages.register()
        server.register("sync.report", self.report)
        server.register("sync.show", self.show, slow=True)
        server.register("sync.code", self.code, slow=True)
        server.register("sync.redeem", self.redeem, slow=True)

    def start(self) -> None:
        """Begin to look after alarms."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(2)

    def report(self, params: Mapping[str, Any]) -> object:
        """Take what the sync process says of itself."""
        before, self._report = self._report.get("state"), dict(params)
        self._reported = time.monotonic()
        if params.get("state") != "connecting":
            self._good = self._reported
        if before != params.get("state"):
            self._core.server.publish(
                "sync",
                {"state": params.get("state"), "fault": params.get("fault"), "detail": params.get("detail")},
            )
        return {}

    def state(self) -> dict[str, Any]:
        """How exchange goes."""
        found = dict(self._report)
        if not self._reported or time.monotonic() - self._reported > SILENT_S:
            found |= {"state": "not running" if self._reported else "off"}
        return found

    def show(self, params: Mapping[str, Any]) -> object:
        """How exchange goes: state, node, what waits, other nodes, conflicts open, nodes taken in."""
        decode(Nothing, params, where="sync.show")
        store = self._core.configuration
        return {
            **self.state(),
            **self._behind(),
            "conflicts": len(store.conflicts()),
            "nodes": self._enrolment.nodes(),
        }

    def _behind(self) -> dict[str, Any]:
        """What is not with the hub yet, and since when; whether or not there is a connection."""
        store = self._core.configuration
        text = store.log.places().get("sent", "0")
        sent = int(text) if text.isdigit() else 0
        first = store.log.outgoing(sent, 1) if self.state()["state"] != "off" else ()
        lag = (datetime.now(UTC) - first[0][1].at).total_seconds() if first else 0.0
        return {"waiting": store.log.outgoing_count(sent) if first else 0, "lag_s": round(max(0.0, lag), 1)}

    def figures(self) -> Mapping[str, float]:
        """For Prometheus; none where nothing is exchanged."""
        found = self.state()
        if found["state"] == "off":
            return {}
        counted = ("sent", "taken", "refused", "pending", "parcels_waiting", "parcels_sent", "parcels_taken")
        return {
            "up": float(found["state"] == "connected"),
            "conflicts": float(self._conflicts),
            **self._behind(),
            **{name: float(found.get(name) or 0) for name in counted},
        }

    def code(self, params: Mapping[str, Any]) -> object:
        """A one-time code for a new node: ``{"code", "node", "address"}``; it names our certificate."""
        node = decode(OfNode, params, where="sync.code").node
        network = self._core.box.network
        host = next(iter(network.listen), "127.0.0.1")
        try:
            pem = ssl.get_server_certificate((host, network.https_port), timeout=PAGES_S)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the pages do not answer at {host}, port {network.https_port}: {error}",
                error_id="sync.no_pages",
                hint="boxes are taken in through them: start ortsamt-web",
            ) from error
        code = whole_code(self._enrolment.code(node), ssl.PEM_cert_to_DER_cert(pem))
        return {"code": code, "node": node, "address": f"{host}:{network.https_port}"}

    def redeem(self, params: Mapping[str, Any]) -> object:
        """Credentials for a new node in exchange for its code."""
        asked = decode(Redeeming, params, where="sync.redeem")
        made: Credentials = self._enrolment.redeem(asked.code, asked.node, asked.user)
        return encode(made)

    def _tell_outages(self, found: Mapping[str, Any], now: float) -> None:
        outages = self._core.outages
        apart = found["state"] in {"connecting", "not running"} and now - self._good > DOWN_S
        since = datetime.now(UTC) - timedelta(seconds=now - self._good)
        outages.exchange(apart=apart, since=since, why=str(found.get("detail") or ""))
        waits = found.get("pending") or found.get("parcels_waiting") or self._behind()["waiting"]
        enrolled = found["state"] != "off"
        outages.look(exchanged=found["state"] == "connected" and not waits, enrolled=enrolled)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        alarms, now = self._core.alarms, time.monotonic()
        found = self.state()
        self._tell_outages(found, now)
        if found["state"] in {"connecting", "not running"}:
            if now - self._good > DOWN_S:
                detail = found.get("detail") or "the sync process does not run"
                alarms.raise_alarm(AlarmKind.SYNC_DOWN, detail=str(detail))
                if self._apart is None:
                    self._apart = _Apart(since=self._good, counted=_counted(found))
        elif self._apart is None or not (self._behind()["waiting"] or found.get("pending")):
            if self._apart is not None:  # all that happened while apart is exchanged
                made = _counted(found)
                taken = {name: str(max(0, made[name] - self._apart.counted[name])) for name in made}
                minutes = f"{(now - self._apart.since) / 60:.0f}"
                taken["conflicts"] = str(len(self._core.configuration.conflicts()))
                alarms.clear(AlarmKind.SYNC_DOWN, minutes=minutes, **taken)
                self._apart = None
            self._good = now
        if found.get("twin"):
            alarms.raise_alarm(AlarmKind.SYNC_TWIN, str(found.get("node", "")))
        else:
            alarms.clear(AlarmKind.SYNC_TWIN, str(found.get("node", "")))
        wrong = float(found.get("clock_s") or 0.0)
        if abs(wrong) > CLOCK_WRONG_S:
            alarms.raise_alarm(AlarmKind.SYNC_CLOCK, seconds=f"{wrong:.0f}")
        else:
            alarms.clear(AlarmKind.SYNC_CLOCK)
        revision = self._core.configuration.snapshot().revision
        if revision != self._counted:
            self._counted, self._conflicts = revision, len(self._core.configuration.conflicts())
        if conflicts := self._conflicts:
            alarms.raise_alarm(AlarmKind.SYNC_CONFLICTS, count=str(conflicts))
        else:
            alarms.clear(AlarmKind.SYNC_CONFLICTS)


def _counted(found: Mapping[str, Any]) -> dict[str, int]:
    return {
        "sent": int(found.get("sent") or 0),
        "taken": int(found.get("taken") or 0),
        "records": int(found.get("parcels_sent") or 0) + int(found.get("parcels_taken") or 0),
    }
