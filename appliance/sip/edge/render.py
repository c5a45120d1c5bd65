"""Render Kamailio's configuration from our settings; pure, every value checked by ``EdgeSettings``."""

import ipaddress
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from appliance.sip.edge.settings import USER_PATTERN, EdgeSettings, endpoint

DIALOG_EXPIRES_S = 24 * 3600
"""How long a published call state lives in the edge unless it is published again."""

MAX_WATCHED = 10_000
"""Watched keys the edge notes; a core that is told so many takes every key for watched."""

_LOG_LEVELS = {"error": -1, "warning": 0, "notice": 1, "info": 2, "debug": 3}

_SCANNER_AGENTS = (
    "friendly-scanner", "sipvicious", "sipcli", "sip-scan", "sipscan", "sundayddr", "iwar", "vaxsipuseragent",
    "vaxasip", "pplsip", "siparmyknife", "smap", "sivus", "gulp", "enumiax", "sip-inspector", "nmap",
)  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("appliance.sip.edge", "templates"),
        autoescape=False,  # noqa: S701 - no HTML; EdgeSettings lets only safe values in
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["host"] = _host
    return environment


def _host(address: str) -> str:
    """An IP address as SIP writes it: IPv6 in brackets (RFC 3261 §25.1)."""
    return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address


def render(settings: EdgeSettings) -> dict[str, str]:
    """File name → content for everything Kamailio reads; the main file is ``kamailio.cfg``."""
    core_listen_host, core_listen_port = endpoint(settings.core_listen)
    core_host, core_port = endpoint(settings.core_address)

    def advertise(address: str, port: int) -> str:
        if settings.advertised is None and address == settings.floating:
            return f" advertise {_host(settings.listen[0])}:{port}"
        if settings.advertised is None:
            return ""
        own, seen = ipaddress.ip_address(address), ipaddress.ip_address(settings.advertised)
        if own.is_loopback or own.version != seen.version:
            return ""
        return f" advertise {_host(settings.advertised)}:{port}"

    values = {
        "s": settings,
        # The own ones first: a Record-Route leads to the first that fits, and nothing can be sent from the
        # floating one once it is at the other box.
        "addresses": [*settings.listen, *([settings.floating] if settings.floating else [])],
        "debug": _LOG_LEVELS[settings.log_level],
        "advertise": advertise,
        "core_listen_host": core_listen_host,
        "core_listen_port": core_listen_port,
        "core_host": core_host,
        "core_port": core_port,
        "dialog_expires_s": DIALOG_EXPIRES_S,
        "max_watched": MAX_WATCHED,
        "user_pattern": USER_PATTERN,
        "scanners": "|".join(_SCANNER_AGENTS),
        "emergency": " || ".join(f'$rU == "{number}"' for number in settings.emergency_numbers),
        "trusted": " || ".join(f"src_ip == {network}" for network in settings.trusted_networks),
    }
    names = ["kamailio.cfg", *(["tls.cfg"] if settings.tls_port or settings.link_port else [])]
    return {name: _environment().get_template(f"{name}.j2").render(values) for name in names}
