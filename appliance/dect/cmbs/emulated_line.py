"""The ends of an emulated module's two lines: ptys with lasting names, and what may go wrong on them."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class Mischief:
    """What goes wrong from now on; tests set it on the emulator's loop."""

    pieces: int = 0
    """Frames go out in pieces of so many octets."""
    lose: int = 0
    """So many of the next frames do not arrive at the host."""
    spoil: int = 0
    """So many of the next frames arrive with a wrong octet."""
    noise: bytes = b""
    """Comes before every frame."""
    silent: bool = False
    """The module hears and says nothing."""
    stop_flow: bool = False
    """Say 'stop', and 'go' after a while, at every frame that the host sends."""
    version: int = 0x4081
    """Of its firmware's language."""
    refuse_lists: bool = False
    """It answers with an error when its handsets are asked for."""


class PtyEnd:
    """One line: the host opens ``path``, we have the other end. On an asyncio loop."""

    def __init__(self, path: Path, heard: Callable[[bytes], None] | None = None) -> None:
        """``heard``: what comes, as it comes; None: it is fetched by ``read``."""
        self._path = path
        self._heard = heard
        self._master = self._slave = -1

    @property
    def open_(self) -> bool:
        """Whether it is there."""
        return self._master >= 0

    def plug(self) -> None:
        """Be there."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # it stays open: else the line is gone whenever the host lets go of it
        os.set_blocking(self._master, False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(self._path.name + ".new")
        beside.unlink(missing_ok=True)
        beside.symlink_to(os.ttyname(self._slave))
        beside.replace(self._path)
        if self._heard is not None:
            asyncio.get_running_loop().add_reader(self._master, self._readable)

    def pull(self) -> None:
        """Be gone, as a module that is pulled out."""
        if self._master < 0:
            return
        if self._heard is not None:
            asyncio.get_running_loop().remove_reader(self._master)
        self._path.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def read(self) -> bytes:
        """What is there."""
        with contextlib.suppress(OSError):
            return os.read(self._master, 65536)
        return b""

    def write(self, data: bytes) -> int:
        """As much as fits."""
        with contextlib.suppress(OSError):
            return os.write(self._master, data)
        return 0

    def _readable(self) -> None:
        data = self.read()
        if data and self._heard is not None:
            self._heard(data)
