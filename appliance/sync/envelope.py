"""Operations on their way: envelopes of a node, each operation with a code that only the tenant can make.

An envelope is JSON, compressed when that pays: ``{"v": 1, "node": …, "ops": [[id, hlc, node, who, at, kind,
entity, field, value, base, code], …]}``. The code is HMAC-SHA-256 (RFC 2104) over tenant and fields, 16 bytes
of it as hex: who runs the hub can neither read less nor forge more than what it carries.
"""

import hmac
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.errors import PeerProtocolError
from appliance.store.operation_rows import of_values, values_of
from appliance.store.operations import HLC_LIMIT, Operation

VERSION = 1
MAX_BYTES = 700_000
"""Of an envelope on the wire, below the hub's limit of a message."""
MAX_PLAIN = 16 * 1024 * 1024
MAX_OPERATIONS = 200
_PLAIN, _PACKED = b"J", b"Z"
Row = list[Any]
"""An operation as it travels, without its code."""


class NewerVersion(PeerProtocolError):
    """Made by a version that packs in a way this one does not know; nothing is lost by waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What an envelope held: good operations, and why others were refused."""

    node: str
    rows: tuple[Row, ...]
    refused: tuple[str, ...]


def row_of(operation: Operation) -> Row:
    """An operation as a list."""
    return [*values_of(operation), None if operation.base is None else list(operation.base)]


def operation_of(row: Sequence[Any]) -> Operation:
    """The operation in a list. Raises PeerProtocolError for anything else."""
    try:
        identity, hlc, node, who, at, kind, entity, field, value, base = row
        texts = (identity, node, who, kind, entity)
        optional = (field, value)
        if not (
            all(isinstance(one, str) and one for one in texts)
            and all(one is None or isinstance(one, str) for one in optional)
            and type(hlc) is int
            and type(at) is int
            and (base is None or all(isinstance(one, str) and one for one in base))
        ):
            raise ValueError("wrong types")
        if not 0 <= hlc < HLC_LIMIT:
            raise ValueError("impossible time")
        if len(identity) > 64 or " " in identity:
            raise ValueError("impossible id")
        if value is not None:
            msgspec.json.decode(value)
        return of_values(row[:-1], base)
    except (TypeError, ValueError, OverflowError) as error:
        raise PeerProtocolError(f"not an operation: {error}", error_id="sync.garbage") from None


def operations_of(rows: Iterable[Sequence[Any]]) -> tuple[list[Operation], list[str]]:
    """The operations in lists, and why others are none."""
    good, refused = [], []
    for row in rows:
        try:
            good.append(operation_of(row))
        except PeerProtocolError as error:
            refused.append(error.message)
    return good, refused


def code(row: Row, tenant: str, key: bytes) -> str:
    """The code of an operation."""
    text = tenant.encode() + b"\0" + msgspec.json.encode(row)
    return hmac.digest(key, text, "sha256")[:16].hex()


def pack(rows: Iterable[Row], *, tenant: str, node: str, key: bytes) -> bytes:
    """One envelope."""
    plain = msgspec.json.encode(
        {"v": VERSION, "node": node, "ops": [[*row, code(row, tenant, key)] for row in rows]}
    )
    if len(plain) < 400:
        return _PLAIN + plain
    return _PACKED + zlib.compress(plain, 6)


def packs(rows: Sequence[Row], *, tenant: str, node: str, key: bytes) -> list[tuple[bytes, int]]:
    """Envelopes for all rows, in order, each with the number of rows in it."""
    made = []
    for first in range(0, len(rows), MAX_OPERATIONS):
        part = rows[first : first + MAX_OPERATIONS]
        data = pack(part, tenant=tenant, node=node, key=key)
        if len(data) > MAX_BYTES and len(part) > 1:
            half = len(part) // 2
            made += packs(part[:half], tenant=tenant, node=node, key=key)
            made += packs(part[half:], tenant=tenant, node=node, key=key)
        else:
            made.append((data, len(part)))
    return made


def unpack(data: bytes, *, tenant: str, sender: str, keys: Sequence[bytes]) -> Unpacked:
    """Open an envelope that came on ``sender``'s subject.

    Raises NewerVersion; PeerProtocolError for what is no envelope or another node's.
    """
    try:
        mark, body = data[:1], data[1:]
        if mark == _PACKED:
            expander = zlib.decompressobj()
            body = expander.decompress(body, MAX_PLAIN)
            if not expander.eof:
                raise ValueError("is cut off or too large")
        elif mark != _PLAIN:
            raise ValueError("has an unknown form")
        content = msgspec.json.decode(body)
        if not isinstance(content, dict) or type(content.get("v")) is not int:
            raise ValueError("has no version")
        if content["v"] > VERSION:
            raise NewerVersion(
                f"{sender} speaks version {content['v']} of the exchange, this box {VERSION}",
                error_id="sync.newer",
                hint="update this box; nothing is lost until then",
            )
        if content["node"] != sender:
            raise ValueError("names another sender")
        rows, refused = [], []
        for entry in content["ops"]:
            row, given = list(entry[:-1]), str(entry[-1])
            if not any(hmac.compare_digest(code(row, tenant, key), given) for key in keys):
                refused.append(f"{row[0] if row else '?'}: its code is wrong")
                continue
            try:
                operation_of(row)
            except PeerProtocolError as error:
                refused.append(error.message)
                continue
            rows.append(row)
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise PeerProtocolError(f"an envelope of {sender} {error}", error_id="sync.garbage") from None
    return Unpacked(node=sender, rows=tuple(rows), refused=tuple(refused))
