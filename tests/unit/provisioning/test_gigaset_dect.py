"""The file of Gigaset's DECT bases, read by another reader."""

import xml.etree.ElementTree as ET

from appliance.provisioning.facts import Server
from appliance.provisioning.gigaset_dect import BaseFacts, GigasetBase, HandsetFacts


def _facts(**more: object) -> BaseFacts:
    handset = HandsetFacts(
        id="00001", access_code="1234", username="21-dect", secret='s&"<e', name="Zoë & Ben", voicemail="*98"
    )
    fields: dict[str, object] = {
        "mac": "7c2f80aabbcc",
        "model": "N670 IP PRO",
        "primary": Server(host="192.168.1.10", port=5061, transport="tls"),
        "srtp": "mandatory",
        "handsets": (handset,),
        "admin_password": "geheim",
    }
    return BaseFacts(**(fields | more))  # type: ignore[arg-type]


def _params(root: ET.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in root.iter("param")}


def test_a_base_reads_its_provider_and_handsets() -> None:
    file = GigasetBase(_facts()).render()
    root = ET.fromstring(file.content)
    assert (file.name, file.media_type) == ("7c2f80aabbcc.xml", "text/xml; charset=utf-8")
    assert root.attrib == {"version": "1.1", "productID": "e2"}
    nvm = root.find("nvm")
    assert nvm is not None
    assert nvm[0].attrib == {"name": "DeleteNotProvisionedHS"}  # first, so that nobody keeps a lost account
    assert nvm[-1].attrib == {"name": "update_dm", "value": "local"}
    params = _params(root)
    assert params["SipProvider.0.TransportProtocol"] == "3"
    assert (params["SipProvider.0.SRTP_Enabled"], params["SipProvider.0.AcceptNonSRTPCalls"]) == ("1", "0")
    assert params["SipAccount.00001.AuthPassword"] == 's&"<e'
    assert params["SipAccount.00001.DisplayName"] == "Zoë & Ben"
    assert params["hs.00001.DECT_AC"] == "1234"
    assert params["hs.RegStatus"] == "ToReg"
    assert "SipProvider.0.FailoverServerAddress" not in params


def test_the_cloud_and_further_bases() -> None:
    root = ET.fromstring(
        GigasetBase(
            _facts(
                secondary=Server(host="cloud.example", port=5061, transport="tls"),
                bases=(("7C2F80AABBCD", 2),),
                enrol_from=1_800_000_000,
                firmware_url="http://192.168.1.10/fw.bin",
                firmware_version="2.65.0",
            )
        )
        .render()
        .content
    )
    params = _params(root)
    assert params["SipProvider.0.FailoverServerAddress"] == "cloud.example"
    assert params["ConfirmedBaseStations.7C2F80AABBCD.ucSyncLevel"] == "2"
    assert (params["RegStart"], params["RegDuration"]) == ("1800000000", "900")
    file = root.find("firmware/file")
    assert file is not None
    assert file.attrib == {"version": "2.65.0", "url": "http://192.168.1.10/fw.bin"}
