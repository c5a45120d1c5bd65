"""Faxes of machines at analog ports, stored first and then sent on as often as it takes.

The machine has its confirmation by then; what became of it is told by mail.
"""

import shutil
from datetime import datetime

import structlog

from appliance.fax.paper import MACHINE, copy_pages, sync_folder
from appliance.fax.rows import Fax, NewFax
from appliance.fax.settings import FaxSettings, new_fax_id
from appliance.fax.store import FaxStore

_log = structlog.get_logger(__name__)


def send_on(store: FaxStore, settings: FaxSettings, now: datetime) -> None:
    """Order what has come whole; each once, whatever happens in between. Raises DeviceUnavailable."""
    for fax in store.to_relay():
        folder = settings.sources(fax.id)
        shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was cut off
        folder.mkdir(parents=True)
        copy_pages(str(settings.tiff(fax.id)), folder / "page.tif")
        sync_folder(folder.parent)
        order = NewFax(
            id=new_fax_id(), box=fax.box, peer=fax.relay, job=fax.id, source=MACHINE, subject=fax.peer
        )
        store.order([order], now, relays=fax.id)
        _log.info("fax sent on", fax=fax.id, by=order.id)


def came_to_be_sent_on(fax: Fax, store: FaxStore) -> bool:
    """Whether the fax was for somebody else: nobody is told of its coming, only of what became of it."""
    if fax.direction != "in":
        return False
    return bool(fax.relay) or any(one.source == MACHINE for one in store.journal(job=fax.id, limit=1))
