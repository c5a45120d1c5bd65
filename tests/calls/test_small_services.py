"""The speaking clock and the line test, as a telephone hears them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.box import Box, office, tone_of


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with both services."""
    documents = office(
        "21",
        service={
            "clock": {"number": "51", "application": "clock", "language": "en"},
            "test": {"number": "52", "application": "line_test"},
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


def test_the_tone_of_the_clock_comes_on_the_dot(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("51")
        anna.hears_sound(call=call)
        anna.hears(1000, call=call, within=40)
        second = datetime.now(UTC).timestamp() % 10
        assert second < 2, "the tone comes at full tens; hearing it takes a moment"
        anna.hangup(call)


def test_the_line_test_with_keys_tone_and_echo(box: Box) -> None:
    with box.phones("21") as (anna,):
        call = anna.call("52")
        anna.hears_sound(call=call)
        anna.digits("#", call)  # skips the number
        anna.digits("*", call)
        anna.hears(1000, call=call)
        anna.digits("#", call)
        anna.hears(tone_of("21"), call=call, within=20)
        anna.hangup(call)
