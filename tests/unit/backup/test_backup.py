"""Backups: sealed so that nothing can be read, changed or cut; put back whole wherever the plug is pulled."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.app.backing_up import due
from appliance.backup import making, restoring, vault
from appliance.backup.parts import PARTS, place_of
from appliance.backup.vault import About, Opener, Sealer
from appliance.errors import ConfigError
from appliance.model.backups import BackupPlan

WORDS = "correct horse battery"
ABOUT = About(node="box", made="2026-01-01T00:00:00+00:00", version="1", kinds=("sounds",))
DOCUMENTS = {"trunk": {"p": {"secret": "trunk-secret-1"}}}


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "COST", 2**14)


def sealed(data: bytes, about: About = ABOUT) -> bytes:
    out = io.BytesIO()
    sealer = Sealer(out, WORDS, about)
    sealer.write(data)
    sealer.finish()
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, vault.CHUNK - 1, vault.CHUNK, vault.CHUNK + 1, 3 * vault.CHUNK])
def test_what_is_sealed_is_read_again(size: int) -> None:
    data = os.urandom(size)
    file = sealed(data)
    assert Opener(io.BytesIO(file), WORDS).read() == data
    pieces = Opener(io.BytesIO(file), WORDS)
    assert b"".join(iter(lambda: pieces.read(70_000), b"")) == data


def test_nothing_can_be_changed_cut_or_swapped() -> None:
    data = b"secret number 4711 " * 40_000
    file = sealed(data)
    assert b"4711" not in file
    head = file.index(b"\n", len(vault.MAGIC)) + 1
    first = 4 + vault.CHUNK + vault.TAG
    chunks = [file[head : head + first], file[head + first : head + 2 * first], file[head + 2 * first :]]
    broken = [
        file[:-1],
        file + b"x",
        file[: head + first],
        file[:head],
        file[:head] + chunks[1] + chunks[0] + chunks[2],
        file[:head] + chunks[0] + chunks[2],
        file.replace(b'"node": "box"', b'"node": "xob"'),
        file[: head + 100] + bytes([file[head + 100] ^ 1]) + file[head + 101 :],
        b"something else" + file,
        b"",
    ]
    for one in broken:
        with pytest.raises(ConfigError):
            Opener(io.BytesIO(one), WORDS).read()
    with pytest.raises(ConfigError, match="passphrase is wrong"):
        Opener(io.BytesIO(file), WORDS + "!")
    with pytest.raises(ConfigError, match="passphrase must have"):
        Sealer(io.BytesIO(), "short", ABOUT)
    greedy = file.replace(b'"cost": 16384', b'"cost": 99999')
    with pytest.raises(ConfigError, match="no backup of ours"):
        Opener(io.BytesIO(greedy), WORDS)


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT x FROM t ORDER BY x").fetchall()


def database(path: Path, *values: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE IF NOT EXISTS t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [(one,) for one in values])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    found = tmp_path / "state"
    for part in PARTS.values():
        for name in part.databases:
            database(found / name, 1, 2)
        for folder in part.folders:
            (found / folder / "box").mkdir(parents=True)
            (found / folder / "box" / "a.wav").write_bytes(b"old sound")
    (found / "audio" / "work-upload-x").mkdir()
    (found / "audio" / "work-upload-x" / "half").write_bytes(b"half")
    return found


@pytest.fixture
def backup(state: Path, tmp_path: Path) -> Path:
    target = tmp_path / "b.ortsamt"
    with closing(sqlite3.connect(state / "records.db", isolation_level=None)) as writer:
        writer.execute("INSERT INTO t VALUES (3)")  # in the WAL of somebody who has it open
        making.make(state, target, WORDS, node="box", version="1", configuration=DOCUMENTS)
    return target


def change(state: Path) -> None:
    for name in ("records.db", "contacts.db"):
        database(state / name, 99)
    shutil.rmtree(state / "voice" / "messages")
    (state / "voice" / "messages" / "new").mkdir(parents=True)
    (state / "voice" / "messages" / "new" / "n.wav").write_bytes(b"newer")


def test_a_backup_is_put_back_whole(state: Path, backup: Path) -> None:
    about, documents, counts = restoring.look(backup, WORDS)
    assert (about.node, documents) == ("box", DOCUMENTS)
    assert counts == {
        "configuration": 1, "sounds": 1, "contacts": 1, "records": 3, "voicemail": 3, "recordings": 2,
    }  # fmt: skip
    assert b"trunk-secret-1" not in backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    change(state)
    (state / "parcels.db").touch()
    assert restoring.prepare(state, backup, WORDS) == tuple(PARTS)
    assert (99,) in rows(state / "records.db"), "nothing happens before the next start"
    restoring.finish(state)
    assert not (state / "parcels.db").exists(), "what is missing now was not deleted: it may come again"
    assert rows(state / "records.db") == [(1,), (2,), (3,)]
    assert not (state / "voice/messages/new").exists()
    assert (state / "voice/messages/box/a.wav").read_bytes() == b"old sound"
    assert restoring.documents_due(state) == DOCUMENTS
    restoring.documents_done(state)
    assert restoring.documents_due(state) is None
    assert restoring.finish(state) == ()
    assert rows(state / "replaced/contacts/contacts.db") == [(1,), (2,), (99,)], "what was there is kept"


def test_some_kinds_leave_the_others_alone(state: Path, backup: Path) -> None:
    change(state)
    assert restoring.prepare(state, backup, WORDS, ["contacts"]) == ("contacts",)
    restoring.finish(state)
    assert rows(state / "contacts.db") == [(1,), (2,)]
    assert (99,) in rows(state / "records.db")
    assert restoring.documents_due(state) is None
    with pytest.raises(ConfigError, match="there is no kind"):
        restoring.prepare(state, backup, WORDS, ["everything"])


def test_a_plug_pulled_at_any_moment_leaves_old_or_new(
    state: Path, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step that moves something fails once; the next start brings all of the old or all of the new."""

    class Pulled(BaseException):
        pass

    def pull(at: int) -> Iterator[None]:
        steps = iter(range(10_000))
        for name in ("replace", "rename"):
            real = getattr(os, name)

            def failing(*given: Any, _real: Any = real, **named: Any) -> Any:
                if next(steps) == at:
                    raise Pulled
                return _real(*given, **named)

            monkeypatch.setattr(os, name, failing)
        yield
        monkeypatch.undo()
        monkeypatch.setattr(vault, "COST", 2**14)

    change(state)
    seen = set()
    for at in range(60):
        copy = tmp_path / f"copy{at}"
        shutil.copytree(state, copy)
        plug = pull(at)
        next(plug)
        try:
            restoring.prepare(copy, backup, WORDS, ["contacts", "records", "voicemail"])
            restoring.finish(copy)
            done = True
        except Pulled:
            done = False
        next(plug, None)
        restoring.finish(copy)
        new = rows(copy / "records.db") == [(1,), (2,), (3,)]
        assert (rows(copy / "contacts.db") == [(1,), (2,)]) == new, at
        assert (copy / "voice/messages/new").exists() == (not new), at
        assert (copy / "voice/messages/box").exists() == new, at
        seen.add(new)
        shutil.rmtree(copy)
        if done:
            break
    assert seen == {True, False}
    assert done


