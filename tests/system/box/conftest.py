"""A box of its own for each test that breaks something, one for a module otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import Box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box with the extensions 21, 22 and 23."""
    with Box(tmp_path) as running:
        yield running
