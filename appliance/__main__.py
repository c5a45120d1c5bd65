"""``python -m appliance``: the same as ``ortsamt``."""

import sys

from appliance.cli import main

sys.exit(main())
