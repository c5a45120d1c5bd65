"""Backup, restore to another box and factory reset over the API, with cores that really start anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import Box, office
from tests.support.web import Web, eventually

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    trunk = {"p": {"host": "127.0.0.1", "port": 9, "username": "u", "secret": "trunk-secret-1"}}
    box = Box(tmp_path_factory.mktemp("backup"), office("21", trunk=trunk))
    with box, Web(box) as server:
        yield server


@pytest.fixture(scope="module")
def password(web: Web) -> str:
    return web.first_password()


def start_again(box: Box) -> None:
    assert box.core is not None
    box.core.wait(20)
    box.start_core()
    box.wait_ready()


def test_a_backup_goes_to_another_box_and_comes_back(web: Web, password: str, tmp_path: Path) -> None:
    admin = web.client()
    admin.log_in("admin", password)
    admin.good("POST", "/contacts", {"book": "global", "name": "Anna", "numbers": [{"number": "+491"}]})
    assert admin.ask("POST", "/backups", {"passphrase": "short"}).status == 422
    made = admin.good("POST", "/backups", {"passphrase": WORDS})["backup"]
    content = admin.ask("GET", f"/backups/{made}/content").body
    assert b"trunk-secret-1" not in content
    assert [one["backup"] for one in admin.good("GET", "/backups")["backups"]] == [made]
    assert web.account(admin, "office", "administrator").ask("GET", "/backups").status == 403

    admin.good("PATCH", "/config/extension/21", {"name": "Changed"})
    wrong = admin.ask("POST", "/restores", {"backup": made, "passphrase": WORDS + "!"})
    assert (wrong.status, wrong.error) == (422, "backup.wrong_passphrase")
    asked = {"backup": made, "passphrase": WORDS, "kinds": ["configuration"]}
    seen = admin.good("POST", "/restores", {**asked, "dry_run": True})
    assert seen["changes"] == ["extension 21", "account office"]
    assert admin.good("GET", "/config/extension/21")["name"] == "Changed"
    assert admin.good("POST", "/restores", asked)["applied"] is True
    start_again(web.box)
    eventually(lambda: admin.ask("GET", "/config/extension/21").status == 200, "the core")
    assert admin.good("GET", "/config/extension/21")["name"] == "Phone 21"
    log = admin.good("GET", "/configuration/log?kind=extension&id=21&limit=1")
    assert (log[0]["who"], log[0]["old"]) == ("restore", "Changed")

    (tmp_path / "other").mkdir()
    other = Box(tmp_path / "other", office("50"))
    with other:
        folder = other.folder / "state" / "backups"
        folder.mkdir()
        (folder / "theirs.ortsamt").write_bytes(content)
        other.control("backup.restore", backup="theirs.ortsamt", passphrase=WORDS)
        start_again(other)
        assert other.control("config.get", kind="trunk", id="p", reveal=True)["secret"] == "trunk-secret-1"
        assert [one["id"] for one in other.control("config.list", kind="extension")] == ["21"]
        assert other.control("contacts.list")[0]["name"] == "Anna"
        assert other.control("status")["identity"] != web.box.control("status")["identity"]
        with other.phones("21") as (phone,):
            phone.call("*43")
            phone.wait("answered")


def test_a_reset_box_is_entered_by_nobody_from_before(web: Web, password: str) -> None:
    admin = web.client()
    assert admin.log_in("admin", password).status == 201
    token = admin.good("POST", "/tokens", {"name": "t", "scopes": ["*"]})["token"]
    program = web.client(token)
    node = program.good("GET", "/status")["node"]
    assert admin.ask("POST", "/factory-reset", {"scope": "settings", "confirm": "no"}).status == 422
    admin.good("POST", "/factory-reset", {"scope": "settings", "confirm": node})
    start_again(web.box)
    first = web.box.folder / "state/web/first-password"

    def anew() -> bool:
        return first.exists() and first.read_text(encoding="utf-8").strip() != password

    eventually(anew, "the new first account")
    assert program.ask("GET", "/status").status == 401
    assert admin.ask("GET", "/session").status == 401
    new = web.client()
    assert new.log_in("admin", first.read_text(encoding="utf-8").strip()).status == 201
    assert new.good("GET", "/config/extension") == []
