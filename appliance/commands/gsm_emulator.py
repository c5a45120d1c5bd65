"""``ortsamt gsm-emulator``: an emulated GSM module with the mobile network behind it."""

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType

HELP = "be an emulated GSM module: plugged into a folder, with outside numbers, callers and SMS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; words are sent to the one that runs."""
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        metavar="DIR",
        help="gets sys and dev, for sysfs and devices of [gsm] in box.toml",
    )
    parser.add_argument("--family", choices=["simcom", "quectel", "generic"], default="simcom")
    parser.add_argument("--place", default="1-1.2", metavar="PATH", help="USB path")
    parser.add_argument("--imei", default="860000000000017")
    parser.add_argument("--pin", default="", help="of the SIM")
    parser.add_argument("--tone", type=int, default=600, metavar="HZ", help="what the other party says")
    parser.add_argument(
        "words", nargs="*", metavar="COMMAND", help="for the one that runs: call NUMBER, sms NUMBER TEXT, …"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C, or send a command; raises DeviceUnavailable."""
    from appliance.drivers.gsm import emulator_console
    from appliance.drivers.gsm.emulated_network import Answering, Sim
    from appliance.drivers.gsm.emulator import EmulatedModule

    folder = arguments.folder.absolute()
    if arguments.words:
        answer = emulator_console.tell(folder, arguments.place, " ".join(arguments.words))
        print(answer)
        return 0 if answer == "ok" or arguments.words[0] == "status" else 1
    folder.mkdir(parents=True, exist_ok=True)
    module = EmulatedModule(
        folder,
        family=arguments.family,
        place=arguments.place,
        imei=arguments.imei,
        sim=Sim(pin=arguments.pin),
        answering=Answering.ANSWERS,
        tone_hz=arguments.tone,
    )
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    console = emulator_console.Console(module)
    console.start()
    try:
        module.plug()
        print(f"an emulated {arguments.family} module is plugged in at {arguments.place}", flush=True)
        stopping.wait()
    finally:
        console.stop()
        module.unplug()
    return 0
