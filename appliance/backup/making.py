"""Makes a backup while the box runs: databases as they are at one moment, files beside them."""

import contextlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from appliance.backup.parts import CONFIGURATION, PARTS, check_kinds
from appliance.backup.vault import About, Sealer, check_passphrase
from appliance.errors import DeviceUnavailable
from appliance.store.migrations import settle

SUFFIX = ".ortsamt"
PAGES_AT_ONCE = 200
"""Of a database: in between, whoever writes gets a turn."""


def make(
    state: Path,
    target: Path,
    passphrase: str,
    *,
    node: str,
    version: str,
    configuration: Mapping[str, Any],
    kinds: Sequence[str] = (),
) -> int:
    """Write a backup beside ``target`` and rename it there once it is on the disk; its bytes.

    Raises ConfigError for kinds or a passphrase that cannot be, DeviceUnavailable when the disk fails.
    """
    chosen = check_kinds(tuple(kinds))
    check_passphrase(passphrase)
    about = About(node=node, made=datetime.now(UTC).isoformat(), version=version, kinds=chosen)
    beside = target.with_name(target.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            sealer = Sealer(file, passphrase, about)
            with tarfile.open(fileobj=cast(Any, sealer), mode="w|gz", format=tarfile.PAX_FORMAT) as tar:
                for kind in chosen:
                    if kind == CONFIGURATION:
                        _text(tar, f"{kind}/configuration.json", json.dumps(configuration))
                    else:
                        _kind(tar, state, kind)
            sealer.finish()
        settle(beside, target)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise DeviceUnavailable(
            f"the backup {target} cannot be written: {error}", error_id="store.backup", hint="is there room?"
        ) from error


def _kind(tar: tarfile.TarFile, state: Path, kind: str) -> None:
    part = PARTS[kind]
    for name in part.databases:
        if (state / name).exists():
            with tempfile.NamedTemporaryFile(dir=state, prefix=".backup-") as copy:
                _snapshot(state / name, Path(copy.name))
                tar.add(copy.name, f"{kind}/{name}", recursive=False, filter=_anonymous)
    for folder in part.folders:
        for path in sorted((state / folder).rglob("*")) if (state / folder).is_dir() else ():
            name = path.relative_to(state).as_posix()
            hidden = any(one.startswith((".", "work-")) for one in name.split("/"))
            if path.is_file() and not path.is_symlink() and not hidden:
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    tar.add(path, f"{kind}/{name}", recursive=False, filter=_anonymous)


def _snapshot(database: Path, copy: Path) -> None:
    """The database as it is at one moment, whoever writes to it (SQLite's online backup)."""
    source = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    try:
        source.execute("PRAGMA busy_timeout = 5000")
        source.backup(target, pages=PAGES_AT_ONCE, sleep=0.01)
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    raw = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(raw)
    tar.addfile(member, io.BytesIO(raw))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
