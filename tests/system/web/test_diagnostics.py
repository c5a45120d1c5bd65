"""Diagnostics over the API: the log of a call, packets of it, and a support bundle without secrets."""

import io
import json
import struct
import subprocess
import zipfile
from collections.abc import Iterator

import pytest

from appliance.commands.capture_helper import harmless
from appliance.errors import ConfigError
from appliance.telemetry.capture import Capture
from tests.support.box import Box, office
from tests.support.web import Client, Web, eventually

SECRETS = ("trunk-secret-1", "secret-of-21", "mail-relay-secret", "backup words are secret", "98765")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    documents = office(
        "21",
        trunk={"p": {"host": "127.0.0.1", "port": 9, "username": "u", "secret": SECRETS[0]}},
        mail={"main": {"host": "127.0.0.1", "sender": "a@b.example", "username": "x", "secret": SECRETS[2]}},
        backup={"main": {"passphrase": SECRETS[3]}},
        voicemail_box={"21": {"owners": ["21"], "pin": SECRETS[4]}},
    )
    box = Box(tmp_path_factory.mktemp("diagnostics"), documents)
    with box, Web(box) as server:
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def test_a_call_is_found_in_log_and_packets(web: Web, admin: Client) -> None:
    assert admin.ask("POST", "/capture", {"host": "localhost; rm"}).status == 422
    started = admin.good("POST", "/capture", {"seconds": 60, "megabytes": 5})
    assert started["running"] is True
    assert admin.ask("POST", "/capture", {}).status == 422
    with web.box.phones("21") as (anna,):

        def heard() -> bool:
            anna.call("*43")
            anna.wait("answered")
            anna.hangup()
            return bool(admin.good("GET", "/capture")["bytes"] > 4000)

        eventually(heard, "packets of a call", 40)
    admin.good("DELETE", "/capture")
    pcap = admin.ask("GET", "/capture/content").body
    assert struct.unpack("<I", pcap[:4])[0] in (0xA1B2C3D4, 0xA1B23C4D)
    assert b"INVITE sip:*43@" in pcap or b"INVITE sip:%2A43@" in pcap
    shown = subprocess.run(["tcpdump", "-r", "-", "-n"], input=pcap, capture_output=True, check=True).stdout
    assert b"SIP" in shown or b"UDP" in shown
    call = admin.good("GET", "/records?limit=1")[0]["call"]
    lines = eventually(lambda: admin.good("GET", f"/logs?call={call}"), "its line in the log")
    assert any(one["event"] == "call" and one["call"] == call for one in lines)
    assert (
        admin.good("GET", "/logs?words=ready%20calls&level=info&limit=1")[0]["logger"] == "appliance.app.core"
    )
    assert admin.good("GET", f"/logs?after={lines[-1]['line'] + 10_000}") == []
    assert web.account(admin, "office", "administrator").ask("GET", "/logs").status == 403


def test_the_support_bundle_has_no_secret(web: Web, admin: Client) -> None:
    admin.good("PATCH", "/config/trunk/p", {"name": f"name with {SECRETS[0]} in it"})
    bundle = zipfile.ZipFile(io.BytesIO(admin.ask("GET", "/support-bundle").body))
    assert {"configuration.json", "status.json", "core.log", "versions.txt", "box.json"} <= set(
        bundle.namelist()
    )
    whole = "\n".join(bundle.read(name).decode() for name in bundle.namelist())
    for secret in SECRETS:
        assert secret not in whole, secret
        assert json.dumps(secret)[1:-1] not in whole, secret
    assert "$argon2id" not in whole
    documents = json.loads(bundle.read("configuration.json"))
    assert documents["extension"]["21"]["name"] == "Phone 21"
    assert documents["trunk"]["p"]["secret"] == "********"
    assert "cheroot" in bundle.read("versions.txt").decode()


def test_filters_are_made_of_ports_and_addresses_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    capture = Capture(tmp_path_factory.mktemp("c") / "x.pcap", (5060, 5070), (30000, 30100))
    words = capture.filter(media=True, host="2001:db8::1")
    assert words == (
        "(port 5060 or port 5061 or port 5070 or udp portrange 30000-30100) and host 2001:db8::1"
    )
    assert harmless(words)
    for bad in ("-w /etc/passwd", "port 1 or ether broadcast", "host a.example", "greater 1; reboot"):
        assert not harmless(bad)
    with pytest.raises(ConfigError):
        capture.filter(media=False, host="-w")
