"""Box settings, ``/etc/ortsamt/box.toml``: what belongs to this machine and not to the office."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from appliance.model.fxs import FxsPort, check_ports


def _port(name: str, value: int, *, zero: bool = False) -> None:
    if not (1 <= value <= 65535 or (zero and value == 0)):
        raise ValueError(f"{name}: {value} is not a port: 1 to 65535{' or 0 for off' if zero else ''}")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Addresses and ports. The loop-back ports connect our own processes and are never opened to the LAN."""

    listen: tuple[str, ...] = ()
    """Addresses for phones; empty: every address of the machine but loop-back."""
    sip_port: int = 5060
    """UDP and TCP for phones, at the edge."""
    tls_port: int = 5061
    """TLS for phones, at the edge; 0 turns it off."""
    trunk_port: int = 5080
    """UDP and TCP for providers, at the core (TLS connects out only)."""
    rtp_first: int = 20000
    rtp_last: int = 29999
    name_servers: tuple[str, ...] = ()
    """Empty: those of /etc/resolv.conf."""
    edge_core_port: int = 5062
    """Loop-back: where the edge hears the core."""
    core_port: int = 5070
    """Loop-back: where the core hears the edge."""
    evapi_port: int = 5063
    """Loop-back: commands and events between edge and core."""
    fax_port: int = 5064
    """Loop-back: where the fax engine hears the core."""
    t38_port: int = 5065
    """Loop-back: where the T.38 gateway takes orders."""
    link_port: int = 5066
    """TLS: where the instance in the cloud takes calls of boxes; only there it is open."""
    public_link_port: int = 0
    """Where ``link_port`` is reached from outside, when a router maps it; 0: the same."""
    public_address: str = ""
    """The name or address by which boxes and phones outside reach it; empty: the first of ``listen``."""
    public_ip: str = ""
    """In the cloud: the IP address that others see, if the machine has another and ``public_address`` is a
    name."""
    https_port: int = 443
    """Pages and API."""
    http_port: int = 80
    """Sends browsers to ``https_port``; 0 turns it off."""
    hooks_to_loopback: bool = False
    """Webhooks may go to programs on this machine."""
    tls_certificate: str = ""
    """PEM chain for the edge; empty: a self-made one in the state folder."""
    tls_key: str = ""

    def __post_init__(self) -> None:
        for address in (*self.listen, *self.name_servers):
            try:
                ipaddress.ip_address(address)
            except ValueError:
                place = "listen" if address in self.listen else "name_servers"
                raise ValueError(
                    f"{place}: '{address}' is not an IP address: write for example 192.168.1.10"
                ) from None
        for name in (
            "sip_port",
            "trunk_port",
            "edge_core_port",
            "core_port",
            "evapi_port",
            "fax_port",
            "t38_port",
            "link_port",
            "https_port",
            "rtp_first",
            "rtp_last",
        ):
            _port(name, getattr(self, name))
        if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{0,253}", self.public_address):
            raise ValueError("public_address: is not a name or address: write for example cloud.example.net")
        if self.public_ip and not _is_ip(self.public_ip):
            raise ValueError(f"public_ip: '{self.public_ip}' is no IP address: write for example 203.0.113.5")
        _port("public_link_port", self.public_link_port, zero=True)
        _port("tls_port", self.tls_port, zero=True)
        _port("http_port", self.http_port, zero=True)
        if self.rtp_last - self.rtp_first < 99:
            raise ValueError("rtp_last: range is too small: leave at least 100 ports")
        if len(set(self.used_ports)) != len(self.used_ports):
            raise ValueError("sip_port: two services share a port: give each its own")

    @property
    def seen_at(self) -> str:
        """The IP address that others see, where it is told; else empty."""
        address = self.public_address.strip("[]")
        return self.public_ip or (address if _is_ip(address) else "")

    @property
    def used_ports(self) -> tuple[int, ...]:
        """Those that services of this machine hear at, but sound and what other nodes call."""
        return (
            self.sip_port,
            self.tls_port,
            self.trunk_port,
            self.edge_core_port,
            self.core_port,
            self.evapi_port,
            self.fax_port,
            self.t38_port,
            self.https_port,
            *([self.http_port] if self.http_port else []),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Size and sound of the call engine."""

    max_legs: int = 128
    """Admission limit; sets the memory the engine takes."""
    clock_rate: int = 16000
    """Mixer clock in Hz: 8000 is the cheapest, 16000 keeps G.722 and Opus wide-band."""
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    """In order of preference."""
    media_lost_seconds: int = 60
    """A connected leg without a packet for so long is ended."""

    def __post_init__(self) -> None:
        if not 4 <= self.max_legs <= 2000:
            raise ValueError("max_legs: out of range: 4 to 2000")
        if self.clock_rate not in (8000, 16000, 48000):
            raise ValueError("clock_rate: must be 8000, 16000 or 48000: 16000 is usual")
        known = {"opus", "G722", "PCMA", "PCMU"}
        if not self.codecs or not set(self.codecs) <= known:
            raise ValueError("codecs: unknown codec: choose from opus, G722, PCMA, PCMU")
        if not 10 <= self.media_lost_seconds <= 3600:
            raise ValueError("media_lost_seconds: out of range: 10 to 3600")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fax:
    """The fax service."""

    lines: int = 8
    """Faxes sent at once."""
    retry_seconds: int = 120
    """Pause after a failed attempt; it doubles each time, up to two hours."""
    mail_port: int = 0
    """Where mails to be faxed come in (SMTP); 0: nowhere."""
    mail_listen: str = "127.0.0.1"
    mail_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Who may bring mails to be faxed; senders' addresses prove nothing."""

    def __post_init__(self) -> None:
        if not 1 <= self.lines <= 30:
            raise ValueError("lines: out of range: 1 to 30")
        if not 1 <= self.retry_seconds <= 3600:
            raise ValueError("retry_seconds: out of range: 1 to 3600")
        _port("mail_port", self.mail_port, zero=True)
        try:
            ipaddress.ip_address(self.mail_listen)
        except ValueError:
            raise ValueError(
                f"mail_listen: '{self.mail_listen}' is not an IP address: write for example 192.168.1.10"
            ) from None
        for network in self.mail_networks:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError(
                    f"mail_networks: '{network}' is not a network: write for example 192.168.1.0/24"
                ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Limits against floods and guessing at the edge."""

    realm: str = "ortsamt"
    """Digest realm of the phones; changing it means new secrets on every phone."""
    never_ban: tuple[str, ...] = ()
    """Networks that are never banned, for example 192.168.1.0/24."""
    ban_after_failures: int = 10
    ban_seconds: int = 600

    def __post_init__(self) -> None:
        for network in self.never_ban:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError(
                    f"never_ban: '{network}' is not a network: write for example 192.168.1.0/24"
                ) from None
        if not self.realm.replace(".", "").replace("-", "").isalnum():
            raise ValueError("realm: letters, digits, dots and hyphens only: for example ortsamt")
        if not 3 <= self.ban_after_failures <= 1000:
            raise ValueError("ban_after_failures: out of range: 3 to 1000")
        if not 1 <= self.ban_seconds <= 86400:
            raise ValueError("ban_seconds: out of range: 1 to 86400")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """How the box finds out whether the internet is there. Providers are always asked."""

    interval_seconds: float = 5.0
    servers: tuple[str, ...] = ()
    """Further TLS servers that prove it, ``name`` or ``name:port``: their certificate must fit."""

    def __post_init__(self) -> None:
        if not 1 <= self.interval_seconds <= 60:
            raise ValueError("interval_seconds: out of range: 1 to 60")
        for server in self.servers:
            host, _, port = server.partition(":")
            if not host or (port and not (port.isdigit() and 1 <= int(port) <= 65535)):
                raise ValueError(f"servers: '{server}' is no server: write for example www.example.com:443")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A second box on site: both name the same floating address, which the active one has."""

    address: str = ""
    """Floating address with its prefix, ``192.168.1.10/24``; empty: one box alone."""
    interface: str = ""
    """Empty: the one with an address in the same network."""
    router: int = 51
    """VRRP group (RFC 9568 §5.2.3), the same at both, another than any router's in this network."""
    priority: int = 100
    """When both are active, the greater stays; the same at both: the greater address stays."""
    port: int = 5067
    """TCP, where the other box connects."""

    def __post_init__(self) -> None:
        if self.address:
            try:
                found = ipaddress.ip_interface(self.address)
            except ValueError:
                found = None
            if found is None or "/" not in self.address or found.version != 4:
                raise ValueError(
                    f"address: '{self.address}' is no IPv4 address with its prefix: write 192.168.1.10/24"
                )
        if not re.fullmatch("[A-Za-z0-9._-]{0,15}", self.interface):
            raise ValueError(f"interface: '{self.interface}' is no network interface: for example eth0")
        if not 1 <= self.router <= 255:
            raise ValueError("router: out of range: 1 to 255")
        if not 1 <= self.priority <= 254:
            raise ValueError("priority: out of range: 1 to 254")
        _port("port", self.port)

    @property
    def floating(self) -> str:
        """The floating address without its prefix; empty without a second box."""
        return self.address.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class GsmPort:
    """A GSM module that cannot be found on the USB, because it hangs on a serial port of the board."""

    at_port: str
    """For commands: ``/dev/ttyAMA0``."""
    family: str = "generic"
    """``quectel``, ``simcom``, ``generic``."""
    audio_port: str = ""
    """For the sound of calls, a serial port too; empty: none, and no calls."""

    def __post_init__(self) -> None:
        if not self.at_port.startswith("/dev/"):
            raise ValueError(f"at_port: '{self.at_port}' is no device: write for example /dev/ttyAMA0")
        if self.audio_port and not self.audio_port.startswith("/dev/"):
            raise ValueError(f"audio_port: '{self.audio_port}' is no device: write for example /dev/ttyAMA1")
        if self.family not in ("quectel", "simcom", "generic"):
            raise ValueError(f"family: '{self.family}' is unknown: one of quectel, simcom, generic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gsm:
    """GSM modules; which there are on the USB and their SIMs is found out and configured, not set here."""

    enabled: bool = True
    sysfs: str = "/sys"
    """Where modules are looked for; another folder for emulated ones."""
    devices: str = "/dev"
    modules: tuple[GsmPort, ...] = ()
    """Those on serial ports of the board."""

    @property
    def sysfs_dir(self) -> Path:
        """``sysfs`` as a path."""
        return Path(self.sysfs)

    @property
    def devices_dir(self) -> Path:
        """``devices`` as a path."""
        return Path(self.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class DectModule:
    """One ``[[dect]]`` entry: a DECT module (DSP Group CMBS) at a serial port of the box."""

    id: str
    """What documents name it by (``dect_system``, field ``module``): ``dect1``."""
    port: str
    """For commands: ``/dev/ttyACM0``."""
    audio: str = ""
    """For sound, as ALSA names it (``hw:CARD=dect``, eight channels at 8 kHz) or a serial device; without it
    there are no calls."""
    emulated: bool = False
    """``port`` and ``audio`` are those of ``ortsamt dect-emulator --family cmbs``, and may be any files."""

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", self.id):
            raise ValueError("id: letters, digits, _ and -, at most 32: for example dect1")
        if not self.port.startswith("/" if self.emulated else "/dev/"):
            raise ValueError(f"port: '{self.port}' is no device: write for example /dev/ttyACM0")
        if any(ord(one) < 32 for one in self.audio):
            raise ValueError("audio: has control characters: write for example hw:CARD=dect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Pins of the front (numbers of the chip, BCM on a Raspberry Pi); what is left out is not there."""

    status: int | None = None
    """Lamp: lit when calls can be made."""
    fault: int | None = None
    """Lamp: lit when somebody must look."""
    pairing: int | None = None
    """Button to ground: enrol handsets and phones."""
    reset: int | None = None
    """Button to ground: held for ten seconds, the box forgets everything."""

    def __post_init__(self) -> None:
        pins = [pin for pin in (self.status, self.fault, self.pairing, self.reset) if pin is not None]
        if not all(0 <= pin <= 63 for pin in pins):
            raise ValueError("status: a pin is out of range: 0 to 63")
        if len(set(pins)) != len(pins):
            raise ValueError("status: two things share a pin: give each its own")

    @property
    def any(self) -> bool:
        """Whether there is a front at all."""
        return self != Panel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Folders of the box."""

    state: str = "/var/lib/ortsamt"
    runtime: str = "/run/ortsamt"
    prompts: str = "/usr/share/ortsamt/prompts"

    @property
    def state_dir(self) -> Path:
        """Databases, certificates: what survives a restart."""
        return Path(self.state)

    @property
    def audio_dir(self) -> Path:
        """Own recordings: ``<hash>.wav``."""
        return self.state_dir / "audio"

    @property
    def runtime_dir(self) -> Path:
        """Sockets: what does not."""
        return Path(self.runtime)

    @property
    def prompts_dir(self) -> Path:
        """Prompts and music made at build time: ``<language>/<name>.wav``, ``music/<name>.wav``."""
        return Path(self.prompts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSettings:
    """The whole of box.toml. Defaults make a working box."""

    node: str = "box"
    """This instance's name among those that share the configuration."""
    role: str = "box"
    """``box`` with equipment in an office, or ``cloud``: the same office on a server, without."""
    network: Network = field(default_factory=Network)
    engine: Engine = field(default_factory=Engine)
    fax: Fax = field(default_factory=Fax)
    gsm: Gsm = field(default_factory=Gsm)
    security: Security = field(default_factory=Security)
    survival: Survival = field(default_factory=Survival)
    standby: Standby = field(default_factory=Standby)
    panel: Panel = field(default_factory=Panel)
    paths: Paths = field(default_factory=Paths)
    fxs: tuple[FxsPort, ...] = ()
    """Analog ports."""
    dect: tuple[DectModule, ...] = ()
    """DECT modules; systems in the network are documents alone."""

    def __post_init__(self) -> None:
        check_ports(self.fxs)
        if self.role not in {"box", "cloud"}:
            raise ValueError(f"role: '{self.role}' is unknown: box or cloud")
        if self.in_cloud and self.fxs:
            raise ValueError("fxs: an instance in the cloud has no analog ports: leave them out")
        if self.in_cloud and self.standby.address:
            raise ValueError("standby: an instance in the cloud has no second box: leave it out")
        if self.standby.floating in self.network.listen and self.standby.floating:
            raise ValueError("standby: address is in network.listen too: list the box's own addresses there")
        others = (
            self.network.sip_port,
            self.network.tls_port,
            self.network.trunk_port,
            self.network.https_port,
        )
        if self.in_cloud and self.network.link_port in others:
            raise ValueError("network.link_port: another service has this port: give each its own")
        if self.standby.address and self.standby.port in self.network.used_ports:
            raise ValueError(f"standby: port {self.standby.port} is one of [network]: take another")
        names = [one.id for one in self.dect]
        if len(set(names)) != len(names):
            raise ValueError("dect: id is used twice: give each its own")
        if not self.node or not self.node.replace("-", "").isalnum() or len(self.node) > 32:
            raise ValueError("node: letters, digits and hyphens, at most 32: for example box-koeln")

    @property
    def in_cloud(self) -> bool:
        """Whether it has no equipment of its own."""
        return self.role == "cloud"

    @property
    def has_modules(self) -> bool:
        """Whether GSM modules are looked for."""
        return self.gsm.enabled and not self.in_cloud
