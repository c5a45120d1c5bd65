"""A node without telephony: the real store and its methods behind a control socket, until killed.

python -m tests.support.store_node FOLDER NODE CLOCK_OFFSET_S
"""

import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.control.configuration import register_configuration
from appliance.control.server import ControlServer
from appliance.control.sync import SyncMethods
from appliance.store.configuration import ConfigurationStore


def main(folder: Path, node: str, offset_s: float) -> None:
    """Serve."""
    store = ConfigurationStore(
        folder / "state" / "configuration.db", node, lambda: datetime.now(UTC) + timedelta(seconds=offset_s)
    )
    server = ControlServer(folder / "run" / "control.sock")
    register_configuration(server, store)
    SyncMethods(store, server).register(server)
    reported: dict[str, Any] = {}

    def report(params: Mapping[str, Any]) -> object:
        reported.update(params)
        return {}

    server.register("sync.report", report)
    server.register("sync.show", lambda _: dict(reported))
    server.start()
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
