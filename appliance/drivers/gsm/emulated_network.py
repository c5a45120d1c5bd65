"""The far side of an emulated module: a SIM, a network, and somebody who calls and answers. Pure data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from appliance.drivers.gsm.reports import CallStage


@dataclass(slots=True)
class Sim:
    """A SIM card. ``tries`` left for its PIN; none left: it wants the PUK."""

    present: bool = True
    pin: str = ""
    tries: int = 3
    iccid: str = "8949020000012345678"
    opened: bool = False
    balance: str = "Guthaben: 9,95 €"

    @property
    def locked(self) -> bool:
        """It wants its PIN."""
        return bool(self.pin) and not self.opened and self.tries > 0

    @property
    def blocked(self) -> bool:
        """It wants its PUK."""
        return self.tries <= 0


@dataclass(slots=True)
class Mischief:
    """What real modules do to their drivers. Everything off: a well-behaved one."""

    split: bool = False
    """Octets come in small pieces."""
    merge: bool = False
    """Reports wait and come together with what follows."""
    echo: bool = False
    """ATE0 does nothing."""
    rubbish: bool = False
    """Octets of another program between the lines."""
    lose: frozenset[str] = frozenset()
    """Reports that begin so never come."""
    shuffle: bool = False
    """Reports of one moment come in reverse order."""
    audio_errors: int = 0
    """So often the sound cannot be switched on at first."""
    dumb: bool = False
    """No frame comes from the module."""
    deaf_to: frozenset[str] = frozenset()
    """Commands that begin so are never answered."""
    pin_tries_hidden: bool = False
    """It does not tell how many tries are left."""
    reset_in_call: bool = False
    """It restarts when a call becomes active."""


class Answering(Enum):
    """What the called party does by itself."""

    NOTHING = "nothing"
    """The test says what happens."""
    ANSWERS = "answers"
    """It rings a moment, then somebody talks; numbers that end in 17 are busy."""


@dataclass(slots=True)
class EmulatedCall:
    """The call on the module."""

    number: str
    incoming: bool
    stage: CallStage
    withheld: bool = False
    hidden: bool = False
    """Our number is not shown to the called party."""
    index: int = 1
    active_ms: int = 0


@dataclass(slots=True)
class StoredSms:
    """A message in the module's memory."""

    pdu: str
    read: bool = False


@dataclass(slots=True)
class Network:
    """What the network knows of the module."""

    registration: int = 1
    operator: str = "Emulated.de"
    signal: int = 23
    stored: dict[int, StoredSms] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """PDUs the module was given to send."""
    reference: int = 0
    refuse_sms: int = 0
    """So many SMS are refused at first."""
    cause: str = "Normal call clearing"
    """What +CEER says of the last call."""
    dialled: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


Say = Callable[[str], None]
