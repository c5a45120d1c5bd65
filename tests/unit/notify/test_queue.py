"""The queue on disk: order, shares of the hour, summaries, ends, and what a crash leaves."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.languages import Language
from appliance.notify.messages import Letter
from appliance.notify.queue import KEPT, MailQueue, NewMail, QueuedMail

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened(path: Path, capacity: int = 5000) -> MailQueue:
    numbers = itertools.count()
    prefix = path.stat().st_size if path.exists() else 0
    return MailQueue(path, lambda: f"<{prefix}.{next(numbers)}@box>", capacity=capacity)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[MailQueue]:
    queue = opened(tmp_path / "mail.db")
    yield queue
    queue.close()


def letters(count: int, to: str = "anna@example.com", first: int = 0) -> list[NewMail]:
    return [
        NewMail(
            recipient=to,
            event="missed_call",
            language=Language.GERMAN,
            letter=Letter(subject=f"s{i}", text=f"t{i}", html=f"h{i}", line=f"l{i}"),
        )
        for i in range(first, first + count)
    ]


def summary(_language: Language, lines: Sequence[str]) -> Letter:
    return Letter(subject=f"{len(lines)} more", text="\n".join(lines), html="", line="many")


def take(queue: MailQueue, now: datetime = NOW, per_hour: int = 3) -> tuple[QueuedMail, ...]:
    return queue.take(now, per_hour, summary)


def subjects(mails: Sequence[QueuedMail]) -> list[str]:
    return [mail.letter.subject for mail in mails]


def test_mails_keep_their_message_id_over_attempts_and_restarts(tmp_path: Path) -> None:
    queue = opened(tmp_path / "mail.db")
    queue.put(letters(1), NOW)
    (first,) = take(queue)
    queue.postponed(first, "451 later", NOW + timedelta(minutes=1))
    queue.close()
    queue = opened(tmp_path / "mail.db")
    assert take(queue) == ()
    assert queue.next_due() == NOW + timedelta(minutes=1)
    (again,) = take(queue, NOW + timedelta(minutes=1))
    assert (again.message_id, again.attempts, again.error) == (first.message_id, 1, "451 later")
    assert again.letter == first.letter
    queue.sent(again, NOW)
    assert take(queue) == ()
    counts = queue.counts()
    assert (counts.sent, counts.waiting) == (1, 0)
    queue.close()


def test_what_was_taken_and_not_noted_is_taken_again(tmp_path: Path) -> None:
    queue = opened(tmp_path / "mail.db")
    queue.put(letters(2), NOW)
    taken = take(queue)
    queue.close()
    queue = opened(tmp_path / "mail.db")
    assert take(queue) == taken
    queue.close()


def test_an_address_gets_its_share_and_the_rest_in_one(queue: MailQueue) -> None:
    queue.put(letters(10) + letters(1, "ben@example.com"), NOW)
    taken = take(queue)
    assert subjects(taken) == ["s0", "s1", "s0", "8 more"]
    assert taken[-1].letter.text.splitlines() == [f"l{i}" for i in range(2, 10)]
    assert queue.counts().gathered == 8
    for mail in taken:
        queue.sent(mail, NOW)
    queue.put(letters(4, first=10), NOW + timedelta(minutes=5))
    assert take(queue, NOW + timedelta(minutes=5)) == ()
    assert queue.next_due() == NOW + HOUR
    assert take(queue, NOW + HOUR - timedelta(seconds=1)) == ()
    assert subjects(take(queue, NOW + HOUR)) == ["s10", "s11", "2 more"]


def test_one_letter_over_the_share_waits_until_it_is_not(queue: MailQueue) -> None:
    for i in range(3):
        queue.put(letters(1, first=i), NOW)
        (mail,) = take(queue, NOW + timedelta(minutes=i))
        queue.sent(mail, NOW + timedelta(minutes=i))
    queue.put(letters(1, "Anna@Example.com", first=3), NOW + timedelta(minutes=4))
    assert take(queue, NOW + timedelta(minutes=4)) == (), "the same address in other letters"
    assert subjects(take(queue, NOW + HOUR)) == ["s3"]


def test_what_was_tried_is_not_gathered(queue: MailQueue) -> None:
    queue.put(letters(1), NOW)
    (tried,) = take(queue)
    queue.postponed(tried, "451", NOW)
    queue.put(letters(5, first=1), NOW)
    taken = take(queue)
    assert sorted(subjects(taken)) == ["4 more", "s0", "s1"]
    assert tried.message_id in {mail.message_id for mail in taken}


def test_more_that_must_go_alone_than_there_is_room_for(queue: MailQueue) -> None:
    queue.put(letters(4), NOW)
    for mail in queue.mails():
        queue.postponed(mail, "451", NOW)
    taken = take(queue)
    assert len(taken) == 3
    for mail in taken:
        queue.sent(mail, NOW)
    assert take(queue) == ()
    assert len(take(queue, NOW + HOUR)) == 1


def test_untried_mails_go_before_one_that_breaks_the_conversation(queue: MailQueue) -> None:
    queue.put(letters(3), NOW)
    queue.postponed(take(queue)[0], "cut", NOW)
    assert subjects(take(queue)) == ["s1", "s2", "s0"]


def test_the_oldest_are_dropped_when_too_many_wait(tmp_path: Path) -> None:
    queue = opened(tmp_path / "mail.db", capacity=5)
    assert queue.put(letters(4), NOW) == 0
    assert queue.put(letters(3, first=4), NOW) == 2
    assert sorted(subjects(queue.mails())) == ["s2", "s3", "s4", "s5", "s6"]
    assert (queue.counts().dropped, queue.counts().waiting) == (2, 5)
    queue.close()


def test_what_is_too_old_is_given_up_with_its_reason(queue: MailQueue) -> None:
    queue.put(letters(2), NOW - timedelta(days=4))
    queue.put(letters(1, first=2), NOW)
    assert queue.expire(NOW - timedelta(days=3), "nobody there", NOW) == 2
    assert [(one.state, one.error) for one in queue.mails("given_up")] == [("given_up", "nobody there")] * 2
    assert subjects(take(queue)) == ["s2"]


def test_a_clock_that_was_wrong_holds_nothing_up(queue: MailQueue) -> None:
    future = NOW + timedelta(days=4000)
    queue.put(letters(5), future)
    for mail in take(queue, future):
        queue.sent(mail, future)
    queue.put(letters(2, first=5), future)
    assert subjects(take(queue, NOW)) == ["s5", "s6"]


def test_finished_mails_are_kept_for_a_while(queue: MailQueue) -> None:
    queue.put(letters(KEPT + 20), NOW)
    taken = take(queue, per_hour=10_000)
    for mail in taken:
        queue.sent(mail, NOW)
    while rest := take(queue, per_hour=10_000):
        for mail in rest:
            queue.sent(mail, NOW)
    assert len(queue.mails(limit=10_000)) == KEPT
    assert queue.counts().sent == KEPT + 20


def test_hastened_mails_are_due(queue: MailQueue) -> None:
    queue.put(letters(1), NOW)
    queue.postponed(take(queue)[0], "451", NOW + HOUR)
    assert take(queue) == ()
    assert queue.hasten(NOW) == 1
    assert len(take(queue)) == 1


def test_a_queue_belongs_to_one_box_and_to_mail(tmp_path: Path) -> None:
    queue = opened(tmp_path / "mail.db")
    with pytest.raises(DeviceUnavailable, match="already in use"):
        opened(tmp_path / "mail.db")
    queue.close()
    (tmp_path / "other.db").write_bytes(b"not a database, but long enough to look like a file")
    with pytest.raises(ConfigError):
        opened(tmp_path / "other.db")
