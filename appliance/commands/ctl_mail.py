"""``ortsamt ctl mail``, ``mail-test``, ``mail-retry``: mails of the box."""

import argparse
from typing import TYPE_CHECKING

from appliance.commands.answers import Adder, given, print_rows, print_words
from appliance.commands.output import local, print_json, text

if TYPE_CHECKING:
    from appliance.control.client import ControlClient

TRIAL_SECONDS = 120.0
"""A relay may take its time with each line of the conversation."""


def add(action: Adder) -> None:
    """Offer the actions."""
    mailing = action("mail", _mail, "mails of the box that wait and those finished last, newest first")
    mailing.add_argument("--state", choices=["waiting", "sent", "given_up"])
    mailing.add_argument("--limit", type=int, default=30)
    trying = action("mail-test", _mail_test, "send a test mail and show the conversation with the relay")
    trying.add_argument("recipient", metavar="ADDRESS")
    action("mail-retry", _mail_retry, "try now to send what waits")


def _mail(client: "ControlClient", arguments: argparse.Namespace) -> int:
    rows = client.call("mail.queue", given(state=arguments.state, limit=arguments.limit))
    if not arguments.json:
        times = ("created", "due", "finished")
        rows = [{**row, **{name: local(row[name]) for name in times}, "message_id": None} for row in rows]
    return print_rows(rows, arguments, "no mail")


def _mail_test(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("mail.test", {"recipient": arguments.recipient}, TRIAL_SECONDS)
    if arguments.json:
        print_json(result)
    else:
        print("\n".join(text(line) for line in result["dialogue"]))
        taken = f"{result['relay']} took the mail to {result['recipient']}"
        print(taken if result["taken"] else f"not sent over {result['relay']}: {text(result['error'])}")
    return 0 if result["taken"] else 1


def _mail_retry(client: "ControlClient", arguments: argparse.Namespace) -> int:
    result = client.call("mail.retry")
    return print_words(result, arguments, f"{result['waiting']} waiting mails are tried now")
