"""The packet filter, loaded in a network of its own and tried with real packets."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from appliance.firewall import ICMP_RATE, SIP_BURST, TCP_BURST, TCP_MOST, rules
from appliance.model.box import BoxSettings, Fax, Network
from tests.support.echoes import READY
from tests.support.network import OFFICE, WORLD, Internet
from tests.support.processes import ROOT, Process, ortsamt

PHONE, FLOOD = "203.0.113.5", "203.0.113.66"
CLOSED = (5062, 5063, 5064, 5065, 5070, 53)
PROGRAM = [sys.executable, "-m", "tests.support.echoes"]


@pytest.fixture(scope="module")
def net() -> Iterator[Internet]:
    """A box whose loop-back ports are bound to every address, as by a mistake."""
    with Internet(PHONE, FLOOD) as net:
        loaded = subprocess.run(
            [*net.office, "nft", "-f", "-"], input=rules(BoxSettings()) * 2, text=True, capture_output=True,
            check=False, timeout=30,
        )  # fmt: skip
        assert loaded.returncode == 0, loaded.stderr
        udp = ",".join(str(port) for port in (5060, 5080, 20000, 29999, 30000, *CLOSED))
        command = [*net.office, *PROGRAM, "serve", udp, "80,443,5060,5061,5080,22,5063,8080"]
        with Process("box", command) as running:
            running.wait_line(READY)
            yield net


def knock(net: Internet, *words: object) -> int:
    command = [*net.world, *PROGRAM, *(str(word) for word in words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=ROOT)
    return int(done.stdout)


def test_only_what_is_used_is_open(net: Internet) -> None:
    assert knock(net, "udp", PHONE, OFFICE, "5060,5080,20000,29999", 3, 0) == 12
    assert knock(net, "tcp", PHONE, OFFICE, "80,443,5060,5061,5080", 1) == 5
    closed = ",".join(str(port) for port in (*CLOSED, 30000))
    assert knock(net, "udp", PHONE, OFFICE, closed, 1, 0) == 0
    assert knock(net, "tcp", PHONE, OFFICE, "22,5063,8080", 1) == 0


def test_a_flood_of_packets_is_cut_and_nobody_else_is(net: Internet) -> None:
    assert knock(net, "udp", FLOOD, OFFICE, 5060, 6000, 0.5) < 2 * SIP_BURST
    assert knock(net, "udp", PHONE, OFFICE, 5060, 300, 1) == 300
    assert knock(net, "udp", FLOOD, OFFICE, 20000, 2000, 2) == 2000, "sound has no limit"


def test_a_flood_of_connections_is_cut_and_nobody_else_is(net: Internet) -> None:
    for port in (5061, 443):
        assert TCP_BURST / 2 <= knock(net, "tcp", FLOOD, OFFICE, port, 1000) <= min(TCP_MOST, 2 * TCP_BURST)
        assert knock(net, "tcp", PHONE, OFFICE, port, 5) == 5


def test_the_box_reaches_out_and_answers_pings(net: Internet) -> None:
    with Process("outside", [*net.world, *PROGRAM, "serve", "5353", "25"]) as running:
        running.wait_line(READY)
        out = [*net.office, *PROGRAM, "tcp", OFFICE, WORLD, "25", "1"]
        assert subprocess.run(out, check=True, capture_output=True, text=True, cwd=ROOT).stdout == "1\n"
    listed = subprocess.run(
        [*net.office, "nft", "list", "chain", "inet", "ortsamt", "input"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert f"limit rate {ICMP_RATE}/second" in listed


def test_what_is_loaded_before_there_are_settings_is_the_same() -> None:
    written = (ROOT / "rootfs/etc/nftables.conf").read_text(encoding="utf-8")
    assert written == f"#!/usr/sbin/nft -f\n# Written by: ortsamt firewall\n{rules(BoxSettings())}"


def test_ports_are_those_of_the_settings() -> None:
    box = BoxSettings(
        network=Network(
            sip_port=6060, tls_port=0, http_port=0, https_port=8443, rtp_first=40000, rtp_last=41000
        ),
        fax=Fax(mail_port=2525, mail_listen="192.168.1.2"),
    )
    text = rules(box)
    assert "udp dport { 6060, 5080 } accept" in text
    assert "tcp dport { 8443 } accept" in text
    assert "tcp dport { 2525 } accept" in text
    assert "udp dport 40000-41000 accept" in text
    assert "5061" not in text


def test_the_command_prints_it() -> None:
    done = subprocess.run(
        [*ortsamt("firewall"), "--box", "/nowhere/box.toml"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == "", "nothing is changed by mistake"
