"""Run in the box: the core has packets recorded while it calls itself, and there must be some."""

import subprocess
import sys
import time
from pathlib import Path

from appliance.control.client import ControlClient

with ControlClient(Path("/run/ortsamt/control.sock")) as core:
    core.call("capture.start", {"seconds": 120}, 60)
    subprocess.run(["ortsamt", "update", "check"], check=True)
    time.sleep(2)
    core.call("capture.stop", {}, 60)
    size = core.call("capture.read", {"offset": 0}, 60)["size"]
print(f"{size} bytes of packets were recorded")
sys.exit(size < 1000)
