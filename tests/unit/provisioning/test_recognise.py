"""User agents as real phones send them; MAC addresses however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.provisioning.recognise import read_mac, recognise

PHONES = """
Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)
  snom | 710 | 8.7.5.35 | 000413741767
Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)
  snom | D785 | 10.1.33.33 | 000413922d24
Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37
  yealink | T46G | 28.72.0.1 | 0015654aa937
Yealink CP860 37.72.0.5 00:15:65:8a:37:86
  yealink | CP860 | 37.72.0.5 | 0015658a3786
Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859
  grandstream | GXP1628 | 1.0.4.138 | c074ad2bd859
Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88
  grandstream | GXV3350 | 1.0.1.8 | c074ad150b88
Panasonic_KX-UT113/01.133 (0080f0c8c381)
  panasonic | KX-UT113 | 01.133 | 0080f0c8c381
Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP
  mitel | 6920 | 6.4.0.140 | 1400e91f03ea
Aastra6863i MAC:00-08-5D-40-90-5F V:4.1.0.128-SIP
  mitel | 6863i | 4.1.0.128 | 00085d40905f
FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application
  poly | VVX_400 | 4.1.4.7430 | -
Fanvil X5U-V2 2.12.16.17 0c383e557eb1
  fanvil | X5U-V2 | 2.12.16.17 | 0c383e557eb1
Fanvil X6U Pro 0.0.10 0c383e2cd782
  fanvil | X6U Pro | 0.0.10 | 0c383e2cd782
Maxwell 3/2.22.4;7C2F80AABBCC
  gigaset | Maxwell 3 | 2.22.4 | 7c2f80aabbcc
"""


@pytest.mark.parametrize(("agent", "known"), list(zip(*[iter(PHONES.strip().split("\n"))] * 2, strict=True)))
def test_phones(agent: str, known: str) -> None:
    vendor, model, version, mac = (one.strip().removeprefix("-") for one in known.split("|"))
    seen = recognise(agent)
    assert (seen.vendor, seen.model, seen.version, seen.mac) == (vendor, model, version, mac)
    assert not seen.dect


@pytest.mark.parametrize(
    ("agent", "vendor", "model"),
    [
        ("Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605", "gigaset", "N870 IP PRO"),
        ("Yealink W70B 146.85.0.30 80:5e:c0:11:22:33", "yealink", "W70B"),
        ("snomM700/03.23.0005 (MAC=000413600000; SER= 00000; HW=255)", "snom", "M700"),
        ("Grandstream Model HW DP750 SW 1.0.11.8 DevId 000b82aabbcc", "grandstream", "DP750"),
    ],
)
def test_dect_bases_are_told_from_phones(agent: str, vendor: str, model: str) -> None:
    seen = recognise(agent)
    assert (seen.vendor, seen.model, seen.dect) == (vendor, model, True)
    assert seen.mac


def test_a_mac_alone_proves_little() -> None:
    assert recognise("", "0c383e000001").vendor == "fanvil"
    assert recognise("curl/8.0", "d05099000001").vendor == ""
    # Snom's digits on a phone that says it is Gigaset's: what it says counts.
    assert recognise("Maxwell 4/2.22.4;000413E50001", "000413e50001").vendor == "gigaset"


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("00:04:13:AA:BB:CC", "000413aabbcc"),
        ("00-04-13-aa-bb-cc", "000413aabbcc"),
        ("0004.13aa.bbcc", "000413aabbcc"),
        (" 000413AABBCC ", "000413aabbcc"),
        ("000000000000", ""),
        ("ffffffffffff", ""),
        ("000413aabbc", ""),
        ("000413aabbcg", ""),
    ],
)
def test_mac_addresses(text: str, mac: str) -> None:
    assert read_mac(text) == mac


@given(agent=st.text(max_size=600))
def test_no_user_agent_is_too_odd(agent: str) -> None:
    seen = recognise(agent)
    assert len(seen.model) <= 256
    assert seen.mac == read_mac(seen.mac)
