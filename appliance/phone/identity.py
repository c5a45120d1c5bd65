"""Read who calls out of SIP text: addresses (RFC 3261 §20.10) and the headers that tell identities. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

_NAME_ADDR = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>')
_USER = re.compile(r"(?:sips?|tel):(?:([^@;?>]*)@)?([^;?>]*)", re.IGNORECASE)
IDENTITY_HEADERS = (
    "From",
    "To",
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "P-Called-Party-ID",
    "Remote-Party-ID",
    "Privacy",
    "Diversion",
    "History-Info",
    "Referred-By",
    "Replaces",
    "Alert-Info",
    "Call-Info",
    "Answer-Mode",
    "Reason",
    "User-Agent",
)
_SHORT = {"f": "From", "t": "To", "b": "Referred-By"}


def address(text: str) -> tuple[str, str]:
    """(number, display name) of a name-addr or a bare URI; the number is the URI's user part, or its host."""
    found = _NAME_ADDR.match(text)
    display, uri = "", text
    if found:
        display = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2].strip()
        uri = found[3]
    parts = _USER.search(uri)
    if parts is None:
        return "", display
    return unquote((parts[1] or parts[2]).split(":")[0]), display


def request_user(message: str) -> str:
    """The user part of a request's URI, empty when there is none."""
    words = message.split("\r\n", 1)[0].split(" ")
    found = _USER.match(words[1]) if len(words) == 3 else None
    return unquote(found[1] or "") if found else ""


def headers(message: str) -> Mapping[str, str]:
    """The identity headers of a SIP message under their long names; repeated ones joined by a comma."""
    wanted = {name.lower(): name for name in IDENTITY_HEADERS}
    found: dict[str, str] = {}
    head = message.split("\r\n\r\n", 1)[0]
    for line in re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")[1:]:
        raw_name, _, value = line.partition(":")
        name = wanted.get(_SHORT.get(raw_name.strip().lower(), raw_name.strip()).lower())
        if name is not None:
            found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    return found
