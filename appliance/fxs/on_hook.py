"""What a telephone on the hook is sent: who calls, after the first burst of the bell; whether messages wait.

Clocked by its frames of 20 ms, like the rest of a port.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from appliance.fxs.announcing import frames_of
from appliance.fxs.cadences import AFTER_BELL_MS
from appliance.fxs.caller_id import messages_waiting
from appliance.fxs.tones import SILENCE, alert_tone
from appliance.media.spandsp.identity import modulate
from appliance.ports import FxsLine

_REST_MS = 1000
"""A telephone must have been on the hook for so long before its lamp is told something."""
_ALERT_MS = 100
_GAP = SILENCE * 6
_BUFFERED_MS = 300
"""The equipment must let sound through for so much longer: what is in its buffers counts as well."""


class OnHook:
    """The messages of one port. ``lamp``: whether telephones are told of messages in sound, too."""

    def __init__(self, line: FxsLine, office_time: Callable[[], datetime]) -> None:
        self.lamp = True
        self._line = line
        self._office_time = office_time
        self._identity: bytes | None = None
        self._identity_at_ms: int | None = None
        self._sending: deque[bytes] = deque()
        self._lighting = False
        self._shown: int | None = None
        self._idle_since_ms = 0

    @property
    def busy(self) -> bool:
        """Something is being sent, or will be after the bell."""
        return bool(self._sending) or self._identity is not None

    def rests(self, now_ms: int) -> None:
        """The handset was put back, or the bell has ceased."""
        self._idle_since_ms = now_ms

    def forget(self) -> None:
        """Another telephone may be there now: it does not know what its predecessor was told."""
        self.silence()
        self._shown = None

    def silence(self) -> None:
        """Nothing more; a lamp that was being told is told again later."""
        if self._sending and self._lighting:
            self._shown = None
        self._lighting = False
        self._identity = self._identity_at_ms = None
        self._sending.clear()

    def will_show(self, identity: bytes) -> None:
        """It begins to ring: this is to be sent in the first pause."""
        self.silence()
        self._identity = identity

    def bell(self, on: bool, at_ms: int) -> None:
        """A burst of the bell began or ended."""
        if on:
            self._sending.clear()
        elif self._identity is not None:
            self._identity_at_ms = at_ms + AFTER_BELL_MS
            self._line.sound_on_hook(AFTER_BELL_MS + _length_ms(self._identity))

    def next(self, now_ms: int, *, idle: bool, messages: int) -> bytes:
        """20 ms for the telephone; silence most of the time."""
        if self._identity_at_ms is not None and now_ms >= self._identity_at_ms:
            self._sending.extend(frames_of(self._identity or b""))
            self._identity = self._identity_at_ms = None
        elif idle and not self._sending:
            self._light(now_ms, messages)
        return self._sending.popleft() if self._sending else SILENCE

    def _light(self, now_ms: int, messages: int) -> None:
        """The lamp, when the telephone does not know yet and has rested (EN 300 659-1 §6.2)."""
        self._lighting = False
        if messages == self._shown or now_ms - self._idle_since_ms < _REST_MS:
            return
        first, self._shown = self._shown is None, messages
        self._line.set_lamp(messages)
        # What was never lit need not be put out.
        if self.lamp and not (first and messages == 0):
            sound = alert_tone(_ALERT_MS) + _GAP + modulate(messages_waiting(messages, self._office_time()))
            self._line.sound_on_hook(_length_ms(sound))
            self._sending.extend(frames_of(sound))
            self._lighting = True


def _length_ms(sound: bytes) -> int:
    return len(sound) // 16 + _BUFFERED_MS
