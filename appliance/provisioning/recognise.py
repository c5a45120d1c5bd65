"""Which phone is this? By what it says of itself; a MAC address alone proves no vendor.

Snom and newer phones of Gigaset share 00:04:13, and whoever asks may say what he likes.
"""

import re
from dataclasses import dataclass
from functools import cache

from appliance.provisioning.catalogue import vendors

_HEX = re.compile(r"[0-9a-f]{12}\Z")
_SEPARATORS = re.compile(r"[:. -]|%3a", re.IGNORECASE)
_CONTROL = re.compile(r"[^\x20-\x7e]")
_BASE_MAC = r"(?P<mac>[0-9A-Fa-f:]{12,17})"
_VERSION = r"(?P<version>[0-9.]+)"
_DECT = (
    ("gigaset", rf"(?P<model>N[0-9]{{3}}E? IP PRO)/(?P<version>[0-9A-Za-z.]+)(?:\+[^;]*)?;?\s*{_BASE_MAC}?"),
    (
        "yealink",
        rf"Yealink (?:SIP-)?(?P<model>W[0-9]{{2}}[A-Z]{{0,2}}) {_VERSION}(?: {_BASE_MAC})?",
    ),
    ("snom", rf"snom(?P<model>M[0-9]{{3}})/{_VERSION}(?:.*MAC={_BASE_MAC})?"),
    (
        "grandstream",
        rf"Grandstream .*?(?P<model>DP[0-9]{{3}}).*? SW {_VERSION}(?: DevId {_BASE_MAC})?",
    ),
)
MAX_AGENT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a device says of itself; texts are empty where it does not."""

    vendor: str = ""
    model: str = ""
    version: str = ""
    mac: str = ""
    dect: bool = False
    """A DECT base: it belongs to a DECT system, not to a person."""


def read_mac(text: str) -> str:
    """A MAC address however it is written, as twelve lower-case hex digits; empty: it is none."""
    found = _SEPARATORS.sub("", text.strip()).lower()
    return found if _HEX.match(found) and found not in ("0" * 12, "f" * 12) else ""


def recognise(agent: str, mac: str = "") -> Seen:
    """By User-Agent; failing that, by the first digits of the MAC where one vendor alone has them."""
    said = _CONTROL.sub("", agent)[:MAX_AGENT]
    for vendor, pattern, dect in _patterns():
        match = pattern.search(said)
        if match is not None:
            groups = match.groupdict()
            return Seen(
                vendor=vendor,
                model=groups.get("model") or "",
                version=groups.get("version") or "",
                mac=mac or read_mac(groups.get("mac") or ""),
                dect=dect,
            )
    likely = [name for name, one in vendors().items() if mac and mac.startswith(one.ouis)]
    return Seen(vendor=likely[0] if len(likely) == 1 else "", mac=mac)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    dect = tuple((vendor, re.compile(text), True) for vendor, text in _DECT)
    phones = tuple((name, re.compile(text), False) for name, one in vendors().items() for text in one.agents)
    return dect + phones
