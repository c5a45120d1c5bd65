"""The journal over the API: filters, cost centres, files, hidden digits, deletion in time."""

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from appliance.model.causes import Cause
from appliance.model.ids import CallId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.store.records import RecordStore
from tests.support.box import Box, office
from tests.support.web import Client, Web, eventually

OUTSIDE = "+4930123456"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A box that has had calls."""
    folder = tmp_path_factory.mktemp("journal")
    box = Box(folder, office("21", "22"))
    (folder / "state").mkdir()
    store = RecordStore(folder / "state" / "records.db")
    now = datetime.now(UTC)
    for number in range(1200):
        began = now - timedelta(hours=number + 1)
        store.put_call(
            CallRecord(
                call=CallId(f"c{number:05}"), kind=CallKind.INBOUND, started=began, caller_number=OUTSIDE,
                caller_name="=Zoë", withheld=False, dialled=OUTSIDE, called="22" if number % 2 else "21",
                answered=began + timedelta(seconds=5) if number % 3 else None, cause=Cause.CANCELLED,
                ended=began + timedelta(seconds=65), cost_centre="Sales" if number < 10 else "",
            )
        )  # fmt: skip
    assert store.flush(20)
    store.close()
    with box, Web(box) as server:
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def lines(client: Client, query: str) -> list[dict[str, str]]:
    reply = client.ask("GET", f"/records/export?{query}")
    assert reply.status == 200, reply.body[:300]
    return list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"), newline="")))


def test_the_journal_is_asked_and_exported(web: Web, admin: Client) -> None:
    found = admin.good("GET", "/records?cost_centre=Sales&result=missed&way=in")
    assert [one["call"] for one in found] == ["c00000", "c00003", "c00006", "c00009"]
    assert (found[0]["way"], found[0]["result"]) == ("in", "missed")
    assert len(admin.good("GET", "/records?extension=21&limit=1000")) == 600
    assert admin.good("GET", "/cost-centres") == ["Sales"]
    wrong = admin.ask("GET", "/records?way=up")
    assert (wrong.status, wrong.json["error"]["field"]) == (422, "way")
    rows = lines(admin, "format=csv&language=en")
    seen = (len(rows), rows[1]["Talking (s)"], rows[1]["Result"], rows[1]["Name"])
    assert seen == (1200, "60", "answered", "'=Zoë")
    root = ET.fromstring(admin.ask("GET", "/records/export?format=xml&result=missed").body)
    assert (len(root), root[0].findtext("caller_number")) == (400, OUTSIDE)
    for form, begin in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        reply = admin.ask("GET", f"/records/export?format={form}&cost_centre=Sales")
        assert reply.body.startswith(begin), form
        assert f".{form}" in reply.headers["Content-Disposition"]
    for query in ("format=rtf", "nothing=1", "since=yesterday"):
        assert admin.ask("GET", f"/records/export?{query}").status == 422
    user = web.account(admin, "anna", "user", ["21"])
    assert len(lines(user, "")) == 600
    assert user.ask("GET", "/records/export?parties=22").status == 422


def test_calls_are_put_down_to_the_cost_centre_of_who_called(web: Web, admin: Client) -> None:
    admin.good("PATCH", "/config/extension/22", {"cost_centre": "Lager"})
    with web.box.phones("22") as (ben,):
        ben.call("*43")
        ben.wait("answered")
        ben.hangup()
    assert admin.good("GET", "/records?cost_centre=Lager")[0]["dialled"] == "*43"


def test_last_digits_are_hidden_from_those_without_the_right(web: Web, admin: Client) -> None:
    admin.good("POST", "/config/journal", {"id": "main", "hidden_digits": 3})
    office_one = web.account(admin, "office", "administrator", ["21"])
    own = web.account(admin, "own", "user", ["22"])
    shown: dict[str, Any] = {
        one["called"]: one["caller_number"] for one in office_one.good("GET", "/records?way=in&limit=2")
    }
    assert shown == {"21": OUTSIDE, "22": "+4930123xxx"}, "the own calls are seen in whole"
    assert office_one.good("GET", "/records/c00001")["call"]["caller_number"] == "+4930123xxx"
    assert {row["Anrufer"] for row in lines_german(office_one, "extension=22&way=in")} == {"+4930123xxx"}
    assert own.good("GET", "/records?limit=1&way=in")[0]["caller_number"] == OUTSIDE
    assert admin.good("GET", "/records?limit=1&way=in")[0]["caller_number"] == OUTSIDE
    grant = {"resource": "full_numbers", "action": "read", "scope": "any"}
    admin.good("POST", "/config/permission_group", {"id": "trusted", "grants": [grant]})
    admin.good("PATCH", "/config/account/office", {"groups": ["trusted"]})
    assert office_one.good("GET", "/records/c00001")["call"]["caller_number"] == OUTSIDE


def lines_german(client: Client, query: str) -> list[dict[str, str]]:
    reply = client.ask("GET", f"/records/export?language=de&{query}")
    text = io.StringIO(reply.body.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=";"))


def test_records_are_deleted_in_time(web: Web, admin: Client) -> None:
    began = time.monotonic()
    admin.good("PATCH", "/config/journal/main", {"keep_days": 30})
    eventually(lambda: len(admin.good("GET", "/records?limit=1000&way=in")) < 740, "the deletion")
    print(f"deleted within {time.monotonic() - began:.1f} s")
    assert admin.ask("GET", "/records/c01100").status == 404
    assert admin.good("GET", "/records/c00001")["call"]["call"] == "c00001"


def test_documents_are_exported_as_tables_without_secrets(web: Web, admin: Client) -> None:
    rows = admin.ask("GET", "/configuration/table?kind=device&language=en")
    found = list(csv.DictReader(io.StringIO(rows.body.decode("utf-8-sig"), newline="")))
    assert [(one["id"], one["extension"]) for one in found] == [("21", "21"), ("22", "22")]
    assert b"secret-of-21" not in rows.body
    assert admin.ask("GET", "/configuration/table?kind=voicemail_box&format=xlsx").body.startswith(b"PK")
    for query in ("kind=nothing", "format=csv", "kind=device&format=rtf"):
        assert admin.ask("GET", f"/configuration/table?{query}").status == 422, query
    user = web.account(admin, "tables", "user", ["21"])
    assert user.ask("GET", "/configuration/table?kind=device").status == 403
