"""From an order to pages, and from pages to files that survive a power cut."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from appliance.errors import PeerProtocolError
from appliance.fax.documents import Cover, DocumentError, Fault, to_fax
from appliance.fax.office import Office
from appliance.fax.rows import Fax
from appliance.fax.settings import FaxSettings
from appliance.fax.tiff import read_pages
from appliance.fax.words import word
from appliance.model.documents import FaxBox
from appliance.notify.messages import zone

MACHINE = "machine"
"""The source of faxes that come from a machine at an analog port."""


def prepare(fax: Fax, box: FaxBox, office: Office, settings: FaxSettings, now: datetime) -> int:
    """Make the pages of a fax; returns how many. Raises DocumentError, DeviceUnavailable."""
    folder = settings.sources(fax.job)
    sources = sorted(folder.iterdir()) if folder.is_dir() else []
    if fax.source == MACHINE:
        return _as_they_are(sources, settings.tiff(fax.id))
    language = box.language or office.site.language
    here = now.astimezone(zone(office.site.timezone))
    sender = box.header or box.name or office.site.name
    number = office.ident(box)
    header = "   ".join(
        [
            f"{here:%d.%m.%Y %H:%M}",
            f"{sender}  {number}".strip(),
            f"{word('to', language)} {fax.peer}",
            f"{word('page', language)} {{page}}/{{pages}}",
        ]
    )
    cover = None
    if fax.cover:
        rows = [
            (word("to", language), fax.peer),
            (word("from", language), f"{sender} {number}".strip()),
            (word("date", language), f"{here:%d.%m.%Y %H:%M}"),
        ]
        if fax.subject:
            rows.append((word("subject", language), fax.subject))
        cover = Cover(title=word("cover", language), rows=tuple(rows), text=fax.cover)
    return len(to_fax(sources, settings.tiff(fax.id), header=header, cover=cover, fine=box.fine))


def _as_they_are(sources: list[Path], target: Path) -> int:
    """Pages that a machine sent, with its own line at the top; a fax image need not be made one."""
    for source in sources:
        copy_pages(str(source), target)
    pages = count_pages(target)
    if not pages:
        raise DocumentError(Fault.EMPTY)
    return pages


def copy_pages(spool: str, target: Path, *, move: bool = False) -> None:
    """Bring what the line wrote so far onto the disk; nothing where it wrote nothing."""
    source = Path(spool)
    if not source.exists():
        return
    beside = target.with_name(f"{target.name}.new")
    with source.open("rb") as read, beside.open("wb") as write:
        shutil.copyfileobj(read, write)
        write.flush()
        os.fsync(write.fileno())
    beside.replace(target)
    sync_folder(target.parent)
    if move:
        source.unlink(missing_ok=True)


def to_file(path: Path, data: bytes) -> None:
    """Write a file that is there after a power cut."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def count_pages(tiff: Path) -> int:
    """How many whole pages a file has; 0 for none."""
    try:
        return len(read_pages(tiff))
    except (OSError, PeerProtocolError):
        return 0
