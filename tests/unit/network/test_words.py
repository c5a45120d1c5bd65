"""``ctl network-set``: words of the command line as settings; a machine whose network is not the box's."""

from pathlib import Path
from typing import Any

import pytest

from appliance.commands.ctl_network import changed_settings
from appliance.control.client import ControlClient
from appliance.control.network import register_network
from appliance.control.server import ControlServer
from appliance.errors import ConfigError, OrtsamtError
from appliance.model.decode import decode
from appliance.model.network import NetworkSettings
from appliance.network.reading import read

NOTHING: dict[str, Any] = {"connections": [], "host_name": "", "ntp": []}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["enp1s0", "ipv4=static", "address=192.168.1.10/24", "dns=192.168.1.1, 192.168.1.2", "mtu=1400"],
            {
                "device": "enp1s0", "vlan": 0, "ipv4": "static", "address": "192.168.1.10/24",
                "dns": ["192.168.1.1", "192.168.1.2"], "mtu": 1400,
            },
        ),
        (["enp1s0.20", "way_out=no"], {"device": "enp1s0", "vlan": 20, "way_out": False}),
    ],
)  # fmt: skip
def test_a_connection(words: list[str], expected: dict[str, Any]) -> None:
    changed = changed_settings(NOTHING, words, forget=False)
    assert changed["connections"] == [expected]
    decode(NetworkSettings, changed, where="network")
    again = changed_settings(changed, [words[0], "mtu=1300"], forget=False)
    assert again["connections"] == [{**expected, "mtu": 1300}]
    assert changed_settings(again, [words[0]], forget=True)["connections"] == []


def test_what_needs_no_connection() -> None:
    changed = changed_settings(NOTHING, ["host_name=pbx", "ntp=a.example.com,b.example.com"], forget=False)
    assert changed == {"connections": [], "host_name": "pbx", "ntp": ["a.example.com", "b.example.com"]}


@pytest.mark.parametrize("words", [["mtu=1400"], ["enp1s0", "enp2s0"]])
def test_words_that_make_no_sense(words: list[str]) -> None:
    with pytest.raises(ConfigError):
        changed_settings(NOTHING, words, forget=False)


def test_where_nobody_sets_the_network_it_is_shown_all_the_same(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "control.sock")
    register_network(server, read, tmp_path / "nobody.sock")
    server.start()
    try:
        with ControlClient(server.path) as client:
            shown = client.call("network.show")
            assert not shown["managed"]
            assert isinstance(shown["facts"]["interfaces"], list)
            with pytest.raises(OrtsamtError) as told:
                client.call("network.try", {"host_name": "pbx"})
            assert told.value.error_id == "network.not_managed"
            with pytest.raises(ConfigError):
                client.call("network.try", {"host_name": "-"})
    finally:
        server.stop()
