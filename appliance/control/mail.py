"""The ``mail.*`` methods: how notification by mail goes, what waits, a test that tells the conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.decode import Nothing, decode
from appliance.model.languages import Language
from appliance.model.mail import check_address
from appliance.notify.attachments import Attachment
from appliance.notify.messages import clean, compose, word
from appliance.notify.notifier import Notifier
from appliance.notify.queue import NewMail, QueuedMail

STATES = ("waiting", "sent", "given_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfQueue:
    """Params of ``mail.queue``: one state or all, the newest so many."""

    state: str | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in STATES:
            raise ValueError(f"state: '{self.state[:40]}' is none: one of {', '.join(STATES)}")
        if not 1 <= self.limit <= 10_000:
            raise ValueError("limit: out of range: 1 to 10000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Testing:
    """Params of ``mail.test``."""

    recipient: str
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Putting:
    """Params of ``mail.put``: a letter of facts and files; ``key`` keeps it from being queued twice."""

    recipients: tuple[str, ...]
    event: str
    subject: str
    body: str
    language: Language | None = None
    rows: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    key: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.recipients) <= 100:
            raise ValueError("recipients: out of range: 1 to 100")
        for recipient in self.recipients:
            check_address("recipients", recipient)


class MailMethods:
    """Binds a notifier to a server."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def register(self, server: ControlServer) -> None:
        """Offer every ``mail.*`` method."""
        server.register("mail.status", self.status, slow=True)
        server.register("mail.queue", self.queue, slow=True)
        server.register("mail.test", self.test, slow=True)
        server.register("mail.put", self.put, slow=True)
        server.register("mail.retry", self.retry, slow=True)

    def status(self, params: Mapping[str, Any]) -> object:
        """See :class:`appliance.notify.notifier.MailStatus`."""
        decode(Nothing, params, where="mail.status")
        return self._notifier.status()

    def queue(self, params: Mapping[str, Any]) -> object:
        """Mails that wait and those that were finished last, newest first."""
        asked = decode(OfQueue, params, where="mail.queue")
        return [_row(mail) for mail in self._notifier.mails(asked.state, asked.limit)]

    def test(self, params: Mapping[str, Any]) -> object:
        """Send a test mail now; the result has the conversation with the relay, also of a failure."""
        asked = decode(Testing, params, where="mail.test")
        return self._notifier.trial(asked.recipient, asked.language)

    def put(self, params: Mapping[str, Any]) -> object:
        """Queue a letter with files; on disk when this answers: ``{"queued"}``."""
        asked = decode(Putting, params, where="mail.put")
        site = self._notifier.site
        language = asked.language or site.language
        written = compose(
            subject=asked.subject,
            greeting=word("hello_nobody", language),
            body=asked.body,
            rows=[(clean(name), clean(value)) for name, value in asked.rows],
            site=site,
            language=language,
            line=asked.subject,
        )
        self._notifier.deliver(
            [
                NewMail(
                    recipient=recipient,
                    event=asked.event,
                    language=language,
                    letter=written,
                    attachments=asked.attachments,
                    key=asked.key,
                )
                for recipient in dict.fromkeys(asked.recipients)
            ]
        )
        return {"queued": len(asked.recipients)}

    def retry(self, params: Mapping[str, Any]) -> object:
        """Try everything that waits now; ``{"waiting"}``."""
        decode(Nothing, params, where="mail.retry")
        return {"waiting": self._notifier.retry()}


def _row(mail: QueuedMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "state": mail.state,
        "event": mail.event,
        "recipient": mail.recipient,
        "subject": mail.letter.subject,
        "created": mail.created,
        "attempts": mail.attempts,
        "due": mail.due if mail.state == "waiting" else None,
        "finished": mail.finished,
        "error": mail.error,
        "message_id": mail.message_id,
    }


def register_mail(server: ControlServer, notifier: Notifier) -> None:
    """Offer every ``mail.*`` method of the notifier."""
    MailMethods(notifier).register(server)
