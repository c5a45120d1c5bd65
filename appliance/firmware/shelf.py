"""The update service's folder: the story so far, and the bundle as it comes in."""

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.errors import ConfigError, NotFound
from appliance.firmware.fetching import check_hash
from appliance.firmware.order import Update
from appliance.store.migrations import settle

MAX_BUNDLE = 700 << 20
RESERVE = 64 << 20
"""Room that an update leaves to the office's data."""
SHORTEST_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Files of one box's updates."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """The bundle, whole."""
        return self.folder / "update.raucb"

    @property
    def part(self) -> Path:
        """A bundle that is being fetched."""
        return self.folder / "fetching.part"

    def load(self) -> Update:
        """The story so far; a file that cannot be read counts as none."""
        try:
            return msgspec.json.decode((self.folder / "update.json").read_bytes(), type=Update)
        except (OSError, msgspec.MsgspecError, ValueError):
            return Update()

    def save(self, update: Update) -> None:
        """Durable when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "update.json"
        beside = path.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(update))
        settle(beside, path)

    @property
    def left(self) -> Path:
        """What software on trial said of itself before it was left."""
        return self.folder / "trial-failed"

    def why_left(self) -> str:
        """Why the last trial was left; empty when it could not say."""
        try:
            return self.left.read_text(encoding="utf-8", errors="replace").strip()[:500]
        except OSError:
            return ""

    def free(self) -> int:
        """Bytes that an update may take."""
        return max(0, shutil.disk_usage(self.folder).free - RESERVE)

    def clear(self) -> None:
        """Forget bundles and pieces of them."""
        for path in self.folder.glob("*"):
            if path.suffix in (".raucb", ".part", ".tag", ".upload"):
                path.unlink(missing_ok=True)

    # --- a file that is brought in pieces

    def receive(self, name: str, data: bytes) -> str:
        """Keep a piece; the first has no name. Returns the name; raises ConfigError or NotFound."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not name:
            self.clear()
            name = secrets.token_hex(SHORTEST_ID)
            path = self.folder / f"{name}.upload"
        else:
            path = self._upload(name)
        size = path.stat().st_size if path.exists() else 0
        if size + len(data) > MAX_BUNDLE:
            path.unlink(missing_ok=True)
            raise ConfigError(
                f"the file is larger than an update may be ({MAX_BUNDLE >> 20} MiB)",
                error_id="update.too_large",
                hint="take an update made for this box",
            )
        if len(data) > self.free():
            path.unlink(missing_ok=True)
            raise ConfigError(
                "there is no room for the update",
                error_id="update.no_room",
                hint="delete recordings or voicemails that are not needed any more",
            )
        with path.open("ab") as file:
            file.write(data)
        return name

    def received(self, name: str) -> Path:
        """The whole file that was brought."""
        return self._upload(name)

    def _upload(self, name: str) -> Path:
        path = self.folder / f"{name}.upload"
        if not name.isalnum() or len(name) < SHORTEST_ID or not path.is_file():
            raise NotFound(f"upload: there is no '{name[:40]}'", hint="bring the file first")
        return path

    def take(self, path: Path, sha256: str) -> None:
        """Make a file the bundle; raises ConfigError when its hash is another."""
        if sha256:
            check_hash(path, sha256)
        settle(path, self.bundle)
