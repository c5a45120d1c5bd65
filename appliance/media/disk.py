"""Recordings on their way to the disk: the mixer writes into pipes, a thread of ours writes the files.

A disk makes whoever appends wait while it commits (100 recordings with fsync, measured on ext4: each torn by
20 to 60 ms), so PJSIP must not write to it: it gets a pipe that holds half a minute. The thread keeps it
empty, brings the files to the disk every two seconds, and puts the WAV header right at the end.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import selectors
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

SYNC_S = 2.0
LAST_S = 0.3
PIPE_BYTES = (1 << 20, 1 << 18, 1 << 16)
"""The first size that the kernel grants; 32 000 bytes a second come in."""
_READ_BYTES = 1 << 16
_HEADER = 44
_PAGE = 4096
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _File:
    path: Path
    pipe: int
    file: int
    size: int = 0
    dirty: bool = False
    failed: bool = False


class DiskWriter:
    """Owns the thread ``recordings``; ``open`` and ``begin`` are for the engine thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._serial = itertools.count(1)
        self._guard = threading.Lock()
        self._new: list[_File] = []
        self._stopping = False
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread: threading.Thread | None = None

    def open(self, path: Path) -> tuple[Path, _File]:
        """Make the file, and a pipe to it under a name that is to be opened for writing. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self._folder / f"{os.getpid()}-{next(self._serial)}.wav"
        with contextlib.suppress(FileNotFoundError):
            name.unlink()
        file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.mkfifo(name, 0o600)
            pipe = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            os.close(file)
            raise
        for size in PIPE_BYTES:
            try:
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)
                break
            except OSError:
                continue
        return name, _File(path, pipe, file)

    def begin(self, name: Path, one: _File) -> None:
        """The pipe is open at the other end: read it until that is closed."""
        name.unlink(missing_ok=True)
        with self._guard:
            self._new.append(one)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
            self._thread.start()
        self._wake()

    def give_up(self, name: Path, one: _File) -> None:
        """Nobody opened the pipe."""
        name.unlink(missing_ok=True)
        os.close(one.pipe)
        os.close(one.file)
        one.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what is still in the pipes, then end."""
        if self._wake_in < 0:
            return
        self._stopping = True
        self._wake()
        if self._thread is not None:
            self._thread.join(5)
            if self._thread.is_alive():  # the disk hangs; it still looks at the pipe
                return
        os.close(self._wake_in)
        os.close(self._wake_out)
        self._wake_in = self._wake_out = -1

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_in, b"x")

    # -- thread recordings -------------------------------------------------------------------------

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_out, selectors.EVENT_READ)
            files: dict[int, _File] = {}
            next_sync = time.monotonic() + SYNC_S
            while files or self._new or not self._stopping:
                ready = selector.select(LAST_S if self._stopping else SYNC_S if files else None)
                if self._stopping and not ready:
                    break  # nothing comes any more, though a port may still be open
                for key, _ in ready:
                    one = files.get(key.fd)
                    if one is None:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_out, 1000)
                    elif not _take(one):
                        selector.unregister(one.pipe)
                        del files[one.pipe]
                        _finish(one)
                with self._guard:
                    new, self._new = self._new, []
                for one in new:
                    files[one.pipe] = one
                    selector.register(one.pipe, selectors.EVENT_READ)
                if time.monotonic() >= next_sync:
                    _sync(files.values())
                    next_sync = time.monotonic() + SYNC_S
            for one in files.values():
                _finish(one)


def _take(one: _File) -> bool:
    """Move what is in the pipe to the file; False at its end. A pipe is emptied whatever the disk does."""
    try:
        data = os.read(one.pipe, _READ_BYTES)
    except BlockingIOError:
        return True
    except OSError:
        return False
    if not data:
        return False
    if not one.failed:
        try:
            view = memoryview(data)
            while view:
                written = os.write(one.file, view)
                one.size += written
                view = view[written:]
            one.dirty = True
        except OSError as error:
            one.failed = True
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            _log.error("a recording is cut short", file=one.path.name, disk_full=full, error=str(error))
    return True


def _sync(files: Iterable[_File]) -> None:
    """Bring what was written to the disk: the kernel begins with every file, one commit is for all.

    An fsync for each makes a hundred commits in a row, in which the whole process is late.
    """
    dirty = [one for one in files if one.dirty]
    for one in dirty:
        one.dirty = False
        with contextlib.suppress(OSError):
            os.posix_fadvise(one.file, 0, one.size // _PAGE * _PAGE or _PAGE, os.POSIX_FADV_DONTNEED)
    if dirty:
        with contextlib.suppress(OSError):
            folder = os.open(dirty[0].path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _finish(one: _File) -> None:
    """Put the header right: 44 bytes, then 16-bit mono samples."""
    try:
        size = max(0, one.size - _HEADER) // 2 * 2
        if one.size >= _HEADER:
            os.ftruncate(one.file, _HEADER + size)
            os.pwrite(one.file, struct.pack("<I", size + _HEADER - 8), 4)
            os.pwrite(one.file, struct.pack("<I", size), 40)  # last: who waits for the file looks here
    except OSError as error:
        _log.error("a recording has no right header", file=one.path.name, error=str(error))
    finally:
        os.close(one.pipe)
        os.close(one.file)
