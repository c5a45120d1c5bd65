"""Digest authentication from the provider's side (RFC 7616 with qop=auth; MD5 and SHA-256). Pure."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

_NONCE_SECONDS = 300.0
_FIELD = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an Authorization header claims."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    qop: str
    nc: str
    cnonce: str


def read(value: str) -> Credentials | None:
    """Read an Authorization or Proxy-Authorization header; None when it is no digest."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return None
    found = {
        match[1].lower(): match[2] if match[2] is not None else match[3] for match in _FIELD.finditer(rest)
    }
    return Credentials(
        username=found.get("username", ""),
        realm=found.get("realm", ""),
        nonce=found.get("nonce", ""),
        uri=found.get("uri", ""),
        response=found.get("response", ""),
        algorithm=found.get("algorithm", "MD5"),
        qop=found.get("qop", ""),
        nc=found.get("nc", ""),
        cnonce=found.get("cnonce", ""),
    )


@dataclass(slots=True, kw_only=True)
class Challenger:
    """Makes challenges and judges answers; nonces carry their own time, so nothing is stored."""

    realm: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def challenge(self, now: float, *, stale: bool = False) -> str:
        """The value of a WWW-Authenticate or Proxy-Authenticate header."""
        mark = ", stale=true" if stale else ""
        return (
            f'Digest realm="{self.realm}", nonce="{self._nonce(int(now))}", algorithm=MD5, qop="auth"{mark}'
        )

    def fresh(self, credentials: Credentials, now: float) -> bool:
        """Whether the nonce is ours and young enough."""
        made = credentials.nonce.partition("-")[0]
        if not made.isascii() or not made.isdigit() or len(made) > 12:
            return False
        return hmac.compare_digest(self._nonce(int(made)), credentials.nonce) and (
            0 <= now - int(made) <= _NONCE_SECONDS
        )

    def correct(self, credentials: Credentials, method: str, secret: str) -> bool:
        """Whether whoever made this knows the secret."""
        hashing = _ALGORITHMS.get(credentials.algorithm.upper())
        if hashing is None or credentials.realm != self.realm:
            return False

        def digest(text: str) -> str:
            return hashing(text.encode()).hexdigest()

        first = digest(f"{credentials.username}:{self.realm}:{secret}")
        second = digest(f"{method}:{credentials.uri}")
        middle = (
            f"{credentials.nonce}:{credentials.nc}:{credentials.cnonce}:{credentials.qop}"
            if credentials.qop
            else credentials.nonce
        )
        return hmac.compare_digest(
            digest(f"{first}:{middle}:{second}").encode(), credentials.response.lower().encode()
        )

    def _nonce(self, made: int) -> str:
        return f"{made}-{hmac.new(self.key, str(made).encode(), hashlib.sha256).hexdigest()[:24]}"
