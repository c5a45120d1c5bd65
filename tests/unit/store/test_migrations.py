"""Schemas: old databases are brought forward once, copied before; foreign, broken and newer ones refused."""

import dataclasses
import importlib
import os
import pkgutil
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import appliance
from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.ids import CallId
from appliance.store import operation_rows, record_rows
from appliance.store.configuration import ConfigurationStore
from appliance.store.database import Database
from appliance.store.migrations import Schema, backup_path, stored_version, version_of
from appliance.store.records import RecordStore

FIXTURES = Path(__file__).parent / "fixtures"
NOBODY = 65534


def old(name: str, path: Path) -> Path:
    """A database as an earlier version left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / f"{name}.sql").read_text())
    return path


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights to everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


class TestVersion1:
    def test_a_configuration_of_version_1_is_read(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "configuration.db")
        for _ in range(2):
            store = ConfigurationStore(path, "box")
            assert store.problems() == ()
            assert store.snapshot().extension_by_number["21"].name == "Anna"
            assert store.snapshot().number_by_e164["+49221471"].steps[0].seconds == 20
            assert [one.id for one in store.list("device")] == ["d21"]
            assert len(store.log.operations()) == 13
            store.close()

    def test_records_of_version_1_are_read(self, tmp_path: Path) -> None:
        path = old("records-v1", tmp_path / "records.db")
        for _ in range(2):
            store = RecordStore(path)
            assert [one.call for one in store.calls()] == ["c2", "c1"]
            assert store.call(CallId("c1")).legs[0].quality.codec == "opus"
            store.close()


class TestSteps:
    @pytest.mark.parametrize(
        ("name", "schema"), [("configuration-v1", operation_rows.SCHEMA), ("records-v1", record_rows.SCHEMA)]
    )
    def test_a_further_step_is_taken_once_and_the_old_state_kept_beside(
        self, tmp_path: Path, name: str, schema: Schema
    ) -> None:
        path = old(name, tmp_path / "old.db")
        taken = []

        def step(connection: sqlite3.Connection) -> None:
            taken.append(1)
            connection.execute("CREATE TABLE more (x)")

        newer = dataclasses.replace(
            schema,
            steps=(*schema.steps, step, ("INSERT INTO more VALUES (7)", "INSERT INTO more VALUES (8)")),
        )
        for _ in range(2):
            with closing(Database(path, newer)) as database:
                assert database.connection.execute("SELECT * FROM more").fetchall() == [(7,), (8,)]
                assert version_of(database.connection) == schema.version + 2
        assert taken == [1]
        with closing(sqlite3.connect(backup_path(path, 1))) as copy:
            assert version_of(copy) == 1
            assert copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'more'").fetchone() == (0,)
        assert backup_path(path, 1).stat().st_mode & 0o077 == 0

    def test_a_step_that_fails_leaves_the_database_as_it_was(self, tmp_path: Path) -> None:
        path = old("records-v1", tmp_path / "old.db")
        schema = record_rows.SCHEMA
        newer = dataclasses.replace(schema, steps=(*schema.steps, ("CREATE TABLE more (x)", "NONSENSE")))
        with pytest.raises(DeviceUnavailable):
            Database(path, newer)
        with closing(Database(path, schema)) as database:
            assert version_of(database.connection) == schema.version

    def test_a_newer_database_is_refused_untouched(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "new.db")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {99 + 98 * 65536}")
        with pytest.raises(ConfigError, match="newer version") as caught:
            ConfigurationStore(path, "box")
        assert caught.value.error_id == "store.newer"
        with closing(sqlite3.connect(path)) as connection:
            assert stored_version(connection) == (99, 98)
        assert not backup_path(path, 99).exists()

    def test_what_newer_software_only_added_to_is_opened_and_kept_by_the_older(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "box.db")
        schema = operation_rows.SCHEMA
        more = ("CREATE TABLE more (x)", "ALTER TABLE operations ADD COLUMN why TEXT NOT NULL DEFAULT ''")
        newer = dataclasses.replace(schema, steps=(*schema.steps, more))
        with closing(Database(path, newer)) as database:
            database.connection.execute("INSERT INTO more VALUES (7)")
        with closing(ConfigurationStore(path, "box")) as store:  # the old slot, after a trial that failed
            store.put("extension", "e99", {"number": "99"}, who="test")
            assert store.snapshot().extension_by_number["99"].id == "e99"
        with closing(Database(path, newer)) as database:
            assert version_of(database.connection) == schema.version + 1
            assert database.connection.execute("SELECT x FROM more").fetchall() == [(7,)]

    def test_a_step_that_breaks_is_declared_and_the_older_software_refuses(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "box.db")
        schema = operation_rows.SCHEMA
        steps = (*schema.steps, ("CREATE TABLE more (x)",), ("ALTER TABLE more RENAME TO most",))
        newer = dataclasses.replace(schema, steps=steps, breaking=len(steps))
        with closing(Database(path, newer)) as database:
            assert stored_version(database.connection) == (len(steps), len(steps))
        with pytest.raises(ConfigError, match="newer version"):
            ConfigurationStore(path, "box")

    def test_steps_that_rename_or_drop_are_declared(self) -> None:
        schemas = [
            value
            for module in pkgutil.walk_packages(appliance.__path__, "appliance.")
            if module.name.startswith(("appliance.store.", "appliance.notify.", "appliance.fax."))
            for value in vars(importlib.import_module(module.name)).values()
            if isinstance(value, Schema)
        ]
        assert len(schemas) >= 5
        for schema in schemas:
            for number, step in enumerate(schema.steps, start=1):
                statements = " ".join(step) if isinstance(step, tuple) else ""
                if number > 1 and re.search(r"\b(DROP|RENAME)\b", statements):
                    assert schema.breaking >= number, f"{schema.name}, step {number}"


class TestRefusal:
    """Never act as if it were the first start."""

    def _refused(self, path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            ConfigurationStore(path, "box")
        assert caught.value.error_id == "store.corrupt"
        assert "restore" in caught.value.hint
        return caught.value.message

    def test_an_empty_file(self, tmp_path: Path) -> None:
        path = tmp_path / "c.db"
        path.touch()
        assert "is empty" in self._refused(path)
        assert path.stat().st_size == 0

    def test_garbage(self, tmp_path: Path) -> None:
        path = tmp_path / "c.db"
        path.write_bytes(b"garbage " * 4096)
        before = path.read_bytes()
        self._refused(path)
        assert path.read_bytes() == before

    def test_a_torn_page(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "c.db")
        data = bytearray(path.read_bytes())
        for page in range(1, len(data) // 4096):
            data[page * 4096 : page * 4096 + 200] = b"\xff" * 200
        path.write_bytes(data)
        assert "is damaged" in self._refused(path)

    def test_half_a_file(self, tmp_path: Path) -> None:
        path = old("configuration-v1", tmp_path / "c.db")
        os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
        self._refused(path)

    def test_the_database_of_something_else(self, tmp_path: Path) -> None:
        assert "is not a configuration database" in self._refused(old("records-v1", tmp_path / "c.db"))

    def test_a_journal_without_its_database(self, tmp_path: Path) -> None:
        (tmp_path / "c.db-wal").write_bytes(b"x" * 100)
        assert "journal" in self._refused(tmp_path / "c.db")

    def test_a_first_start_that_was_cut_begins_again(self, tmp_path: Path) -> None:
        (tmp_path / "c.db.new").write_bytes(b"half")
        ConfigurationStore(tmp_path / "c.db", "box").close()
        assert not (tmp_path / "c.db.new").exists()

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(DeviceUnavailable) as caught:
            ConfigurationStore(tmp_path / "missing" / "c.db", "box")
        assert caught.value.error_id == "store.no_folder"

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(DeviceUnavailable) as caught:
            RecordStore(tmp_path / "file" / "r.db")
        assert caught.value.error_id == "store.unwritable"

    def test_a_folder_without_rights(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("closed")
        folder.chmod(0o700 if os.geteuid() == 0 else 0o500)
        with as_nobody(), pytest.raises(DeviceUnavailable) as caught:
            ConfigurationStore(folder / "c.db", "box")
        folder.chmod(0o700)
        assert caught.value.error_id == "store.unwritable"
        assert "owner and rights" in caught.value.hint

    def test_a_read_only_database(self, tmp_path: Path) -> None:
        """The file may be read but not written; the lock beside it may be taken."""
        path = old("configuration-v1", tmp_path / "c.db")
        lock = tmp_path / "c.db.lock"
        lock.touch()
        for name, mode in ((path, 0o444), (lock, 0o666), (tmp_path, 0o555)):
            name.chmod(mode)
        parents = [one for one in tmp_path.parents if str(one).startswith("/tmp/")]
        modes = {one: one.stat().st_mode for one in parents}
        for one in parents:
            one.chmod(modes[one] | 0o055)
        try:
            with as_nobody(), pytest.raises(DeviceUnavailable) as caught:
                ConfigurationStore(path, "box")
        finally:
            tmp_path.chmod(0o700)
            for one, mode in modes.items():
                one.chmod(mode)
        assert caught.value.error_id == "store.unwritable"

    def test_after_a_refusal_the_lock_is_free_again(self, tmp_path: Path) -> None:
        path = tmp_path / "c.db"
        path.touch()
        self._refused(path)
        path.unlink()
        ConfigurationStore(path, "box").close()
        assert threading.active_count() >= 1
