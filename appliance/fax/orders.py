"""Orders for faxes: what is to be sent, to whom, in the name of which box; looked at, and on disk at once."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.fax.office import Office
from appliance.fax.paper import to_file
from appliance.fax.rows import FaxState, NewFax
from appliance.fax.settings import FaxSettings, new_fax_id
from appliance.fax.store import FaxStore
from appliance.model.ids import FaxBoxId

MAX_RECIPIENTS = 200
MAX_WAITING = 2000
"""Faxes that wait to be sent; beyond, orders are refused."""


class Orders:
    """Takes orders on any thread; ``wake`` lets somebody look at them."""

    def __init__(
        self,
        settings: FaxSettings,
        store: FaxStore,
        office: Callable[[], Office],
        wake: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._office = office
        self._wake = wake

    def take(
        self,
        box_id: str,
        numbers: Sequence[str],
        files: Sequence[tuple[str, bytes]],
        *,
        source: str,
        submitter: str = "",
        subject: str = "",
        cover: str = "",
    ) -> tuple[str, tuple[str, ...]]:
        """Take an order: the files, one after another, to each number; returns the job's and the faxes' ids.

        On disk when this returns. Raises NotFound, ConfigError, DeviceUnavailable.
        """
        box = self._office().boxes.get(FaxBoxId(box_id))
        if box is None:
            raise NotFound(f"there is no fax box '{box_id[:40]}'", hint="see: ortsamt ctl list fax_box")
        if box.extension is None:
            raise ConfigError(
                f"fax box {box_id} only receives",
                error_id="fax.receives_only",
                field="box",
                hint="name the extension whose rights count: ortsamt ctl set fax_box … extension=21",
            )
        dialled = tuple(dict.fromkeys(cleaned(one) for one in numbers))
        if not 1 <= len(dialled) <= MAX_RECIPIENTS:
            raise ConfigError(f"to: 1 to {MAX_RECIPIENTS} numbers", error_id="fax.recipients", field="to")
        if not files and not cover:
            raise ConfigError("there is nothing to send", error_id="fax.empty", field="file")
        if len(self._store.in_state(FaxState.PREPARING, FaxState.WAITING)) + len(dialled) > MAX_WAITING:
            raise DeviceUnavailable("too many faxes wait", error_id="fax.full", hint="try again later")
        job = new_fax_id()
        folder = self._settings.sources(job)
        folder.mkdir(parents=True)
        for number, (name, data) in enumerate(files):
            to_file(folder / f"{number:03}-{safe(name)}", data)
        faxes = [
            NewFax(
                id=new_fax_id(),
                box=box.id,
                peer=one,
                job=job,
                source=source,
                submitter=submitter,
                subject=subject[:200],
                cover=cover[:5000],
            )
            for one in dialled
        ]
        try:
            self._store.order(faxes, datetime.now(UTC))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._wake()
        return job, tuple(fax.id for fax in faxes)


def cleaned(number: str) -> str:
    """A number as dialled; raises ConfigError for what is none."""
    digits = "".join(one for one in number if one not in " -/().\t")
    if not (digits.removeprefix("+").isascii() and digits.removeprefix("+").isdigit() and len(digits) <= 32):
        raise ConfigError(
            f"'{number[:40]}' is no fax number", error_id="fax.number", field="to", hint="write +49221471…"
        )
    return digits


def safe(name: str) -> str:
    """A file name without surprises."""
    kept = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)
    return kept[-60:].lstrip(".") or "document"
