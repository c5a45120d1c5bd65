"""What the SIP engine needs to know of this machine; made from the box settings by the wiring."""

from dataclasses import dataclass
from pathlib import Path

EMERGENCY_RESERVE = 16
"""Legs kept free above the admission limit, so that an emergency call always finds two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Addresses, ports, sizes and sounds of the engine."""

    core_port: int = 5070
    """Loop-back UDP, for the edge alone."""
    edge_core_port: int = 5062
    """Loop-back UDP, where the edge hears us; packets from elsewhere are nobody's."""
    fax_port: int = 5064
    """Loop-back UDP, where the fax engine hears us; it may call in the name of fax boxes."""
    t38_port: int = 5065
    """Loop-back UDP, where rtpengine takes orders; asked only for trunks with T.38."""
    media_address: str
    """The address announced for audio and in From: the LAN address of the box."""
    trunk_listen: str = ""
    """Bind address of the trunk transports; empty: every address."""
    trunk_port: int = 5080
    trunk_address: str = ""
    """Announced to providers in Via and Contact; empty: ``media_address``."""
    rtp_first: int = 20000
    rtp_last: int = 29999
    name_servers: tuple[str, ...] = ()
    """Never asked in a blocking way; without any, names of providers are not found."""
    name_server_port: int = 53
    max_legs: int = 128
    clock_rate: int = 16000
    """Mixer clock in Hz."""
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    """In order of preference; all others are off."""
    media_lost_seconds: int = 60
    no_response_seconds: int = 6
    """An INVITE that nobody answers at all for so long goes to the provider's next server, or ends."""
    session_expires_seconds: int = 1800
    session_min_seconds: int = 90
    prompts_dir: Path
    """``<language>/<name>.wav`` and, for names with a folder, ``<name>.wav``: 16 kHz mono 16-bit."""
    audio_dir: Path
    """Own recordings, as documents of kind *audio* name them: ``<hash>.wav``."""
    voice_dir: Path
    """Where recordings go and messages are: ``voice/<name>`` is ``<name>.wav`` in here."""
    country: str = "DE"
    """Whose call-progress tones are played."""
    user_agent: str = "Ortsamt"
    ca_file: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    """Authorities that may vouch for a provider's TLS certificate."""
    pjsip_log_level: int = 2
    """What PJSIP itself tells our log: 1 errors, 2 warnings, 3 every call."""

    @property
    def provider_facing_address(self) -> str:
        """The address that providers see."""
        return self.trunk_address or self.media_address
