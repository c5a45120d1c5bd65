"""What keepalived is told, by keepalived's own judgement."""

import subprocess
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.firewall import rules
from appliance.model.box import BoxSettings, Standby
from appliance.standby import address, keepalived

PAIR = Standby(address="192.168.7.10/24", router=77, priority=150)


def test_keepalived_takes_the_file(tmp_path: Path) -> None:
    (tmp_path / keepalived.BACK_FILE).write_text("0\n")
    path = tmp_path / "keepalived.conf"
    path.write_text(keepalived.render(PAIR, "lan", "box-a", tmp_path))
    inside = "ip link add lan type veth peer name far && ip addr add 192.168.7.1/24 dev lan"
    inside += " && ip link set lan up &&"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", f"{inside} keepalived --config-test -f {path}"],
        check=False, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_folder_that_would_break_the_file_is_refused() -> None:
    with pytest.raises(ConfigError):
        keepalived.render(PAIR, "lo", "box-a", Path("/tmp/a b"))


def test_an_address_is_here_or_not() -> None:
    assert address.is_here("127.0.0.1")
    assert not address.is_here("203.0.113.77")


def test_the_interface_is_found_by_the_network() -> None:
    assert address.interface_of("127.0.0.9/8") == ("lo", "127.0.0.1")
    with pytest.raises(ConfigError) as raised:
        address.interface_of("203.0.113.77/24")
    assert raised.value.error_id == "standby.interface"


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"address": "192.168.1.10"}, "prefix"),
        ({"address": "fd00::1/64"}, "IPv4"),
        ({"address": "box/24"}, "IPv4"),
        ({"interface": "eth0; rm"}, "interface"),
        ({"router": 0}, "router"),
        ({"priority": 255}, "priority"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Standby(**wrong)  # type: ignore[arg-type]


def test_the_cloud_has_no_second_box() -> None:
    with pytest.raises(ValueError, match="cloud"):
        BoxSettings(role="cloud", standby=PAIR)


def test_the_link_has_a_port_of_its_own() -> None:
    with pytest.raises(ValueError, match="5060"):
        BoxSettings(standby=Standby(address="192.168.7.10/24", port=5060))


def test_the_firewall_lets_the_other_box_in_only_when_there_is_one() -> None:
    assert "vrrp" not in rules(BoxSettings())
    with_pair = rules(BoxSettings(standby=PAIR))
    assert "ip protocol vrrp" in with_pair
    assert "5067" in with_pair
