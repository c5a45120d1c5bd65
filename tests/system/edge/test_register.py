"""Phones register over every transport, and only with their own password."""

import ssl
import subprocess
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from appliance.sip.edge.events import Account, Aor, ContactRegistered, ContactUnregistered
from appliance.sip.edge.settings import ensure_certificate
from tests.support.edge import Edge, credential, edge_settings, with_changes
from tests.support.sip import Transport


@pytest.mark.parametrize(("transport", "user"), [("udp", "20"), ("tcp", "21"), ("tls", "22")])
def test_register_with_digest_is_reported_with_address_transport_and_agent(
    shared_edge: Edge, transport: Transport, user: str
) -> None:
    with shared_edge.phone(user, transport=transport) as phone:
        assert phone.register().status == 200
        event = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == user)
        contact = event.contact
        assert (contact.source_ip, contact.source_port) == phone.address
        assert contact.transport == transport
        assert contact.user_agent == "Testphone 1.0"
        assert contact.uri == phone.contact
        assert 250 <= contact.expires_s <= 300
        assert shared_edge.link is not None
        assert shared_edge.link.contacts(Aor(user)) == (contact,)
        assert phone.register(expires_s=0).status == 200
        gone = shared_edge.wait_event(ContactUnregistered, lambda seen: seen.contact.aor == user)
        assert gone.contact.uri == phone.contact


def test_a_phone_that_registers_is_told_the_time(shared_edge: Edge) -> None:
    with shared_edge.phone("24") as phone:
        before = time.time()
        told = phone.register().get("date")
    assert told.endswith(" GMT"), "RFC 3261 §20.17: no other zone is allowed"
    assert before - 1 <= parsedate_to_datetime(told).timestamp() <= time.time()


def test_wrong_password_and_unknown_account_get_the_same_challenge(shared_edge: Edge) -> None:
    with shared_edge.phone("23", password="wrong") as phone, shared_edge.phone("99") as nobody:
        assert phone.register().status == 401
        assert nobody.register().status == 401


def test_an_account_registers_its_own_extension_and_no_other(shared_edge: Edge) -> None:
    with shared_edge.phone("24") as phone:
        assert phone.register(to="25").status == 403
    with shared_edge.phone("30-desk") as phone:
        assert phone.register().status == 200
        event = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "30")
        assert event.contact.uri == phone.contact
        assert phone.register(to="30").status == 200


def test_star_removes_every_contact(shared_edge: Edge) -> None:
    assert shared_edge.link is not None
    with shared_edge.phone("26") as one, shared_edge.phone("26", transport="tcp") as two:
        for phone in (one, two):
            assert phone.register().status == 200
            shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "26")
        assert len(shared_edge.link.contacts(Aor("26"))) == 2
        assert one.register(contact="*", expires_s=0).status == 200
        gone = {
            shared_edge.wait_event(ContactUnregistered, lambda seen: seen.contact.aor == "26").contact.uri
            for _ in range(2)
        }
        assert gone == {one.contact, two.contact}
        assert shared_edge.link.contacts(Aor("26")) == ()


def test_a_contact_that_is_not_refreshed_ends(tmp_path: Path) -> None:
    # Kamailio counts whole seconds: one second may be over at once.
    with Edge(edge_settings(tmp_path, min_expires_s=2, default_expires_s=2)) as edge:
        edge.start()
        link = edge.connect()
        with edge.phone("20") as phone:
            assert phone.register(expires_s=2).status == 200
            edge.wait_event(ContactRegistered)
            assert edge.wait_event(ContactUnregistered).contact.uri == phone.contact
            assert link.contacts(Aor("20")) == ()


def test_the_oldest_contact_makes_room_for_a_new_one(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path, max_contacts=2)) as edge:
        edge.start()
        link = edge.connect()
        phones = [edge.phone("20") for _ in range(4)]
        for phone in phones:
            assert phone.register().status == 200
        wanted = {phone.contact for phone in phones[2:]}
        assert {contact.uri for contact in link.registrations().result(5)} == wanted
        for phone in phones:
            phone.close()


def test_a_phone_whose_stream_is_lost_is_no_longer_registered(shared_edge: Edge) -> None:
    with shared_edge.core() as core:
        with shared_edge.phone("29", transport="tls") as phone:
            assert phone.register().status == 200
            shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "29")
        shared_edge.wait_event(ContactUnregistered, lambda seen: seen.contact.aor == "29")
        answer = core.exchange(core.request("INVITE", "sip:29@ortsamt"))
        assert (answer.status, answer.get("x-edge-reason")) == (480, "unregistered")


def test_a_phone_that_moves_is_reported_and_a_refresh_is_not(shared_edge: Edge) -> None:
    with shared_edge.phone("27") as phone, shared_edge.phone("27") as moved:
        same = f"<sip:27@192.168.9.9:{phone.address[1]}>"
        assert phone.register(contact=same).status == 200
        first = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "27")
        assert phone.register(contact=same).status == 200
        assert moved.register(contact=same).status == 200
        second = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == "27")
        assert first.contact.source_port == phone.address[1]
        assert second.contact.source_port == moved.address[1]


def test_a_changed_password_holds_at_once(shared_edge: Edge) -> None:
    assert shared_edge.link is not None
    with shared_edge.phone("28") as phone:
        assert phone.register().status == 200
        shared_edge.link.update_credentials({Account("28"): credential("28", "new")})
        shared_edge.link.stats().result(5)
        assert phone.register().status == 401
        phone.password = "new"
        assert phone.register().status == 200


def test_a_thousand_accounts_are_known_before_anybody_is_told_no(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path)) as edge:
        edge.start()
        link = edge.connect(tuple(str(number) for number in range(1000, 2000)))
        with edge.phone("1999") as last, edge.phone("1000") as first:
            assert last.register().status == 200
            assert first.register().status == 200
        assert link.stats().result(5).registered == 2


def test_a_changed_certificate_is_taken_without_restart(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path, tls=True)) as edge:
        edge.start()
        link = edge.connect()
        address = ("127.0.0.1", edge.settings.tls_port)
        before = ssl.get_server_certificate(address)
        with edge.phone("20", transport="tls") as phone:
            assert phone.register().status == 200
            ensure_certificate(with_changes(edge.settings, state_dir=tmp_path / "other"))
            for name in ("edge.crt", "edge.key"):
                (tmp_path / "other" / "tls" / name).replace(edge.settings.state_dir / "tls" / name)
            link.reload_tls().result(5)
            after = ssl.get_server_certificate(address)
            assert after != before
            assert phone.register().status == 200
        command = ["openssl", "x509", "-noout", "-ext", "subjectAltName"]
        shown = subprocess.run(command, input=after, text=True, capture_output=True, check=True)
        assert "IP Address:127.0.0.1" in shown.stdout
