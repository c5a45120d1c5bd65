"""Makes a change of the configuration live before it is acknowledged: engine, edge, lamps, watchers."""

from __future__ import annotations

import contextlib
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

import structlog

from appliance.app.settings import credentials
from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.model.events import SnapshotChanged
from appliance.model.snapshot import Snapshot
from appliance.store.operations import Operation

if TYPE_CHECKING:
    from appliance.app.core import Core

LIVE_S = 0.2
"""How long a change waits for the engine and the edge to know it before it is acknowledged all the same."""
_PHONES = frozenset({"device", "dect_handset", "dect_system"})
_TOLD_TO_THE_EDGE = frozenset({"device", "dect_handset", "dect_system", "extension", "instance"})
_WITH_MESSAGES = frozenset({"device", "dect_handset", "extension", "voicemail_box"})
_WITH_LAMPS = frozenset({"extension", "switch", "feature_code"})
log = structlog.get_logger(__name__)


class LiveConfiguration:
    """Listens to the configuration store, on the thread that made the change."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._late = False
        """The engine was too busy to take the present configuration."""

    def changed(self, snapshot: Snapshot, operations: tuple[Operation, ...]) -> None:
        """Tell everybody whom the change concerns; waits at most twice ``LIVE_S``."""
        core = self._core
        kinds = {operation.kind for operation in operations}
        if kinds & _TOLD_TO_THE_EDGE:
            self.tell_edge(snapshot)
        try:
            core.loop.ask(lambda: core.loop.handle(SnapshotChanged(snapshot=snapshot)), LIVE_S)
        except DeviceUnavailable:
            self._late = True
        if "instance" in kinds:
            core.nodes.look()
        if kinds & _WITH_LAMPS:
            core.lamps.show(snapshot)
        if kinds & _WITH_MESSAGES:
            core.voicemail.show()
        if kinds & _PHONES:
            self._await_edge()
        if "gsm_module" in kinds:
            core.mobile.settings_changed()
        core.notifier.changed(snapshot, operations)
        core.server.publish(
            "configuration",
            {
                "revision": snapshot.revision,
                "changes": sorted({f"{operation.kind} {operation.entity}" for operation in operations}),
            },
        )

    def catch_up(self) -> None:
        """Let the engine take what it was too busy for; engine thread only."""
        if self._late:
            self._late = False
            self._core.loop.handle(SnapshotChanged(snapshot=self._core.configuration.snapshot()))

    def tell_edge(self, snapshot: Snapshot) -> None:
        """Tell the edge who may register, without waiting for it."""
        core = self._core
        try:
            known = credentials(snapshot, core.box.security.realm)
            core.edge.set_credentials({**known, **core.nodes.accounts(snapshot)})
        except OrtsamtError as error:
            log.error("credentials are not usable", error=str(error))

    def _await_edge(self) -> None:
        with contextlib.suppress(OrtsamtError, FutureTimeout):  # it is told when it is back
            self._core.edge.stats().result(LIVE_S)
