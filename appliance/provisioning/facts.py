"""What a phone is told, whoever made it: the core fills it in, templates of vendors make files of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.provisioning.clock import ClockFacts


class KeyFunction(StrEnum):
    """What a key of a phone does, as phones know it; the office's kinds of keys are made of these."""

    LINE = "line"
    LAMP = "lamp"
    """Watches a number (RFC 4235) and calls it."""
    PARK = "park"
    """Watches a park slot and fetches from it."""
    DIAL = "dial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A registrar as phones reach it; IPv6 without brackets."""

    host: str
    port: int
    transport: str
    """``udp``, ``tcp``, ``tls``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One account on a phone. ``place`` counts from 1."""

    place: int
    username: str
    secret: str = field(repr=False)
    number: str
    name: str
    srtp: str
    """``off``, ``optional``, ``mandatory``."""
    voicemail: str
    """What is dialled to hear messages; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """One key. ``place`` counts from 1 over all keys of the phone."""

    place: int
    function: KeyFunction
    value: str
    label: str
    line: int = 1
    pickup: str = ""
    """What is dialled in front of ``value`` to take its ringing call; empty: the key does not pick up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFacts:
    """Everything that a file for one phone is made of. URLs carry the phone's token."""

    mac: str
    """Twelve lower-case hex digits."""
    vendor: str
    model: str
    language: str
    """``de``, ``en``."""
    country: str
    """ISO 3166-1 alpha-2."""
    clock: ClockFacts
    ntp: str
    lines: tuple[LineFacts, ...]
    keys: tuple[KeyFacts, ...]
    primary: Server
    secondary: Server | None
    """The same office in the cloud, for when the box does not answer."""
    base_url: str
    """Where the phone fetches from now on; ends with a slash."""
    directory_url: str
    firmware_url: str
    firmware_version: str
    admin_password: str = field(repr=False)
    resync_hour: int
    ring_internal: int
    """The vendor's ring tone, counted from 1."""
    ring_external: int

    @property
    def line(self) -> LineFacts:
        """The first account."""
        return self.lines[0]

    @property
    def srtp(self) -> str:
        """The strictest wish of all accounts: some phones have one setting for all of them."""
        order = ("off", "optional", "mandatory")
        return max((one.srtp for one in self.lines), key=order.index, default="off")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """A file as it goes over the wire."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


HIDDEN = "********"
"""Stands in place of every secret in a preview."""
