"""What the web process must know of the configuration: accounts, and what belongs to whose extension."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.model.accounts import Account, Grant, PermissionGroup, Scope
from appliance.model.decode import try_decode
from webui.core_link import CoreLink, News
from webui.permissions import Rights, rights

_KINDS = (
    "account",
    "permission_group",
    "extension",
    "device",
    "journal",
    "voicemail_box",
    "analog",
    "dect_handset",
    "fax_box",
    "conference_room",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The configuration at one moment, as far as rights depend on it."""

    accounts: Mapping[str, Account]
    groups: Mapping[str, PermissionGroup]
    numbers: Mapping[str, str]
    """Extension → its number."""
    devices: Mapping[str, str]
    """Device, analog ones too → extension."""
    fax_boxes: Mapping[str, str]
    hidden: frozenset[str]
    """Extensions that do not see the office's address book."""
    voicemail: Mapping[str, tuple[str, ...]]
    """Voicemail box → extensions that own it."""
    hidden_digits: int
    """So many last digits of outside numbers are hidden in journals."""
    rooms: Mapping[str, str]
    """Conference room, by id and number → the owner's extension, or empty."""

    def sees_office(self, own: tuple[str, ...]) -> bool:
        """Whether somebody with these extensions sees the office's address book."""
        return not own or any(one not in self.hidden for one in own)

    def parties(self, extensions: frozenset[str]) -> tuple[str, ...]:
        """How records name these extensions: numbers and endpoints."""
        numbers = [number for extension, number in self.numbers.items() if extension in extensions]
        devices = [f"device:{device}" for device, of in self.devices.items() if of in extensions]
        return (*numbers, *devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, and what they may."""

    account: Account
    rights: Rights
    directory: Directory
    own: tuple[str, ...]
    """Extensions; those that exist."""
    team: frozenset[str]
    session: str = ""
    """The cookie's secret; empty for tokens."""
    csrf: str = ""

    @property
    def who(self) -> str:
        """As the operation log names them."""
        return f"web:{self.account.id}"

    def extensions(self, scope: Scope) -> frozenset[str]:
        """Whose things a scope means; not for ANY."""
        return frozenset(self.own) | (self.team if scope is Scope.TEAM else frozenset())


class Office:
    """Keeps a directory until the configuration changes."""

    def __init__(self, link: CoreLink) -> None:
        self._link = link
        self._guard = threading.Lock()
        self._directory: Directory | None = None
        self._changes = 0

    def heard(self, news: News) -> None:
        """Forget what may have changed."""
        if news.topic in ("configuration", "core", "lost"):
            self.forget()

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._guard:
            self._changes += 1
            self._directory = None

    def directory(self) -> Directory:
        """As it is now; raises DeviceUnavailable while the core is away."""
        with self._guard:
            kept, changes = self._directory, self._changes
        if kept is not None:
            return kept
        made = self._read()
        with self._guard:
            if changes == self._changes:
                self._directory = made
        return made

    def identity(
        self, account: Account, directory: Directory, *, session: str = "", csrf: str = ""
    ) -> Identity:
        """An account with what it may."""
        groups = [directory.groups[one] for one in account.groups if one in directory.groups]
        grants: list[Grant] = [grant for group in groups for grant in group.grants]
        return Identity(
            account=account,
            rights=rights(account.role, grants),
            directory=directory,
            own=tuple(one for one in account.extensions if one in directory.numbers),
            team=frozenset(one for group in groups for one in group.extensions),
            session=session,
            csrf=csrf,
        )

    def _read(self) -> Directory:
        rows: dict[str, list[dict[str, Any]]] = {
            kind: self._link.ask("config.list", {"kind": kind, "reveal": kind == "account"})
            for kind in _KINDS
        }
        rooms = {one["id"]: one["owner"] or "" for one in rows["conference_room"]}
        rooms |= {one["number"]: one["owner"] or "" for one in rows["conference_room"]}
        return Directory(
            accounts={
                one["id"]: made
                for one in rows["account"]
                if (made := try_decode(Account, one, where="account")[0]) is not None
            },
            groups={
                one["id"]: group
                for one in rows["permission_group"]
                if (group := try_decode(PermissionGroup, one, where="permission_group")[0]) is not None
            },
            numbers={one["id"]: one["number"] for one in rows["extension"]},
            devices={
                one["id"]: one["extension"]
                for one in (*rows["device"], *rows["analog"], *rows["dect_handset"])
            },
            fax_boxes={one["id"]: one["extension"] or "" for one in rows["fax_box"]},
            hidden=frozenset(one["id"] for one in rows["extension"] if not one["global_contacts"]),
            voicemail={one["id"]: tuple(one["owners"]) or (one["id"],) for one in rows["voicemail_box"]},
            hidden_digits=next((one["hidden_digits"] for one in rows["journal"]), 0),
            rooms=rooms,
        )
