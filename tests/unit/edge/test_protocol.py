"""Words of the link: what goes out is safe, what comes in is understood or refused."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError, PeerProtocolError
from appliance.sip.edge import protocol
from appliance.sip.edge.events import (
    Account,
    Aor,
    AuthFailed,
    Ban,
    BanEnded,
    BanStarted,
    Contact,
    Credential,
    DialogDirection,
    DialogInfo,
    DialogState,
)

KEYS = ["Domains", "Domain", "AoRs", "Info", "AoR", "Contacts", "Contact", "slot", "name", "value"]


@given(st.text(), st.text(), st.text(), st.text())
def test_a_lamp_of_any_text_is_one_line_of_json_without_markup(
    call_id: str, remote: str, display: str, tag: str
) -> None:
    info = DialogInfo(
        call_id=call_id,
        state=DialogState.EARLY,
        direction=DialogDirection.RECIPIENT,
        remote=remote,
        remote_display=display,
        local_tag=tag,
        remote_tag=tag,
    )
    noted, line = protocol.dialog_lines("ortsamt", Aor("20"), info)
    assert len(line) < 4000
    assert noted.count(b"|") == 1
    said = json.loads(line.decode("utf-8", "surrogatepass")[2:])
    for value in said.values():
        assert not set(str(value)) & set('<>"\r\n\0')


@pytest.mark.parametrize("name", ["", "a b", "20|21", "x" * 65, "20\n", "ä", "a/b", "a:b", "<20>", '"'])
def test_names_the_edge_cannot_hold_are_refused(name: str) -> None:
    good = Credential(ha1="0" * 32, aor=Aor("20"))
    with pytest.raises(ConfigError):
        protocol.check_credential(Account(name), good)
    with pytest.raises(ConfigError):
        protocol.check_credential(Account("20"), Credential(ha1="0" * 32, aor=Aor(name)))


@pytest.mark.parametrize("ha1", ["", "secret", "0" * 31, "G" * 32, "A" * 32])
def test_a_digest_must_be_one(ha1: str) -> None:
    with pytest.raises(ConfigError):
        protocol.check_credential(Account("20"), Credential(ha1=ha1, aor=Aor("20")))


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (b'{"e":"hello","ready":true}', protocol.Hello(ready=True)),
        (b'{"e":"echo","n":7}', protocol.Echo(number=7)),
        (b'{"e":"reg","aor":"20"}', protocol.ContactsChanged(aor=Aor("20"))),
        (b'{"e":"watch","key":"*21#"}', protocol.Watched(aor=Aor("*21#"))),
        (b'{"e":"fail","ip":"1.2.3.4","user":"20"}', AuthFailed(source_ip="1.2.3.4", account="20")),
        (
            b'{"e":"ban","ip":"1.2.3.4","user":"","s":60,"why":"flood"}',
            BanStarted(source_ip="1.2.3.4", account="", duration_s=60, reason="flood"),
        ),
        (b'{"e":"unban","key":"1.2.3.4/20"}', BanEnded(source_ip="1.2.3.4", account="20")),
        (b'{"e":"unban","key":"::1"}', BanEnded(source_ip="::1", account="")),
        (b'{"jsonrpc":"2.0","result":[1],"id":3}', protocol.Reply(number=3, result=[1])),
        (
            b'{"jsonrpc":"2.0","error":{"code":500,"message":"no"},"id":3}',
            protocol.Reply(number=3, result=None, error="no"),
        ),
    ],
)
def test_what_the_edge_says_is_understood(payload: bytes, wanted: protocol.Incoming) -> None:
    assert protocol.parse(payload) == wanted


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.binary()
    | st.builds(lambda value, other: json.dumps({"e": value, "id": other}).encode(), json_values, json_values)
)
def test_anything_else_is_a_protocol_error(payload: bytes) -> None:
    with contextlib.suppress(PeerProtocolError):
        protocol.parse(payload)


def record(**changes: object) -> dict[str, object]:
    base = {
        "Address": "sip:20@192.168.1.9:5061;transport=tls",
        "Expires": 250,
        "User-Agent": "Yealink",
        "State": "CS_NEW",
        "Received": "sip:203.0.113.4:41000;transport=tls",
        "Socket": "tls:192.168.1.1:5061",
    }
    return {"Contact": {**base, **changes}}


def test_contacts_are_read_with_where_they_came_from() -> None:
    result = {
        "AoR": "20",
        "Contacts": [
            record(),
            record(Received="[not set]", Address="sip:20@192.168.1.9", Socket="udp:192.168.1.1:5060"),
            record(
                Received="[not set]", Address="sip:20@[2001:db8::9]:5062", Socket="udp:[2001:db8::1]:5060"
            ),
            record(Expires="deleted"),
            record(Expires="expired"),
        ],
    }
    nat, plain, six = protocol.parse_lookup(result)
    assert nat == Contact(
        aor=Aor("20"),
        uri="sip:20@192.168.1.9:5061;transport=tls",
        source_ip="203.0.113.4",
        source_port=41000,
        transport="tls",
        user_agent="Yealink",
        expires_s=250,
    )
    assert (plain.source_ip, plain.source_port, plain.transport) == ("192.168.1.9", 5060, "udp")
    assert (six.source_ip, six.source_port) == ("2001:db8::9", 5062)
    dump = {"Domains": [{"Domain": {"Domain": "location", "AoRs": [{"Info": result}], "Stats": {}}}]}
    assert protocol.parse_dump(dump) == (nat, plain, six)


@given(json_values)
def test_answers_of_any_shape_are_understood_or_refused(result: object) -> None:
    for read in (protocol.parse_lookup, protocol.parse_dump, protocol.parse_table, protocol.parse_bans):
        with contextlib.suppress(PeerProtocolError):
            read(result)


def test_bans_are_read() -> None:
    result = [
        {
            "entry": 1,
            "size": 2,
            "slot": [
                {"name": "1.2.3.4", "value": 1700000000, "type": "int"},
                {"name": "1.2.3.4/20", "value": 5, "type": "int"},
            ],
        }
    ]
    assert protocol.parse_bans(result) == (
        Ban(source_ip="1.2.3.4", account="", until_unix_s=1700000000),
        Ban(source_ip="1.2.3.4", account="20", until_unix_s=5),
    )
