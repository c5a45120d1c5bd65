"""Call control by the API with real telephones: what a program beside them (CTI) shows and does."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.web import Client, Stream, Web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    box = Box(tmp_path_factory.mktemp("cti"), office("21", "22", "23"))
    with box, Web(box) as server:
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def party(stream: Stream, **fields: Any) -> Any:
    return stream.until("party", **fields)


def test_a_program_steers_the_calls_of_its_person(web: Web, admin: Client) -> None:
    anna = web.account(admin, "anna", "user", ["21"])
    ben = web.account(admin, "ben", "user", ["22"])
    mine, foreign = Stream(anna, "party"), Stream(web.account(admin, "eve", "user", ["23"]), "party")
    with web.box.phones("21", "22", "23") as (one, two, three):
        made = anna.good("POST", "/calls", {"dialled": "tel:22", "auto_answer": True})
        seen = one.incoming()
        assert "answer-after=0" in str(seen), seen
        assert party(mine, state="ringing")["call"] == made["call"]
        one.answer()
        two.incoming()
        call = made["call"]
        assert ben.good("GET", "/calls/parties")[0]["state"] == "ringing"
        assert anna.ask("POST", f"/calls/{call}", {"act": "answer", "extension": "22"}).status == 404
        ben.good("POST", f"/calls/{call}", {"act": "answer"})
        two.ended()
        again = two.incoming()
        assert "answer-after=0" in str(again)
        two.answer()
        assert party(mine, state="talking")["number"] == "22"
        one.tone(700)
        two.hears(700)

        anna.good("POST", f"/calls/{call}", {"act": "digits", "to": "5"})
        two.wait("digit", digit="5")
        anna.good("POST", f"/calls/{call}", {"act": "hold"})
        party(mine, state="held")
        two.hears_sound()
        twice = anna.ask("POST", f"/calls/{call}", {"act": "hold"})
        assert (twice.status, twice.error) == (409, "call.state")
        asked = anna.good("POST", "/calls", {"dialled": "23"})["call"]
        one.incoming()
        one.answer()
        three.incoming()
        anna.good("POST", f"/calls/{call}", {"act": "join", "other": asked})
        one.ended()
        one.ended()
        three.answer()
        three.tone(900)
        two.hears(900)
        assert {row["extension"] for row in admin.good("GET", "/calls/parties")} == {"22", "23"}
        assert anna.good("GET", "/calls/parties") == []
        ben.good("POST", f"/calls/{asked}", {"act": "transfer", "to": "21"})
        one.incoming()
        anna.good("POST", f"/calls/{asked}", {"act": "reject"})
        one.ended()
        ben.good("POST", f"/calls/{asked}", {"act": "hangup"})
        two.ended()
        three.ended()
    for topic, data in foreign.events():
        assert topic == "core" or data["extension"] == "23", data
        if topic == "party" and data["state"] == "ended":
            break
    mine.close()
    foreign.close()


def test_what_makes_no_sense_is_refused(web: Web, admin: Client) -> None:
    for body, field in (
        ({"act": "explode", "extension": "21"}, "act"),
        ({"act": "transfer", "extension": "21"}, "to"),
        ({"act": "digits", "to": "x", "extension": "21"}, "to"),
    ):
        reply = admin.ask("POST", "/calls/nothing", body)
        assert (reply.status, reply.json["error"]["field"]) == (422, field)
    gone = admin.ask("POST", "/calls/nothing", {"act": "hold", "extension": "21"})
    assert (gone.status, gone.error) == (409, "call.state")
    assert admin.ask("POST", "/calls", {"dialled": "22", "extension": "21", "device": "x"}).status == 404
