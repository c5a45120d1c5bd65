"""How good each leg sounds is told while it lasts and afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import PUBLIC, Box, office, ring
from tests.support.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(accounts=("trunk:secret-of-trunk:+49221555",)) as running:
        yield running


def test_a_line_that_loses_packets_is_rated_lower_than_the_telephone_beside_it(
    tmp_path: Path, provider: Provider
) -> None:
    trunk = {
        "host": "127.0.0.1", "port": provider.port, "username": "trunk", "secret": "secret-of-trunk",
        "default_number": PUBLIC,
    }  # fmt: skip
    documents = office(
        "21", trunk={"main": trunk}, number={"main": {"number": PUBLIC, "steps": [ring("21")]}}
    )
    with Box(tmp_path, documents) as box, box.phones("21") as (anna,):
        provider.wait("registered", account="trunk")
        outside = provider.call(PUBLIC, loss=10)
        mine = anna.answer(anna.incoming()["call"])

        def rated() -> dict[str, float]:
            (call,) = box.calls()
            return {leg["endpoint"]: (leg["media"] or {}).get("mos") or 0.0 for leg in call["legs"]}

        def told(score: dict[str, float]) -> bool:
            return 2.0 < score["trunk:main"] < 4.0 < score["device:21"]

        box.eventually(lambda: told(rated()), "both to be rated")
        provider.hangup(outside)
        anna.ended(mine)
        (record,) = box.records(1)
        assert told({leg["endpoint"]: leg["quality"]["mos"] for leg in record["legs"]})
