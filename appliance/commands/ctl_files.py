"""``ortsamt ctl import``, ``export``, ``import-csv``, ``export-csv``: the configuration as files."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, who
from appliance.commands.output import print_json, text

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

LONG_SECONDS = 60.0
"""For imports of large offices on slow disks."""


def add(action: Adder) -> None:
    """Offer the actions."""
    importing = action("import", _import, "make all changes of a file (JSON, TOML) at once, or none")
    importing.add_argument("file", type=Path)
    importing.add_argument("--replace", action="store_true", help="delete what the file does not name")
    importing.add_argument("--dry-run", action="store_true", help="only say what would change")
    exporting = action("export", _export, "the whole configuration, to be imported again")
    exporting.add_argument("file", type=Path, nargs="?", help="*.toml for TOML; default: JSON to stdout")
    exporting.add_argument("--reveal", action="store_true", help="with secrets")
    tables = action("import-csv", _import_csv, "extensions, phones, numbers, addresses of a table, or none")
    tables.add_argument("file", type=Path, help="CSV with a header row; see docs/tables.md")
    tables.add_argument("--dry-run", action="store_true", help="only say what would change, row by row")
    writing = action("export-csv", _export_csv, "the same as a table, to be edited and imported again")
    writing.add_argument("file", type=Path, nargs="?", help="default: to stdout")
    writing.add_argument("--language", choices=["de", "en"], help="of headers; default: the site's")
    writing.add_argument("--reveal", action="store_true", help="with the phones' passwords")


def _import(client: "ControlClient", arguments: argparse.Namespace) -> int:
    from appliance.store.importing import read_file

    params = {
        "configuration": read_file(arguments.file),
        "replace": arguments.replace,
        "dry_run": arguments.dry_run,
        "who": who(),
    }
    result = client.call("config.import", params, LONG_SECONDS)
    if arguments.json:
        print_json(result)
        return 1 if result["problems"] else 0
    for change in result["changes"]:
        print(f"{change['action']} {change['kind']} {change['id']}")
        for name, values in change["fields"].items():
            before, after = text(values["before"]), text(values["after"])
            print(f"  {name}: {before or '-'} -> {after or '-'}")
    for problem in result["problems"]:
        print(f"problem: {_problem(problem)}")
    if not result["changes"] and not result["problems"]:
        print("nothing to change")
    elif arguments.dry_run:
        print(f"dry run: {len(result['changes'])} would change, {len(result['problems'])} problems")
    else:
        print(f"{len(result['changes'])} changed")
    return 1 if result["problems"] else 0


def _export(client: "ControlClient", arguments: argparse.Namespace) -> int:
    from appliance.store.importing import to_toml
    from appliance.store.writing import write_file

    result = client.call("config.export", {"reveal": arguments.reveal}, LONG_SECONDS)
    configuration = result["configuration"]
    if arguments.file is None:
        print_json(configuration)
    else:
        toml = arguments.file.suffix.lower() == ".toml"
        content = to_toml(configuration) if toml else json.dumps(configuration, indent=2, ensure_ascii=False)
        write_file(arguments.file, content + "\n")
        print(f"{sum(map(len, configuration.values()))} documents written to {arguments.file}")
    return 0


def _import_csv(client: "ControlClient", arguments: argparse.Namespace) -> int:
    from appliance.store.csv_table import read_text

    params = {"text": read_text(arguments.file), "dry_run": arguments.dry_run, "who": who()}
    result = client.call("config.import_csv", params, LONG_SECONDS)
    if arguments.json:
        print_json(result)
        return 1 if result["problems"] else 0
    rows = [row for row in result["rows"] if row["action"] != "unchanged"]
    for row in rows:
        documents = ", ".join(row["documents"])
        print(
            f"row {row['row']}: {row['action']} {text(row['number'])}" + f" ({documents})" * bool(documents)
        )
    for problem in result["problems"]:
        print(f"problem: {_problem(problem)}")
    changed = sum(row["action"] in {"create", "change"} for row in rows)
    same = len(result["rows"]) - len(rows)
    if arguments.dry_run:
        print(f"dry run: {changed} rows would change, {same} stay, {len(result['problems'])} problems")
    else:
        print(f"{changed} rows changed, {same} stayed as they were")
    return 1 if result["problems"] else 0


def _export_csv(client: "ControlClient", arguments: argparse.Namespace) -> int:
    from appliance.store.writing import write_file

    params = {"reveal": arguments.reveal, **given(language=arguments.language)}
    result = client.call("config.export_csv", params, LONG_SECONDS)
    if arguments.file is None:
        sys.stdout.write(result["text"])
    else:
        # The mark tells spreadsheets that the text is UTF-8.
        write_file(arguments.file, "\ufeff" + result["text"])
        rows = len(result["text"].splitlines()) - 1
        print(f"{rows} rows written to {arguments.file}")
    for number in result["left_out"]:
        print(f"left out: {number} rings what a table cannot say", file=sys.stderr)
    return 0


def _problem(problem: Mapping[str, Any]) -> str:
    from appliance.errors import Problem

    return str(Problem(**problem))
