"""Taking boxes in: one-time codes, and which nodes a tenant has. At the instance in the cloud."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.sync import credentials as kept
from appliance.sync import subjects
from appliance.sync.claims import Key
from appliance.sync.credentials import Credentials
from appliance.sync.files import write_json
from appliance.sync.hub import node_claims

FILE = "enrolled.json"
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12
"""60 bits: far too many to try within the hour a code lives, with the pace below."""
CODE_S = 3600
TRIES, TRIES_S = 10, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that was given out: for which node, until when (seconds since 1970)."""

    node: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node that was taken in. ``former``: keys it had before, to be revoked at the hub."""

    slot: int
    user: str
    at: float
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What is kept."""

    codes: Mapping[str, Code] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)


class Enrolment:
    """Gives out and redeems codes. Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        """``folder`` has the credentials of this instance."""
        self._folder = folder
        self._guard = threading.Lock()
        self._tries: list[float] = []

    def code(self, node: str) -> str:
        """A new code for a node of that name. Raises ConfigError when this instance cannot enrol."""
        own = self._own()
        if not subjects.TOKEN.fullmatch(node) or node == own.node:
            raise ConfigError(
                f"node: '{node[:40]}' cannot be a name here",
                error_id="sync.node",
                field="node",
                hint="the name in the box's box.toml: letters, digits, hyphens",
            )
        text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        with self._guard:
            register = self._read()
            self._slot(register, node)
            now = time.time()
            codes = {key: one for key, one in register.codes.items() if one.until > now and one.node != node}
            codes[_hashed(text)] = Code(node=node, until=now + CODE_S)
            self._write(replace(register, codes=codes))
        return "-".join(text[i : i + 4] for i in range(0, CODE_LENGTH, 4))

    def redeem(self, code: str, node: str, user: str) -> Credentials:
        """Use a code up: credentials for ``user`` (public key), without its seed.

        Raises NotFound for a wrong, used or old code; DeviceUnavailable when too many were tried.
        """
        own = self._own()
        if len(user) != 56 or not user.startswith("U") or not user.isalnum():
            raise ConfigError("user: not a public user key", error_id="sync.user", field="user")
        with self._guard:
            now = time.monotonic()
            self._tries = [one for one in self._tries if now - one < TRIES_S]
            if len(self._tries) >= TRIES:
                raise DeviceUnavailable(
                    "too many codes were tried", error_id="sync.too_many", hint="try again in a minute"
                )
            self._tries.append(now)
            register = self._read()
            wanted = _hashed(code.replace("-", "").replace(" ", "").upper())
            found = next((key for key in register.codes if hmac.compare_digest(key, wanted)), None)
            known = register.codes[found] if found is not None else None
            if known is None or known.until < time.time() or known.node != node:
                raise NotFound(
                    "this code is not valid for this node", hint="ask for a new one; mind the name"
                )
            before = register.nodes.get(node)
            slot = self._slot(register, node)
            former = (*before.former, before.user) if before is not None and before.user != user else ()
            self._write(
                Register(
                    codes={key: one for key, one in register.codes.items() if key != found},
                    nodes={
                        **register.nodes,
                        node: Node(slot=slot, user=user, at=time.time(), former=former),
                    },
                )
            )
            self._tries.pop()
        return replace(
            own,
            node=node,
            slot=slot,
            seed="",
            signing_seed="",
            jwt=node_claims(own.tenant, node, slot, own.shard, user, Key(seed=own.signing_seed), own.account),
        )

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes that were taken in; none where nobody is."""
        return [
            {"node": name, "slot": one.slot, "user": one.user, "former": list(one.former)}
            for name, one in self._read().nodes.items()
        ]

    def _own(self) -> Credentials:
        own = kept.read(self._folder)
        if own is None or not own.signing_seed:
            raise ConfigError(
                "this instance cannot take in others",
                error_id="sync.no_authority",
                hint="ask the tenant's instance in the cloud",
            )
        return own

    def _slot(self, register: Register, node: str) -> int:
        known = register.nodes.get(node)
        if known is not None:
            return known.slot
        used = {0, *(one.slot for one in register.nodes.values())}
        free = next((slot for slot in range(subjects.SLOTS) if slot not in used), None)
        if free is None:
            raise ConfigError(
                f"there are {subjects.SLOTS} nodes already",
                error_id="sync.full",
                hint="a name that is free again can be used for a new box",
            )
        return free

    def _read(self) -> Register:
        try:
            return msgspec.json.decode((self._folder / FILE).read_bytes(), type=Register)
        except FileNotFoundError:
            return Register()
        except (OSError, msgspec.MsgspecError) as error:
            raise DeviceUnavailable(
                f"{self._folder / FILE} cannot be used: {error}", error_id="sync.register"
            ) from error

    def _write(self, register: Register) -> None:
        path = self._folder / FILE
        try:
            write_json(path, register)
        except OSError as error:
            raise DeviceUnavailable(f"{path} cannot be written: {error}", error_id="sync.register") from error


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
