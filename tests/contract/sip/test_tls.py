"""A provider over TLS: its certificate must be vouched for and fit its name."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model.documents import Srtp, Transport, Trunk
from appliance.model.ids import TrunkId
from appliance.ports import TrunkStatus
from tests.contract.sip.rig import Rig
from tests.contract.sip.test_trunks import apply, wait_state
from tests.support.sip import parse, serialise, split_stream


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def rig(prompts: Path, authority: Path) -> Iterator[Rig]:
    rig = Rig(prompts, ca_file=authority / "cert.pem")
    rig.start()
    yield rig
    rig.stop()


class Registrar:
    """Takes one TLS connection and says yes to its REGISTER."""

    def __init__(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.server.settimeout(8)
        self.port: int = self.server.getsockname()[1]
        self.requests: list[str] = []
        self.stream: ssl.SSLSocket | None = None
        self._thread = threading.Thread(target=self._run, name="registrar")
        self._thread.start()

    def _run(self) -> None:
        try:
            stream, _ = self.server.accept()
        except OSError:
            return
        self.stream = stream
        with stream:
            stream.settimeout(8)
            buffer = bytearray()
            while True:
                data = split_stream(buffer)
                if data is None:
                    try:
                        part = stream.recv(4096)
                    except OSError:
                        return
                    if not part:
                        return
                    buffer += part
                    continue
                request = parse(data)
                self.requests.append(request.start)
                kept = [one for one in request.headers if one[0] in {"via", "from", "call-id", "cseq", "to"}]
                contact = ("contact", f"{request.get('contact')};expires=300")
                request.start, request.headers = "SIP/2.0 200 OK", [*kept, contact]
                try:
                    stream.sendall(serialise(request))
                except OSError:
                    return  # the engine is gone

    def close(self) -> None:
        self.server.close()
        if self.stream is not None:
            with contextlib.suppress(OSError):
                self.stream.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)


def trunk(port: int) -> Trunk:
    return Trunk(
        id=TrunkId("tls"),
        host="127.0.0.1",
        port=port,
        username="1",
        transport=Transport.TLS,
        srtp=Srtp.MANDATORY,
    )


def test_a_certificate_that_fits(rig: Rig, authority: Path) -> None:
    registrar = Registrar(authority / "cert.pem", authority / "key.pem")
    apply(rig, trunk(registrar.port))
    wait_state(rig, TrunkStatus.REGISTERED)
    assert registrar.requests[0].startswith("REGISTER sip:127.0.0.1:")
    apply(rig)
    registrar.close()


def test_a_certificate_nobody_vouches_for(rig: Rig, tmp_path: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    registrar = Registrar(tmp_path / "cert.pem", tmp_path / "key.pem")
    apply(rig, trunk(registrar.port))
    state = wait_state(rig, TrunkStatus.FAILED)
    assert state.detail
    assert not registrar.requests
    apply(rig)
    registrar.close()
