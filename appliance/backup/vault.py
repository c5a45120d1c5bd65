"""The encrypted file: scrypt (RFC 7914) makes the key, AES-256-GCM (NIST SP 800-38D) seals chunks.

Layout: magic, a JSON line (salt, cost, what it is), then chunks, each a length (4 bytes, big endian) and that
many sealed bytes. A chunk's nonce is its number and whether it is the last (the STREAM construction of Hoang
et al., 2015, as age has it); the header is authenticated with each. So nothing can be changed, cut or
reordered. The key is used for one file alone, for the salt is random.
"""

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from appliance.errors import ConfigError

MAGIC = b"ortsamt-backup-1\n"
CHUNK = 256 * 1024
TAG = 16
COST, BLOCK, PARALLEL = 2**15, 8, 1
"""32 MB of memory and about a tenth of a second; a file may ask for no more than four times as much."""
MAX_COST = 2**17
MAX_HEADER = 64 * 1024
MIN_PASSPHRASE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is told without the passphrase."""

    node: str
    made: str
    """ISO 8601, UTC."""
    version: str
    kinds: tuple[str, ...]


def check_passphrase(passphrase: str) -> None:
    """Raise ConfigError for one that is too short to keep anything secret."""
    if not MIN_PASSPHRASE <= len(passphrase) <= 200:
        raise ConfigError(
            f"the passphrase must have {MIN_PASSPHRASE} to 200 characters",
            field="passphrase",
            hint="four words that do not belong together are good; keep it in a safe place",
        )


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=cost, r=BLOCK, p=PARALLEL).derive(passphrase.encode())


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack(">QI", number, int(last))


class Sealer:
    """Writes what is given to :meth:`write` sealed to a file; complete only once closed without error."""

    def __init__(self, file: BinaryIO, passphrase: str, about: About) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        check_passphrase(passphrase)
        salt = os.urandom(16)
        head = {
            "salt": salt.hex(), "cost": COST, "node": about.node, "made": about.made,
            "version": about.version, "kinds": list(about.kinds),
        }  # fmt: skip
        self._header = MAGIC + json.dumps(head).encode() + b"\n"
        self._aead = AESGCM(_key(passphrase, salt, COST))
        self._file = file
        self._rest = bytearray()
        self._number = 0
        file.write(self._header)

    def write(self, data: bytes) -> int:
        """Add bytes."""
        self._rest += data
        while len(self._rest) > CHUNK:
            self._seal(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._seal(bytes(self._rest), last=True)
        self._rest.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._number, last), plain, self._header)
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


def read_about(file: BinaryIO) -> tuple[About, bytes, bytes, int]:
    """What a file says of itself, its header, salt and cost. Raises ConfigError for another kind of file."""
    magic = file.read(len(MAGIC))
    line = file.readline(MAX_HEADER)
    try:
        if magic != MAGIC or not line.endswith(b"\n"):
            raise ValueError
        head = json.loads(line)
        about = About(
            node=str(head["node"])[:100], made=str(head["made"])[:40], version=str(head["version"])[:40],
            kinds=tuple(str(one)[:40] for one in head["kinds"])[:20],
        )  # fmt: skip
        salt, cost = bytes.fromhex(head["salt"]), int(head["cost"])
        if len(salt) != 16 or not 2**14 <= cost <= MAX_COST or cost & (cost - 1):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            "this is no backup of ours", error_id="backup.not_one", hint="choose a file that the box made"
        ) from None
    return about, magic + line, salt, cost


class Opener:
    """Reads a sealed file as a stream; every byte it hands out is authentic, its end too."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """Raises ConfigError for another kind of file or a wrong passphrase."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.about, self._header, salt, cost = read_about(file)
        self._aead = AESGCM(_key(passphrase, salt, cost))
        self._file = file
        self._plain = self._chunks()
        self._rest = b""
        self._rest = next(self._plain, b"")  # a wrong passphrase is found now

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end. Raises ConfigError when the file was changed or cut."""
        out = bytearray()
        while size < 0 or len(out) < size:
            if not self._rest:
                self._rest = next(self._plain, b"")
                if not self._rest:
                    break
            take = len(self._rest) if size < 0 else size - len(out)
            out += self._rest[:take]
            self._rest = self._rest[take:]
        return bytes(out)

    def _chunks(self) -> Iterator[bytes]:
        from cryptography.exceptions import InvalidTag

        number = 0
        head = self._file.read(4)
        while True:
            (size,) = struct.unpack(">I", head) if len(head) == 4 else (0,)
            sealed = self._file.read(size) if TAG <= size <= CHUNK + TAG else b""
            following = self._file.read(4)
            try:
                if not sealed or len(sealed) != size:
                    raise InvalidTag
                yield self._aead.decrypt(_nonce(number, not following), sealed, self._header)
            except InvalidTag:
                if number == 0:
                    raise ConfigError(
                        "the passphrase is wrong, or the file is damaged",
                        error_id="backup.wrong_passphrase",
                        field="passphrase",
                        hint="type it again",
                    ) from None
                raise ConfigError(
                    "the backup is damaged or cut short", error_id="backup.damaged", hint="use another copy"
                ) from None
            if not following:
                return
            head, number = following, number + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
