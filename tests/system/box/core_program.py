"""A real core that can be told to stand still: ``core_program.py BOX_TOML``.

Its one method more, ``test.block``, keeps the engine thread busy for ``seconds``, as a defect would. At the
end it says which threads and how many file descriptors are left.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.app.core import Core
from appliance.store.box import load_box
from appliance.telemetry.logs import configure


def main(settings: Path) -> None:
    """Run until told to stop."""
    configure("info", json=True)
    before = len(os.listdir("/proc/self/fd"))
    core = Core(load_box(settings))
    core.start()

    def block(params: Mapping[str, Any]) -> object:
        core.loop.ask(lambda: time.sleep(params["seconds"]), timeout_s=params["seconds"] + 5)
        return {}

    core.server.register("test.block", block, slow=True)
    core.run()
    names = sorted(thread.name for thread in threading.enumerate())
    print(f"threads left: {names}", flush=True)
    print(f"descriptors left: {len(os.listdir('/proc/self/fd')) - before}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
