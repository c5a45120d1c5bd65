"""A Mitel SIP-DECT system: keeps the OMM as the office wants it, tells how bases and handsets are.

Theory of operation: one thread, one connection. After each connect everything is read anew, then events keep
it true; what the documents want is compared with what there is (``wishes``) after every change of either. An
enrolment outlives the connection: the window is opened again for the time that is left.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from appliance.dect.mitel import wishes
from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.doing import do, name_of, take
from appliance.dect.mitel.inventory import Inventory
from appliance.dect.mitel.link import AxiLink, AxiRefused
from appliance.dect.mitel.reading import park_of, read_inventory
from appliance.dect.mitel.secret import public_key
from appliance.dect.mitel.settings import Settings, settings_of, settle
from appliance.dect.mitel.view import handsets
from appliance.dect.sip_system import SipSystem, utc_now
from appliance.errors import DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.model import dect_air as air
from appliance.model.dect import spaced
from appliance.model.ids import DeviceId

PORT = 12622
PING_S = 60.0
LEAST_PROTOCOL = 20
"""Older ones know no clients that bind users to handsets [U]."""
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
    key: RSAPublicKey
    ping_at: float = 0.0
    settled: Settings | None = None
    """What it was told of registrar, clock and phone book."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    what: str
    again: float = field(compare=False)


class MitelSystem(SipSystem):
    """See :class:`appliance.ports.DectSystem`."""

    def __init__(self, setup: air.DectSetup, *, wall: Callable[[], datetime] = utc_now) -> None:
        super().__init__(setup, wall)
        self._session: _Session | None = None
        self._inventory = Inventory()
        self._subscribed: set[str] | None = None
        self._troubles: dict[str, _Trouble] = {}
        self._notes: dict[DeviceId, str] = {}
        self._warning = ""
        """What does not stand in the way of everything."""
        self._due = True
        self._forgive = False
        """What was refused may be tried again: the office has changed something."""
        self._state = replace(self._state, bases=self._inventory.bases(setup.net.bases))

    # --- DectSystem

    def configure(self, setup: air.DectSetup) -> None:
        """Bring the OMM there; a changed address or login makes a new connection."""
        with self._lock:
            self._setup = setup
            self._due = self._forgive = True
        self._wake()

    # --- the thread

    def _wake(self) -> None:
        super()._wake()
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
                refused = error.code in ("EAuth", "EPerm")
                self._show(air.DectStatus.REFUSED if refused else air.DectStatus.FAILED, str(error))
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
        try:
            if net.fingerprint and net.fingerprint != link.fingerprint:
                self._show(
                    air.DectStatus.STRANGER,
                    f"its certificate is another one now: if that is right, fingerprint={link.fingerprint}",
                )
                self._wait_for_change()
                return
            if not net.fingerprint:
                self._emit(air.IdentitySeen(fingerprint=link.fingerprint))
            key = self._log_in(link)
            if key is not None:
                session = self._session = _Session(link=link, key=key)
                self._read_all(session)
                self._serve(session, net)
        finally:
            self._session = None
            link.close()

    def _wait_for_change(self) -> None:
        """Something is wrong that only the office can put right."""
        self._nudge.clear()
        self._due = False
        until = time.monotonic() + _REFUSED_S
        while not self._stopping.is_set() and not self._due and time.monotonic() < until:
            self._nudge.wait(1.0)
            self._nudge.clear()

    def _log_in(self, link: AxiLink) -> RSAPublicKey | None:
        """The OMM's key for secrets; None: its firmware is too old."""
        net = self._setup.net
        answer = link.ask(
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
            self._wait_for_change()
            return None
        key = answer.first("publicKey")
        if key is None:
            raise PeerProtocolError("the OMM gave no key for secrets", error_id="dect.omm_key")
        return public_key(key)

    def _read_all(self, session: _Session) -> None:
        """Everything the OMM has; events that came meanwhile are taken after it."""
        link = session.link
        for one in _EVENTS:  # each alone: old firmware does not know them all
            with contextlib.suppress(AxiRefused):
                link.ask(element("Subscribe", _subscription(one)))
        self._inventory = read_inventory(link, self._inventory, self._wall())
        park = park_of(link)
        with self._lock:
            self._state = replace(self._state, park=park)
        self._settle(session)
        session.ping_at = time.monotonic() + PING_S
        self._due = True
        self._troubles.clear()
        if self._window.open:
            self._look_who_came()
        if self._window.open:
            self._open_window(session)
        self._show(air.DectStatus.READY, self._warning)

    def _settle(self, session: _Session) -> None:
        wanted = settings_of(self._setup)
        if session.settled != wanted:
            session.settled = wanted
            self._warning = "; ".join(settle(session.link, self._setup))

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
            self._show(air.DectStatus.READY, self._warning)
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
        wanted, ipei = self._meant(order)
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
                take(self._inventory, link.ask(element("CreatePPDev", pp)))
            else:
                pp = element("pp", ppn=known.ppn, ac=enrolment.pin)
                take(self._inventory, link.ask(element("SetPPDev", pp)))
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
            session.settled = session.settled if not self._warning else None
        self._settle(session)
        self._troubles = {key: one for key, one in self._troubles.items() if one.again > now}
        for _ in range(_ROUNDS):
            todo = [
                one
                for one in wishes.steps(self._inventory, self._setup)
                if name_of(one) not in self._troubles
            ]
            if not todo:
                break
            for step in todo:
                if self._stopping.is_set():
                    return
                try:
                    do(step, session.link, session.key, self._inventory, self._setup.net.pin)
                except AxiRefused as error:
                    log.warning(
                        "dect.refused", system=self._setup.net.id, step=type(step).__name__, error=str(error)
                    )
                    self._troubles[name_of(step)] = _Trouble(str(error), time.monotonic() + _AGAIN_S)
        self._notes = {
            DeviceId(key.partition(" ")[2]): one.what for key, one in self._troubles.items() if " " in key
        }

    # --- what there is

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


def _subscription(name: str) -> Element:
    if name.startswith("PP"):
        return element("e", cmd="On", eventType=name, ppn=-1)
    return element("e", cmd="On", eventType=name)
