"""Who may use pages and API: accounts with a role, and groups that grant more than the role does."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.ids import AccountId, ExtensionId, GroupId
from appliance.model.languages import Language
from appliance.model.validation import check_count, check_id, check_name, require

_HASH = re.compile(r"\$argon2id\$[A-Za-z0-9$=,+/]{20,250}\Z")
_TOTP = re.compile(r"[A-Z2-7]{16,64}\Z")
MAX_OWN = 100


class Role(StrEnum):
    """What somebody is to the office."""

    USER = "user"
    """Sees and changes what belongs to the own extensions."""
    TEAM = "team"
    """A user who also sees the calls of everybody in the own groups."""
    OPERATOR = "operator"
    """Connects callers: sees all calls and lines, speaks for every extension."""
    AGENT = "agent"
    """Takes calls of queues."""
    SUPERVISOR = "supervisor"
    """Looks after agents."""
    ADMINISTRATOR = "administrator"
    """Runs the office: persons, numbers, scenarios, devices."""
    EXTENDED_ADMINISTRATOR = "extended_administrator"
    """Runs the box too: trunks, certificates, tokens, who is an administrator."""


class Action(StrEnum):
    """What is done with a resource."""

    READ = "read"
    CHANGE = "change"
    """Change what there is, or do something with it."""
    MANAGE = "manage"
    """Create and delete."""


class Scope(StrEnum):
    """Whose things it is done with."""

    OWN = "own"
    """Of the account's own extensions."""
    TEAM = "team"
    """Also of the extensions of the account's groups."""
    ANY = "any"


class Resource(StrEnum):
    """What rights are given for: documents of some kinds, or what the box does."""

    ACCOUNTS = "accounts"
    AUDIO = "audio"
    BOX = "box"
    """Status, alarms, mail queue, survival."""
    CALLS = "calls"
    """Calls in progress, dialling."""
    CERTIFICATE = "certificate"
    CONFERENCES = "conferences"
    CONTACTS = "contacts"
    """Address books; everybody reads the office's own."""
    CONNECTIONS = "connections"
    """Trunks, routes, blocks, modules, limits."""
    DEVICES = "devices"
    EXTENSIONS = "extensions"
    FAX = "fax"
    FULL_NUMBERS = "full_numbers"
    """The last digits of outside numbers in others' records, where the office hides them."""
    HISTORY = "history"
    """The operation log, import and export of the whole configuration."""
    LOGINS = "logins"
    MAIL = "mail"
    MOBILES = "mobiles"
    """Mobile phones that belong to extensions."""
    NOTES = "notes"
    NOTIFICATIONS = "notifications"
    OFFICE = "office"
    """The site, numbers, menus, switches, groups, codes."""
    RECORDINGS = "recordings"
    RECORDS = "records"
    REGISTRATIONS = "registrations"
    SECRETS = "secrets"
    """Passwords of devices and trunks, shown in clear."""
    SECURITY = "security"
    """Bans."""
    SMS = "sms"
    SWITCHES = "switches"
    """Turning virtual switches: night service and the like."""
    TOKENS = "tokens"
    VOICEMAIL = "voicemail"
    WAKE_UPS = "wake_ups"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One right."""

    resource: Resource
    action: Action = Action.READ
    scope: Scope = Scope.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionGroup:
    """Accounts that belong together: more rights for each, and whose extensions ``team`` means."""

    id: GroupId
    name: str = ""
    grants: tuple[Grant, ...] = ()
    extensions: tuple[ExtensionId, ...] = ()
    """The team."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        check_count("grants", self.grants, 200)
        check_count("extensions", self.extensions, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who logs in; the id is the login name."""

    id: AccountId
    name: str = ""
    password: str = ""
    """Argon2id hash; empty: nobody can log in."""
    totp: str = ""
    """Base32 secret of a second factor (RFC 6238); empty: none."""
    role: Role = Role.USER
    extensions: tuple[ExtensionId, ...] = ()
    """The own ones; the first is dialled for."""
    groups: tuple[GroupId, ...] = ()
    language: Language | None = None
    """Of the pages; None: the site's."""
    enabled: bool = True

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            not self.password or _HASH.match(self.password),
            "password: is not an argon2id hash: set it by the API or 'ortsamt web reset-password'",
        )
        require(
            not self.totp or _TOTP.match(self.totp),
            "totp: is not base32: 16 to 64 of A-Z and 2-7",
        )
        check_count("extensions", self.extensions, MAX_OWN)
        check_count("groups", self.groups, 50)
