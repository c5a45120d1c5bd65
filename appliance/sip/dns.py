"""DNS messages as far as RFC 3263 needs them: queries for SRV and addresses, and their answers (RFC 1035)."""

import struct
from dataclasses import dataclass

A, AAAA, CNAME, SRV = 1, 28, 5, 33
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_SRV = struct.Struct("!HHH")
_LONGEST_NAME = 255
_MOST_RECORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource record. ``value``: an address, or the name that CNAME or SRV point to."""

    name: str
    kind: int
    ttl_s: int
    value: str
    priority: int = 0
    weight: int = 0
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. ``code`` 0: there may be records; 3: the name does not exist (RFC 1035 §4.1.1)."""

    number: int
    code: int
    truncated: bool
    records: tuple[Record, ...]


def query(number: int, name: str, kind: int) -> bytes:
    """Build a recursive query; raises ValueError for a name that is none."""
    labels = name.rstrip(".").encode("idna").split(b".")
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"'{name}' is not a host name")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(question) > _LONGEST_NAME:
        raise ValueError(f"'{name}' is not a host name")
    return _HEADER.pack(number, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", kind, 1)


def parse(data: bytes) -> Reply:
    """Take a reply apart; raises ValueError for anything that is none."""
    try:
        number, flags, questions, *counts = _HEADER.unpack_from(data)
        if not flags & 0x8000:
            raise ValueError("not a reply")
        at = _HEADER.size
        for _ in range(min(questions, 4)):
            _, at = _name(data, at)
            at += 4
        records = []
        for _ in range(min(sum(counts), _MOST_RECORDS)):
            name, at = _name(data, at)
            kind, _, ttl, length = _RECORD.unpack_from(data, at)
            at += _RECORD.size
            record = _record(data, at, length, name, kind, ttl)
            if record is not None:
                records.append(record)
            at += length
    except (struct.error, IndexError) as error:
        raise ValueError("broken reply") from error
    return Reply(number=number, code=flags & 0x000F, truncated=bool(flags & 0x0200), records=tuple(records))


def _record(data: bytes, at: int, length: int, name: str, kind: int, ttl: int) -> Record | None:
    ttl = min(ttl, 86400)
    if kind == A and length == 4:
        return Record(
            name=name, kind=kind, ttl_s=ttl, value=".".join(str(octet) for octet in data[at : at + 4])
        )
    if kind == CNAME:
        return Record(name=name, kind=kind, ttl_s=ttl, value=_name(data, at)[0])
    if kind == SRV:
        priority, weight, port = _SRV.unpack_from(data, at)
        target = _name(data, at + _SRV.size)[0]
        return Record(
            name=name, kind=kind, ttl_s=ttl, value=target, priority=priority, weight=weight, port=port
        )
    return None


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Read a name with compression (RFC 1035 §4.1.4); return it in lower case and where it ends."""
    labels: list[str] = []
    end = -1
    total = 0
    while True:
        length = data[at]
        if length >= 0xC0:
            if end < 0:
                end = at + 2
            target = (length & 0x3F) << 8 | data[at + 1]
            if target >= at:  # only backwards, so there is no loop
                raise ValueError("a name points forwards")
            at = target
            continue
        at += 1
        if length == 0:
            return ".".join(labels), end if end >= 0 else at
        total += length + 1
        if length > 63 or total > _LONGEST_NAME or at + length > len(data):
            raise ValueError("broken name")
        labels.append(data[at : at + length].decode("ascii", "replace").lower())
        at += length
