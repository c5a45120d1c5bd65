"""Voicemail boxes: who hears them, what callers hear, and how much they hold."""

import re
from dataclasses import dataclass, replace

from appliance.model.ids import ExtensionId, VoicemailBoxId
from appliance.model.languages import Language
from appliance.model.mail import MAX_ADDRESSES, check_address
from appliance.model.selection import EVERY_CALL, Calls
from appliance.model.validation import check_count, check_id, check_name, check_prompt, require

RECORDED = "recorded/"
SLOTS = 9
_GREETING = re.compile(rf"({RECORDED}[1-{SLOTS}])?\Z")
_PIN = re.compile(r"([0-9]{4,10})?\Z")
MAX_OWNERS = 50


def check_greeting(field: str, value: str) -> None:
    """Raise ValueError unless it is a prompt, ``audio/…``, ``recorded/1`` to ``recorded/9``, or empty."""
    if value.startswith(RECORDED):
        require(_GREETING.match(value), f"{field}: there are the slots {RECORDED}1 to {RECORDED}{SLOTS}")
    else:
        check_prompt(field, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A greeting for some calls; every condition must hold."""

    greeting: str
    """``audio/…`` or a prompt, ``recorded/1`` (by phone), empty: the box's own words."""
    scenario: str = ""
    """The scenario of the public number; empty: any, and calls from inside."""
    calls: Calls = EVERY_CALL
    """``status`` is that of the first owner."""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_greeting("greeting", self.greeting)
        check_name(self.scenario, "scenario")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailBox:
    """A voicemail box: personal with one owner, a group's with several."""

    id: VoicemailBoxId
    name: str = ""
    number: str = ""
    """Internal number: owners hear their messages there, everybody else leaves one. Empty: none."""
    owners: tuple[ExtensionId, ...] = ()
    """Who hears it and whose phones show its messages; empty: the extension of the same id."""
    pin: str = ""
    """Asked for before messages are heard; empty: they are heard at the owners' phones only."""
    trust_phones: bool = False
    """Owners' phones need no PIN."""
    language: Language | None = None
    """Of what callers and owners hear; None: the first owner's."""
    greeting: str = ""
    """``audio/…`` or a prompt, ``recorded/1`` (by phone), empty: the box's own words."""
    greetings: tuple[Greeting, ...] = ()
    """In order: the first that is for a call is heard instead."""
    takes_messages: bool = True
    """False: callers hear the greeting only."""
    min_seconds: int = 2
    """Shorter ones are no messages."""
    max_seconds: int = 180
    silence_seconds: int = 5
    """Ends a message; 0: silence does not. It is cut off in any case."""
    emails: tuple[str, ...] = ()
    """Who gets each message by mail."""
    attach: bool = True
    """The message itself is in the mail, as WAV."""
    delete_after_mail: bool = False
    max_messages: int = 100
    max_minutes: int = 60
    """Of all messages together."""
    retention_days: int = 0
    """Older messages are deleted; 0: never."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("[0-9]{0,12}", self.number),
            f"number: '{self.number}' is not an internal number: up to 12 digits",
        )
        check_count("owners", self.owners, MAX_OWNERS)
        require(_PIN.match(self.pin), "pin: is not a PIN: four to ten digits")
        check_greeting("greeting", self.greeting)
        check_count("greetings", self.greetings, 20)
        require(0 <= self.min_seconds <= 30, "min_seconds: out of range: 0 to 30")
        require(5 <= self.max_seconds <= 1800, "max_seconds: out of range: 5 to 1800")
        require(
            self.silence_seconds == 0 or 2 <= self.silence_seconds <= 60,
            "silence_seconds: out of range: 2 to 60, or 0",
        )
        check_count("emails", self.emails, MAX_ADDRESSES)
        for address in self.emails:
            check_address("emails", address)
        require(1 <= self.max_messages <= 10_000, "max_messages: out of range: 1 to 10000")
        require(1 <= self.max_minutes <= 10_000, "max_minutes: out of range: 1 to 10000")
        require(0 <= self.retention_days <= 3650, "retention_days: out of range: 0 (never) to 3650")

    def owned(self) -> "VoicemailBox":
        """The box with its owners written out."""
        return self if self.owners else replace(self, owners=(ExtensionId(self.id),))


def own_box(extension: ExtensionId, name: str) -> VoicemailBox:
    """The box an extension has that wants one and for which there is no document."""
    return VoicemailBox(id=VoicemailBoxId(extension), name=name, owners=(extension,))
