"""What a telephone and its parties hear of each other, and whether they are fax machines."""

from appliance.fax.tones import CngDetector, PreambleDetector
from appliance.fxs.echo_gate import EchoGate
from appliance.fxs.tap import Tap, exchange

_LISTEN_FRAMES = 60 * 50
"""From the beginning of a call on; a fax that begins later was begun by hand."""


class Conversation:
    """The sound of a port's calls. ``connect`` on any thread, the rest on the port's."""

    def __init__(self, audio: Tap) -> None:
        self._parties: tuple[Tap, ...] = (audio,)
        self._echo = EchoGate()
        self._ears: tuple[CngDetector, PreambleDetector, PreambleDetector] | None = None
        self._left = 0
        self.data = False
        """A fax is carried: its samples stay as they are, echo is kept away."""

    def connect(self, parties: tuple[Tap, ...]) -> None:
        """Who is talked with from now on: none, one, or two that hear each other."""
        self._parties = parties

    def begin(self) -> None:
        """A call is heard from now on."""
        self._left = _LISTEN_FRAMES
        self._ears = None

    def end(self) -> None:
        """It is over: the next one does not hear its rest."""
        self._left = 0
        self._ears = None
        for party in self._parties:
            party.clear()

    def frame(self, heard: bytes) -> bytes:
        """20 ms from the telephone for 20 ms to it."""
        if not self.data:
            return exchange(self._parties, heard)
        frame = exchange(self._parties, self._echo.heard(heard))
        self._echo.played(frame)
        return frame

    def muted(self, heard: bytes) -> None:
        """20 ms in which the telephone hears something else than its parties."""
        exchange(self._parties, heard)

    def is_fax(self, heard: bytes, played: bytes) -> bool:
        """Whether it turned out just now that a fax machine is at either end; told once."""
        if not self._left:
            return False
        self._left -= 1
        if self._ears is None:
            self._ears = (CngDetector(), PreambleDetector(), PreambleDetector())
        calls, speaks, answers = self._ears
        if calls.hear(heard) or speaks.hear(heard) or answers.hear(played):
            self._left = 0
            return True
        return False

    def slips(self) -> int:
        """Gaps since the calls began."""
        return sum(party.slips() for party in self._parties)
