"""How long sound takes through the driver of a GSM module, and whether that grows: ``./dev bench gsm``.

An emulated module on ptys, the driver as it is shipped, and a clock in the mixer's place that asks for a
frame every 20 ms. Clicks are sent both ways; what is printed is the time from the writing of the click into
one end to its coming out of the other, at the beginning and at the end, and what the rings lost meanwhile.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from array import array
from pathlib import Path

from appliance.drivers.gsm.bank import ModuleBank
from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.drivers.gsm.module import SerialModem
from appliance.drivers.gsm.pins import PinFile
from appliance.drivers.gsm.reports import CallStage
from appliance.model import gsm
from appliance.model.gsm import GsmModule, ModuleStatus
from appliance.model.ids import LegId, ModuleId

FRAME_S = 0.02
LOUD = array("h", [12000, -12000] * 80).tobytes()
QUIET = bytes(320)


class Mixer:
    """Moves a frame each way every 20 ms; knows when it said and heard a click."""

    def __init__(self, modem: SerialModem) -> None:
        self._audio = modem.audio
        self._stop = threading.Event()
        self._click = threading.Event()
        self.heard = threading.Event()
        self.said_at = self.heard_at = 0.0
        self._thread = threading.Thread(target=self._run, name="mixer")
        self._thread.start()

    def click(self) -> None:
        """Say one with the next frame."""
        self._click.set()

    def stop(self) -> None:
        """No more frames."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += FRAME_S
            if self._click.is_set():
                self._click.clear()
                self.said_at = time.monotonic()
                self._audio.write(LOUD)
            else:
                self._audio.write(QUIET)
            frame = array("h", self._audio.read())
            if not self.heard.is_set() and max(frame) > 6000:
                self.heard_at = time.monotonic()
                self.heard.set()


def delays(module: EmulatedModule, mixer: Mixer, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the mixer to the far side, and back."""
    out, back = [], []
    for _ in range(count):
        module.heard_click.clear()
        mixer.click()
        if module.heard_click.wait(2):
            out.append(1000 * (module.heard_click_at - mixer.said_at))
        mixer.heard.clear()
        module.say_click()
        if mixer.heard.wait(2):
            back.append(1000 * (mixer.heard_at - module.said_click_at))
        time.sleep(0.1)
    return out, back


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5, help="of one call")
    parser.add_argument("--clicks", type=int, default=20, help="at its beginning and at its end")
    arguments = parser.parse_args()
    sys.setswitchinterval(0.0005)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dev").mkdir()
        events: list[gsm.GsmEvent] = []
        bank = ModuleBank(sysfs=folder / "sys", devices=folder / "dev", pins=PinFile(folder / "pins"))
        with EmulatedModule(folder, tone_hz=0) as module:
            bank.configure([GsmModule(id=ModuleId("m"))])
            bank.start(lambda _modem, event: events.append(event))
            try:
                measure(bank, module, events, arguments)
            finally:
                bank.stop()
    return 0


def measure(
    bank: ModuleBank, module: EmulatedModule, events: list[gsm.GsmEvent], arguments: argparse.Namespace
) -> None:
    """One call."""
    while not any(one.status is ModuleStatus.READY for one in bank.states()):
        time.sleep(0.05)
    modem = bank.modem(ModuleId("m"))
    if modem is None:
        raise SystemExit("the module went away")
    modem.order(gsm.Dial(leg=LegId("1"), number="030123"))
    module.wait(lambda one: one.stage is CallStage.DIALLING)
    module.far_answers()
    while not modem.audio.on:
        time.sleep(0.02)
    mixer = Mixer(modem)
    try:
        time.sleep(1)
        began = time.monotonic()
        first = delays(module, mixer, arguments.clicks)
        time.sleep(max(0.0, arguments.minutes * 60 - (time.monotonic() - began)))
        last = delays(module, mixer, arguments.clicks)
    finally:
        mixer.stop()
    for words, (out, back) in (("at the beginning", first), ("at the end", last)):
        for way, values in (("to the far side", out), ("from the far side", back)):
            print(
                f"{way:<18} {words:<17} median {statistics.median(values):5.0f} ms,"
                f" most {max(values):5.0f} ms, {len(values)} of {arguments.clicks} clicks arrived"
            )
    for way, ring in (("to", modem.audio.to_module), ("from", modem.audio.from_module)):
        print(f"ring {way:<4} the module: {ring.underruns} underruns, {ring.dropped} samples dropped")


if __name__ == "__main__":
    sys.exit(main())
