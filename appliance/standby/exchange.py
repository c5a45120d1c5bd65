"""What two boxes tell each other while connected: operations, records, registrations, and what they lack.

The same operations, envelopes and parcels as through the hub (:mod:`appliance.sync`), but straight: the pair
stays in step when there is no internet. Each side sends what it has; what came twice is merged once.
"""

import asyncio
import base64
import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from appliance.errors import DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.standby.wire import Answer, Session
from appliance.sync import envelope
from appliance.sync.core_link import CoreLink

TENANT = "pair"
GIVEN_AT_ONCE = 1000
LOOK_S = 2.0
COMPARE_S = 10.0
CONTACTS_S = 20.0
CHUNK = 256 * 1024
MAX_FILE = 200 * 1024 * 1024
_log = structlog.get_logger("standby")


@dataclass(slots=True, kw_only=True)
class Step:
    """How the two are in step, for people."""

    waiting: int = 0
    """Operations not yet with the other."""
    records: int = 0
    sent: int = 0
    taken: int = 0
    records_sent: int = 0
    records_taken: int = 0
    equal: bool = False
    fault: str = ""
    detail: str = ""


class Exchange:
    """Answers the other's questions, and sends what is new; one for a connection."""

    def __init__(self, core: CoreLink, key: str, node: str, folder: Path, step: Step) -> None:
        self._core = core
        self._key = bytes.fromhex(key)
        self._node = node
        self._inbox = folder / "arriving"
        self._step = step
        self.nudge = asyncio.Event()
        self.contacts = asyncio.Event()
        self._differs: dict[str, str] = {}

    def answers(self) -> Mapping[str, Answer]:
        """What the other may ask."""
        return {
            "operations": self._take_operations,
            "digests": lambda _: self._core.call("sync.digests"),
            "buckets": lambda asked: self._core.call("sync.buckets", {"node": str(asked["node"])}),
            "have": self._have,
            "chunk": self._take_chunk,
            "parcel": self._take_parcel,
            "contacts": lambda asked: self._core.call("standby.take_contacts", {"contacts": asked}),
        }

    async def run(self, session: Session, other: str, identity: str) -> None:
        """Until the connection ends. ``other``: its node; ``identity``: which machine that is."""
        places = (await self._core.call("sync.open"))["places"]
        place = f"pair.{identity}"
        if place not in places:  # another machine than before has that name: it lacks everything
            await self._core.call("pair.again", {"kind": "", "id": ""})
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_operations(session, other, place, int(places.get(place, "0"))))
            group.create_task(self._compare(session, other))
            group.create_task(self._send_parcels(session))
            group.create_task(self._send_contacts(session))

    # -- operations --------------------------------------------------------------------------------

    async def _send_operations(self, session: Session, other: str, place: str, sent: int) -> None:
        while True:
            asked = {"after": sent, "node": other, "limit": GIVEN_AT_ONCE}
            given = await self._core.call("standby.give", asked)
            self._step.waiting = len(given["operations"]) + given["waiting"]
            if given["operations"]:
                await self._send(session, given["operations"])
                sent = given["last"]
                await self._core.call("sync.keep", {"places": {place: str(sent)}})
                self._step.waiting = given["waiting"]
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self.nudge.wait()
            self.nudge.clear()

    async def _send(self, session: Session, rows: list[envelope.Row]) -> None:
        for data, count in envelope.packs(rows, tenant=TENANT, node=self._node, key=self._key):
            await session.call("operations", {"node": self._node, "data": base64.b64encode(data).decode()})
            self._step.sent += count

    async def _take_operations(self, asked: Any) -> object:
        data = base64.b64decode(asked["data"])
        found = envelope.unpack(data, tenant=TENANT, sender=str(asked["node"]), keys=[self._key])
        answer = await self._core.call("standby.take", {"operations": list(found.rows)})
        self._step.taken += answer["new"]
        for why in (*found.refused, *answer["refused"]):
            _log.warning("an operation was refused", why=why)
        return {"new": answer["new"]}

    async def _compare(self, session: Session, other: str) -> None:
        """See what the other lacks though it was sent once; a restored backup is such a case."""
        while True:
            theirs: dict[str, str] = await session.call("digests")
            mine: dict[str, str] = await self._core.call("sync.digests")
            self._step.equal = mine == theirs
            differs = {
                origin: digest
                for origin, digest in mine.items()
                if theirs.get(origin) != digest and not self._step.waiting
            }
            for origin, digest in differs.items():
                if self._differs.get(origin) == digest:  # not only on its way
                    await self._send_again(session, origin)
            self._differs = differs
            await asyncio.sleep(COMPARE_S if not differs else LOOK_S)

    async def _send_again(self, session: Session, origin: str) -> None:
        theirs = await session.call("buckets", {"node": origin})
        mine = await self._core.call("sync.buckets", {"node": origin})
        for day, digest in mine.items():
            if theirs.get(day) != digest:
                given = await self._core.call("sync.give_again", {"node": origin, "day": int(day)})
                _log.warning("sent again what the other box lacks", count=len(given["operations"]))
                await self._send(session, given["operations"])

    # -- records -----------------------------------------------------------------------------------

    async def _send_parcels(self, session: Session) -> None:
        while True:
            waiting = await self._core.call("pair.waiting")
            self._step.records = len(waiting)
            sent = 0
            for parcel in waiting:
                try:
                    if parcel["sha"]:
                        await self._send_file(session, parcel)
                    await session.call("parcel", parcel)
                except DeviceUnavailable:
                    raise
                except OrtsamtError as error:  # its file was deleted, or a service is away at the other
                    _log.warning("a record was not sent", kind=parcel["kind"], why=error.message)
                    continue
                settled = {name: parcel[name] for name in ("kind", "id", "version")}
                await self._core.call("pair.settled", settled)
                self._step.records -= 1
                self._step.records_sent += 1
                sent += 1
            if not sent:
                await asyncio.sleep(LOOK_S)

    async def _send_file(self, session: Session, parcel: Mapping[str, Any]) -> None:
        have = await session.call("have", {"sha": parcel["sha"]})
        while have < parcel["size"]:
            asked = {"kind": parcel["kind"], "id": parcel["id"], "offset": have}
            piece = await self._core.call("pair.piece", asked)
            if not piece["data"]:
                raise PeerProtocolError("a file became shorter", error_id="standby.file")
            have = await session.call("chunk", {"sha": parcel["sha"], "offset": have, "data": piece["data"]})

    def _place(self, sha: object) -> Path:
        text = str(sha)
        if len(text) != 64 or not text.isalnum():
            raise PeerProtocolError("not the name of a file", error_id="standby.garbage")
        self._inbox.mkdir(mode=0o750, parents=True, exist_ok=True)
        return self._inbox / text

    async def _have(self, asked: Any) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self._place(asked["sha"]).stat().st_size
        return 0

    async def _take_chunk(self, asked: Any) -> int:
        data = base64.b64decode(asked["data"])
        return await asyncio.to_thread(_append, self._place(asked["sha"]), int(asked["offset"]), data)

    async def _take_parcel(self, asked: Any) -> object:
        parcel = {name: asked[name] for name in ("kind", "id", "version", "data", "sha", "size")}
        file = self._place(parcel["sha"]) if parcel["sha"] else None
        if file is not None and not await asyncio.to_thread(_is_whole, file, str(parcel["sha"])):
            file.unlink(missing_ok=True)
            raise PeerProtocolError("a file arrived damaged", error_id="standby.damaged")
        await self._core.call("pair.take", {"parcel": parcel, "file": str(file or "")})
        self._step.records_taken += 1
        if file is not None:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        return {}

    # -- registrations -----------------------------------------------------------------------------

    async def _send_contacts(self, session: Session) -> None:
        """While this box is active the other keeps its registrations."""
        while True:
            given = await self._core.call("standby.contacts")
            if given["active"]:
                await session.call("contacts", given["contacts"])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONTACTS_S):
                    await self.contacts.wait()
            self.contacts.clear()


def _append(path: Path, offset: int, data: bytes) -> int:
    """Write behind what is there; the new size."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        try:
            size = os.fstat(descriptor).st_size
            if offset != size or size + len(data) > MAX_FILE:
                return size
            os.pwrite(descriptor, data, offset)
            os.fsync(descriptor)
            return size + len(data)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OrtsamtError(
            f"what arrives cannot be written: {error.strerror}", error_id="store.unwritable"
        ) from error


def _is_whole(path: Path, sha: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha
    except OSError:
        return False
