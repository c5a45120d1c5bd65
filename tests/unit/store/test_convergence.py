"""Any order, duplication, partition, restart, wrong clock, restored backup: n nodes come to one state.

The oracle knows for every operation all its author knew, which the nodes do not exchange.
"""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import OrtsamtError
from appliance.model.languages import Language
from appliance.routing.explain import explain
from appliance.routing.imagine import imagine
from appliance.routing.plan import plan
from appliance.store.configuration import ConfigurationStore
from appliance.store.operations import Key, Operation

FAST = Path("/dev/shm")
YEAR = timedelta(days=365)
STEPS = st.one_of(
    st.tuples(st.just("name"), st.integers(0, 2), st.sampled_from(["21", "22"]), st.sampled_from("AB")),
    st.tuples(st.just("ring"), st.integers(0, 2), st.sampled_from(["21", "22"]), st.integers(5, 7)),
    st.tuples(st.just("delete"), st.integers(0, 2), st.sampled_from(["21", "22"]), st.none()),
    st.tuples(st.just("settle"), st.integers(0, 2), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("sync"), st.integers(0, 2), st.integers(0, 2), st.randoms(use_true_random=False)),
    st.tuples(st.just("restart"), st.integers(0, 2), st.none(), st.none()),
    st.tuples(st.just("back up"), st.integers(0, 2), st.none(), st.none()),
    st.tuples(st.just("restore"), st.integers(0, 2), st.none(), st.none()),
)


class Node:
    """A store with a clock of its own, and what its operations knew of."""

    def __init__(self, folder: Path, name: str, offset: timedelta, known: dict[str, frozenset[str]]) -> None:
        self.path = folder / f"{name}.db"
        self.name = name
        self.now = datetime(2026, 1, 1, tzinfo=UTC) + offset
        self.known = known
        self.store = ConfigurationStore(self.path, name, self.clock)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=3)
        return self.now

    def edit(self, what: str, argument: object, value: object) -> None:
        before = frozenset(one.id for one in self.store.log.operations())
        try:
            if what == "name":
                self.store.put("extension", str(argument), {"number": argument, "name": value}, "x")
            elif what == "ring":
                self.store.put("extension", str(argument), {"number": argument, "ring_seconds": value}, "x")
            elif what == "delete":
                self.store.delete("extension", str(argument), "x")
            else:
                conflicts = self.store.conflicts()
                if conflicts:
                    assert isinstance(argument, int)
                    open_ = conflicts[argument % len(conflicts)]
                    take = open_.others[-1].id if value else None
                    self.store.settle(open_.kind, open_.entity, open_.field, take, "x")
                    assert open_ not in self.store.conflicts()
        except OrtsamtError:
            pass  # nothing to delete
        seen = before
        for one in self.store.log.operations():
            if one.id not in before:
                self.known[one.id] = seen
                seen |= {one.id}

    def reopen(self, *, restore: bool) -> None:
        self.store.close()
        backup = self.path.with_suffix(".bak")
        if restore and backup.exists():
            for path in self.path.parent.glob(f"{self.path.name}-*"):
                path.unlink()
            shutil.copy(backup, self.path)
        self.store = ConfigurationStore(self.path, self.name, self.clock)

    def back_up(self) -> None:
        self.store.close()
        shutil.copy(self.path, self.path.with_suffix(".bak"))
        self.store = ConfigurationStore(self.path, self.name, self.clock)


def oracle(
    operations: Iterable[Operation], known: dict[str, frozenset[str]]
) -> tuple[dict[Key, dict[str, str | None]], set[str]]:
    """Values of what exists, and ids of what was lost though its loser knew nothing of a winner."""
    by_key: dict[Key, list[Operation]] = {}
    for one in operations:
        by_key.setdefault(one.key, []).append(one)
    values: dict[Key, dict[str, str | None]] = {}
    lost: set[str] = set()
    for key, ones in by_key.items():
        deletions = [one for one in ones if one.field is None]
        last = max(deletions, key=lambda one: one.stamp, default=None)
        winners: dict[str, Operation] = {}
        for one in sorted(ones, key=lambda one: one.stamp):
            if one.field is not None and (last is None or one.stamp > last.stamp):
                winners[one.field] = one
        exists = "id" in winners
        if exists:
            values[key] = {name: one.value for name, one in winners.items()}
        holds = {one.id for one in winners.values()} if exists else {last.id} if last else set()
        for one in ones:
            replaced = any(
                one.id in known[other.id] and (other.field in (None, "id") or (one.field == other.field))
                for other in ones
            )
            if one.id not in holds and not replaced:
                lost.add(one.id)
    return values, lost


