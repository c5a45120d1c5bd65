"""``ortsamt check-config``: judge box.toml and configuration files without touching a running box."""

import argparse
from pathlib import Path

from appliance.commands.box import add_box_argument, box_of
from appliance.errors import ConfigError, Problem, Severity

HELP = "check box.toml and configuration files; prints every problem and what is odd, one a line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument(
        "file", nargs="*", type=Path, help="configuration to import (JSON or TOML), judged as a whole office"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when all is well, 1 when anything is not."""
    problems: list[Problem] = []
    try:
        box_of(arguments)
    except ConfigError as error:
        problems += error.problems
    for path in arguments.file:
        problems += _problems_of(path)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    for problem in problems:
        print(problem if problem.severity is Severity.ERROR else f"notice: {problem}")
    if not errors:
        print("no problems found")
    return 1 if errors else 0


def _problems_of(path: Path) -> list[Problem]:
    from appliance.store.edits import judge
    from appliance.store.importing import changes_of, read_file

    try:
        changes, problems = changes_of(read_file(path))
    except ConfigError as error:
        return list(error.problems)
    return [*problems, *judge(changes)]
