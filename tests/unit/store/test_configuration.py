"""The configuration store: edits judged as a whole, kept as operations, read as a snapshot."""

import dataclasses
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.documents import Extension, Language, RingStep, Target, TargetKind
from appliance.model.ids import ExtensionId
from appliance.model.snapshot import Snapshot
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import TYPEABLE, UNSET, Delete, Put
from appliance.store.operations import HLC_LIMIT, Operation

TO_21 = {"targets": [{"kind": "extension", "ref": "21"}]}


class Wall:
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def store(tmp_path: Path, wall: Wall) -> Iterator[ConfigurationStore]:
    opened = ConfigurationStore(tmp_path / "configuration.db", "box", wall)
    yield opened
    opened.close()


@pytest.fixture
def office(store: ConfigurationStore) -> ConfigurationStore:
    """An extension with a phone and a number that rings it."""
    store.put("extension", "21", {"number": "21", "name": "Anna"}, "anna")
    store.put("device", "d21", {"extension": "21", "username": "21"}, "anna")
    store.put("number", "main", {"number": "+49221471", "steps": [TO_21]}, "anna")
    return store


def _reopened(store: ConfigurationStore) -> ConfigurationStore:
    store.close()
    return ConfigurationStore(store.path, store.node)


def _field(store: ConfigurationStore, kind: str, entity: str, name: str) -> Any:
    return getattr(store.get(kind, entity), name)


def _raw(
    store: ConfigurationStore, kind: str, entity: str, field: str | None, value: str | None
) -> Operation:
    """An operation as a newer or careless node would send it."""
    last = store.log.operations()[-1]
    return Operation(
        id=f"raw-{last.hlc + 1}-{field}",
        hlc=last.hlc + 1,
        node="cloud",
        who="cloud",
        at=last.at,
        kind=kind,
        entity=entity,
        field=field,
        value=value,
    )


