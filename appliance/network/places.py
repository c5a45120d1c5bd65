"""Where network settings lie: kept on the data partition, in force where systemd-networkd reads them.

Kept are the rendered files with the settings they were made from; the start of the box copies them before
anything of ours runs (``rootfs/usr/lib/ortsamt/prepare``). A change on trial is in force only, so a plug
that is pulled takes it back.
"""

import ctypes
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.errors import DeviceUnavailable
from appliance.model.decode import decode, encode, known_only
from appliance.model.network import NetworkSettings
from appliance.network.render import PREFIX, render
from appliance.store.migrations import settle

SETTINGS = "ortsamt.json"
_DROPINS = "80-ortsamt.network.d"
_AT_FDCWD, _EXCHANGE = -100, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """``kept``: folder on the data partition; ``live``: where networkd reads; ``host``: the kept name."""

    kept: Path = Path("/data/etc/systemd/network")
    live: Path = Path("/etc/systemd/network")
    host: Path = Path("/data/etc/hostname")
    machine_id: Path = Path("/etc/machine-id")
    trial: Path = Path("/run/ortsamt-network/trial.json")

    def settings(self) -> NetworkSettings:
        """What is kept; raises ConfigError when it cannot be understood."""
        try:
            raw = msgspec.json.decode((self.kept / SETTINGS).read_bytes())
        except FileNotFoundError:
            return NetworkSettings()
        except (OSError, msgspec.DecodeError) as error:
            raise DeviceUnavailable(
                f"the network settings cannot be read: {error}", error_id="network.settings"
            ) from error
        return decode(NetworkSettings, known_only(NetworkSettings, raw), where="network")

    def own_name(self) -> str:
        """The name that the box gives itself, as at its first start."""
        with suppress(OSError):
            return f"ortsamt-{self.machine_id.read_text(encoding='ascii')[:4]}"
        return "ortsamt"

    def keep(self, settings: NetworkSettings) -> None:
        """Make them those of the next start, all files at once; raises DeviceUnavailable."""
        beside = self.kept.with_name(self.kept.name + ".new")
        try:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True, mode=0o755)
            self.kept.mkdir(parents=True, exist_ok=True)
            for path in self.kept.iterdir():
                if not _ours(path.name):  # somebody else's
                    (shutil.copytree if path.is_dir() else shutil.copy2)(path, beside / path.name)
            files = {**render(settings), SETTINGS: msgspec.json.encode(encode(settings)).decode()}
            for name, content in files.items():
                _write(beside / name, content)
            _flush(beside)
            exchange(beside, self.kept)
            _flush(self.kept.parent)
            shutil.rmtree(beside, ignore_errors=True)
            _write(self.host, f"{settings.host_name or self.own_name()}\n")
        except OSError as error:
            raise DeviceUnavailable(
                f"the network settings cannot be kept: {error.strerror or error}",
                error_id="network.keep",
                hint="is the data partition full?",
            ) from error

    def mend_name(self, settings: NetworkSettings) -> None:
        """Write the name again if the plug was pulled just before; raises OSError."""
        if settings.host_name and self.host.read_text(encoding="ascii").strip() != settings.host_name:
            _write(self.host, f"{settings.host_name}\n")

    def in_force(self, settings: NetworkSettings) -> bool:
        """Whether networkd reads just these."""
        return self._live_files() == dict(render(settings))

    def put_in_force(self, settings: NetworkSettings) -> None:
        """Write the files that networkd reads at its next reload; raises DeviceUnavailable."""
        files = render(settings)
        try:
            for name, content in files.items():
                _write(self.live / name, content)
            for name in self._live_files():
                if name not in files:
                    (self.live / name).unlink()
        except OSError as error:
            raise DeviceUnavailable(
                f"the network settings cannot be put in force: {error.strerror or error}",
                error_id="network.apply",
            ) from error

    def _live_files(self) -> Mapping[str, str]:
        found = [*self.live.glob(f"{PREFIX}*"), *(self.live / _DROPINS).glob(f"{PREFIX}*")]
        return {
            str(path.relative_to(self.live)): path.read_text(encoding="utf-8", errors="replace")
            for path in found
            if path.is_file()
        }


def exchange(one: Path, other: Path) -> None:
    """Let two files or folders change places in one step (renameat2(2)); raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def _ours(name: str) -> bool:
    return name.startswith(PREFIX) or name in (SETTINGS, _DROPINS)


def _write(path: Path, content: str) -> None:
    """Networkd reads as a user of its own: for everybody to read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    path.parent.chmod(0o755)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(content, encoding="utf-8")
    beside.chmod(0o644)
    settle(beside, path)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
