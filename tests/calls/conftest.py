"""One box per test module: it starts in a second, and tests leave no call behind."""

import contextlib
from collections.abc import Iterator

import pytest

from appliance.errors import NotFound
from tests.support.box import Box


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with three extensions, shared by the tests of a module."""
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture
def box(shared_box: Box) -> Iterator[Box]:
    """The shared box, without calls before and after."""
    for call in shared_box.calls():  # left behind by a test that failed
        with contextlib.suppress(NotFound):
            shared_box.control("calls.hangup", call=call["call"])
    shared_box.idle()
    yield shared_box
    shared_box.idle()
