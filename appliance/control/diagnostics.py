"""``logs.list``, ``support.bundle``, ``capture.*``: what helps to find out what is wrong."""

import base64
import io
import json
import logging
import platform
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import NotFound, OrtsamtError
from appliance.model.decode import decode
from appliance.model.documents import SECRET_FIELDS
from appliance.store.configuration import ConfigurationStore
from appliance.telemetry.capture import Capture
from appliance.telemetry.log_memory import MEMORY
from appliance.telemetry.masking import mask_number

PIECE = 256 * 1024
KEEP_BUNDLE_S = 300.0
LEVELS = ("debug", "info", "warning", "error")
MASK = "********"
LEAST_SECRET = 4
"""Shorter texts are everywhere: PINs are left out by their field's name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``words``: all must occur; ``call``: lines about a call and its legs; ``after``: newer than that."""

    level: str = "debug"
    words: str = ""
    call: str = ""
    after: int = 0
    limit: int = 200

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level: is unknown: {', '.join(LEVELS)}")
        if not 1 <= self.limit <= 5000:
            raise ValueError("limit: out of range: 1 to 5000")


@dataclass(frozen=True, slots=True, kw_only=True)
class From:
    """From this byte on."""

    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capturing:
    """How long and how much at most; ``media``: sound too, not only signalling; ``host``: of one address."""

    seconds: int = 60
    megabytes: int = 10
    media: bool = False
    host: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= 900:
            raise ValueError("seconds: out of range: 1 to 900")
        if not 1 <= self.megabytes <= 50:
            raise ValueError("megabytes: out of range: 1 to 50")


class Diagnostics:
    """Binds them to a server. ``facts``: name of a file in the bundle → a method of the server."""

    def __init__(
        self,
        *,
        store: ConfigurationStore,
        capture: Capture,
        legs_of: Callable[[str], tuple[str, ...]],
        facts: Mapping[str, Callable[[], object]],
    ) -> None:
        self._store = store
        self._capture = capture
        self._legs_of = legs_of
        self._facts = facts
        self._guard = threading.Lock()
        self._bundle: tuple[float, bytes] = (0.0, b"")

    def register(self, server: ControlServer) -> None:
        """Offer them."""
        server.register("logs.list", self.logs, slow=True)
        server.register("support.bundle", self.bundle, slow=True)
        server.register("capture.start", self.start, slow=True)
        server.register("capture.stop", self.stop, slow=True)
        server.register("capture.show", self.show)
        server.register("capture.read", self.read, slow=True)

    def logs(self, params: Mapping[str, Any]) -> object:
        """The last log lines of the core, oldest first."""
        asked = decode(Listing, params, where="logs.list")
        any_of = (asked.call, *self._legs_of(asked.call)) if asked.call else ()
        level = logging.getLevelNamesMapping()[asked.level.upper()]
        return MEMORY.lines(
            level=level, words=asked.words.split(), any_of=any_of, after=asked.after, limit=asked.limit
        )

    def bundle(self, params: Mapping[str, Any]) -> object:
        """A piece of the support bundle, a zip without secrets; offset 0 makes it anew."""
        asked = decode(From, params, where="support.bundle")
        with self._guard:
            made, raw = self._bundle
            if asked.offset <= 0 or time.monotonic() - made > KEEP_BUNDLE_S or not raw:
                raw = self._make()
                self._bundle = (time.monotonic(), raw)
        data = raw[max(0, asked.offset) : max(0, asked.offset) + PIECE]
        return {"data": base64.b64encode(data).decode(), "size": len(raw)}

    def start(self, params: Mapping[str, Any]) -> object:
        """Begin to record packets."""
        asked = decode(Capturing, params, where="capture.start")
        self._capture.start(asked.seconds, asked.megabytes, media=asked.media, host=asked.host)
        return self._capture.state()

    def stop(self, params: Mapping[str, Any]) -> object:
        """End it now."""
        del params
        self._capture.stop()
        return self._capture.state()

    def show(self, params: Mapping[str, Any]) -> object:
        """Whether packets are being recorded, and how much there is."""
        del params
        return self._capture.state()

    def read(self, params: Mapping[str, Any]) -> object:
        """A piece of what was recorded last (pcap)."""
        asked = decode(From, params, where="capture.read")
        path = self._capture.path
        if not path.exists():
            raise NotFound("nothing was recorded yet", hint="POST /capture")
        with path.open("rb") as file:
            file.seek(max(0, asked.offset))
            data = file.read(PIECE)
        return {"data": base64.b64encode(data).decode(), "size": path.stat().st_size}

    def _make(self) -> bytes:
        secrets = self._secrets()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

            def add(name: str, text: str) -> None:
                for secret in secrets:
                    text = text.replace(secret, MASK)
                archive.writestr(name, text)

            for name, ask in {**self._facts, "configuration.json": self._configuration}.items():
                try:
                    found: object = ask()
                except OrtsamtError as error:
                    found = {"error": str(error)}
                add(name, json.dumps(found, indent=1, default=str, ensure_ascii=False))
            lines = (json.dumps(one, ensure_ascii=False, default=str) for one in MEMORY.lines(limit=5000))
            add("core.log", mask_number("\n".join(lines)))
            add("versions.txt", versions())
        return out.getvalue()

    def _configuration(self) -> object:
        found: dict[str, dict[str, Any]] = {}
        for kind, identity in self._store.existing():
            fields = dict(self._store.stored(kind, identity))
            for name in SECRET_FIELDS.get(kind, ()):
                if fields.get(name):
                    fields[name] = MASK
            found.setdefault(kind, {})[identity] = fields
        return found

    def _secrets(self) -> list[str]:
        """Every secret of the configuration, the longest first: none may be in any file of the bundle."""
        found: set[str] = set()
        for kind, identity in self._store.existing():
            fields = self._store.stored(kind, identity)
            for name in SECRET_FIELDS.get(kind, ()):
                value = fields.get(name)
                if isinstance(value, str) and len(value) >= LEAST_SECRET and not value.isdecimal():
                    found |= {value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]}
        return sorted(found, key=len, reverse=True)


def versions() -> str:
    """System, Python and packages."""
    lines = [f"{platform.platform()}", f"Python {platform.python_version()}"]
    try:
        lines.append(platform.freedesktop_os_release().get("PRETTY_NAME", ""))
    except OSError:
        lines.append("")
    packages = {one.metadata["Name"]: one.version for one in metadata.distributions()}
    return "\n".join([*lines, *(f"{name} {version}" for name, version in sorted(packages.items()))]) + "\n"
