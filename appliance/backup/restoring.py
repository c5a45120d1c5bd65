"""Puts a backup back, and resets to factory settings: prepared while the box runs, done at the next start.

All of a backup is checked and laid out in ``restore.new``; renaming that to ``restore.ready`` is the one
moment that decides. A core that starts moves what lies there into place before it opens anything, file by
file, and begins again where the plug was pulled. What was there before goes to ``replaced``, of which one is
kept.
"""

import contextlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import structlog

from appliance.backup.parts import CONFIGURATION, PARTS, check_kinds, place_of
from appliance.backup.vault import About, Opener
from appliance.errors import ConfigError, DeviceUnavailable
from appliance.store.writing import write_file

NEW, READY, REPLACED, RESET = "restore.new", "restore.ready", "replaced", "reset.ready"
DOCUMENTS = "configuration.json"
MAX_MEMBERS = 500_000
SETTINGS, ALL = "settings", "all"
_SETTINGS_FILES = ("configuration.db", "contacts.db", "phones.db", "mail.db", "identity", "parcels.db")
_ALL_FILES = (
    *_SETTINGS_FILES,
    "records.db",
    "sms.db",
    "outages.db",
    "voicemail.db",
    "recordings.db",
    "gsm-pins.json",
    "dect-modules.json",
)
_SETTINGS_FOLDERS = ("sync", "standby")
"""Who forgets the settings is no longer a node of the office: else they would come back."""
_ALL_FOLDERS = ("audio", "voice", REPLACED)
_log = structlog.get_logger("backup")


def look(
    path: Path, passphrase: str, kinds: Sequence[str] = ()
) -> tuple[About, dict[str, Any], dict[str, int]]:
    """What a backup says of itself, its documents, and how many files of each kind; all of it is checked."""
    documents: dict[str, Any] = {}
    counts: dict[str, int] = {}
    with _opened(path, passphrase) as opener:
        for kind, name, file in _members(opener, opener.about, check_kinds(tuple(kinds))):
            counts[kind] = counts.get(kind, 0) + 1
            if name == DOCUMENTS:
                documents = _documents(file.read())
        return opener.about, documents, counts


def prepare(state: Path, path: Path, passphrase: str, kinds: Sequence[str] = ()) -> tuple[str, ...]:
    """Lay everything out for the next start; the kinds that are there. Raises ConfigError, DeviceUnavailable.

    When this returns it is decided; when it raises nothing has changed.
    """
    new, chosen = state / NEW, check_kinds(tuple(kinds))
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        with _opened(path, passphrase) as opener:
            for _, name, file in _members(opener, opener.about, chosen):
                if name == DOCUMENTS:
                    write_file(new / DOCUMENTS, json.dumps(_documents(file.read())))
                    continue
                target = new / "files" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "xb", opener=_for_its_owner) as out:
                    shutil.copyfileobj(file, out, 256 * 1024)
                    out.flush()
                    os.fsync(out.fileno())
            kinds_there = tuple(one for one in chosen if one in opener.about.kinds)
        write_file(new / "kinds.json", json.dumps(kinds_there))
        _sync_all(new)
        shutil.rmtree(state / READY, ignore_errors=True)
        os.replace(new, state / READY)
        _sync(state)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise DeviceUnavailable(
            f"the backup cannot be laid out: {error}", error_id="store.restore", hint="is there room?"
        ) from error
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return kinds_there


def prepare_reset(state: Path, scope: str) -> None:
    """Have the next start forget the settings, or everything."""
    if scope not in (SETTINGS, ALL):
        raise ConfigError(f"'{scope[:20]}' cannot be reset", field="scope", hint=f"one of: {SETTINGS}, {ALL}")
    write_file(state / RESET, scope)


