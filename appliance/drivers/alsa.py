"""A sound card as a line of octets: 16 bit at 8 kHz both ways, through libasound; never waits."""

from typing import Any

from cffi import FFI

from appliance.errors import DeviceUnavailable

_LATENCY_US = 80_000
_PLAYBACK, _CAPTURE = 0, 1
_NONBLOCK = 1
_S16_LE, _INTERLEAVED = 2, 3
_EAGAIN, _EPIPE, _ESTRPIPE = -11, -32, -86
_AT_ONCE = 1600
_ffi = FFI()
_ffi.cdef(
    """
    typedef ... snd_pcm_t;
    int snd_pcm_open(snd_pcm_t **pcm, const char *name, int stream, int mode);
    int snd_pcm_set_params(snd_pcm_t *pcm, int format, int access, unsigned int channels,
                           unsigned int rate, int soft_resample, unsigned int latency);
    long snd_pcm_readi(snd_pcm_t *pcm, void *buffer, unsigned long size);
    long snd_pcm_writei(snd_pcm_t *pcm, const void *buffer, unsigned long size);
    int snd_pcm_recover(snd_pcm_t *pcm, int err, int silent);
    int snd_pcm_start(snd_pcm_t *pcm);
    int snd_pcm_wait(snd_pcm_t *pcm, int timeout);
    int snd_pcm_close(snd_pcm_t *pcm);
    const char *snd_strerror(int errnum);
    """
)


class SoundCard:
    """Both directions of a PCM (``plughw:1``); raises DeviceUnavailable when it cannot be had."""

    def __init__(self, name: str, channels: int = 1) -> None:
        self._name = name
        self._channels = channels
        self._sample = 2 * channels
        self.underruns = 0
        """How often the card had nothing to play."""
        try:
            self._lib: Any = _ffi.dlopen("libasound.so.2")
        except OSError as error:
            raise DeviceUnavailable(f"no sound library: {error}", error_id="sound.library") from None
        self._buffer = _ffi.new("char[]", self._sample * _AT_ONCE)
        self._capture = self._open(_CAPTURE)
        try:
            self._playback = self._open(_PLAYBACK)
        except DeviceUnavailable:
            self._lib.snd_pcm_close(self._capture)
            raise
        self._lib.snd_pcm_start(self._capture)
        self._closed = False

    def fileno(self) -> int:
        """None to watch: it must be looked at from time to time."""
        return -1

    def read(self, most: int = _AT_ONCE) -> bytes:
        """What the card has heard, so many samples at most."""
        count = self._lib.snd_pcm_readi(self._capture, self._buffer, min(most, _AT_ONCE))
        if count >= 0:
            return bytes(_ffi.buffer(self._buffer, self._sample * count))
        self._recover(self._capture, count)
        if count in (_EPIPE, _ESTRPIPE):
            self._lib.snd_pcm_start(self._capture)
        return b""

    def wait(self, timeout_ms: int) -> bool:
        """Wait until the card has heard something; False: not within this time."""
        return bool(self._lib.snd_pcm_wait(self._capture, timeout_ms) != 0)

    def write(self, data: bytes) -> int:
        """As many whole samples as fit; 0 after an underrun, when it must be filled up again."""
        count = self._lib.snd_pcm_writei(self._playback, data, len(data) // self._sample)
        if count >= 0:
            return self._sample * int(count)
        self.underruns += count in (_EPIPE, _ESTRPIPE)
        self._recover(self._playback, count)
        return 0

    def close(self) -> None:
        """Let go of it."""
        if not self._closed:
            self._closed = True
            self._lib.snd_pcm_close(self._capture)
            self._lib.snd_pcm_close(self._playback)

    def _open(self, stream: int) -> Any:
        out = _ffi.new("snd_pcm_t **")
        self._must(self._lib.snd_pcm_open(out, self._name.encode(), stream, _NONBLOCK))
        pcm = out[0]
        status = self._lib.snd_pcm_set_params(
            pcm, _S16_LE, _INTERLEAVED, self._channels, 8000, 1, _LATENCY_US
        )
        if status < 0:
            self._lib.snd_pcm_close(pcm)
        self._must(status)
        return pcm

    def _recover(self, pcm: Any, status: int) -> None:
        """After an under- or overrun it goes on; whatever else happens, the card is gone."""
        if status == _EAGAIN:
            return
        if status in (_EPIPE, _ESTRPIPE) and self._lib.snd_pcm_recover(pcm, status, 1) >= 0:
            return
        self._must(status)

    def _must(self, status: int) -> None:
        if status < 0:
            why = _ffi.string(self._lib.snd_strerror(status)).decode("utf-8", "replace")
            raise DeviceUnavailable(f"sound card {self._name}: {why}", error_id="sound.card")
