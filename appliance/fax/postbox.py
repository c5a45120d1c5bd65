"""Mail2Fax: a small SMTP server for mails to ``<number>@…`` from senders that a box allows.

``number`` or ``box+number`` before the @. PDF and TIFF attachments are the document, then the mail's text is
left out; a mail without any is faxed as text. Who may connect is limited by network, because a sender's
address is what anybody says it is.
"""

import asyncio
import email
import email.policy
import ipaddress
from email.message import EmailMessage
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.fax.desk import Desk
from appliance.fax.orders import MAX_RECIPIENTS, cleaned
from appliance.fax.settings import FaxSettings
from appliance.model.documents import FaxBox

MAX_MAIL = 30_000_000
TIMEOUT_S = 120.0
_DOCUMENTS = {"application/pdf", "image/tiff", "application/x-pdf"}
_log = structlog.get_logger(__name__)


class Postbox:
    """The server; its thread ``fax-mail`` runs an event loop of its own."""

    def __init__(self, settings: FaxSettings, desk: Desk) -> None:
        self._settings = settings
        self._controller = _Controller(
            Receiver(settings, desk), hostname=settings.mail_listen, port=settings.mail_port
        )

    def start(self) -> None:
        """Listen; raises DeviceUnavailable when the port is not to be had."""
        try:
            self._controller.start()
        except (OSError, TimeoutError) as error:
            raise DeviceUnavailable(
                f"TCP port {self._settings.mail_port} for mails to be faxed cannot be used: {error}",
                error_id="fax.mail_port",
                hint="choose another mail_port in [fax] of box.toml",
            ) from error

    def stop(self) -> None:
        """Hang up."""
        self._controller.stop(no_assert=True)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(
            self.handler,
            data_size_limit=MAX_MAIL,
            timeout=TIMEOUT_S,
            enable_SMTPUTF8=True,
            hostname="ortsamt",
            ident="Ortsamt fax",
        )


class Receiver:
    """What aiosmtpd asks at each step; answers are SMTP replies (RFC 5321 §4.2)."""

    def __init__(self, settings: FaxSettings, desk: Desk) -> None:
        self._networks = [ipaddress.ip_network(one) for one in settings.mail_networks]
        self._desk = desk

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only from where mail may come, and from senders that some box knows."""
        del server
        host = ipaddress.ip_address(session.peer[0]) if session.peer else None
        if host is None or not any(host in network for network in self._networks):
            return "550 5.7.1 mail to be faxed is not taken from your network"
        if not self._boxes(address):
            return "550 5.7.1 this sender may not send faxes"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A number, with the box in front of it where a sender has several."""
        del server, session
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        problem = self._find(envelope.mail_from or "", address)[2]
        if problem:
            return problem
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The mail itself: an order for each box named."""
        del server, session
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            None, self._take, envelope.mail_from or "", tuple(envelope.rcpt_tos), content
        )

    def _take(self, sender: str, recipients: tuple[str, ...], content: bytes) -> str:
        orders: dict[str, list[str]] = {}
        for address in recipients:
            box, number, problem = self._find(sender, address)
            if box is None:
                return problem
            orders.setdefault(box.id, []).append(number)
        try:
            subject, files = read_mail(content)
            jobs = []
            for box_id, numbers in orders.items():
                job, _ = self._desk.orders.take(
                    box_id, numbers, files, source="mail", submitter=sender, subject=subject
                )
                jobs.append(job)
        except DeviceUnavailable as error:
            return f"451 4.3.0 {_line(error)}"
        except OrtsamtError as error:
            return f"554 5.6.0 {_line(error)}"
        except Exception:  # noqa: BLE001 - whatever a mail is made of, the next one is taken
            _log.exception("fax.mail")
            return "554 5.6.0 the mail cannot be read"
        return f"250 2.0.0 queued as fax {' '.join(jobs)}"

    def _boxes(self, sender: str) -> list[FaxBox]:
        boxes = self._desk.office.boxes.values()
        return [box for box in boxes if box.extension is not None and box.may_send(sender)]

    def _find(self, sender: str, address: str) -> tuple[FaxBox | None, str, str]:
        """Box and number of an address, or the reply that refuses it."""
        local = address.rpartition("@")[0] or address
        name, plus, rest = local.rpartition("+")
        boxes = self._boxes(sender)
        if plus and name:
            boxes = [box for box in boxes if box.id == name]
            local = rest if not rest.startswith("00") else f"+{rest[2:]}"
        if not boxes:
            return None, "", "550 5.7.1 this sender may not send for that fax box"
        try:
            return boxes[0], cleaned(local), ""
        except OrtsamtError:
            return None, "", "550 5.1.3 write a fax number before the @"


def read_mail(content: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Subject and documents of a mail: its PDF and TIFF attachments, else its text."""
    mail: EmailMessage = email.message_from_bytes(content, policy=email.policy.default)
    files: list[tuple[str, bytes]] = []
    for part in mail.walk():
        name = part.get_filename() or ""
        if part.get_content_type() in _DOCUMENTS or name.lower().endswith((".pdf", ".tif", ".tiff")):
            data: Any = part.get_payload(decode=True)
            if data:
                files.append((name or "document", data))
    if not files:
        body = mail.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        if text.strip():
            files.append(("mail.txt", text.encode()))
    return str(mail.get("subject", "")), files


def _line(error: OrtsamtError) -> str:
    return " ".join(str(error).split())[:300]
