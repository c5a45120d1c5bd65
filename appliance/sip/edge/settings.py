"""What the SIP edge is told: addresses, limits, files; checked once, safe to write into its configuration."""

import contextlib
import hashlib
import ipaddress
import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable, Problem

USER_PATTERN = r"[A-Za-z0-9*#+._~-]{1,64}"
"""What a SIP account, an extension or a watched key may be called; checked here and in the edge's routes."""

_REALM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_EMERGENCY = re.compile(r"[0-9]{2,8}")
_PATH = re.compile(r"[A-Za-z0-9/._@+=,-]+")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{0,64}")
_LOG_LEVELS = ("error", "warning", "notice", "info", "debug")

_CERTIFICATE_DAYS = 3650
_OPENSSL_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Everything the edge is rendered from; ports are numbers, durations carry their unit in the name.

    ``listen`` are the addresses phones reach, each one given (``lan_addresses()`` finds them all);
    ``core_listen`` is where only the core talks to the edge and ``core_address`` where the core takes
    SIP, both ``127.0.0.1:port``. A threshold is the number of failures that starts a ban.
    """

    state_dir: Path
    runtime_dir: Path
    listen: tuple[str, ...]
    floating: str = ""
    """An address that this machine has at times (a second box has it then): phones register there."""
    advertised: str | None = None
    """The IP address that others see, when it is not one of ``listen``."""
    sip_port: int = 5060
    tls_port: int = 0
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    link_port: int = 0
    """TLS, where other instances of the office come in; 0: nowhere."""
    public_link_port: int = 0
    """Where ``advertised`` has it; 0: the same."""
    link_name: str = ""
    """The name or address by which they reach it, in the certificate of that port."""
    core_listen: str = "127.0.0.1:5070"
    core_address: str = "127.0.0.1:5080"
    evapi_port: int = 8448
    link_token: str = ""
    realm: str = "ortsamt"
    emergency_numbers: tuple[str, ...] = ("110", "112")
    trusted_networks: tuple[str, ...] = ()

    shared_memory_mb: int = 128
    private_memory_mb: int = 8
    udp_workers: int = 1
    """Per address; with more than one, an ACK may arrive after its BYE and a 180 after its 200."""
    tcp_workers: int = 2
    tcp_connections: int = 2048

    max_contacts: int = 8
    min_expires_s: int = 60
    default_expires_s: int = 300
    max_expires_s: int = 3600
    write_back_s: int = 15
    nat_ping_s: int = 25

    core_timeout_ms: int = 2000
    link_timeout_ms: int = 3000
    """An instance that says nothing for so long is cut off."""
    phone_timeout_ms: int = 5000
    ring_limit_s: int = 900

    max_message_bytes: int = 16384
    flood_requests_per_s: int = 50
    flood_ban_s: int = 60
    user_ban_failures: int = 10
    address_ban_users: int = 8
    ban_window_s: int = 600
    ban_s: int = 600

    log_level: str = "notice"
    user: str | None = None
    group: str | None = None
    program: str = field(default="kamailio")

    def __post_init__(self) -> None:
        problems = tuple(_problems(self))
        if problems:
            raise ConfigError.of(problems)

    @property
    def config_dir(self) -> Path:
        """Where the rendered files are written."""
        return self.runtime_dir

    @property
    def config_path(self) -> Path:
        """The file Kamailio is started with."""
        return self.config_dir / "kamailio.cfg"

    @property
    def location_db(self) -> Path:
        """Registrations; written only by the registrar's own timer process."""
        return self.state_dir / "location.db"

    @property
    def presence_db(self) -> Path:
        """Subscriptions; written only by the presence timer."""
        return self.state_dir / "presence.db"

    @property
    def certificate(self) -> Path:
        """The TLS certificate in use, PEM."""
        return self.tls_certificate or self.state_dir / "tls" / "edge.crt"

    @property
    def key(self) -> Path:
        """The TLS private key in use, PEM."""
        return self.tls_key or self.state_dir / "tls" / "edge.key"

    @property
    def link_names(self) -> tuple[str, ...]:
        """What the certificate of ``link_port`` is for, as OpenSSL writes subjectAltName."""
        names = [f"IP:{address}" for address in (*self.listen, self.advertised) if address]
        if self.link_name:
            try:
                names.append(f"IP:{ipaddress.ip_address(self.link_name.strip('[]'))}")
            except ValueError:
                names.append(f"DNS:{self.link_name}")
        return tuple(dict.fromkeys(names))

    @property
    def link_certificate(self) -> Path:
        """The certificate that other instances are shown, PEM; another one for other names."""
        digest = hashlib.sha256(",".join(self.link_names).encode()).hexdigest()[:16]
        return self.state_dir / "tls" / f"link-{digest}.crt"

    @property
    def link_key(self) -> Path:
        """Its private key, PEM."""
        return self.link_certificate.with_suffix(".key")


