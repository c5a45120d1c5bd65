"""All tests, in parts; a few that failed beside others are tried once more with the machine to themselves.

Calls, faxes and failing networks are tried in real time. On a machine that had no time for them they fail
without a fault, so a second verdict is taken in peace, and the names of those that needed it are told: a name
that comes again is a defect of the test or of the product.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from console import say

MOST_AGAIN = 6
"""More failures are no matter of time."""
_TESTS_FAILED = 1


def run_parts(pytest: Sequence[str], parts: Sequence[Sequence[str]], cache: Path) -> int:
    """Run pytest once for each part's words, then what failed by itself; return the exit code.

    ``cache``: pytest's cache folder, in which it keeps what failed.
    """
    ended = []
    for at, words in enumerate(parts):
        fresh = ["--cache-clear"] if at == 0 else []
        ended.append(subprocess.run([*pytest, *fresh, *words], check=False).returncode)
    worst = max(ended)
    failed = _failed(cache)
    if worst != _TESTS_FAILED or not 0 < len(failed) <= MOST_AGAIN:
        if worst:
            say(f"✗ {len(failed)} tests failed: see above")
        return worst
    say("· failed beside others, now once more by themselves: " + ", ".join(failed))
    again = subprocess.run([*pytest, "-n", "0", *failed], check=False).returncode
    say("✗ they fail" if again else "! they pass by themselves: what did they not bear beside others?")
    return again


def _failed(cache: Path) -> list[str]:
    try:
        return sorted(json.loads((cache / "v/cache/lastfailed").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
