"""What persons may choose, what they are told at once, and what is left of them when they go."""

from collections.abc import Iterator

import pytest

from tests.support.box import Box, office
from tests.support.web import Client, Stream, Web

SHOWN = "+492215550199"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    documents = office(
        "21", "22", "23",
        switch={"night": {"name": "Night", "number": "99"}},
        wake_up={"early": {"extension": "22", "time": "06:00"}},
        mobile={"m": {"extension": "22", "number": "+49170111"}},
    )  # fmt: skip
    box = Box(tmp_path_factory.mktemp("persons"), documents)
    with box, Web(box) as server:
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def test_persons_choose_among_what_they_may(web: Web, admin: Client) -> None:
    anna = web.account(admin, "anna", "user", ["21"])
    assert anna.ask("PATCH", "/config/extension/21", {"caller_number": SHOWN}).status == 403
    admin.good("PATCH", "/config/extension/21", {"may_show": [SHOWN]})
    anna.good("PATCH", "/config/extension/21", {"caller_number": SHOWN})
    assert anna.ask("PATCH", "/config/extension/21", {"caller_number": "+4930999"}).status == 403
    anna.good("PATCH", "/config/extension/21", {"caller_number": None})
    assert anna.ask("PATCH", "/config/extension/21", {"may_show": []}).status == 403

    mobile = {"id": "own", "extension": "21", "number": "+49170222", "rings": True}
    anna.good("POST", "/config/mobile", mobile)
    assert anna.ask("PATCH", "/config/mobile/own", {"needs_pin": False}).status == 403
    admin.good("PATCH", "/config/mobile/own", {"needs_pin": False})
    assert anna.ask("PATCH", "/config/mobile/own", {"number": "+49170333"}).status == 403
    assert anna.ask("PATCH", "/config/mobile/m", {"rings": True}).status == 404
    anna.good("DELETE", "/config/mobile/own")


def test_operators_turn_switches(web: Web, admin: Client) -> None:
    operator = web.account(admin, "desk", "operator", ["23"])
    assert operator.good("GET", "/switches") == [
        {"id": "night", "name": "Night", "number": "99", "on": False}
    ]
    operator.good("POST", "/switches/night", {"on": True})
    assert admin.good("GET", "/config/switch/night")["on"] is True
    assert operator.ask("PATCH", "/config/switch/night", {"name": "x"}).status == 403
    assert operator.ask("POST", "/switches/day", {"on": True}).status == 404
    assert web.account(admin, "guest", "user", ["23"]).ask("GET", "/switches").status == 403


def test_missed_calls_are_told_to_whom_they_were_for(web: Web, admin: Client) -> None:
    ben = Stream(web.account(admin, "ben", "user", ["22"]), "missed")
    carl = Stream(web.account(admin, "carl", "user", ["23"]), "missed")
    with web.box.phones("21", "22", "23") as (one, two, three):
        call = one.call("22")
        two.incoming()
        one.wait("ringing", call=call)
        one.hangup(call)
        told = ben.until("missed")
        assert (told["caller_number"], told["devices"]) == ("21", ["22"])
        call = one.call("23")
        three.incoming()
        one.wait("ringing", call=call)
        one.hangup(call)
        assert carl.until("missed")["devices"] == ["23"], "the first one was none of his"
    ben.close()
    carl.close()


def test_of_who_leaves_nothing_personal_stays(web: Web, admin: Client) -> None:
    leaver = web.account(admin, "leaver", "user", ["22"])
    leaver.good("POST", "/contacts", {"book": "22", "name": "Friend", "numbers": [{"number": "+49301"}]})
    with web.box.phones("22") as (two,):
        two.call("*43")
        two.wait("answered")
        two.hangup()
    assert admin.good("GET", "/records?limit=1")[0]["caller_name"] == "Phone 22"
    tried = admin.good("POST", "/persons/22/leave", {"dry_run": True})
    assert tried["documents"] == ["account ben", "account leaver", "device 22", "mobile m", "wake_up early",
                                  "extension 22"]  # fmt: skip
    assert (tried["contacts"], tried["applied"], tried["problems"]) == (1, False, [])
    assert leaver.ask("POST", "/persons/22/leave", {}).status == 403
    gone = admin.good("POST", "/persons/22/leave", {})
    assert gone["applied"] is True
    assert leaver.ask("GET", "/session").status == 401
    assert admin.ask("GET", "/config/extension/22").status == 404
    assert admin.good("GET", "/contacts?query=Friend") == []
    assert {one["caller_name"] for one in admin.good("GET", "/records?number=22")} <= {"", "Phone 21"}
    assert admin.ask("POST", "/persons/22/leave", {}).status == 404
