"""What this box knows of IP phones beside their documents, in ``phones.db``.

Who may fetch a phone's file, when and where it did, and phones that were seen but belong to nobody. Which
address a phone is pinned to is on disk before its file is handed out.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from appliance.store.database import Database, explained
from appliance.store.migrations import Schema, transaction
from appliance.store.record_rows import micros, time_of
from appliance.store.records import utc_now

MAX_DISCOVERED = 500
_SPARING = timedelta(hours=1)
"""A time of a fetch that is so little newer is not worth a write."""
SCHEMA = Schema(
    name="phones",
    application_id=0x4F545048,
    steps=(
        (
            """CREATE TABLE fetching (
                mac TEXT PRIMARY KEY, open_until INTEGER, pinned TEXT NOT NULL, fetched INTEGER,
                address TEXT NOT NULL, agent TEXT NOT NULL, version TEXT NOT NULL, refused INTEGER,
                refused_from TEXT NOT NULL
            ) WITHOUT ROWID""",
            """CREATE TABLE discovered (
                mac TEXT PRIMARY KEY, vendor TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
                dect INTEGER NOT NULL, address TEXT NOT NULL, how TEXT NOT NULL, account TEXT NOT NULL,
                contact TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
            ) WITHOUT ROWID""",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """How one device fetches."""

    mac: str
    open_until: datetime | None = None
    """Until then whoever comes first gets the file; None: it is closed."""
    pinned: str = ""
    """The address that got it; empty: nobody yet."""
    fetched: datetime | None = None
    address: str = ""
    """Where it fetched from last."""
    agent: str = ""
    version: str = ""
    refused: datetime | None = None
    """When somebody was last refused who wanted this phone's file."""
    refused_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A phone that was seen and belongs to nobody."""

    mac: str
    vendor: str = ""
    model: str = ""
    version: str = ""
    dect: bool = False
    address: str = ""
    how: str = ""
    """``pnp``, ``http``, ``register``, ``mdns``."""
    account: str = ""
    """The SIP account it tried."""
    contact: str = ""
    """Where it can be told something: ``sip:192.168.1.20:5060``."""
    first: datetime
    last: datetime


class PhoneStore:
    """Read from memory, written at once. Safe to use from any thread; raises DeviceUnavailable."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = utc_now) -> None:
        """Open or create. Raises ConfigError (damaged or newer database), DeviceUnavailable."""
        self.path = path
        self.now = clock
        self._guard = threading.Lock()
        self._database = Database(path, SCHEMA)
        with explained(path):
            connection = self._database.connection
            rows = connection.execute("SELECT * FROM fetching").fetchall()
            self._fetching = {row[0]: _fetching(row) for row in rows}
            rows = connection.execute("SELECT * FROM discovered ORDER BY last").fetchall()
            self._discovered = {row[0]: _discovered(row) for row in rows}
        self._written = dict(self._fetching)

    def close(self) -> None:
        """Close the database."""
        with self._guard:
            self._database.close()

    # -- fetching ----------------------------------------------------------------------------------

    def fetching(self, mac: str) -> Fetching:
        """How this device fetches."""
        return self._fetching.get(mac) or Fetching(mac=mac)

    def keep(self, state: Fetching) -> None:
        """Keep a state; on disk when this returns, unless only times of fetches changed a little."""
        with self._guard:
            self._fetching[state.mac] = state
            if not _matters(self._written.get(state.mac), state):
                return
            self._written[state.mac] = state
            row = (
                state.mac, _at(state.open_until), state.pinned, _at(state.fetched), state.address,
                state.agent, state.version, _at(state.refused), state.refused_from,
            )  # fmt: skip
            with explained(self.path), transaction(self._database.connection) as _:
                self._database.connection.execute(
                    "INSERT OR REPLACE INTO fetching VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
                )

    def drop(self, mac: str) -> None:
        """Forget how a device fetched: it is nobody's any more."""
        with self._guard:
            self._written.pop(mac, None)
            if self._fetching.pop(mac, None) is None:
                return
            with explained(self.path), transaction(self._database.connection):
                self._database.connection.execute("DELETE FROM fetching WHERE mac = ?", (mac,))

    # -- discovered --------------------------------------------------------------------------------

    def discovered(self) -> tuple[Discovered, ...]:
        """Phones that wait, the one seen last first."""
        with self._guard:
            found = tuple(self._discovered.values())
        return tuple(sorted(found, key=lambda one: one.last, reverse=True))

    def seen(self, one: Discovered) -> bool:
        """Remember that a phone was seen; True: it is new. The one not seen longest makes room."""
        with self._guard:
            before = self._discovered.get(one.mac)
            merged = one if before is None else _merged(before, one)
            self._discovered[one.mac] = merged
            oldest = ""
            if len(self._discovered) > MAX_DISCOVERED:
                oldest = min(self._discovered.values(), key=lambda each: each.last).mac
                del self._discovered[oldest]
            if before is not None and replace(before, last=merged.last) == merged:
                return False
            with explained(self.path), transaction(self._database.connection):
                self._database.connection.execute(
                    "INSERT OR REPLACE INTO discovered VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        merged.mac, merged.vendor, merged.model, merged.version, int(merged.dect),
                        merged.address, merged.how, merged.account, merged.contact, micros(merged.first),
                        micros(merged.last),
                    ),
                )  # fmt: skip
                if oldest:
                    self._database.connection.execute("DELETE FROM discovered WHERE mac = ?", (oldest,))
        return before is None

    def forget(self, mac: str) -> Discovered | None:
        """Take a phone off the list; what was known of it."""
        with self._guard:
            found = self._discovered.pop(mac, None)
            if found is not None:
                with explained(self.path), transaction(self._database.connection):
                    self._database.connection.execute("DELETE FROM discovered WHERE mac = ?", (mac,))
        return found


def _merged(before: Discovered, now: Discovered) -> Discovered:
    """What is said now, and what was said before where nothing is said now."""
    return replace(
        now,
        vendor=now.vendor or before.vendor,
        model=now.model or before.model,
        version=now.version or before.version,
        dect=now.dect or before.dect,
        account=now.account or before.account,
        contact=now.contact or before.contact,
        first=before.first,
    )


def _matters(written: Fetching | None, state: Fetching) -> bool:
    if written is None or written.fetched is None or state.fetched is None:
        return written != state
    if state.fetched - written.fetched > _SPARING:
        return True
    if state.refused is not None and (written.refused is None or state.refused - written.refused > _SPARING):
        return True
    same = replace(state, fetched=written.fetched, refused=written.refused, refused_from=written.refused_from)
    return same != written


def _at(time: datetime | None) -> int | None:
    return None if time is None else micros(time)


def _time(value: int | None) -> datetime | None:
    return None if value is None else time_of(value)


def _fetching(row: tuple[object, ...]) -> Fetching:
    mac, open_until, pinned, fetched, address, agent, version, refused, refused_from = row
    return Fetching(
        mac=str(mac), open_until=_time(open_until), pinned=str(pinned), fetched=_time(fetched),  # type: ignore[arg-type]
        address=str(address), agent=str(agent), version=str(version), refused=_time(refused),  # type: ignore[arg-type]
        refused_from=str(refused_from),
    )  # fmt: skip


def _discovered(row: tuple[object, ...]) -> Discovered:
    texts = [str(one) for one in row]
    return Discovered(
        mac=texts[0], vendor=texts[1], model=texts[2], version=texts[3], dect=bool(row[4]), address=texts[5],
        how=texts[6], account=texts[7], contact=texts[8], first=time_of(int(texts[9])),
        last=time_of(int(texts[10])),
    )  # fmt: skip
