"""keepalived.conf for the floating address; pure. keepalived starts no program and writes no file of ours.

VRRP version 3 (RFC 9568) by multicast, one announcement a second: a box that is gone is noticed within four.
``nopreempt``: who has the address keeps it when the other comes back. The file that is tracked says whether
this box stands back: anything but 0 is a fault, and the address goes at once.
"""

import ipaddress
import re
from pathlib import Path

from appliance.errors import ConfigError
from appliance.model.box import Standby

INSTANCE = "ortsamt"
ADVERT_S = 1
BACK_FILE = "back"
_PATH = re.compile(r"[A-Za-z0-9._/-]+")


def render(standby: Standby, interface: str, node: str, folder: Path) -> str:
    """The configuration; ``folder`` has the file that says whether to stand back. Raises ConfigError."""
    if not _PATH.fullmatch(str(folder)):
        raise ConfigError(f"{folder} cannot be written into keepalived.conf", error_id="standby.folder")
    address = ipaddress.IPv4Interface(standby.address)
    lines = [
        "# Rendered by Ortsamt from box.toml; changes made here are lost at the next start.",
        "global_defs {",
        f"    router_id {node}",
        "    vrrp_version 3",
        "    enable_script_security",
        # Switches and phones that missed the news hear it again.
        "    vrrp_garp_master_refresh 30",
        "}",
        f"track_file {BACK_FILE} {{",
        f"    file {folder / BACK_FILE}",
        "    weight 0",
        "}",
        f"vrrp_instance {INSTANCE} {{",
        "    state BACKUP",
        "    nopreempt",
        f"    interface {interface}",
        f"    virtual_router_id {standby.router}",
        f"    priority {standby.priority}",
        f"    advert_int {ADVERT_S}",
        "    garp_master_delay 1",
        "    virtual_ipaddress {",
        f"        {address.with_prefixlen} dev {interface}",
        "    }",
        "    track_file {",
        f"        {BACK_FILE}",
        "    }",
        "}",
        "",
    ]
    return "\n".join(lines)
