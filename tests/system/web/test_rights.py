"""The table of rights, cell by cell: what each role may do with its own and others' things."""

import pytest

from appliance.model.accounts import Action, Resource, Role
from appliance.model.documents import KINDS
from tests.support.web import Client, Reply, Web
from webui.api.kinds import KIND_RULES
from webui.api.rows import ROWS, Row
from webui.permissions import of_role

ROLES = {
    "user": "21",
    "team": "21",
    "operator": "21",
    "agent": "21",
    "supervisor": "21",
    "administrator": "21",
    "extended_administrator": "21",
}
EXPECTED = """
accounts       user:ro,co team:ro,co operator:ro,co admin:ra,ca,ma box:ra,ca,ma
audio          user:ra team:ra operator:ra admin:ra,ca,ma box:ra,ca,ma
box            operator:ra admin:ra box:ra,ca,ma
calls          user:ro,co team:rt,co operator:ra,ca admin:ra,ca box:ra,ca,ma
certificate    admin:ra box:ra,ca,ma
conferences    user:ro,co,mo team:ro,co,mo operator:ra,ca,mo admin:ra,ca,ma box:ra,ca,ma
connections    admin:ra box:ra,ca,ma
contacts       user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
devices        user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
extensions     user:ro,co team:rt,co operator:ra,co admin:ra,ca,ma box:ra,ca,ma
fax            user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
full_numbers   user:ro team:rt operator:ra admin:ro box:ra
history        admin:ra box:ra,ca,ma
logins         user:ro team:ro operator:ro admin:ra box:ra,ca,ma
mail           admin:ra box:ra,ca,ma
mobiles        user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
notes          user:ro,co,mo team:ro,co,mo operator:ra,ca,ma admin:ra,ca,ma box:ra,ca,ma
notifications  user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
office         operator:ra admin:ra,ca,ma box:ra,ca,ma
recordings     user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
records        user:ro team:rt operator:ra admin:ra box:ra,ca,ma
registrations  user:ro team:rt operator:ra admin:ra,ca,ma box:ra,ca,ma
secrets        box:ra
security       admin:ra,ca box:ra,ca,ma
sms            operator:ra,ca admin:ra,ca box:ra,ca,ma
switches       operator:ra,ca admin:ra,ca box:ra,ca,ma
tokens         user:ro,mo team:ro,mo operator:ro,mo admin:ro,mo box:ra,ca,ma
voicemail      user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
wake_ups       user:ro,co,mo team:ro,co,mo operator:ro,co,mo admin:ra,ca,ma box:ra,ca,ma
webhooks       admin:ra,ca,ma box:ra,ca,ma
"""
LIKE = {"agent": "user", "supervisor": "team", "administrator": "admin", "extended_administrator": "box"}


def expected(role: str, resource: str, action: str) -> str:
    """The letter of the scope, or nothing."""
    for line in EXPECTED.strip().splitlines():
        name, *cells = line.split()
        if name == resource:
            rights = dict(cell.split(":") for cell in cells).get(LIKE.get(role, role), "")
            return next((right[1] for right in rights.split(",") if right[:1] == action[0]), "")
    raise AssertionError(f"{resource} is not in the table")


@pytest.fixture(scope="module")
def people(web: Web, admin: Client) -> dict[str, Client]:
    admin.good("POST", "/config/permission_group", {"id": "sales", "extensions": ["21", "22"]})
    return {
        role: web.account(admin, f"a-{role}", role, ["21"], groups=["sales"] if role != "user" else [])
        for role in ROLES
    }


@pytest.mark.parametrize("role", ROLES)
def test_the_table_says_what_was_decided(role: str) -> None:
    rights = of_role(Role(role))
    for resource in Resource:
        for action in Action:
            scope = rights.get((resource, action))
            assert (scope.value[0] if scope else "") == expected(role, resource, action), (resource, action)


def test_every_kind_has_a_rule() -> None:
    assert set(KIND_RULES) == set(KINDS)


def path_of(row: Row, who: str) -> str:
    """The path with things that are not there, or of extension 21 or 22."""
    rooms = {"21": "own", "22": "other"}
    values = {"room": rooms[who]}
    path = row.path
    while "{" in path:
        name = path.partition("{")[2].partition("}")[0]
        path = path.replace(f"{{{name}}}", values.get(name, "nothing"))
    return path


