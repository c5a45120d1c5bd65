"""What calls want changed on disk: made on a thread of its own; a configuration's is answered by an event."""

import queue
import threading
from collections.abc import Callable, Iterable

import structlog

from appliance.errors import OrtsamtError
from appliance.model.effects import ChangeConfiguration, WishChanged
from appliance.model.events import ConfigurationChanged, Event
from appliance.model.plan import Edit
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Change, Delete, Put
from appliance.store.wishes import WishStore

MAX_WAITING = 200
_log = structlog.get_logger(__name__)


class ChangeWorker:
    """Makes changes in the order in which they are asked for; ``take`` never blocks."""

    def __init__(self, store: ConfigurationStore, wishes: WishStore, post: Callable[[Event], None]) -> None:
        self._store = store
        self._wishes = wishes
        self._post = post
        self._waiting: queue.Queue[ChangeConfiguration | WishChanged | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Make what waits, then end."""
        self._waiting.put(None)
        self._thread.join(5)

    def take(self, change: ChangeConfiguration | WishChanged) -> None:
        """Make this change soon; when too many wait, it is refused at once."""
        try:
            self._waiting.put_nowait(change)
        except queue.Full:
            if isinstance(change, WishChanged):
                _log.error("a wish is not kept over a restart: too many changes wait", asker=change.asker)
            else:
                self._answer(change, made=False)

    def _run(self) -> None:
        while True:
            change = self._waiting.get()
            if change is None:
                return
            if isinstance(change, WishChanged):
                self._keep(change)
                continue
            try:
                self._store.apply(edits_of(change.edits), change.who)
            except OrtsamtError as error:
                _log.warning("a phone's change was refused", who=change.who, error=str(error))
                self._answer(change, made=False)
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
                _log.exception("a phone's change failed", who=change.who)
                self._answer(change, made=False)
            else:
                self._answer(change, made=True)

    def _keep(self, change: WishChanged) -> None:
        try:
            self._wishes.keep(change.asker, change.wish)
        except Exception as error:  # noqa: BLE001 - nor must a full disk
            _log.error("a wish is not kept over a restart", asker=change.asker, error=str(error))

    def _answer(self, change: ChangeConfiguration, *, made: bool) -> None:
        if change.call is not None:
            try:
                self._post(ConfigurationChanged(call=change.call, made=made))
            except OrtsamtError as error:
                _log.warning("the engine did not take an answer", error=str(error))


def edits_of(edits: Iterable[Edit]) -> list[Change]:
    """The edits as the store takes them."""
    return [_edit(edit) for edit in edits]


def _edit(edit: Edit) -> Change:
    if edit.delete:
        return Delete(kind=edit.kind, id=edit.id)
    return Put(kind=edit.kind, id=edit.id, fields=dict(edit.fields))
