"""Tests of a line while its port is idle: begun, fed, and given up when somebody needs the line."""

from appliance.fxs.trial import BELL, SOUND_MS, Trial, TrialResult
from appliance.ports import FxsLine

_BUFFERED_MS = 300


class Trying:
    """Of one port, on its thread; ``result`` and ``ended`` may be read on any."""

    def __init__(self, line: FxsLine, country: str) -> None:
        self._line = line
        self._country = country
        self._trial: Trial | None = None
        self.result: TrialResult | None = None
        """Of the last test; None while one goes on, or when it was given up."""
        self.ended = 0
        """How many have ended, by themselves or because somebody needed the line."""

    @property
    def going(self) -> bool:
        """Whether a test is under way."""
        return self._trial is not None

    def begin(self, *, ring: bool, possible: bool) -> None:
        """Try the line now; ``possible``: nobody uses it."""
        self.result = None
        if possible:
            self._trial = Trial(self._country, ring=ring)
            self._line.sound_on_hook(SOUND_MS + _BUFFERED_MS)
        else:
            self.ended += 1

    def bell(self) -> None:
        """A burst of the bell is over."""
        if self._trial is not None:
            self._trial.bell()

    def frame(self, heard: bytes, *, off_hook: bool) -> bytes | None:
        """20 ms for the line; None: no test goes on."""
        trial = self._trial
        if trial is None:
            return None
        sounded = trial.sounding
        frame = trial.next(heard)
        if sounded and not trial.sounding and not trial.over:
            self._line.ring(BELL)
        if trial.over:
            self.end(trial.result(self._line.test()), quiet=not off_hook)
        return frame

    def end(self, result: TrialResult | None, *, quiet: bool) -> None:
        """It has a result, or somebody needs the line; ``quiet``: its bell is silenced."""
        trial, self._trial = self._trial, None
        if trial is not None:
            if quiet and not trial.sounding:
                self._line.stop_ringing()
            self.result = result
            self.ended += 1
