"""Imagined calls: words made into requests and moments."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError, NotFound, OrtsamtError
from appliance.model.plan import Caller, FromDevice, FromTrunk
from appliance.routing.imagine import imagine, moment
from tests.unit.routing.office import NOON, device, extension, office, trunk

SATURDAY = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "2026-03-07T12:00:00+00:00"),
        ("2026-12-24T18:30", "2026-12-24T17:30:00+00:00"),
        ("2026-07-01T18:30", "2026-07-01T16:30:00+00:00"),
        ("2026-12-24T18:30:00+00:00", "2026-12-24T18:30:00+00:00"),
        ("2026-12-24", "2026-12-23T23:00:00+00:00"),
        ("saturday 12:00", "2026-03-07T11:00:00+00:00"),
        ("Montag, 8 Uhr", "2026-03-09T07:00:00+00:00"),
        ("fri 23:59:59", "2026-03-13T22:59:59+00:00"),
        ("morgen 9", "2026-03-08T08:00:00+00:00"),
        ("today", "2026-03-07T12:00:00+00:00"),
        ("14:05", "2026-03-07T13:05:00+00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert moment(text, "Europe/Berlin", SATURDAY).isoformat() == expected


@pytest.mark.parametrize("text", ["25:00", "12:60", "someday", "saturday noon", "2026-13-01", "::"])
def test_unclear_moments_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        moment(text, "Europe/Berlin", SATURDAY)
    assert "saturday 12:00" in refused.value.hint


def test_an_unknown_zone_is_utc() -> None:
    assert moment("12:00", "Middle/Earth", SATURDAY) == SATURDAY
    assert moment("12:00", "../etc", SATURDAY) == SATURDAY


def test_an_extension_calls_from_its_first_device() -> None:
    imagined = imagine(office(), caller="22", dialled="21", now=NOON)
    assert imagined.at == NOON
    assert isinstance(imagined.request.origin, FromDevice)
    assert (imagined.request.origin.device, imagined.request.origin.extension) == ("d22", "e22")
    without = imagine(office(), caller="23", dialled="21", now=NOON).request.origin
    assert isinstance(without, FromDevice)


def test_others_call_over_the_first_enabled_trunk_or_the_one_named() -> None:
    snapshot = office(trunk("first", enabled=False))
    for named, found in (("", "second"), ("first", "first")):
        request = imagine(snapshot, caller="030 901820", dialled="+4922147100", trunk=named, now=NOON).request
        assert request.origin == FromTrunk(trunk=found)  # type: ignore[arg-type]  # a text will do
        assert request.caller.number == "030 901820"


def test_a_named_trunk_makes_any_caller_one_from_outside() -> None:
    request = imagine(office(), caller="21", dialled="22", trunk="second", now=NOON).request
    assert isinstance(request.origin, FromTrunk)


def test_anonymous_callers() -> None:
    request = imagine(office(), caller="anonymous", dialled="+4922147100", now=NOON).request
    assert request.caller == Caller(withheld=True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"caller": "233"}, "did you mean '23'?"),
        ({"caller": "anna"}, "name the caller"),
        ({"caller": ""}, "name the caller"),
        ({"caller": "21", "trunk": "frist"}, "did you mean 'first'?"),
    ],
)
def test_what_does_not_exist_is_named(words: dict[str, str], hint: str) -> None:
    with pytest.raises(NotFound) as refused:
        imagine(office(), dialled="22", now=NOON, **words)
    assert refused.value.hint == hint


def test_the_called_number_is_needed() -> None:
    with pytest.raises(ConfigError):
        imagine(office(), caller="21", dialled="", now=NOON)


@given(caller=st.text(), dialled=st.text(), at=st.text(), trunk=st.sampled_from(["", "first", "x"]))
def test_nothing_but_our_errors_comes_out(caller: str, dialled: str, at: str, trunk: str) -> None:
    snapshot = office(extension("24"), device("24"))
    with contextlib.suppress(OrtsamtError):
        imagine(snapshot, caller=caller, dialled=dialled, at=at, trunk=trunk, now=NOON)
