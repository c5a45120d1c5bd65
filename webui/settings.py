"""What the web process is made with."""

from dataclasses import dataclass
from pathlib import Path

from appliance.model.box import BoxSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Ports, folders and the core's socket. Without addresses every one of the machine is listened on."""

    socket: Path
    folder: Path
    """State of its own: ``web.db``, certificate, first password."""
    edge_certificate: Path | None
    """Where the edge has the certificate it made itself; None: it was given another by box.toml."""
    listen: tuple[str, ...]
    https_port: int
    http_port: int
    """Redirects to HTTPS; 0: nothing."""
    names: tuple[str, ...] = ()
    """Addresses and host names for a certificate that has to be made."""
    hooks_to_loopback: bool = False


def web_settings(box: BoxSettings, names: tuple[str, ...]) -> WebSettings:
    """From box.toml."""
    network, paths = box.network, box.paths
    return WebSettings(
        socket=paths.runtime_dir / "control.sock",
        folder=paths.state_dir / "web",
        edge_certificate=None if network.tls_certificate else paths.state_dir / "edge" / "tls" / "edge.crt",
        listen=network.listen,
        names=names,
        https_port=network.https_port,
        http_port=network.http_port,
        hooks_to_loopback=network.hooks_to_loopback,
    )
