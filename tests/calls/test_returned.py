"""Callback recognition: an outside party that calls back reaches the one who called it."""

from collections.abc import Iterator

import pytest

from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.provider import Provider

OUTSIDE = "+4930123456"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The network."""
    with Provider(accounts=(f"demo:secret-of-demo:{PUBLIC}",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """A main number that rings 22 and asks for callback recognition."""
    documents = office(
        "21",
        "22",
        number={"main": {"number": PUBLIC, "steps": [ring("22")], "returning": True}},
        trunk={
            "out": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "demo",
                "secret": "secret-of-demo",
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        provider.wait("registered")
        yield box


def test_a_returned_call_rings_who_called_out_also_after_a_restart(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        provider.call(PUBLIC, OUTSIDE)
        stranger = ben.incoming()["call"]
        ben.reject(486, call=stranger)
        box.idle()
        assert anna.count("incoming") == 0

        call = anna.call(OUTSIDE)
        anna.wait("answered", call=call, timeout=15)
        anna.hangup(call)
        box.records(2)
        box.idle()
        box.restart_core()
        provider.wait("registered")

        back = provider.call(PUBLIC, OUTSIDE)
        offered = anna.incoming()["call"]
        anna.answer(offered)
        provider.wait("answered", call=back)
        provider.hears(tone_of("21"), call=back)
        assert ben.count("incoming") == 1
        anna.hangup(offered)
