"""What the fax process knows of the office: boxes and site, from the core, kept up to date."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError
from appliance.model.decode import decode
from appliance.model.documents import FaxBox, Site
from appliance.model.ids import FaxBoxId

RETRY_S = 1.0
ASK_AGAIN_S = 30.0
"""An event may have been lost: ask at least so often."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The office as faxes need it."""

    site: Site = field(default_factory=Site)
    boxes: Mapping[FaxBoxId, FaxBox] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Extension id → its public number, where it has one."""
    t38: bool = False
    """A trunk may change to T.38: the gateway is needed."""
    active: bool = True
    """Faxes may be sent; those that wait at a box on stand-by wait on."""

    def ident(self, box: FaxBox) -> str:
        """What the far machine is shown."""
        own = self.numbers.get(box.extension or "")
        return box.ident or box.caller_number or own or self.site.default_caller_number or box.number


class OfficeWatch:
    """Owner of the thread ``fax-office``; ``changed`` is called on it with each new office."""

    def __init__(self, socket: Path, changed: Callable[[Office], None]) -> None:
        self._socket = socket
        self._changed = changed
        self._stopping = threading.Event()
        self._client: ControlClient | None = None
        self._thread = threading.Thread(target=self._run, name="fax-office", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        client = self._client
        if client is not None:
            client.close()
        self._thread.join(3.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                last: Office | None = None  # a new core may have another address
                with ControlClient(self._socket) as asking, ControlClient(self._socket) as watching:
                    self._client = watching
                    events = watching.watch(("configuration",), timeout=ASK_AGAIN_S)
                    while not self._stopping.is_set():
                        office = read_office(asking)
                        if office != last:
                            last = office
                            self._changed(office)
                        next(events, None)
            except (OrtsamtError, OSError, ValueError) as error:
                if not self._stopping.is_set():
                    _log.debug("the core cannot be asked", error=str(error))
                self._stopping.wait(RETRY_S)


def read_office(client: ControlClient) -> Office:
    """Ask the core."""
    sites = _all(client, "site", Site)
    boxes = _all(client, "fax_box", FaxBox)
    extensions = client.call("config.list", {"kind": "extension"})
    trunks = client.call("config.list", {"kind": "trunk"})
    return Office(
        site=sites[0] if sites else Site(),
        boxes={box.id: box for box in boxes},
        numbers={one["id"]: one["caller_number"] for one in extensions if one.get("caller_number")},
        active=client.call("standby.show")["active"],
        t38=any(one.get("t38") and one.get("enabled", True) for one in trunks),
    )


def _all(client: ControlClient, kind: str, form: type[Any]) -> list[Any]:
    return [decode(form, one, where=kind) for one in client.call("config.list", {"kind": kind})]
