"""IPEIs as people and machines write them; what DECT documents refuse, alone and together."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.app.dect_setup import free_slot, setups, slots_of
from appliance.dect.equipment import FOUND, module_of
from appliance.model.box import BoxSettings, DectModule
from appliance.model.dect import (
    DectBase,
    DectFamily,
    DectHandset,
    DectNet,
    ipei_from,
    ipei_of,
    ipui_of,
    spaced,
)
from appliance.model.documents import Device, Extension
from appliance.model.ids import DectSystemId, DeviceId, ExtensionId
from appliance.model.snapshot import build, check

HALLS = DectSystemId("halls")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFF))
def test_an_ipei_is_the_same_in_every_writing(emc: int, psn: int) -> None:
    ipei = ipei_from(emc, psn)
    assert ipei_of(spaced(ipei)) == ipei_of(ipui_of(ipei)) == ipei


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03074 0220259 4", "check digit"),
        ("123", "not an IPEI"),
        ("99999 0000000 1", "too large"),
        ("1234567890", "not an IPEI"),
    ],
)
def test_what_is_no_ipei_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ipei_of(text)
    assert ipei_of("03074 0220259 3") == "0307402202593"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"host": "no host"}, "host"),
        ({"pin": "12"}, "pin"),
        ({"bases": (DectBase(mac="003042AA0001"), DectBase(mac="003042AA0001"))}, "twice"),
        ({"fingerprint": "xyz"}, "fingerprint"),
        ({"token": "short"}, "token"),
        ({"node": "a b"}, "node"),
        ({"module": "/dev/ttyACM0"}, "box.toml"),
    ],
)
def test_a_system_refuses_what_cannot_be(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        DectNet(id=HALLS, family=DectFamily.MITEL, **fields)  # type: ignore[arg-type]


def handset(identity: str, /, extension: str = "31", **more: object) -> DectHandset:
    values: dict[str, object] = {
        "system": HALLS,
        "extension": ExtensionId(extension),
        "secret": "secret-of-it",
    }
    return DectHandset(id=DeviceId(identity), **{**values, **more})  # type: ignore[arg-type]


OFFICE = (
    Extension(id=ExtensionId("31"), number="31", name="Frida"),
    DectNet(id=HALLS, family=DectFamily.MITEL, host="10.0.0.9"),
)


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        ((handset("a", ipei="0307402202593"), handset("b", ipei="03074 0220259 3")), "already belongs to"),
        ((handset("a", slot=1), handset("b", slot=1)), "already belongs to"),
        ((handset("a", system="hals"),), "does not exist"),
        ((handset("a", extension="99"),), "does not exist"),
        ((DectNet(id=DectSystemId("x"), family=DectFamily.MITEL),), "is missing"),
        (
            tuple(DectNet(id=DectSystemId(one), family=DectFamily.CMBS, module="dect1") for one in "xy"),
            "'dect1' already belongs to",
        ),
        (
            (
                handset("a"),
                Device(id=DeviceId("d"), extension=ExtensionId("31"), username="a", secret="x" * 8),
            ),
            "already",
        ),
    ],
)
def test_documents_that_contradict_each_other_are_named(documents: tuple[object, ...], why: str) -> None:
    problems = check(build((*OFFICE, *documents)))  # type: ignore[arg-type]
    assert any(why in str(one) for one in problems), problems


def test_a_handset_is_a_device_of_its_extension_unless_it_is_blocked_or_local() -> None:
    snapshot = build((*OFFICE, handset("a"), handset("b", blocked=True)))
    assert [one.id for one in snapshot.devices_by_extension[ExtensionId("31")]] == ["a"]
    assert snapshot.device_by_username["a"].secret == "secret-of-it"
    assert check(snapshot) == ()
    local = DectNet(id=HALLS, family=DectFamily.CMBS)
    snapshot = build((OFFICE[0], local, handset("a")))
    assert snapshot.devices == {}
    assert isinstance(snapshot.devices_by_extension[ExtensionId("31")][0], DectHandset)


def test_a_setup_has_names_slots_and_only_the_systems_of_this_box() -> None:
    elsewhere = DectNet(id=DectSystemId("else"), family=DectFamily.SNOM, node="other")
    snapshot = build((*OFFICE, elsewhere, handset("b", slot=1), handset("a"), handset("c", name="Store")))
    made = setups(
        snapshot,
        node="box",
        registrar="10.0.0.2",
        registrar_port=5060,
        realm="ortsamt",
        files="http://box/prov/",
    )
    assert list(made) == [HALLS]
    assert made[HALLS].directory == ""  # it has no secret address
    found = [(one.document.id, one.slot, one.display, one.number) for one in made[HALLS].handsets]
    assert found == [("b", 1, "Frida", "31"), ("a", 2, "Frida", "31"), ("c", 3, "Store", "31")]


def test_slots_stay_and_gaps_are_filled() -> None:
    taken = (handset("x", slot=1), handset("y", slot=3))
    assert free_slot(taken) == 2
    assert slots_of((*taken, handset("z"))) == {"x": 1, "y": 3, "z": 2}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"port": "ttyACM0"}, "for example /dev/ttyACM0"),
        ({"port": "/tmp/module"}, "is no device"),
        ({"port": "/dev/ttyACM0", "id": "a b"}, "at most 32"),
        ({"port": "/dev/ttyACM0", "audio": "hw:\n"}, "control characters"),
    ],
)
def test_a_module_of_the_box_is_a_device(fields: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        DectModule(**{"id": "dect1", **fields})  # type: ignore[arg-type]


def test_which_module_a_document_means() -> None:
    first = DectModule(id="dect1", port="/dev/ttyACM0")
    second = DectModule(id="dect2", port="/tmp/module", emulated=True)
    box = BoxSettings(dect=(first, second))
    net = DectNet(id=HALLS, family=DectFamily.CMBS)
    assert module_of(box, net) is first
    assert module_of(box, replace(net, module="dect2")) is second
    assert module_of(box, replace(net, module="dect3")) is None
    assert module_of(BoxSettings(), net) is FOUND
