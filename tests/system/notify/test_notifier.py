"""Notifier and courier against real relays, with a clock that the tests turn."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.causes import Cause
from appliance.model.documents import Document
from appliance.model.effects import WakeUpMissed
from appliance.model.ids import ExtensionId
from appliance.model.mail import Mail, MailTls, Notification, NotificationEvent
from appliance.model.snapshot import Snapshot
from appliance.notify.courier import PAUSES_S, Alarm, MailNews, pause
from appliance.notify.notifier import Notifier
from tests.support.processes import free_port
from tests.support.relay import MailRelay, Tarpit
from tests.unit.notify.office import ANNA, call, leg, office


class Wall:
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Ears:
    """Collects news."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self._changed = threading.Condition()

    def __call__(self, _name: str, payload: object) -> None:
        with self._changed:
            self.heard.append(payload)
            self._changed.notify_all()

    def wait(self, test: Callable[[object], bool], count: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: sum(map(test, self.heard)) >= count, 10), self.heard


def became(what: str) -> Callable[[object], bool]:
    return lambda one: isinstance(one, MailNews) and one.what == what


def settings(port: int, **fields: object) -> Mail:
    values = {"host": "127.0.0.1", "tls": MailTls.NONE, "sender": "box@example.com", **fields}
    return Mail(port=port, **values)  # type: ignore[arg-type]


def with_relay(port: int, **fields: object) -> Snapshot:
    more: tuple[Document, ...] = (settings(port, **fields),)
    return office(*more)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


def notifier(folder: Path, snapshot: Snapshot, wall: Wall, ears: Ears) -> Notifier:
    made = Notifier(folder / "mail.db", "box", snapshot, ears, wall)
    made.start()
    return made


def miss(made: Notifier, count: int = 1) -> None:
    for _ in range(count):
        made.call_over(call(Cause.NO_ANSWER), [leg("a1", Cause.NO_ANSWER)])


def accounted(made: Notifier) -> int:
    status = made.status()
    return status.waiting + status.gathered


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    pause_between = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, what
        pause_between.wait(0.01)


