"""``ortsamt demo``: a box with a demo office, in the foreground, for trying everything."""

import argparse
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

HELP = "run a demo office on emulated equipment, until Ctrl-C"


def _default_state() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "ortsamt" / "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "--state", type=Path, default=_default_state(), metavar="DIR", help="folder to live in"
    )
    parser.add_argument(
        "--listen", action="append", default=[], metavar="ADDRESS", help="address for phones; default all"
    )
    parser.add_argument(
        "--ports", type=int, default=0, metavar="FIRST", help="use a row of ports from here: SIP, TLS, …"
    )
    parser.add_argument(
        "--provider-port", type=int, default=0, metavar="PORT", help="of the emulated provider"
    )
    parser.add_argument(
        "--prompts", type=Path, default=None, metavar="DIR", help="prompts made at build time"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.demo import Demo, DemoOptions, require_room

    state = arguments.state.expanduser().absolute()
    require_room(state)
    options = DemoOptions(
        state=state,
        prompts=arguments.prompts.absolute() if arguments.prompts else _built_prompts(),
        listen=tuple(arguments.listen),
        ports=arguments.ports,
        provider_port=arguments.provider_port or (arguments.ports + 6 if arguments.ports else 5090),
    )
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    demo = Demo(options, _own_program())
    demo.start()
    try:
        for line in demo.card():
            print(line, flush=True)
        demo.wait(stopping)
        print("stopping", flush=True)
    finally:
        demo.stop()
    return 0


def _own_program() -> str:
    beside = Path(sys.executable).parent / "ortsamt"
    return str(beside) if beside.exists() else (shutil.which("ortsamt") or "ortsamt")


def _built_prompts() -> Path | None:
    """Prompts built in the folder the program is run from; None: the installed ones."""
    here = Path(__file__).resolve().parents[2] / "build" / "prompts"
    return here if here.is_dir() else None
