"""``selftest.start`` and ``selftest.show``: the box tries itself while somebody looks on."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient
from appliance.control.server import ControlServer
from appliance.control.trying import Tried, TryingItself, trying
from appliance.errors import ConfigError, OrtsamtError
from appliance.model.decode import decode

STOP_S = 3.0


@dataclass(slots=True, kw_only=True)
class _Run:
    began: datetime
    ended: datetime | None = None
    error: str = ""
    results: list[Tried] = field(default_factory=list)


class TrialRun:
    """At most one run at a time, on a thread of its own that asks like any client."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._run: _Run | None = None
        self._thread: threading.Thread | None = None

    def register(self, server: ControlServer) -> None:
        """Offer both methods."""
        server.register("selftest.start", self.start)
        server.register("selftest.show", self.show)

    def stop(self) -> None:
        """End after what is being tried now; waits a moment for that."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def start(self, params: Mapping[str, Any]) -> object:
        """Begin; raises ConfigError while one is under way."""
        asked = decode(TryingItself, params, where="selftest.start")
        with self._guard:
            if self._run is not None and self._run.ended is None:
                raise ConfigError(
                    "the box is trying itself already", error_id="selftest.busy", hint="look on"
                )
            run = self._run = _Run(began=datetime.now(UTC))
            self._thread = threading.Thread(
                target=self._try, args=(run, asked), name="self-test", daemon=True
            )
            self._thread.start()
        return self.show({})

    def show(self, params: Mapping[str, Any]) -> object:
        """The run under way, or the last one: ``{"running", "began", "ended", "error", "results"}``."""
        del params
        with self._guard:
            run = self._run
            if run is None:
                return {"running": False, "began": None, "ended": None, "error": "", "results": []}
            return {
                "running": run.ended is None,
                "began": run.began,
                "ended": run.ended,
                "error": run.error,
                "results": list(run.results),
            }

    def _try(self, run: _Run, asked: TryingItself) -> None:
        error = ""
        try:
            with ControlClient(self._socket) as client:
                for one in trying(
                    client, self._socket.with_name("simulation.sock"), analog=asked.analog, fax=asked.fax
                ):
                    with self._guard:
                        run.results.append(one)
                    if self._stopping.is_set():
                        break
        except OrtsamtError as failure:
            error = str(failure)
        finally:
            with self._guard:
                run.error = error
                run.ended = datetime.now(UTC)
