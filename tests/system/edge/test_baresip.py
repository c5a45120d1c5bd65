"""A real phone (baresip) on the edge: registered, called, calling."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.sip.edge.events import ContactRegistered
from appliance.sip.edge.netstring import encode
from tests.support.edge import Edge
from tests.support.processes import Process, free_port, release_port
from tests.support.sip import SipClient

MODULES = "/usr/lib/baresip/modules"
SDP = (
    b"v=0\r\no=core 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class Baresip:
    """One baresip with a control port."""

    def __init__(self, folder: Path, edge: Edge, user: str, transport: str) -> None:
        self.control = free_port()
        port = edge.settings.tls_port if transport == "tls" else edge.settings.sip_port
        server = f"127.0.0.1:{port};transport={transport}"
        folder.mkdir()
        (folder / "config").write_text(
            f"module_path {MODULES}\nmodule g711.so\nmodule aubridge.so\n"
            "module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
            f"ctrl_tcp_listen 127.0.0.1:{self.control}\n"
            "sip_listen 127.0.0.1:0\nsip_verify_server no\nnet_interface 127.0.0.1\n"
            "audio_player aubridge,nil\naudio_source aubridge,nil\naudio_alert aubridge,nil\n",
            encoding="utf-8",
        )
        (folder / "accounts").write_text(
            f"<sip:{user}@{server}>;auth_user={user};auth_pass=secret-{user};regint=60\n",
            encoding="utf-8",
        )
        self.process = Process(f"baresip {user}", ["baresip", "-f", str(folder)])

    def command(self, name: str, parameters: str = "") -> None:
        """Tell it to do something."""
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as connection:
            connection.sendall(encode(json.dumps({"command": name, "params": parameters}).encode()))
            connection.recv(4096)

    def stop(self) -> None:
        """End it."""
        self.process.stop()
        release_port(self.control)


@pytest.fixture
def core(shared_edge: Edge) -> Iterator[SipClient]:
    with shared_edge.core() as running:
        yield running


@pytest.mark.parametrize(("transport", "user"), [("udp", "50"), ("tcp", "51"), ("tls", "52")])
def test_baresip_registers_is_called_and_calls(
    shared_edge: Edge, core: SipClient, tmp_path: Path, transport: str, user: str
) -> None:
    phone = Baresip(tmp_path / "baresip", shared_edge, user, transport)
    try:
        event = shared_edge.wait_event(ContactRegistered, lambda seen: seen.contact.aor == user)
        assert event.contact.transport == transport
        assert "baresip" in event.contact.user_agent

        call = core.request(
            "INVITE", f"sip:{user}@ortsamt", headers=[("Content-Type", "application/sdp")], body=SDP
        )
        core.send(call)
        core.wait(lambda message: message.status == 180)
        phone.command("accept")
        answer = core.wait_response(call)
        assert answer.status == 200
        core.ack(call, answer)
        bye = core.in_dialog("BYE", call, answer)
        core.send(bye)
        assert core.wait_response(bye).status == 200

        phone.command("dial", "21")
        arrived = core.wait_request("INVITE")
        assert (arrived.get("x-edge-user"), arrived.get("x-edge-ext")) == (user, user)
        accepted = core.respond(arrived, 200, tag="c", headers={"Content-Type": "application/sdp"}, body=SDP)
        core.wait_request("ACK")
        bye = core.in_dialog_as_callee("BYE", arrived, accepted)
        core.send(bye)
        assert core.wait_response(bye).status == 200
    finally:
        phone.stop()
