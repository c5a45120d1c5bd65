"""What the configuration names but does not hold: uploaded recordings and music, greetings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.errors import ConfigError, NotFound
from appliance.model.messages import GREETINGS
from appliance.store.parcels import Parcel, ParcelStore

from .source import hash_of, is_name, named, put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.app.core import Core


class AudioSource:
    """Content of uploaded recordings, named by its hash: announcements, music, own prompts."""

    kind = "audio"

    def __init__(self, core: Core) -> None:
        self._configuration = core.configuration
        self._folder = core.box.paths.state_dir / "audio"

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """What documents name and is here."""
        names = {one.file for one in self._configuration.snapshot().audio.values() if one.file}
        settled = parcels.settled(self.kind, names)
        for name in sorted(names):
            if not settled.get(name) and (path := self._path(name)).is_file():
                yield Parcel(
                    kind=self.kind, id=name, version="1", data="{}", sha=name, size=path.stat().st_size
                )

    def file(self, identity: str) -> Path | None:
        """The content."""
        return self._path(named(identity))

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep the content; the document that names it comes by itself."""
        if file is None or parcel.id != parcel.sha or not is_name(parcel.id):
            raise ConfigError("not a recording's content", error_id="parcels.garbage")
        if not self._path(parcel.id).is_file():
            put_in_place(file, self._path(parcel.id))
        return parcel.version

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.wav"


class GreetingSource:
    """Greetings of voicemail boxes; the one spoken last holds. An id is box and slot."""

    kind = "greeting"

    def __init__(self, core: Core) -> None:
        self._folder = core.box.paths.state_dir / "voice" / GREETINGS

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """Those spoken anew."""
        for path in sorted(self._folder.glob("*/*.wav")):
            identity = f"{path.parent.name}.{path.stem}"
            try:
                at = path.stat().st_mtime_ns // 1000
            except FileNotFoundError:
                continue
            if parcels.settled(self.kind, [identity]).get(identity) == str(at):
                continue
            sha, size = hash_of(path)
            if sha:
                data = msgspec.json.encode({"at": at}).decode()
                yield Parcel(kind=self.kind, id=identity, version=str(at), data=data, sha=sha, size=size)

    def file(self, identity: str) -> Path | None:
        """The sound."""
        box, _, slot = identity.partition(".")
        if not (is_name(box) and is_name(slot)):
            raise NotFound("no such greeting")
        return self._folder / box / f"{slot}.wav"

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep it unless the one that is here is newer."""
        place = self.file(parcel.id)
        told: dict[str, Any] = msgspec.json.decode(parcel.data, type=dict[str, Any])
        at = told.get("at")
        if file is None or place is None or type(at) is not int or not 0 < at < 2**53:
            raise ConfigError("not a greeting", error_id="parcels.garbage")
        if place.is_file() and (here := place.stat().st_mtime_ns // 1000) >= at:
            return str(here)
        put_in_place(file, place, at * 1000)
        return parcel.version
