"""The certificate of pages and API: made by the box, or uploaded; taken into use without a restart."""

import contextlib
import ipaddress
import os
import secrets
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cheroot import errors
from cheroot.ssl.builtin import BuiltinSSLAdapter

from appliance.errors import ConfigError, DeviceUnavailable

DAYS = 3650
OPENSSL_S = 30.0
MAX_PEM = 256 * 1024
MAX_NAMES = 40
"""Of a certificate; addresses that were are kept, so that who comes back to one finds it covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What people want to know of a certificate."""

    subject: str
    issuer: str
    not_after: str
    names: str
    fingerprint: str
    own: bool
    """Made by the box itself."""


class Certificate:
    """The files ``web.crt`` and ``web.key`` in a folder, and the TLS context made of them."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        """``names`` (addresses and host names) go into a certificate that has to be made."""
        self._folder = folder
        self._names = names
        self.certificate = folder / "web.crt"
        self.key = folder / "web.key"
        self._uploaded = folder / "uploaded"
        self._guard = threading.Lock()

    def ensure(self) -> None:
        """Make one unless there is one; raises DeviceUnavailable."""
        if not (self.certificate.exists() and self.key.exists()):
            self.renew()

    def renew(self) -> None:
        """Make a new one by ourselves in place of whatever there is."""
        names = [f"IP:{name}" if _is_address(name) else f"DNS:{name}" for name in dict.fromkeys(self._names)]
        with self._beside() as (certificate, key):
            command = [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-sha256", "-days", str(DAYS), "-subj", "/CN=ortsamt",
                "-addext", f"subjectAltName={','.join(names)}",
                "-keyout", str(key), "-out", str(certificate),
            ]  # fmt: skip
            _openssl(command)
            self._take(certificate, key)
            self._uploaded.unlink(missing_ok=True)

    def cover(self, names: Iterable[str]) -> bool:
        """Make a new one with these names, too, unless it has them or was uploaded; True: it was made."""
        facts = self.facts()
        has = [one.partition(":")[2].strip() for one in facts.names.split(",") if ":" in one]
        known = {_plain(one) for one in has}
        more = [one for one in names if _plain(one) not in known]
        if not facts.own or not more:
            return False
        self._names = tuple(dict.fromkeys([*more, *self._names, *map(_plain, has)]))[:MAX_NAMES]
        self.renew()
        return True

    def upload(self, chain: str, key: str) -> None:
        """Take a PEM chain with its key; raises ConfigError for what does not fit together."""
        for name, text, word in (("certificate", chain, "CERTIFICATE"), ("key", key, "PRIVATE KEY")):
            if len(text) > MAX_PEM or f"{word}-----" not in text:
                raise ConfigError(
                    f"this is no {name} in PEM form", field=name, hint=f"it begins with -----BEGIN … {word}"
                )
        if "ENCRYPTED" in key:
            raise ConfigError("the key has a password", field="key", hint="take the password away")
        with self._beside() as (new_chain, new_key):
            new_chain.write_text(chain, encoding="utf-8")
            new_key.touch(0o600)
            new_key.write_text(key, encoding="utf-8")
            try:
                context_of(new_chain, new_key)
            except (ssl.SSLError, ValueError) as error:
                raise ConfigError(
                    f"certificate and key do not fit: {getattr(error, 'reason', None) or error}",
                    field="key",
                    hint="give the key this certificate was made for, and the whole chain",
                ) from None
            if _over(new_chain):
                raise ConfigError("the certificate is over", field="certificate", hint="get a new one")
            self._take(new_chain, new_key)
            self._uploaded.touch()

    def facts(self) -> CertificateFacts:
        """Of the one in use."""
        out = _openssl(
            [
                "openssl", "x509", "-in", str(self.certificate), "-noout", "-subject", "-issuer", "-enddate",
                "-fingerprint", "-sha256", "-ext", "subjectAltName",
            ],
            check=False,
        ).decode("utf-8", "replace")  # fmt: skip
        lines = out.splitlines()
        values = {
            line.partition("=")[0].strip().lower(): line.partition("=")[2] for line in lines if "=" in line
        }
        names = next((line.strip() for line in lines if "DNS:" in line or "IP Address:" in line), "")
        return CertificateFacts(
            subject=values.get("subject", ""),
            issuer=values.get("issuer", ""),
            not_after=values.get("notafter", ""),
            names=names,
            fingerprint=values.get("sha256 fingerprint", ""),
            own=not self._uploaded.exists(),
        )

    def give_to(self, other: Path) -> None:
        """Put a copy where another program has its own (``edge.crt`` with ``edge.key`` beside)."""
        for source, target in ((self.key, other.with_suffix(".key")), (self.certificate, other)):
            beside = target.with_name(target.name + ".new")
            try:
                owner = target.stat() if target.exists() else None
                beside.unlink(missing_ok=True)
                beside.touch(0o640)
                beside.write_bytes(source.read_bytes())
                if owner is not None and os.geteuid() == 0:
                    os.chown(beside, owner.st_uid, owner.st_gid)
                _settle(beside, target)
            except OSError as error:
                raise DeviceUnavailable(
                    f"the certificate cannot be given to the edge: {error.strerror}",
                    error_id="web.certificate", hint="check the rights of the state folder",
                ) from error  # fmt: skip

    @contextlib.contextmanager
    def _beside(self) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark = secrets.token_hex(4)
        pair = (self._folder / f"{mark}.crt", self._folder / f"{mark}.key")
        try:
            with self._guard:
                yield pair
        except OSError as error:
            raise DeviceUnavailable(
                f"the certificate cannot be written: {error.strerror}", error_id="web.certificate"
            ) from error
        finally:
            for one in pair:
                one.unlink(missing_ok=True)

    def _take(self, certificate: Path, key: Path) -> None:
        key.chmod(0o600)
        _settle(key, self.key)
        _settle(certificate, self.certificate)


def context_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context: TLS 1.2 and newer. Raises ssl.SSLError, OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    """As Python writes an address; openssl writes IPv6 in full."""
    return str(ipaddress.ip_address(name)) if _is_address(name) else name


def _no_password() -> str:
    raise ValueError("the key has a password")


def _over(certificate: Path) -> bool:
    done = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", "0"],
        capture_output=True, timeout=OPENSSL_S, check=False,
    )  # fmt: skip
    return done.returncode != 0


def _openssl(command: list[str], *, check: bool = True) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, timeout=OPENSSL_S, check=check)
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceUnavailable(
            f"openssl failed: {error}", error_id="web.certificate", hint="install openssl"
        ) from error
    return done.stdout


def _settle(beside: Path, final: Path) -> None:
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(final)


class ReloadableTls(BuiltinSSLAdapter):
    """TLS whose certificate may change, and whose handshake keeps nobody else waiting.

    cheroot's own adapter shakes hands on the thread that accepts connections: one silent client would stop
    all others. Here it happens on the worker that reads the first request.
    """

    def __init__(
        self,
        certificate: Certificate,
        takes: Callable[[str], bool],
        add: Callable[[str, socket.socket], None],
    ) -> None:
        """``takes``: whether an address may open one more connection; ``add`` is told of each."""
        self._certificate = certificate
        self._takes = takes
        self._add = add
        self.context = context_of(certificate.certificate, certificate.key)

    def reload(self) -> None:
        """New connections get the certificate that is on disk now; raises ConfigError."""
        try:
            self.context = context_of(self._certificate.certificate, self._certificate.key)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the certificate cannot be used: {error}", error_id="web.certificate", hint="upload another"
            ) from None

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Cheroot's hook for a new connection."""
        try:
            address = str(sock.getpeername()[0]).removeprefix("::ffff:")
            if not self._takes(address):
                sock.close()
                raise errors.FatalSSLAlert("too many connections")
            wrapped = self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True)
        except OSError as error:
            raise errors.FatalSSLAlert(*error.args) from error
        self._add(address, wrapped)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}
