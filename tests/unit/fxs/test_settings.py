"""Ports in box.toml and telephones in the configuration: every mistake has its remedy."""

from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.model.analog import AnalogDevice, PortKind
from appliance.model.decode import try_decode
from appliance.model.documents import KINDS, Device, Document, Extension
from appliance.model.fxs import FxsFamily, FxsPins, FxsPort
from appliance.model.ids import DeviceId, ExtensionId
from appliance.model.snapshot import build, check
from appliance.store.box import load_box

GPIO = 'id = "fxs1"\nfamily = "gpio"\naudio = "hw:slic1"\npins = { hook = 17, forward = 27, ring = 22 }\n'


def load(tmp_path: Path, *ports: str) -> tuple[FxsPort, ...]:
    path = tmp_path / "box.toml"
    path.write_text("".join(f"[[fxs]]\n{port}\n" for port in ports))
    return load_box(path).fxs


def test_ports_of_both_families(tmp_path: Path) -> None:
    assert load(
        tmp_path, GPIO, 'id = "fax"\nfamily = "dahdi"\nchannel = 3\ncountry = "AT"\nto_phone_db = -3'
    ) == (
        FxsPort(
            id="fxs1",
            family=FxsFamily.GPIO,
            audio="hw:slic1",
            pins=FxsPins(hook=17, forward=27, ring=22),
        ),
        FxsPort(id="fax", family=FxsFamily.DAHDI, channel=3, country="AT", to_phone_db=-3.0),
    )
    assert load_box(None).fxs == ()


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ((GPIO + "chanel = 3\n",), "did you mean 'channel'?"),
        (('id = "a"\nfamily = "gipo"\n',), "one of: gpio, dahdi"),
        (('id = "a"\nfamily = "dahdi"\n',), "channel: is missing"),
        (('id = "a"\nfamily = "gpio"\naudio = "hw:0"\n',), "pins: are missing"),
        (('id = "a"\nfamily = "gpio"\npins = { hook = 1, forward = 2, ring = 3 }\n',), "audio: is missing"),
        (('id = "a"\nfamily = "gpio"\npins = { hook = 1, forward = 1, ring = 3 }\n',), "used twice"),
        (('id = "a"\nfamily = "gpio"\npins = { hok = 1, forward = 2, ring = 3 }\n',), "did you mean 'hook'?"),
        (('id = "a b"\nfamily = "dahdi"\nchannel = 1\n',), "letters, digits"),
        (('id = "a"\nfamily = "dahdi"\nchannel = 1\nfrom_phone_db = 40\n',), "-15 to 15"),
        (('id = "a"\nfamily = "dahdi"\nchannel = 1\n',) * 2, "id of a belongs to a"),
        (
            ('id = "a"\nfamily = "dahdi"\nchannel = 1\n', 'id = "b"\nfamily = "dahdi"\nchannel = 1\n'),
            "channel of b belongs to a",
        ),
        ((GPIO, GPIO.replace("fxs1", "fxs2").replace("slic1", "slic2")), "pins of fxs2 belongs to fxs1"),
    ],
)
def test_mistakes_are_answered(tmp_path: Path, ports: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError) as found:
        load(tmp_path, *ports)
    assert said in " ".join(map(str, found.value.problems))


def telephone(name: str = "a1", port: str = "fxs1", extension: str = "22", node: str = "") -> AnalogDevice:
    return AnalogDevice(id=DeviceId(name), extension=ExtensionId(extension), port=port, node=node)


ANNA = Extension(id=ExtensionId("22"), number="22")


def problems(*documents: Document) -> str:
    return "; ".join(map(str, check(build(documents))))


def test_an_extension_has_both_kinds_of_telephones() -> None:
    sip = Device(id=DeviceId("d1"), extension=ExtensionId("22"), username="anna", secret="12345678")
    snapshot = build((ANNA, sip, telephone()))
    assert snapshot.devices_by_extension[ExtensionId("22")] == (sip, telephone())
    assert not check(snapshot)


def test_what_cannot_be() -> None:
    assert "extension '23' does not exist" in problems(ANNA, telephone(extension="23"))
    assert "'fxs1' already belongs to analog a1" in problems(ANNA, telephone(), telephone("a2"))
    assert problems(ANNA, telephone(node="north"), telephone("a2", node="south")) == ""
    sip = Device(id=DeviceId("a1"), extension=ExtensionId("22"), username="anna", secret="12345678")
    assert "'a1' already belongs to device a1" in problems(ANNA, sip, telephone())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"port": "a b"}, "port"),
        ({"kind": "fon"}, "kind"),
        ({"hot_line": "anna"}, "hot_line"),
        ({"hot_line_seconds": 99}, "hot_line_seconds"),
        ({"flash_least_ms": 5}, "flash_least_ms"),
        ({"flash_most_ms": 5000}, "flash_most_ms"),
    ],
)
def test_mistakes_in_a_document(fields: dict[str, object], said: str) -> None:
    raw = {"id": "a1", "extension": "22", "port": "fxs1", **fields}
    _, found = try_decode(KINDS["analog"], raw, where="analog a1")
    assert [one.field for one in found] == [said]
    assert found[0].remedy


def test_defaults_make_a_telephone() -> None:
    assert telephone().kind is PortKind.PHONE
    assert telephone().caller_id
