"""What tel: links say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.tel import dialled_of


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("tel:+49-30-123.456", "+4930123456"),
        ("tel:%2B49%20(30)%20123456", "+4930123456"),
        ("TEL:030123456;ext=12", "030123456"),
        ("tel:7042;phone-context=+49-221-555", "+492215557042"),
        ("tel:7042;phone-context=example.com", "7042"),
        ("tel:*43#", "*43#"),
        ("callto://+4930123456", "+4930123456"),
        ("sip:+4930123456@example.org;user=phone", "+4930123456"),
        ("+49 (30) 12 34-56", "+4930123456"),
        ("0221/4711", "02214711"),
        ("*31*030123456", "*31*030123456"),
        ("redial please", "redial please"),
    ],
)
def test_a_link_is_dialled(text: str, dialled: str) -> None:
    assert dialled_of(text) == dialled


@given(st.text(max_size=80))
def test_nothing_breaks_it(text: str) -> None:
    assert isinstance(dialled_of(text), str)
    assert isinstance(dialled_of("tel:" + text), str)
