"""Numbers: what was dialled or received, and how it is written for others."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from appliance.model.documents import TRUNK_PROFILES
from appliance.routing.numbers import (
    Dialling,
    Form,
    clean,
    dial_back,
    e164,
    is_valid,
    pretty,
    read_caller,
    read_dialled,
    read_outside,
    readings,
    written,
)
from appliance.routing.profiles import NUMBER_FORMATS


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0221 / 47-100", "022147100"),
        ("(0221) 47.100", "022147100"),
        ("+49 221", "+49221"),
        ("*31*", "*31*"),
        ("#", "#"),
        ("4+9", ""),
        ("anna", ""),
        ("", ""),
        ("1" * 41, ""),
        ("²", ""),
        ("0221\n", "0221"),
        ("١١٢", ""),
    ],
)
def test_clean(typed: str, digits: str) -> None:
    assert clean(typed) == digits


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+4922147100", "+4922147100"),
        ("+49022147100", "+4922147100"),
        ("+390612345678", "+390612345678"),
        ("+999123456", None),
        ("+49", None),
        ("+", None),
        ("+4912345678901234567890", None),
    ],
)
def test_e164(text: str, number: str | None) -> None:
    assert e164(text) == number


@pytest.mark.parametrize(
    ("digits", "country", "area_code", "number"),
    [
        ("4531234", "DE", "221", "+492214531234"),
        ("4531234", "DE", "", None),
        ("04531234", "DE", "221", "+494531234"),
        ("004531234567", "DE", "221", "+4531234567"),
        ("118", "DE", "221", "+49221118"),
        ("12", "DE", "221", None),
        ("0435435570", "CH", "43", "+41435435570"),
        ("5551234", "US", "212", "+12125551234"),
        ("3105551234", "US", "212", "+13105551234"),
        ("13105551234", "US", "212", "+13105551234"),
        ("01141435435570", "US", "212", "+41435435570"),
        ("0612345678", "IT", "", "+390612345678"),
        ("32123456", "DK", "", "+4532123456"),
        ("00492214710", "XX", "", "+492214710"),
        ("02214710", "XX", "", None),
    ],
)
def test_what_the_public_exchange_would_reach(
    digits: str, country: str, area_code: str, number: str | None
) -> None:
    read = read_outside(digits, country, area_code)
    assert (read.number if read else None) == number


def test_the_likeliest_reading_comes_first() -> None:
    assert readings("4922147100", "DE", "221") == ("+4922147100", "+494922147100", "+492214922147100")
    assert readings("22147100", "DE", "") == ("+22147100", "+4922147100")
    assert readings("*21", "DE", "221") == ()


@pytest.mark.parametrize(
    ("received", "number"),
    [
        ("+4930901820", "+4930901820"),
        ("4930901820", "+4930901820"),
        ("30901820", "+4930901820"),
        ("12125551234", "+12125551234"),
        ("0049 30 901820", "+4930901820"),
        ("110", None),
        ("21", None),
        ("anonymous", None),
        ("", None),
    ],
)
def test_the_callers_number(received: str, number: str | None) -> None:
    assert read_caller(received, "DE") == number


@pytest.mark.parametrize(
    ("form", "home", "abroad"),
    [
        (Form.E164, "+4922147100", "+41435435570"),
        (Form.E164_NO_PLUS, "4922147100", "41435435570"),
        (Form.NATIONAL, "022147100", "0041435435570"),
        (Form.INTERNATIONAL, "004922147100", "0041435435570"),
    ],
)
def test_the_forms_providers_want(form: Form, home: str, abroad: str) -> None:
    assert written("+4922147100", form, "DE") == home
    assert written("+41435435570", form, "DE") == abroad
    assert written("116117", form, "DE") == "116117"


def test_a_number_the_library_does_not_know_keeps_its_zero() -> None:
    assert written("+494710", Form.NATIONAL, "DE") == "04710"


def test_people_read_numbers_with_spaces() -> None:
    assert pretty("+492214710", "DE") == "0221 4710"
    assert pretty("+41435435570", "DE") == "+41 43 543 55 70"
    assert pretty("116117", "DE") == "116117"


def test_every_profile_has_its_formats() -> None:
    assert set(NUMBER_FORMATS) == set(TRUNK_PROFILES)


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # many that look like numbers are none
@given(
    number=st.from_regex(
        r"\+(49[2-9][0-9]{6,10}|41[2-9][0-9]{8}|1212[2-9][0-9]{6}|39[03][0-9]{8}|45[0-9]{8})", fullmatch=True
    ),
    country=st.sampled_from(["DE", "CH", "AT", "US", "IT", "DK", "GB", "FR"]),
    prefix=st.sampled_from(["", "0", "9"]),
)
def test_what_a_phone_shows_can_be_dialled_back(number: str, country: str, prefix: str) -> None:
    public = e164(number.strip())
    assume(public is not None and is_valid(public))
    assert public is not None
    dialling = Dialling(country=country, area_code="221", outside_prefix=prefix)
    read = read_dialled(dial_back(public, dialling), dialling)
    assert read is not None
    assert read.number == public


@given(
    number=st.from_regex(r"\+(49[2-9][0-9]{6,9}|41[2-9][0-9]{8})", fullmatch=True), form=st.sampled_from(Form)
)
def test_every_form_is_read_as_the_same_number(number: str, form: Form) -> None:
    public = e164(number)
    assume(public is not None and is_valid(public))
    assert public is not None
    assert readings(written(public, form, "DE"), "DE", "221")[0] == public
    assert read_caller(written(public, form, "DE"), "DE") == public


@given(st.text(max_size=60), st.sampled_from(["DE", "US", "XX"]), st.sampled_from(["", "221"]))
def test_nothing_makes_reading_fail(text: str, country: str, area_code: str) -> None:
    dialling = Dialling(country=country, area_code=area_code)
    assert all(one.startswith("+") for one in readings(text, country, area_code))
    read_caller(text, country)
    digits = clean(text)
    if digits:
        read_dialled(digits, dialling)