def test_whoever_wants_to_know_is_told_of_a_missed_wake_up_call(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    events = (NotificationEvent.MISSED_WAKE_UP,)
    wish = Notification(id=ExtensionId("e21"), addresses=("reception@example.com",), events=events)
    made = notifier(tmp_path, office(settings(relay.port), wish), wall, ears)
    for extension in ("e23", "e21"):
        made.asleep(WakeUpMissed(extension=ExtensionId(extension), time="06:30", attempts=3))
    mail = relay.wait(recipient="reception@example.com")
    made.stop()
    assert mail["Subject"].startswith("Weckruf um 06:30 Uhr nicht angenommen: Nebenstelle 21")
    assert len(relay.taken) == 1, "and nobody is told who does not want it"


def test_a_mail_refused_for_now_is_tried_again_with_the_same_id(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(relay.port), wall, ears)
    relay.refuse[ANNA] = "451 greylisted"
    miss(made)
    ears.wait(became("postponed"))
    (row,) = made.mails()
    assert (row.attempts, row.error, row.due - wall.now) == (1, "451 greylisted", timedelta(minutes=1))
    del relay.refuse[ANNA]
    wall.now += timedelta(minutes=1)
    made.changed(with_relay(relay.port), ())
    made.retry()
    assert relay.wait()["Message-ID"] == row.message_id
    ears.wait(became("sent"))
    made.stop()


def test_refusals_back_off_and_end_after_three_days(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(relay.port), wall, ears)
    relay.refuse[ANNA] = "450 mailbox full"
    begun = wall.now
    miss(made)
    waits = []
    for attempt in range(1, 40):
        ears.wait(lambda one: became("postponed")(one) or became("given_up")(one), attempt)
        (row,) = made.mails()
        if row.state == "given_up":
            break
        waits.append(row.due - wall.now)
        wall.now = row.due
        made.retry()
    else:
        raise AssertionError("never given up")
    assert waits[:9] == [timedelta(seconds=one) for one in PAUSES_S]
    assert timedelta(days=3) < wall.now - begun < timedelta(days=3, hours=7)
    assert row.error == "450 mailbox full"
    ears.wait(lambda one: isinstance(one, Alarm) and "450 mailbox full" in one.text)
    assert made.status().given_up == 1
    made.stop()


def test_a_relay_that_is_away_makes_all_wait_and_is_tried_less_and_less(
    tmp_path: Path, wall: Wall, ears: Ears
) -> None:
    port = free_port()
    made = notifier(tmp_path, with_relay(port), wall, ears)
    miss(made, 3)
    seen: list[datetime] = []
    for _ in range(4):
        last = seen[-1] if seen else None
        until(lambda last=last: made.status().next_try not in (None, last), "another try")  # type: ignore[misc]
        status = made.status()
        assert status.next_try is not None
        seen.append(status.next_try)
        assert (status.waiting, "refused" in status.error) == (3, True)
        wall.now = status.next_try
        made.changed(with_relay(port), ())
        made._courier.wake()  # type: ignore[union-attr]
    gaps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert gaps == [pause(2), pause(3), pause(4)]
    with MailRelay(port=port) as relay:
        made.retry()
        relay.wait(count=3)
    made.stop()


def test_what_no_relay_takes_for_three_days_is_given_up_with_an_alarm(
    tmp_path: Path, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(free_port()), wall, ears)
    miss(made, 2)
    until(lambda: made.status().waiting == 2 and made.status().next_try is not None, "a try")
    wall.now += timedelta(days=3, seconds=1)
    made.retry()
    ears.wait(lambda one: isinstance(one, Alarm) and "2 mails" in one.text)
    assert (made.status().given_up, made.status().waiting) == (2, 0)
    made.stop()


def test_a_storm_of_calls_becomes_a_few_mails(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(relay.port, per_hour=2), wall, ears)
    miss(made)
    relay.wait(count=1)
    ears.wait(became("sent"))
    miss(made, 50)
    until(lambda: made.status().sent + made.status().gathered + made.status().waiting >= 51, "all queued")
    ears.wait(became("sent"), 2)
    wall.now += timedelta(hours=1)
    made.retry()
    until(lambda: made.status().waiting == 0, "the rest in one")
    assert len(relay.taken) <= 4
    status = made.status()
    assert status.gathered + status.sent >= 51
    made.stop()


def test_settings_that_are_put_right_send_at_once(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(free_port()), wall, ears)
    miss(made)
    until(lambda: bool(made.status().error), "the first try")
    made.changed(with_relay(relay.port), ())
    relay.wait(recipient=ANNA)
    ears.wait(became("sent"))
    made.stop()


def test_without_a_relay_nothing_is_kept(tmp_path: Path, wall: Wall, ears: Ears) -> None:
    made = notifier(tmp_path, office(Mail(host="h", sender="a@b", enabled=False)), wall, ears)
    miss(made)
    assert made.status().enabled is False
    made.stop()
    again = notifier(tmp_path, with_relay(free_port()), wall, ears)
    assert again.status().waiting == 0
    again.stop()


def test_news_never_wait_for_a_relay_that_hangs(tmp_path: Path, wall: Wall, ears: Ears) -> None:
    with Tarpit() as pit:
        made = notifier(tmp_path, with_relay(pit.port), wall, ears)
        miss(made)
        assert pit.connected.wait(5)
        miss(made, 1000)
        until(lambda: accounted(made) == 1001, "all on disk while the relay hangs")
        assert made.status().error == "", "it hangs still"
        made.stop(20)
    again = notifier(tmp_path, with_relay(free_port()), wall, ears)
    assert accounted(again) >= 1001
    again.stop()


def test_a_queue_that_cannot_be_opened_is_told_and_harms_nothing(
    tmp_path: Path, wall: Wall, ears: Ears
) -> None:
    (tmp_path / "mail.db").write_bytes(b"x" * 5000)
    made = notifier(tmp_path, with_relay(free_port()), wall, ears)
    miss(made)
    assert "mail.db" in made.status().failing
    assert made.status().dropped == 1
    with pytest.raises(DeviceUnavailable, match="no mail queue"):
        made.mails()
    made.stop()


def test_a_trial_needs_a_relay_and_an_address(
    tmp_path: Path, relay: MailRelay, wall: Wall, ears: Ears
) -> None:
    made = notifier(tmp_path, with_relay(relay.port), wall, ears)
    with pytest.raises(ConfigError, match="not a mail address"):
        made.trial("anna@example.com\r\nRCPT TO:<x@y>")
    assert made.trial(ANNA).taken
    assert relay.wait()["Subject"] == "Probe der Telefonanlage Büro Köln"
    made.stop()
