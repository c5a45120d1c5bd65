"""What a kind of parcels has to offer, and what all kinds need."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from appliance.errors import ConfigError
from appliance.store.parcels import Parcel, ParcelStore

PIECE = 128 * 1024
"""Bytes of a file in one answer."""
LOOKED_AT = 20_000
"""Rows looked at for what waits."""


class Source(Protocol):
    """One kind of parcels."""

    kind: str

    def waiting(self, parcels: ParcelStore) -> Iterator[Parcel]:
        """What other nodes do not have yet."""

    def file(self, identity: str) -> Path | None:
        """The file of one; None without. Raises NotFound."""

    def take(self, parcel: Parcel, file: Path | None) -> str:
        """Keep one from elsewhere; the version that is here now."""


def raise_floor(
    parcels: ParcelStore, kind: str, floor: int, rows: Sequence[tuple[int, bool]]
) -> None:  # fmt: skip
    """Look no more at what is settled up to the first that is not; ``rows``: place, whether it is."""
    reached = floor
    for place, done in rows:
        if not done:
            break
        reached = place
    if reached > floor:
        parcels.raise_floor(kind, reached)


def was_here(stores: Sequence[ParcelStore], kind: str, identity: str) -> bool:
    """Whether it went or came any way: what is not here any more was deleted here."""
    return any(one.known(kind, identity) for one in stores)


def hash_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size; empty and 0 when the file is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError:
        return "", 0


def is_name(text: str) -> bool:
    """Whether it can be a part of a path."""
    return bool(text) and text.replace("-", "").replace("_", "").isalnum() and len(text) <= 64


def named(text: str) -> str:
    """The same. Raises ConfigError when it cannot be a part of a path."""
    if not is_name(text):
        raise ConfigError("that is no name of ours", error_id="parcels.garbage")
    return text


def put_in_place(file: Path, place: Path, at_ns: int | None = None) -> None:
    """Have what arrived stand at its place, whole or not at all; ``at_ns``: with this time of change.

    Without a second copy where the file is ours; the sync process has a user of its own.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".arrived")
    beside.unlink(missing_ok=True)
    try:
        if file.stat().st_uid == os.geteuid():
            os.link(file, beside)
        else:
            shutil.copyfile(file, beside)
        if at_ns is not None:
            os.utime(beside, ns=(at_ns, at_ns))
        descriptor = os.open(beside, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    beside.replace(place)
    descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
