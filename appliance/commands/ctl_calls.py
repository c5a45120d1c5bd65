"""``ortsamt ctl calls``, ``hangup``, ``call``, ``steer`` …: calls in progress, calls as recorded."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_facts, print_rows, print_words
from appliance.commands.output import local, seconds_between
from appliance.commands.values import moment
from appliance.model.parties import SteerAct

if TYPE_CHECKING:
    from appliance.control.client import ControlClient


def add(action: Adder) -> None:
    """Offer the actions."""
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
    steering = action("steer", _steer, "what keys of a telephone do: ctl steer CALL 21 transfer 22")
    steering.add_argument("call", metavar="CALL", help="its id, as 'ctl parties' shows it")
    steering.add_argument("extension", metavar="EXTENSION")
    steering.add_argument("act", choices=[one.value for one in SteerAct])
    steering.add_argument("to", nargs="?", metavar="NUMBER", help="where to transfer, or digits")
    steering.add_argument("--device", metavar="DEVICE", help="which of its telephones")
    steering.add_argument("--other", metavar="CALL", help="the call to join; default: its other one")
    action("parties", _parties, "calls in progress as each extension in them sees them")


def _steer(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(
        call=arguments.call,
        extension=arguments.extension,
        act=arguments.act,
        to=arguments.to,
        device=arguments.device,
        other=arguments.other,
    )
    return print_facts(client.call("calls.steer", params), arguments)


def _parties(client: "ControlClient", arguments: argparse.Namespace) -> int:
    columns = ["extension", "state", "number", "name", "call", "device", "since"]
    return print_rows(client.call("calls.parties"), arguments, "no calls", columns)


def _calls(client: "ControlClient", arguments: argparse.Namespace) -> int:
    calls = client.call("calls.list")
    if not arguments.json:
        now = datetime.now(UTC).isoformat()
        calls = [{**_call_row({**call, "ended": now}), "legs": _legs(call)} for call in calls]
    return print_rows(calls, arguments, "no calls")


def _dial(client: "ControlClient", arguments: argparse.Namespace) -> int:
    asked = {"extension": arguments.extension, "dialled": arguments.dialled}
    return print_facts(client.call(arguments.method, asked), arguments)


def _hangup(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("calls.hangup", {"call": arguments.call})
    return print_words(result, arguments, f"{arguments.call} is being ended")


def _announce(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("announcements.play", {"announcement": arguments.announcement})
    return print_words(result, arguments, f"announcement {arguments.announcement} begins")


def _records(client: "ControlClient", arguments: argparse.Namespace) -> int:
    if arguments.call is not None:
        return print_facts(client.call("records.call", {"call": arguments.call}), arguments)
    params = given(
        since=arguments.since,
        until=arguments.until,
        number=arguments.number,
        before=arguments.before,
        noted=arguments.noted,
        limit=arguments.limit,
    )
    calls = client.call("records.calls", params)
    return print_rows(calls if arguments.json else [_call_row(call) for call in calls], arguments, "no calls")


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
