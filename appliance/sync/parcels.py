"""Records and media through the hub: files in chunks with resume, the manifest last, committed by hash.

Theory of operation: ``rec.<tenant>.<node>.<sha>.c`` carries a chunk, 4 bytes of its number in front;
``rec.<tenant>.<node>.<id>.m`` the manifest with the record and the file's hash, with a code like operations.
A chunk has the same message id however often it is sent, so what was stored is not stored again; after an
interruption sending goes on behind the last chunk that was acknowledged. The receiver puts chunks at their
place in a file of the inbox, on disk before the place in the feed is kept, and gives the file to the core
when the manifest comes and the hash is right. What is wrong is asked for again.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import structlog

from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.store.reserve import free_bytes
from appliance.sync import subjects
from appliance.sync.core_link import CoreLink
from appliance.sync.credentials import Credentials
from appliance.sync.files import write_json
from appliance.sync.hub_link import HubLink, Message
from appliance.sync.state import Shared

LOOK_S = 1.0
"""How often the core is asked for what is finished."""
CHUNK = 128 * 1024
WINDOW = 4
MAX_FILE = 1024 * 1024 * 1024
MAX_DATA = 500_000
MAX_OWN = 5000
ROOM_BYTES = 50_000_000
"""So much of the disk is left to what happens here: what comes from elsewhere waits in the hub."""
HELD_BACK = frozenset({"device.fax", "device.no_room"})
"""The core cannot take it now: it is offered again, and holds nothing else up."""
STALE_S = 14 * 86_400.0
"""Chunks whose manifest never came are given up after so long."""
_log = structlog.get_logger("sync.parcels")


class ParcelRound:
    """The part of a round that carries records."""

    def __init__(
        self, shared: Shared, core: CoreLink, hub: HubLink, credentials: Credentials, place: str, folder: Path
    ) -> None:
        self._shared = shared
        self._state = shared.state
        self._core = core
        self._hub = hub
        self._credentials = credentials
        self._keys = [bytes.fromhex(one) for one in (credentials.key, *credentials.old_keys)]
        self._place = place
        self._inbox = folder / "arriving"

    # -- out ---------------------------------------------------------------------------------------

    async def send(self) -> None:
        """Send what is finished and not yet sent, for ever."""
        await self._hub.listen(subjects.talk(self._credentials.node, "again"), self._asked_again)
        while True:
            waiting = await self._core.call("parcels.waiting")
            self._state.parcels_waiting = len(waiting)
            for parcel in waiting:
                with contextlib.suppress(_Gone):
                    await self._send(parcel)
                self._state.parcels_waiting -= 1
            if not waiting:
                await asyncio.sleep(LOOK_S)

    async def _send(self, parcel: dict[str, Any]) -> None:
        if len(parcel["data"]) > MAX_DATA or parcel["size"] > MAX_FILE:
            _log.error("a record is too large to be sent", kind=parcel["kind"], id=parcel["id"])
        else:
            if parcel["sha"]:
                await self._send_file(parcel)
            manifest = {"v": 1, "node": self._credentials.node, **parcel}
            body = msgspec.json.encode([manifest, _code(manifest, self._credentials.tenant, self._keys[0])])
            token = hashlib.sha256(f"{parcel['kind']} {parcel['id']}".encode()).hexdigest()[:32]
            subject = subjects.records_of(self._credentials.tenant, self._credentials.node, token, "m")
            self._mine(token)
            again = self._shared.again.get((parcel["kind"], parcel["id"]), 0)
            await self._hub.publish(subject, body, f"{token}.{parcel['version']}.{again}")
        await self._core.call("parcels.settled", {name: parcel[name] for name in ("kind", "id", "version")})
        self._state.parcels_sent += 1

    def _mine(self, token: str) -> None:
        """It comes back from the hub, and is no news."""
        self._shared.own[token] = None
        if len(self._shared.own) > MAX_OWN:
            self._shared.own.popitem(last=False)

    async def _send_file(self, parcel: dict[str, Any]) -> None:
        sha, size = parcel["sha"], parcel["size"]
        again = self._shared.again.get((parcel["kind"], parcel["id"]), 0)
        done = self._shared.chunks.get(sha, 0)
        subject = subjects.records_of(self._credentials.tenant, self._credentials.node, sha, "c")
        count = -(-size // CHUNK)
        self._mine(sha)
        while done < count:
            part = range(done, min(count, done + WINDOW))
            async with asyncio.TaskGroup() as group:
                for number in part:
                    group.create_task(self._send_chunk(parcel, subject, number, again))
            done = part[-1] + 1
            self._shared.chunks[sha] = done
        self._shared.chunks.pop(sha, None)

    async def _send_chunk(self, parcel: dict[str, Any], subject: str, number: int, again: int) -> None:
        asked = {"kind": parcel["kind"], "id": parcel["id"], "offset": number * CHUNK}
        try:
            piece = await self._core.call("parcels.piece", asked)
        except DeviceUnavailable:
            raise
        except OrtsamtError as error:
            raise _Gone from error
        data = number.to_bytes(4, "big") + base64.b64decode(piece["data"])
        await self._hub.publish(subject, data, f"{parcel['sha']}.{number}.{again}")

    async def _asked_again(self, _subject: str, data: bytes) -> None:
        with contextlib.suppress(msgspec.MsgspecError, OrtsamtError):
            asked = msgspec.json.decode(data, type=_Again)
            _log.warning("a record is asked for again", kind=asked.kind, id=asked.id)
            key = (asked.kind, asked.id)
            self._shared.again[key] = self._shared.again.get(key, int(time.time())) + 1
            await self._core.call("parcels.again", {"kind": asked.kind, "id": asked.id})

    # -- in ----------------------------------------------------------------------------------------

    async def take_in(self) -> None:
        """Keep what other nodes sent."""
        self._inbox.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._tidy()
        stream = subjects.records_stream(self._credentials.shard)
        async for messages, anew in self._hub.feed(stream, "rec", self._place):
            if anew:
                _log.warning("the hub lost records: all are sent again, and kept once")
                self._shared.chunks.clear()
                await self._core.call("parcels.again", {"kind": "", "id": ""})
            for message in messages:
                await self._take(message)
            if messages:
                self._place = messages[-1].place
                await self._core.call("sync.keep", {"places": {"rec": self._place}})

    async def _take(self, message: Message) -> None:
        parts = message.subject.split(".")
        if len(parts) != 5:
            return
        sender, token, what = parts[2:]
        # What this process did not send is news even with our name: this box was made anew or restored.
        if sender == self._credentials.node and token in self._shared.own:
            return
        if what == "c":
            if len(token) == 64 and token.isalnum() and len(message.data) > 4:
                await asyncio.to_thread(self._keep_chunk, token, message.data)
        elif what == "m":
            await self._take_manifest(sender, message.data)

    def _keep_chunk(self, sha: str, data: bytes) -> None:
        number = int.from_bytes(data[:4], "big")
        if (number + 1) * CHUNK > MAX_FILE:
            return
        if free_bytes(self._inbox) < ROOM_BYTES:
            raise DeviceUnavailable(
                "there is no room for what arrives",
                error_id="store.disk_full",
                hint="make room on that disk; it comes again",
            )
        try:
            descriptor = os.open(self._inbox / sha, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)
            try:
                os.pwrite(descriptor, data[4:], number * CHUNK)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DeviceUnavailable(
                f"what arrives cannot be written: {error.strerror}",
                error_id="store.disk_full" if error.errno in {28, 122} else "store.unwritable",
                hint="make room on that disk; it comes again",
            ) from error

    async def _take_manifest(self, sender: str, data: bytes) -> None:
        try:
            manifest, given = msgspec.json.decode(data, type=tuple[dict[str, Any], str])
            good = any(
                hmac.compare_digest(_code(manifest, self._credentials.tenant, key), given)
                for key in self._keys
            )
            if not good or manifest["node"] != sender:
                raise ValueError("its code is wrong")
            names = ("kind", "id", "version", "data", "sha", "size")
            parcel = {name: manifest[name] for name in names}
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
            self._shared.refused(f"a record of {sender}: {error}")
            return
        file = self._inbox / str(parcel["sha"]) if parcel["sha"] else None
        if file is not None and not await asyncio.to_thread(
            _is_whole, file, str(parcel["sha"]), parcel["size"]
        ):
            _log.warning("a file arrived damaged or not at all", kind=parcel["kind"], id=parcel["id"])
            file.unlink(missing_ok=True)
            self._want(sender, str(parcel["kind"]), str(parcel["id"]))
            return
        await self._give(sender, parcel, file)

    async def _give(self, sender: str, parcel: dict[str, Any], file: Path | None) -> None:
        """Give a whole record to the core; what no service takes now is held back."""
        held = self._inbox / f"held-{self._wanted(sender, parcel['kind'], parcel['id']).name}"
        try:
            await self._core.call("parcels.take", {"parcel": parcel, "file": str(file or "")})
        except OrtsamtError as error:
            if error.error_id in HELD_BACK:
                write_json(held, {"sender": sender, "parcel": parcel})
                return
            if error.error_id.startswith(("store.", "control.", "device.")):
                raise
            self._shared.refused(f"a record of {sender}: {error.message}")
        else:
            self._state.parcels_taken += 1
            self._wanted(sender, str(parcel["kind"]), str(parcel["id"])).unlink(missing_ok=True)
        for path in (held, file):
            if path is not None:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    # -- what is missing ---------------------------------------------------------------------------

    def _wanted(self, sender: str, kind: str, identity: str) -> Path:
        name = hashlib.sha256(f"{sender} {kind} {identity}".encode()).hexdigest()[:32]
        return self._inbox / f"wanted-{name}"

    def _want(self, sender: str, kind: str, identity: str) -> None:
        """Remember that it has to be asked for; the sender may be away now."""
        write_json(self._wanted(sender, kind, identity), {"sender": sender, "kind": kind, "id": identity})

    async def ask_again(self) -> None:
        """Ask for what arrived damaged until it comes, for ever."""
        while True:
            for path in await asyncio.to_thread(lambda: list(self._inbox.glob("wanted-*[!w]"))):
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    wanted = msgspec.json.decode(path.read_bytes(), type=_Wanted)
                    asked = msgspec.json.encode({"kind": wanted.kind, "id": wanted.id})
                    await self._hub.say(subjects.talk(wanted.sender, "again"), asked)
            for path in await asyncio.to_thread(lambda: list(self._inbox.glob("held-*"))):
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    held = msgspec.json.decode(path.read_bytes(), type=_Held)
                    file = self._inbox / str(held.parcel["sha"]) if held.parcel["sha"] else None
                    await self._give(held.sender, held.parcel, file)
            await asyncio.sleep(3 * self._shared.beat_s)

    def _tidy(self) -> None:
        for path in self._inbox.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()


class _Gone(Exception):
    """The file was deleted before it could be sent; the next look tells."""


class _Wanted(msgspec.Struct):
    sender: str
    kind: str
    id: str


class _Held(msgspec.Struct):
    sender: str
    parcel: dict[str, Any]


class _Again(msgspec.Struct):
    kind: str
    id: str


def _code(manifest: dict[str, Any], tenant: str, key: bytes) -> str:
    text = tenant.encode() + b"\0rec\0" + msgspec.json.encode(manifest, order="sorted")
    return hmac.digest(key, text, "sha256")[:16].hex()


def _is_whole(path: Path, sha: str, size: object) -> bool:
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha
    except OSError:
        return False
