"""Calls between a box and the cloud: real edges, cores and phones; the link cut, silent, and back."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import PUBLIC, Documents, office, ring, tone_of
from tests.support.linked import BOX, CLOUD, Linked
from tests.support.phone import Phone
from tests.support.provider import Provider

MOBILE = "+4915112345678"
CALLER = "+4930123456"


def documents(port: int) -> Documents:
    """An office whose number lives at the box, with a trunk at each place."""
    trunk = {"host": "127.0.0.1", "port": port, "secret": "secret-of-trunk", "kind": "registering"}
    return office(
        "21",
        "22",
        "23",
        number={
            "main": {"number": PUBLIC, "steps": [ring("21")], "node": BOX, "backup": [ring(MOBILE)]},
            "anywhere": {"number": "+492215550122", "steps": [ring("22")]},
        },
        trunk={
            "office": {**trunk, "username": "office", "default_number": PUBLIC, "priority": 1},
            "sky": {**trunk, "username": "sky", "nodes": [CLOUD], "priority": 5},
        },
    )


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(
        accounts=("office:secret-of-trunk:+49221999", "sky:secret-of-trunk:+49221555"), tone=1000
    ) as made:
        yield made


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Linked]:
    with Linked(tmp_path_factory.mktemp("pair"), documents(provider.port)) as made:
        provider.wait("registered", account="office")
        provider.wait("registered", account="sky")
        yield made


@pytest.fixture(autouse=True)
def at_rest(pair: Linked, provider: Provider) -> Iterator[None]:
    """Nothing of the test before is left."""
    provider.forget()
    yield
    pair.box.idle()
    pair.cloud.idle()


def known(pair: Linked, at: str, extension: str, *, there: bool = True) -> None:
    """Wait until one side knows that an extension has a telephone at the other."""
    one = pair.box if at == BOX else pair.cloud

    def holds() -> bool:
        return (extension in one.control("nodes.show")["nodes"][0]["extensions"]) is there

    one.eventually(holds, f"{at} to know of {extension}")


def codes(call: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in call["call"]["reasons"]]


def test_a_phone_at_the_box_and_one_in_the_cloud_hear_each_other(pair: Linked) -> None:
    with (
        pair.box.phones("21") as (anna,),
        pair.cloud.phones("22", transport="tls", srtp="mandatory") as (ben,),
    ):
        known(pair, BOX, "22")
        call = anna.call("22")
        rang = ben.incoming()
        assert "21" in str(rang)
        ben.answer()
        anna.wait("answered", call=call)
        anna.hears(tone_of("22"))
        ben.hears(tone_of("21"))
        assert pair.box.control("nodes.show")["nodes"][0]["calls"] == 1
        anna.hangup(call)
        (here,) = pair.box.records(1)
        assert here["call"]["kind"] == "internal"
        there = next(leg for leg in here["legs"] if leg["endpoint"] == "instance:cloud")
        assert there["quality"]["secure"]
        pair.cloud.idle()
        assert not pair.cloud.control("records.calls", limit=10)  # the box has it in its journal
        talk(ben, anna)


def test_both_ring_where_both_are_and_the_lamp_shows_it_there(pair: Linked) -> None:
    with (
        pair.box.phones("21", "22") as (anna, ben),
        pair.cloud.phones("22", "23") as (outside, carl),
    ):
        known(pair, BOX, "22")
        known(pair, CLOUD, "22")
        call = anna.call("22")
        ben.incoming()
        outside.incoming()
        ben.answer()
        outside.wait("ended")
        anna.wait("answered", call=call)
        anna.hears(tone_of("22"))
        pair.cloud.eventually(
            lambda: pair.cloud.control("nodes.show")["nodes"][0]["busy"] == ["21", "22"],
            "the cloud to know who talks",
        )
        anna.hangup(call)
        assert carl.user == "23"


def test_a_call_from_outside_goes_to_where_the_number_lives(pair: Linked, provider: Provider) -> None:
    with pair.box.phones("21") as (anna,):
        call = provider.call(PUBLIC, CALLER, account="sky")
        rang = anna.incoming()
        assert CALLER.removeprefix("+49") in str(rang)
        anna.answer()
        provider.wait("answered", call=call)
        anna.hears(1000)
        provider.hears(tone_of("21"))
        provider.hangup(call)
        (here,) = pair.box.records(1)
        assert here["call"]["kind"] == "inbound"
        assert here["call"]["caller_number"] == CALLER
        assert "handed.from" in codes(here)


def test_outgoing_calls_leave_at_the_box_and_keep_clir(pair: Linked, provider: Provider) -> None:
    with pair.cloud.phones("22") as (ben,):
        call = ben.call("*31#030123456")
        seen = provider.wait("incoming")
        assert seen["account"] == "office"
        assert "anonymous" in str(seen["headers"]).lower()
        ben.wait("answered", call=call)
        ben.hears(1000)
        provider.hears(tone_of("22"))
        ben.hangup(call)
        provider.wait("ended")
        provider.forget()
        call = ben.call("112")
        seen = provider.wait("incoming")
        assert seen["account"] == "office"
        ben.wait("answered", call=call)
        ben.hangup(call)


def test_what_looks_handed_over_is_nobodys_who_is_no_instance(pair: Linked, provider: Provider) -> None:
    """A phone, or anybody, cannot speak for a box: neither by the header nor at the port."""
    forged = "X-Ortsamt-Handed: eyJ0YXNrIjoidHJ1bmsifQ=="
    with pair.cloud.phones("22") as (ben,):
        call = ben.call("99", forged)
        ben.wait("ended", call=call)
    # a phone's account at the port of instances, and a box of another tenant
    port = pair.cloud.ports["link_port"]
    server = f"127.0.0.1:{port}"
    for user, secret in (("22", "secret-of-22"), (f"~{BOX}", "0" * 64)):
        with Phone(server=server, user=user, secret=secret, transport="tls") as stranger:
            stranger.wait("registration_failed", 30)


def test_backup_routing_while_the_box_is_silent_and_home_again(pair: Linked, provider: Provider) -> None:
    with pair.box.phones("21") as (anna,):
        pair.wire.silent = True
        before = time.monotonic()
        call = provider.call(PUBLIC, CALLER, account="sky")
        seen = provider.wait("incoming", 30)  # the mobile, over the cloud's own trunk
        assert time.monotonic() - before < 15
        assert seen["account"] == "sky"
        provider.wait("answered", call=call)
        provider.hangup(call)
        (there,) = pair.cloud.records(1)
        assert there["call"]["rerouted"] == BOX
        assert not there["call"]["part"]
        pair.wait_link(up=False)
        pair.cloud.idle()
        provider.forget()
        call = provider.call(PUBLIC, CALLER, account="sky")
        provider.wait("incoming", 30)
        provider.hangup(call)
        there = pair.cloud.records(2)[-1]
        assert there["call"]["rerouted"] == BOX
        assert "number.cut_off" in codes(there)
        pair.wire.mend()
        pair.wait_link()
        provider.forget()
        anna.forget()
        call = provider.call(PUBLIC, CALLER, account="sky")
        anna.incoming()
        anna.answer()
        provider.wait("answered", call=call)
        provider.hears(tone_of("21"))
        provider.hangup(call)


def test_a_cut_line_is_known_at_once_and_a_wrong_certificate_is_refused(pair: Linked) -> None:
    pair.wire.break_()
    pair.wait_link(up=False, timeout=15)
    mine = next(one for one in pair.box.control("config.list", kind="instance") if one["id"] == CLOUD)
    other = (pair.cloud.folder / "state" / "edge" / "tls" / "edge.crt").read_text()
    assert other != mine["certificate"]
    pair.box.control("config.set", kind="instance", id=CLOUD, fields={"certificate": other})
    pair.wire.mend()

    def refused() -> bool:
        (node,) = pair.box.control("nodes.show")["nodes"]
        return not node["up"] and "certificate" in node["detail"].lower()

    pair.box.eventually(refused, "the box to refuse the certificate", 30)
    pair.box.control("config.set", kind="instance", id=CLOUD, fields={"certificate": mine["certificate"]})
    pair.wait_link()


def test_a_telephone_at_its_second_server_is_the_same_extension_until_it_goes_home(pair: Linked) -> None:
    """The box is dead: its telephones register in the cloud, as they are told to, and go back."""
    with pair.cloud.phones("22") as (ben,):
        for process in (pair.box.core, pair.box.edge):
            assert process is not None
            process.kill()
        with pair.cloud.phones("21") as (anna,):
            talk(ben, anna)
        pair.box.start_edge()
        pair.box.start_core()
        pair.box.wait_ready()
        pair.wait_link()
        with pair.box.phones("21") as (anna,):
            known(pair, CLOUD, "21")
            talk(ben, anna)


def talk(caller: Phone, called: Phone) -> None:
    """A call from 22 to 21, heard both ways."""
    call = caller.call("21")
    called.incoming()
    called.answer()
    caller.wait("answered", call=call)
    caller.hears(tone_of("21"))
    called.hears(tone_of("22"))
    caller.hangup(call)


def test_a_box_that_is_deleted_is_shut_out(pair: Linked) -> None:
    pair.cloud.control("config.delete", kind="instance", id=BOX)
    pair.cloud.eventually(
        lambda: not pair.cloud.control("nodes.show")["nodes"], "the cloud to know no box any more"
    )

    def refused() -> bool:
        return not pair.box.control("nodes.show")["nodes"][0]["up"]

    pair.box.eventually(refused, "the box to be shut out", 30)
