"""The line process comes when a call comes, and goes when nobody needs it."""

import queue
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.fax import wire
from appliance.fax.keeper import LineKeeper
from tests.support.processes import free_ports, release_port

PATIENCE_S = 90
News = queue.SimpleQueue[object]


@pytest.fixture
def port() -> Iterator[int]:
    first = free_ports(2)[0]
    yield first
    for one in (first, first + 1):
        release_port(one)


@pytest.fixture
def kept(tmp_path: Path, port: int) -> Iterator[tuple[LineKeeper, News]]:
    news: News = queue.SimpleQueue()
    words = [str(port), str(port + 1), str(tmp_path)]
    keeper = LineKeeper(
        [sys.executable, "-m", "tests.support.fax_line", *words],
        news.put,
        lambda: news.put("down"),
        door=port,
        resting=lambda: news.put("resting"),
    )
    keeper.start()
    yield keeper, news
    keeper.stop()


def invite(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"OPTIONS sip:x SIP/2.0\r\n\r\n", ("127.0.0.1", port))
        peer.sendto(b"INVITE sip:x SIP/2.0\r\n\r\n", ("127.0.0.1", port))


@pytest.mark.parametrize("by", ["call", "order"])
def test_the_line_rests_until_it_is_needed_and_again_afterwards(
    kept: tuple[LineKeeper, News], port: int, by: str
) -> None:
    keeper, news = kept
    start: Callable[[], None] = keeper.wake if by == "order" else lambda: invite(port)
    assert news.get(timeout=PATIENCE_S) == "resting"
    assert not keeper.tell(wire.Boxes(boxes={})), "there is no process"
    start()
    assert isinstance(news.get(timeout=PATIENCE_S), wire.Ready)
    keeper.rest()
    assert [news.get(timeout=PATIENCE_S) for _ in range(2)] == ["down", "resting"]
    start()
    assert isinstance(news.get(timeout=PATIENCE_S), wire.Ready), "it comes again"


def test_a_line_that_is_wanted_while_it_goes_to_rest_comes_back(kept: tuple[LineKeeper, News]) -> None:
    keeper, news = kept
    keeper.wake()
    while not isinstance(news.get(timeout=PATIENCE_S), wire.Ready):
        pass
    keeper.rest()
    keeper.wake()
    assert news.get(timeout=PATIENCE_S) == "down"
    while not isinstance(news.get(timeout=PATIENCE_S), wire.Ready):
        pass
    keeper.rest()
    assert [news.get(timeout=PATIENCE_S) for _ in range(2)] == ["down", "resting"]
