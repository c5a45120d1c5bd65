"""Address books over the API: whose book is whose, import and export, and names on real telephones."""

from collections.abc import Iterator

import pytest

from tests.support.box import Box, office, ring
from tests.support.provider import Provider
from tests.support.web import Client, Web

PUBLIC = "+492215550121"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"trunk:secret:{PUBLIC}",)) as found:
        yield found


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Web]:
    trunk = {"host": "127.0.0.1", "port": provider.port, "username": "trunk", "secret": "secret"}
    documents = office(
        "21",
        "22",
        trunk={"provider": trunk},
        number={"main": {"number": PUBLIC, "steps": [ring("21", "22")]}},
    )
    box = Box(tmp_path_factory.mktemp("contacts"), documents)
    with box, Web(box) as server:
        provider.wait("registered", account="trunk")
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def test_callers_are_shown_by_the_names_in_the_books(web: Web, admin: Client, provider: Provider) -> None:
    anna = web.account(admin, "anna", "user", ["21"])
    number = {"number": "030 / 123 456", "kind": "mobile"}
    zoo = {"book": "global", "name": "Zoo Berlin", "numbers": [number]}
    kept = admin.good("POST", "/contacts", zoo)
    assert kept["numbers"] == [{"number": "+4930123456", "kind": "mobile"}]
    anna.good("POST", "/contacts", {"book": "21", "name": "Tante Käthe", "numbers": [number]})
    with web.box.phones("21", "22") as (one, two):
        call = provider.call(PUBLIC, "+4930123456", name="UNKNOWN CALLER")
        assert one.incoming()["display"] == "Tante Käthe"
        assert two.incoming()["display"] == "Zoo Berlin"
        parties = {p["extension"]: p["name"] for p in admin.good("GET", "/calls/parties")}
        assert parties == {"21": "Tante Käthe", "22": "Zoo Berlin"}
        provider.hangup(call)
        one.ended()
        two.ended()
        admin.good("PATCH", "/config/extension/22", {"global_contacts": False})
        call = provider.call(PUBLIC, "+4930123456")
        assert two.incoming()["display"] == ""
        provider.hangup(call)
        one.ended()
    assert anna.good("GET", "/records?limit=1")[0]["caller_name"] == "Zoo Berlin"
    asked = "/contacts/lookup?numbers=tel:%2B49-30-123456,22,nobody"
    assert [(o["number"], o["name"]) for o in anna.good("GET", asked)] == [
        ("+4930123456", "Tante Käthe"), ("22", "Phone 22"), ("nobody", ""),
    ]  # fmt: skip


def test_whose_book_is_whose(web: Web, admin: Client) -> None:
    carl = web.account(admin, "carl", "user", ["21"])
    ben = web.account(admin, "ben", "user", ["22"])
    mine = carl.good("POST", "/contacts", {"book": "21", "name": "Mine", "company": "C"})
    shared = admin.good("POST", "/contacts", {"book": "global", "name": "Shared"})
    assert "Mine" in [one["name"] for one in carl.good("GET", "/contacts")]
    admin.good("PATCH", "/config/extension/22", {"global_contacts": False})
    assert ben.good("GET", "/contacts") == []
    assert ben.ask("GET", "/contacts?books=21").status == 404
    assert ben.ask("GET", "/contacts?books=global").status == 404
    admin.good("PATCH", "/config/extension/22", {"global_contacts": True})
    assert "Shared" in [one["name"] for one in ben.good("GET", "/contacts?books=global")]
    assert ben.good("GET", f"/contacts/{shared['id']}")["name"] == "Shared"
    for verb, path, body in (
        ("GET", f"/contacts/{mine['id']}", None),
        ("DELETE", f"/contacts/{mine['id']}", None),
        ("DELETE", f"/contacts/{shared['id']}", None),
        ("POST", "/contacts", {"book": "22", "contact": mine["id"], "name": "taken"}),
    ):
        assert ben.ask(verb, path, body).status == 404, path
    for book in ("global", "21", "nobody"):
        assert ben.ask("POST", "/contacts", {"book": book, "name": "x"}).status == 403
    changed = carl.good("POST", "/contacts", {"book": "21", "contact": mine["id"], "name": "Mine 2"})
    assert changed["company"] == ""
    carl.good("DELETE", f"/contacts/{mine['id']}")
    wrong = carl.ask("POST", "/contacts", {"book": "21", "name": " "})
    assert (wrong.status, wrong.json["error"]["problems"][0]["field"]) == (422, "name")


def test_books_are_imported_and_exported(web: Web, admin: Client) -> None:
    dora = web.account(admin, "dora", "user", ["21"])
    text = "Vorname;Nachname;Firma;Telefon;Mobil\nErna;Ente;Teich;0221 555;0170 1\nFritz;Fuchs;;030 9;"
    asked = {"book": "21", "text": text}
    tried = dora.good("POST", "/contacts/import", {**asked, "dry_run": True})
    assert (tried["made"], tried["applied"]) == (2, False)
    assert dora.good("POST", "/contacts/import", asked)["made"] == 2
    assert dora.good("POST", "/contacts/import", asked) == {
        "made": 0, "changed": 2, "deleted": 0, "applied": True, "problems": [],
    }  # fmt: skip
    twice = f"{text}\nFritz;Fuchs;;030 8;\n{'x' * 200};Y;;1;"
    tried = dora.good("POST", "/contacts/import", {**asked, "text": twice, "dry_run": True, "rows": True})
    assert [one["action"] for one in tried["rows"]] == ["change", "change", "change", "error"]
    assert [one["where"] for one in tried["problems"]] == [tried["rows"][3]["where"]]
    asked["text"] += "\nFritz;Fuchs;;030 8;"
    assert dora.good("POST", "/contacts/import", {**asked, "dry_run": True})["changed"] == 2
    card = dora.ask("GET", "/contacts/export?book=21").body.decode()
    assert "FN:Erna Ente\r\n" in card
    assert "+49221555" in card
    table = dora.ask("GET", "/contacts/export?book=21&format=csv").body.decode()
    assert "Fritz Fuchs" in table
    again = dora.good("POST", "/contacts/import", {"book": "21", "text": card, "replace": True})
    assert again["deleted"] == again["made"]
    broken = dora.ask("POST", "/contacts/import", {"book": "21", "text": f"Name;Tel\n{'x' * 200};1"})
    assert (broken.status, broken.json["error"]["problems"][0]["where"][:9]) == (422, "contact 1")
    assert dora.ask("POST", "/contacts/import", {"book": "global", "text": text}).status == 403
    assert web.box.control("contacts.lookup", numbers=["0221555"])[0]["name"] == "Erna Ente"
