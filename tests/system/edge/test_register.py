"""Phones register over every transport, and only with their own password."""

import pytest

from appliance.sip.edge.events import Aor, ContactRegistered, ContactUnregistered
from tests.support.edge import Edge
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
