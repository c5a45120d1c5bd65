"""The network service with the real systemd-networkd: tried, kept, taken back, whatever happens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ConfigError, OrtsamtError
from appliance.network.reading import FALLBACK
from tests.support.networkd import NetworkdBox

STATIC: dict[str, Any] = {
    "device": "wan0", "ipv4": "static", "address": "192.0.2.20/24", "gateway": "192.0.2.1",
    "dns": ["192.0.2.1"], "ipv6": "static", "address6": "2001:db8::20/64",
}  # fmt: skip


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkdBox]:
    with NetworkdBox(tmp_path_factory.mktemp("box")) as box:
        box.serve_dhcp("--dhcp-option=option:ntp-server,192.0.2.1")
        box.start_helper()
        box.until(lambda: "192.0.2.1" in " ".join(facts(box, "wan0")["gateways"]), "DHCP")
        yield box


def facts(box: NetworkdBox, name: str) -> Any:
    return next(one for one in box.call("network.show")["facts"]["interfaces"] if one["name"] == name)


OTHER = {"device": "wan0", "ipv6": "static", "address6": "2001:db8::30/64"}


def settings(*connections: Any) -> Any:
    return {"connections": list(connections)}


def leased(box: NetworkdBox) -> bool:
    return any(one["source"] == "dhcp" for one in facts(box, "wan0")["addresses"])


def has(box: NetworkdBox, *addresses: str) -> bool:
    return set(addresses) <= {one["address"] for one in facts(box, "wan0")["addresses"]}


def try_other(box: NetworkdBox, seconds: int = 90) -> str:
    token = box.call("network.try", **settings(OTHER), seconds=seconds)["token"]
    box.until(lambda: has(box, OTHER["address6"]), "the new address")
    return str(token)


def is_back(box: NetworkdBox) -> None:
    box.until(lambda: leased(box) and not has(box, OTHER["address6"]), "what was before")


def test_what_there_is(box: NetworkdBox) -> None:
    wire = facts(box, "wan0")
    assert wire["link"]
    assert wire["gateways"] == ["192.0.2.1"]
    assert leased(box)
    assert {one["name"] for one in box.call("network.show")["facts"]["interfaces"]} == {"wan0", "lan0"}


def test_what_nobody_confirms_is_taken_back(box: NetworkdBox) -> None:
    try_other(box, seconds=10)
    with pytest.raises(OrtsamtError) as told:
        box.call("network.confirm", token="guessed")
    assert told.value.error_id == "network.token"
    with pytest.raises(OrtsamtError) as told:
        box.call("network.try", **settings())
    assert told.value.error_id == "network.on_trial"
    box.until(lambda: box.call("network.show")["seconds_left"] == 0, "the end of the time")
    assert box.call("network.show")["reverted"] == "time"
    is_back(box)
    with pytest.raises(OrtsamtError) as told:
        box.call("network.confirm")
    assert told.value.error_id == "network.no_trial"


def test_a_service_killed_in_between_takes_it_back(box: NetworkdBox) -> None:
    try_other(box)
    box.kill_helper()
    box.start_helper()
    assert box.call("network.show")["reverted"] == "interrupted"
    is_back(box)


def test_a_restart_of_the_box_in_between_takes_it_back(box: NetworkdBox) -> None:
    try_other(box)
    box.kill_helper()
    box.inside("rm", "-r", "/run/ortsamt-network")  # memory is empty; files of networkd may not be
    box.start_helper()
    is_back(box)


def test_a_wire_that_there_is_not(box: NetworkdBox) -> None:
    with pytest.raises(ConfigError) as told:
        box.call("network.try", **settings({**STATIC, "device": "wan9"}))
    assert told.value.problems[0].field == "connections[0].device"
    assert "wan0" in told.value.problems[0].remedy
    assert box.call("network.show")["seconds_left"] == 0


def test_an_address_of_somebody_else(box: NetworkdBox) -> None:
    taken = {**STATIC, "address": "192.0.2.1/24", "gateway": ""}
    with pytest.raises(ConfigError) as told:
        box.call("network.try", **settings(taken))
    assert told.value.problems[0].field == "connections[0].address"
    assert leased(box)


def test_confirmed_settings_stay_over_a_restart(box: NetworkdBox) -> None:
    shown = box.call("network.try", **settings(STATIC))
    assert 0 < shown["seconds_left"] <= 90
    box.until(lambda: has(box, STATIC["address"], STATIC["address6"]), "the new addresses")
    box.call("network.confirm", token=shown["token"])
    assert box.call("network.show")["seconds_left"] == 0
    box.kill_helper()
    box.start_helper()
    assert box.call("network.show")["kept"]["connections"][0]["address"] == STATIC["address"]
    wire = facts(box, "wan0")
    assert (wire["gateways"], wire["dns"]) == (["192.0.2.1"], ["192.0.2.1"])


def test_without_dhcp_there_is_the_fixed_address_until_somebody_gives_another(tmp_path: Path) -> None:
    with NetworkdBox(tmp_path) as box:
        box.start_helper(dhcp_seconds=3)
        box.until(lambda: FALLBACK in box.addresses("wan0") + box.addresses("lan0"), "the fixed address")
        holder = "wan0" if FALLBACK in box.addresses("wan0") else "lan0"
        assert FALLBACK not in box.addresses("lan0" if holder == "wan0" else "wan0"), "on one wire only"
        box.serve_dhcp(device=holder.replace("0", "1"), network="198.51.100")
        box.until(lambda: any("198.51.100" in one for one in box.addresses(holder)), "DHCP")
        box.until(lambda: FALLBACK not in box.addresses(holder), "the fixed address given back")
