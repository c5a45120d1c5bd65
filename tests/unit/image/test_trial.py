"""The parts of the trial: each is there, says what must hold, and can be named alone."""

from pathlib import Path

import pytest
from assembly import Order
from boards import BOARDS
from console import Failure
from contained import Contained
from environment import Workshop
from guest import PATIENT
from trial import BOOTED, CONTAINED, PARTS, Trial, parts_of, run_trials, suited

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", PARTS)
def test_each_part_says_what_must_hold(name: str) -> None:
    part = getattr(Contained if name in CONTAINED else Trial, name)
    assert part.__doc__


def test_a_part_that_is_not_there_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    order = Order(board=BOARDS["uefi-amd64"], release="1.0", epoch=1, mirror="", security="")
    with pytest.raises(Failure, match="no part toaster"):
        run_trials(Workshop(root=tmp_path), order, ["start", "toaster"], keep=False)
    assert not list(tmp_path.iterdir())


def test_services_that_are_given_patience_exist() -> None:
    assert all((ROOT / "systemd" / f"ortsamt-{name}.service").exists() for name in PATIENT)


@pytest.mark.parametrize(
    ("wanted", "go_on", "parts"),
    [
        ([], False, list(PARTS)),
        ([], True, [name for name in PARTS if name != BOOTED[0]]),
        (["pulls", "call"], False, ["start", "pulls", "call"]),
        (["pulls", "call"], True, ["pulls", "call"]),
        (["content"], False, ["content"]),
    ],
)
def test_parts_are_tried_in_the_order_named_on_a_box_that_was_started(
    wanted: list[str], go_on: bool, parts: list[str]
) -> None:
    assert parts_of(wanted, go_on=go_on) == parts


def test_another_processor_is_tried_in_qemu_alone() -> None:
    assert suited(BOARDS["uefi-amd64"], []) == []
    assert suited(BOARDS["uefi-arm64"], ["start"]) == ["start"]
    assert suited(BOARDS["uefi-arm64"], []) == ("content", *BOOTED)
    with pytest.raises(Failure, match="crashes"):
        suited(BOARDS["uefi-arm64"], ["start", "crashes"])
    with pytest.raises(Failure, match="rpi4"):
        suited(BOARDS["rpi4"], ["start"])
