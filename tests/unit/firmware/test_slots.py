"""Which slot starts: the choice, what RAUC is told, and where boot loaders keep it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.firmware.backend import answer
from appliance.firmware.bootstore import (
    SIZE,
    BootStore,
    GrubStore,
    TrybootStore,
    boot_store,
    parse_block,
    partition_named,
    render_block,
)
from appliance.firmware.slots import (
    BootChoice,
    Mode,
    Running,
    Slot,
    choice_of,
    confirm,
    may_write,
    running,
    text_of,
    try_once,
)

A, B = Slot.A, Slot.B
CHOICES = st.builds(
    BootChoice,
    confirmed=st.sampled_from(Slot),
    trial=st.none() | st.sampled_from(Slot),
    reset=st.booleans(),
)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("quiet ortsamt.slot=a ortsamt.mode=confirmed", Running(slot=A, mode=Mode.CONFIRMED)),
        ("ortsamt.slot=b ortsamt.mode=trial panic=10", Running(slot=B, mode=Mode.TRIAL)),
        ("ortsamt.slot=a ortsamt.mode=fallback", Running(slot=A, mode=Mode.FALLBACK)),
        ("ortsamt.slot=b ortsamt.loader=tryboot", Running(slot=B, mode=Mode.TRIAL)),
        ("ortsamt.slot=a ortsamt.loader=tryboot", Running(slot=A, mode=Mode.CONFIRMED)),
        ("root=/dev/sda1 quiet", None),
        ("ortsamt.slot=c", None),
    ],
)
def test_the_command_line_says_what_runs(line: str, found: Running | None) -> None:
    assert running(line, BootChoice()) == found


@given(CHOICES)
def test_a_choice_survives_being_written(choice: BootChoice) -> None:
    assert choice_of(text_of(choice)) == choice
    assert choice_of(parse_block(render_block(dict(text_of(choice))))) == choice


@given(st.dictionaries(st.sampled_from(["boot", "try", "reset"]), st.text(max_size=5)))
def test_nonsense_in_the_store_is_a_new_boxs_choice(values: dict[str, str]) -> None:
    choice_of(values)


def test_a_trial_is_confirmed_or_forgotten() -> None:
    tried = try_once(BootChoice(), B)
    assert tried == BootChoice(confirmed=A, trial=B)
    assert confirm(tried, Running(slot=B, mode=Mode.TRIAL)) == BootChoice(confirmed=B)
    assert try_once(tried, A) == BootChoice(confirmed=A)


@pytest.mark.parametrize("mode", [Mode.TRIAL, Mode.FALLBACK])
def test_nothing_is_written_while_the_old_slot_may_be_needed(mode: Mode) -> None:
    with pytest.raises(ConfigError, match="not confirmed"):
        may_write(BootChoice(confirmed=A, trial=B), Running(slot=B, mode=mode))
    assert may_write(BootChoice(confirmed=B), Running(slot=B, mode=Mode.CONFIRMED)) is A


def test_rauc_is_answered_as_its_reference_wants() -> None:
    now = Running(slot=A, mode=Mode.CONFIRMED)
    choice = BootChoice()
    assert answer(["get-primary"], choice, now)[0] == "a"
    assert answer(["get-current"], choice, now)[0] == "a"
    assert [answer(["get-state", name], choice, now)[0] for name in "ab"] == ["good", "bad"]
    _, choice = answer(["set-state", "b", "bad"], choice, now)
    assert choice == BootChoice()
    _, choice = answer(["set-primary", "b"], choice, now)
    assert choice.trial is B
    assert answer(["get-primary"], choice, now)[0] == "b"
    assert answer(["set-state", "b", "bad"], choice, now)[1] == BootChoice()
    trial = Running(slot=B, mode=Mode.TRIAL)
    assert answer(["set-state", "b", "good"], choice, trial)[1] == BootChoice(confirmed=B)
    assert answer(["set-state", "b", "good"], choice, now)[1] == choice


@pytest.mark.parametrize(
    "words", [["set-state", "a", "bad"], ["set-primary", "c"], ["format"], ["get-state"]]
)
def test_what_would_cost_the_confirmed_slot_is_refused(words: list[str]) -> None:
    with pytest.raises(ConfigError):
        answer(words, BootChoice(), Running(slot=A, mode=Mode.CONFIRMED))


@pytest.fixture(params=["grub", "tryboot"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BootStore:
    if request.param == "tryboot":
        return TrybootStore(tmp_path)
    (tmp_path / "grubenv").write_bytes(render_block({"boot": "a", "other": "kept"}))
    return GrubStore(tmp_path / "grubenv")


def test_stores_keep_what_they_are_told(store: BootStore) -> None:
    assert store.read() == BootChoice()
    for choice in (BootChoice(trial=B), BootChoice(confirmed=B), BootChoice(reset=True)):
        store.write(choice)
        assert store.read() == choice


def test_grubs_block_stays_where_it_is_and_keeps_foreign_variables(tmp_path: Path) -> None:
    path = tmp_path / "grubenv"
    path.write_bytes(render_block({"boot": "a", "other": "kept"}))
    inode = path.stat().st_ino
    GrubStore(path).write(BootChoice(confirmed=B))
    assert path.stat().st_ino == inode
    assert path.stat().st_size == SIZE
    assert parse_block(path.read_bytes())["other"] == "kept"


@pytest.mark.parametrize("content", [b"", b"#" * SIZE, b"\0" * SIZE, b"# GRUB Environment Block\n"])
def test_a_broken_block_starts_slot_a_and_can_be_written_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "grubenv"
    path.write_bytes(content)
    assert GrubStore(path).read() == BootChoice()
    GrubStore(path).write(BootChoice(confirmed=B))
    assert GrubStore(path).read() == BootChoice(confirmed=B)


def test_the_raspberry_pi_starts_the_confirmed_partition_and_tries_the_other(tmp_path: Path) -> None:
    TrybootStore(tmp_path).write(BootChoice(confirmed=B))
    text = (tmp_path / "autoboot.txt").read_text()
    assert text == "[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n"


def test_without_an_image_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="no image"), boot_store(tmp_path):
        pass
    with pytest.raises(DeviceUnavailable):
        GrubStore(tmp_path / "none").read()


def test_partitions_are_found_on_the_disk_that_was_started_from(tmp_path: Path) -> None:
    for disk, number, name in (("sda", 1, "esp"), ("sda", 4, "data"), ("sdb", 1, "data")):
        folder = tmp_path / disk / f"{disk}{number}"
        folder.mkdir(parents=True)
        (folder / "uevent").write_text(f"DEVTYPE=partition\nPARTN={number}\nPARTNAME={name}\n")
    assert partition_named("data", "sda", tmp_path) == "sda4"
    assert partition_named("start", "sda", tmp_path) is None


def test_replacing_keeps_other_wishes() -> None:
    assert try_once(BootChoice(reset=True), B).reset
    assert replace(BootChoice(reset=True), reset=False) == BootChoice()
