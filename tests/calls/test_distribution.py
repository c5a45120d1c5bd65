"""Public numbers: what rings, in which order, and what callers hear when nothing does."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from appliance.model.documents import Language
from appliance.model.plan import Reason
from appliance.routing.explain import explain_reasons
from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.processes import ortsamt
from tests.support.provider import Provider

ANNA, BEN, CLARA = tone_of("21"), tone_of("22"), tone_of("23")
OUTSIDE = 1000


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=("trunk:secret-of-trunk:+49221555",), tone=OUTSIDE) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """Numbers …01 to …07: at once, in steps, with a mobile, nowhere, to a service."""
    numbers = {
        "at-once": (1, [ring("21", "22")]),
        "steps": (2, [ring("21", "22", seconds=3), ring("23")]),
        "mobile": (3, [ring("21", "+4917012345")]),
        "unassigned": (4, []),
        "short": (6, [ring("21", seconds=3)]),
        "patient": (7, [ring("21", "22", seconds=60), ring("23")]),
    }
    documents = office(
        "21",
        "22",
        "23",
        number={
            name: {"number": f"+4922155501{ending:02}", "steps": steps}
            for name, (ending, steps) in numbers.items()
        }
        | {
            "echo": {
                "number": "+492215550105",
                "steps": [{"targets": [{"kind": "service", "ref": "echo"}], "seconds": 20}],
            }
        },
        trunk={
            "provider": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "trunk",
                "secret": "secret-of-trunk",
                "default_number": PUBLIC,
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        provider.wait("registered", account="trunk")
        yield box


@pytest.fixture
def box(box: Box, provider: Provider) -> Box:
    """The shared box; what the provider said in earlier tests is forgotten."""
    provider.forget()
    return box


def public(ending: int) -> str:
    return f"+4922155501{ending:02}"


def test_all_targets_of_a_step_ring_at_once_and_one_gets_the_call(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        outside = provider.call(public(1))
        lost = anna.incoming()["call"]
        theirs = ben.answer(ben.incoming()["call"])
        anna.ended(lost)
        provider.wait("answered", call=outside)
        provider.hears(BEN, call=outside)
        ben.hears(OUTSIDE, call=theirs)
        provider.hangup(outside)
        ben.ended(theirs)
        (record,) = box.records(1)
        assert (record["call"]["kind"], record["call"]["number"]) == ("inbound", "at-once")
        causes = {leg["endpoint"]: leg["cause"] for leg in record["legs"]}
        assert causes == {
            "trunk:provider": "normal",
            "device:21": "answered_elsewhere",
            "device:22": "normal",
        }


def test_the_next_step_rings_after_its_seconds_and_the_first_one_stops(box: Box, provider: Provider) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        outside = provider.call(public(2))
        first = anna.incoming()["call"], ben.incoming()["call"]
        assert clara.count("incoming") == 0
        theirs = clara.incoming()["call"]
        anna.ended(first[0])
        ben.ended(first[1])
        clara.answer(theirs)
        provider.hears(CLARA, call=outside)
        provider.hangup(outside)


def test_the_next_step_follows_at_once_when_everybody_refuses(box: Box, provider: Provider) -> None:
    with box.phones("21", "22", "23") as (anna, ben, clara):
        outside = provider.call(public(7))
        anna.reject(486, anna.incoming()["call"])
        ben.reject(486, ben.incoming()["call"])
        clara.incoming()
        provider.hangup(outside)


def test_a_mobile_rings_with_the_desk_and_shows_a_number_of_ours(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        outside = provider.call(public(3), "+4930987654")
        lost = anna.incoming()["call"]
        mobile = provider.wait("incoming", called="+4917012345")
        assert mobile["number"] == public(3)
        provider.wait("answered", call=outside)
        anna.ended(lost)
        provider.hears(OUTSIDE, call=outside)
        provider.hangup(outside)
        provider.wait("ended", call=mobile["call"])


def test_the_desk_answers_before_the_mobile(box: Box, provider: Provider) -> None:
    with box.phones("21", answer=True) as (anna,):
        outside = provider.call(public(3))
        provider.wait("answered", call=outside)
        provider.hears(ANNA, call=outside)
        provider.hangup(outside)
        anna.ended()


def test_a_number_that_is_not_assigned_says_so(box: Box, provider: Provider) -> None:
    outside = provider.call(public(4))
    provider.wait("early_media", call=outside)
    provider.hears_sound(call=outside)
    assert provider.wait("ended", call=outside, timeout=40)["status"] == 404
    (record,) = box.records(1)
    assert record["call"]["cause"] == "not_assigned"


def test_a_number_that_is_not_ours_is_refused(box: Box, provider: Provider) -> None:
    outside = provider.call("+4922155509999")
    assert provider.wait("ended", call=outside)["status"] == 404
    (record,) = box.records(1)
    assert (record["call"]["kind"], record["call"]["cause"]) == ("refused", "unallocated")


def test_nobody_answers_a_public_number(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        outside = provider.call(public(6))
        anna.ended(anna.incoming()["call"])
        provider.hears_sound(call=outside)
        assert provider.wait("ended", call=outside, timeout=40)["status"] == 480
        (record,) = box.records(1)
        assert record["call"]["cause"] == "no_answer"


def test_an_outside_caller_who_gives_up_stops_all_phones(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        outside = provider.call(public(1))
        ringing = anna.incoming()["call"], ben.incoming()["call"]
        provider.wait("ringing", call=outside)
        provider.hangup(outside)
        anna.ended(ringing[0])
        ben.ended(ringing[1])
        (record,) = box.records(1)
        assert record["call"]["cause"] == "cancelled"


def test_a_service_behind_a_public_number(box: Box, provider: Provider) -> None:
    outside = provider.call(public(5))
    provider.wait("answered", call=outside)
    provider.hears_sound(call=outside)
    provider.hangup(outside)


def test_a_colleague_who_dials_our_public_number_stays_inside(box: Box, provider: Provider) -> None:
    with box.phones("23", "21", "22") as (clara, anna, ben):
        before = provider.count("incoming")
        mine = clara.call(public(1))
        assert anna.incoming()["number"] == "23"
        ben.answer(ben.incoming()["call"])
        clara.hears(BEN, call=mine)
        assert provider.count("incoming") == before


def test_the_caller_is_shown_so_that_one_can_call_back(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        outside = provider.call(public(1), "+4930987654", name="Erika Muster")
        shown = anna.incoming()
        assert shown["display"] == "Erika Muster"
        provider.hangup(outside)
        ben.call(shown["number"])
        assert provider.wait("incoming")["called"].removeprefix("+") == "4930987654"


def test_a_withheld_caller_stays_unknown(box: Box, provider: Provider) -> None:
    with box.phones("21") as (anna,):
        outside = provider.call(public(1), "+4930987654", withheld=True)
        shown = anna.incoming()
        assert "987654" not in str(shown)
        provider.hangup(outside)
        (record,) = box.records(1)
        assert record["call"]["withheld"] is True
        assert record["call"]["caller_number"] == ""


def test_explain_on_the_command_line_says_what_the_call_then_does(box: Box, provider: Provider) -> None:
    words = ["--socket", str(box.socket), "--from", "+4930987654", "--to", public(2), "--json"]
    told = json.loads(subprocess.run(ortsamt("explain", *words), capture_output=True, check=True).stdout)
    with box.phones("21", "22", "23") as (anna, ben, clara):
        outside = provider.call(public(2), "+4930987654")
        anna.incoming()
        ben.incoming()
        clara.incoming()
        provider.hangup(outside)
        (record,) = box.records(1)
        call = record["call"]
        reasons = [Reason(code=one["code"], values=one["values"]) for one in call["reasons"]]
        assert list(explain_reasons(reasons, Language.GERMAN)) == told["reasons"]
        assert (call["kind"], call["called"]) == (told["kind"], told["called"])
        assert [leg["endpoint"] for leg in record["legs"][1:]] == ["device:21", "device:22", "device:23"]
