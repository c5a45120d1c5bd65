"""Analog ports as ``box.toml`` names them: which circuit, on which pins or channel."""

import re
from dataclasses import dataclass
from enum import StrEnum


class FxsFamily(StrEnum):
    """What stands behind a port."""

    GPIO = "gpio"
    """A line circuit (SLIC) on pins, its codec a sound card."""
    DAHDI = "dahdi"


@dataclass(frozen=True, slots=True, kw_only=True)
class FxsPins:
    """GPIO numbers (BCM) of a line circuit of the AG1171 kind."""

    hook: int
    """SHK: high while the handset is lifted."""
    forward: int
    """F/R: polarity, and the rhythm of the bell."""
    ring: int
    """RM: ringing mode."""
    power: int | None = None
    """PD; absent: not wired."""

    def __post_init__(self) -> None:
        used = [one for one in (self.hook, self.forward, self.ring, self.power) if one is not None]
        if any(not 0 <= one <= 63 for one in used):
            raise ValueError("pins: out of range: 0 to 63, as BCM counts")
        if len(set(used)) != len(used):
            raise ValueError("pins: one is used twice: give each its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class FxsPort:
    """One ``[[fxs]]`` entry."""

    id: str
    """What documents name it by: ``fxs1``."""
    family: FxsFamily
    channel: int = 0
    """DAHDI: the channel's number."""
    pins: FxsPins | None = None
    """GPIO."""
    audio: str = ""
    """GPIO: the codec as ALSA names it, ``hw:CARD=slic1``."""
    country: str = ""
    """Tones, bell (ISO 3166-1 alpha-2); empty: the site's. The impedance is the circuit's own."""
    to_phone_db: float = 0.0
    from_phone_db: float = 0.0
    emulated: bool = False
    """The real driver with an emulated card and telephone behind it (``ortsamt simulate``)."""

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", self.id):
            raise ValueError("id: letters, digits, _ and -, at most 32: for example fxs1")
        if self.country and not re.fullmatch("[A-Z]{2}", self.country):
            raise ValueError("country: must be two capital letters: for example DE")
        for name in ("to_phone_db", "from_phone_db"):
            if not -15.0 <= getattr(self, name) <= 15.0:
                raise ValueError(f"{name}: out of range: -15 to 15")
        if self.family is FxsFamily.DAHDI:
            if not 1 <= self.channel <= 1024:
                raise ValueError("channel: is missing: the number in /proc/dahdi, 1 to 1024")
            if self.pins is not None or self.audio:
                raise ValueError("pins: belong to family gpio: remove pins and audio")
        else:
            if self.channel:
                raise ValueError("channel: belongs to family dahdi: remove it")
            if self.pins is None:
                raise ValueError("pins: are missing: write pins = { hook = 17, forward = 27, ring = 22 }")
            if not self.audio:
                raise ValueError("audio: is missing: the codec as aplay -L names it")


def check_ports(ports: tuple[FxsPort, ...]) -> None:
    """Raise ValueError for names, channels, pins or codecs that two ports want."""
    taken: dict[tuple[str, object], str] = {}
    for port in ports:
        wanted: list[tuple[str, object]] = [("id", port.id)]
        if port.family is FxsFamily.DAHDI:
            wanted.append(("channel", port.channel))
        elif port.pins is not None and not port.emulated:
            numbers = (port.pins.hook, port.pins.forward, port.pins.ring, port.pins.power)
            wanted += [("audio", port.audio), *(("pins", one) for one in numbers if one is not None)]
        for key in wanted:
            if key in taken:
                other = taken[key]
                raise ValueError(f"fxs: {key[0]} of {port.id} belongs to {other} already: give each its own")
            taken[key] = port.id