def finish(state: Path) -> tuple[str, ...]:
    """At the start, before anything is opened: do what was prepared; which kinds of data came.

    The documents are left in ``restore.ready`` for :func:`documents_due`. Raises DeviceUnavailable.
    """
    try:
        shutil.rmtree(state / NEW, ignore_errors=True)
        _finish_reset(state)
        ready = state / READY
        if not (ready / "kinds.json").exists():
            return ()
        kinds: tuple[str, ...] = tuple(json.loads((ready / "kinds.json").read_text(encoding="utf-8")))
        files = ready / "files"
        if kinds:  # what is not there any more was not deleted: other nodes may send it again
            _forget_exchange(state)
        for kind in kinds:
            _put_in_place(state, files, kind)
        shutil.rmtree(files, ignore_errors=True)
        if not (ready / DOCUMENTS).exists():
            shutil.rmtree(ready, ignore_errors=True)
        _sync(state)
    except (OSError, ValueError) as error:
        raise DeviceUnavailable(
            f"what was prepared cannot be done: {error}", error_id="store.restore"
        ) from error
    if kinds:
        _log.warning("restored from a backup", kinds=kinds)
    return kinds


def documents_due(state: Path) -> dict[str, Any] | None:
    """The configuration that is to take the place of the present one; None: none is."""
    path = state / READY / DOCUMENTS
    return _documents(path.read_bytes()) if path.exists() else None


def documents_done(state: Path) -> None:
    """They have."""
    shutil.rmtree(state / READY, ignore_errors=True)
    _sync(state)


def _forget_exchange(state: Path) -> None:
    for tail in ("", "-wal", "-shm"):
        (state / f"parcels.db{tail}").unlink(missing_ok=True)


def _put_in_place(state: Path, files: Path, kind: str) -> None:
    """Move a kind's places out, the new ones in; each step may have been done before the plug was pulled."""
    part, kept = PARTS[kind], state / REPLACED / kind
    moved = files / f".{kind}.moved"
    if not moved.exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for name in (*part.databases, *part.folders):
            for tail in ("", "-wal", "-shm") if name in part.databases else ("",):
                old = state / f"{name}{tail}"
                if old.exists():
                    target = kept / f"{name}{tail}"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(old, target)
        files.mkdir(exist_ok=True)
        moved.touch()
        _sync(files)
    for name in (*part.databases, *part.folders):
        source = files / name
        if source.exists():
            (state / name).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir() and (state / name).exists():
                shutil.rmtree(state / name)
            os.replace(source, state / name)
    _sync(state)


def _finish_reset(state: Path) -> None:
    order = state / RESET
    if not order.exists():
        return
    whole = order.read_text(encoding="utf-8") == ALL
    shutil.rmtree(state / READY, ignore_errors=True)
    for name in _ALL_FILES if whole else _SETTINGS_FILES:
        for path in (state / name, state / f"{name}-wal", state / f"{name}-shm"):
            path.unlink(missing_ok=True)
    for folder in _ALL_FOLDERS if whole else ():
        shutil.rmtree(state / folder, ignore_errors=True)
    for path in [one for folder in _SETTINGS_FOLDERS for one in (state / folder).glob("*")]:
        # The folders are other processes', which could not make them again.
        with contextlib.suppress(OSError):
            path.unlink() if not path.is_dir() else shutil.rmtree(path, ignore_errors=True)
    _sync(state)
    order.unlink()
    _sync(state)
    _log.warning("reset to factory settings", everything=whole)


@contextlib.contextmanager
def _opened(path: Path, passphrase: str) -> Iterator[Opener]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint="look at its name") from error
    with file, Opener(file, passphrase) as opener:
        yield opener


def _members(opener: Opener, about: About, kinds: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """Kind, name and content of each member that is wanted; odd members make the whole file a bad one."""
    try:
        with tarfile.open(fileobj=cast(Any, opener), mode="r|gz") as tar:
            for number, member in enumerate(tar):
                kind, _, name = member.name.partition("/")
                known = place_of(kind, name) or (kind, name) == (CONFIGURATION, DOCUMENTS)
                if not member.isreg() or not known or kind not in about.kinds or number > MAX_MEMBERS:
                    raise _odd()
                file = tar.extractfile(member)
                if kind in kinds and file is not None:
                    yield kind, name, file
        opener.read()  # to the last chunk, which proves that nothing is missing
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _odd() from None


def _documents(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        raise _odd() from None
    if not isinstance(found, dict):
        raise _odd()
    return found


def _odd() -> ConfigError:
    return ConfigError(
        "the backup holds what no backup holds", error_id="backup.damaged", hint="use another copy"
    )


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(folder: Path) -> None:
    for where, _, _ in os.walk(folder):
        _sync(Path(where))
