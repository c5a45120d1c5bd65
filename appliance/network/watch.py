"""Hearing from the kernel that addresses of this machine changed (rtnetlink(7)); light."""

import contextlib
import select
import socket
from types import TracebackType
from typing import Self

_IPV4_ADDRESSES, _IPV6_ADDRESSES = 0x10, 0x100


class AddressNews:
    """Usable as a context manager; for use by one thread."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        self._heard.bind((0, _IPV4_ADDRESSES | _IPV6_ADDRESSES))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heard.close()

    def wait(self, seconds: float) -> bool:
        """Whether something changed within this time."""
        readable, _, _ = select.select([self._heard], [], [], seconds)
        if readable:
            with contextlib.suppress(OSError):  # too much at once (ENOBUFS) is news, too
                while self._heard.recv(65_536):
                    pass
        return bool(readable)


def gained(known: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """Whether there are addresses that nobody listens to; those that are gone do no harm."""
    return not set(now) <= set(known)
