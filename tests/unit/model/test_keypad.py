"""Names spelt on a key pad."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.keypad import is_spelt, spellings


@pytest.mark.parametrize(
    ("name", "digits", "found"),
    [
        ("Müller", "6835", True),  # m u e l
        ("Müller", "685", True),  # m u l
        ("Ada Böhm", "2634", True),
        ("Ada Böhm", "264", True),
        ("Böhm, Ada", "232", True),  # a d a
        ("Groß", "4767", True),
        ("O'Neill-Smith", "663455", True),
        ("O'Neill-Smith", "76484", True),
        ("Renée", "73633", True),
        ("Ada", "9", False),
        ("Ada", "", False),
        ("", "2", False),
        ("王", "2", False),
    ],
)
def test_spelling(name: str, digits: str, found: bool) -> None:
    assert is_spelt(name, digits) is found


@given(st.text(max_size=80))
def test_any_name_is_spelt_with_digits(name: str) -> None:
    for one in spellings(name):
        assert one
        assert set(one) <= set("0123456789")
        assert is_spelt(name, one)
