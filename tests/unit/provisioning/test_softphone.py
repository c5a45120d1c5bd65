"""Softphones by QR code: what the code says and what the app loads, whatever is in names and passwords."""

import xml.etree.ElementTree as ET

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.errors import ConfigError
from appliance.provisioning import qr
from appliance.provisioning.softphone import (
    LPCONFIG,
    SoftphoneAccount,
    acrobits_document,
    acrobits_link,
    linphone_document,
    linphone_link,
)

printable = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40)


def account(name: str = "Anna", secret: str = "geheim-geheim") -> SoftphoneAccount:
    return SoftphoneAccount(
        username="21", secret=secret, name=name, host="box.example.com", port=5061, transport="tls", realm="r"
    )


@given(name=printable, secret=printable)
def test_linphone_reads_back_what_was_meant(name: str, secret: str) -> None:
    root = ET.fromstring(linphone_document(account(name, secret)))
    found = {
        (section.get("name"), entry.get("name")): entry.text
        for section in root.iter(f"{{{LPCONFIG}}}section")
        for entry in section
    }
    assert found["auth_info_0", "username"] == "21"
    assert (found["auth_info_0", "passwd"] or "") == secret
    assert found["proxy_0", "reg_proxy"] == "<sip:box.example.com:5061;transport=tls>"
    identity = found["proxy_0", "reg_identity"] or ""
    assert identity.endswith("<sip:21@box.example.com>")
    assert identity.count('"') == 2
    assert found["sip", "media_encryption"] == "srtp"


@given(name=printable, secret=printable)
def test_acrobits_reads_back_what_was_meant(name: str, secret: str) -> None:
    root = ET.fromstring(acrobits_document(account(name, secret)))
    assert root.findtext("password") == secret
    assert root.findtext("host") == "box.example.com:5061"


def test_links() -> None:
    assert linphone_link("https://box.example.com/p/7f") == "linphone-config:https://box.example.com/p/7f"
    assert acrobits_link(account(secret="a:b@c"), "OFFICE") == "csc:21:a%3Ab%40c@OFFICE"


@pytest.mark.parametrize(
    "url", ["", "http://box/p", "https://", "sip:21@box", "https://a b/c", "file:///etc"]
)
def test_an_account_is_loaded_by_https_alone(url: str) -> None:
    with pytest.raises(ConfigError):
        linphone_link(url)


@pytest.mark.parametrize("cloud_id", ["", "a b", "x@y", "a\nb"])
def test_an_odd_cloud_id_is_refused(cloud_id: str) -> None:
    with pytest.raises(ConfigError):
        acrobits_link(account(), cloud_id)


def test_codes_are_drawn_for_pages_paper_and_terminals() -> None:
    link = linphone_link("https://box.example.com/p/7f")
    assert ET.fromstring(qr.svg(link)).tag.endswith("svg")
    assert qr.png(link).startswith(b"\x89PNG")
    assert len(qr.blocks(link).splitlines()) > 10


def test_the_password_is_not_in_what_is_logged() -> None:
    assert "geheim" not in repr(account())
