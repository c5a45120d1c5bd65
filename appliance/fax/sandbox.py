"""Programs that read documents of strangers: in a folder of their own, within limits of time and memory."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import DeviceUnavailable

_OUTPUT = 20_000
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a program may use."""

    seconds: float = 120.0
    memory_bytes: int = 1_000_000_000
    file_bytes: int = 200_000_000


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended. ``text``: the end of what it said, stdout and stderr."""

    code: int
    text: str
    too_long: bool = False


def run(command: Sequence[str], folder: Path, bounds: Bounds = BOUNDS) -> Ran:
    """Run a program in ``folder`` and wait for it; raises DeviceUnavailable when it cannot be started."""
    limits = [
        f"--as={bounds.memory_bytes}",
        f"--cpu={int(bounds.seconds) + 1}",
        f"--fsize={bounds.file_bytes}",
        "--core=0",
        "--nofile=64",
    ]
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                ["prlimit", *limits, "nice", "-n", "15", *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": "/usr/bin:/bin",
                    "LC_ALL": "C.UTF-8",
                    "TMPDIR": str(folder),
                    "HOME": str(folder),
                },
                start_new_session=True,
            )
        except OSError as error:
            raise DeviceUnavailable(
                f"{command[0]} cannot be started: {error.strerror}", error_id="fax.program"
            ) from error
        too_long = False
        try:
            process.wait(bounds.seconds)
        except subprocess.TimeoutExpired:
            too_long = True
        finally:
            _end(process)
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - _OUTPUT))
        text = output.read().decode("utf-8", "replace")
    code = process.returncode
    if code == _NOT_FOUND:
        raise DeviceUnavailable(f"{command[0]} is not installed", error_id="fax.program")
    return Ran(code=code, text=text, too_long=too_long or code in {-signal.SIGXCPU, 128 + signal.SIGXCPU})


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it behind, children included."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
