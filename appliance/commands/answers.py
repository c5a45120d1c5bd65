"""What commands that ask the box have in common: who asks, what was given, how the answer is printed."""

import argparse
import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from appliance.commands.output import facts, print_json, table

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

Action = Callable[["ControlClient", argparse.Namespace], int]
Adder = Callable[[str, Action, str], argparse.ArgumentParser]
"""Offers an action: its name, what does it, and its line of help; returns the parser for more arguments."""


def who() -> str:
    """The person behind ``sudo``, for the audit trail."""
    try:
        return f"ctl:{os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):
        return f"ctl:{os.getuid()}"


def given(**params: Any) -> dict[str, Any]:
    """Only what was given."""
    return {name: value for name, value in params.items() if value is not None}


def print_rows(rows: Any, arguments: argparse.Namespace, empty: str, columns: list[str] | None = None) -> int:
    """Print a table, or what there is to say instead of an empty one."""
    if arguments.json:
        print_json(rows)
    elif rows:
        print("\n".join(table(rows, columns)))
    else:
        print(empty)
    return 0


def print_facts(values: Any, arguments: argparse.Namespace) -> int:
    """Print one thing, a line for each of its fields."""
    if arguments.json:
        print_json(values)
    else:
        print("\n".join(facts(values)))
    return 0


def print_words(values: Any, arguments: argparse.Namespace, words: str) -> int:
    """Print what was done in words, or what the box answered as JSON."""
    if arguments.json:
        print_json(values)
    else:
        print(words)
    return 0