class TestEdits:
    def test_a_creation_is_one_operation_a_field_and_one_for_the_entity(
        self, store: ConfigurationStore
    ) -> None:
        made = store.put("extension", "21", {"number": "21", "name": "Anna"}, "anna")
        assert [(one.field, one.value) for one in made] == [
            ("id", '"21"'),
            ("number", '"21"'),
            ("name", '"Anna"'),
        ]
        assert {(one.who, one.node, one.kind, one.entity) for one in made} == {
            ("anna", "box", "extension", "21")
        }
        assert store.get("extension", "21") == Extension(id=ExtensionId("21"), number="21", name="Anna")

    def test_only_changed_fields_become_operations(self, office: ConfigurationStore) -> None:
        made = office.put("extension", "21", {"number": "21", "name": "Berta", "call_waiting": True}, "b")
        assert [(one.field, one.value) for one in made] == [("name", '"Berta"')]

    def test_no_change_is_no_operation_and_the_same_snapshot(self, office: ConfigurationStore) -> None:
        before = office.snapshot()
        assert office.put("extension", "21", {"name": "Anna"}, "x") == ()
        assert office.snapshot() is before

    def test_values_may_be_model_values(self, office: ConfigurationStore) -> None:
        step = RingStep(targets=(Target(kind=TargetKind.EXTENSION, ref="21"),), seconds=9)
        office.put("number", "main", {"steps": (step,)}, "x")
        office.put("extension", "21", {"language": Language.ENGLISH}, "x")
        assert office.snapshot().number_by_e164["+49221471"].steps == (step,)
        assert office.snapshot().extension_by_number["21"].language is Language.ENGLISH

    def test_unset_goes_back_to_the_default(self, office: ConfigurationStore) -> None:
        office.put("extension", "21", {"ring_seconds": 30}, "x")
        (made,) = office.put("extension", "21", {"ring_seconds": UNSET}, "x")
        assert made.value is None
        assert _field(office, "extension", "21", "ring_seconds") == 120
        assert _reopened(office).stored("extension", "21") == {"number": "21", "name": "Anna"}

    def test_a_required_field_cannot_be_unset(self, office: ConfigurationStore) -> None:
        with pytest.raises(ConfigError, match="is missing"):
            office.put("extension", "21", {"number": UNSET}, "x")

    def test_a_new_device_gets_a_typeable_secret_and_keeps_it(self, office: ConfigurationStore) -> None:
        secret = _field(office, "device", "d21", "secret")
        assert len(secret) == 20
        assert set(secret) <= set(TYPEABLE)
        office.put("device", "d21", {"name": "desk"}, "x")
        assert _field(office, "device", "d21", "secret") == secret
        office.put("device", "d22", {"extension": "21", "username": "22", "secret": "own-secret"}, "x")
        assert _field(office, "device", "d22", "secret") == "own-secret"

    def test_everything_wrong_is_said_at_once_and_nothing_is_done(self, office: ConfigurationStore) -> None:
        before = office.log.operations()
        with pytest.raises(ConfigError) as caught:
            office.apply(
                [
                    Put(kind="extension", id="22", fields={"number": "22"}),
                    Put(kind="extension", id="23", fields={"nmae": "x", "ring_seconds": 1}),
                    Put(kind="extention", id="24", fields={}),
                    Put(kind="device", id="d23", fields={"extension": "99", "username": "d23"}),
                    Put(kind="service", id="s", fields={"number": "110", "application": "echo"}),
                    Delete(kind="trunk", id="t"),
                ],
                "x",
            )
        assert [(one.where, one.field) for one in caught.value.problems] == [
            ("extention 24", ""),
            ("trunk t", ""),
            ("extension 23", "nmae"),
            ("extension 23", "number"),
            ("service s", "number"),
            ("device d23", "extension"),
        ]
        assert caught.value.problems[2].remedy == "did you mean 'name'?"
        assert office.log.operations() == before
        with pytest.raises(NotFound):
            office.get("extension", "22")

    def test_a_broken_new_document_does_not_make_those_that_name_it_look_broken(
        self, store: ConfigurationStore
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            store.apply(
                [
                    Put(kind="extension", id="21", fields={"number": 21}),
                    Put(kind="device", id="d", fields={"extension": "21", "username": "u"}),
                ],
                "x",
            )
        assert [(one.where, one.field) for one in caught.value.problems] == [("extension 21", "number")]

    def test_the_order_within_a_batch_does_not_matter(self, store: ConfigurationStore) -> None:
        store.apply(
            [
                Put(kind="device", id="d", fields={"extension": "21", "username": "u"}),
                Put(kind="extension", id="21", fields={"number": "21"}),
            ],
            "x",
        )
        assert [one.id for one in store.documents()] == ["21", "d"]

    def test_the_id_cannot_be_changed(self, office: ConfigurationStore) -> None:
        with pytest.raises(ConfigError, match="cannot be changed"):
            office.put("extension", "21", {"id": "22"}, "x")
        office.put("extension", "21", {"id": "21", "name": "same"}, "x")

    @pytest.mark.parametrize("identity", ["", "a b", "x" * 65, "ä", "../etc", "a\nb", "\ud800"])
    def test_ids_must_be_ids(self, store: ConfigurationStore, identity: str) -> None:
        with pytest.raises(ConfigError):
            store.put("extension", identity, {"number": "21"}, "x")
        assert store.log.operations() == ()

    @pytest.mark.parametrize(
        "value", ["\ud800", object(), {1, 2}, b"x", 10**30, float("nan"), {"a": object()}]
    )
    def test_values_json_cannot_hold_are_refused(self, office: ConfigurationStore, value: object) -> None:
        with pytest.raises(ConfigError):
            office.put("extension", "21", {"name": value}, "x")

    def test_the_site_is_there_from_the_start_and_can_be_changed(self, store: ConfigurationStore) -> None:
        assert store.snapshot().site.country == "DE"
        store.put("site", "main", {"area_code": "221"}, "x")
        assert store.snapshot().site.area_code == "221"
        with pytest.raises(ConfigError, match="must be 'main'"):
            store.put("site", "other", {}, "x")


class TestDeletion:
    def test_what_others_refer_to_stays_and_they_are_named(self, office: ConfigurationStore) -> None:
        with pytest.raises(ConfigError) as caught:
            office.delete("extension", "21", "x")
        (problem,) = caught.value.problems
        assert problem.message == "is used by device d21, number main"
        assert problem.remedy == "change or delete those first"

    def test_together_with_those_that_refer_to_it_it_goes(self, office: ConfigurationStore) -> None:
        office.apply(
            [
                Delete(kind="extension", id="21"),
                Delete(kind="device", id="d21"),
                Put(kind="number", id="main", fields={"steps": []}),
            ],
            "x",
        )
        assert not office.snapshot().extensions
        assert not _reopened(office).snapshot().devices

    def test_deleting_nothing_says_so(self, store: ConfigurationStore) -> None:
        with pytest.raises(NotFound):
            store.delete("extension", "21", "x")

    def test_created_again_it_has_nothing_of_its_predecessor(self, office: ConfigurationStore) -> None:
        office.apply(
            [
                Delete(kind="device", id="d21"),
                Put(kind="device", id="d21", fields={"extension": "21", "username": "x"}),
            ],
            "x",
        )
        office.delete("number", "main", "x")
        late = _raw(office, "number", "main", "name", '"late"')
        office.merge([late])
        office.put("number", "main", {"number": "+49221472"}, "x")
        assert _field(office, "number", "main", "name") == ""
        assert [*_reopened(office).snapshot().device_by_username] == ["x"]


class TestProblemsThatWereThere:
    def test_what_was_wrong_before_does_not_block_other_edits(self, office: ConfigurationStore) -> None:
        dead = _raw(office, "number", "main", "steps", '[{"targets":[{"kind":"extension","ref":"77"}]}]')
        office.merge([dead])
        assert [one.field for one in office.problems()] == ["steps[0].targets[0].ref"]
        office.put("extension", "21", {"name": "Berta"}, "x")
        office.put("number", "main", {"name": "still wrong, but not by this"}, "x")
        with pytest.raises(ConfigError, match="does not exist"):
            office.put("number", "main", {"steps": [{"targets": [{"kind": "extension", "ref": "88"}]}]}, "x")
        office.put("number", "main", {"steps": [TO_21]}, "x")
        assert office.problems() == ()

    def test_a_document_this_version_cannot_read_is_left_out_and_reported(
        self, office: ConfigurationStore
    ) -> None:
        office.merge([_raw(office, "extension", "21", "ring_seconds", "100000")])
        again = _reopened(office)
        assert "21" not in again.snapshot().extensions
        assert ("extension 21", "ring_seconds") in {(one.where, one.field) for one in again.problems()}
        with pytest.raises(ConfigError, match="out of range"):
            again.get("extension", "21")
        again.put("extension", "22", {"number": "22"}, "x")
        again.put("extension", "21", {"name": "touched, still unreadable"}, "x")
        again.put("extension", "21", {"ring_seconds": 20}, "x")
        assert again.problems() == ()
        assert again.snapshot().extensions[ExtensionId("21")].name == "touched, still unreadable"
        again.close()

    def test_fields_and_kinds_of_a_newer_version_are_kept_and_passed_over(
        self, office: ConfigurationStore
    ) -> None:
        newer = [
            _raw(office, "extension", "21", "mood", '"sunny"'),
            _raw(office, "robot", "r2", "id", '"r2"'),
            _raw(
                office,
                "number",
                "main",
                "steps",
                '[{"delay":3,"targets":[{"kind":"extension","ref":"21","weight":{"a":1}}]}]',
            ),
        ]
        office.merge(newer)
        again = _reopened(office)
        assert again.problems() == ()
        assert again.snapshot().number_by_e164["+49221471"].steps[0].seconds == 20
        again.put("extension", "21", {"name": "Berta"}, "x")
        assert again.log.operations("extension", "21")[-2].field == "mood"
        assert _field(again, "extension", "21", "name") == "Berta"
        with pytest.raises(ConfigError, match="unknown field"):
            again.put("extension", "21", {"mood": "cloudy"}, "x")
        again.close()


class TestSnapshot:
    def test_it_is_swapped_whole_and_its_revision_grows_over_restarts(
        self, office: ConfigurationStore
    ) -> None:
        before = office.snapshot()
        office.put("extension", "21", {"name": "Berta"}, "x")
        after = office.snapshot()
        assert before.extensions[ExtensionId("21")].name == "Anna"
        assert after.revision > before.revision
        assert after.devices[next(iter(after.devices))] is before.devices[next(iter(before.devices))]
        assert _reopened(office).snapshot().revision == after.revision

    def test_listeners_get_snapshot_and_operations_before_put_returns(
        self, office: ConfigurationStore
    ) -> None:
        heard = []
        end = office.subscribe(lambda snapshot, operations: heard.append((snapshot, operations)))

        def defective(_snapshot: Snapshot, _operations: tuple[Operation, ...]) -> None:
            raise RuntimeError

        office.subscribe(defective)
        made = office.put("extension", "21", {"name": "Berta"}, "x")
        assert heard == [(office.snapshot(), made)]
        with pytest.raises(ConfigError):
            office.put("extension", "21", {"name": 3}, "x")
        end()
        office.put("extension", "21", {"name": "Clara"}, "x")
        assert len(heard) == 1

    def test_many_threads_at_once_lose_nothing(self, store: ConfigurationStore) -> None:
        heard: list[int] = []
        store.subscribe(lambda snapshot, _: heard.append(snapshot.revision))

        def work(number: int) -> None:
            for i in range(10):
                store.put("extension", f"{number}{i}", {"number": f"{number}{i}"}, "x")

        threads = [threading.Thread(target=work, args=(n,)) for n in range(20, 24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(store.snapshot().extensions) == 40
        assert heard == sorted(heard)

    def test_documents_come_in_the_order_people_expect(self, store: ConfigurationStore) -> None:
        for number in ("10", "9", "100"):
            store.put("extension", number, {"number": number}, "x")
        assert [one.id for one in store.list("extension")] == ["9", "10", "100"]


class TestLog:
    def test_it_is_asked_by_entity_and_time(self, office: ConfigurationStore, wall: Wall) -> None:
        wall.now += timedelta(hours=1)
        since = wall.now
        office.put("extension", "21", {"name": "Berta"}, "berta")
        assert [one.who for one in office.log.operations(since=since)] == ["berta"]
        fields = [one.field for one in office.log.operations("extension", "21")]
        assert fields == ["id", "number", "name", "name"]
        assert {one.kind for one in office.log.operations("device")} == {"device"}
        assert [one.value for one in office.log.operations(limit=1)] == ['"Berta"']
        assert office.log.operations()[-1].at == since

    def test_stamps_grow_even_when_the_clock_is_set_back_over_a_restart(
        self, office: ConfigurationStore, wall: Wall
    ) -> None:
        office.close()
        wall.now -= timedelta(days=400)
        again = ConfigurationStore(office.path, "box", wall)
        again.put("extension", "21", {"name": "Berta"}, "x")
        assert again.snapshot().extension_by_number["21"].name == "Berta"
        stamps = [one.stamp for one in again.log.operations()]
        assert stamps == sorted(stamps)
        again.close()


class TestUndo:
    def test_a_value_comes_back(self, office: ConfigurationStore) -> None:
        (made,) = office.put("extension", "21", {"name": "Berta"}, "x")
        (undone,) = office.undo(made.id, "y")
        assert _field(office, "extension", "21", "name") == "Anna"
        assert undone.who == "y"
        office.undo(undone.id, "y")
        assert _field(office, "extension", "21", "name") == "Berta"

    def test_a_default_comes_back(self, office: ConfigurationStore) -> None:
        (made,) = office.put("extension", "21", {"ring_seconds": 7}, "x")
        office.undo(made.id, "y")
        assert "ring_seconds" not in office.stored("extension", "21")

    def test_a_deleted_entity_comes_back_with_its_secret(self, office: ConfigurationStore) -> None:
        before = office.get("device", "d21")
        (gone,) = office.delete("device", "d21", "x")
        office.undo(gone.id, "x")
        assert office.get("device", "d21") == before

    def test_a_creation_is_taken_back_unless_others_need_it(self, office: ConfigurationStore) -> None:
        created = office.log.operations("device", "d21")[0]
        office.undo(created.id, "x")
        assert not office.snapshot().devices
        with pytest.raises(ConfigError, match="is used by number main"):
            office.undo(office.log.operations("extension", "21")[0].id, "x")

    def test_what_was_overtaken_must_wait_for_the_later_one(self, office: ConfigurationStore) -> None:
        (first,) = office.put("extension", "21", {"name": "Berta"}, "x")
        (second,) = office.put("extension", "21", {"name": "Clara"}, "z")
        with pytest.raises(ConfigError) as caught:
            office.undo(first.id, "x")
        assert caught.value.error_id == "config.overtaken"
        assert second.id in caught.value.hint
        office.undo(second.id, "x")
        assert _field(office, "extension", "21", "name") == "Berta"

    def test_an_unknown_operation_is_not_found(self, office: ConfigurationStore) -> None:
        with pytest.raises(NotFound):
            office.undo("nonsense", "x")


class TestMerge:
    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(order=st.randoms(use_true_random=False), cut=st.integers(0, 40))
    def test_two_nodes_come_to_the_same_state_in_any_order(
        self, tmp_path_factory: pytest.TempPathFactory, order: Random, cut: int
    ) -> None:
        folder = tmp_path_factory.mktemp("nodes")
        box, cloud = (ConfigurationStore(folder / f"{name}.db", name) for name in ("box", "cloud"))
        box.put("extension", "21", {"number": "21", "name": "Anna"}, "a")
        cloud.merge(box.log.operations())
        box.put("extension", "21", {"name": "from the box"}, "a")
        cloud.put("extension", "21", {"name": "from the cloud", "ring_seconds": 9}, "c")
        box.put("extension", "22", {"number": "22"}, "a")
        cloud.put("extension", "22", {"number": "22", "name": "C"}, "c")
        box.delete("extension", "22", "a")
        box.put("extension", "23", {"number": "30"}, "a")
        cloud.put("extension", "24", {"number": "30"}, "c")  # a conflict only the merge can see
        everything = [*box.log.operations(), *cloud.log.operations()]
        order.shuffle(everything)
        box.merge(everything[:cut])
        box.merge(everything)
        cloud.merge(everything[::-1])
        assert box.merge(everything) == ()
        assert box.snapshot() == dataclasses.replace(cloud.snapshot(), revision=box.snapshot().revision)
        assert box.problems() == cloud.problems()
        assert len(box.problems()) == 1
        assert box.log.operations() == cloud.log.operations()
        again = _reopened(box)
        assert again.snapshot() == box.snapshot()
        assert again._entities == box._entities
        again.close()
        cloud.close()

    def test_an_impossible_time_is_refused_with_all_that_came_along(self, office: ConfigurationStore) -> None:
        good = _raw(office, "extension", "21", "name", '"x"')
        bad = dataclasses.replace(good, id="bad", hlc=HLC_LIMIT)
        with pytest.raises(ConfigError, match="impossible time"):
            office.merge([good, bad])
        assert _field(office, "extension", "21", "name") == "Anna"


class TestDisk:
    def test_the_tables_say_what_the_log_says(self, office: ConfigurationStore) -> None:
        office.put("number", "main", {"steps": []}, "x")
        office.delete("device", "d21", "x")
        office.delete("extension", "21", "x")
        rebuilt = ConfigurationStore(office.path.with_name("rebuilt.db"), "box")
        rebuilt.merge(office.log.operations())
        assert rebuilt._entities == office._entities
        again = _reopened(office)
        assert again._entities == rebuilt._entities
        again.close()
        rebuilt.close()

    def test_a_full_disk_is_said_and_changes_nothing(self, office: ConfigurationStore) -> None:
        before = office.snapshot()
        pages = office._connection.execute("PRAGMA page_count").fetchone()[0]
        office._connection.execute(f"PRAGMA max_page_count = {pages}")
        heard: list[Snapshot] = [before]
        office.subscribe(lambda snapshot, _: heard.append(snapshot))

        def fill() -> None:
            for number in range(200, 700):
                office.put("extension", str(number), {"number": str(number), "name": "x" * 80}, "x")

        with pytest.raises(DeviceUnavailable) as caught:
            fill()
        assert caught.value.error_id == "store.disk_full"
        assert office.snapshot() is heard[-1]
        office._connection.execute("PRAGMA max_page_count = 100000")
        office.put("extension", "21", {"name": "again"}, "x")
        assert _reopened(office).snapshot().extension_by_number["21"].name == "again"

    def test_a_second_process_is_told_who_has_it(self, office: ConfigurationStore) -> None:
        import os

        with pytest.raises(DeviceUnavailable, match=f"already in use by process {os.getpid()}") as caught:
            ConfigurationStore(office.path, "box")
        assert caught.value.error_id == "store.in_use"

    def test_it_is_wal_and_full(self, office: ConfigurationStore) -> None:
        assert office._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert office._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert office.path.stat().st_mode & 0o077 == 0

    def test_the_database_is_readable_by_others_meanwhile(self, office: ConfigurationStore) -> None:
        with sqlite3.connect(f"file:{office.path}?mode=ro", uri=True) as other:
            (count,) = other.execute("SELECT count(*) FROM operations").fetchone()
            assert count == len(office.log.operations())
        other.close()
