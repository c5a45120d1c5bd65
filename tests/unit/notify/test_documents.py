"""The relay and the wishes for mail as documents: what is taken, what is refused and why."""

from typing import Any

import pytest

from appliance.model.decode import try_decode
from appliance.model.documents import KINDS, Document, Extension
from appliance.model.ids import ExtensionId
from appliance.model.mail import Mail, MailTls, Notification
from appliance.model.references import Reference, references
from appliance.model.snapshot import build, check

RELAY: dict[str, Any] = {"id": "main", "host": "mail.example.com", "sender": "box@example.com"}
WISH: dict[str, Any] = {"id": "21", "addresses": ["anna@example.com"]}


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("mail", {**RELAY, "id": "second"}, "id"),
        ("mail", {**RELAY, "host": "mail example"}, "host"),
        ("mail", {**RELAY, "port": 70000}, "port"),
        ("mail", {**RELAY, "tls": "ssl"}, "tls"),
        ("mail", {**RELAY, "sender": "box"}, "sender"),
        ("mail", {**RELAY, "sender": "box@example.com\r\nBcc: all@example.com"}, "sender"),
        ("mail", {**RELAY, "secret": "without a name"}, "username"),
        ("mail", {**RELAY, "username": "box", "secret": "s", "tls": "none"}, "tls"),
        ("mail", {**RELAY, "username": "box\r\nQUIT"}, "username"),
        ("mail", {**RELAY, "per_hour": 0}, "per_hour"),
        ("notification", {**WISH, "addresses": []}, "addresses"),
        ("notification", {**WISH, "addresses": ["anna@@example.com"]}, "addresses"),
        ("notification", {**WISH, "addresses": ["anna@example.com\n"]}, "addresses"),
        ("notification", {**WISH, "addresses": ["a" * 65 + "@example.com"]}, "addresses"),
        ("notification", {**WISH, "addresses": ["a@example.com"] * 11}, "addresses"),
        ("notification", {**WISH, "events": ["birthday"]}, "events[0]"),
        ("notification", {**WISH, "language": "fr"}, "language"),
    ],
)
def test_what_could_not_work_is_refused_with_its_field(kind: str, fields: dict[str, Any], field: str) -> None:
    document, problems = try_decode(KINDS[kind], fields, where="it")
    assert document is None
    assert [one.field for one in problems] == [field]


@pytest.mark.parametrize("address", ["a@b", "anna.berger+box@mail.example.co.uk", "o'neill@example.com"])
def test_usual_addresses_are_taken(address: str) -> None:
    document, _ = try_decode(Notification, {**WISH, "addresses": [address]}, where="it")
    assert document is not None


@pytest.mark.parametrize(("tls", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_follows_the_encryption(tls: str, port: int) -> None:
    relay = Mail(host="mail.example.com", sender="box@example.com", tls=MailTls(tls))
    assert relay.real_port == port
    assert Mail(host="[::1]", sender="b@c", tls=MailTls(tls), port=2525).real_port == 2525


def test_a_notification_belongs_to_an_extension_that_exists() -> None:
    extension = Extension(id=ExtensionId("21"), number="21")
    wish = Notification(id=extension.id, addresses=("anna@example.com",))
    relay = Mail(host="mail.example.com", sender="box@example.com")
    documents: tuple[Document, ...] = (extension, wish, relay)
    snapshot = build(documents)
    assert (snapshot.mail, snapshot.notifications) == (relay, {"21": wish})
    assert check(snapshot) == ()
    assert [*references(wish)] == [Reference(field="id", kind="extension", id="21")]
    assert [(one.where, one.field) for one in check(build([wish]))] == [("notification 21", "id")]
