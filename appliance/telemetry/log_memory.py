"""The last log lines, kept in memory for pages and support: as masked as those that were written."""

import json
import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

KEPT = 5000
MAX_LINE = 4000
"""Characters; a longer line is kept without its fields."""


class LogMemory:
    """Bounded; for any thread."""

    def __init__(self, kept: int = KEPT) -> None:
        self._guard = threading.Lock()
        self._lines: deque[tuple[int, int, str]] = deque(maxlen=kept)
        self._number = 0

    def keep(self, record: logging.LogRecord) -> None:
        """Take a line."""
        if isinstance(record.msg, dict):
            line = {name: value for name, value in record.msg.items() if not name.startswith("_")}
        else:
            line = {"event": str(record.msg), "level": record.levelname.lower(), "logger": record.name}
        text = json.dumps(line, default=str, ensure_ascii=False)
        if len(text) > MAX_LINE:
            short = {name: line.get(name) for name in ("event", "level", "logger", "at")}
            text = json.dumps({**short, "event": str(short["event"])[:500]}, default=str, ensure_ascii=False)
        with self._guard:
            self._number += 1
            self._lines.append((self._number, record.levelno, text))

    def lines(
        self,
        *,
        level: int = 0,
        words: Sequence[str] = (),
        any_of: Sequence[str] = (),
        after: int = 0,
        limit: int = 500,
    ) -> list[dict[str, Any]]:
        """The newest that have every word, and one of ``any_of`` if there are any; oldest first."""
        with self._guard:
            held = list(self._lines)
        wanted = [one.casefold() for one in words]
        found: list[dict[str, Any]] = []
        for number, severity, text in reversed(held):
            if number <= after or len(found) >= limit:
                break
            if severity < level or (any_of and not any(one in text for one in any_of)):
                continue
            folded = text.casefold()
            if all(one in folded for one in wanted):
                found.append({"line": number, **json.loads(text)})
        return found[::-1]


MEMORY = LogMemory()
"""Of this process."""
