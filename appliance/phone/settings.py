"""What the phone is started with."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ConfigError
from appliance.model.documents import Srtp, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """An account at a server, or none (``server`` empty): then the phone takes and makes direct calls."""

    server: str = ""
    server_port: int = 0
    """0: 5060, or 5061 with TLS; a domain is then looked up by SRV (RFC 3263)."""
    user: str = "phone"
    auth_user: str = ""
    """Empty: the same as ``user``."""
    secret: str = ""
    display: str = ""
    transport: Transport = Transport.UDP
    register: bool = True
    expires: int = 300
    srtp: Srtp = Srtp.OFF
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    """In order of preference; no others are offered."""
    bind: str = ""
    """Own address; empty: loop-back when the server is there, else any."""
    port: int = 0
    """Own SIP port; 0: any."""
    ca_file: str = ""
    """Certificates to trust; empty: the server's is not verified."""
    answer: bool = False
    """Answer every call at once."""
    tone_hz: int = 0
    """Said into every call from its start; 0: silence."""
    echo: bool = False
    messages: bool = False
    """Subscribe to waiting messages."""
    sound: bool = False
    """Use the machine's sound card."""
    max_calls: int = 8
    log_level: int = 0
    """Of the SIP stack, to stderr: 0 is silent, 5 shows messages."""

    @property
    def address(self) -> str:
        """``host[:port]`` as it stands in a URI."""
        return f"{self.server}:{self.server_port}" if self.server_port else self.server

    @property
    def own_address(self) -> str:
        """The address to bind, empty for any."""
        if self.bind:
            return self.bind
        return "127.0.0.1" if not self.server or _is_loopback(self.server) else ""

    def uri(self, number: str) -> str:
        """The URI to call for what a person dialled; raises ConfigError for what cannot be called."""
        if re.match(r"sips?:", number):
            return number
        if not self.server:
            raise ConfigError(
                f"'{number}' cannot be called without a server", error_id="phone.number", hint="call sip:…"
            )
        if not re.fullmatch(r"[A-Za-z0-9+*#._-]{1,64}", number):
            raise ConfigError(
                f"'{number}' is no number", error_id="phone.number", hint="digits, * and #, or sip:…"
            )
        return f"sip:{number.replace('#', '%23')}@{self.address}{self.parameters}"

    @property
    def parameters(self) -> str:
        """URI parameters that choose the transport."""
        return "" if self.transport is Transport.UDP else f";transport={self.transport.value}"


def split_server(text: str) -> tuple[str, int]:
    """``host``, ``host:port`` or ``[v6]:port`` → host and port (0 when absent); raises ConfigError."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?", text)
    if not found or int(found[2] or 0) > 65535:
        raise ConfigError(
            f"'{text}' is no server",
            error_id="phone.server",
            hint="write HOST or HOST:PORT, for example 192.168.1.2",
        )
    host = "127.0.0.1" if found[1] == "localhost" else found[1]
    return host, int(found[2] or 0)


def name_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[str, ...]:
    """The machine's name servers: without them the SIP stack would resolve by a call that blocks."""
    try:
        words = [line.split() for line in path.read_text(errors="replace").splitlines()]
    except OSError:
        return ()
    return tuple(line[1] for line in words if len(line) >= 2 and line[0] == "nameserver")


def is_address(host: str) -> bool:
    """Whether it is an IP address and no name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback


def port_is_free(address: str, port: int, transport: Transport) -> bool:
    """Whether we could listen there now."""
    kind = socket.SOCK_DGRAM if transport is Transport.UDP else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((address or "0.0.0.0", port))  # noqa: S104 - every address is the point
        except OSError:
            return False
    return True
