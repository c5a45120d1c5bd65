"""Making the control socket: never a second one, never half ready."""

import os
import socket
from pathlib import Path

from appliance.errors import ConfigError, DeviceUnavailable


def listen(path: Path) -> socket.socket:
    """A non-blocking listener at ``path``, mode 0660, in place of a dead one.

    Raises DeviceUnavailable when another core serves it or the folder cannot be used, ConfigError when
    the path is too long for a socket.
    """
    beside = path.with_name(path.name + ".new")
    if len(os.fsencode(beside)) > 107:  # unix(7): sun_path
        raise ConfigError(
            f"the path of the control socket is too long: {path}",
            error_id="control.path",
            hint="choose a shorter runtime folder",
        )
    if _served(path):
        raise DeviceUnavailable(
            f"another core already serves {path}", error_id="control.in_use", hint="end it first"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        beside.unlink(missing_ok=True)
        listener.bind(os.fspath(beside))
        beside.chmod(0o660)
        listener.listen(64)
        listener.setblocking(False)
        # Renamed when ready: who finds the socket can talk to it.
        beside.rename(path)
    except OSError as error:
        listener.close()
        raise DeviceUnavailable(
            f"the control socket {path} cannot be made: {error.strerror}",
            error_id="control.unusable",
            hint="check that the runtime folder exists and is ours",
        ) from error
    return listener


def _served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except OSError:
            return True  # somebody listens but is busy, or it is not ours
    return True
