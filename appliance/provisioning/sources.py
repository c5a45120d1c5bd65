"""The seam for devices that are no phones of the office but fetch files from the box: DECT bases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from appliance.provisioning.facts import RenderedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignDevice:
    """A device that gets its files from somebody else. Who may fetch is decided as for phones.

    ``render(name, base_url)`` makes the file ``name`` (None: there is none of that name); ``base_url`` is
    where the device fetches from later on and ends with a slash. It runs on a worker thread of the core and
    must not block.
    """

    mac: str
    vendor: str
    model: str
    token: str = field(repr=False)
    """The secret part of ``base_url``: 20 letters and digits or more, kept with the configuration."""
    first_file: str
    """What SIP PnP points to, for example ``7c2f80aabbcc.xml``."""
    render: Callable[[str, str], RenderedFile | None]
    check_sync: str = "check-sync;reboot=false"
    """``Event`` of the NOTIFY that makes it fetch again."""
    accounts: tuple[str, ...] = ()
    """User names under which it registers: where that NOTIFY goes."""


class FileSource(Protocol):
    """Knows foreign devices; asked from any thread, answers from memory."""

    def device(self, mac: str) -> ForeignDevice | None:
        """The device of this MAC (twelve lower-case hex digits)."""

    def devices(self) -> tuple[ForeignDevice, ...]:
        """All of them."""