BODIES = {
    "calls.place": {"dialled": ""},
    "features.do": {"dialled": ""},
    "notes.add": {"text": "x"},
    "recordings.act": {"call": "nothing", "act": "start"},
    "conferences.act": {"act": "mute"},
    "conferences.invite": {"addresses": ["a@b.example"], "begins": "2030-01-01T00:00:00Z"},
    "fax.send": {"to": ["1"]},
    "numbers.rewrite": {"dialled": "1"},
    "modules.ask": {"code": "*100#"},
    "sms.send": {"number": "1", "text": "x"},
    "mail.test": {"recipient": "nobody"},
    "bans.remove": {"address": ""},
    "config.undo": {"operation": "nothing"},
    "config.import": {"configuration": {}, "dry_run": True},
    "config.import_csv": {"text": "", "dry_run": True},
    "backup.make": {"passphrase": "short"},
    "backup.restore": {"passphrase": "short", "dry_run": True},
    "factory.reset": {"scope": "all", "confirm": "nobody"},
    "persons.remove": {"extension": "none", "dry_run": True},
    "switches.turn": {"on": True},
    "contacts.put": {"book": "21", "name": ""},
    "contacts.import": {"book": "21", "text": ""},
    "audio.add": {"id": "UPPER"},
    "voicemail.mark": {"state": "old"},
}


def ask(client: Client, row: Row, who: str) -> Reply:
    body = None if row.verb in ("GET", "DELETE") else BODIES.get(row.method, {})
    return client.ask(row.verb, path_of(row, who), body)


@pytest.mark.parametrize("role", ROLES)
def test_each_row_lets_in_whom_the_table_lets_in(people: dict[str, Client], role: str) -> None:
    for row in ROWS:
        scope = expected(role, *row.right)
        open_to_own = row.everybody or row.before is not None or row.after is not None
        allowed = scope == "a" or (scope != "" and open_to_own)
        reply = ask(people[role], row, "21")
        assert (reply.status != 403) == allowed, (row.verb, row.path, scope, reply.status, reply.body[:200])
        assert reply.status != 500, (row.path, reply.body[:300])


@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH", "DELETE"])
def test_nobody_gets_in_without_logging_in(web: Web, verb: str) -> None:
    client = web.client()
    for row in ROWS:
        if row.verb == verb:
            assert ask(client, row, "21").status == 401, row.path
    for kind in KINDS:
        assert client.ask(verb, f"/config/{kind}" + ("" if verb in ("GET", "POST") else "/x")).status == 401


@pytest.mark.parametrize("role", ROLES)
def test_documents_are_shown_by_the_table(people: dict[str, Client], role: str) -> None:
    for kind, rule in KIND_RULES.items():
        scope = expected(role, rule.resource, "read")
        reply = people[role].ask("GET", f"/config/{kind}")
        owned = rule.owners is not None or kind == "account"
        assert (reply.status == 200) == (scope == "a" or (scope != "" and owned)), (kind, reply.status)
        manage = expected(role, rule.resource, "manage")
        made = people[role].ask("POST", f"/config/{kind}", {"id": "not an id!"})
        assert (made.status == 403) == (not (manage == "a" or (manage and owned))) or (
            made.status == 403 and manage == "o"  # for others, as an id that is no extension of theirs is
        ), (kind, made.status)
        assert made.status in (403, 422), (kind, made.status, made.body)