def test_odd_members_are_refused(state: Path, tmp_path: Path) -> None:
    for name, kind in (
        ("sounds/../../etc/passwd", tarfile.REGTYPE),
        ("sounds//etc/passwd", tarfile.REGTYPE),
        ("sounds/records.db", tarfile.REGTYPE),
        ("records/audio/x.wav", tarfile.REGTYPE),
        ("sounds/audio/link.wav", tarfile.SYMTYPE),
        ("other/x", tarfile.REGTYPE),
    ):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz") as tar:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO())
        path = tmp_path / "odd"
        about = About(node="b", made="", version="", kinds=("sounds", "records"))
        path.write_bytes(sealed(raw.getvalue(), about))
        with pytest.raises(ConfigError, match="no backup holds"):
            restoring.prepare(state, path, WORDS)
        assert not (state / restoring.NEW).exists()
        assert not (state / restoring.READY).exists()
    assert place_of("sounds", "audio/a.wav")
    assert not place_of("sounds", "audio/.a")


def test_a_reset_forgets_what_it_says(state: Path) -> None:
    database(state / "configuration.db", 1)
    (state / "edge").mkdir()
    (state / "edge" / "link.token").touch()
    (state / "sync").mkdir()
    (state / "sync" / "credentials.json").touch()
    with pytest.raises(ConfigError):
        restoring.prepare_reset(state, "some")
    restoring.prepare_reset(state, "settings")
    assert (state / "configuration.db").exists()
    restoring.finish(state)
    assert not (state / "configuration.db").exists()
    assert not list((state / "sync").iterdir()), "else the settings would come back from the cloud"
    assert (state / "records.db").exists()
    restoring.prepare_reset(state, "all")
    restoring.finish(state)
    assert not (state / "records.db").exists()
    assert not (state / "voice").exists()
    assert (state / "edge" / "link.token").exists()
    assert json.dumps(sorted(one.name for one in state.iterdir())) == '["edge", "sync"]'


@pytest.mark.parametrize(
    ("last_hours_ago", "now_hour", "every", "expected"),
    [
        (None, 12, 1, True),
        (2, 12, 1, False),
        (20, 12, 1, True),
        (10, 2, 1, False),
        (20, 12, 7, False),
        (200, 12, 7, True),
    ],
)
def test_when_a_backup_is_due(last_hours_ago: int | None, now_hour: int, every: int, expected: bool) -> None:
    now = datetime(2026, 1, 20, now_hour, tzinfo=UTC)
    last = None if last_hours_ago is None else now - timedelta(hours=last_hours_ago)
    plan = BackupPlan(folder="/x", passphrase=WORDS, hour=3, every_days=every)
    assert due(plan, last, now, ZoneInfo("UTC")) is expected
    assert not due(BackupPlan(folder="/x"), None, now, ZoneInfo("UTC"))
