"""Ended faxes between nodes; asked from and given to the fax service."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from appliance.control.client import ControlClient, NotRunning
from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.store.parcels import Parcel, ParcelStore

from .source import PIECE, hash_of, is_name

if TYPE_CHECKING:
    from appliance.app.core import Core

PATIENCE_S = 20.0
_FAX_ID, _FAX_STATE, _FAX_ENDED = 0, 3, 13
"""Places in a row of the fax service."""


class FaxSource:
    """Ended faxes with their pages; asked from and given to the fax service."""

    kind = "fax"

    def __init__(self, core: Core) -> None:
        self._socket = core.box.paths.runtime_dir / "fax.sock"
        self._folder = core.box.paths.state_dir / "fax"

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """In the order they ended; none while the fax service is away."""
        floor = parcels.floor(self.kind)
        try:
            rows = self._ask("fax.ended", {"after": floor})["rows"]
        except DeviceUnavailable:
            return
        settled = parcels.settled(self.kind, [row[_FAX_ID] for row in rows])
        passed = True
        for row in rows:
            identity, ended, state = row[_FAX_ID], row[_FAX_ENDED], row[_FAX_STATE]
            version = f"{ended} {state}"
            if settled.get(identity) == version:
                if passed:
                    parcels.raise_floor(self.kind, ended)
                continue
            passed = False
            sha, size = hash_of(self._folder / f"{identity}.tif")
            data = msgspec.json.encode(row).decode()
            yield Parcel(kind=self.kind, id=identity, version=version, data=data, sha=sha, size=size)

    def file(self, identity: str) -> Path | None:
        """Its pages."""
        if not is_name(identity):
            raise NotFound("no such fax")
        return self._folder / f"{identity}.tif"

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Give it to the fax service."""
        row = msgspec.json.decode(parcel.data, type=list[Any])
        if len(row) <= _FAX_ENDED or row[_FAX_ID] != parcel.id:
            raise ConfigError("not a fax", error_id="parcels.garbage")
        upload = ""
        if file is not None:
            with file.open("rb") as pages:
                while piece := pages.read(PIECE):
                    data = base64.b64encode(piece).decode()
                    named = {"upload": upload} if upload else {"name": f"{parcel.id}.tif"}
                    upload = self._ask("fax.upload", {**named, "data": data})["upload"]
        self._ask("fax.replicate", {"row": row, "upload": upload})
        return parcel.version

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        try:
            with ControlClient(self._socket, timeout=PATIENCE_S) as client:
                return client.call(method, params)
        except NotRunning as error:
            raise DeviceUnavailable(
                "the fax service does not run", error_id="device.fax", hint="start ortsamt-fax"
            ) from error
