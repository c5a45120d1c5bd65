"""``ortsamt demo``: a box with a demo office, in the foreground, for trying everything."""

import argparse
import contextlib
import os
import signal
import threading
from pathlib import Path
from types import FrameType

from appliance.errors import ConfigError

HELP = "run a demo office on emulated equipment, until Ctrl-C"


def _default_state() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
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
    parser.add_argument(
        "--cloud",
        action="store_true",
        help="with an instance in the cloud and a cluster of NATS servers between",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until Ctrl-C or SIGTERM; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.app.demo import Demo, require_room
    from appliance.app.demo_settings import DemoOptions

    state = _folder(arguments.state)
    require_room(state)
    if arguments.ports and not 1024 <= arguments.ports <= 65535 - 10:
        raise ConfigError("--ports: out of range", error_id="demo.ports", hint="1024 to 65525")
    if not 0 <= arguments.provider_port <= 65535:
        raise ConfigError("--provider-port: out of range", error_id="demo.ports", hint="1 to 65535")
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

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    demo = Demo(options)
    try:
        if demo.start(stopping):
            lines = list(demo.card())
            if arguments.cloud:
                from appliance.app.demo_cloud import CloudDemo

                print("the box is ready; the cloud follows", flush=True)
                cloud = CloudDemo(demo, state, demo.supervisor, options.ports)
                if cloud.start(stopping):
                    lines += cloud.card()
            for line in lines:
                print(line, flush=True)
            stopping.wait()
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("stopping", flush=True)
    finally:
        demo.stop()
    return 0


def _folder(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(
            f"--state: {path} cannot be found: {error}", error_id="demo.state", hint="name a whole path"
        ) from error


def _built_prompts() -> Path | None:
    """Prompts built in the folder the program is run from; None: the installed ones."""
    here = Path(__file__).resolve().parents[2] / "build" / "prompts"
    return here if here.is_dir() else None
