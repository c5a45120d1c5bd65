"""Line circuits as ``box.toml`` asks for them: real ones, or the real driver with an emulated card behind."""

from appliance.fxs.dahdi.line import DahdiLine
from appliance.fxs.emulator.clock import LineClock
from appliance.fxs.emulator.dahdi_card import DahdiCard
from appliance.fxs.emulator.gpio_board import PINS, GpioBoard
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.gpio.line import GpioLine
from appliance.model.analog_line import PortId
from appliance.model.fxs import FxsFamily, FxsPort
from appliance.ports import FxsLine

_BOUNCE_MS = 4
"""Of emulated contacts."""


def make_line(port: FxsPort) -> tuple[FxsLine, Telephone | None]:
    """The line circuit of a port, and the telephone when both are emulated. Nothing is opened yet."""
    name = PortId(port.id)
    if port.family is FxsFamily.DAHDI:
        if not port.emulated:
            return DahdiLine(name, port.channel), None
        phone = Telephone(bounce_ms=_BOUNCE_MS)
        card = DahdiCard(phone, channel=port.channel, clock=LineClock(real=True))
        return DahdiLine(name, port.channel, calls=card), phone
    pins = port.pins or PINS
    if not port.emulated:
        return GpioLine(name, pins, port.audio), None
    phone = Telephone(bounce_ms=_BOUNCE_MS)
    board = GpioBoard(phone, pins=pins, clock=LineClock(real=True))
    line = GpioLine(
        name,
        pins,
        port.audio,
        open_factory=board.open_factory,
        open_sound=board.open_sound,
        clock_ms=board.clock_ms,
    )
    return line, phone
