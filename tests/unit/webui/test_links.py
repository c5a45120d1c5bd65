"""One-time links: once, for a while, and only for what they are for."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import NotFound
from webui.database import WebDatabase
from webui.links import LONGEST_S, MAX_LINKS, OneTimeLinks


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[WebDatabase]:
    found = WebDatabase(tmp_path / "web.db")
    yield found
    found.close()


def test_a_link_works_once_and_only_for_its_purpose(database: WebDatabase, tmp_path: Path) -> None:
    links = OneTimeLinks(database)
    secret, link = links.make("softphone", "d21", "web:anna", 600, "linphone")
    assert links.look("softphone", secret) == link
    for purpose, wrong in (("phone", secret), ("softphone", secret[:-1]), ("softphone", "")):
        with pytest.raises(NotFound):
            links.take(purpose, wrong)
    assert links.take("softphone", secret).detail == "linphone"
    for asked in (links.look, links.take):
        with pytest.raises(NotFound):
            asked("softphone", secret)
    assert secret.encode() not in b"".join(one.read_bytes() for one in tmp_path.iterdir())


def test_a_link_ends_by_time_and_is_revoked(database: WebDatabase) -> None:
    clock = Clock()
    links = OneTimeLinks(database, clock)
    old, _ = links.make("softphone", "d21", "web:anna", 60)
    gone, _ = links.make("softphone", "d22", "web:anna", 10**9)
    assert {one.subject for one in links.waiting("softphone")} == {"d21", "d22"}
    assert max(one.expires for one in links.waiting("softphone")) == clock.now + LONGEST_S
    clock.now += 61
    assert [one.subject for one in links.waiting("softphone")] == ["d22"]
    assert links.revoke("softphone", "d22") == 1
    for secret in (old, gone):
        with pytest.raises(NotFound):
            links.take("softphone", secret)


def test_of_many_who_come_at_once_one_gets_it(database: WebDatabase) -> None:
    links = OneTimeLinks(database)
    secret, _ = links.make("softphone", "d21", "web:anna", 60)
    got: list[str] = []

    def take() -> None:
        with contextlib.suppress(NotFound):
            got.append(links.take("softphone", secret).subject)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert got == ["d21"]


def test_the_table_stays_bounded(database: WebDatabase) -> None:
    clock = Clock()
    links = OneTimeLinks(database, clock)
    with database.writing() as db:
        db.executemany(
            "INSERT INTO links VALUES (?, 'softphone', 'x', '', '', ?, 1e9)",
            [(str(number), float(number)) for number in range(MAX_LINKS)],
        )
    clock.now = MAX_LINKS + 1.0
    links.make("softphone", "d21", "web:anna", 60)
    waiting = links.waiting("softphone")
    assert (len(waiting), waiting[0].subject) == (MAX_LINKS, "d21")


def test_what_was_told_is_known_by_its_secret(database: WebDatabase) -> None:
    links = OneTimeLinks(database)
    assert not links.was_told("device:d21", "secret-1")
    links.tell("device:d21", "secret-1", "web:anna")
    assert links.was_told("device:d21", "secret-1")
    assert not links.was_told("device:d21", "secret-2")
    assert not links.was_told("device:d22", "secret-1")
