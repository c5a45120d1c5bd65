"""Life without internet, wired: what is probed, who is told, and the report when it is over."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from appliance.app.settings import system_name_servers
from appliance.errors import OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.conditions import Internet
from appliance.model.decode import encode
from appliance.model.documents import Transport, Trunk, TrunkKind
from appliance.model.events import InternetChanged
from appliance.model.ids import TrunkId
from appliance.model.plan import CallKind
from appliance.model.records import Direction, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.routing.ways import cost_of, is_local
from appliance.survival.judgement import Judgement, ProbeKind, ProbeState
from appliance.survival.probes import Answer, addresses, ask_names, ask_route, ask_sip, ask_tls
from appliance.survival.watch import Probe, SurvivalWatch

if TYPE_CHECKING:
    from appliance.app.core import Core

TRUNK = "trunk "
"""So begin the names of probes of trunks."""
ENGINE_S = 1.0
MAX_CALLS = 5000
"""Calls of one outage that the report counts."""
log = structlog.get_logger("survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What happened while the box was cut off. Money in hundredths of a cent."""

    began: datetime
    ended: datetime
    outside: int
    by_gsm: int
    cost: int
    missed: int


class Survival:
    """Owns the watch; ``judgement`` may be read on any thread."""

    def __init__(self, core: Core, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._core = core
        self._clock = clock
        settings = core.box.survival
        self._servers = [(one, 53) for one in core.box.network.name_servers or system_name_servers()]
        self._watch = SurvivalWatch(self._probes, self._tell, interval_s=settings.interval_seconds)
        self._since: datetime | None = None
        self.outages: list[Outage] = []

    def start(self) -> None:
        """Begin to look."""
        self._watch.start()

    def stop(self) -> None:
        """End."""
        self._watch.stop()

    def nudge(self) -> None:
        """A call found nobody outside: look at once."""
        self._watch.nudge()

    def look(self) -> tuple[ProbeState, ...]:
        """What every probe says now; waits for the answers."""
        judgement = self._watch.look()
        return judgement.probes if judgement is not None else ()

    @property
    def judgement(self) -> Judgement:
        """How the world is, as last seen."""
        return self._watch.last or Judgement(internet=Internet.ONLINE, why="not looked yet")

    # -- what is asked -----------------------------------------------------------------------------

    def _probes(self) -> list[Probe]:
        snapshot = self._core.configuration.snapshot()
        servers = self._core.trunk_servers()
        found: list[Probe] = []
        for trunk in snapshot.trunks.values():
            if trunk.enabled and trunk.kind is not TrunkKind.GSM and not is_local(trunk):
                found.append(
                    Probe(
                        name=f"{TRUNK}{trunk.id}",
                        kind=ProbeKind.PROVIDER,
                        ask=partial(self._ask_trunk, trunk, servers.get(trunk.id, "")),
                    )
                )
        for target in self._core.box.survival.servers:
            host, _, port = target.partition(":")
            found.append(
                Probe(
                    name=f"server {host}",
                    kind=ProbeKind.SERVER,
                    ask=partial(self._ask_tls, host, int(port or 443)),
                )
            )
        if not found:
            return []  # nothing of this office is on the internet
        named = [
            trunk.host for trunk in snapshot.trunks.values() if trunk.enabled and not _is_address(trunk.host)
        ]
        named += [target.partition(":")[0] for target in self._core.box.survival.servers]
        if named and self._servers:
            ask = partial(ask_names, self._servers, named[0])
            found.append(Probe(name="name servers", kind=ProbeKind.NAMES, ask=ask))
        found.append(Probe(name="network", kind=ProbeKind.ROUTE, ask=ask_route))
        return found

    def _ask_trunk(self, trunk: Trunk, server: str) -> Answer:
        if trunk.transport is Transport.TLS:
            host, port = trunk.next_hop
            return self._ask_tls(host, port or 5061)
        address, _, known_port = server.rpartition(":")
        if not address:
            return Answer(good=False, detail="its server is not known")
        tcp = trunk.transport is Transport.TCP
        return ask_sip(address.strip("[]"), int(known_port), trunk.host, tcp=tcp)

    def _ask_tls(self, host: str, port: int) -> Answer:
        known = [host] if _is_address(host) else addresses(self._servers, host)
        if not known:
            return Answer(good=False, detail=f"{host} has no address")
        return ask_tls(known[0], port, host)

    # -- what follows ------------------------------------------------------------------------------

    def _tell(self, judgement: Judgement) -> None:
        core = self._core
        now = self._clock()
        log.info("internet", state=judgement.internet.value, why=judgement.why)
        silent = frozenset(
            TrunkId(probe.name.removeprefix(TRUNK))
            for probe in judgement.probes
            if probe.kind is ProbeKind.PROVIDER and probe.known and not probe.good
        )

        def change() -> None:
            core.loop.trunks_silent(silent)
            core.loop.handle(InternetChanged(internet=judgement.internet))

        core.loop.ask(change, ENGINE_S)  # waited for: whoever hears of it may rely on it
        core.outages.internet(cut=judgement.internet is Internet.CUT_OFF, why=judgement.why)
        core.server.publish("internet", {"state": judgement.internet.value, "why": judgement.why})
        if judgement.internet is Internet.CUT_OFF:
            self._since = self._since or now
            core.alarms.raise_alarm(AlarmKind.INTERNET_CUT_OFF, detail=judgement.why)
        elif self._since is not None:
            outage = self._report(self._since, now)
            self._since = None
            self.outages = [*self.outages, outage][-50:]
            core.server.publish("outage", encode(outage))
            core.alarms.clear(
                AlarmKind.INTERNET_CUT_OFF,
                minutes=str(max(1, round((outage.ended - outage.began).total_seconds() / 60))),
                outside=str(outage.outside),
                by_gsm=str(outage.by_gsm),
                cost=f"{outage.cost / 10_000:.2f}",
                missed=str(outage.missed),
            )

    def told(self, began: datetime, ended: datetime) -> Outage:
        """Which calls there were between two times."""
        return self._report(began, ended)

    def _report(self, began: datetime, ended: datetime) -> Outage:
        core = self._core
        snapshot = core.configuration.snapshot()
        gsm = {f"trunk:{trunk.id}" for trunk in snapshot.trunks.values() if trunk.kind is TrunkKind.GSM}
        outside = by_gsm = cost = missed = 0
        try:
            records = core.records.calls(since=began, limit=MAX_CALLS)
            missed = sum(one.kind is CallKind.INBOUND and one.answered is None for one in records)
            went_out = [one for one in records if one.kind in (CallKind.OUTBOUND, CallKind.EMERGENCY)]
            outside = len(went_out)
            for whole in core.records.with_legs(went_out):
                for leg in whole.legs:
                    out = leg.direction is Direction.OUTGOING and leg.answered is not None
                    if out and leg.endpoint in gsm:
                        by_gsm += 1
                        cost += _cost(snapshot, leg, ended)
        except OrtsamtError as error:
            log.warning("the outage could not be reported", error=str(error))
        return Outage(began=began, ended=ended, outside=outside, by_gsm=by_gsm, cost=cost, missed=missed)


def _cost(snapshot: Snapshot, leg: LegRecord, until: datetime) -> int:
    trunk = snapshot.trunks.get(TrunkId(leg.endpoint.removeprefix("trunk:")))
    if trunk is None or leg.answered is None:
        return 0
    seconds = round(((leg.ended or until) - leg.answered).total_seconds())
    return cost_of(snapshot, trunk, leg.party, leg.answered, seconds)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
