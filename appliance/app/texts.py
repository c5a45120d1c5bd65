"""The SMS of the box: what modules receive is kept and told, what is to be sent is kept and tried.

Runs on a thread of its own: modules and the control socket hand in, the disk may be waited for here. A
received message is taken out of its module only after it is on disk here.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from appliance.drivers.gsm import pdu
from appliance.drivers.gsm.trunks import Modules
from appliance.errors import ConfigError, OrtsamtError
from appliance.model import gsm
from appliance.model.gsm import GsmModule, ModuleStatus, SmsRecord
from appliance.model.ids import ModuleId, SmsId
from appliance.model.mobiles import without_pin
from appliance.model.snapshot import Snapshot
from appliance.notify.messages import clean, compose, word
from appliance.notify.notifier import Notifier
from appliance.notify.queue import NewMail
from appliance.store.sms import SmsStore

MAX_WAITING = 1000
_AGAIN_S = 15.0
_GIVE_UP = timedelta(hours=24)
_DAY = timedelta(days=1)
_ORDERS = timedelta(minutes=30)
"""An order by SMS that comes later is not meant any more."""
_SENDING = timedelta(minutes=10)
"""So long a module may take for one message before it is asked again."""

log = structlog.get_logger(__name__)

_News = tuple[ModuleId | None, gsm.GsmEvent]


class Texts:
    """See the module's text. ``send`` may be called on any thread that may wait for the disk."""

    def __init__(
        self,
        *,
        store: SmsStore,
        modules: Modules,
        snapshot: Callable[[], Snapshot],
        notifier: Notifier,
        publish: Callable[[str, object], None],
        ordered: Callable[[str, str], None],
    ) -> None:
        """``ordered``: told number and text of every SMS that came; it may be an order."""
        self._store = store
        self._modules = modules
        self._snapshot = snapshot
        self._notifier = notifier
        self._publish = publish
        self._ordered = ordered
        self._inbox: queue.Queue[_News | None] = queue.Queue(MAX_WAITING)
        self._under_way: dict[SmsId, tuple[ModuleId, datetime]] = {}
        self._stopping = False
        self._unkept: list[tuple[ModuleId, gsm.SmsArrived]] = []
        self._balances: dict[ModuleId, str] = {}
        self._thread = threading.Thread(target=self._run, name="sms", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it; what waits is on disk."""
        self._stopping = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(5)

    def take(self, module: ModuleId | None, event: gsm.GsmEvent) -> None:
        """News of a module, on its thread. Never waits: what is dropped here lies in the module still."""
        try:
            self._inbox.put_nowait((module, event))
        except queue.Full:
            log.warning("sms.news_dropped", kind=type(event).__name__)

    def send(self, number: str, text: str, module: ModuleId | None = None) -> SmsRecord:
        """Order an SMS; on disk when this returns. Raises ConfigError, NotFound, DeviceUnavailable."""
        if not text.strip():
            raise ConfigError("the text is empty", error_id="sms.empty", field="text", hint="write something")
        if module and module not in self._snapshot().modules:
            raise ConfigError(
                f"there is no GSM module '{module}'", field="module", hint="'ctl modules' shows them"
            )
        parts = pdu.submissions(number, text, reference=0, report=True, valid_minutes=60)
        record = self._store.order(number, text, module or ModuleId(""), len(parts), _now())
        self._publish("sms", record)
        self.wake()
        return record

    def balances(self) -> dict[ModuleId, str]:
        """What the network said last about each SIM's balance."""
        return dict(self._balances)

    def wake(self) -> None:
        """Look whether something can be sent now; any thread."""
        try:
            self._inbox.put_nowait(None)
        except queue.Full:
            return

    # --- the thread

    def _run(self) -> None:
        while not self._stopping:
            try:
                news = self._inbox.get(timeout=_AGAIN_S)
            except queue.Empty:
                news = None
            try:
                if news is None:
                    self._keep_again()
                else:
                    self._handle(*news)
                if news is None or isinstance(news[1], gsm.ModuleChanged | gsm.SmsSent | gsm.SmsFailed):
                    self._send_waiting()
            except OrtsamtError as error:
                log.error("sms.not_kept", error=str(error))
            except Exception:
                log.exception("sms.failed")

    def _handle(self, module: ModuleId | None, event: gsm.GsmEvent) -> None:
        match event:
            case gsm.ModuleChanged():
                self._publish("module", event.state)
            case gsm.SmsArrived() if module is not None:
                self._arrived(module, event)
            case gsm.SmsSent() if module is not None:
                self._under_way.pop(SmsId(event.reference), None)
                self._store.sent(SmsId(event.reference), module, event.numbers, _now())
                self._publish("sms", self._store.record(SmsId(event.reference)))
            case gsm.SmsFailed():
                self._failed(event)
            case gsm.SmsReport() if module is not None and event.final:
                record = self._store.reported(
                    module, event.number, delivered=event.delivered, detail=event.detail, now=_now()
                )
                if record is not None:
                    self._publish("sms", record)
            case gsm.UssdAnswer() if module is not None:
                self._balances[module] = event.text or event.why
                self._publish("ussd", {"module": module, "text": event.text, "why": event.why})
            case _:
                return

    def _keep_again(self) -> None:
        """What could not be kept when it came: the disk may have room again."""
        again, self._unkept = self._unkept, []
        for module, event in again:
            self._arrived(module, event)

    def _arrived(self, module: ModuleId, event: gsm.SmsArrived) -> None:
        try:
            shown = replace(event.sms, text=without_pin(event.sms.text))
            record = self._store.received(module, shown, _now())
        except OrtsamtError:
            self._unkept = [*self._unkept, (module, event)][-MAX_WAITING:]
            raise
        modem = self._modules.modem(module)
        if modem is not None and event.sms.stored:
            modem.order(gsm.ForgetSms(stored=event.sms.stored))
        if record is not None:
            self._publish("sms", record)
            if event.sms.sent is None or _now() - event.sms.sent < _ORDERS:
                self._ordered(record.number, event.sms.text)
            self._mail(record)

    def _mail(self, record: SmsRecord) -> None:
        document = self._snapshot().modules.get(record.module)
        if document is None or not document.mail_to:
            return
        site = self._notifier.site
        subject = f"SMS: {record.number}"
        written = compose(
            subject=subject,
            greeting=word("hello_nobody", site.language),
            body=clean(record.text),
            rows=[("SMS", clean(record.number)), ("SIM", clean(document.name or document.id))],
            site=site,
            language=site.language,
            line=subject,
        )
        try:
            self._notifier.deliver(
                [
                    NewMail(
                        recipient=recipient,
                        event="sms",
                        language=site.language,
                        letter=written,
                        key=f"sms:{record.id}",
                    )
                    for recipient in dict.fromkeys(document.mail_to)
                ]
            )
        except OrtsamtError as error:
            log.warning("sms.not_mailed", sms=record.id, error=str(error))

    def _failed(self, event: gsm.SmsFailed) -> None:
        sms = SmsId(event.reference)
        self._under_way.pop(sms, None)
        record = self._store.record(sms)
        now = _now()
        final = not event.again or now - record.at > _GIVE_UP
        self._store.failed(sms, event.why, now, final=final)
        self._publish("sms", self._store.record(sms))
        if not final:
            # after a pause, not at once: the network or the module is not well
            self._under_way[sms] = (record.module, now - _SENDING + timedelta(seconds=_AGAIN_S))

    def _send_waiting(self) -> None:
        now = _now()
        for record in self._store.waiting():
            since = self._under_way.get(record.id)
            if since is not None and now - since[1] < _SENDING:
                continue
            if now - record.at > _GIVE_UP:
                self._store.failed(record.id, record.detail or "no module could send it", now, final=True)
                self._publish("sms", self._store.record(record.id))
                continue
            chosen = self._sender(record, now)
            if chosen is None:
                continue
            modem = self._modules.modem(chosen.id)
            if modem is not None:
                self._under_way[record.id] = (chosen.id, now)
                modem.order(gsm.SendSms(reference=record.id, number=record.number, text=record.text))

    def _sender(self, record: SmsRecord, now: datetime) -> GsmModule | None:
        """The module that is wanted, else the first that may and can."""
        ready = {one.module for one in self._modules.states() if one.status is ModuleStatus.READY}
        for document in self._snapshot().modules.values():
            if record.module not in ("", document.id) or document.id not in ready:
                continue
            if self._store.parts_since(document.id, now - _DAY) + record.parts > document.sms_per_day:
                log.warning("sms.limit", module=document.id, limit=document.sms_per_day)
                continue
            return document
        return None


def _now() -> datetime:
    return datetime.now(UTC)
