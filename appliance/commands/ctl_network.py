"""``ortsamt ctl network…``: addresses, VLANs, name and time servers of the box."""

import argparse
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, print_rows
from appliance.commands.output import print_json
from appliance.errors import ConfigError
from appliance.model.network import CONFIRM_SECONDS

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

PATIENCE_S = 60.0
_LISTS = frozenset({"dns", "domains", "ntp"})
_COMMON = frozenset({"host_name", "ntp"})
_NUMBERS = frozenset({"mtu"})
_WHY = {
    "time": "nobody confirmed it in time.",
    "asked": "somebody asked for it.",
    "interrupted": "the service was interrupted.",
    "failed": "it cannot be done.",
}
_YES = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def add(action: Adder) -> None:
    """Offer the actions."""
    action("network", _show, "interfaces, addresses, gateway, name servers, the clock")
    setting = action(
        "network-set",
        _set,
        "change the network on trial: ctl network-set enp1s0 ipv4=static address=192.168.1.10/24 "
        "gateway=192.168.1.1 dns=192.168.1.1; a VLAN is enp1s0.20; host_name= and ntp= need no interface",
    )
    setting.add_argument("words", nargs="+", metavar="INTERFACE|FIELD=VALUE")
    setting.add_argument("--forget", action="store_true", help="put the interface back to the default")
    setting.add_argument("--seconds", type=int, default=CONFIRM_SECONDS, help="until it is taken back")
    action("network-confirm", _confirm, "keep the network settings that are on trial")
    action("network-revert", _revert, "take them back now")


def _show(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _print(client.call("network.show", {}, PATIENCE_S), arguments)


def _set(client: "ControlClient", arguments: argparse.Namespace) -> int:
    settings = client.call("network.show", {}, PATIENCE_S)["kept"]
    changed = changed_settings(settings, arguments.words, forget=arguments.forget)
    shown = client.call("network.try", {**changed, "seconds": arguments.seconds}, PATIENCE_S)
    code = _print(shown, arguments)
    if not arguments.json:
        print(f"\nOn trial for {arguments.seconds} s. Keep it with: ortsamt ctl network-confirm")
    return code


def _confirm(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _print(client.call("network.confirm", {}, PATIENCE_S), arguments)


def _revert(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _print(client.call("network.revert", {}, PATIENCE_S), arguments)


def changed_settings(settings: dict[str, Any], words: list[str], *, forget: bool) -> dict[str, Any]:
    """Settings as JSON with one connection changed, added or forgotten; raises ConfigError."""
    named = [word for word in words if "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    fields = {name: _value(name, text) for name, _, text in pairs}
    common = {name: value for name, value in fields.items() if name in _COMMON}
    own = {name: value for name, value in fields.items() if name not in _COMMON}
    if len(named) > 1 or (own and not named):
        raise ConfigError("which interface?", field="device", hint="name one: enp1s0; enp1s0.20 for a VLAN")
    connections = list(settings["connections"])
    if named:
        device, dot, vlan = named[0].rpartition(".")
        tag = int(vlan) if dot and vlan.isdecimal() else 0
        device = device if tag else named[0]
        place = next(
            (at for at, one in enumerate(connections) if (one["device"], one["vlan"]) == (device, tag)), None
        )
        before = connections.pop(place) if place is not None else {"device": device, "vlan": tag}
        if not forget:
            connections.insert(len(connections) if place is None else place, {**before, **own})
    return {**settings, **common, "connections": connections}


def _value(name: str, text: str) -> Any:
    if name in _LISTS:
        return [one.strip() for one in text.split(",") if one.strip()]
    if name in _NUMBERS and text.isdecimal():
        return int(text)
    return _YES.get(text.lower(), text) if name == "way_out" else text


def _print(shown: dict[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json(shown)
        return 0
    facts = shown["facts"]
    rows = [
        {
            "interface": one["name"], "link": _link(one), "state": one["state"] or "-",
            "addresses": ", ".join(map(_address, one["addresses"])) or "-",
            "gateway": ", ".join(one["gateways"]) or "-", "dns": ", ".join(one["dns"]) or "-",
            "neighbour": ", ".join(f"{each['name']} {each['port']}" for each in one["neighbours"]) or "-",
        }
        for one in facts["interfaces"]
    ]  # fmt: skip
    print_rows(rows, arguments, "no interface")
    clock = facts["time"]
    by = clock["server"] or "a server"
    states = {True: f"set by {by}", False: "NOT SET by any server", None: "not watched"}
    print(f"\nhost name {facts['host_name']}; clock {clock['now']}, {states[clock['synchronised']]}")
    if not shown["managed"]:
        print("The network of this machine is not the box's to set.")
    if shown["seconds_left"]:
        print(f"New settings are on trial and are taken back in {shown['seconds_left']} s.")
    elif shown["reverted"]:
        print(f"The last change was taken back: {_WHY[shown['reverted']]} {shown['detail']}".rstrip())
    return 0


def _address(one: dict[str, Any]) -> str:
    return f"{one['address']} ({one['source']})"


def _link(one: dict[str, Any]) -> str:
    speed = f" {one['speed']} Mbit/s" if one["link"] and one["speed"] else ""
    return ("up" if one["link"] else "down") + speed
