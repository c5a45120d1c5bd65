"""Keys and signed claims as a NATS server takes them: Ed25519 keys as text (nkeys), claims as JWT."""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import nkeys

OPERATOR = nkeys.PREFIX_BYTE_OPERATOR
ACCOUNT = nkeys.PREFIX_BYTE_ACCOUNT
USER = nkeys.PREFIX_BYTE_USER
_HEADER = b'{"typ":"JWT","alg":"ed25519-nkey"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key pair; ``seed`` is the secret as text."""

    seed: str

    @property
    def public(self) -> str:
        """What others know it by."""
        return bytes(nkeys.from_seed(self.seed.encode()).public_key).decode()

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature."""
        return bytes(nkeys.from_seed(self.seed.encode()).sign(data))


def new_key(kind: int) -> Key:
    """A new pair of OPERATOR, ACCOUNT or USER."""
    return Key(seed=nkeys.encode_seed(secrets.token_bytes(32), kind).decode())


def token(subject: str, name: str, nats: Mapping[str, Any], by: Key, expires: int | None = None) -> str:
    """A JWT about the key ``subject``, signed ``by``; ``expires`` in seconds since 1970."""
    claims: dict[str, Any] = {
        "jti": secrets.token_hex(16).upper(),
        "iat": int(time.time()),
        "iss": by.public,
        "name": name,
        "sub": subject,
        "nats": {**nats, "version": 2},
    }
    if expires is not None:
        claims["exp"] = expires
    signed = _text(_HEADER) + "." + _text(msgspec.json.encode(claims))
    return signed + "." + _text(by.sign(signed.encode()))


def claims_of(jwt: str) -> dict[str, Any]:
    """What a JWT says, unchecked. Raises ValueError."""
    try:
        body = jwt.split(".")[1]
        claims: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, msgspec.DecodeError) as error:
        raise ValueError(f"not a JWT: {error}") from error
    return claims


def operator(key: Key, system_account: str) -> str:
    """The operator, who signs for itself."""
    return token(key.public, "ortsamt", {"type": "operator", "system_account": system_account}, key)


def account(
    name: str,
    public: str,
    by: Key,
    *,
    signing_keys: tuple[str, ...] = (),
    imports: tuple[Mapping[str, Any], ...] = (),
    exports: tuple[Mapping[str, Any], ...] = (),
    revocations: Mapping[str, int] | None = None,
    connections: int = -1,
    jetstream_bytes: int = 0,
) -> str:
    """An account; ``revocations``: public user key → users issued up to then (seconds) are refused."""
    limits = {
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True,
        "conn": connections, "leaf": 0, "mem_storage": jetstream_bytes, "disk_storage": jetstream_bytes,
        "streams": -1 if jetstream_bytes else 0, "consumer": -1 if jetstream_bytes else 0,
    }  # fmt: skip
    nats: dict[str, Any] = {
        "type": "account",
        "limits": limits,
        "default_permissions": {"pub": {}, "sub": {}},
    }
    if signing_keys:
        nats["signing_keys"] = list(signing_keys)
    if imports:
        nats["imports"] = list(imports)
    if exports:
        nats["exports"] = list(exports)
    if revocations:
        nats["revocations"] = dict(revocations)
    return token(public, name, nats, by)


def user(
    name: str,
    public: str,
    by: Key,
    account_public: str,
    *,
    publish: tuple[str, ...] = (),
    subscribe: tuple[str, ...] = (),
    expires: int | None = None,
) -> str:
    """A user of an account, signed by one of its signing keys; no subjects: all."""
    nats: dict[str, Any] = {
        "type": "user", "issuer_account": account_public, "subs": -1, "data": -1, "payload": -1,
        "pub": {"allow": list(publish)} if publish else {},
        "sub": {"allow": list(subscribe)} if subscribe else {},
    }  # fmt: skip
    if by.public == account_public:
        del nats["issuer_account"]
    return token(public, name, nats, by, expires)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
