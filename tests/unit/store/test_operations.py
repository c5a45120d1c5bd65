"""Operations merge to one state in whatever order and however often they arrive."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from appliance.store.operations import (
    NOTHING,
    HybridClock,
    Operation,
    merge,
    merge_all,
    operation_id,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _operation(hlc: int, node: str, suffix: int, field: str | None, value: str | None) -> Operation:
    return Operation(
        id=f"{hlc:04x}-{suffix}",
        hlc=hlc,
        node=node,
        who="test",
        at=AT,
        kind="extension",
        entity="21",
        field=field,
        value=None if field is None else value,
    )


# Few clocks and nodes, so that equal stamps and old deletions are common.
operations = st.builds(
    _operation,
    hlc=st.integers(1, 6),
    node=st.sampled_from(["box", "cloud"]),
    suffix=st.integers(0, 2),
    field=st.sampled_from([None, "id", "name", "number", "of_a_newer_version"]),
    value=st.sampled_from([None, '"a"', '"b"', "7"]),
)
histories = st.lists(operations, unique_by=lambda one: (one.id, one.node), max_size=14)


@given(histories, st.randoms(use_true_random=False), st.integers(0, 14))
def test_any_order_and_any_repetition_give_the_same_entity(
    history: list[Operation], random: Random, repeated: int
) -> None:
    shuffled = history + history[:repeated]
    random.shuffle(shuffled)
    assert merge_all(shuffled) == merge_all(history)


@given(histories, st.integers(0, 14))
def test_merging_two_halves_apart_and_then_together_is_merging_all(
    history: list[Operation], cut: int
) -> None:
    first, second = history[:cut], history[cut:]
    assert merge_all(second, merge_all(first)) == merge_all(first, merge_all(second)) == merge_all(history)


@given(histories)
def test_the_greatest_stamp_of_a_field_wins_and_a_deletion_hides_what_was_before(
    history: list[Operation],
) -> None:
    entity = merge_all(history)
    deletions = [one.stamp for one in history if one.field is None]
    assert entity.tombstone == max(deletions, default=None)
    for name in {one.field for one in history if one.field is not None}:
        writers = [
            one for one in history if one.field == name and one.stamp > max(deletions, default=(0, "", ""))
        ]
        if writers:
            assert entity.fields[name].value == max(writers, key=lambda one: one.stamp).value
        else:
            assert name not in entity.fields


def test_a_deletion_wins_over_a_later_change_of_a_field_but_not_over_a_new_creation() -> None:
    created = _operation(1, "box", 0, "id", '"21"')
    deleted = _operation(2, "box", 0, None, None)
    changed = _operation(3, "cloud", 0, "name", '"late"')
    again = _operation(4, "cloud", 0, "id", '"21"')
    assert not merge_all([created, deleted, changed]).exists
    assert merge_all([created, deleted, changed, again]).exists


def test_what_is_known_already_gives_the_very_same_entity() -> None:
    entity = merge(NOTHING, _operation(1, "box", 0, "name", '"a"'))
    assert merge(entity, _operation(1, "box", 0, "name", '"a"')) is entity


@given(st.lists(st.one_of(st.integers(-5000, 5000), st.just(None)), max_size=30))
def test_the_clock_never_goes_back_whatever_the_wall_clock_does(steps: list[int | None]) -> None:
    now = AT

    def wall() -> datetime:
        return now

    clock, last = HybridClock(wall), 0
    for step in steps:
        if step is None:
            clock.observe(last + 10)
            last += 10
        else:
            now += timedelta(milliseconds=step)
        hlc, at = clock.next()
        assert hlc > last
        assert at == now
        last = hlc


def test_ids_of_one_stamp_differ_and_ids_sort_by_clock() -> None:
    assert operation_id(5) != operation_id(5)
    assert min(operation_id(300), operation_id(20)).startswith(f"{20:016x}")
