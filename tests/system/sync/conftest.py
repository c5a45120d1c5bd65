"""One hub for all tests of a worker; a tenant of its own for each test."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.hub import Cluster, Node

_numbers = itertools.count()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("hub") / "hub")
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def pair(hub: Cluster, tmp_path: Path) -> Iterator[Callable[[], tuple[Node, Node]]]:
    """Makes a box and its instance in the cloud, not yet started."""
    made: list[Node] = []

    def make() -> tuple[Node, Node]:
        cloud = hub.tenant(f"office{next(_numbers)}")
        made.extend((Node(tmp_path / "box", hub.node(cloud, "box", 1)), Node(tmp_path / "cloud", cloud)))
        return made[-2], made[-1]

    yield make
    for node in made:
        node.stop()
