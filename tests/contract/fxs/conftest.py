"""Every test here runs over every family of line circuits."""

import pytest

from tests.contract.fxs.rig import FAMILIES, Rig, make_rig


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """The family under test."""
    name: str = request.param
    return name


@pytest.fixture
def rig(family: str) -> Rig:
    """An idle port of it."""
    return make_rig(family)
