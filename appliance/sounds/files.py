"""The recordings on disk: ``<hash>.wav`` in one folder, whole or absent, named by what they contain.

A document of kind *audio* names its content by hash, so replacing a recording is one change of one field, and
undoing it finds the old content. What no document names any more is kept for some weeks.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from appliance.errors import DeviceUnavailable

KEPT_DAYS = 30
"""How long content stays that no document names: so long a deletion can be undone."""
ROOM_BYTES = 100_000_000
"""Free room that a new recording must leave on the disk."""
_CHUNK = 1024 * 1024


class AudioFiles:
    """The folder of recordings. Safe for several threads; not for the engine's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file: str) -> Path:
        """Where the content of this hash is, if it is there."""
        return self.folder / f"{file}.wav"

    @contextlib.contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder beside the recordings for what is being made. Raises DeviceUnavailable."""
        with _disk():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._check_room()
            place = Path(tempfile.mkdtemp(prefix="work-", dir=self.folder))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def keep(self, made: Path) -> str:
        """Take a finished file of :meth:`workplace` in; returns its hash, when it is safe on disk."""
        with _disk():
            digest = hashlib.sha256()
            with made.open("rb+") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                os.fsync(file.fileno())
            target = self.path(digest.hexdigest())
            made.replace(target)
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return digest.hexdigest()

    def let_go(self, file: str) -> None:
        """From now on nobody names this content: its weeks begin."""
        with contextlib.suppress(OSError):
            os.utime(self.path(file))

    def sweep(self, named: Collection[str]) -> int:
        """Remove what nobody has named for weeks; returns how many files."""
        oldest = time.time() - KEPT_DAYS * 86_400
        removed = 0
        with contextlib.suppress(OSError):
            for path in list(self.folder.glob("*.wav")):
                if path.stem not in named and path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
        return removed

    def clear_work(self) -> None:
        """Remove what a crash left half done. Only while nothing is being made."""
        for path in self.folder.glob("work-*"):
            shutil.rmtree(path, ignore_errors=True)

    def _check_room(self) -> None:
        status = os.statvfs(self.folder)
        if status.f_bavail * status.f_frsize < ROOM_BYTES:
            raise DeviceUnavailable(
                "the disk is nearly full: no recording is taken",
                error_id="store.disk_full",
                hint="delete what is not needed",
            )


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeviceUnavailable(
            f"the recordings cannot be kept: {error.strerror or error}", error_id="store.audio"
        ) from error
