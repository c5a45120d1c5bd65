"""Emulated telephones by command line: real processes' socket, real time."""

import json
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.fxs.cadences import RingKind
from appliance.fxs.caller_id import Shown
from appliance.fxs.emulator.desk import SimulationDesk
from appliance.fxs.emulator.hearing import describe
from appliance.fxs.equipment import make_line
from appliance.fxs.port import FxsPort as Port
from appliance.fxs.steps import (
    BellAnswered,
    CallTaken,
    CallWanted,
    Connected,
    HungUp,
    Report,
    RingWanted,
    Service,
    ServiceWanted,
    StateShown,
)
from appliance.fxs.tones import PortTone, tone_sound
from appliance.model.fxs import FxsFamily, FxsPins, FxsPort
from tests.contract.fxs.rig import OFFICE_TIME, judge

PORTS = (
    FxsPort(
        id="fxs1",
        family=FxsFamily.GPIO,
        pins=FxsPins(hook=17, forward=27, ring=22),
        audio="hw:slic1",
        emulated=True,
    ),
    FxsPort(id="fxs2", family=FxsFamily.DAHDI, channel=2, emulated=True),
)


class Office:
    """Two ports at work, their telephones on a socket; what call control was told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "simulation.sock"
        self.news = threading.Condition()
        self.reports: dict[str, list[Report]] = {one.id: [] for one in PORTS}
        made = {one.id: (make_line(one), one.family) for one in PORTS}
        self.ports = {
            name: Port(line, country="DE", sink=self._told, judge=judge, office_time=lambda: OFFICE_TIME)
            for name, ((line, _), _) in made.items()
        }
        phones = {name: (phone, family) for name, ((_, phone), family) in made.items() if phone is not None}
        self.desk = SimulationDesk(self.path, phones)

    def _told(self, port: str, report: Report) -> None:
        with self.news:
            self.reports[port].append(report)
            self.news.notify_all()

    def await_report(self, port: str, report: Report) -> None:
        with self.news:
            assert self.news.wait_for(lambda: report in self.reports[port], 15), (
                f"{report} not in {self.reports[port]}"
            )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    for port in made.ports.values():
        port.start()
    made.desk.start()
    yield made
    made.desk.stop()
    for port in made.ports.values():
        port.stop()


def simulate(office: Office, *words: str) -> None:
    assert main(["simulate", "--socket", str(office.path), "--json", *words]) == 0


def test_the_telephones_of_both_families(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    for port in ("fxs1", "fxs2"):
        simulate(office, "--wait", "lift", port)
        simulate(office, "dial", port, "22")
        office.await_report(port, CallWanted(number="22"))
        office.ports[port].tell(CallTaken())
        office.ports[port].tell(Connected())
        simulate(office, "flash", port)
        office.await_report(port, ServiceWanted(service=Service.HOLD))
        simulate(office, "hangup", port)
        office.await_report(port, HungUp())
        office.ports[port].tell(RingWanted(caller=Shown(number="23", name="Bernd"), kind=RingKind.INTERNAL))
        office.await_report(port, StateShown(state="ringing"))
        simulate(office, "lift", port)
        office.await_report(port, BellAnswered())
    capsys.readouterr()
    simulate(office, "show")
    shown = json.loads(capsys.readouterr().out)
    assert [(one["phone"], one["family"], one["handset"]) for one in shown] == [
        ("fxs1", "gpio", "lifted"),
        ("fxs2", "dahdi", "lifted"),
    ]


def test_pulses_and_a_file(office: Office, tmp_path: Path) -> None:
    simulate(office, "--wait", "lift", "fxs2")
    simulate(office, "dial", "fxs2", "22", "--pulses", "20")
    office.await_report("fxs2", CallWanted(number="22"))
    office.ports["fxs2"].tell(CallTaken())
    speech, _ = tone_sound("DE", PortTone.TEST)
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"".join(speech[at : at + 2] * 4 for at in range(0, len(speech), 2)))
    simulate(office, "speak", "fxs2", str(tmp_path / "speech.wav"))
    heard = bytearray()
    begun = time.monotonic()
    for at in range(125):
        # The mixer's clock.
        time.sleep(max(0.0, begun + at * 0.02 - time.monotonic()))
        heard += office.ports["fxs2"].audio.read()
    assert any(
        describe(bytes(heard[at : at + 16 * 400])).startswith("1000 Hz, steady")
        for at in range(0, len(heard), 16 * 100)
    )


def test_mistakes_are_answered(office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["lift", "fxs9"], "did you mean"),
        (["dial", "fxs1", "anna"], "digits"),
        (["dial", "fxs1", "*1", "--pulses"], "pulses are for digits"),
        (["flash", "fxs1", "99999"], "milliseconds"),
        (["speak", "fxs1", str(tmp_path / "nothing.wav")], "cannot be read"),
    ):
        assert main(["simulate", "--socket", str(office.path), *words]) == 1
        assert said in capsys.readouterr().err
    assert main(["simulate", "--socket", str(tmp_path / "none.sock"), "show"]) == 2


@pytest.mark.parametrize(
    ("country", "tone", "words"),
    [
        ("DE", PortTone.DIAL, "425 Hz, steady"),
        ("DE", PortTone.BUSY, "425 Hz, 480 ms on, 480 ms off"),
        ("US", PortTone.DIAL, "350 Hz + 440 Hz, steady"),
        ("GB", PortTone.BUSY, "400 Hz"),
    ],
)
def test_what_is_heard_is_said(country: str, tone: PortTone, words: str) -> None:
    sound, _ = tone_sound(country, tone)
    assert describe((sound * 10)[: 16 * 4000]).startswith(words)
    assert describe(bytes(16 * 2000)) == "silence"
