"""The SMS and USSD of a module: parts put together, texts sent, nothing forgotten before it is kept. Pure.

Received messages stay in the module until ForgetSms: whoever loses power in between finds them there again.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from appliance.drivers.gsm import alphabet, pdu
from appliance.drivers.gsm.at import fields, number
from appliance.drivers.gsm.reports import SmsDirect, SmsStored, Ussd
from appliance.drivers.gsm.script import Ask, Pause, Script, Scripts
from appliance.errors import ConfigError, PeerProtocolError
from appliance.model import gsm

_LIST_MS = 60_000
"""How often stored messages are looked for whose report was lost."""
_INCOMPLETE_MS = 3_600_000
"""How long parts wait for the rest of their message."""
_MOST_INCOMPLETE = 50
_SEND_MS = 60_000
_USSD_MS = 30_000
MOST_TEXTS = 100
"""Waiting to be sent."""
_LATER = frozenset({38, 41, 42, 47, 331, 332, 500, 512, 513, 515, 530})
"""+CMS ERROR of a network that may take it later (3GPP TS 27.005 §3.2.5, TS 24.011 Annex E)."""
_MEMORIES = ("ME", "SM")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Parts:
    first_ms: int
    found: dict[int, tuple[int | None, pdu.Deliver]]


class Messages:
    """SMS both ways and USSD; works while ``enabled``."""

    def __init__(
        self,
        *,
        scripts: Scripts,
        now_ms: Callable[[], int],
        emit: Callable[[gsm.GsmEvent], None],
        first_reference: int,
    ) -> None:
        self._scripts = scripts
        self._now = now_ms
        self._emit = emit
        self._reference = first_reference
        self._memory = ""
        self._known: set[int] = set()
        """Places whose message was told or is a part of one."""
        self._long: dict[tuple[str, int, int], _Parts] = {}
        self._texts: deque[gsm.SendSms] = deque()
        self._sending = False
        self._list_at = 0
        self._ussd_due: int | None = None
        self.enabled = False

    @property
    def deadline_ms(self) -> int | None:
        """When :meth:`tick` has something to do."""
        dues = [self._ussd_due] if self._ussd_due is not None else []
        if self.enabled:
            dues.append(self._list_at)
        return min(dues, default=None)

    def tick(self) -> None:
        """Look for stored messages and for parts that wait too long."""
        now = self._now()
        if self._ussd_due is not None and now >= self._ussd_due:
            self._ussd_due = None
            self._emit(gsm.UssdAnswer(text="", why="the network did not answer"))
        if self.enabled and now >= self._list_at:
            self._list_at = now + _LIST_MS
            self._scripts.run(self._listing())
            for key, parts in list(self._long.items()):
                if now - parts.first_ms >= _INCOMPLETE_MS:
                    self._whole(key, parts)

    # --- what is wanted

    def send(self, order: gsm.SendSms) -> None:
        """Send a text when those before are sent."""
        if len(self._texts) >= MOST_TEXTS:
            self._emit(gsm.SmsFailed(reference=order.reference, why="too many texts wait", again=True))
            return
        self._texts.append(order)
        self._send_next()

    def forget(self, stored: tuple[int, ...]) -> None:
        """Free these places."""
        self._scripts.run(self._deleting(stored))

    def ask(self, code: str) -> None:
        """Send a USSD code."""
        if self._ussd_due is not None:
            self._emit(gsm.UssdAnswer(text="", why="another code waits for its answer"))
        elif not code or len(code) > 40 or any(char not in "0123456789*#" for char in code):
            self._emit(gsm.UssdAnswer(text="", why="this is no code"))
        else:
            self._ussd_due = self._now() + _USSD_MS
            self._scripts.run(self._asking(code))

    def lost(self) -> None:
        """The module is gone: what was being sent failed, what waits waits for nobody."""
        self.enabled = False
        texts, self._texts = list(self._texts), deque()
        for text in texts:
            self._emit(gsm.SmsFailed(reference=text.reference, why="the module is gone", again=True))
        if self._ussd_due is not None:
            self._ussd_due = None
            self._emit(gsm.UssdAnswer(text="", why="the module is gone"))

    # --- what the module says

    def take(self, report: SmsStored | SmsDirect | Ussd) -> None:
        """A report of a message."""
        match report:
            case SmsDirect():
                self._read(None, report.pdu)
            case SmsStored():
                self._scripts.run(self._fetching(report))
            case Ussd():
                if report.more:
                    self._scripts.run(self._one("AT+CUSD=2"))
                if self._ussd_due is not None:
                    self._ussd_due = None
                    why = "the network refused the code" if report.refused and not report.text else ""
                    self._emit(gsm.UssdAnswer(text=report.text, why=why))

    # --- dialogues

    def _one(self, text: str) -> Script:
        yield Ask(text=text)

    def opening(self) -> Script:
        """Choose where messages are kept, look what is there."""
        for memory in _MEMORIES:
            reply = yield Ask(text=f'AT+CPMS="{memory}","{memory}","{memory}"', prefixes=("+CPMS:",))
            if reply.ok:
                self._memory = memory
                break
        self.enabled = True
        self._list_at = self._now()
        self._send_next()

    def _listing(self) -> Script:
        reply = yield Ask(text="AT+CMGL=4", prefixes=("+CMGL:",), with_pdu=True, timeout_ms=20_000)
        place: int | None = None
        for line in reply.lines:
            if line.startswith("+CMGL:"):
                place = number(fields(line.partition(":")[2]), 0)
            elif place is not None:
                if place not in self._known:
                    self._read(place, line)
                place = None

    def _fetching(self, stored: SmsStored) -> Script:
        elsewhere = bool(self._memory) and stored.memory not in (self._memory, "")
        if elsewhere:
            yield Ask(text=f'AT+CPMS="{stored.memory}"', prefixes=("+CPMS:",))
        reply = yield Ask(text=f"AT+CMGR={stored.index}", prefixes=("+CMGR:",), with_pdu=True)
        text = reply.lines[-1] if reply.ok and len(reply.lines) >= 2 else ""
        if elsewhere:  # read and kept here from now on: the other memory is not looked at again
            if text:
                yield Ask(text=f"AT+CMGD={stored.index}")
            yield Ask(text=f'AT+CPMS="{self._memory}"', prefixes=("+CPMS:",))
            if text:
                self._read(None, text)
        elif text and stored.index not in self._known:
            self._read(stored.index, text)

    def _deleting(self, stored: tuple[int, ...]) -> Script:
        for place in stored:
            reply = yield Ask(text=f"AT+CMGD={place}", timeout_ms=10_000)
            if reply.ok:
                self._known.discard(place)

    def _asking(self, code: str) -> Script:
        hexed = alphabet.ucs2(code).hex().upper()
        reply = yield Ask(text=f'AT+CUSD=1,"{hexed}",15', timeout_ms=_USSD_MS)
        if not reply.ok:
            reply = yield Ask(text=f'AT+CUSD=1,"{code}",15', timeout_ms=_USSD_MS)
        if not reply.ok and self._ussd_due is not None:
            self._ussd_due = None
            self._emit(gsm.UssdAnswer(text="", why=reply.error))

    # --- out

    def _send_next(self) -> None:
        if self.enabled and not self._sending and self._texts:
            self._sending = True
            self._scripts.run(self._sending_text(self._texts[0]))

    def _sending_text(self, order: gsm.SendSms) -> Script:
        self._reference = (self._reference + 1) & 0xFF
        try:
            parts = pdu.submissions(
                order.number,
                order.text,
                reference=self._reference,
                report=order.report,
                valid_minutes=order.valid_minutes,
            )
        except ConfigError as error:
            self._sent(order, gsm.SmsFailed(reference=order.reference, why=error.message))
            return
        numbers: list[int] = []
        for part in parts:
            reply = yield Ask(
                text=f"AT+CMGS={part.length}",
                prefixes=("+CMGS:",),
                payload=part.hex,
                timeout_ms=_SEND_MS,
            )
            if not reply.ok and reply.code in _LATER and not numbers:
                yield Pause(5000)
                reply = yield Ask(
                    text=f"AT+CMGS={part.length}",
                    prefixes=("+CMGS:",),
                    payload=part.hex,
                    timeout_ms=_SEND_MS,
                )
            if not reply.ok:
                again = reply.code in _LATER and not numbers
                self._sent(
                    order, gsm.SmsFailed(reference=order.reference, why=_said(reply.error), again=again)
                )
                return
            value = number(fields(reply.value()), 0)
            if value is not None:
                numbers.append(value)
        self._sent(order, gsm.SmsSent(reference=order.reference, numbers=tuple(numbers)))

    def _sent(self, order: gsm.SendSms, event: gsm.SmsSent | gsm.SmsFailed) -> None:
        self._sending = False
        if self._texts and self._texts[0] is order:
            self._texts.popleft()
            self._emit(event)
        self._send_next()

    # --- in

    def _read(self, place: int | None, text: str) -> None:
        try:
            message = pdu.read_pdu(text)
        except PeerProtocolError as error:
            log.warning("sms.unreadable", place=place, error=error.message)
            self._drop(place)
            return
        if isinstance(message, pdu.StatusReport):
            self._drop(place)
            self._emit(
                gsm.SmsReport(
                    number=message.reference,
                    recipient=message.recipient,
                    delivered=message.delivered,
                    final=message.final,
                    detail="" if message.delivered else f"status {message.status:#04x}",
                )
            )
        elif message.data:
            log.info("sms.without_text", place=place)
            self._drop(place)
        else:
            self._deliver(place, message)

    def _drop(self, place: int | None) -> None:
        if place is not None:
            self._known.add(place)
            self.forget((place,))

    def _deliver(self, place: int | None, message: pdu.Deliver) -> None:
        if place is not None:
            self._known.add(place)
        part = message.part
        key = (message.sender, part.reference, part.of)
        if part.of == 1:
            self._whole(key, _Parts(first_ms=0, found={1: (place, message)}))
            return
        if key not in self._long and len(self._long) >= _MOST_INCOMPLETE:
            oldest = min(self._long, key=lambda one: self._long[one].first_ms)
            self._whole(oldest, self._long[oldest])
        parts = self._long.setdefault(key, _Parts(first_ms=self._now(), found={}))
        if part.number in parts.found:
            self._drop(place)
            return
        parts.found[part.number] = (place, message)
        if len(parts.found) == part.of:
            self._whole(key, parts)

    def _whole(self, key: tuple[str, int, int], parts: _Parts) -> None:
        """Tell a message; what is missing of it is shown as a gap."""
        self._long.pop(key, None)
        several = key[2]
        texts = [parts.found[i][1].text if i in parts.found else " […] " for i in range(1, several + 1)]
        messages = [one for _, one in parts.found.values()]
        self._emit(
            gsm.SmsArrived(
                sms=gsm.ReceivedSms(
                    sender=key[0],
                    text="".join(texts),
                    sent=min((one.sent for one in messages if one.sent is not None), default=None),
                    parts=several,
                    stored=tuple(place for place, _ in parts.found.values() if place is not None),
                )
            )
        )


def _said(error: str) -> str:
    return "the module did not answer" if error == "timeout" else error[:80]
