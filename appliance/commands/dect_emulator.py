"""``ortsamt dect-emulator``: emulated DECT bases and handsets, to be used by ``ortsamt simulate dect``."""

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from appliance.commands.box import add_box_argument, box_of

if TYPE_CHECKING:
    from appliance.dect.cmbs.emulator import EmulatedModule
    from appliance.dect.emulator.air import Air
    from appliance.dect.mitel.emulator import EmulatedOmm
    from appliance.dect.provisioned.emulator import EmulatedBases

HELP = "be DECT systems: an emulated OMM, bases that fetch files, a module on a serial line; with handsets"
BASE_MAC = 0x003042E00000
MAX_HANDSETS = 200
POLL_S = 20.0
"""Bases fetch by themselves so often, beside when they are told."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=12622, help="of the OMM's AXI; default 12622")
    parser.add_argument("--password", default="demo-omm-secret", help="of the login omm")
    parser.add_argument(
        "--family", choices=["mitel", "gigaset", "yealink", "snom", "grandstream", "cmbs"], default="mitel"
    )
    parser.add_argument(
        "--device",
        type=Path,
        metavar="PATH",
        help="cmbs: where its serial line appears, and its sound at PATH-sound; default: dect-module in the "
        "box's runtime folder",
    )
    parser.add_argument("--url", default="", help="where bases of other families fetch; ends with a slash")
    parser.add_argument("--name", default="", help="of one of several beside each other")
    parser.add_argument(
        "--mac", type=lambda text: int(text, 16), default=BASE_MAC + 1, help="of the first base"
    )
    parser.add_argument("--bases", type=int, default=2)
    parser.add_argument("--handsets", type=int, default=2)
    parser.add_argument(
        "--enrolled",
        type=int,
        default=0,
        metavar="COUNT",
        help="so many handsets are enrolled from the start (OMM)",
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="what is enrolled is kept here")


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C; raises DeviceUnavailable."""
    from appliance.dect.emulator.desk import AirDesk, desk_path
    from appliance.dect.emulator.loop import AirThread

    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    runtime = box_of(arguments).paths.runtime_dir
    runtime.mkdir(parents=True, exist_ok=True)
    thread = AirThread()
    desk = AirDesk(desk_path(runtime, arguments.name), thread)
    equipment = thread.do(lambda: _equipment(thread.air, arguments))
    try:
        thread.run(equipment.start())
        desk.start()
        print(f"an emulated DECT system ({arguments.family}) is there", flush=True)
        stopping.wait()
    finally:
        desk.stop()
        thread.run(equipment.stop())
        thread.stop()
    return 0


def _equipment(air: "Air", arguments: argparse.Namespace) -> "EmulatedOmm | EmulatedBases | EmulatedModule":
    from appliance.dect.cmbs.emulator import EmulatedModule
    from appliance.dect.emulator.air import Base
    from appliance.dect.mitel.emulator import EmulatedOmm
    from appliance.dect.provisioned.emulator import EmulatedBases
    from appliance.dect.provisioned.fetching import fetcher
    from appliance.model.dect import DectFamily, ipei_from

    bases = [
        Base(mac=f"{arguments.mac + number - 1:012X}", name=f"base{number}", model="RFP 48")
        for number in range(1, max(1, min(arguments.bases, 64)) + 1)
    ]
    for number, base in enumerate(bases):
        for other in (number - 1, number + 1):
            if 0 <= other < len(bases):
                base.hears[bases[other].mac] = -64 - 3 * number
    for number in range(1, max(0, min(arguments.handsets, MAX_HANDSETS)) + 1):
        air.add_handset(f"H{number}", ipei_from(3074, 220000 + number), base=bases[0].mac)
    if arguments.state is not None:
        arguments.state.mkdir(parents=True, exist_ok=True)
    if arguments.family == "cmbs":
        device = arguments.device or box_of(arguments).paths.runtime_dir / "dect-module"
        file = arguments.state / "module.json" if arguments.state is not None else None
        return EmulatedModule(air, bases[0], device, file)
    if arguments.family != "mitel":
        fetch = fetcher(arguments.url)
        family = DectFamily(arguments.family)
        return EmulatedBases(air, family, bases, fetch, host=arguments.listen, poll_s=POLL_S)
    omm = EmulatedOmm(
        air,
        bases,
        host=arguments.listen,
        port=arguments.port,
        password=arguments.password,
        file=arguments.state / "omm.json" if arguments.state is not None else None,
    )
    for handset in list(air.handsets.values())[: max(0, arguments.enrolled)]:
        handset.system = omm
    return omm
