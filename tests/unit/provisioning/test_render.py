"""Files of every vendor: as they are known to be right (``golden/``), and well formed whatever is in them."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.phones import VENDORS
from appliance.provisioning import render
from appliance.provisioning.catalogue import pattern_of, vendors
from appliance.provisioning.clock import clock_of
from appliance.provisioning.dhcp import hints
from appliance.provisioning.facts import HIDDEN, KeyFacts, KeyFunction, LineFacts, PhoneFacts, Server
from appliance.provisioning.page import DOCUMENT, page

GOLDEN = Path(__file__).parent / "golden"
TOKEN = "T0ken" * 8
MODELS = {"snom": "D785", "yealink": "T54W", "gigaset": "Maxwell 3", "grandstream": "GRP2614",
          "panasonic": "KX-HDV230", "mitel": "6920", "poly": "VVX_450", "fanvil": "X5U"}  # fmt: skip


def facts_of(vendor: str) -> PhoneFacts:
    """A phone with everything a phone can have."""
    lines = tuple(
        LineFacts(
            place=place,
            username=f"2{place}-desk",
            secret=f"geheim{place}&<x>",
            number=f"2{place}",
            name=name,
            srtp="optional",
            voicemail="*98",
        )
        for place, name in ((1, "Zoë Müller-Łoś"), (2, "Empfang"))
    )
    keys = (
        KeyFacts(place=1, function=KeyFunction.LINE, value="", label="21"),
        KeyFacts(place=2, function=KeyFunction.LAMP, value="22", label='Ben & "Co"', pickup="**"),
        KeyFacts(place=3, function=KeyFunction.PARK, value="701", label="P 701"),
        KeyFacts(place=4, function=KeyFunction.DIAL, value="+4922155", label="Caretaker"),
        KeyFacts(place=5, function=KeyFunction.LAMP, value="*2221", label="DND"),
    )
    base = f"http://192.168.1.10/prov/{TOKEN}/"
    return PhoneFacts(
        mac="000413aabbcc", vendor=vendor, model=MODELS[vendor], language="de", country="DE",
        clock=clock_of("Europe/Berlin"), ntp="192.168.1.1", lines=lines, keys=keys,
        primary=Server(host="192.168.1.10", port=5061, transport="tls"),
        secondary=Server(host="cloud.example", port=5061, transport="tls"), base_url=base,
        directory_url=f"{base}directory?format={vendor}", firmware_url="http://192.168.1.10/fw.bin",
        firmware_version="1.2.3", admin_password="Verwalter7",
        resync_hour=3, ring_internal=1, ring_external=2,
    )  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_file_is_the_one_that_is_known_to_be_right(vendor: str) -> None:
    facts = facts_of(vendor)
    name = render.main_file(facts)
    made = render.render(facts, name)
    assert made is not None
    kept = GOLDEN / f"{vendor}-{name}"
    assert kept.read_bytes() == made.content, f"if the change is right: write it to {kept}"


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_element_has_a_reason_and_every_file_a_pattern(vendor: str) -> None:
    known = vendors()[vendor]
    assert all(len(one.why) > 3 for one in known.settings)
    assert all(one.why for one in render.elements(facts_of(vendor)))
    assert known.models
    assert known.sources
    assert known.check_sync.startswith("check-sync")
    for one in known.files:
        filled = render.fill(one.name, "000413aabbcc", "D785")
        assert pattern_of(one.name).match(filled)
        assert vendor in {found.vendor for found in render.named_files(filled)}
        made = (
            render.common(vendor, one, filled, "http://192.168.1.10/prov/")
            if one.common
            else render.render(facts_of(vendor), filled)
        )
        assert made is not None
        assert "{{" not in made.content.decode()


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_cloud_keys_voicemail_or_encryption(vendor: str) -> None:
    full = facts_of(vendor)
    bare = replace(
        full,
        secondary=None, keys=(), firmware_url="", firmware_version="", model="", clock=clock_of("UTC"),
        primary=Server(host="10.0.0.1", port=5060, transport="udp"),
        lines=(replace(full.line, voicemail="", srtp="off"),),
    )  # fmt: skip
    made = render.render(bare, render.main_file(bare))
    assert made is not None
    text = made.content.decode()
    assert "cloud.example" not in text
    assert "None" not in text
    _well_formed(vendor, made.content)


@pytest.mark.parametrize("vendor", VENDORS)
@given(name=st.text(max_size=40), label=st.text(max_size=20), secret=st.text(min_size=1, max_size=40))
def test_whatever_people_write_files_stay_well_formed(
    vendor: str, name: str, label: str, secret: str
) -> None:
    full = facts_of(vendor)
    odd = replace(
        full,
        lines=(replace(full.line, name=name, secret=secret),),
        keys=(KeyFacts(place=2, function=KeyFunction.LAMP, value="22", label=label, pickup="**"),),
    )
    made = render.render(odd, render.main_file(odd))
    assert made is not None
    _well_formed(vendor, made.content)


def _well_formed(vendor: str, content: bytes) -> None:
    text = content.decode("utf-8")
    if text.lstrip().startswith("<?xml"):
        ET.fromstring(content)
        return
    breaks = "\r\n" if vendor == "panasonic" else "\n"
    shape = {
        "yealink": r"[\w.]+ = .*",
        "mitel": r"[\w \[\]|-]+: .*|[\w \[\]|-]+: ?",
        "panasonic": r'\w+="[^"]*"',
    }
    for line in text.split(breaks):
        assert not line or line.startswith("#") or re.fullmatch(shape[vendor], line), line


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_preview_hides_what_is_secret(vendor: str) -> None:
    facts = render.masked(facts_of(vendor))
    made = render.render(facts, render.main_file(facts))
    assert made is not None
    text = made.content.decode()
    for secret in ("geheim", "Verwalter7", TOKEN):
        assert secret not in text
    assert HIDDEN in text


@pytest.mark.parametrize(
    "name", ["", "..", "passwd", "000000000000.boot", "vendor.toml", "phone.xml.j2", "00041.xml", "x" * 300]
)
def test_other_names_mean_nothing(name: str) -> None:
    assert render.named_files(name) == ()
    assert render.render(facts_of("snom"), name) is None


def test_one_name_may_be_asked_for_by_phones_of_several_vendors() -> None:
    named = {one.vendor: one for one in render.named_files("0004f2aabbcc.cfg")}
    assert set(named) == {"yealink", "mitel", "poly", "fanvil"}
    assert named["poly"].spec.common
    assert {one.mac for one in named.values()} == {"0004f2aabbcc"}
    assert {one.vendor for one in render.named_files("snomD785.htm")} == {"snom"}


def test_models_are_found_by_their_beginning() -> None:
    yealink = vendors()["yealink"]
    found = yealink.model("T54W")
    assert found is not None
    assert found.keys == 27
    assert vendors()["snom"].model("d785") == vendors()["snom"].models["D785"]
    assert vendors()["snom"].model("X999") is None


def test_hints_for_the_router() -> None:
    found = {(one.vendor, one.option): one for one in hints("http://192.168.1.10/prov/")}
    assert found["grandstream", 66].value == "192.168.1.10/prov"
    assert found["panasonic", 160].value == "http://192.168.1.10/prov/{MODEL}.cfg"
    text = "http://192.168.1.10/prov/"
    assert found["yealink", 43].encoded == f"01{len(text):02x}{text.encode().hex()}"


def test_the_page_is_up_to_date() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert page(written) == written, "run: python -m appliance.provisioning.page"
