"""Who may dial what: classes of service, and rewriting of what was dialled. Emergency calls know neither."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import ClassId
from appliance.model.patterns import check_patterns
from appliance.model.schedules import When
from appliance.model.validation import check_count, check_id, check_name, require


class Destination(StrEnum):
    """Kinds of numbers, by what they cost and where they lie."""

    INTERNAL = "internal"
    """Extensions, services and our own public numbers."""
    LOCAL = "local"
    """Fixed lines of the site's area code."""
    NATIONAL = "national"
    """Fixed lines and free or shared services of the site's country."""
    MOBILE = "mobile"
    """Of the site's country."""
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    """0900, 0137, directories (118…), satellite and premium numbers abroad."""
    SHORT = "short"
    """115, 116117 and other short numbers that are no directory."""


class Permission(StrEnum):
    """What becomes of an attempt to dial."""

    ALLOW = "allow"
    BAR = "bar"
    PIN = "pin"
    """After the class's PIN was keyed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRule:
    """Permission for some destinations: kinds or patterns, any of which will do; neither means all."""

    permission: Permission
    name: str = ""
    destinations: tuple[Destination, ...] = ()
    numbers: tuple[str, ...] = ()
    """Patterns of the E.164, short or internal number: ``+4910.``, ``118.``."""
    when: tuple[When, ...] = ()
    """Any of them will do; empty: at all times."""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_name(self.name)
        check_patterns("numbers", self.numbers)
        check_count("when", self.when, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOfService:
    """What the extensions of this class may dial. The first rule that is for the number decides."""

    id: ClassId
    name: str = ""
    rules: tuple[DialRule, ...] = ()
    otherwise: Permission = Permission.ALLOW
    pin: str = ""
    """Four to ten digits."""
    when_cut_off: bool = True
    """May call outside while the internet is cut off and lines are few; emergency calls always may."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_count("rules", self.rules, 100)
        require(re.fullmatch("([0-9]{4,10})?", self.pin), "pin: is not a PIN: four to ten digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A dialled number is changed: the first ``strip`` digits fall away, ``prepend`` comes in front."""

    pattern: str
    name: str = ""
    strip: int = 0
    prepend: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_name(self.name)
        check_patterns("pattern", (self.pattern,))
        require(0 <= self.strip <= 32, "strip: out of range: 0 to 32")
        require(
            re.fullmatch("[+]?[0-9*#]{0,20}", self.prepend), "prepend: is not dialable: at most 20 digits"
        )
        require(
            self.strip <= len(self.pattern.rstrip(".")),
            "strip: takes more than the pattern is sure of: lengthen the pattern",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """Digits in front of a number that say how to call it."""

    prefix: str
    withheld: bool | None = None
    """None: as it is."""
    precedence: bool = False
    """Breaks through forwarding, status and rules; for extensions that may."""


MODIFIERS = (
    Modifier(prefix="*31*", withheld=True),
    Modifier(prefix="*31#", withheld=True),
    Modifier(prefix="#31#", withheld=True),
    Modifier(prefix="*77*", precedence=True),
)
"""CLIR for one call: ETS 300 738, and as mobile phones have it (3GPP TS 22.030 annex B). Precedence: ours."""
