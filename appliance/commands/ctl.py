"""``ortsamt ctl``: ask and change the running box through its control socket."""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.commands import (
    ctl_analog,
    ctl_audio,
    ctl_calls,
    ctl_conference,
    ctl_contacts,
    ctl_dect,
    ctl_fax,
    ctl_health,
    ctl_mobile,
    ctl_network,
    ctl_notes,
    ctl_numbers,
    ctl_phones,
    ctl_recordings,
    ctl_softphone,
    ctl_standby,
    ctl_sync,
    ctl_voicemail,
)
from appliance.commands.answers import given as _given
from appliance.commands.answers import print_facts as _facts
from appliance.commands.answers import print_rows as _rows
from appliance.commands.answers import who as _who
from appliance.commands.box import add_box_argument, box_of
from appliance.commands.output import local, print_json, seconds_between, text
from appliance.commands.values import fields_of_words, moment

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

HELP = "ask and change the running box"
SOCKET_VARIABLE = "ORTSAMT_SOCKET"
LONG_SECONDS = 60.0
"""For imports of large offices on slow disks."""

Action = Callable[["ControlClient", argparse.Namespace], int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options and sub-commands; ``--json`` and ``--socket`` may stand before or behind these."""
    parser.set_defaults(socket=os.environ.get(SOCKET_VARIABLE), json=False)
    add_box_argument(parser)
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for one in (parser, shared):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        one.add_argument(
            "--socket",
            metavar="PATH",
            default=argparse.SUPPRESS,
            help=f"control socket; default ${SOCKET_VARIABLE} or by the box settings",
        )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, act: Action, words: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=words, description=words, parents=[shared])
        made.set_defaults(act=act)
        return made

    def entity(made: argparse.ArgumentParser) -> None:
        made.add_argument("kind", metavar="KIND", help="site, extension, device, number, trunk, service")
        made.add_argument("id", metavar="ID")

    action("status", _status, "how the box is")
    action("kinds", _kinds, "kinds of documents and their fields")
    listing = action("list", _list, "documents of a kind")
    listing.add_argument("kind", metavar="KIND")
    listing.add_argument("--reveal", action="store_true", help="show secrets")
    getting = action("get", _get, "one document")
    entity(getting)
    getting.add_argument("--reveal", action="store_true", help="show secrets")
    setting = action("set", _set, "create or change a document: ctl set extension 21 number=21 name=Anna")
    entity(setting)
    setting.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="lists and tables as JSON")
    unsetting = action("unset", _unset, "put fields of a document back to their defaults")
    entity(unsetting)
    unsetting.add_argument("fields", nargs="+", metavar="FIELD")
    entity(action("delete", _delete, "delete a document"))
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
    logging = action("log", _log, "who changed what, when")
    logging.add_argument("kind", metavar="KIND", nargs="?")
    logging.add_argument("id", metavar="ID", nargs="?")
    logging.add_argument("--since", type=moment, help="2h, 3d, today, 2026-01-31T08:00")
    logging.add_argument("--limit", type=int, default=100)
    undoing = action("undo", _undo, "take one operation of the log back")
    undoing.add_argument("operation")
    undoing.add_argument("--dry-run", action="store_true", help="only say whether it can be")
    watching = action("watch", _watch, "print events as they happen")
    watching.add_argument("events", nargs="*", metavar="EVENT", help="call, leg, registration, trunk, …")
    action("calls", _calls, "calls in progress")
    ending = action("hangup", _hangup, "end a call or a leg by its id")
    ending.add_argument("call")
    for name, method, purpose in (
        ("call", "calls.place", "ring an extension and dial for it: ctl call 21 030123456"),
        ("do", "features.do", "change settings as a code would: ctl do 21 '*26'"),
    ):
        dialling = action(name, _dial, purpose)
        dialling.set_defaults(method=method)
        dialling.add_argument("extension")
        dialling.add_argument("dialled")
    announcing = action("announce", _announce, "let a paging group hear an announcement now, by its id")
    announcing.add_argument("announcement")
    records = action("records", _records, "calls as recorded, newest first; one with its legs by id")
    records.add_argument("call", nargs="?")
    records.add_argument("--since", type=moment, help="2h, 3d, today, 2026-01-31T08:00")
    records.add_argument("--until", type=moment)
    records.add_argument("--number", help="a party's number ends so")
    records.add_argument("--before", metavar="CALL", help="only calls older than that one")
    records.add_argument("--noted", action="store_true", default=None, help="only calls with a note")
    records.add_argument("--limit", type=int, default=30)
    ctl_analog.add(action)
    ctl_calls.add(action)
    ctl_contacts.add(action)
    ctl_notes.add(action)
    ctl_health.add(action)
    ctl_mobile.add(action)
    ctl_network.add(action)
    ctl_dect.add(action)
    ctl_numbers.add(action)
    ctl_audio.add(action)
    ctl_fax.add(action)
    ctl_conference.add(action)
    ctl_recordings.add(action)
    ctl_softphone.add(action)
    ctl_phones.add(action)
    ctl_standby.add(action)
    ctl_sync.add(action)
    ctl_voicemail.add(action)
    action("registrations", _registrations, "registered phones")
    action("trunks", _trunks, "trunks and their state")
    action("survival", _survival, "how the internet is, why, and what happened in outages")
    action("alarms", _alarms, "what is wrong now, and what was told since the start")
    action("bans", _bans, "addresses and accounts that are refused now")
    lifting = action("unban", _unban, "lift a ban")
    lifting.add_argument("address")
    lifting.add_argument("account", nargs="?", default="", help="only this account from there")
    mailing = action("mail", _mail, "mails of the box that wait and those finished last, newest first")
    mailing.add_argument("--state", choices=["waiting", "sent", "given_up"])
    mailing.add_argument("--limit", type=int, default=30)
    trying = action("mail-test", _mail_test, "send a test mail and show the conversation with the relay")
    trying.add_argument("recipient", metavar="ADDRESS")
    action("mail-retry", _mail_retry, "try now to send what waits")


def run(arguments: argparse.Namespace) -> int:
    """Do one action; raises OrtsamtError for everything that fails."""
    from appliance.control.client import ControlClient

    with ControlClient(_socket(arguments)) as client:
        act: Action = arguments.act
        return act(client, arguments)


def _socket(arguments: argparse.Namespace) -> Path:
    if arguments.socket:
        return Path(arguments.socket)
    return box_of(arguments).paths.runtime_dir / "control.sock"


def _status(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _facts(client.call("status"), arguments)


def _kinds(client: "ControlClient", arguments: argparse.Namespace) -> int:
    kinds = client.call("config.kinds")
    rows = [{"kind": kind, **field} for kind, fields in kinds.items() for field in fields]
    return _rows(kinds if arguments.json else rows, arguments, "")


def _list(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("config.list", {"kind": arguments.kind, "reveal": arguments.reveal})
    return _rows(rows, arguments, f"no {arguments.kind} yet")


def _get(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = {"kind": arguments.kind, "id": arguments.id, "reveal": arguments.reveal}
    return _facts(client.call("config.get", params), arguments)


def _set(client: "ControlClient", arguments: argparse.Namespace) -> int:
    fields = fields_of_words(arguments.kind, arguments.id, arguments.fields)
    return _change(client, arguments, {"fields": fields})


def _unset(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _change(client, arguments, {"unset": arguments.fields, "create": False})


def _change(client: "ControlClient", arguments: argparse.Namespace, what: Mapping[str, Any]) -> int:
    result = client.call("config.set", {"kind": arguments.kind, "id": arguments.id, "who": _who(), **what})
    if arguments.json:
        print_json(result)
        return 0
    done = "created" if result["created"] else "changed" if result["operations"] else "is so already"
    print(f"{arguments.kind} {arguments.id} {done}")
    return 0


def _delete(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("config.delete", {"kind": arguments.kind, "id": arguments.id, "who": _who()})
    if arguments.json:
        print_json(result)
    else:
        print(f"{arguments.kind} {arguments.id} deleted")
    return 0


def _import(client: "ControlClient", arguments: argparse.Namespace) -> int:
    from appliance.store.importing import read_file

    params = {
        "configuration": read_file(arguments.file),
        "replace": arguments.replace,
        "dry_run": arguments.dry_run,
        "who": _who(),
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

    params = {"text": read_text(arguments.file), "dry_run": arguments.dry_run, "who": _who()}
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
    import sys

    from appliance.store.writing import write_file

    params = {"reveal": arguments.reveal, **_given(language=arguments.language)}
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


def _log(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = _given(kind=arguments.kind, id=arguments.id, since=arguments.since, limit=arguments.limit)
    rows = client.call("config.log", params)
    if not arguments.json:
        rows = [{**row, "at": local(row["at"])} for row in rows]
    columns = ["id", "at", "who", "kind", "entity", "action", "field", "old", "value"]
    return _rows(rows, arguments, "no operations", columns)


def _undo(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"operation": arguments.operation, "dry_run": arguments.dry_run, "who": _who()}
    result = client.call("config.undo", asked)
    if arguments.json:
        print_json(result)
    else:
        count = len(result["changes"])
        done = "undone by" if result["applied"] else "would be undone by"
        print(f"{done} {count} operations" if count else "is so already")
    return 0


def _watch(client: "ControlClient", arguments: argparse.Namespace) -> int:
    for event in client.watch(arguments.events):
        if arguments.json:
            print(
                json.dumps({"event": event.event, "payload": event.payload}, ensure_ascii=False), flush=True
            )
        else:
            payload = event.payload if isinstance(event.payload, Mapping) else {"": event.payload}
            words = " ".join(f"{name}={text(value)}" for name, value in payload.items() if value is not None)
            print(f"{event.event}: {words}", flush=True)
    return 0


def _calls(client: "ControlClient", arguments: argparse.Namespace) -> int:
    calls = client.call("calls.list")
    if not arguments.json:
        now = datetime.now(UTC).isoformat()
        calls = [{**_call_row({**call, "ended": now}), "legs": _legs(call)} for call in calls]
    return _rows(calls, arguments, "no calls")


def _dial(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"extension": arguments.extension, "dialled": arguments.dialled}
    return _facts(client.call(arguments.method, asked), arguments)


def _hangup(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("calls.hangup", {"call": arguments.call})
    if arguments.json:
        print_json(result)
    else:
        print(f"{arguments.call} is being ended")
    return 0


def _announce(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("announcements.play", {"announcement": arguments.announcement})
    if arguments.json:
        print_json(result)
    else:
        print(f"announcement {arguments.announcement} begins")
    return 0


def _records(client: "ControlClient", arguments: argparse.Namespace) -> int:
    if arguments.call is not None:
        return _facts(client.call("records.call", {"call": arguments.call}), arguments)
    params = _given(
        since=arguments.since,
        until=arguments.until,
        number=arguments.number,
        before=arguments.before,
        noted=arguments.noted,
        limit=arguments.limit,
    )
    calls = client.call("records.calls", params)
    return _rows(calls if arguments.json else [_call_row(call) for call in calls], arguments, "no calls")


def _registrations(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _rows(client.call("registrations.list"), arguments, "no phone is registered")


def _trunks(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _rows(client.call("trunks.list"), arguments, "no trunk yet")


def _survival(client: "ControlClient", arguments: argparse.Namespace) -> int:
    answer = client.call("survival.show")
    if arguments.json:
        print_json(answer)
        return 0
    print(f"{answer['internet']}{'  ' + answer['why'] if answer['why'] else ''}")
    for one in answer["outages"]:
        print(
            f"cut off {local(one['began'])} to {local(one['ended'])}: {one['outside']} calls outside, "
            f"{one['by_gsm']} by GSM ({one['cost'] / 10_000:.2f}), {one['missed']} missed"
        )
    rows = [
        {
            "probe": one["name"],
            "good": "yes" if one["good"] else "NO",
            "ever": one["known"],
            "detail": one["detail"],
        }
        for one in answer["probes"]
    ]
    return _rows(rows, arguments, "nothing of this office is on the internet")


def _alarms(client: "ControlClient", arguments: argparse.Namespace) -> int:
    answer = client.call("alarms.list")
    if arguments.json:
        print_json(answer)
        return 0
    for one in answer["active"]:
        print(f"! {local(one['at'])}  {one['text']}")
    rows = [
        {"at": local(one["at"]), "severity": one["severity"], "text": one["text"]} for one in answer["past"]
    ]
    return _rows(rows, arguments, "no alarms since the start")


def _bans(client: "ControlClient", arguments: argparse.Namespace) -> int:
    return _rows(client.call("bans.list"), arguments, "nobody is banned")


def _unban(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("bans.remove", {"address": arguments.address, "account": arguments.account})
    if arguments.json:
        print_json(result)
    else:
        print(f"{arguments.address} may come again")
    return 0


def _mail(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("mail.queue", _given(state=arguments.state, limit=arguments.limit))
    if not arguments.json:
        times = ("created", "due", "finished")
        rows = [{**row, **{name: local(row[name]) for name in times}, "message_id": None} for row in rows]
    return _rows(rows, arguments, "no mail")


def _mail_test(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("mail.test", {"recipient": arguments.recipient}, LONG_SECONDS * 2)
    if arguments.json:
        print_json(result)
    else:
        print("\n".join(text(line) for line in result["dialogue"]))
        taken = f"{result['relay']} took the mail to {result['recipient']}"
        print(taken if result["taken"] else f"not sent over {result['relay']}: {text(result['error'])}")
    return 0 if result["taken"] else 1


def _mail_retry(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("mail.retry")
    if arguments.json:
        print_json(result)
    else:
        print(f"{result['waiting']} waiting mails are tried now")
    return 0


def _call_row(call: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "call": call.get("call"),
        "started": local(call.get("started")),
        "kind": call.get("kind"),
        "from": call.get("caller_number") or ("withheld" if call.get("withheld") else ""),
        "name": call.get("caller_name"),
        "to": call.get("called") or call.get("dialled"),
        "talked": seconds_between(call.get("answered"), call.get("ended")),
        "answered": call.get("answered") is not None,
        "cause": call.get("cause"),
    }


def _legs(call: Mapping[str, Any]) -> str:
    return " ".join(str(leg.get("endpoint") or leg.get("leg")) for leg in call.get("legs", ()))


def _problem(problem: Mapping[str, Any]) -> str:
    from appliance.errors import Problem

    return str(Problem(**problem))
