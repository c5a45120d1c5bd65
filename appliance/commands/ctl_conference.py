"""``ortsamt ctl conference``: who is in which room, and what a moderator can do there; invitations."""

import argparse
from typing import TYPE_CHECKING, Any

from appliance.commands.answers import Adder, given, print_rows, print_words
from appliance.commands.output import local, print_json
from appliance.commands.values import moment

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

ACTS = ("mute", "unmute", "deafen", "undeafen", "drop", "drop_last", "lock", "unlock", "add", "end")
COLUMNS = ["room", "number", "name", "party", "who", "moderator", "muted", "deaf", "joined", "leg"]


def add(action: Adder) -> None:
    """Offer the actions."""
    acting = action(
        "conference",
        _conference,
        "conference rooms; ctl conference 800 mute 21: mute, deafen, drop (a party or all), lock, add, end",
    )
    acting.add_argument("room", nargs="?", metavar="ROOM", help="its number or id")
    acting.add_argument("act_in_room", nargs="?", choices=ACTS, metavar="ACT", help=", ".join(ACTS))
    acting.add_argument(
        "party", nargs="?", default="", metavar="PARTY", help="number or leg; of add: dialled"
    )
    acting.add_argument(
        "--extension", help="by whose rights somebody is added; default: the owner of the room"
    )
    inviting = action("invite", _invite, "invite to a conference by mail, with an appointment")
    inviting.add_argument("room", metavar="ROOM")
    inviting.add_argument("addresses", nargs="+", metavar="ADDRESS")
    inviting.add_argument("--begins", required=True, type=moment, help="2026-01-31T08:00")
    inviting.add_argument("--minutes", type=int, default=60)
    inviting.add_argument("--subject")
    inviting.add_argument("--text")
    inviting.add_argument("--organizer", metavar="ADDRESS")
    inviting.add_argument("--language", choices=["de", "en"])


def _conference(client: "ControlClient", arguments: argparse.Namespace) -> int:
    if arguments.act_in_room:
        act: str = arguments.act_in_room
        who = {"dialled": arguments.party} if act == "add" else {"party": arguments.party}
        asked = given(room=arguments.room, act=act, extension=arguments.extension, **who)
        state = client.call("conferences.act", asked)
        rooms = [state] if state is not None else []
    else:
        rooms = client.call("conferences.list", {})
        if arguments.room:
            rooms = [one for one in rooms if arguments.room in (one["room"], one["number"])]
    if arguments.json:
        print_json(rooms)
        return 0
    return print_rows([row for one in rooms for row in _rows(one)], arguments, "nobody is there", COLUMNS)


def _rows(room: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"room": room["room"], "number": room["number"], "name": room["name"]}
    waiting = " (waiting)" if room.get("waiting") else ""
    locked = " (locked)" if room.get("locked") else ""
    head["name"] += waiting + locked
    rows = [
        {
            **head,
            "party": one["number"] or "withheld",
            "who": one["name"],
            "moderator": one["moderator"],
            "muted": one["muted"],
            "deaf": one["deaf"],
            "joined": local(one["joined"]),
            "leg": one["leg"],
        }
        for one in room["participants"]
    ]
    rows += [{**head, "party": dialled, "who": "is being called"} for dialled in room.get("inviting", [])]
    return rows or [head]


def _invite(client: "ControlClient", arguments: argparse.Namespace) -> int:
    params = given(
        room=arguments.room,
        addresses=arguments.addresses,
        begins=arguments.begins,
        minutes=arguments.minutes,
        subject=arguments.subject,
        text=arguments.text,
        organizer=arguments.organizer,
        language=arguments.language,
    )
    result = client.call("conferences.invite", params)
    return print_words(result, arguments, f"{result['queued']} invitations queued: {result['uid']}")
