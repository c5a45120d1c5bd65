"""One edge per test, or per module where the test leaves no trace in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.edge import Edge, edge_settings


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    """A running edge with the accounts 20, 21 and 22."""
    with Edge(edge_settings(tmp_path)) as running:
        running.start()
        running.connect()
        yield running


@pytest.fixture(scope="module")
def shared_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with TLS that the tests of one module share; its loop-back networks are never banned."""
    folder = tmp_path_factory.mktemp("edge")
    accounts = {str(number): str(number) for number in range(20, 60)} | {"30-desk": "30"}
    with Edge(edge_settings(folder, tls=True, trusted_networks=("127.0.0.0/8",))) as running:
        running.start()
        running.connect(accounts)
        yield running
