"""Digest authentication from the phone's side (RFC 2617, RFC 7616: MD5, qop=auth)."""

import hashlib
import re
import secrets

_FIELD = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def answer(challenge: str, *, method: str, uri: str, username: str, secret: str) -> str:
    """The Authorization header for a WWW-Authenticate or Proxy-Authenticate header."""
    asked = {one[1].lower(): one[2] if one[2] is not None else one[3] for one in _FIELD.finditer(challenge)}
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    first, second = _md5(f"{username}:{realm}:{secret}"), _md5(f"{method}:{uri}")
    fields = f'username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5'
    if "auth" in asked.get("qop", "").split(","):
        cnonce = secrets.token_hex(8)
        response = _md5(f"{first}:{nonce}:00000001:{cnonce}:auth:{second}")
        fields += f', qop=auth, nc=00000001, cnonce="{cnonce}"'
    else:
        response = _md5(f"{first}:{nonce}:{second}")
    if "opaque" in asked:
        fields += f', opaque="{asked["opaque"]}"'
    return f'Digest {fields}, response="{response}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
