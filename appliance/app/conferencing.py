"""Conferences beside the engine: names that were spoken, the ``conferences.*`` methods, invitations."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.calls.room import ForgetName
from appliance.calls.voice.conference import NameRecorded
from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.media import wav
from appliance.model.conferences import ConferenceRoom, RoomAct, RoomState
from appliance.model.decode import decode, encode
from appliance.model.events import ModerateRoom
from appliance.model.ids import ConferenceId, LegId
from appliance.model.languages import Language
from appliance.model.mail import check_address
from appliance.model.validation import check_aware
from appliance.model.voice import Done, Reply
from appliance.notify.attachments import Attachment
from appliance.notify.invitation import Meeting, appointment, invitation_letter
from appliance.notify.queue import NewMail

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.app.core import Core

ASK_S = 3.0
KEPT_DAYS = 30
"""So long the appointment of an invitation stays on disk: its mail may have to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Params of ``conferences.act``. ``party``: leg or number of a participant; empty: all but moderators."""

    room: str
    act: RoomAct
    party: str = ""
    dialled: str = ""
    extension: str = ""
    """Number of the extension by whose rights somebody is added; empty: the owner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """Params of ``conferences.invite``."""

    room: str
    addresses: tuple[str, ...]
    begins: datetime
    minutes: int = 60
    subject: str = ""
    text: str = ""
    organizer: str = ""
    uid: str = ""
    """Of an earlier invitation that this one replaces; empty: a new one."""
    language: Language | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.addresses) <= 200:
            raise ValueError("addresses: out of range: 1 to 200")
        for one in (*self.addresses, *([self.organizer] if self.organizer else [])):
            check_address("addresses", one)
        check_aware("begins", self.begins)
        if not 1 <= self.minutes <= 1440:
            raise ValueError("minutes: out of range: 1 to 1440")
        if len(self.subject) > 120 or len(self.text) > 4000 or len(self.uid) > 120:
            raise ValueError("text: is too long: at most 4000 characters")


