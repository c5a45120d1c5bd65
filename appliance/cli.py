"""The command line ``ortsamt``: finds the command, runs it, says errors in one line.

Exit codes: 0 done, 1 refused or failed (the line on stderr says why), 2 the core is not running or the
command line makes no sense, 130 interrupted; commands may have more, which their help names.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import ModuleType

from appliance.errors import ConfigError, OrtsamtError

COMMANDS = {
    "run": "run",
    "edge": "edge",
    "fax": "fax",
    "web": "web",
    "sync": "sync",
    "standby": "standby",
    "hub": "hub",
    "demo": "demo",
    "ctl": "ctl",
    "check-config": "check_config",
    "firewall": "firewall",
    "explain": "explain",
    "backup": "backup",
    "capture-helper": "capture_helper",
    "verify-recordings": "verify_recordings",
    "phone": "phone",
    "provider": "provider",
    "selftest": "selftest",
    "update": "update",
    "machine": "machine",
    "network-helper": "network_helper",
    "simulate": "simulate",
    "gsm-emulator": "gsm_emulator",
    "dect-emulator": "dect_emulator",
}
"""Command → module in ``appliance.commands``."""

NOT_RUNNING = "control.not_running"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, raises SystemExit for ``--help`` and wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words).parse_args(words)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except OrtsamtError as error:
        for line in error_lines(error):
            print(line, file=sys.stderr)
        return 2 if error.error_id == NOT_RUNNING else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `ortsamt ctl log | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return code


def error_lines(error: OrtsamtError) -> list[str]:
    """An error for a person: one line, or one for each problem."""
    if isinstance(error, ConfigError) and error.problems:
        return [f"ortsamt: {problem}" for problem in error.problems]
    return [f"ortsamt: {error}"]


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ortsamt", description="A telephone exchange for an office.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    # Only the command that is wanted is imported; help and mistakes need all of them.
    wanted = words[0] if words and words[0] in COMMANDS else None
    for name, module_name in COMMANDS.items():
        if wanted in (None, name):
            module: ModuleType = importlib.import_module(f"appliance.commands.{module_name}")
            command = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
