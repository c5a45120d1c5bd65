"""Messages to a telephone on its line: V.23 at 1200 Bd, framed as ETSI EN 300 659-1 §6 to §8 has it.

Of what a message says ``appliance.fxs.caller_id`` knows; here it is type, fields and bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from appliance.media.spandsp.library import RATE, ffi, samples_of, spandsp

_CLIP = 2
"""ADSI_STANDARD_CLIP: ETSI's over V.23."""
_MOST_BYTES = 255
_SEIZURE_BITS = 300
_MARK_BITS = 180
_MARK_BITS_OFF_HOOK = 80
_AFTER_BITS = 5
_STOP_BITS = 1

Field = tuple[int, bytes]
"""Type and content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMessage:
    """A message as it goes over the line: 0x80 call set-up, 0x82 message waiting (EN 300 659-3 §5.2)."""

    type: int
    fields: tuple[Field, ...]


def modulate(message: LineMessage, *, off_hook: bool = False) -> bytes:
    """The sound of a message: 16 bit mono, 8 kHz. Off-hook without channel seizure (EN 300 659-2 §6.1)."""
    lib = spandsp()
    engine = ffi.gc(lib.adsi_tx_init(ffi.NULL, _CLIP), lib.adsi_tx_free)
    seizure, mark = (0, _MARK_BITS_OFF_HOOK) if off_hook else (_SEIZURE_BITS, _MARK_BITS)
    lib.adsi_tx_set_preamble(engine, seizure, mark, _AFTER_BITS, _STOP_BITS)
    body = bytearray((message.type, 0))
    for kind, content in message.fields:
        if len(body) + 2 + len(content) > _MOST_BYTES:
            break
        # adsi_add_field writes the length twice where it is 16, as only Japan's CLIP has it
        body += bytes((kind, len(content))) + content
    body[1] = len(body) - 2
    lib.adsi_tx_put_message(engine, bytes(body), len(body))
    made = bytearray()
    block = ffi.new("int16_t[]", RATE // 50)
    for _ in range(10 * 50):
        count = lib.adsi_tx(engine, block, len(block))
        if count <= 0:
            break
        made += bytes(ffi.buffer(block, count * 2))
    return bytes(made)


class MessageListener:
    """Reads messages as the display of a telephone does. One thread only."""

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._put: Any = ffi.callback("put_msg_func_t", self._heard)
        lib = spandsp()
        self._lib = lib
        self._engine = ffi.gc(lib.adsi_rx_init(ffi.NULL, _CLIP, self._put, ffi.NULL), lib.adsi_rx_free)

    def hear(self, frame: bytes) -> tuple[LineMessage, ...]:
        """Messages that ended in this sound (16 bit mono, 8 kHz); those with a wrong checksum are none."""
        samples = samples_of(frame)
        self._lib.adsi_rx(self._engine, samples, len(samples))
        if not self._messages:
            return ()
        found = tuple(_read(self._lib, self._engine, one) for one in self._messages)
        self._messages.clear()
        return found

    def _heard(self, _user: object, message: Any, length: int) -> None:
        self._messages.append(bytes(ffi.buffer(message, length)))


def _read(lib: Any, engine: Any, message: bytes) -> LineMessage:
    return LineMessage(type=message[0], fields=tuple(_fields(lib, engine, message)))


def _fields(lib: Any, engine: Any, message: bytes) -> Iterable[Field]:
    kind, body, length = ffi.new("uint8_t *"), ffi.new("uint8_t const **"), ffi.new("int *")
    position = -1
    for _ in range(_MOST_BYTES):
        length[0] = -1
        first = position < 0
        position = lib.adsi_next_field(engine, message, len(message), position, kind, body, length)
        if length[0] < 0 or position < 0:
            break
        if not first:
            yield kind[0], bytes(ffi.buffer(body[0], length[0])) if length[0] else b""
