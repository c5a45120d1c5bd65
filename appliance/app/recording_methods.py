"""The ``recordings.*`` methods: list, start and stop, play, read, delete, verify; by rights, told in the log.

With ``extension`` a method acts for that extension: it sees its own recordings only, starts and stops only if
it may record, deletes only where the office lets it. Without, the one who asks runs the box.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.decode import decode, encode
from appliance.model.documents import Extension
from appliance.model.events import PlayTo, TapeCall
from appliance.model.ids import CallId, TapeId
from appliance.model.recordings import BeginTape, KeepTape, KeptTape, TapeAct
from appliance.model.validation import check_page
from appliance.store.recordings import FOLDER, MAX_PAGE, verify

if TYPE_CHECKING:
    from appliance.app.core import Core

ASK_S = 3.0
PIECE = 512 * 1024
"""Bytes of a file in one answer."""
_log = structlog.get_logger("recording")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Params of ``recordings.list``; ``party``: the other's number ends so."""

    extension: str = ""
    call: str | None = None
    party: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        check_page(self.since, self.until, self.limit, MAX_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Params of ``recordings.act``."""

    call: str
    act: TapeAct
    extension: str = ""
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTape:
    """Params of ``recordings.read`` (``offset``), ``.play`` (``to``: a number of ours), ``.delete``."""

    tape: str
    extension: str = ""
    who: str = "control"
    offset: int = 0
    to: str = ""


class RecordingMethods:
    """Binds the recorder to the control socket and the desk."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def register(self) -> None:
        """Offer the methods, and take what call control asks."""
        core = self._core
        core.desk.register(BeginTape, core.recorder.begin)
        core.desk.register(KeepTape, core.recorder.keep)
        core.server.register("recordings.list", self.list, slow=True)
        core.server.register("recordings.running", self.running, slow=True)
        core.server.register("recordings.act", self.act, slow=True)
        core.server.register("recordings.read", self.read, slow=True)
        core.server.register("recordings.play", self.play, slow=True)
        core.server.register("recordings.delete", self.delete, slow=True)
        core.server.register("recordings.verify", self.verify, slow=True)

    def list(self, params: Mapping[str, Any]) -> Any:
        """Recordings on disk, the newest first."""
        asked = decode(Listing, params, where="recordings.list")
        mine = self._extension(asked.extension)
        found = self._core.recorder.store.recordings(
            extension=mine.id if mine is not None else None,
            call=None if asked.call is None else CallId(asked.call),
            party=asked.party,
            since=asked.since,
            until=asked.until,
            limit=asked.limit,
        )
        return [encode(one) for one in found]

    def running(self, _params: Mapping[str, Any]) -> Any:
        """Recordings in progress."""
        tapes = self._core.loop.ask(self._core.loop.control.tapes, ASK_S)
        return {
            "halted": self._core.recorder.halted,
            "recordings": [{**encode(tape), "paused": paused} for tape, paused in tapes],
        }

    def act(self, params: Mapping[str, Any]) -> Any:
        """Start, stop, pause or resume the recording of a call in progress."""
        asked = decode(Acting, params, where="recordings.act")
        core = self._core
        mine = self._extension(asked.extension)
        allowed = core.configuration.snapshot().recording.may_record
        if mine is not None and mine.id not in allowed:
            raise ConfigError(
                f"extension {mine.number} may not record",
                field="extension",
                hint="add it to may_record of the document 'recording main'",
            )
        call = CallId(asked.call)
        live = core.loop.ask(core.loop.control.live_calls, ASK_S)
        if all(record.call != call for record, _ in live):
            raise NotFound(f"there is no call '{call}'", hint="'ctl calls' shows the calls in progress")
        if asked.act is TapeAct.START and core.recorder.halted:
            raise DeviceUnavailable(
                "there is no room for recordings", error_id="recordings.no_room", hint="make room on the disk"
            )
        event = TapeCall(
            call=call, act=asked.act, who=asked.who, extension=mine.id if mine is not None else None
        )
        core.loop.ask(lambda: core.loop.handle(event), ASK_S)
        return self.running({})

    def read(self, params: Mapping[str, Any]) -> Any:
        """A piece of the file: ``{"data" (base64), "size", "sha256", "name"}``; the first goes to the log."""
        asked = decode(OfTape, params, where="recordings.read")
        kept = self._kept(asked)
        if asked.offset < 0:
            raise ConfigError("offset is negative", field="offset", hint="from 0 on")
        if asked.offset == 0:
            _log.info("recording read", tape=asked.tape, who=asked.who)
        try:
            with self._core.recorder.store.path_of(kept).open("rb") as file:
                file.seek(asked.offset)
                data = file.read(PIECE)
        except OSError as error:
            raise DeviceUnavailable(
                f"the file of {asked.tape} cannot be read: {error.strerror}",
                error_id="recordings.unreadable",
                hint="'ortsamt verify-recordings' says more",
            ) from None
        name = f"{kept.tape.started:%Y%m%d-%H%M%S}-{kept.tape.own_number}-{kept.tape.party_number}.wav"
        return {
            "data": base64.b64encode(data).decode(),
            "size": kept.size,
            "sha256": kept.sha256,
            "name": name.replace("+", "00"),
        }

    def play(self, params: Mapping[str, Any]) -> Any:
        """Ring an extension and play the recording to it."""
        asked = decode(OfTape, params, where="recordings.play")
        kept = self._kept(asked)
        to = self._extension(asked.to or asked.extension)
        if to is None:
            raise ConfigError("where is it to be played?", field="to", hint="the number of an extension")
        _log.info("recording played", tape=asked.tape, who=asked.who, to=to.number)
        self._core.loop.post(
            PlayTo(extension=to.id, prompt=f"voice/{FOLDER}/{kept.file.removesuffix('.wav')}")
        )
        return {"ringing": to.number}

    def delete(self, params: Mapping[str, Any]) -> Any:
        """Delete a recording; the chain says who did."""
        asked = decode(OfTape, params, where="recordings.delete")
        self._kept(asked)
        if asked.extension and not self._core.configuration.snapshot().recording.may_delete:
            raise ConfigError(
                "extensions may not delete recordings here",
                field="extension",
                hint="may_delete of the document 'recording main' lets them",
            )
        self._core.recorder.store.delete(TapeId(asked.tape), asked.who, "deleted")
        _log.info("recording deleted", tape=asked.tape, who=asked.who)
        return {"deleted": asked.tape}

    def verify(self, _params: Mapping[str, Any]) -> Any:
        """Look at the chain and every file; see :class:`appliance.store.recordings.Verdict`."""
        state = self._core.box.paths.state_dir
        return encode(verify(state, state / "voice"))

    def _kept(self, asked: OfTape) -> KeptTape:
        kept = self._core.recorder.store.recording(TapeId(asked.tape))
        mine = self._extension(asked.extension)
        if mine is not None and kept.tape.extension != mine.id:
            raise NotFound(f"there is no recording {asked.tape[:64]}", hint="'ctl recordings' shows them")
        return kept

    def _extension(self, number: str) -> Extension | None:
        if not number:
            return None
        found = self._core.configuration.snapshot().extension_by_number.get(number)
        if found is None:
            raise NotFound(f"there is no extension {number}", hint="'ctl list extension' shows them")
        return found
