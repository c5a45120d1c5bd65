"""Who gets a phone's file: every way to ask, at every time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.app.phones.gate import MOST_GUESSES, Gate, Request, Verdict
from appliance.app.phones.neighbours import neighbour
from appliance.store.phones import MAX_DISCOVERED, Discovered, PhoneStore

MAC, TOKEN = "000413aabbcc", "t" * 40
HOME, AWAY = "192.168.1.20", "192.168.1.66"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2027, 1, 4, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[PhoneStore]:
    store = PhoneStore(tmp_path / "phones.db", clock)
    yield store
    store.close()


@pytest.fixture
def neighbours() -> dict[str, str]:
    return {}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def gate(store: PhoneStore, neighbours: dict[str, str], told: list[str]) -> Gate:
    return Gate(store, lambda address: neighbours.get(address, ""), lambda address, _: told.append(address))


def _ask(gate: Gate, address: str, token: str = "", *, linked: bool = False, mac: str = MAC) -> Verdict:
    return gate.decide(mac, TOKEN, Request(address=address, token=token, linked=linked))


def test_a_phone_that_is_not_open_gets_nothing(gate: Gate) -> None:
    assert _ask(gate, HOME) is Verdict.REFUSED


def test_the_first_one_gets_it_and_then_he_alone(gate: Gate, clock: Clock) -> None:
    gate.open(MAC, 30)
    assert _ask(gate, HOME) is Verdict.SERVED
    assert _ask(gate, AWAY) is Verdict.REFUSED
    clock.now += timedelta(days=30)  # a reset of the phone, long after
    assert _ask(gate, HOME) is Verdict.SERVED
    assert _ask(gate, AWAY) is Verdict.REFUSED


def test_an_open_phone_closes_by_itself(gate: Gate, clock: Clock) -> None:
    gate.open(MAC, 30)
    clock.now += timedelta(minutes=31)
    assert _ask(gate, HOME) is Verdict.REFUSED


def test_opening_again_forgets_who_had_it(gate: Gate) -> None:
    gate.open(MAC, 30)
    assert _ask(gate, AWAY) is Verdict.SERVED
    gate.open(MAC, 30)
    assert _ask(gate, HOME) is Verdict.SERVED
    assert _ask(gate, AWAY) is Verdict.REFUSED


def test_the_token_is_good_from_anywhere_and_pins_nothing(gate: Gate, store: PhoneStore) -> None:
    gate.open(MAC, 30)
    assert _ask(gate, HOME) is Verdict.SERVED
    assert _ask(gate, AWAY, TOKEN) is Verdict.SERVED
    assert _ask(gate, AWAY) is Verdict.REFUSED
    assert _ask(gate, HOME, "x" * 40) is Verdict.REFUSED  # even from there
    assert store.fetching(MAC).pinned == HOME


def test_a_phone_without_token_is_not_opened_by_an_empty_one(gate: Gate) -> None:
    assert gate.decide(MAC, "", Request(address=HOME, token="x" * 40)) is Verdict.REFUSED


def test_a_link_is_good_once_and_pins_nothing(gate: Gate) -> None:
    assert _ask(gate, AWAY, linked=True) is Verdict.SERVED
    assert _ask(gate, AWAY) is Verdict.REFUSED


def test_another_device_of_the_network_is_found_out(gate: Gate, neighbours: dict[str, str]) -> None:
    neighbours[AWAY] = "d05099000001"
    neighbours[HOME] = MAC
    gate.open(MAC, 30)
    assert _ask(gate, AWAY) is Verdict.REFUSED
    assert _ask(gate, HOME) is Verdict.SERVED
    neighbours[HOME] = "d05099000001"  # somebody took the phone's address
    assert _ask(gate, HOME) is Verdict.REFUSED


def test_who_tries_many_is_shut_out_for_a_while(gate: Gate, clock: Clock, told: list[str]) -> None:
    gate.open(MAC, 60)
    for number in range(MOST_GUESSES + 1):
        assert not gate.blocked(AWAY)
        gate.guess(AWAY, f"0004130000{number:02x}")
    assert told == [AWAY]
    assert _ask(gate, AWAY) is Verdict.BLOCKED
    assert _ask(gate, AWAY, "x" * 40) is Verdict.BLOCKED
    assert _ask(gate, AWAY, linked=True) is Verdict.BLOCKED
    assert _ask(gate, AWAY, TOKEN) is Verdict.SERVED  # a phone behind the same router
    assert _ask(gate, HOME) is Verdict.SERVED
    clock.now += timedelta(minutes=16)
    assert _ask(gate, AWAY) is Verdict.REFUSED


def test_a_phone_that_asks_again_and_again_is_no_guesser(gate: Gate) -> None:
    for _ in range(100):
        assert _ask(gate, HOME) is Verdict.REFUSED
    assert not gate.blocked(HOME)


def test_the_pin_is_on_disk_before_the_file_is_out(tmp_path: Path, clock: Clock) -> None:
    store = PhoneStore(tmp_path / "p.db", clock)
    gate = Gate(store, lambda _: "", lambda *_: None)
    gate.open(MAC, 30)
    assert _ask(gate, HOME) is Verdict.SERVED
    copy = tmp_path / "copy.db"  # what a cut of power would leave
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(Path(f"{store.path}{suffix}").read_bytes())
    store.close()
    again = PhoneStore(copy, clock)
    assert again.fetching(MAC).pinned == HOME
    again.close()


def test_discovered_phones_are_kept_merged_and_bounded(store: PhoneStore, clock: Clock) -> None:
    def seen(number: int, **more: str) -> bool:
        clock.now += timedelta(seconds=1)
        return store.seen(Discovered(mac=f"{number:012x}", first=clock.now, last=clock.now, **more))  # type: ignore[arg-type]

    assert seen(1, vendor="snom", model="D785", how="pnp")
    assert not seen(1, how="http", address=HOME)
    (one,) = store.discovered()
    assert (one.vendor, one.model, one.how, one.address) == ("snom", "D785", "http", HOME)
    for number in range(2, MAX_DISCOVERED + 3):
        seen(number)
    assert len(store.discovered()) == MAX_DISCOVERED
    assert store.discovered()[0].mac == f"{MAX_DISCOVERED + 2:012x}"
    assert store.forget(f"{MAX_DISCOVERED:012x}") is not None
    assert store.forget(f"{MAX_DISCOVERED:012x}") is None


def test_the_kernels_table_of_neighbours(tmp_path: Path) -> None:
    table = tmp_path / "arp"
    table.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.168.1.20     0x1         0x2         00:04:13:AA:BB:CC     *        eth0\n"
        "192.168.1.21     0x1         0x0         00:00:00:00:00:00     *        eth0\n"
    )
    assert neighbour("192.168.1.20", table) == MAC
    assert neighbour("192.168.1.21", table) == ""
    assert neighbour("192.168.1.99", table) == ""
    assert neighbour("192.168.1.20", tmp_path / "none") == ""
