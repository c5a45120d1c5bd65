"""Commands for an emulated module, over a Unix socket beside its folders: one line in, one line out."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.errors import ConfigError, DeviceUnavailable

HELP = (
    "call [NUMBER], hangup, answer, press KEY, sms NUMBER TEXT, network home|roaming|lost|denied,"
    " unplug, plug, status"
)
_STAGES = {"home": 1, "lost": 2, "denied": 3, "roaming": 5}
_LONGEST = 4000


def socket_of(folder: Path, place: str) -> Path:
    """Where the module of this USB path listens."""
    return folder / f"{place}.sock"


def tell(folder: Path, place: str, line: str) -> str:
    """Send a command to a running emulator; raises DeviceUnavailable when there is none."""
    path = socket_of(folder, place)
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        try:
            link.connect(str(path))
            link.sendall(line.encode() + b"\n")
            answer = b""
            while chunk := link.recv(_LONGEST):
                answer += chunk
        except OSError as error:
            raise DeviceUnavailable(
                f"no emulated module answers at {path}: {error.strerror or error}",
                error_id="gsm.emulator",
                hint="start one: ortsamt gsm-emulator --folder …",
            ) from None
    return answer.decode("utf-8", "replace").strip()


class Console:
    """Serves one module."""

    def __init__(self, module: EmulatedModule) -> None:
        """Listen; raises DeviceUnavailable."""
        self._module = module
        self._path = socket_of(module.folder, module.place)
        self._listener = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            self._path.unlink()
        try:
            self._listener.bind(str(self._path))
            self._listener.listen(4)
        except OSError as error:
            self._listener.close()
            raise DeviceUnavailable(
                f"{self._path}: {error.strerror or error}", error_id="gsm.emulator"
            ) from None
        self._thread = threading.Thread(target=self._run, name="gsm-emulator-console", daemon=True)

    def start(self) -> None:
        """Take commands from now on."""
        self._thread.start()

    def stop(self) -> None:
        """No more commands."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                link.settimeout(2)
                line = link.recv(_LONGEST).decode("utf-8", "replace")
                link.sendall(act(self._module, line).encode() + b"\n")


def act(module: EmulatedModule, line: str) -> str:
    """Do what the line says; answers ``ok`` or what is wrong with it."""
    word, _, rest = line.strip().partition(" ")
    acts: dict[str, Callable[[], object]] = {
        "call": lambda: module.call(rest or "+491701234567"),
        "hangup": module.far_hangs_up,
        "answer": module.far_answers,
        "press": lambda: _press(module, rest),
        "sms": lambda: _sms(module, rest),
        "network": lambda: _network(module, rest),
        "unplug": module.unplug,
        "plug": module.plug,
    }
    if word == "status":
        stage = module.stage
        return f"call: {stage.name.lower() if stage else 'none'}, SMS sent: {len(module.network.sent)}"
    if word not in acts:
        return HELP
    try:
        acts[word]()
    except (ConfigError, AssertionError) as error:
        return str(error)
    return "ok"


def _sms(module: EmulatedModule, rest: str) -> None:
    number, _, text = rest.partition(" ")
    if not number or not text:
        raise ConfigError("who writes what?", hint="sms +491701234567 Hello")
    module.sms(text, number, parts=-(-len(text) // 60))


def _press(module: EmulatedModule, keys: str) -> None:
    for key in keys:
        module.far_presses(key)


def _network(module: EmulatedModule, stage: str) -> None:
    if stage not in _STAGES:
        raise ConfigError(f"'{stage}' is no network", hint=", ".join(_STAGES))
    module.register(_STAGES[stage])
