"""Analog telephones and fax machines of the office: who is at which port of the box."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import DeviceId, ExtensionId, FaxBoxId
from appliance.model.validation import check_id, check_name, require

_DIALLED = re.compile(r"[0-9*#]{0,40}\Z")


class PortKind(StrEnum):
    """What is plugged in."""

    PHONE = "phone"
    FAX = "fax"
    """A fax machine or modem: nothing disturbs its call, no help with the sound."""
    HOTLINE = "hotline"
    """A telephone that dials by itself when it is lifted: doors, lifts, reception."""


class Dialling(StrEnum):
    """How the telephone dials."""

    BOTH = "both"
    TONE = "tone"
    """By keys alone; every short opening of the loop is the R key then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogDevice:
    """A telephone or fax machine at an analog port. An extension may have some beside its SIP phones."""

    id: DeviceId
    extension: ExtensionId
    port: str
    """As ``box.toml`` names it (``[[fxs]] id``)."""
    node: str = ""
    """The box with that port; empty: whichever has one of that name."""
    name: str = ""
    kind: PortKind = PortKind.PHONE
    hot_line: str = ""
    """Dialled by itself; for ``hotline`` only."""
    hot_line_seconds: int = 0
    """How long something else may be dialled before; 0: nothing else."""
    dialling: Dialling = Dialling.BOTH
    flash_least_ms: int = 60
    """An opening of the loop from here ..."""
    flash_most_ms: int = 600
    """... to here is the R key, a longer one is hanging up."""
    caller_id: bool = True
    """Show who calls (ETSI FSK)."""
    message_lamp: bool = True
    """Light the lamp of the telephone when messages wait (VMWI)."""
    polarity: bool = False
    """Turn the polarity while the party has answered, for meters and older exchanges."""
    fax_box: FaxBoxId | None = None
    """For ``fax``: what the machine sends to the outside is received by this box, which sends it on, as often
    as it takes, and reports. For trunks that lose packets."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", self.port),
            f"port: '{self.port}' is not the name of a port: for example fxs1",
        )
        require(
            re.fullmatch("([A-Za-z0-9-]{1,32})?", self.node), "node: is not the name of a box: see box.toml"
        )
        require(
            self.fax_box is None or self.kind is PortKind.FAX,
            "fax_box: is for ports of kind fax: a telephone must reach its party at once",
        )
        require(_DIALLED.match(self.hot_line), "hot_line: digits, * and # only: as it would be dialled")
        require(0 <= self.hot_line_seconds <= 30, "hot_line_seconds: out of range: 0 to 30")
        require(40 <= self.flash_least_ms <= 300, "flash_least_ms: out of range: 40 to 300")
        require(150 <= self.flash_most_ms <= 1500, "flash_most_ms: out of range: 150 to 1500")