@settings(max_examples=80, deadline=None)
@given(
    st.lists(STEPS, max_size=45),
    st.tuples(*[st.sampled_from([timedelta(), timedelta(seconds=2), YEAR, -YEAR])] * 3),
    st.randoms(use_true_random=False),
)
def test_all_nodes_come_to_the_state_of_the_oracle(
    steps: list[tuple[str, int, object, object]], offsets: tuple[timedelta, ...], random: object
) -> None:
    known: dict[str, frozenset[str]] = {}
    with TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as folder:
        nodes = [Node(Path(folder), name, offset, known) for name, offset in zip("abc", offsets, strict=True)]
        for what, which, argument, value in steps:
            node = nodes[which]
            if what == "sync":
                assert isinstance(argument, int)
                operations = list(nodes[argument].store.log.operations())
                value.shuffle(operations)  # type: ignore[attr-defined]
                node.store.merge(operations[: 1 + len(operations) // 2])
                node.store.merge(operations)
            elif what in ("restart", "restore"):
                node.reopen(restore=what == "restore")
            elif what == "back up":
                node.back_up()
            else:
                node.edit(what, argument, value)
        everything = {one.id: one for node in nodes for one in node.store.log.operations()}
        values, lost = oracle(everything.values(), known)
        for node in nodes:
            operations = list(everything.values())
            random.shuffle(operations)  # type: ignore[attr-defined]
            for operation in operations:
                node.store.merge([operation, operation])
            state = {
                key: {name: entry.value for name, entry in entity.fields.items()}
                for key, entity in node.store._entities.items()
                if entity.exists
            }
            assert state == values
            found = {one for leftovers in node.store._leftovers.values() for one in leftovers}
            if lost or found:
                tombstones = {one.id for one in everything.values() if one.field is None}
                living = {
                    one for one in found if not (one in tombstones and everything[one].key not in values)
                }
                assert living == {
                    one for one in lost if not (one in tombstones and everything[one].key not in values)
                }
            before = (node.store._leftovers, node.store.conflicts())
            node.reopen(restore=False)
            assert (node.store._leftovers, node.store.conflicts()) == before
        assert nodes[0].store.conflicts() == nodes[1].store.conflicts() == nodes[2].store.conflicts()
        for node in nodes:
            node.store.close()


def _pair(folder: Path, *, ahead: timedelta = timedelta()) -> tuple[Node, Node]:
    box = Node(folder, "box", ahead, {})
    cloud = Node(folder, "cloud", timedelta(), {})
    box.store.put("extension", "21", {"number": "21", "name": "Anna"}, "a")
    _meet(box, cloud)
    return box, cloud


def _meet(box: Node, cloud: Node) -> None:
    mine, theirs = box.store.log.operations(), cloud.store.log.operations()
    box.store.merge(theirs)
    cloud.store.merge(mine)


def _name(node: Node) -> str:
    return str(node.store.stored("extension", "21")["name"])


def test_both_values_of_a_conflict_are_kept_and_the_other_can_be_taken(tmp_path: Path) -> None:
    box, cloud = _pair(tmp_path)
    box.store.put("extension", "21", {"name": "Berta"}, "box admin")
    cloud.store.put("extension", "21", {"name": "Clara"}, "cloud admin")
    _meet(box, cloud)
    (conflict,) = box.store.conflicts()
    assert cloud.store.conflicts() == (conflict,)
    assert conflict.winner is not None
    assert {conflict.winner.value, conflict.others[0].value} == {'"Berta"', '"Clara"'}
    other = conflict.others[0]
    box.store.settle("extension", "21", "name", other.id, "judge")
    assert box.store.conflicts() == ()
    _meet(box, cloud)
    assert f'"{_name(cloud)}"' == other.value
    assert cloud.store.conflicts() == ()


def test_keeping_what_holds_ends_a_conflict_everywhere(tmp_path: Path) -> None:
    box, cloud = _pair(tmp_path)
    box.store.put("extension", "21", {"name": "Berta"}, "a")
    cloud.store.put("extension", "21", {"name": "Clara"}, "b")
    _meet(box, cloud)
    before = _name(cloud)
    cloud.store.settle("extension", "21", "name", None, "judge")
    _meet(box, cloud)
    assert (box.store.conflicts(), _name(box)) == ((), before)


def test_the_same_value_on_both_sides_is_no_conflict_nor_is_an_edit_of_another_field(tmp_path: Path) -> None:
    box, cloud = _pair(tmp_path)
    box.store.put("extension", "21", {"name": "Berta"}, "a")
    cloud.store.put("extension", "21", {"name": "Berta", "ring_seconds": 9}, "b")
    _meet(box, cloud)
    assert box.store.conflicts() == cloud.store.conflicts() == ()


def test_what_was_deleted_on_one_side_and_changed_on_the_other_can_come_back(tmp_path: Path) -> None:
    box, cloud = _pair(tmp_path)
    cloud.store.put("extension", "21", {"ring_seconds": 9}, "b")
    box.store.delete("extension", "21", "a")
    _meet(box, cloud)
    (conflict,) = box.store.conflicts()
    assert conflict.field is None
    assert conflict.winner is not None
    assert conflict.winner.field is None
    box.store.settle("extension", "21", None, conflict.others[0].id, "judge")
    _meet(box, cloud)
    assert cloud.store.stored("extension", "21") == {"number": "21", "name": "Anna", "ring_seconds": 9}
    assert box.store.conflicts() == cloud.store.conflicts() == ()


def test_a_clock_a_year_ahead_neither_spreads_nor_makes_later_edits_lose(tmp_path: Path) -> None:
    box, cloud = _pair(tmp_path, ahead=YEAR)
    assert cloud.store._clock.next()[1] == cloud.now
    (made,) = cloud.store.put("extension", "21", {"name": "Berta"}, "b")
    assert _name(cloud) == "Berta"
    _meet(box, cloud)
    assert _name(box) == "Berta"
    (other,) = cloud.store.put("site", "main", {"name": "Office"}, "b")[-1:]
    assert other.hlc < made.hlc - (1 << 16) * 86_400_000, "the wrong clock must not be caught"
    box.now -= YEAR  # somebody set it right
    box.store.put("extension", "21", {"name": "Clara"}, "a")
    _meet(box, cloud)
    assert _name(cloud) == "Clara"
    assert cloud.store.conflicts() == ()


def test_a_dangling_reference_and_a_number_claimed_twice_end_alike_and_leave_calls_possible(
    tmp_path: Path,
) -> None:
    box, cloud = _pair(tmp_path)
    box.store.put("extension", "22", {"number": "22"}, "a")
    box.store.put("device", "d21", {"extension": "21", "username": "d21"}, "a")
    _meet(box, cloud)
    forwarding = [{"to": {"kind": "extension", "ref": "22"}, "on": "always"}]
    cloud.store.put("extension", "21", {"forwardings": forwarding}, "b")
    box.store.delete("extension", "22", "a")
    box.store.put("extension", "x", {"number": "30"}, "a")
    cloud.store.put("extension", "a", {"number": "30"}, "b")
    _meet(box, cloud)
    for node in (box, cloud):
        snapshot = node.store.snapshot()
        assert snapshot.extension_by_number["30"].id == "a"
        assert {(one.where, one.field) for one in node.store.problems()} == {
            ("extension x", "number"), ("extension 21", "forwardings[0].to.ref"),
        }  # fmt: skip
        imagined = imagine(snapshot, caller="30", dialled="21", now=node.now)
        made = explain(plan(imagined.request, snapshot, imagined.at), Language.ENGLISH)
        assert "Target '22' is skipped: there is no such extension." in made.reasons
        assert made.steps[0].text == "Announcement 'unreachable' in German, before the call is answered"