class Conferencing:
    """What conferences need of the wiring."""

    def __init__(self, core: Core) -> None:
        self._core = core
        state = core.box.paths.state_dir
        self._voice = state / "voice"
        self._invitations = state / "invitations"

    def register(self) -> None:
        """Offer the methods, and serve the dialogue."""
        self._clear()
        self._core.desk.register(NameRecorded, self._keep_name)
        self._core.desk.register(ForgetName, self._forget_name)
        self._core.server.register("conferences.list", self.list, slow=True)
        self._core.server.register("conferences.act", self.act, slow=True)
        self._core.server.register("conferences.invite", self.invite, slow=True)

    def _clear(self) -> None:
        """Nobody is in a room yet: names of before are of no use."""
        shutil.rmtree(self._voice / "conference", ignore_errors=True)
        oldest = time.time() - KEPT_DAYS * 86_400
        with contextlib.suppress(OSError):
            for path in self._invitations.glob("*.ics"):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    # -- names -----------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return self._voice / f"{name.removeprefix('voice/')}.wav"

    def _keep_name(self, request: NameRecorded) -> Reply | None:
        try:
            return Done() if wav.settle(self._path(request.name)) else None
        except OSError:
            return None

    def _forget_name(self, request: ForgetName) -> Reply | None:
        with contextlib.suppress(OSError):
            self._path(request.name).unlink(missing_ok=True)
        return Done()

    # -- methods ---------------------------------------------------------------------------------

    def _states(self) -> tuple[RoomState, ...]:
        return self._core.loop.ask(self._core.loop.control.conferences, ASK_S)

    def list(self, _params: Mapping[str, Any]) -> Any:
        """Every room, those in progress with their participants."""
        running = {one.room: one for one in self._states()}
        rooms = self._core.configuration.snapshot().rooms.values()
        idle = [
            {"room": one.id, "number": one.number, "name": one.name, "participants": []}
            for one in rooms
            if one.id not in running
        ]
        return [*(encode(one) for one in running.values()), *idle]

    def act(self, params: Mapping[str, Any]) -> Any:
        """Do something in a room in progress; the room as it is then, None when it is over."""
        asked = decode(Acting, params, where="conferences.act")
        room = self._room(asked.room)
        state = next((one for one in self._states() if one.room == room.id), None)
        if state is None:
            raise NotFound(f"nobody is in conference {room.number}", hint="'ctl conference' shows the rooms")
        event = ModerateRoom(
            room=room.id,
            act=asked.act,
            leg=_party(state, asked.party) if asked.party else None,
            dialled=asked.dialled,
            extension=self._adding(room, asked) if asked.act is RoomAct.ADD else None,
        )
        if asked.act is RoomAct.DROP and event.leg is None:
            raise ConfigError("who is to be dropped?", field="party", hint="a number or leg of the room")
        self._core.loop.ask(lambda: self._core.loop.handle(event), ASK_S)
        after = next((one for one in self._states() if one.room == room.id), None)
        if asked.act is RoomAct.ADD and (after is None or asked.dialled not in after.inviting):
            raise DeviceUnavailable(
                f"{asked.dialled} cannot be called into the conference",
                error_id="conference.not_called",
                hint="'ortsamt explain' with the owner as caller says why",
            )
        return encode(after) if after is not None else None

    def _adding(self, room: ConferenceRoom, asked: Acting) -> Any:
        if not asked.dialled or len(asked.dialled) > 64:
            raise ConfigError("who is to be added?", field="dialled", hint="what would be dialled")
        snapshot = self._core.configuration.snapshot()
        if asked.extension:
            found = snapshot.extension_by_number.get(asked.extension)
            if found is None:
                raise NotFound(f"there is no extension {asked.extension}")
            return found.id
        if room.owner is None:
            raise ConfigError(
                f"conference {room.number} has no owner by whose rights it could dial",
                field="extension",
                hint="name an extension, or set the owner of the room",
            )
        return room.owner

    def invite(self, params: Mapping[str, Any]) -> Any:
        """Queue an invitation with an appointment for every address; on disk when this answers."""
        asked = decode(Inviting, params, where="conferences.invite")
        core = self._core
        room = self._room(asked.room)
        core.notifier.check_relay("addresses")
        snapshot = core.configuration.snapshot()
        language = asked.language or room.language or snapshot.site.language
        meeting = Meeting(
            uid=asked.uid or f"{secrets.token_hex(12)}@{core.box.node}",
            room=room,
            begins=asked.begins,
            minutes=asked.minutes,
            subject=asked.subject,
            text=asked.text,
            organizer=asked.organizer,
        )
        path = self._write(
            appointment(meeting, asked.addresses, snapshot, language, datetime.now(UTC)),
        )
        calendar = Attachment(
            path=str(path), name="invite.ics", type="text/calendar; method=REQUEST; charset=utf-8"
        )
        letter = invitation_letter(meeting, snapshot, language)
        core.notifier.deliver(
            [
                NewMail(
                    recipient=one,
                    event="conference",
                    language=language,
                    letter=letter,
                    attachments=(calendar,),
                )
                for one in dict.fromkeys(asked.addresses)
            ]
        )
        return {"uid": meeting.uid, "queued": len(set(asked.addresses))}

    def _write(self, calendar: bytes) -> Path:
        path = self._invitations / f"{secrets.token_hex(8)}.ics"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(calendar)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeviceUnavailable(
                f"the invitation cannot be written: {error}", error_id="conference.disk", hint="make room"
            ) from None
        return path

    def _room(self, wanted: str) -> ConferenceRoom:
        snapshot = self._core.configuration.snapshot()
        room = snapshot.room_by_number.get(wanted) or snapshot.rooms.get(ConferenceId(wanted))
        if room is None:
            raise NotFound(f"there is no conference room {wanted}", hint="'ctl conference' shows them")
        return room


def _party(state: RoomState, wanted: str) -> LegId:
    found = [one.leg for one in state.participants if wanted in (one.leg, one.number)]
    if len(found) != 1:
        raise NotFound(
            f"{len(found) or 'nobody'} in conference {state.number}: {wanted}",
            hint="'ctl conference' shows the legs of those who are there",
        )
    return found[0]
