"""A sound card as a clock: the codec of a line circuit, or a bus of several channels."""

from appliance.drivers.alsa import SoundCard
from appliance.errors import DeviceUnavailable
from appliance.fxs.tones import FRAME_BYTES, SILENCE

_PREFILL_FRAMES = 2
"""Ahead of the card: what we may be late."""
_DEAD_MS = 500


class CodecCard:
    """See ``gpio.line.SoundDevice``; ``name`` as ALSA has it. Frames have all channels, sample by sample."""

    def __init__(self, name: str, channels: int = 1) -> None:
        self._name = name
        self._bytes = FRAME_BYTES * channels
        self._silence = SILENCE * channels
        self._card = SoundCard(name, channels)
        self._heard = bytearray()
        self._prefill()

    @property
    def late_frames(self) -> int:
        """How often the card had nothing to play."""
        return self._card.underruns

    def read(self) -> bytes:
        """Wait for the next 20 ms; raises DeviceUnavailable when the card is gone or stands still."""
        while len(self._heard) < self._bytes:
            got = self._card.read(FRAME_BYTES // 2)
            self._heard += got
            if not got and not self._card.wait(_DEAD_MS):
                raise DeviceUnavailable(
                    f"sound card {self._name} gives no sound",
                    error_id="fxs.stopped",
                    hint="its clock has stopped: look at dmesg",
                )
        frame = bytes(self._heard[: self._bytes])
        del self._heard[: self._bytes]
        return frame

    def write(self, frame: bytes) -> None:
        """Play 20 ms; what the card has no room for is dropped."""
        before = self._card.underruns
        self._card.write(frame)
        if self._card.underruns != before:
            self._prefill()
            self._card.write(frame)

    def close(self) -> None:
        """Let go."""
        self._card.close()

    def _prefill(self) -> None:
        for _ in range(_PREFILL_FRAMES):
            self._card.write(self._silence)