def endpoint(text: str) -> tuple[str, int]:
    """Split ``127.0.0.1:5080``; raises ValueError unless it is an IPv4 address and a port."""
    host, _, port = text.rpartition(":")
    number = int(port)
    if not 0 < number < 65536:
        raise ValueError(f"port {port} is out of range")
    return str(ipaddress.IPv4Address(host)), number


def _problems(settings: EdgeSettings) -> Iterable[Problem]:
    def wrong(name: str, message: str, remedy: str = "") -> Problem:
        return Problem(where="edge", field=name, message=message, remedy=remedy)

    if not settings.listen:
        yield wrong("listen", "no address for phones is given", "name at least one address of this machine")
    for address in settings.listen:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            yield wrong(
                "listen", f"{address!r} is not an IP address", "give addresses, not names or interfaces"
            )
            continue
        if parsed.is_unspecified:
            yield wrong("listen", f"{address} cannot be told to phones", "name each address of this machine")
    if len(set(settings.listen)) != len(settings.listen):
        yield wrong("listen", "an address is named twice", "name each address once")
    if settings.floating:
        try:
            ipaddress.IPv4Address(settings.floating)
        except ValueError:
            yield wrong(
                "floating", f"{settings.floating!r} is not an IPv4 address", "give the shared address"
            )
        if settings.floating in settings.listen:
            yield wrong("floating", "is in listen too", "list the machine's own addresses there")
    if settings.advertised is not None:
        try:
            ipaddress.ip_address(settings.advertised)
        except ValueError:
            yield wrong(
                "advertised", f"{settings.advertised!r} is not an IP address", "give the public address"
            )
    for name in ("core_listen", "core_address"):
        text = getattr(settings, name)
        try:
            host, _ = endpoint(text)
        except ValueError:
            yield wrong(name, f"{text!r} is not an address and port", "write it as 127.0.0.1:5080")
            continue
        if not ipaddress.IPv4Address(host).is_loopback:
            yield wrong(
                name, f"{text} is not on this machine's loop-back", "the core is trusted: use 127.0.0.1"
            )
    if settings.core_listen == settings.core_address:
        yield wrong("core_listen", "is the same as core_address", "give the edge and the core one port each")
    for address in settings.listen:
        if settings.core_listen == f"{address}:{settings.sip_port}":
            yield wrong("core_listen", "is also a port for phones", "give the core's side a port of its own")
    for name in ("sip_port", "evapi_port"):
        if not 0 < getattr(settings, name) < 65536:
            yield wrong(name, f"{getattr(settings, name)} is not a port", "use 1 to 65535")
    if not 0 <= settings.tls_port < 65536 or settings.tls_port == settings.sip_port:
        yield wrong(
            "tls_port",
            f"{settings.tls_port} cannot be used for TLS",
            "use a port of its own, 0 turns TLS off",
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        yield wrong("tls_certificate", "certificate and key belong together", "give both or neither")
    if not 0 <= settings.link_port < 65536 or (
        settings.link_port and settings.link_port in (settings.sip_port, settings.tls_port)
    ):
        yield wrong("link_port", f"{settings.link_port} cannot be used", "use a port of its own, 0 for none")
    if settings.link_name and not (_REALM.fullmatch(settings.link_name) or ":" in settings.link_name):
        yield wrong("link_name", f"{settings.link_name!r} is not a host name or address")
    if not _REALM.fullmatch(settings.realm):
        yield wrong("realm", f"{settings.realm!r} is not a host name", "use letters, digits, dots and dashes")
    for number in settings.emergency_numbers:
        if not _EMERGENCY.fullmatch(number):
            yield wrong("emergency_numbers", f"{number!r} is not an emergency number", "use digits only")
    for network in settings.trusted_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            yield wrong("trusted_networks", f"{network!r} is not a network", "write it as 192.168.1.0/24")
    if not _TOKEN.fullmatch(settings.link_token):
        yield wrong("link_token", "has characters other than letters, digits, _ and -", "use link_token()")
    if settings.log_level not in _LOG_LEVELS:
        yield wrong("log_level", f"{settings.log_level!r} is unknown", f"use one of {', '.join(_LOG_LEVELS)}")
    for name in ("user", "group"):
        account = getattr(settings, name)
        if account is not None and not _ACCOUNT.fullmatch(account):
            yield wrong(name, f"{account!r} is not the name of a {name}")
    for name in ("state_dir", "runtime_dir", "certificate", "key"):
        if not _PATH.fullmatch(str(getattr(settings, name))):
            yield wrong(
                name, f"{str(getattr(settings, name))!r} has characters a configuration file cannot hold"
            )
    for name in (
        "shared_memory_mb", "private_memory_mb", "udp_workers", "tcp_workers", "tcp_connections",
        "max_contacts",
        "min_expires_s", "default_expires_s", "max_expires_s", "write_back_s", "nat_ping_s",
        "core_timeout_ms", "link_timeout_ms",
        "phone_timeout_ms", "ring_limit_s", "max_message_bytes", "flood_requests_per_s", "flood_ban_s",
        "user_ban_failures", "address_ban_users", "ban_window_s", "ban_s",
    ):  # fmt: skip
        if getattr(settings, name) < 1:
            yield wrong(name, f"{getattr(settings, name)} is too small", "use at least 1")
    if not settings.min_expires_s <= settings.default_expires_s <= settings.max_expires_s:
        yield wrong("default_expires_s", "must lie between min_expires_s and max_expires_s")


def lan_addresses() -> tuple[str, ...]:
    """Every IPv4 address of an interface that is up, loop-back last (``ip -o -4 addr``); raises
    DeviceUnavailable.
    """
    try:
        listing = subprocess.run(
            ["ip", "-o", "-4", "addr", "show", "up"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceUnavailable(
            f"the addresses of this machine cannot be read: {error}",
            error_id="edge.addresses",
            hint="install iproute2 or name the addresses",
        ) from error
    found = re.findall(r"\binet (\d+\.\d+\.\d+\.\d+)", listing)
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda address: ipaddress.IPv4Address(address).is_loopback))


def served_addresses() -> tuple[str, ...]:
    """Those of :func:`lan_addresses` that phones reach; an address of the link itself only without others.

    Raises DeviceUnavailable.
    """
    found = [one for one in lan_addresses() if not ipaddress.ip_address(one).is_loopback]
    return tuple([one for one in found if not ipaddress.ip_address(one).is_link_local] or found)


def link_token(state_dir: Path) -> str:
    """The secret that lets the core talk to the edge; made once in ``state_dir``, by whoever comes first.

    Raises DeviceUnavailable when it can be neither read nor made.
    """
    path = state_dir / "link.token"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            token = path.read_text(encoding="ascii", errors="replace").strip()
            if token and _TOKEN.fullmatch(token):
                return token
            path.unlink()
        with tempfile.NamedTemporaryFile("w", dir=state_dir, prefix=".link.token-", encoding="ascii") as file:
            token = secrets.token_urlsafe(24)
            file.write(token)
            file.flush()
            os.fchmod(file.fileno(), 0o640)
            os.fsync(file.fileno())
            try:
                os.link(file.name, path)
            except FileExistsError:
                token = path.read_text(encoding="ascii")
    except OSError as error:
        raise DeviceUnavailable(
            f"the secret of edge and core cannot be had: {error}",
            error_id="edge.token",
            hint="check the rights of the state folder",
        ) from error
    return token


def ensure_certificate(settings: EdgeSettings) -> None:
    """Make a self-signed certificate beside the state unless there is one; raises ConfigError or
    DeviceUnavailable.
    """
    if settings.link_port and not (settings.link_certificate.exists() and settings.link_key.exists()):
        _make(settings.link_names, "link", settings.link_certificate, settings.link_key)
    if not settings.tls_port:
        return
    if settings.tls_certificate is not None:
        for path in (settings.certificate, settings.key):
            if not os.access(path, os.R_OK):
                raise ConfigError(
                    f"the TLS file {path} cannot be read",
                    error_id="edge.certificate",
                    hint="check the path and its rights",
                    field="tls_certificate",
                )
        return
    if settings.certificate.exists() and settings.key.exists():
        return
    names = [f"DNS:{settings.realm}"]
    names += [
        f"IP:{address}" for address in (settings.floating, *settings.listen, settings.advertised) if address
    ]
    _make(names, settings.realm, settings.certificate, settings.key)


def _make(names: Iterable[str], subject: str, final_certificate: Path, final_key: Path) -> None:
    folder = final_certificate.parent
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "new.key", folder / "new.crt"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-sha256",
        "-days", str(_CERTIFICATE_DAYS), "-subj", f"/CN={subject}",
        "-addext", f"subjectAltName={','.join(names)}", "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=_OPENSSL_TIMEOUT_S, check=True)
    except FileNotFoundError as error:
        raise DeviceUnavailable(
            "no TLS certificate can be made: openssl is missing",
            error_id="edge.certificate",
            hint="install openssl or name a certificate",
        ) from error
    except subprocess.SubprocessError as error:
        raise DeviceUnavailable(
            f"openssl made no certificate: {error}", error_id="edge.certificate"
        ) from error
    key.chmod(0o640)
    for made, final in ((key, final_key), (certificate, final_certificate)):
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(final)
