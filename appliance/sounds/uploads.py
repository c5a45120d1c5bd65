"""Files that come in pieces, over a socket whose lines are short: begun, added to, taken, or forgotten."""

import secrets
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable, NotFound

MAX_AT_ONCE = 8
IDLE_S = 600.0
"""An upload to which nothing was added for so long is forgotten."""


@dataclass(slots=True)
class _Upload:
    path: Path
    size: int
    touched: float


class Uploads:
    """Uploads in progress, on disk below ``folder``. Any thread but the engine's."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._uploads: dict[str, _Upload] = {}
        self._place: Path | None = None

    def begin(self) -> str:
        """Begin an upload; returns its name. Raises DeviceUnavailable when too many are under way."""
        with self._guard:
            self._forget_idle()
            if len(self._uploads) >= MAX_AT_ONCE:
                raise DeviceUnavailable(
                    "too many uploads are under way", error_id="store.busy", hint="try again in a few minutes"
                )
            try:
                if self._place is None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    self._place = Path(tempfile.mkdtemp(prefix="work-upload-", dir=self._folder))
                name = secrets.token_hex(8)
                path = self._place / name
                path.touch(mode=0o600)
            except OSError as error:
                raise _unusable(error) from error
            self._uploads[name] = _Upload(path, 0, time.monotonic())
            return name

    def add(self, name: str, data: bytes) -> int:
        """Add a piece; returns the bytes so far. Raises NotFound, ConfigError when it grows too large."""
        with self._guard:
            upload = self._of(name)
            if upload.size + len(data) > self._max_bytes:
                self._drop(name)
                raise ConfigError(
                    f"the file is larger than {self._max_bytes >> 20} MB",
                    error_id="config.audio_too_big",
                    field="file",
                    hint="convert it to MP3 or FLAC",
                )
            try:
                with upload.path.open("ab") as file:
                    file.write(data)
            except OSError as error:
                self._drop(name)
                raise _unusable(error) from error
            upload.size += len(data)
            upload.touched = time.monotonic()
            return upload.size

    def take(self, name: str, into: Path) -> Path:
        """Move the finished file into that folder (of the same disk). Raises NotFound."""
        with self._guard:
            upload = self._of(name)
            del self._uploads[name]
            target = into / "upload"
            try:
                upload.path.replace(target)
            except OSError as error:
                raise _unusable(error) from error
            return target

    def forget(self, name: str) -> None:
        """Remove an upload that was not taken; nothing for others."""
        with self._guard:
            if name in self._uploads:
                self._drop(name)

    def _of(self, name: str) -> _Upload:
        upload = self._uploads.get(name)
        if upload is None:
            raise NotFound("this upload does not exist", hint="upload the file again")
        return upload

    def _drop(self, name: str) -> None:
        self._uploads.pop(name).path.unlink(missing_ok=True)

    def _forget_idle(self) -> None:
        now = time.monotonic()
        for name in [name for name, one in self._uploads.items() if now - one.touched > IDLE_S]:
            self._drop(name)


def _unusable(error: OSError) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"the upload cannot be stored: {error.strerror or error}", error_id="store.upload"
    )