def test_a_user_sees_the_own_and_nothing_else(people: dict[str, Client]) -> None:
    user = people["user"]
    assert [one["id"] for one in user.good("GET", "/config/extension")] == ["21"]
    assert [one["id"] for one in user.good("GET", "/config/device")] == ["21"]
    assert [one["id"] for one in user.good("GET", "/config/account")] == ["a-user"]
    assert [one["box"] for one in user.good("GET", "/voicemail/boxes")] == ["21"]
    assert [one["room"] for one in user.good("GET", "/conferences")] == ["own"]
    for path in ("extension/22", "device/22", "voicemail_box/22", "fax_box/other", "account/admin"):
        assert user.ask("GET", f"/config/{path}").status == 404, path
        assert user.ask("PATCH", f"/config/{path}", {"name": "mine"}).status in (403, 404), path
        assert user.ask("DELETE", f"/config/{path}").status in (403, 404), path
    assert user.ask("POST", "/calls", {"extension": "22", "dialled": "23"}).status == 404
    assert user.ask("POST", "/features", {"extension": "22", "dialled": "*78"}).status == 404
    assert user.ask("POST", "/conferences/other", {"act": "end"}).status == 404
    assert user.ask("GET", "/config/device?reveal=true").status == 403
    assert user.ask("POST", "/config/voicemail_box", {"id": "x", "owners": ["22"]}).status == 403
    shared = {"id": "x", "owners": ["21", "22"]}
    assert user.ask("POST", "/config/voicemail_box", shared).status == 403
    assert (
        user.ask("POST", "/config/voicemail_box", {"id": "x", "owners": ["21"], "number": "70"}).status == 403
    )
    assert user.ask("POST", "/config/fax_box", {"id": "x", "extension": "21"}).status == 403
    assert user.ask("DELETE", "/config/fax_box/own").status == 403
    assert user.ask("POST", "/config/voicemail_box", {"id": "x", "owners": [{}]}).status == 403
    assert user.ask("POST", "/config/wake_up", {"id": "x", "extension": {}}).status == 403
    user.good("POST", "/config/conference_room", {"id": "mine", "number": "95", "owner": "21"})
    user.good("DELETE", "/config/conference_room/mine")
    team = people["team"]
    assert [one["id"] for one in team.good("GET", "/config/extension")] == ["21", "22"]
    assert team.ask("PATCH", "/config/extension/22", {"status_text": "x"}).status == 404


def test_a_user_changes_what_users_may(people: dict[str, Client], web: Web) -> None:
    user = people["user"]
    user.good("PATCH", "/config/extension/21", {"status_text": "<b>in</b>", "withhold": True})
    document = web.box.control("config.get", kind="extension", id="21")
    assert (document["status_text"], document["withhold"]) == ("<b>in</b>", True)
    log = web.box.control("config.log", kind="extension", id="21")
    assert log[-1]["who"] == "web:a-user"
    for fields in (
        {"number": "99"},
        {"precedence": True},
        {"class_of_service": None},
        {"caller_number": "+4930123"},
    ):
        reply = user.ask("PATCH", "/config/extension/21", fields)
        assert (reply.status, reply.json["error"]["field"]) == (403, next(iter(fields)))
    assert user.ask("PATCH", "/config/account/a-user", {"role": "administrator"}).status == 403
    assert user.ask("PATCH", "/config/account/a-user", {"extensions": ["22"]}).status == 403
    assert user.ask("PATCH", "/config/account/a-user", {"password": "x"}).status == 422


def test_tables_are_taken_from_those_alone_who_may_make_anybodys(people: dict[str, Client]) -> None:
    table = {"kind": "device", "text": "username;extension\ntab-1;21\n", "dry_run": True}
    may = {
        name for name, one in people.items() if one.ask("POST", "/configuration/table", table).status == 200
    }
    assert may == {"administrator", "extended_administrator"}
    for kind, status in (("account", 422), ("trunk", 403), ("gsm_module", 403), ("nothing", 403)):
        reply = people["administrator"].ask("POST", "/configuration/table", {**table, "kind": kind})
        assert reply.status == status, kind


def test_nobody_makes_anybody_who_may_more(people: dict[str, Client], admin: Client) -> None:
    office = people["administrator"]
    made = {"id": "puppet", "role": "extended_administrator"}
    assert office.ask("POST", "/config/account", made).status == 403
    assert office.ask("PUT", "/accounts/admin/password", {"password": "long enough pass"}).status == 403
    assert office.ask("PATCH", "/config/account/admin", {"enabled": False}).status == 403
    assert office.ask("DELETE", "/config/account/admin").status == 403
    grant = {"resource": "certificate", "action": "change", "scope": "any"}
    assert office.ask("POST", "/config/permission_group", {"id": "g", "grants": [grant]}).status == 403
    admin.good("POST", "/config/permission_group", {"id": "tls", "grants": [grant]})
    assert office.ask("POST", "/config/account", {"id": "puppet", "groups": ["tls"]}).status == 403
    assert office.ask("PATCH", "/config/account/a-administrator", {"role": "user"}).status == 409
    admin.good("PATCH", "/config/account/a-agent", {"groups": ["tls"]})
    assert people["agent"].ask("PUT", "/certificate", {"certificate": "x", "key": "y"}).status == 422
    assert office.ask("PUT", "/accounts/a-agent/password", {"password": "long enough pass"}).status == 403
    admin.good("PATCH", "/config/account/a-agent", {"groups": []})
    assert people["agent"].ask("PUT", "/certificate", {"certificate": "x", "key": "y"}).status == 403
