"""The report of an outage: since when, which calls, who edited what, what was handed over; one mail.

An outage begins when the internet is not reached, or other instances for longer than a minute. It is over
when both are back and everything is exchanged; when only the internet is back, after some minutes all the
same. The open report is on disk, so it outlives a restart.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from appliance.errors import ConfigError, OrtsamtError
from appliance.model.causes import Cause
from appliance.model.decode import decode, encode
from appliance.model.outages import MAX_EDITS, Outage, OutageEdit
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord

if TYPE_CHECKING:
    from appliance.app.core import Core

QUIET_S = 6.0
"""Nothing was handed over for so long: that is all."""
PATIENCE_S = 300.0
"""So long the end waits for exchange, when the internet is back."""
MAX_LOOKED_AT = 5000
NO_WAY = frozenset({Cause.NO_ROUTE, Cause.CONGESTION, Cause.TIMEOUT, Cause.FAILURE, Cause.UNREACHABLE})
log = structlog.get_logger("outages")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingOutages:
    """Params of ``outages.list``."""

    limit: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 200:
            raise ConfigError("limit: out of range: 1 to 200", field="limit", hint="1 to 200")


class Outages:
    """For any thread; nothing here raises."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._store = core.stores.outages
        self._guard = threading.RLock()
        self._open = self._store.lasting(core.box.node)
        self._cut = False
        self._apart = False
        self._sent: Counter[str] = Counter(self._open.sent if self._open else {})
        self._taken: Counter[str] = Counter(self._open.taken if self._open else {})
        self._moved = self._back = time.monotonic()

    def register(self) -> None:
        """Offer ``outages.list``."""
        self._core.server.register("outages.list", self.listing, slow=True)

    def listing(self, params: Mapping[str, Any]) -> object:
        """Outages of this office, the newest first; one that lasts has no end."""
        return encode(list(self._store.newest(decode(ListingOutages, params, where="outages.list").limit)))

    # -- what is told ------------------------------------------------------------------------------

    def internet(self, *, cut: bool, why: str) -> None:
        """The internet was lost, or is back."""
        with self._guard:
            if cut and not self._cut:
                self._begin(datetime.now(UTC), why, internet=True)
            self._cut = cut
            self._back = time.monotonic()

    def exchange(self, *, apart: bool, since: datetime, why: str) -> None:
        """Other instances are not reached since then, or are again."""
        with self._guard:
            if apart and not self._apart:
                self._begin(since, why, exchange=True)
            if self._apart and not apart:
                self._back = time.monotonic()
            self._apart = apart

    def sent(self, kind: str) -> None:
        """A record was handed over."""
        with self._guard:
            if self._open is not None:
                self._sent[kind] += 1
                self._moved = time.monotonic()

    def taken(self, kind: str) -> None:
        """A record came from elsewhere."""
        with self._guard:
            if self._open is not None:
                self._taken[kind] += 1
                self._moved = time.monotonic()

    def call_elsewhere(self, call: CallRecord) -> None:
        """A call of another instance came."""
        with self._guard:
            now = self._open
            if now is not None and call.kind is CallKind.INBOUND and call.started >= now.began:
                self._open = replace(
                    now,
                    elsewhere=now.elsewhere + 1,
                    elsewhere_missed=now.elsewhere_missed + (call.answered is None),
                )

    def look(self, *, exchanged: bool, enrolled: bool) -> None:
        """To be called every few seconds; ``exchanged``: connected, and nothing waits any more."""
        try:
            self._look(exchanged=exchanged, enrolled=enrolled)
        except OrtsamtError as error:
            log.warning("an outage cannot be reported yet", error=str(error))

    # -- inside ------------------------------------------------------------------------------------

    def _begin(self, at: datetime, why: str, *, internet: bool = False, exchange: bool = False) -> None:
        now = self._open
        if now is None:
            now = Outage(id=secrets.token_hex(8), node=self._core.box.node, began=at, why=why[:200])
            self._sent.clear()
            self._taken.clear()
        self._open = replace(
            now,
            began=min(now.began, at),
            internet=now.internet or internet,
            exchange=now.exchange or exchange,
        )
        self._write(self._open)

    def _write(self, outage: Outage) -> None:
        try:
            self._store.put(outage)
        except OrtsamtError as error:
            log.warning("an outage is not on disk", error=str(error))

    def _look(self, *, exchanged: bool, enrolled: bool) -> None:
        with self._guard:
            now, monotonic = self._open, time.monotonic()
            if now is None or self._cut:
                return
            quiet = exchanged and monotonic - max(self._moved, self._back) >= QUIET_S
            late = monotonic - self._back >= PATIENCE_S
            if enrolled and (self._apart or not (quiet or late)):
                return
            over = self._over(replace(now, sent=dict(self._sent), taken=dict(self._taken)))
            self._store.put(over)
            self._open = None
        log.info("outage", began=over.began.isoformat(), minutes=over.minutes, edits=over.edits_elsewhere)
        self._core.server.publish("outage_report", encode(over))
        self._core.notifier.outage(over)

    def _over(self, outage: Outage) -> Outage:
        """The report, of what the records and the log say."""
        core, ended = self._core, datetime.now(UTC)
        told = core.survival.told(outage.began, ended)
        calls = core.records.calls(since=outage.began, limit=MAX_LOOKED_AT)
        outward = (CallKind.OUTBOUND, CallKind.EMERGENCY)
        edits = self._edits(outage.began)
        conflicts = sum(
            any(one.at >= outage.began for one in conflict.others)
            for conflict in core.configuration.conflicts()
        )
        return replace(
            outage,
            ended=ended,
            outside=told.outside,
            by_gsm=told.by_gsm,
            cost=told.cost,
            failed=sum(one.kind in outward and one.answered is None and one.cause in NO_WAY for one in calls),
            missed=max(0, told.missed - outage.elsewhere_missed),
            edits_here=sum(one.node == outage.node for one in edits),
            edits_elsewhere=sum(one.node != outage.node for one in edits),
            conflicts=conflicts,
            edits=tuple(edits[:MAX_EDITS]),
        )

    def _edits(self, since: datetime) -> list[OutageEdit]:
        """Documents changed since then, each once by who did it where."""
        found: dict[tuple[str, str, str, str], OutageEdit] = {}
        for one in self._core.configuration.log.operations(since=since, limit=MAX_LOOKED_AT):
            key = (one.node, one.who, one.kind, one.entity)
            before = found.get(key)
            fields = () if before is None else before.fields
            if one.field is not None and one.field not in fields:
                fields = (*fields, one.field)
            found[key] = OutageEdit(
                at=one.at, node=one.node, who=one.who, kind=one.kind, id=one.entity, fields=fields
            )
        return list(found.values())
