"""The update service put together, and the judgement over software on trial."""

import contextlib
import signal
import sys
import threading
from pathlib import Path

import sdnotify
import structlog

from appliance.control.client import ControlClient
from appliance.control.server import ControlServer
from appliance.control.update import SOCKET
from appliance.errors import OrtsamtError
from appliance.firmware.bootstore import boot_store
from appliance.firmware.console import gather, screen
from appliance.firmware.health import check
from appliance.firmware.methods import UpdateMethods
from appliance.firmware.rescue import page, server
from appliance.firmware.service import Box, UpdateService
from appliance.firmware.shelf import Shelf
from appliance.firmware.slots import Mode, confirm
from appliance.model.box import BoxSettings
from appliance.sip.edge.settings import lan_addresses

FOLDER = Path("/var/lib/ortsamt-update")
NOTES = Path("/run/ortsamt-start")
CONSOLES = ("/dev/tty1", "/dev/ttyS0", "/dev/ttyAMA0")
LOOK_S = 5.0
_log = structlog.get_logger("update")


def calls_of(box: BoxSettings) -> int:
    """How many calls there are; raises DeviceUnavailable without a core."""
    with ControlClient(box.paths.runtime_dir / "control.sock") as client:
        return int(client.call("status")["calls"])


def run_service(box: BoxSettings) -> None:
    """Serve until SIGTERM."""
    shelf = Shelf(folder=FOLDER)
    service = UpdateService(shelf, Box(), lambda: calls_of(box))
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    control = ControlServer(SOCKET)
    UpdateMethods(service, shelf).register(control)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    stopping = threading.Event()
    # On a thread here, because a process of its own would cost 25 MB of memory.
    console = threading.Thread(target=show_console, args=(box, stopping), name="console", daemon=True)
    with contextlib.ExitStack() as stack:
        console.start()
        stack.callback(console.join, LOOK_S * 3)
        stack.callback(stopping.set)
        control.start()
        stack.callback(control.stop)
        sdnotify.SystemdNotifier().notify("READY=1")
        service.run()


def confirm_trial(box: BoxSettings) -> int:
    """Confirm what runs when a call can be made; 1 makes systemd restart into the confirmed slot.

    Software that is confirmed is left alone, whatever its health: only a trial may restart the box.
    """
    machine = Box()
    now = machine.running()
    if now is None or now.mode is Mode.CONFIRMED:
        return 0
    if now.mode is Mode.FALLBACK:
        _log.warning("the confirmed slot could not be started", slot=now.slot.value)
    health = check(box.paths.runtime_dir / "control.sock")
    _log.info("health", good=health.good, detail=health.detail)
    if not health.good:
        with contextlib.suppress(OSError):
            Shelf(folder=FOLDER).left.write_text(health.detail + "\n", encoding="utf-8")
        return 1 if now.mode is Mode.TRIAL else 0
    with boot_store() as store:
        store.write(confirm(store.read(), now))
    _log.info("confirmed", slot=now.slot.value, version=machine.version())
    return 0


def _core_up(box: BoxSettings) -> bool:
    try:
        with ControlClient(box.paths.runtime_dir / "control.sock") as client:
            return bool(client.call("status")["edge"]["up"])
    except OrtsamtError:
        return False


def _addresses() -> tuple[str, ...]:
    try:
        return tuple(one for one in lan_addresses() if not one.startswith("127."))
    except OrtsamtError:
        return ()


def show_console(box: BoxSettings, stopping: threading.Event) -> None:
    """Keep the screens of the box up to date."""
    shown = ""
    while not stopping.is_set():
        text = screen(gather(box.paths.state_dir, NOTES, _addresses(), core=_core_up(box)))
        if text != shown:
            for name in CONSOLES:
                with contextlib.suppress(OSError), Path(name).open("w", encoding="utf-8") as terminal:
                    terminal.write("\033[2J\033[H" + text.replace("\n", "\r\n"))
            shown = text
        stopping.wait(LOOK_S)


def serve_rescue(box: BoxSettings) -> None:
    """Serve the page of a box in need until the process is ended."""

    def text() -> str:
        facts = gather(box.paths.state_dir, NOTES, _addresses(), core=False)
        try:
            details = (NOTES / "fsck").read_text(encoding="utf-8", errors="replace")
        except OSError:
            details = ""
        return page(facts.fault or "The telephone service is off.", facts.version, details)

    made = server("", 80, text)
    sdnotify.SystemdNotifier().notify("READY=1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    made.serve_forever()
