"""Mobile phones as part of the office: whose they are, how they are rung, and where they call in.

Facts: a caller's number can be forged, so by default it is believed only together with a PIN; what the box
itself has called is there for certain.
"""

import re
from dataclasses import dataclass, field

from appliance.model.ids import E164, CallthroughId, ExtensionId, MobileId
from appliance.model.languages import Language
from appliance.model.validation import check_count, check_id, check_name, check_public, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Mobile:
    """A mobile phone (or any public number) that belongs to an extension."""

    id: MobileId
    extension: ExtensionId
    number: E164
    name: str = ""
    needs_pin: bool = True
    """Who calls in with this number must know the extension's PIN, too."""
    rings: bool = False
    """It rings along with the extension. Who answers takes the call with the 1: a mailbox cannot."""
    reverse: bool = False
    """It is rung and never connected: it calls in meanwhile, while the caller hears music."""
    reverse_seconds: int = 40
    """How long the caller waits for that at least."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_public("number", self.number)
        require(10 <= self.reverse_seconds <= 180, "reverse_seconds: out of range: 10 to 180")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callthrough:
    """Where mobiles call in to call on with the office's number; targets of public numbers lead here."""

    id: CallthroughId
    name: str = ""
    language: Language | None = None
    """Of announcements; None: the extension's."""
    callback: bool = False
    """A mobile that calls hears busy and is called back, so that it pays nothing."""
    callback_seconds: int = 5
    """So long after it was turned away."""
    anywhere: tuple[ExtensionId, ...] = ()
    """Who may call in from any telephone, by extension and PIN of at least six digits."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(2 <= self.callback_seconds <= 60, "callback_seconds: out of range: 2 to 60")
        check_count("anywhere", self.anywhere, 1000)


LONG_PIN = 6
"""Digits of a PIN that must do without a known number."""

_ORDER = re.compile(
    r"(?:CB|RUF|CALL|R(?:UE|Ü)CKRUF)(?:\s+(?P<number>[+0-9*#][0-9*# ()/.-]{0,38}?))?"
    r"(?:\s+PIN\s*(?P<pin>[0-9]{4,10}))?",
    re.IGNORECASE,
)
MAX_ORDER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A callback that is wanted by SMS; ``number`` empty: a dial tone."""

    number: str
    pin: str = field(repr=False)


def read_order(text: str) -> Order | None:
    """``CB 0301234567``, ``RUF +49 30 1234567 PIN 4711``, ``CB``; None for every other text."""
    found = _ORDER.fullmatch(text.strip()) if len(text) <= MAX_ORDER else None
    if found is None:
        return None
    return Order(number=re.sub(r"[ ()/.-]", "", found["number"] or ""), pin=found["pin"] or "")


def without_pin(text: str) -> str:
    """The text as it may be kept and shown: the PIN of an order left out."""
    order = read_order(text)
    return text if order is None or not order.pin else text.strip()[: -len(order.pin)] + "*" * len(order.pin)
