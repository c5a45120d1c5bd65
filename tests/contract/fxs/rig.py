"""A port over either family of line circuits, its emulated card and telephone, in the line's own time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from appliance.fxs.dahdi.line import DahdiLine
from appliance.fxs.emulator.dahdi_card import DahdiCard
from appliance.fxs.emulator.gpio_board import PINS, GpioBoard
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.gpio.line import GpioLine
from appliance.fxs.line_settings import Completeness, LineSettings
from appliance.fxs.port import FxsPort
from appliance.fxs.port_settings import PortSettings
from appliance.fxs.steps import Report, StateShown
from appliance.model.analog_line import PortId

FAMILIES = ("gpio", "dahdi", "dahdi-short-flash")
PORT = PortId("fxs1")
OFFICE_TIME = datetime(2026, 11, 23, 9, 45)  # noqa: DTZ001  # what a display shows is local time


def judge(digits: str) -> Completeness:
    """An office with two-digit extensions that begin with 2."""
    return Completeness.WHOLE if len(digits) == 2 and digits[0] == "2" else Completeness.MORE


@dataclass(slots=True)
class Rig:
    """``card`` is the emulated equipment; ``reports`` what call control was told (states apart)."""

    port: FxsPort
    phone: Telephone
    card: Any
    reports: list[Report] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def run(self, milliseconds: int) -> None:
        """So much time of the line passes."""
        for _ in range(milliseconds // 20):
            self.port.turn()

    def until(self, condition: Callable[[], bool], within_ms: int = 20_000) -> int:
        """Run until it is so; how long that took."""
        begun = self.now
        while not condition():
            assert self.now - begun < within_ms, f"not within {within_ms} ms: {self.reports} {self.states}"
            self.port.turn()
        return self.now - begun

    def until_idle(self) -> None:
        """Run until the user has done everything, and 500 ms more."""
        self.until(lambda: self.phone.idle, 120_000)
        self.run(500)

    def configure(self, *, line: LineSettings | None = None, **fields: Any) -> None:
        """Change the port's settings."""
        self.port.configure(PortSettings(line=line or LineSettings(), **fields))
        self.run(20)

    @property
    def now(self) -> int:
        """The line's time."""
        clock: int = self.card.clock.now_ms
        return clock

    @property
    def state(self) -> str:
        """The port's state."""
        return self.port.health().state.value


def make_rig(family: str, *, country: str = "DE", **options: Any) -> Rig:
    """A port with an idle telephone."""
    phone_options = {key: options.pop(key) for key in ("bounce_ms", "seed", "display") if key in options}
    gains = options.pop("gains_db", (0.0, 0.0))
    phone = Telephone(**phone_options)
    line: GpioLine | DahdiLine
    card: GpioBoard | DahdiCard
    if family == "gpio":
        card = GpioBoard(phone, **options)
        line = GpioLine(
            PORT,
            PINS,
            "hw:slic",
            open_factory=card.open_factory,
            open_sound=card.open_sound,
            clock_ms=card.clock_ms,
        )
    else:
        card = DahdiCard(phone, channel=3, short_flash=family == "dahdi-short-flash", **options)
        line = DahdiLine(PORT, 3, calls=card)
    reports: list[Report] = []
    states: list[str] = []

    def sink(_: PortId, report: Report) -> None:
        if isinstance(report, StateShown):
            states.append(report.state)
        else:
            reports.append(report)

    port = FxsPort(
        line, country=country, sink=sink, judge=judge, office_time=lambda: OFFICE_TIME, gains_db=gains
    )
    rig = Rig(port=port, phone=phone, card=card, reports=reports, states=states)
    rig.run(100)
    assert rig.state == "idle", rig.port.health()
    return rig
