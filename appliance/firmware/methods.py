"""The ``update.*`` methods, served by the update service."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from appliance.control.server import ControlServer
from appliance.control.update import PASSED_ON, Fetching, Installing, Staging
from appliance.errors import ConfigError
from appliance.firmware.service import UpdateService, facts
from appliance.firmware.shelf import Shelf
from appliance.model.decode import Nothing, decode

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """Params of ``update.upload``: a piece of a bundle, base64; the first without ``upload``."""

    data: str
    upload: str = ""


class UpdateMethods:
    """Binds the service to a server."""

    def __init__(self, service: UpdateService, shelf: Shelf) -> None:
        self._service, self._shelf = service, shelf

    def register(self, server: ControlServer) -> None:
        """Offer every ``update.*`` method."""
        for name in PASSED_ON:
            server.register(name, getattr(self, name.partition(".")[2]), slow=True)

    def show(self, params: Params) -> object:
        """How it stands."""
        decode(Nothing, params, where="update.show")
        return facts(self._service.show())

    def upload(self, params: Params) -> object:
        """Take a piece of a bundle: ``{"upload"}``."""
        asked = decode(Uploading, params, where="update.upload")
        try:
            data = base64.b64decode(asked.data, validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError("data: is no base64", field="data") from None
        return {"upload": self._shelf.receive(asked.upload, data)}

    def stage(self, params: Params) -> object:
        """Verify what was uploaded and keep it."""
        asked = decode(Staging, params, where="update.stage")
        due = moment(asked.at)
        return facts(self._service.bring(asked.upload, asked.sha256, install=asked.install, due=due))

    def fetch(self, params: Params) -> object:
        """Fetch a bundle in the background."""
        asked = decode(Fetching, params, where="update.fetch")
        due = moment(asked.at)
        return facts(self._service.fetch(asked.url, asked.sha256, install=asked.install, due=due))

    def install(self, params: Params) -> object:
        """Install what is staged or being fetched."""
        return facts(self._service.order(moment(decode(Installing, params, where="update.install").at)))

    def cancel(self, params: Params) -> object:
        """Forget it."""
        decode(Nothing, params, where="update.cancel")
        return facts(self._service.cancel())


def moment(text: str) -> datetime | None:
    """A time in ISO 8601 with its zone; empty: None. Raises ConfigError."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConfigError(
            f"at: '{text[:40]}' is no time with a zone",
            field="at",
            hint="write for example 2026-11-24T03:00:00+01:00",
        )
    return found.astimezone(UTC)
