"""The line process on ports of a test's choice: ``fax_line PORT CORE_PORT SPOOL``."""

import os
import sys
from pathlib import Path

from appliance.fax.line import Line
from appliance.fax.settings import LineSettings

if __name__ == "__main__":
    port, core_port, spool = sys.argv[1:4]
    news = os.dup(1)
    os.dup2(2, 1)
    first = 46000 + int(port) % 4000 // 2 * 2
    settings = LineSettings(
        port=int(port), core_port=int(core_port), rtp_first=first, rtp_last=first + 400, spool=Path(spool)
    )
    Line(settings, 0, news).run()
