"""Keeping network settings: whole or not at all, other people's files untouched."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.model.network import Connection, NetworkSettings
from appliance.network import places as places_module
from appliance.network.arp import claims, probe
from appliance.network.facts import AddressFacts, InterfaceFacts, Neighbour
from appliance.network.fallback import Fallback
from appliance.network.lldp import neighbours
from appliance.network.places import Places
from appliance.network.reading import FALLBACK

SOME = NetworkSettings(connections=(Connection(device="enp1s0"),), host_name="pbx")
OTHER = NetworkSettings(connections=(Connection(device="enp1s0", vlan=20),))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "machine-id").write_text("abcd0123\n")
    (tmp_path / "live").mkdir()
    return Places(
        kept=tmp_path / "kept", live=tmp_path / "live", host=tmp_path / "hostname",
        machine_id=tmp_path / "machine-id", trial=tmp_path / "trial.json",
    )  # fmt: skip


def test_nothing_is_kept_at_first(places: Places) -> None:
    assert places.settings() == NetworkSettings()
    assert places.in_force(NetworkSettings())


def test_what_is_kept_is_read_again(places: Places) -> None:
    places.kept.mkdir()
    (places.kept / "10-other.network").write_text("[Match]\nName=x\n")
    places.keep(SOME)
    assert places.settings() == SOME
    assert places.host.read_text() == "pbx\n"
    assert {path.name for path in places.kept.iterdir()} == {
        "10-other.network", "20-ortsamt-enp1s0.network", "ortsamt.json",
    }  # fmt: skip
    places.keep(OTHER)
    assert places.host.read_text() == "ortsamt-abcd\n"
    assert (places.kept / "20-ortsamt-vlan20.netdev").exists()
    places.keep(NetworkSettings())
    assert {path.name for path in places.kept.iterdir()} == {"10-other.network", "ortsamt.json"}


def test_a_plug_pulled_before_the_name_was_written(places: Places) -> None:
    places.keep(SOME)
    places.host.write_text("ortsamt-abcd\n")
    places.mend_name(places.settings())
    assert places.host.read_text() == "pbx\n"
    places.host.write_text("ortsamt-abcd\n")
    places.mend_name(NetworkSettings())
    assert places.host.read_text() == "ortsamt-abcd\n", "the name that the box gave itself"


def test_a_plug_pulled_before_the_exchange_changes_nothing(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.keep(SOME)

    def pulled(_one: Path, _other: Path) -> None:
        raise OSError(5, "the plug was pulled")

    monkeypatch.setattr(places_module, "exchange", pulled)
    with pytest.raises(DeviceUnavailable):
        places.keep(OTHER)
    assert places.settings() == SOME
    monkeypatch.undo()
    places.keep(OTHER)  # what was left lying about does not matter
    assert places.settings() == OTHER


def test_in_force_are_only_our_files(places: Places) -> None:
    (places.live / "80-ortsamt.network").write_text("default")
    places.put_in_force(OTHER)
    assert places.in_force(OTHER)
    assert not places.in_force(SOME)
    places.put_in_force(NetworkSettings())
    assert [path.name for path in places.live.iterdir()] == ["80-ortsamt.network"]


@pytest.mark.parametrize("text", ["", "{", '{"connections": [{"device": "../x"}]}', "[]"])
def test_damaged_settings_are_told(places: Places, text: str) -> None:
    places.kept.mkdir()
    (places.kept / "ortsamt.json").write_text(text)
    with pytest.raises(OrtsamtError):
        places.settings()


def test_settings_of_a_newer_release_are_read_as_far_as_they_are_known(places: Places) -> None:
    places.kept.mkdir()
    (places.kept / "ortsamt.json").write_text('{"host_name": "pbx", "wifi": {"ssid": "x"}}')
    assert places.settings() == NetworkSettings(host_name="pbx")


def wire(*addresses: tuple[str, str], name: str = "wan0", state: str = "configuring") -> InterfaceFacts:
    return InterfaceFacts(
        name=name, device=name, vlan=0, mac="", link=True, speed=0, mtu=1500, state=state,
        addresses=tuple(AddressFacts(address=one, source=source) for one, source in addresses),
        gateways=(), dns=(),
    )  # fmt: skip


def test_the_fixed_address_comes_after_patience_and_goes_with_the_first_other() -> None:
    orders: list[tuple[str, ...]] = []

    def run(*words: str, missing: bool = False) -> None:
        del missing
        orders.append(words[:5])

    def fallback(*, taken: bool = False, may: bool = True) -> Fallback:
        orders.clear()
        return Fallback(lambda: None, lambda _: may, lambda *_: taken, run)  # type: ignore[arg-type, return-value]

    put, gone = (
        ("ip", "addr", "replace", FALLBACK, "dev"),
        ("ip", "addr", "del", FALLBACK, "dev"),
    )
    link = ("169.254.100.1/16", "link")
    one = fallback()
    for _ in range(5):
        one.look([wire(link)])
    assert orders == [], "DHCP may still answer"
    one.look([wire(link), wire(link, name="lan0")])
    assert orders == [put], "on one wire only"
    one.look([wire(link, (FALLBACK, "fallback")), wire(link, name="lan0")])
    assert orders == [put, put], "renewed"
    one.look([wire((FALLBACK, "fallback"), ("192.0.2.9/24", "dhcp"))])
    assert orders == [put, put, gone]
    elsewhere = fallback()
    for _ in range(9):
        elsewhere.look([wire(link), wire(("192.0.2.9/24", "static"), name="lan0")])
    assert orders == [], "the box is reached by another wire"
    for other in (fallback(taken=True), fallback(may=False)):
        for _ in range(9):
            other.look([wire(link)])
        assert orders == []
    unmanaged = fallback()
    for _ in range(9):
        unmanaged.look([wire(link, state="unmanaged")])
    assert orders == []


def test_probes_and_who_answers_them() -> None:
    import ipaddress

    address = ipaddress.IPv4Address("192.168.181.1")
    own, other = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
    asked = probe(own, address)
    assert len(asked) == 42
    assert not claims(asked, address, own), "our own"
    assert claims(probe(other, address), address, own), "somebody else wants it just now"
    assert not claims(probe(other, ipaddress.IPv4Address("192.168.181.2")), address, own)
    answer = own + other + bytes.fromhex("08060001080006040002") + other + address.packed
    assert claims(answer + own + bytes(4), address, own)
    assert not claims(answer, address, own), "cut short"


def frame(*parts: tuple[int, bytes]) -> bytes:
    text = bytes(14) + b"".join(((kind << 9) | len(value)).to_bytes(2) + value for kind, value in parts)
    return len(text).to_bytes(8, "little") + text


def test_the_switch_at_the_other_end() -> None:
    told = frame((1, b"\x04\x01\x02"), (2, b"\x05ge-0/0/7"), (5, b"switch-1"), (0, b""))
    assert neighbours(told) == (Neighbour(name="switch-1", port="ge-0/0/7"),)
    described = frame((2, b"\x03\x02\x00\x00\x00\x00\x01"), (4, b"Port 7\n"), (5, b"s2"))
    assert neighbours(told + described)[1] == Neighbour(name="s2", port="Port 7")
    assert neighbours(frame((2, b"\x03\x02\x00\x00\x00\x00\x01")))[0].port == "02:00:00:00:00:01"


@given(st.binary(max_size=200))
def test_no_frame_is_too_odd(raw: bytes) -> None:
    neighbours(raw)
    neighbours(len(raw).to_bytes(8, "little") + raw)
