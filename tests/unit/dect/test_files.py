"""Files of provisioned bases and of an OMM: what is in them, and that a base reads the same out of them."""

import re
from dataclasses import replace

import pytest

from appliance.dect.mitel.ipdect import ipdect_cfg
from appliance.dect.provisioned.families import FAMILIES, mac_in, version_in
from appliance.dect.provisioned.plan import FilePlan
from appliance.dect.provisioned.reading import read
from appliance.model.dect import PROVISIONED, DectBase, DectFamily, DectHandset, DectNet
from appliance.model.dect_air import DectSetup, WantedHandset
from appliance.model.ids import DectSystemId, DeviceId, ExtensionId
from appliance.provisioning.render import named_files

NORTH, SOUTH = DectBase(mac="7C2F80AA0001", name='North & "East"', manager=True), DectBase(mac="7C2F80AA0002")
SECRET = "se<cr>et&\"'1234"


def plan(family: DectFamily, **more: object) -> FilePlan:
    net = DectNet(id=DectSystemId("halls"), family=family, secret="pages", pin="4711", bases=(NORTH, SOUTH))
    handsets = tuple(
        WantedHandset(
            document=DectHandset(
                id=DeviceId(f"dect{number}"),
                system=net.id,
                extension=ExtensionId(str(number)),
                secret=SECRET,
                ipei="0307402202593" if number == 31 else "",
            ),
            number=str(number),
            display=f"Ä <{number}>",
            voicemail="99",
            slot=number - 30,
        )
        for number in (31, 32)
    )
    setup = DectSetup(net=net, handsets=handsets, registrar="10.0.0.2", registrar_port=5070)
    return replace(FilePlan(setup=setup, base_url="https://box/prov/t/"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", sorted(PROVISIONED))
def test_a_base_reads_accounts_registrar_and_pin_out_of_its_file(family: DectFamily) -> None:
    spec = FAMILIES[family]
    wanted = plan(family, open_from=1_790_000_000, open_seconds=120)
    name = spec.first_file.format(mac=NORTH.mac.lower(), MAC=NORTH.mac)
    made = spec.render(wanted, NORTH, name)
    assert made is not None
    file = read(family, made.content)
    assert (file.registrar, file.port, file.pin) == ("10.0.0.2", 5070, "4711")
    seats = {one.username: one for one in file.seats.values()}
    assert set(seats) == {"dect31", "dect32"}
    assert {one.secret for one in seats.values()} == {SECRET}
    assert seats["dect32"].name == "Ä <32>"
    assert spec.render(wanted, NORTH, "passwd") is None
    assert named_files(name), "the web process must know such names"


@pytest.mark.parametrize("family", sorted(PROVISIONED - {DectFamily.GRANDSTREAM}))
def test_a_system_of_several_bases_is_one_file_of_its_manager(family: DectFamily) -> None:
    spec = FAMILIES[family]
    made = spec.render(plan(family), NORTH, spec.first_file.format(mac=NORTH.mac.lower(), MAC=NORTH.mac))
    assert made is not None
    assert read(family, made.content).members == (NORTH.mac, SOUTH.mac)
    other = spec.render(plan(family), SOUTH, spec.first_file.format(mac=SOUTH.mac.lower(), MAC=SOUTH.mac))
    assert other is None or not read(family, other.content).seats


@pytest.mark.parametrize("family", sorted(PROVISIONED))
def test_a_handset_that_is_forgotten_or_blocked_has_no_account(family: DectFamily) -> None:
    spec = FAMILIES[family]
    wanted = plan(family, forget=frozenset({DeviceId("dect31")}), enrolled=frozenset({DeviceId("dect32")}))
    made = spec.render(wanted, NORTH, spec.first_file.format(mac=NORTH.mac.lower(), MAC=NORTH.mac))
    assert made is not None
    seats = read(family, made.content).seats.values()
    assert [one.username for one in seats if one.active and one.username and not one.remove] == ["dect32"]


@pytest.mark.parametrize(
    ("agent", "family", "mac", "model", "version"),
    [
        (
            "Gigaset N870 IP PRO/83.V2.50.0+build.c2;7C2F80AA0001",
            DectFamily.GIGASET,
            "7C2F80AA0001",
            "N870",
            "83.V2.50.0",
        ),
        (
            "Yealink W80B 103.83.0.40 80:5e:c0:aa:00:01",
            DectFamily.YEALINK,
            "805EC0AA0001",
            "W80B",
            "103.83.0.40",
        ),
        (
            "snomM700/05.10.0001 (MAC=000413AA0001; SER=0; HW=255)",
            DectFamily.SNOM,
            "000413AA0001",
            "M700",
            "05.10.0001",
        ),
        ("Grandstream DP752 1.0.19.8", DectFamily.GRANDSTREAM, "", "DP752", "1.0.19.8"),
    ],
)
def test_a_base_is_known_by_what_it_says_of_itself(
    agent: str, family: DectFamily, mac: str, model: str, version: str
) -> None:
    found = FAMILIES[family].models.search(agent)
    assert found is not None
    assert (mac_in(agent), found[1]) == (mac, model)
    assert version_in(agent) == version
    assert FAMILIES[family].models.search("Toaster 3000/1.2.3.4") is None


def test_an_omm_reads_its_words_line_by_line_and_no_secret() -> None:
    wanted = plan(DectFamily.MITEL).setup
    text = ipdect_cfg(replace(wanted, net=replace(wanted.net, licence=True)))
    names = [re.split("[ />]", line[1:])[0] for line in text.splitlines()]
    assert names[:5] == [
        "SetEULAConfirm",
        "SetDECTRegDomain",
        "SetDECTAuthCode",
        "SetSysToneScheme",
        "SetBasicSIP",
    ]
    assert names.count("CreateRFP") == 2
    assert 'ethAddr="7c:2f:80:aa:00:01"' in text
    assert SECRET not in text
    assert "SetEULAConfirm" not in ipdect_cfg(wanted)
