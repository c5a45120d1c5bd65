"""What the fax process needs to know of this machine; made from box.toml."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Where the line process is, and where the core."""

    port: int
    core_port: int
    rtp_first: int
    rtp_last: int
    spool: Path
    """Where received pages are written; best in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where the T.38 gateway takes orders and sends its packets from."""

    port: int
    address: str
    """Towards providers; the core is on loop-back."""
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxSettings:
    """Folders, sockets and sizes of the fax process."""

    state: Path
    """Of the whole box; the fax service has the folder ``fax`` in it."""
    runtime: Path
    """Sockets; pages as they come in."""
    line: LineSettings
    gateway: GatewaySettings
    lines: int = 8
    """Faxes sent at once."""
    retry_seconds: int = 120
    """Pause after the first failure; it doubles each time."""
    mail_listen: str = "127.0.0.1"
    mail_port: int = 0
    """Where mails to be faxed come in (SMTP); 0: nowhere."""
    mail_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Who may bring them."""

    @property
    def folder(self) -> Path:
        """``fax.db`` and all documents."""
        return self.state / "fax"

    def tiff(self, fax: str) -> Path:
        """The pages of a fax."""
        return self.folder / f"{fax}.tif"

    def pdf(self, fax: str) -> Path:
        """The same as PDF."""
        return self.folder / f"{fax}.pdf"

    def sources(self, job: str) -> Path:
        """What was ordered to be sent, as it came."""
        return self.folder / "orders" / job

    @property
    def uploads(self) -> Path:
        """Files that are on their way in."""
        return self.folder / "uploads"


def new_fax_id() -> str:
    """An id for a fax: sortable by time."""
    return f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(3)}"
