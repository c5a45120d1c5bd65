"""RAUC, asked through its command line: what a bundle is, and installing it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable

INFO_S = 120
INSTALL_S = 1800
SYSTEM = Path("/etc/rauc/system.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a bundle's signed manifest says."""

    compatible: str
    version: str
    image_bytes: int


def compatible_of(system: str) -> str:
    """The board of this box, from RAUC's system.conf."""
    for line in system.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "compatible":
            return value.strip()
    return ""


def parse_info(text: str) -> Bundle:
    """Read ``rauc info --output-format=json``; raises ConfigError."""
    try:
        facts = json.loads(text)
        (size,) = [int(entry["rootfs"]["size"]) for entry in facts["images"] if "rootfs" in entry]
        return Bundle(compatible=facts["compatible"], version=facts["version"], image_bytes=size)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            "the bundle's description makes no sense",
            error_id="update.bundle",
            hint="take an update made for this box",
        ) from None


def check(bundle: Bundle, compatible: str, slot_bytes: int) -> None:
    """Raise ConfigError for a bundle of another board, or one that does not fit a slot."""
    if bundle.compatible != compatible:
        raise ConfigError(
            f"the update is for {bundle.compatible[:60]}, this box is {compatible}",
            error_id="update.wrong_board",
            hint="take the update that was made for this board",
        )
    if bundle.image_bytes > slot_bytes:
        raise ConfigError(
            f"the update needs {bundle.image_bytes >> 20} MiB, a slot has {slot_bytes >> 20} MiB",
            error_id="update.too_large",
            hint="this box cannot take it; write the new image to the disk after a backup",
        )


def info(path: Path, keyring: Path | None = None) -> Bundle:
    """Verify a bundle's signature and read it; raises ConfigError when it is not signed for this box.

    ``keyring``: None means the one that RAUC's configuration names.
    """
    words = [f"--keyring={keyring}"] if keyring is not None else []
    done = _run(["rauc", "info", "--output-format=json", *words, str(path)], INFO_S)
    if done.returncode:
        said = _said(done)
        signature = "signature" in said.lower() or "verif" in said.lower() or "signer" in said.lower()
        raise ConfigError(
            f"the update is not signed by somebody this box trusts: {said}"
            if signature
            else f"this is no update: {said}",
            error_id="update.signature" if signature else "update.bundle",
            hint="nothing was changed; take the update from its maker",
        )
    return parse_info(done.stdout)


def install(path: Path) -> None:
    """Write a bundle into the other slot; raises DeviceUnavailable, the running slot is not touched."""
    done = _run(["rauc", "install", str(path)], INSTALL_S)
    if done.returncode:
        raise DeviceUnavailable(
            f"the update was not installed: {_said(done)}",
            error_id="update.install",
            hint="the box goes on with what it has; try again, or look at the disk",
        )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"exit {done.returncode}"


def _run(argv: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise DeviceUnavailable(
            f"{argv[0]} {argv[1]} did not end within {seconds} s", error_id="update.rauc"
        ) from None
    except OSError as error:
        raise DeviceUnavailable(
            f"{argv[0]} cannot be started: {error.strerror}", error_id="update.rauc"
        ) from error
