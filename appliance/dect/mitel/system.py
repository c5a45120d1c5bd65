"""A Mitel SIP-DECT system: keeps the OMM as the office wants it, tells how bases and handsets are.

Theory of operation: one thread, one connection. After each connect everything is read anew, then events keep
it true; what the documents want is compared with what there is (``wishes``) after every change of either. An
enrolment outlives the connection: the window is opened again for the time that is left.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from appliance.dect.mitel import wishes
from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.inventory import Away, Inventory
from appliance.dect.mitel.link import AxiLink, AxiRefused
from appliance.dect.mitel.secret import public_key, sealed
from appliance.dect.mitel.view import handsets
from appliance.dect.window import Window
from appliance.errors import DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.model import dect_air as air
from appliance.model.dect import DectMedia, spaced
from appliance.model.ids import DeviceId, LegId
from appliance.ports import AudioPort

PORT = 12622
PING_S = 60.0
LEAST_PROTOCOL = 20
"""Older ones know no clients that bind users to handsets [U]."""
_PAGE = 20
_BACKOFF_S = (1.0, 2.0, 5.0, 10.0)
_REFUSED_S = 30.0
"""After a refused login: the OMM may lock accounts."""
_AGAIN_S = 60.0
"""What was refused is tried again so much later."""
_ROUNDS = 20
_EVENTS = (
    "PPDevCnf", "PPCnf", "PPUserCnf", "PPTransaction", "PPState",
    "RFPState", "RFPCnf", "RFPSync", "RFPSummary", "DECTSubscriptionMode", "Locating",
)  # fmt: skip
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Session:
    """What belongs to one connection."""

    link: AxiLink
    key: RSAPublicKey | None = None
    ping_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Trouble:
    what: str
    again: float = field(compare=False)


class MitelSystem:
    """See :class:`appliance.ports.DectSystem`."""

    def __init__(
        self, setup: air.DectSetup, *, wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._setup = setup
        self._wall = wall
        self._lock = threading.Lock()
        self._orders: deque[air.DectCommand] = deque()
        self._stopping = threading.Event()
        self._nudge = threading.Event()
        self._session: _Session | None = None
        self._sink: Callable[[air.DectEvent], None] = _drop
        self._inventory = Inventory()
        self._window = Window(wall)
        self._subscribed: set[str] | None = None
        self._troubles: dict[str, _Trouble] = {}
        self._notes: dict[DeviceId, str] = {}
        self._due = True
        self._forgive = False
        """What was refused may be tried again: the office has changed something."""
        net = setup.net
        self._state = air.DectState(
            system=net.id, family=net.family, media=DectMedia.SIP, name=net.name, bases=self._expected()
        )
        self._thread = threading.Thread(target=self._run, name=f"dect-{net.id}", daemon=True)

    # --- DectSystem

    def start(self, sink: Callable[[air.DectEvent], None]) -> None:
        """Begin to look for the OMM."""
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        """Leave the OMM as it is."""
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(5)

    def configure(self, setup: air.DectSetup) -> None:
        """Bring the OMM there; a changed address or login makes a new connection."""
        with self._lock:
            self._setup = setup
            self._due = self._forgive = True
        self._wake()

    def order(self, command: air.DectCommand) -> None:
        """Have it done as soon as the OMM is there."""
        self._orders.append(command)
        self._wake()

    def audio(self, leg: LegId) -> AudioPort | None:
        """There is none: handsets are SIP phones."""
        return None

    @property
    def state(self) -> air.DectState:
        """As last known."""
        with self._lock:
            return self._state

    @property
    def setup(self) -> air.DectSetup:
        """What the office wants of it."""
        return self._setup

    # --- the thread

    def _wake(self) -> None:
        self._nudge.set()
        session = self._session
        if session is not None:
            session.link.wake()

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            pause = _BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)]
            self._nudge.clear()
            try:
                self._connected()
                attempt = 0
            except AxiRefused as error:
                self._show(air.DectStatus.REFUSED, str(error))
                pause = _REFUSED_S
            except PeerProtocolError as error:
                self._show(air.DectStatus.UNSUITED, error.message)
            except DeviceUnavailable as error:
                self._show(air.DectStatus.AWAY, error.message)
            except OrtsamtError as error:
                self._show(air.DectStatus.FAILED, str(error))
            except Exception:
                log.exception("dect.failed", system=self._setup.net.id)
                self._show(air.DectStatus.FAILED, "see the log")
                pause = _REFUSED_S
            attempt = attempt + 1 if self._state.status is not air.DectStatus.READY else 0
            self._session = None
            until = time.monotonic() + pause
            while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
                self._emit(*self._window.expire())
                if self._nudge.wait(min(left, 1.0)):
                    self._nudge.clear()
                    if self._due:
                        break

    def _connected(self) -> None:
        net = self._setup.net
        if not net.enabled:
            self._show(air.DectStatus.DISABLED, "")
            return
        self._show(air.DectStatus.CONNECTING if self._subscribed is None else self._state.status, "")
        link = AxiLink(net.host, net.port or PORT, stopping=self._stopping.is_set)
        session = self._session = _Session(link=link)
        try:
            if net.fingerprint and net.fingerprint != link.fingerprint:
                self._show(
                    air.DectStatus.STRANGER,
                    f"its certificate is another one now: if that is right, fingerprint={link.fingerprint}",
                )
                self._nudge.clear()
                self._stopping.wait(_REFUSED_S)
                return
            if not net.fingerprint:
                self._emit(air.IdentitySeen(fingerprint=link.fingerprint))
            if self._log_in(session):
                self._read_all(session)
                self._serve(session, net)
        finally:
            link.close()

    def _log_in(self, session: _Session) -> bool:
        net = self._setup.net
        answer = session.link.ask(
            element(
                "Open",
                username=net.username or "omm",
                password=net.secret,
                UserDeviceSyncClient="true",
            )
        )
        protocol = answer.number("protocolVersion", LEAST_PROTOCOL)
        with self._lock:
            self._state = replace(self._state, firmware=answer.text("ommVersion"), model="OMM")
        if protocol < LEAST_PROTOCOL:
            self._show(
                air.DectStatus.TOO_OLD, f"AXI {protocol} of {answer.text('ommVersion')}: load newer firmware"
            )
            self._stopping.wait(_REFUSED_S)
            return False
        key = answer.first("publicKey")
        if key is None:
            raise PeerProtocolError("the OMM gave no key for secrets", error_id="dect.omm_key")
        session.key = public_key(key)
        return True

    def _read_all(self, session: _Session) -> None:
        """Everything the OMM has; events that came meanwhile are taken after it."""
        link, now = session.link, self._wall()
        link.ask(element("Subscribe", *(_subscription(one) for one in _EVENTS)))
        old = self._inventory
        fresh = Inventory()
        for record in self._pages(link, "GetRFP", "rfp", "id", 0, withState=True, withDetails=True):
            fresh.rfp(record, now)
        for number in sorted(fresh.rfps):
            with contextlib.suppress(AxiRefused):
                fresh.heard(link.ask(element("GetRFPSync", id=number)))
        for record in self._pages(link, "GetPPDev", "pp", "ppn", 1):
            fresh.pp(record)
        for record in self._pages(link, "GetPPUser", "user", "uid", 1):
            fresh.user(record)
        for pp in list(fresh.pps.values()):
            before = old.pps.get(pp.ppn)
            if before is not None and before.ipei == pp.ipei:
                base = fresh.rfps.get(before.rfp) if before.rfp is not None else None
                away = before.away
                if away in (Away.NO, Away.BASE_LOST):
                    away = Away.BASE_LOST if base is not None and not base.on_air else Away.NO
                fresh.pps[pp.ppn] = replace(
                    pp,
                    rfp=before.rfp,
                    rssi=before.rssi,
                    away=away,
                    seen=before.seen,
                    missed=before.missed,
                    firmware=before.firmware,
                )
        self._inventory = fresh
        with contextlib.suppress(AxiRefused):
            answer = link.ask(element("GetSARI"))
            with self._lock:
                self._state = replace(self._state, park=answer.text("sari"))
        self._basic_sip(link)
        session.ping_at = time.monotonic() + PING_S
        self._due = True
        self._troubles.clear()
        if self._window.open:
            self._look_who_came()
        if self._window.open:
            self._open_window(session)
        self._show(air.DectStatus.READY, "")

    @staticmethod
    def _pages(link: AxiLink, name: str, record: str, key: str, first: int, **more: bool) -> list[Element]:
        """All records, by pages of twenty."""
        found: list[Element] = []
        while True:
            try:
                answer = link.ask(element(name, **{key: first, "maxRecords": _PAGE}, **more))
            except AxiRefused as error:
                if error.code == "ENoEnt":
                    return found
                raise
            page = list(answer.all(record))
            found += page
            last = max((one.number(key, -1) for one in page), default=-1)
            if len(page) < _PAGE or last < first:
                return found
            first = last + 1

    def _basic_sip(self, link: AxiLink) -> None:
        """The OMM registers its users with us."""
        setup = self._setup
        if not setup.registrar:
            return
        wanted = {
            "proxyServer": setup.registrar,
            "proxyPort": str(setup.registrar_port),
            "regServer": setup.registrar,
            "regPort": str(setup.registrar_port),
        }
        have = link.ask(element("GetBasicSIP")).attributes
        if any(have.get(name) != value for name, value in wanted.items()):
            link.ask(element("SetBasicSIP", **wanted, regPeriod=300))

    def _serve(self, session: _Session, net: Any) -> None:
        link = session.link
        while not self._stopping.is_set():
            current = self._setup.net
            if (net.host, net.port, net.username, net.secret, net.enabled, net.family) != (
                current.host, current.port, current.username, current.secret, current.enabled, current.family,
            ):  # fmt: skip
                return
            self._nudge.clear()
            while self._orders:
                self._obey(session, self._orders.popleft())
            if self._due or any(one.again <= time.monotonic() for one in self._troubles.values()):
                self._reconcile(session)
            self._look_who_came()
            expired = self._window.expire()
            if expired:
                self._close_window(session)
                self._emit(*expired)
            self._show(air.DectStatus.READY, "")
            now = time.monotonic()
            if now >= session.ping_at:
                session.ping_at = now + PING_S
                link.ask(element("Ping"))
            if self._orders or self._due:
                continue
            event = link.event(max(0.05, min(session.ping_at - now, self._window.left_s or 5.0, 5.0)))
            while event is not None:
                self._inventory.take(event, self._wall())
                if event.name in ("EventPPDevCnf", "EventPPCnf", "EventPPUserCnf"):
                    self._due = True
                event = link.event(0)

    # --- enrolment

    def _obey(self, session: _Session, order: air.DectCommand) -> None:
        what = type(order).__name__
        try:
            match order:
                case air.OpenEnrolment():
                    self._wanted_open(session, order)
                case air.CloseEnrolment():
                    self._close_window(session)
                    self._emit(*self._window.over(air.EnrolStatus.CLOSED, "somebody closed it"))
                case air.ForgetHandset(key=key):
                    session.link.ask(element("DeletePPDev", ppn=int(key) if key.isdigit() else 0))
                    self._inventory.pps.pop(int(key) if key.isdigit() else 0, None)
                    if self._subscribed is not None:
                        self._subscribed = self._now_subscribed()
                case air.RestartBase(key=""):
                    session.link.ask(element("SystemRestart"))
                case air.UpdateFirmware():
                    session.link.ask(element("SoftwareUpdate"))
                case _:
                    self._emit(air.OrderRefused(what=what, why="this system cannot do that for one base"))
        except AxiRefused as error:
            self._emit(air.OrderRefused(what=what, why=str(error)))
            self._emit(*self._window.over(air.EnrolStatus.FAILED, str(error)))

    def _wanted_open(self, session: _Session, order: air.OpenEnrolment) -> None:
        wanted = next((one for one in self._setup.handsets if one.document.id == order.handset), None)
        ipei = order.ipei or (wanted.document.identity if wanted is not None else "")
        self._subscribed = self._now_subscribed()
        self._window.begin(order, order.pin or self._setup.net.pin, ipei)
        if ipei and ipei in self._subscribed:
            device = next(one for one in self._inventory.pps.values() if one.ipei == ipei)
            if wanted is None or wanted.document.identity != ipei:
                user = self._inventory.users.get(device.uid)
                whose = f" of {user.name or user.num}" if user is not None else ""
                why = f"handset {spaced(ipei)} is enrolled already{whose}: delete it there first"
                self._emit(*self._window.over(air.EnrolStatus.FAILED, why))
                return
        self._open_window(session)

    def _open_window(self, session: _Session) -> None:
        """Let it in, for the time that is left."""
        link, enrolment = session.link, self._window.enrolment
        if enrolment.ipei:
            known = next((one for one in self._inventory.pps.values() if one.ipei == enrolment.ipei), None)
            if known is None:
                pp = element("pp", ipei=spaced(enrolment.ipei), ac=enrolment.pin)
                self._take_records(link.ask(element("CreatePPDev", pp)))
            else:
                pp = element("pp", ppn=known.ppn, ac=enrolment.pin)
                self._take_records(link.ask(element("SetPPDev", pp)))
            link.ask(element("SetDECTSubscriptionMode", mode="Configured"))
        else:
            link.ask(element("SetDECTAuthCode", ac=enrolment.pin))
            with contextlib.suppress(AxiRefused):
                link.ask(element("SetDevAutoCreate", enable=True))
            minutes = min(60, int(self._window.left_s // 60) + 1)
            link.ask(element("SetDECTSubscriptionMode", mode="Wildcard", timeout=minutes))
        self._window.opened()

    def _close_window(self, session: _Session) -> None:
        with contextlib.suppress(AxiRefused):
            session.link.ask(element("SetDECTSubscriptionMode", mode="Off"))

    def _now_subscribed(self) -> set[str]:
        return {one.ipei for one in self._inventory.pps.values() if one.subscribed and one.ipei}

    def _look_who_came(self) -> None:
        if self._subscribed is None:
            self._subscribed = self._now_subscribed()
            return
        subscribed = self._now_subscribed()
        for ipei in sorted(subscribed - self._subscribed):
            if self._window.suits(ipei):
                pp = next(one for one in self._inventory.pps.values() if one.ipei == ipei)
                log.info("dect.enrolled", system=self._setup.net.id, ppn=pp.ppn)
                self._emit(self._window.came(str(pp.ppn), ipei))
                session = self._session
                if session is not None:
                    self._close_window(session)
        self._subscribed = subscribed

    # --- as the office wants it

    def _reconcile(self, session: _Session) -> None:
        self._due = False
        now = time.monotonic()
        if self._forgive:
            self._forgive = False
            self._troubles.clear()
        self._troubles = {key: one for key, one in self._troubles.items() if one.again > now}
        for _ in range(_ROUNDS):
            todo = [
                one for one in wishes.steps(self._inventory, self._setup) if _name(one) not in self._troubles
            ]
            if not todo:
                break
            for step in todo:
                if self._stopping.is_set():
                    return
                try:
                    self._do(session, step)
                except AxiRefused as error:
                    log.warning(
                        "dect.refused", system=self._setup.net.id, step=type(step).__name__, error=str(error)
                    )
                    self._troubles[_name(step)] = _Trouble(str(error), time.monotonic() + _AGAIN_S)
        self._notes = {
            DeviceId(key.partition(" ")[2]): one.what for key, one in self._troubles.items() if " " in key
        }

    def _do(self, session: _Session, step: wishes.Step) -> None:
        link = session.link
        match step:
            case wishes.MakeUser(wanted=wanted):
                self._take_records(link.ask(element("CreatePPUser", self._user(session, wanted))))
            case wishes.ChangeUser(uid=uid, wanted=wanted):
                record = self._user(session, wanted)
                record.attributes = {"uid": str(uid), **record.attributes}
                self._take_records(link.ask(element("SetPPUser", record)))
            case wishes.DropUser(uid=uid, ppn=ppn):
                if ppn:
                    self._bind(link, ppn, uid, bound=False)
                link.ask(element("DeletePPUser", uid=uid))
                self._inventory.users.pop(uid, None)
            case wishes.MakeDevice(wanted=wanted):
                pp = element("pp", ipei=spaced(wanted.document.identity), ac=self._setup.net.pin)
                self._take_records(link.ask(element("CreatePPDev", pp)))
            case wishes.Bind(ppn=ppn, uid=uid):
                self._bind(link, ppn, uid, bound=True)
            case wishes.Unbind(ppn=ppn, uid=uid):
                self._bind(link, ppn, uid, bound=False)

    def _bind(self, link: AxiLink, ppn: int, uid: int, *, bound: bool) -> None:
        kind = "Dynamic" if bound else "Unbound"
        pp = element("pp", ppn=ppn, uid=uid if bound else 0, relType=kind)
        user = element("user", uid=uid, ppn=ppn if bound else 0, relType=kind)
        self._take_records(link.ask(element("SetPP", pp, user)))
        self._inventory.pp(element("pp", ppn=ppn, uid=uid if bound else 0))
        self._inventory.user(element("user", uid=uid, ppn=ppn if bound else 0))

    def _take_records(self, answer: Element) -> None:
        for record in answer.all("pp"):
            self._inventory.pp(record)
        for record in answer.all("user"):
            self._inventory.user(record)

    def _user(self, session: _Session, wanted: air.WantedHandset) -> Element:
        if session.key is None:
            raise PeerProtocolError("the OMM gave no key for secrets", error_id="dect.omm_key")
        document = wanted.document
        return element(
            "user",
            name=wanted.display,
            num=document.account,
            hierarchy1=wishes.MARK,
            hierarchy2=wishes.print_of(wanted),
            addId=wanted.number,
            sipAuthId=document.account,
            sipPw=sealed(session.key, document.secret),
            voiceboxNum=wanted.voicemail,
        )

    # --- what there is

    def _expected(self) -> tuple[air.BaseState, ...]:
        return Inventory().bases(self._setup.net.bases)

    def _show(self, status: air.DectStatus, detail: str) -> None:
        with self._lock:
            before = self._state
            bases = self._inventory.bases(self._setup.net.bases)
            self._state = replace(
                before,
                name=self._setup.net.name,
                status=status,
                detail=detail,
                bases=bases,
                handsets=handsets(self._inventory, self._setup, self._notes, self._wall()),
                enrolment=self._window.enrolment,
            )
            changed = self._state != before
            state = self._state
        if changed:
            self._emit(air.DectChanged(state=state))

    def _emit(self, *events: air.DectEvent) -> None:
        for event in events:
            try:
                self._sink(event)
            except Exception:
                log.exception("dect.event_not_taken", event_type=type(event).__name__)


def _subscription(name: str) -> Element:
    if name.startswith("PP"):
        return element("e", cmd="On", eventType=name, ppn=-1)
    return element("e", cmd="On", eventType=name)


def _name(step: wishes.Step) -> str:
    """What a refusal is remembered by; a handset's after a space."""
    match step:
        case (
            wishes.MakeUser(wanted=wanted)
            | wishes.MakeDevice(wanted=wanted)
            | wishes.ChangeUser(wanted=wanted)
        ):
            return f"{type(step).__name__} {wanted.document.id}"
        case wishes.Bind(handset=handset):
            return f"Bind {handset}"
        case wishes.DropUser() | wishes.Unbind():
            return f"{type(step).__name__}:{step.uid}"


def _drop(_event: air.DectEvent) -> None:
    """Stand for the sink before start."""
