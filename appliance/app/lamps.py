"""Lamps of keys that show settings: told to the edge when they change, and again before it forgets them."""

import threading
from collections.abc import Callable

from appliance.model.snapshot import Snapshot
from appliance.routing.keys import SettingKey, setting_keys
from appliance.sip.edge.events import Aor, DialogDirection, DialogInfo, DialogState

AGAIN_S = 6 * 3600.0
"""The edge keeps a lamp lit for a day; what stays on over a weekend is told anew."""


class SettingLamps:
    """Knows which lamps are lit; any thread may call it, none waits for the edge."""

    def __init__(self, publish: Callable[[Aor, DialogInfo], None]) -> None:
        self._publish = publish
        self._guard = threading.Lock()
        self._lit: dict[str, SettingKey] = {}
        self._again_s: float | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Light and put out what is different from before."""
        with self._guard:
            before = self._lit
            self._lit = {key.number: key for key in setting_keys(snapshot) if key.lit}
            for number, key in before.items():
                if number not in self._lit:
                    self._publish(Aor(number), _info(key, DialogState.TERMINATED))
            for number, key in self._lit.items():
                if before.get(number) != key:
                    self._publish(Aor(number), _info(key, DialogState.CONFIRMED))

    def beat(self, now_s: float) -> None:
        """Tell again what is lit every ``AGAIN_S``; called once a second by one thread, monotonic time."""
        if self._again_s is None:
            self._again_s = now_s + AGAIN_S
        elif now_s >= self._again_s:
            self._again_s = now_s + AGAIN_S
            with self._guard:
                for number, key in self._lit.items():
                    self._publish(Aor(number), _info(key, DialogState.CONFIRMED))


def _info(key: SettingKey, state: DialogState) -> DialogInfo:
    return DialogInfo(
        call_id=f"setting-{key.number}".replace("#", "+"),
        state=state,
        direction=DialogDirection.RECIPIENT,
        remote=key.number,
        remote_display=key.name,
    )
