"""A phone that is none of ours: baresip registers, calls, is called, talks."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from appliance.sip.edge.netstring import encode
from tests.support.box import SECRET, Box, tone_of
from tests.support.processes import Process, free_port, release_port

MODULES = "/usr/lib/baresip/modules"
SAYS_HZ = 1300


class Baresip:
    """One baresip that says a tone; driven over its control port, heard through its output.

    ``echo``: it takes calls by itself and says what it hears.
    """

    def __init__(
        self, box: Box, folder: Path, user: str, *, transport: str, srtp: bool, echo: bool = False
    ) -> None:
        self.control = free_port()
        port = box.ports["tls_port" if transport == "tls" else "sip_port"]
        folder.mkdir()
        (folder / "config").write_text(
            # Opus first: the tone comes with 48 kHz or not at all
            f"module_path {MODULES}\nmodule opus.so\nmodule g722.so\nmodule g711.so\nmodule ausine.so\n"
            "module aubridge.so\nmodule srtp.so\n"
            "module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
            f"ctrl_tcp_listen 127.0.0.1:{self.control}\n"
            "sip_listen 127.0.0.1:0\nsip_verify_server no\nnet_interface 127.0.0.1\n"
            f"audio_source {'aubridge,echo' if echo else f'ausine,{SAYS_HZ}'}\n"
            f"audio_player aubridge,{'echo' if echo else 'nil'}\naudio_alert aubridge,nil\n",
            encoding="utf-8",
        )
        media = ";mediaenc=srtp-mand" if srtp else ""
        media += ";answermode=auto" if echo else ""
        (folder / "accounts").write_text(
            f"<sip:{user}@127.0.0.1:{port};transport={transport}>"
            f";auth_user={user};auth_pass={SECRET.format(user)};regint=60{media}\n",
            encoding="utf-8",
        )
        self.process = Process(f"baresip {user}", ["baresip", "-f", str(folder)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        release_port(self.control)

    def command(self, name: str, parameters: str = "") -> None:
        """Tell it to do something."""
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as connection:
            connection.sendall(encode(json.dumps({"command": name, "params": parameters}).encode()))
            connection.recv(4096)


@pytest.fixture(params=[("udp", False), ("tcp", False), ("tls", True)], ids=["udp", "tcp", "tls with srtp"])
def baresip(box: Box, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Baresip]:
    """A registered baresip as 22."""
    transport, srtp = request.param
    with (
        box.watching("registration") as watcher,
        Baresip(box, tmp_path / "baresip", "22", transport=transport, srtp=srtp) as phone,
    ):
        watcher.wait("registration", registered=True, aor="22")
        yield phone
        box.idle()
        phone.command("quit")
        watcher.wait("registration", registered=False, aor="22")


def test_baresip_is_called_talks_holds_and_hangs_up(box: Box, baresip: Baresip) -> None:
    with box.phones("21") as (anna,):
        mine = anna.call("22")
        anna.wait("ringing", call=mine)
        baresip.command("accept")
        anna.wait("answered", call=mine)
        anna.hears(SAYS_HZ, call=mine)
        baresip.command("hold")
        anna.hears_sound(call=mine)
        baresip.command("resume")
        anna.hears(SAYS_HZ, call=mine)
        baresip.command("hangup")
        anna.ended(mine)
        (record,) = box.records(1)
        assert record["call"]["cause"] == "normal"
        quality = {leg["endpoint"]: leg["quality"] for leg in record["legs"]}["device:22"]
        assert quality["received_packets"] > 0


def test_baresip_calls_and_sends_digits(box: Box, baresip: Baresip) -> None:
    with box.phones("21") as (anna,):
        baresip.command("dial", "21")
        theirs = anna.answer(anna.incoming(number="22")["call"])
        anna.hears(SAYS_HZ, call=theirs)
        baresip.command("sndcode", "5")
        assert anna.wait("digit")["digit"] == "5"
        anna.hangup(theirs)


def test_baresip_transfers(box: Box, baresip: Baresip) -> None:
    with box.phones("21", "23") as (anna, clara):
        mine = anna.call("22")
        anna.wait("ringing", call=mine)
        baresip.command("accept")
        anna.wait("answered", call=mine)
        baresip.command("transfer", "23")
        clara.answer(clara.incoming(number="21")["call"])
        anna.hears(tone_of("23"), call=mine)
