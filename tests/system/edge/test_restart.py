"""Nothing is lost when the edge ends, however it ends."""

import os
import signal
import socket
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.sip.edge.events import Account, Aor, ContactRegistered, EdgeDown, EdgeUp
from appliance.sip.edge.run import prepare
from tests.support.edge import Edge, edge_settings, eventually, saved_rows, with_changes
from tests.support.sip import Message, Transport


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_registrations_and_a_call_in_progress_survive_a_restart(
    tmp_path: Path, number: signal.Signals
) -> None:
    settings = edge_settings(tmp_path, write_back_s=1 if number is signal.SIGKILL else 60)
    with Edge(settings) as edge:
        edge.start()
        link = edge.connect()
        with edge.phone("20") as phone, edge.phone("21") as other, edge.core() as core:
            assert phone.register().status == 200
            assert other.register().status == 200
            before = {contact.uri for contact in link.registrations().result(5)}
            assert before == {phone.contact, other.contact}
            call = core.request("INVITE", "sip:20@ortsamt")
            core.send(call)
            ring = phone.wait_request("INVITE")
            accepted = phone.respond(ring, 200, tag="p")
            answer = core.wait_response(call)
            core.ack(call, answer)
            phone.wait_request("ACK")
            if number is signal.SIGKILL:
                eventually(lambda: saved_rows(settings.location_db, "location") == 2, "contacts are saved")
            edge.stop(number)
            if number is signal.SIGTERM:  # after SIGKILL the workers stay until the next start ends them
                edge.wait_event(EdgeDown, lambda event: "refused" not in event.reason)
                with pytest.raises(DeviceUnavailable):
                    link.registrations().result(5)
            edge.start()
            up = edge.wait_event(EdgeUp)
            assert {contact.uri for contact in up.contacts} == before
            assert link.contacts(Aor("20"))[0].source_port == phone.address[1]

            goodbye = phone.in_dialog_as_callee("BYE", ring, accepted)
            phone.send(goodbye)
            core.respond(core.wait_request("BYE"), 200)
            assert phone.wait_response(goodbye).status == 200
            second = core.request("INVITE", "sip:21@ortsamt")
            core.send(second)
            other.respond(other.wait_request("INVITE"), 486, tag="x")
            assert core.wait_response(second).status == 486


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_call_over_a_stream_goes_on_over_the_phones_next_one(tmp_path: Path, transport: Transport) -> None:
    with Edge(edge_settings(tmp_path, tls=True)) as edge:
        edge.start()
        edge.connect({"20-desk": "20"})
        with edge.core() as core:
            with edge.phone("20-desk", transport=transport) as phone:
                assert phone.register().status == 200
                call = core.request("INVITE", "sip:20@ortsamt")
                core.send(call)
                phone.respond(phone.wait_request("INVITE"), 200, tag="p")
                answer = core.wait_response(call)
                core.ack(call, answer)
                phone.wait_request("ACK")
            edge.stop(signal.SIGTERM)
            edge.wait_event(EdgeDown, lambda event: "refused" not in event.reason)
            edge.start()
            edge.wait_event(EdgeUp)
            with edge.phone("20-desk", transport=transport) as phone:
                assert phone.register().status == 200
                bye = core.in_dialog("BYE", call, answer)
                core.send(bye)
                phone.respond(phone.wait_request("BYE"), 200)
                assert core.wait_response(bye).status == 200


def test_changes_made_while_the_edge_is_away_hold_when_it_is_back(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path)) as edge:
        edge.start()
        link = edge.connect(("20", "21"))
        edge.stop(signal.SIGTERM)
        edge.wait_event(EdgeDown, lambda event: "refused" not in event.reason)
        link.remove_credentials([Account("20")])
        edge.start()
        edge.wait_event(EdgeUp)
        with edge.phone("20") as gone, edge.phone("21") as kept:
            assert gone.register().status == 401
            assert kept.register().status == 200


def test_a_new_core_takes_back_accounts_the_old_one_left(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path)) as edge:
        edge.start()
        link = edge.connect(("20", "21"))
        with edge.phone("20") as old, edge.phone("21") as kept, edge.core() as core:
            assert old.register().status == 200
            assert kept.register().status == 200
            link.stop()
            link = edge.connect(("21", "22"))
            assert old.register().status == 401
            assert [contact.aor for contact in link.registrations().result(5)] == ["21"]
            assert core.exchange(core.request("INVITE", "sip:20@ortsamt")).status == 404
            assert kept.register().status == 200


def test_a_removed_extension_loses_its_contacts_at_once(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path)) as edge:
        edge.start()
        link = edge.connect(("20", "21"))
        with edge.phone("20") as phone, edge.core() as core:
            assert phone.register().status == 200
            edge.wait_event(ContactRegistered)
            link.unregister(Aor("20")).result(5)
            link.unregister(Aor("20")).result(5)
            assert core.exchange(core.request("INVITE", "sip:20@ortsamt")).status == 480
            assert phone.register().status == 200
            link.remove_credentials([Account("20")])
            assert link.registrations().result(5) == ()
            answer: Message = core.exchange(core.request("INVITE", "sip:20@ortsamt"))
            assert answer.status == 404


def test_wrong_token_gets_no_link(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path)) as edge:
        edge.start()
        edge.connect()
        with socket.create_connection(("127.0.0.1", edge.settings.evapi_port), timeout=5) as stranger:
            stranger.sendall(
                b'5:A|bad,65:R|{"jsonrpc":"2.0","id":1,"method":"htable.dump","params":["auth"]},'
            )
            assert stranger.recv(4096) == b""
        with edge.phone("20") as phone:
            assert phone.register().status == 200


def test_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    with Edge(settings), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.sip_port))
        with pytest.raises(DeviceUnavailable, match=f"UDP port {settings.sip_port} on 127.0.0.1 is taken"):
            prepare(settings)
        with pytest.raises(ConfigError, match=r"198\.51\.100\.1 is not an address of this machine"):
            prepare(with_changes(settings, listen=("198.51.100.1",)))


def test_unreadable_database_is_set_aside(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    settings.state_dir.mkdir(parents=True)
    settings.location_db.write_bytes(b"garbage" * 1000)
    with Edge(settings) as edge:
        edge.start()
        edge.connect()
        with edge.phone("20") as phone:
            assert phone.register().status == 200
    assert (settings.state_dir / "location.db.broken").exists()


def test_unknown_account_is_one_clear_line(tmp_path: Path) -> None:
    settings = with_changes(edge_settings(tmp_path), user="nobody-of-that-name")
    if os.geteuid() == 0:
        with Edge(settings), pytest.raises(ConfigError, match="nobody-of-that-name"):
            prepare(settings)


def test_missing_program_names_the_packages(tmp_path: Path) -> None:
    settings = with_changes(edge_settings(tmp_path), program="kamailio-that-is-not-there")
    with Edge(settings), pytest.raises(DeviceUnavailable, match="apt-get install kamailio"):
        prepare(settings)
