"""Changes of the configuration: live at once, no call dropped, refused in words that help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ConfigError
from tests.support.box import PUBLIC, Box, office, ring
from tests.system.box.tools import new_tones, raw_phone, talking


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    documents = office(
        "21", "22", "23", "24", number={"main": {"number": PUBLIC, "steps": [ring("23", seconds=30)]}}
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


def refused(box: Box, method: str, **params: Any) -> ConfigError:
    revision = box.control("status")["revision"]
    with pytest.raises(ConfigError) as caught:
        box.control(method, **params)
    assert box.control("status")["revision"] == revision
    return caught.value


def test_a_distribution_rings_who_it_names_as_soon_as_the_change_is_acknowledged(shared: Box) -> None:
    with (
        shared.phones("23", "24") as (clara, dora),
        talking(shared) as (anna, ben, call, theirs),
        raw_phone(shared, "21") as caller,
    ):
        phones = {"23": clara, "24": dora}
        for round_ in range(6):
            chosen = "24" if round_ % 2 == 0 else "23"
            invite = caller.request("INVITE", f"sip:0{PUBLIC[3:]}@ortsamt", body=OFFER)
            shared.control("config.set", kind="number", id="main", fields={"steps": [ring(chosen)]})
            challenge = caller.exchange(invite)
            caller.ack(invite, challenge)
            caller.send(
                again := caller.request(
                    "INVITE",
                    invite.uri,
                    call_id=invite.get("call-id"),
                    from_=invite.get("from"),
                    headers=[caller.credentials(invite, challenge), ("Content-Type", "application/sdp")],
                    body=OFFER,
                )
            )
            offered = phones[chosen].incoming()
            assert offered["number"] == "21"
            cancel(caller, again)
            phones[chosen].ended(offered["call"])
        assert (clara.count("incoming"), dora.count("incoming")) == (3, 3)
        new_tones(anna, ben, call, theirs, 1300)
        anna.hangup(call)


OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 8 0\r\na=sendrecv\r\n"
)


def cancel(caller: Any, invite: Any) -> None:
    """CANCEL and the ACK of the 487 (RFC 3261 §9.1)."""
    request = caller.request(
        "CANCEL",
        invite.uri,
        call_id=invite.get("call-id"),
        from_=invite.get("from"),
        to=invite.get("to"),
        cseq=int(invite.get("cseq").split()[0]),
        branch=invite.get("via").partition("branch=")[2],
    )
    caller.exchange(request)
    caller.ack(invite, caller.wait_response(invite))


def test_a_new_phone_registers_and_calls_as_soon_as_its_account_is_acknowledged(shared: Box) -> None:
    with talking(shared) as (anna, ben, call, theirs):
        for number in map(str, range(300, 310)):
            shared.control("config.set", kind="extension", id=number, fields={"number": number})
            fields = {"extension": number, "username": number, "secret": f"first-of-{number}"}
            shared.control("config.set", kind="device", id=number, fields=fields)
            with raw_phone(shared, number, password=f"first-of-{number}") as phone:
                assert phone.register().status == 200
            changed = {"secret": f"second-of-{number}"}
            shared.control("config.set", kind="device", id=number, fields=changed)
            with raw_phone(shared, number, password=f"first-of-{number}") as phone:
                assert phone.register().status in {401, 403}
            with raw_phone(shared, number, password=f"second-of-{number}") as phone:
                assert phone.register().status == 200
            shared.control("config.delete", kind="device", id=number)
            with raw_phone(shared, number, password=f"second-of-{number}") as phone:
                assert phone.register().status in {401, 403}
        new_tones(anna, ben, call, theirs, 1700)
        anna.hangup(call)


def test_deleting_phones_and_extensions_in_a_call_does_not_end_it(shared: Box) -> None:
    with talking(shared, "23", "24") as (clara, dora, call, theirs):
        shared.control("config.set", kind="number", id="main", fields={"steps": []})
        shared.control("config.delete", kind="device", id="24")
        shared.control("config.delete", kind="extension", id="24")
        new_tones(clara, dora, call, theirs, 1500)
        clara.hangup(call)
        dora.ended(theirs)
    again = office("24")
    shared.control("config.import", configuration={kind: again[kind] for kind in ("extension", "device")})


@pytest.mark.parametrize(
    ("kind", "fields", "field", "remedy"),
    [
        ("extension", {"ring_seconds": 1}, "ring_seconds", "5 to 600"),
        ("extension", {"nmae": "Anna"}, "nmae", "name"),
        ("extension", {"number": 21}, "number", ""),
        ("device", {"secret": "short"}, "secret", "let the box make one"),
        ("device", {"extension": "99"}, "extension", ""),
        ("number", {"steps": [{"targets": []}]}, "steps[0].targets", "at least one"),
        ("number", {"steps": [ring("98")]}, "steps[0].targets[0].ref", ""),
    ],
)
def test_an_invalid_change_is_refused_with_entity_field_and_remedy(
    shared: Box, kind: str, fields: dict[str, Any], field: str, remedy: str
) -> None:
    entity = "main" if kind == "number" else "21"
    problems = refused(shared, "config.set", kind=kind, id=entity, fields=fields).problems
    (problem,) = [one for one in problems if one.field.startswith(field)]
    assert problem.where == f"{kind} {entity}"
    assert remedy in problem.remedy
    assert problem.remedy


def test_a_user_name_that_is_taken_is_refused_and_both_devices_are_named(shared: Box) -> None:
    error = refused(shared, "config.set", kind="device", id="21", fields={"username": "22"})
    told = "\n".join(map(str, error.problems))
    assert "device 21" in told
    assert "device 22" in told
    assert "username" in told


def test_an_import_with_errors_tells_them_all_and_changes_nothing(shared: Box) -> None:
    configuration = {
        "extension": {"400": {"number": "400"}, "401": {"number": "21"}, "402": {"number": "x"}},
        "device": {"400": {"extension": "400", "username": "4 0", "secret": "long enough"}},
        "trunk": {"t": {"host": "not a host", "port": 70000}},
        "fax": {"1": {}},
    }
    error = refused(shared, "config.import", configuration=configuration)
    told = "\n".join(map(str, error.problems))
    for word in ("extension 401", "extension 402", "device 400", "trunk t", "fax"):
        assert word in told
    assert "400" not in {one["id"] for one in shared.control("config.list", kind="extension")}


def test_what_is_used_cannot_be_deleted(shared: Box) -> None:
    shared.control("config.set", kind="number", id="main", fields={"steps": [ring("21", "22")]})
    error = refused(shared, "config.delete", kind="extension", id="21")
    told = "\n".join(map(str, error.problems))
    assert "device 21" in told
    assert "number main" in told


def test_a_trunk_that_cannot_be_opened_is_shown_and_harms_nobody(shared: Box, tmp_path: Path) -> None:
    with talking(shared) as (anna, ben, call, theirs):
        for transport in ("udp", "tcp", "tls"):
            fields = {"host": "127.0.0.1", "port": 9, "transport": transport, "username": "nobody"}
            shared.control("config.set", kind="trunk", id=transport, fields=fields)
        shared.eventually(
            lambda: (
                {one["status"] for one in shared.control("trunks.list")} <= {"failed", "trying"}
                and len(shared.control("trunks.list")) == 3
            ),
            "three trunks that fail",
        )
        new_tones(anna, ben, call, theirs, 1900)
        anna.hangup(call)
    for transport in ("udp", "tcp", "tls"):
        shared.control("config.delete", kind="trunk", id=transport)
