"""What the box talks to: news of calls and changes in, mails into the queue, the courier kept going.

Whoever brings news never waits: news are put into a bounded table, which the thread ``mail-news`` turns
into letters and writes to the queue's disk. Without a relay nothing is queued. A queue that cannot be opened
does not keep the box from starting: it is told in the log and the status.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.documents import Site
from appliance.model.effects import WakeUpMissed
from appliance.model.languages import Language
from appliance.model.mail import Mail, check_address
from appliance.model.notes import CallNote
from appliance.model.outages import Outage
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.notify.courier import Courier, News
from appliance.notify.letters import Alarmed, Asleep, CallOver, Changed, Told, mails_for
from appliance.notify.messages import mime, trial, zone
from appliance.notify.note_letter import note_letter
from appliance.notify.occurrences import MissedWakeUp
from appliance.notify.outage_letter import outage_letter
from appliance.notify.queue import MailQueue, NewMail, QueuedMail
from appliance.notify.relay import Relay, RelayUnusable
from appliance.store.operations import Operation

MAX_NEWS = 2000
"""News waiting to become letters; beyond, the oldest are dropped and counted."""
DISK_S = 5.0
_REPORTED = frozenset({AlarmKind.INTERNET_CUT_OFF, AlarmKind.SYNC_DOWN})
"""At their end comes the report of the outage."""
log = structlog.get_logger("mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStatus:
    """How mail goes. ``failing``: what is wrong with its disk; ``error``: what the relay said last."""

    enabled: bool
    relay: str = ""
    waiting: int = 0
    sent: int = 0
    given_up: int = 0
    dropped: int = 0
    gathered: int = 0
    error: str = ""
    error_at: datetime | None = None
    next_try: datetime | None = None
    failing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How the test mail went: the conversation line by line, without secrets."""

    taken: bool
    relay: str
    recipient: str
    error: str
    dialogue: tuple[str, ...]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Notifier:
    """Notification by mail. ``call_over``, ``changed``, ``asleep``: for any thread, never wait or raise."""

    def __init__(
        self,
        path: Path,
        node: str,
        snapshot: Snapshot,
        news: News,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Open the queue at ``path``; ``node`` names this instance, ``news`` hears what becomes of mails."""
        self._node = node
        self._news = news
        self._clock = clock
        self._guard = threading.Lock()
        self._arrived = threading.Condition(self._guard)
        self._snapshot = snapshot
        self._waiting: deque[Told] = deque()
        self._dropped = 0
        self._failing = ""
        self._stopping = False
        self._queue: MailQueue | None = None
        self._courier: Courier | None = None
        try:
            self._queue = MailQueue(path, self._message_id)
            self._courier = Courier(self._queue, clock, news)
            self._courier.configure(snapshot.mail, snapshot.site)
        except OrtsamtError as error:
            self._failing = str(error)
            log.error("nobody can be told by mail", error=self._failing)
        self._thread = threading.Thread(target=self._run, name="mail-news", daemon=True)

    def start(self) -> None:
        """Begin to write and to send."""
        if self._courier is not None:
            self._thread.start()
            self._courier.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Write what waits, cut the relay, close the queue."""
        if self._courier is None or self._queue is None:
            return
        if self._thread.ident is None:  # was never started
            self._queue.close()
            return
        with self._guard:
            self._stopping = True
            self._arrived.notify_all()
        self._thread.join(timeout)
        ended = self._courier.stop(timeout)
        if self._thread.is_alive() or not ended:
            log.error("the disk or the relay did not let go in time; mail that waits is sent later")
            return
        self._queue.close()

    # -- news, on any thread -----------------------------------------------------------------------

    def call_over(self, call: CallRecord, legs: Sequence[LegRecord]) -> None:
        """A call and all its legs are over."""
        snapshot = self._snapshot
        if snapshot.mail is not None and snapshot.mail.enabled:
            self._keep(CallOver(call=call, legs=tuple(legs), snapshot=snapshot))

    def asleep(self, missed: WakeUpMissed) -> None:
        """Nobody answered a wake-up call."""
        snapshot = self._snapshot
        if snapshot.mail is not None and snapshot.mail.enabled:
            occurrence = MissedWakeUp(
                extension=missed.extension, at=self._clock(), time=missed.time, attempts=missed.attempts
            )
            self._keep(Asleep(missed=occurrence, snapshot=snapshot))

    def changed(self, snapshot: Snapshot, operations: tuple[Operation, ...]) -> None:
        """The configuration changed; to be called in the order of the changes."""
        before, self._snapshot = self._snapshot, snapshot
        if self._courier is not None:
            self._courier.configure(snapshot.mail, snapshot.site)
        told = before.notifications or snapshot.notifications
        if snapshot.mail is not None and snapshot.mail.enabled and told:
            self._keep(Changed(node=self._node, operations=operations, before=before, after=snapshot))

    # -- mails that somebody asks for --------------------------------------------------------------

    def check_relay(self, field: str) -> None:
        """Raise ConfigError naming ``field`` where no mail could be sent at all."""
        mail = self._snapshot.mail
        if mail is None or not mail.enabled:
            raise ConfigError(
                "no mail relay is set" if mail is None else "mail is switched off",
                error_id="mail.none",
                field=field,
                hint="set one: ortsamt ctl set mail main host=… sender=… enabled=true",
            )

    def note(
        self, note: CallNote, call: CallRecord, addresses: Sequence[str], language: Language | None
    ) -> None:
        """Queue a note on a call for these addresses; on disk when this returns. Raises DeviceUnavailable."""
        spoken = language or self._snapshot.site.language
        written = note_letter(note, call, self._snapshot, spoken)
        self._put(
            [
                NewMail(recipient=one, event="call_note", language=spoken, letter=written)
                for one in dict.fromkeys(addresses)
            ]
        )

    def alarm(self, alarm: Alarm) -> None:
        """Tell those who look after the box; for any thread, never waits or raises."""
        if alarm.over and alarm.kind in _REPORTED:
            return
        snapshot = self._snapshot
        if snapshot.mail is not None and snapshot.mail.enabled and snapshot.site.alarm_emails:
            self._keep(Alarmed(alarm=alarm, snapshot=snapshot))

    def outage(self, outage: Outage) -> None:
        """Tell those who look after the box what happened while it was cut off: one mail, once."""
        snapshot = self._snapshot
        if snapshot.mail is None or not snapshot.mail.enabled or not snapshot.site.alarm_emails:
            return
        language = snapshot.site.language
        letter = outage_letter(outage, snapshot.site, language)
        self._put(
            [
                NewMail(
                    recipient=one, event="outage", language=language, letter=letter, key=f"outage {outage.id}"
                )
                for one in dict.fromkeys(snapshot.site.alarm_emails)
            ]
        )

    def deliver(self, mails: Sequence[NewMail]) -> None:
        """Queue mails somebody wants; on disk when this returns. Raises ConfigError, DeviceUnavailable."""
        self.check_relay("recipients")
        self._put(mails)

    @property
    def site(self) -> Site:
        """The office that writes."""
        return self._snapshot.site

    def _put(self, mails: Sequence[NewMail]) -> None:
        dropped = self._opened().put(mails, self._clock())
        if dropped:
            log.warning("old mails were dropped: too many wait", dropped=dropped)
        if self._courier is not None:
            self._courier.wake()

    # -- questions ---------------------------------------------------------------------------------

    def status(self) -> MailStatus:
        """How it goes now."""
        mail = self._snapshot.mail
        with self._guard:
            dropped, failing = self._dropped, self._failing
        relay = _relay(mail)
        enabled = mail is not None and mail.enabled
        if self._queue is None or self._courier is None:
            return MailStatus(enabled=enabled, relay=relay, dropped=dropped, failing=failing)
        try:
            counts = self._queue.counts()
        except DeviceUnavailable as error:
            return MailStatus(enabled=enabled, relay=relay, dropped=dropped, failing=str(error))
        state = self._courier.state()
        return MailStatus(
            enabled=enabled,
            relay=relay,
            waiting=counts.waiting,
            sent=counts.sent,
            given_up=counts.given_up,
            dropped=counts.dropped + dropped,
            gathered=counts.gathered,
            error=state.error,
            error_at=state.error_at,
            next_try=state.next_try,
            failing=failing,
        )

    def mails(self, state: str | None = None, limit: int = 100) -> tuple[QueuedMail, ...]:
        """The queue, newest first. Raises DeviceUnavailable."""
        return self._opened().mails(state, limit)

    def retry(self) -> int:
        """Try everything now; returns how many mails wait. Raises DeviceUnavailable."""
        waiting = self._opened().hasten(self._clock())
        if self._courier is not None:
            self._courier.wake(at_once=True)
        return waiting

    def trial(self, recipient: str, language: Language | None = None) -> Trial:
        """Send a test mail past the queue, on the caller's thread; takes at most a minute.

        Raises ConfigError without a relay or for a bad address. A success lets waiting mails go at once.
        """
        snapshot = self._snapshot
        settings, site = snapshot.mail, snapshot.site
        if settings is None:
            raise ConfigError(
                "no mail relay is set",
                error_id="mail.none",
                hint="set one: ortsamt ctl set mail main host=… sender=…",
            )
        try:
            check_address("recipient", recipient)
        except ValueError:
            raise ConfigError(
                f"'{recipient[:80]}' is not a mail address", field="recipient", hint="anna@example.com"
            ) from None
        content = mime(
            trial(site, language or site.language),
            sender=settings.sender,
            sender_name=site.name,
            recipient=recipient,
            message_id=self._message_id(),
            date=self._clock().astimezone(zone(site.timezone)),
        )
        relay = Relay(settings)
        try:
            with relay:
                verdict = relay.send(recipient, content)
            taken, error = verdict.taken, verdict.error
        except RelayUnusable as trouble:
            taken, error = False, trouble.message
        if taken and self._courier is not None:
            self._courier.wake(at_once=True)
        return Trial(
            taken=taken,
            relay=_relay(settings),
            recipient=recipient,
            error=error,
            dialogue=tuple(relay.lines),
        )

    # -- thread mail-news --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._guard:
                while not self._waiting and not self._stopping:
                    self._arrived.wait()
                if not self._waiting:
                    return
                taken = tuple(self._waiting)
            if self._write(taken):
                with self._guard:
                    for news in taken:
                        if self._waiting and self._waiting[0] is news:
                            self._waiting.popleft()
                continue
            with self._guard:
                if self._stopping:
                    log.error("news could not become mails before the end", lost=len(self._waiting))
                    return
                self._arrived.wait(DISK_S)

    def _write(self, news: Sequence[Told]) -> bool:
        mails: list[NewMail] = []
        for one in news:
            try:
                mails += mails_for(one)
            except Exception:
                log.exception("news could not become a mail", news_type=type(one).__name__)
        if not mails:
            return True
        try:
            self._put(mails)
        except DeviceUnavailable as error:
            with self._guard:
                known, self._failing = self._failing, str(error)
            if not known:
                log.error("mails cannot be queued; trying again", error=str(error))
            return False
        with self._guard:
            self._failing = ""
        return True

    # -- inside ------------------------------------------------------------------------------------

    def _keep(self, news: Told) -> None:
        with self._guard:
            if self._stopping or self._queue is None:
                self._dropped += 1
                return
            if len(self._waiting) >= MAX_NEWS:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(news)
            self._arrived.notify()

    def _opened(self) -> MailQueue:
        if self._queue is None:
            raise DeviceUnavailable(
                f"there is no mail queue: {self._failing}", error_id="mail.no_queue", hint="see the log"
            )
        return self._queue

    def _message_id(self) -> str:
        mail = self._snapshot.mail
        domain = mail.sender.rpartition("@")[2] if mail is not None else "ortsamt.invalid"
        return f"<{secrets.token_hex(16)}.{self._node}@{domain}>"


def _relay(mail: Mail | None) -> str:
    return f"{mail.host}:{mail.real_port}" if mail is not None else ""
