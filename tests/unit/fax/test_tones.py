"""A calling fax machine is recognised within its first tone, a person or another tone is not."""

import math
import struct
from pathlib import Path

import pytest

from appliance.fax.documents import to_fax
from appliance.fax.terminal import FaxTerminal
from appliance.fax.tones import CngDetector, PreambleDetector
from tests.support.fax import make_pdf


def sine(*hertz: int, seconds: float = 5.0) -> list[bytes]:
    samples = [
        round(sum(6000 * math.sin(2 * math.pi * one * at / 8000) for one in hertz))
        for at in range(int(8000 * seconds))
    ]
    return [struct.pack("<160h", *samples[at : at + 160]) for at in range(0, len(samples), 160)]


def test_a_machine_is_heard_in_its_first_second(tmp_path: Path) -> None:
    to_fax([make_pdf(tmp_path / "a.pdf", ["x"])], tmp_path / "a.tif")
    machine = FaxTerminal(tmp_path / "a.tif", sends=True)
    detector = CngDetector()
    frames = 0
    while not detector.hear(machine.say()) and frames < 100:
        frames += 1
    machine.close()
    assert detector.found
    assert frames < 50 * 1.5


def test_a_machine_that_answers_is_heard_by_its_first_message(tmp_path: Path) -> None:
    machine = FaxTerminal(tmp_path / "a.tif", sends=False)
    detector = PreambleDetector()
    frames = 0
    while not detector.hear(machine.say()) and frames < 500:
        frames += 1
    machine.close()
    assert 2.6 * 50 < frames < 50 * 5  # the answering tone alone, which modems send too, is nothing


@pytest.mark.parametrize("hertz", [(425,), (440, 480), (1000,), (2100,), (697, 1209), (1209, 941), (1300,)])
def test_other_tones_are_no_machine(hertz: tuple[int, ...]) -> None:
    for detector in (CngDetector(), PreambleDetector()):
        assert not any(detector.hear(frame) for frame in sine(*hertz))


def test_nor_is_silence() -> None:
    for detector in (CngDetector(), PreambleDetector()):
        assert not any(detector.hear(bytes(320)) for _ in range(1000))
