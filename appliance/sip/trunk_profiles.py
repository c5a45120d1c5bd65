"""How providers want to see who calls and say who was called: headers only, numbers come from routing.

Sources: facts of each provider's interface description; RFC 3261 §8.1.1.3, RFC 3323, RFC 3325.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.plan import Caller, Diversion, DivertedOn, Presentation
from appliance.sip.headers import (
    Message,
    clean,
    escape_user,
    first_of,
    is_withheld,
    name_addr,
    parse_address,
    parse_uri,
)

ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


class FromUser(StrEnum):
    """What the user part of From says."""

    NUMBER = "number"
    """The number presented; the account's name when there is none."""
    ACCOUNT = "account"
    """Always the account's name: the provider finds the bill by it."""


class History(StrEnum):
    """How parties that diverted a call are told."""

    DIVERSION = "Diversion"
    """RFC 5806: one header each, the last one first."""
    HISTORY_INFO = "History-Info"
    """RFC 7044: all targets of the call in order, with the cause of each change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkProfile:
    """The habits of one provider."""

    from_user: FromUser = FromUser.NUMBER
    identity: str = "P-Asserted-Identity"
    """The header that carries the number presented; empty for none."""
    anonymous_from: bool = True
    """When withheld, From is anonymous (else the account's own)."""
    history: History = History.DIVERSION
    """How the provider is told of parties that sent the call on."""
    caller_headers: tuple[str, ...] = ("p-asserted-identity", "remote-party-id", "from")
    """Where a caller's number is looked for, best first."""


GENERIC = TrunkProfile()

PROFILES: dict[str, TrunkProfile] = {
    "generic": GENERIC,
    "national": GENERIC,
    "international": GENERIC,
    "sipgate": TrunkProfile(from_user=FromUser.ACCOUNT, identity="P-Preferred-Identity"),
    "telekom": TrunkProfile(identity="P-Preferred-Identity", history=History.HISTORY_INFO),
    "nfon": GENERIC,
    "dts": TrunkProfile(from_user=FromUser.ACCOUNT, identity="P-Preferred-Identity"),
}
"""Keyed by ``Trunk.profile``; the names are those of ``model.documents.TRUNK_PROFILES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who calls, as headers of an INVITE: the whole From value and further headers."""

    sender: str
    headers: tuple[tuple[str, str], ...]


def identity_for_trunk(profile: TrunkProfile, present: Presentation, account: str, host: str) -> Identity:
    """Write the caller for a provider: ``account`` and ``host`` are those of the trunk."""
    number = present.number or account
    headers: list[tuple[str, str]] = []
    if profile.identity and number:
        headers.append((profile.identity, name_addr("", number, host)))
    if present.withheld:
        headers.append(("Privacy", "id"))
        sender = ANONYMOUS if profile.anonymous_from else name_addr("", account, host)
    elif profile.from_user is FromUser.ACCOUNT and account:
        sender = name_addr(present.name, account, host)
    else:
        sender = name_addr(present.name, number, host)
    return Identity(sender=sender, headers=tuple(headers))


def identity_for_device(present: Presentation, host: str) -> Identity:
    """Write the caller for one of our phones; P-Asserted-Identity is what most phones show."""
    if present.withheld:
        return Identity(sender=ANONYMOUS, headers=(("Privacy", "id"),))
    address = name_addr(present.name, present.number, host)
    return Identity(sender=address, headers=(("P-Asserted-Identity", address),))


_HISTORY_CAUSE: dict[DivertedOn, int] = {
    DivertedOn.ALWAYS: 302,
    DivertedOn.BUSY: 486,
    DivertedOn.NO_ANSWER: 408,
    DivertedOn.UNREACHABLE: 503,
    DivertedOn.TIME: 302,
    DivertedOn.DND: 480,
    DivertedOn.AWAY: 480,
}
"""RFC 4458 §2, which RFC 7044 takes over."""


def diversion_headers(diverted: Sequence[Diversion], host: str) -> tuple[tuple[str, str], ...]:
    """Say who sent a call on, the last one first (RFC 5806 §4)."""
    return tuple(
        ("Diversion", f"{name_addr(one.name, one.number, host)};reason={one.on.value};counter=1")
        for one in reversed(diverted)
    )


def history_headers(
    profile: TrunkProfile, diverted: Sequence[Diversion], dial: str, host: str
) -> tuple[tuple[str, str], ...]:
    """Say to a provider who sent a call on; internal numbers and names are not for strangers."""
    public = [Diversion(number=one.number, on=one.on) for one in diverted if one.number.startswith("+")]
    if not public:
        return ()
    if profile.history is History.DIVERSION:
        return diversion_headers(public, host)
    entries = [f"<sip:{public[0].number}@{host}>;index=1"]
    index = "1"
    targets = [*(one.number for one in public[1:]), dial]
    for before, target in zip(public, targets, strict=True):
        index += ".1"
        entries.append(f"<sip:{escape_user(target)}@{host};cause={_HISTORY_CAUSE[before.on]}>;index={index}")
    return (("History-Info", ", ".join(entries)),)


def caller_of(profile: TrunkProfile, message: Message) -> Caller:
    """Read who calls from a provider's INVITE; the number exactly as received."""
    address = first_of(message, profile.caller_headers)
    name = address.name or parse_address(message.get("from")).name
    withheld = is_withheld(message)
    if withheld and name.lower() == "anonymous":
        name = ""
    return Caller(number=address.uri.user, name="" if name == address.uri.user else name, withheld=withheld)


def dialled_of(message: Message, account: str) -> str:
    """Read the number called; a request for the account itself names it in P-Called-Party-ID or To."""
    user = parse_uri(message.request_uri).user
    if user and user != account:
        return user
    for name in ("p-called-party-id", "to"):
        other = parse_address(message.get(name)).uri.user
        if other and other != account:
            return other
    return clean(user, 64)
