"""Links that go silent, disks without room, certificates out of date: named, and all heals."""

import datetime
import ipaddress
import resource
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.sync.credentials import Credentials
from appliance.sync.hub_link import HubLost, connected
from tests.support import loops
from tests.support.cut import Link
from tests.support.hub import Cluster, Node, converged, until


def test_a_link_that_goes_silent_and_a_disk_that_is_full_are_named_and_heal(
    hub: Cluster, pair: Callable[[], tuple[Node, Node]]
) -> None:
    box, cloud = pair()
    link = Link(hub.plans[0].port)
    try:
        box.use(replace(box.credentials, servers=(f"tls://127.0.0.1:{link.port}",)))
        for node in (box, cloud):
            node.start()
        box.put("21", number="21", name="Anna")
        until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)
        # Nobody says that the link is dead: the box finds out by itself.
        link.silent = True
        box.put("21", name="Berta")
        until(lambda: box.show()["fault"] == "sync.hub", box, timeout=60)
        assert cloud.store is not None
        _, hard = resource.prlimit(cloud.store.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(cloud.store.pid, resource.RLIMIT_FSIZE, (8 * 1024, hard))
        link.mend()
        for number in range(300, 400):
            box.put(str(number), number=str(number), name="x" * 60)
        until(lambda: cloud.show()["fault"].startswith("store."), cloud, timeout=60)
        resource.prlimit(cloud.store.pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: converged(box, cloud) and cloud.names()["21"] == "Berta", box, cloud, timeout=60)
        until(lambda: cloud.show()["fault"] == "", cloud)
    finally:
        link.close()


def _out_of_date(folder: Path) -> tuple[Path, str]:
    """A certificate for 127.0.0.1 that ended yesterday, with its key, and itself as authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now - datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    path = folder / "old.pem"
    path.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path, pem.decode()


def test_a_certificate_out_of_date_is_named(hub: Cluster, tmp_path: Path) -> None:
    path, authority = _out_of_date(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve() -> None:
        raw, _ = listener.accept()
        raw.sendall(b'INFO {"server_id":"x","version":"2.9.10","tls_required":true,"max_payload":1000}\r\n')
        try:
            context.wrap_socket(raw, server_side=True)
        except (ssl.SSLError, OSError):
            raw.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    hub.hub.add_tenant("dated")
    credentials = replace(
        hub.hub.credentials("dated", "cloud"), servers=(f"tls://127.0.0.1:{port}",), authority=authority
    )

    async def attempt(with_: Credentials) -> str:
        try:
            async with connected(with_, with_.servers[0]):
                return ""
        except HubLost as error:
            return error.error_id

    try:
        assert loops.run(attempt(credentials)) == "sync.certificate_expired"
    finally:
        listener.close()
        thread.join(5)
