"""The names of those who are found by name, spoken by the box: made when the configuration changes."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog

from appliance.errors import OrtsamtError
from appliance.model.audio import Audio
from appliance.model.documents import Extension, MenuAction
from appliance.model.menus import recorded_name
from appliance.model.snapshot import Snapshot
from appliance.store.configuration import ConfigurationStore
from appliance.store.operations import Operation

WHO = "spoken names"
_KINDS = frozenset({"extension", "menu"})
_ID = re.compile(r"[a-z0-9_-]{1,48}\Z")
_log = structlog.get_logger(__name__)

Adder = Callable[[Mapping[str, object]], object]
"""``audio.add`` with its params; raises OrtsamtError."""


class SpokenNames:
    """Has missing names spoken one after another, on a thread of its own: that takes a while each."""

    def __init__(self, configuration: ConfigurationStore, add: Adder) -> None:
        self._configuration = configuration
        self._add = add
        self._due = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="spoken-names", daemon=True)

    def start(self) -> None:
        """Start the thread; what is missing is made."""
        self._due.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the name that is being spoken."""
        self._stopping = True
        self._due.set()
        self._thread.join(5)

    def changed(self, _snapshot: Snapshot, operations: Iterable[Operation]) -> None:
        """Take note of a change of the configuration."""
        if any(operation.kind in _KINDS for operation in operations):
            self._due.set()

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            for extension in missing(self._configuration.snapshot()):
                if self._stopping:
                    return
                self._speak(extension)
            if self._stopping:
                return

    def _speak(self, extension: Extension) -> None:
        params = {
            "id": recorded_name(extension.id),
            "name": extension.name,
            "text": said(extension.name),
            "who": WHO,
        }
        try:
            self._add(params)
        except OrtsamtError as error:
            _log.warning("a name cannot be spoken", extension=extension.id, error=str(error))
        except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
            _log.exception("a name cannot be spoken", extension=extension.id)


def said(name: str) -> str:
    """A name as one says it: ``Ada Böhm`` for ``Böhm, Ada``."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name


def missing(snapshot: Snapshot) -> Iterator[Extension]:
    """Extensions in a directory whose name was not spoken, or was another one then.

    A recording that somebody uploaded, or whose text somebody wrote, is left as it is.
    """
    menus = [
        menu
        for menu in snapshot.menus.values()
        if any(option.action is MenuAction.DIRECTORY for option in menu.options)
    ]
    everybody = any(not menu.directory for menu in menus)
    named = {extension for menu in menus for extension in menu.directory}
    for extension in snapshot.extensions.values():
        if not extension.name or not (everybody or extension.id in named):
            continue
        recording = recorded_name(extension.id)
        if _ID.match(recording) and _outdated(snapshot.audio.get(recording), extension):
            yield extension


def _outdated(audio: Audio | None, extension: Extension) -> bool:
    if audio is None:
        return True
    ours = bool(audio.text) and audio.text == said(audio.name)
    return ours and audio.name != extension.name
