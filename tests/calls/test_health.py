"""The call by which new software proves itself: through the edge, with a password, heard both ways."""

from collections.abc import Iterator

import pytest

from appliance.errors import OrtsamtError
from appliance.firmware.health import check
from tests.support.box import Box, office


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box as it comes: nobody has a number yet."""
    with Box(tmp_path_factory.mktemp("box"), office()) as box:
        yield box


def test_an_empty_box_proves_that_it_telephones_and_leaves_nothing_behind(box: Box) -> None:
    health = check(box.socket, 60)
    assert (health.good, health.detail) == (True, "a call was made, and heard both ways")
    assert box.control("config.list", kind="device") == []
    account = box.control("selftest.open")
    with pytest.raises(OrtsamtError, match="under way"):
        box.control("selftest.open")
    box.control("selftest.close")
    assert box.control("selftest.open")["username"] != account["username"]
    box.control("selftest.close")


def test_an_account_that_was_closed_calls_nobody(box: Box) -> None:
    account = box.control("selftest.open")
    box.control("selftest.close")
    with box.phone(account["username"], secret=account["secret"]) as phone:
        assert phone.ended(phone.call("0"))["status"] in (401, 403, 407)


def test_without_an_edge_it_fails_and_says_so(box: Box) -> None:
    assert box.edge is not None
    box.edge.stop()
    health = check(box.socket, 1)
    assert not health.good
    assert "edge" in health.detail
    box.start_edge()
    box.wait_ready()
