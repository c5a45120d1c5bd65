"""Sound cards (ALSA) through cffi, without a compiler: one device, both directions, 20 ms at a time.

Whoever calls ``read`` is clocked by the card. Written after <alsa/pcm.h> of alsa-lib 1.2
(``libasound.so.2``).
"""

import errno
import functools
from typing import Any

import cffi

from appliance.errors import DeviceUnavailable

RATE = 8000
FRAME_SAMPLES = 160
FRAME_BYTES = 320
_LATENCY_US = 60_000
_PREFILL_FRAMES = 2
"""Ahead of the card's clock: what we may be late."""
_READ_TIMEOUT_MS = 500
"""A card that gives nothing for so long has stopped."""
_PLAYBACK, _CAPTURE = 0, 1
_FORMAT_S16_LE = 2
_ACCESS_INTERLEAVED = 3
_NONBLOCK = 1

_DECLARATIONS = """
int snd_pcm_open(void **pcm, const char *name, int stream, int mode);
int snd_pcm_close(void *pcm);
int snd_pcm_set_params(void *pcm, int format, int access, unsigned int channels, unsigned int rate,
                       int soft_resample, unsigned int latency);
int snd_pcm_start(void *pcm);
int snd_pcm_wait(void *pcm, int timeout);
long snd_pcm_readi(void *pcm, void *buffer, unsigned long size);
long snd_pcm_writei(void *pcm, const void *buffer, unsigned long size);
int snd_pcm_recover(void *pcm, int err, int silent);
const char *snd_strerror(int errnum);
"""
_ffi = cffi.FFI()
_ffi.cdef(_DECLARATIONS)


@functools.cache
def _library() -> Any:
    try:
        return _ffi.dlopen("libasound.so.2")
    except OSError as error:
        raise DeviceUnavailable(
            f"libasound.so.2 cannot be loaded: {error}",
            error_id="media.alsa_missing",
            hint="install Debian's package libasound2",
        ) from None


class AlsaDevice:
    """A card opened both ways: 16 bit mono at 8 kHz. One thread only. Raises DeviceUnavailable throughout."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lib = _library()
        self._buffer = bytearray(FRAME_BYTES)
        self._filled = 0
        self.late_frames = 0
        """Frames that the card had to do without."""
        self._capture = self._open(_CAPTURE)
        try:
            self._playback = self._open(_PLAYBACK)
        except DeviceUnavailable:
            self._lib.snd_pcm_close(self._capture)
            raise
        self._begin()

    def close(self) -> None:
        """Let go of the card; may be called again."""
        for pcm in (self._capture, self._playback):
            if pcm is not None:
                self._lib.snd_pcm_close(pcm)
        self._capture = self._playback = None

    def read(self) -> bytes:
        """Wait for the next 20 ms."""
        view = _ffi.from_buffer(self._buffer)
        for _ in range(64):
            wanted = FRAME_SAMPLES - self._filled
            got = self._lib.snd_pcm_readi(self._capture, view + 2 * self._filled, wanted)
            if got > 0:
                self._filled += got
                if self._filled == FRAME_SAMPLES:
                    self._filled = 0
                    return bytes(self._buffer)
            elif got in (0, -errno.EAGAIN):
                if self._lib.snd_pcm_wait(self._capture, _READ_TIMEOUT_MS) == 0:
                    raise self._failed("gives no sound", 0)
            else:
                self._recover(self._capture, got)
                self._check(self._lib.snd_pcm_start(self._capture), "does not start")
        raise self._failed("stumbles again and again", 0)

    def write(self, frame: bytes) -> None:
        """Play 20 ms; what the card has no room for is dropped."""
        done = self._lib.snd_pcm_writei(self._playback, _ffi.from_buffer(frame), FRAME_SAMPLES)
        if done in (-errno.EPIPE, -errno.ESTRPIPE):
            self.late_frames += 1
            self._recover(self._playback, done)
            self._prefill()
            self._lib.snd_pcm_writei(self._playback, _ffi.from_buffer(frame), FRAME_SAMPLES)
        elif done < 0 and done != -errno.EAGAIN:
            raise self._failed("takes no sound", done)

    def _open(self, stream: int) -> Any:
        handle = _ffi.new("void **")
        code = self._lib.snd_pcm_open(handle, self._name.encode(), stream, _NONBLOCK)
        if code < 0:
            raise self._failed("cannot be opened", code)
        code = self._lib.snd_pcm_set_params(
            handle[0], _FORMAT_S16_LE, _ACCESS_INTERLEAVED, 1, RATE, 1, _LATENCY_US
        )
        if code < 0:
            self._lib.snd_pcm_close(handle[0])
            raise self._failed("cannot do 16 bit mono at 8 kHz", code)
        return handle[0]

    def _begin(self) -> None:
        try:
            self._prefill()
            self._check(self._lib.snd_pcm_start(self._capture), "does not start")
        except DeviceUnavailable:
            self.close()
            raise

    def _prefill(self) -> None:
        silence = bytes(FRAME_BYTES)
        for _ in range(_PREFILL_FRAMES):
            self._lib.snd_pcm_writei(self._playback, _ffi.from_buffer(silence), FRAME_SAMPLES)

    def _recover(self, pcm: Any, code: int) -> None:
        self._check(self._lib.snd_pcm_recover(pcm, code, 1), "is gone")

    def _check(self, code: int, what: str) -> None:
        if code < 0:
            raise self._failed(what, code)

    def _failed(self, what: str, code: int) -> DeviceUnavailable:
        why = f": {_ffi.string(self._lib.snd_strerror(code)).decode('utf-8', 'replace')}" if code else ""
        return DeviceUnavailable(
            f"sound card {self._name} {what}{why}",
            error_id="media.sound_card",
            hint="aplay -L names those there are",
        )
