"""From box.toml to what each part of the box needs to know."""

import hashlib
import ipaddress
from pathlib import Path

from appliance.app.phones.facts import Reach as PhoneReach
from appliance.control.softphone import Reach
from appliance.errors import ConfigError
from appliance.fax.settings import FaxSettings, GatewaySettings, LineSettings
from appliance.model.box import BoxSettings
from appliance.model.snapshot import Snapshot
from appliance.sip.edge.events import Account, Aor, Credential
from appliance.sip.edge.settings import EdgeSettings, link_token, served_addresses
from appliance.sip.settings import EngineSettings

_RESOLV_CONF = Path("/etc/resolv.conf")


def listen_addresses(box: BoxSettings) -> tuple[str, ...]:
    """The machine's own addresses for phones; raises ConfigError when it has none and none is set."""
    if box.network.listen:
        return box.network.listen
    found = tuple(one for one in served_addresses() if one != box.standby.floating)
    if not found:
        raise ConfigError(
            "this machine has no network address for phones",
            error_id="box.no_address",
            field="network.listen",
            hint="connect the network, or set listen in [network], for example to 127.0.0.1",
        )
    return found


def media_address(box: BoxSettings, addresses: tuple[str, ...]) -> str:
    """The address announced for sound: in the cloud the one that others see, if the settings tell it."""
    return (box.network.seen_at if box.in_cloud else "") or addresses[0]


def reach(box: BoxSettings) -> Reach:
    """How apps reach the box: encrypted where it has a certificate."""
    address = box.standby.floating or listen_addresses(box)[0]
    return Reach(
        address=f"[{address}]" if ":" in address else address,
        sip_port=box.network.sip_port,
        tls_port=box.network.tls_port if box.network.tls_certificate else 0,
        realm=box.security.realm,
    )


def phone_reach(box: BoxSettings) -> PhoneReach:
    """How desk phones reach the box."""
    network = box.network
    return PhoneReach(
        address=box.standby.floating or listen_addresses(box)[0],
        sip_port=network.sip_port,
        tls_port=network.tls_port,
        http_port=network.http_port,
        https_port=network.https_port,
    )


def edge_settings(box: BoxSettings) -> EdgeSettings:
    """What ``ortsamt edge`` renders Kamailio's configuration from."""
    network, security, paths = box.network, box.security, box.paths
    return EdgeSettings(
        state_dir=paths.state_dir / "edge",
        runtime_dir=paths.runtime_dir / "edge",
        listen=listen_addresses(box),
        floating=box.standby.floating,
        advertised=(network.seen_at or None) if box.in_cloud else None,
        sip_port=network.sip_port,
        tls_port=network.tls_port,
        tls_certificate=Path(network.tls_certificate) if network.tls_certificate else None,
        tls_key=Path(network.tls_key) if network.tls_key else None,
        link_port=network.link_port if box.in_cloud else 0,
        public_link_port=network.public_link_port,
        link_name=network.public_address,
        core_listen=f"127.0.0.1:{network.edge_core_port}",
        core_address=f"127.0.0.1:{network.core_port}",
        evapi_port=network.evapi_port,
        link_token=link_token(paths.state_dir / "edge"),
        realm=security.realm,
        trusted_networks=security.never_ban,
        user_ban_failures=security.ban_after_failures,
        ban_s=security.ban_seconds,
    )


def engine_settings(box: BoxSettings, snapshot: Snapshot) -> EngineSettings:
    """What the SIP engine is made with. The country of tones is the site's at start."""
    network = box.network
    addresses = listen_addresses(box)
    return EngineSettings(
        core_port=network.core_port,
        edge_core_port=network.edge_core_port,
        fax_port=network.fax_port,
        t38_port=network.t38_port,
        media_address=media_address(box, addresses),
        trunk_listen=addresses[0] if ipaddress.ip_address(addresses[0]).is_loopback else "",
        trunk_port=network.trunk_port,
        rtp_first=network.rtp_first,
        rtp_last=network.rtp_last,
        name_servers=network.name_servers or system_name_servers(),
        max_legs=box.engine.max_legs,
        clock_rate=box.engine.clock_rate,
        codecs=box.engine.codecs,
        media_lost_seconds=box.engine.media_lost_seconds,
        prompts_dir=box.paths.prompts_dir,
        audio_dir=box.paths.audio_dir,
        voice_dir=box.paths.state_dir / "voice",
        country=snapshot.site.country,
    )


def fax_settings(box: BoxSettings) -> FaxSettings:
    """What the fax process is made with."""
    network, paths, fax = box.network, box.paths, box.fax
    return FaxSettings(
        state=paths.state_dir,
        runtime=paths.runtime_dir,
        line=LineSettings(
            port=network.fax_port,
            core_port=network.core_port,
            rtp_first=network.rtp_first,
            rtp_last=network.rtp_last,
            spool=paths.runtime_dir / "fax",
        ),
        gateway=GatewaySettings(
            port=network.t38_port,
            address=listen_addresses(box)[0],
            rtp_first=network.rtp_first,
            rtp_last=network.rtp_last,
        ),
        lines=fax.lines,
        retry_seconds=fax.retry_seconds,
        mail_listen=fax.mail_listen,
        mail_port=fax.mail_port,
        mail_networks=fax.mail_networks,
    )


def system_name_servers(path: Path = _RESOLV_CONF) -> tuple[str, ...]:
    """The name servers of resolv.conf(5) that are IP addresses; empty when there are none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found: list[str] = []
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ipaddress.ip_address(words[1])
            except ValueError:
                continue
            found.append(words[1])
    return tuple(found[:3])


def credentials(snapshot: Snapshot, realm: str) -> dict[Account, Credential]:
    """What the edge may know of the phones' accounts: never the secret itself (HA1, RFC 2617 §3.2.2.2)."""
    return {
        Account(device.username): Credential(
            ha1=ha1(device.username, realm, device.secret), aor=Aor(device.username)
        )
        for device in snapshot.devices.values()
    }


def ha1(username: str, realm: str, secret: str) -> str:
    """What a registrar needs to check a digest (RFC 2617 §3.2.2.2)."""
    return hashlib.md5(f"{username}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()
