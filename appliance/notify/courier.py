"""The thread ``mail``: takes due mails from the queue to the relay, and waits when that does not want them.

A relay that cannot be reached makes all mails wait, from a minute up to six hours; a mail that it refuses
for now waits alone, in the same steps. What could not be sent in three days is given up.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from appliance.errors import OrtsamtError
from appliance.model.documents import Site
from appliance.model.languages import Language
from appliance.model.mail import Mail
from appliance.notify.messages import Letter, clean, digest, mime, zone
from appliance.notify.queue import MailQueue, QueuedMail
from appliance.notify.relay import Relay, RelayUnusable, Watch

PAUSES_S = (60, 120, 300, 900, 1800, 3600, 7200, 14400, 21600)
"""From attempt to attempt; the last one again and again."""
GIVE_UP = timedelta(days=3)
IDLE_S = 300.0
DISK_S = 30.0
log = structlog.get_logger("mail")

News = Callable[[str, object], None]
"""Event name and payload, for those who watch the box; must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNews:
    """What became of a mail: ``sent``, ``postponed`` or ``given_up``."""

    what: str
    mail: int
    message_id: str
    event: str
    recipient: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person should look after. ``id`` is stable, ``text`` for people."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierState:
    """How sending goes. ``next_try`` is set while all mails wait for the relay."""

    error: str = ""
    error_at: datetime | None = None
    next_try: datetime | None = None


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures in a row (1 and up)."""
    return timedelta(seconds=PAUSES_S[min(max(failures, 1), len(PAUSES_S)) - 1])


class Courier:
    """Owns the conversation with the relay. Started and stopped once."""

    def __init__(self, queue: MailQueue, clock: Callable[[], datetime], news: News) -> None:
        self._queue = queue
        self._clock = clock
        self._news = news
        self._guard = threading.Lock()
        self._changed = threading.Condition(self._guard)
        self._settings: Mail | None = None
        self._site = Site()
        self._state = CourierState()
        self._failures = 0
        self._woken = False
        self._stopping = False
        self._watch = Watch()
        self._unnoted: list[QueuedMail] = []  # the relay has them, the disk does not know yet
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Cut a conversation that is under way and end; what was not acknowledged is sent at the next start.

        False when the thread did not end in time.
        """
        with self._guard:
            self._stopping = True
            self._changed.notify_all()
            watch = self._watch
        watch.cut()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def configure(self, settings: Mail | None, site: Site) -> None:
        """Send by these settings from now on; a changed relay is tried at once."""
        with self._guard:
            anew = settings != self._settings
            self._settings, self._site = settings, site
        if anew:
            self.wake(at_once=True)

    def wake(self, *, at_once: bool = False) -> None:
        """There is something to send. ``at_once``: forget that the relay was not there."""
        with self._guard:
            if at_once:
                self._failures = 0
                self._state = CourierState(error=self._state.error, error_at=self._state.error_at)
            self._woken = True
            self._changed.notify_all()

    def state(self) -> CourierState:
        """How it goes now."""
        with self._guard:
            return self._state

    # -- thread mail -----------------------------------------------------------------------------

    def _run(self) -> None:
        wait_s = 0.0
        while self._sleep(wait_s):
            try:
                wait_s = self._round()
            except OrtsamtError as error:
                log.error("mail cannot be sent", error=str(error))
                wait_s = DISK_S
            except Exception:
                log.exception("sending mail failed")
                wait_s = DISK_S

    def _sleep(self, seconds: float) -> bool:
        """Wait until there may be something to do; False: stop."""
        with self._guard:
            if not self._stopping and not self._woken and seconds > 0:
                self._changed.wait(seconds)
            self._woken = False
            return not self._stopping

    def _round(self) -> float:
        """Send what is due; returns how many seconds there is nothing to do."""
        now = self._clock()
        while self._unnoted:
            self._queue.sent(self._unnoted[0], now)
            del self._unnoted[0]
        with self._guard:
            settings, site, state = self._settings, self._site, self._state
        if settings is None or not settings.enabled:
            self._expire("mail is switched off", now)
            return IDLE_S
        if state.next_try is not None and now < state.next_try <= now + pause(len(PAUSES_S)):
            return (state.next_try - now).total_seconds()

        def compose(language: Language, lines: Sequence[str]) -> Letter:
            return digest(lines, site, language)

        mails = self._queue.take(now, settings.per_hour, compose)
        if mails:
            try:
                self._deliver(mails, settings, site)
            except RelayUnusable as error:
                return self._relay_failed(str(error))
            return 0.0
        due = self._queue.next_due()
        return IDLE_S if due is None else min(IDLE_S, max(0.05, (due - now).total_seconds()))

    def _deliver(self, mails: Sequence[QueuedMail], settings: Mail, site: Site) -> None:
        watch = Watch()
        if not self._go_on(settings, watch):
            return
        with Relay(settings, watch) as relay:
            for mail in mails:
                if not self._go_on(settings, watch):
                    return
                self._one(relay, mail, settings, site)

    def _go_on(self, settings: Mail, watch: Watch) -> bool:
        """Whether to go on with this conversation, which :meth:`stop` may cut from now on."""
        with self._guard:
            self._watch = watch
            return not self._stopping and self._settings == settings

    def _one(self, relay: Relay, mail: QueuedMail, settings: Mail, site: Site) -> None:
        try:
            content = mime(
                mail.letter,
                sender=settings.sender,
                sender_name=site.name,
                recipient=mail.recipient,
                message_id=mail.message_id,
                date=mail.created.astimezone(zone(site.timezone)),
                attachments=mail.attachments,
            )
        except Exception:  # our own defect, which must not hold up the mails behind this one
            log.exception("a mail could not be written", mail=mail.id)
            self._give_up(mail, "it could not be written as a mail")
            return
        try:
            verdict = relay.send(mail.recipient, content)
        except RelayUnusable as error:
            # It may be this very mail that the relay cannot stand: the others go first next time.
            self._postpone(mail, str(error))
            raise
        now = self._clock()
        with self._guard:
            self._failures = 0
            self._state = CourierState(
                error=verdict.error or self._state.error,
                error_at=now if verdict.error else self._state.error_at,
            )
        if verdict.taken:
            # Were it forgotten that it is sent, a full disk would send it again and again.
            self._unnoted.append(mail)
            self._queue.sent(mail, now)
            self._unnoted.remove(mail)
            self._tell("sent", mail, "")
        elif verdict.final or mail.created < now - GIVE_UP:
            self._give_up(mail, verdict.error)
        else:
            self._postpone(mail, verdict.error)

    def _give_up(self, mail: QueuedMail, error: str) -> None:
        self._queue.given_up(mail, error, self._clock())
        log.error("a mail was given up", to=_masked(mail.recipient), error=error)
        self._tell("given_up", mail, error)
        self._alarm(f"mail to {_masked(mail.recipient)} given up: {error}")

    def _postpone(self, mail: QueuedMail, error: str) -> None:
        self._queue.postponed(mail, error, self._clock() + pause(mail.attempts + 1))
        log.warning("a mail has to wait", to=_masked(mail.recipient), error=error)
        self._tell("postponed", mail, error)

    def _relay_failed(self, error: str) -> float:
        now = self._clock()
        with self._guard:
            if self._stopping:
                return 0.0
            self._failures += 1
            wait = pause(self._failures)
            self._state = CourierState(error=error, error_at=now, next_try=now + wait)
            first = self._failures == 1
        (log.warning if first else log.info)("the mail relay cannot be used", error=error)
        self._expire(error, now)
        return wait.total_seconds()

    def _expire(self, error: str, now: datetime) -> None:
        lost = self._queue.expire(now - GIVE_UP, error, now)
        if lost:
            log.error("mails were given up after three days", count=lost, error=error)
            self._alarm(f"{lost} mails given up after three days: {error}")

    def _tell(self, what: str, mail: QueuedMail, error: str) -> None:
        self._news(
            "mail",
            MailNews(
                what=what,
                mail=mail.id,
                message_id=mail.message_id,
                event=mail.event,
                recipient=mail.recipient,
                error=error,
            ),
        )

    def _alarm(self, text: str) -> None:
        self._news("alarm", Alarm(id="mail.given_up", text=clean(text, 400)))


def _masked(address: str) -> str:
    """An address for logs: ``a***@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
