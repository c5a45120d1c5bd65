"""A system of provisioned bases: makes their files, and learns how they are from what they do.

Theory of operation: a base fetches a file, its handsets register as SIP phones; both is told here. A base
with registrations is asked for signs of life; one that gives none is lost, and its handsets with it.
Enrolling is the base's own doing: the file opens the window where the maker allows it, else a person presses
a key; who registers for the first time has enrolled.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from appliance.dect.provisioned import view
from appliance.dect.provisioned.families import FAMILIES, mac_in
from appliance.dect.provisioned.plan import FilePlan
from appliance.dect.provisioned.probe import WAIT_S, Probe
from appliance.dect.provisioned.view import KnownBase, Registration, Traces
from appliance.dect.sip_system import SipSystem, utc_now
from appliance.model import dect_air as air
from appliance.model.dect import DectBase
from appliance.model.ids import DeviceId
from appliance.provisioning.facts import RenderedFile

PROBE_S = 4.0
_WAKE_S = 0.5
_WAITS = "waits until the base fetches its file: switch it off and on if that takes long"
_AGENT_LETTERS = 200
log = structlog.get_logger(__name__)


Poke = Callable[[tuple[str, ...], str], None]
"""Make the base of these accounts fetch its file again: NOTIFY with this Event."""


class ProvisionedSystem(SipSystem):
    """See :class:`appliance.ports.DectSystem`."""

    def __init__(
        self,
        setup: air.DectSetup,
        *,
        poke: Poke = lambda _accounts, _event: None,
        wall: Callable[[], datetime] = utc_now,
        own_address: str = "",
        probe_s: float = PROBE_S,
        answer_s: float = WAIT_S,
    ) -> None:
        super().__init__(setup, wall)
        self._family = FAMILIES[setup.net.family]
        self._poke = poke
        self._probe_s = probe_s
        self._probe = Probe(own_address, answer_s)
        self._opened_at = 0
        self._bases: dict[str, KnownBase] = {}
        self._contacts: dict[str, tuple[Registration, str]] = {}
        """Account → registration and the base it came from (its MAC)."""
        self._ever: set[str] = set()
        self._forget: set[DeviceId] = set()
        self._pending: deque[air.DectEvent] = deque()
        self._poke_due = False
        self._compose()

    # --- DectSystem

    def stop(self) -> None:
        """No more."""
        super().stop()
        self._probe.close()

    def configure(self, setup: air.DectSetup) -> None:
        """Files are others from now on; bases that are there are told to fetch them."""
        with self._lock:
            if setup == self._setup:
                return
            self._setup = setup
            self._family = FAMILIES[setup.net.family]
            self._poke_due = True
        self._nudge.set()

    # --- what bases do; any thread

    def base(self, mac: str) -> DectBase | None:
        """The base of this MAC (any writing), if it is ours."""
        wanted = mac.replace(":", "").replace("-", "").upper()
        return next((one for one in self._setup.net.bases if one.mac == wanted), None)

    def file(self, mac: str, name: str, base_url: str = "") -> RenderedFile | None:
        """The file a base asks for; None: it has none of that name, or is not ours."""
        with self._lock:
            base = self.base(mac)
            if base is None or not self._setup.net.enabled:
                return None
            known = self._bases.setdefault(base.mac, KnownBase())
            known.fetched = known.seen = self._wall()
            known.misses = 0
            found = self._family.render(self._plan(base_url), base, name)
            if found is not None and base is self._plan("").manager and self._family.opens_by_file:
                self._window.opened()
        self._nudge.set()
        return found

    def told(self, mac: str, user_agent: str) -> None:
        """How a base named itself when it fetched a file."""
        with self._lock:
            base = self.base(mac)
            if base is not None:
                self._bases.setdefault(base.mac, KnownBase()).agent = user_agent[:_AGENT_LETTERS]
        self._nudge.set()

    def registered(self, contact: Registration) -> None:
        """A phone has registered; those of other accounts are ignored."""
        with self._lock:
            wanted = self._by_account().get(contact.account)
            if wanted is None:
                return
            mac = self._base_of(contact)
            if mac:
                known = self._bases.setdefault(mac, KnownBase())
                known.seen, known.misses = self._wall(), 0
                if contact.user_agent:
                    known.agent = contact.user_agent[:_AGENT_LETTERS]
                if contact.transport.lower() == "udp":
                    known.addresses = {(contact.host, contact.port)}
            fresh = contact.account not in self._contacts  # else it registers again, as it does all day
            known_before = contact.account in self._ever
            self._contacts[contact.account] = (contact, mac)
            if wanted.document.id not in self._forget:  # whose base has not read yet that it is to go
                self._ever.add(contact.account)
            own = self._window.enrolment.handset
            came = own == wanted.document.id or (own is None and not known_before)
            if self._window.open and fresh and came:
                self._pending.append(self._window.came(str(wanted.slot), wanted.document.identity))
                self._opened_at = 0
                self._poke_due = True
        self._nudge.set()

    def unregistered(self, contact: Registration, left: Registration | None = None) -> None:
        """A registration has ended; one that was made elsewhere meanwhile stays.

        ``left``: another one that the account still has, perhaps older: of a base that it came back to.
        """
        with self._lock:
            known = self._contacts.get(contact.account)
            if known is not None and (known[0].host, known[0].port) == (contact.host, contact.port):
                del self._contacts[contact.account]
                if left is not None:
                    self._contacts[contact.account] = (left, self._base_of(left))
        self._nudge.set()

    # --- the thread

    def _run(self) -> None:
        next_probe = time.monotonic() + self._probe_s
        while not self._stopping.is_set():
            self._nudge.wait(_WAKE_S)
            self._nudge.clear()
            try:
                while self._orders:
                    self._obey(self._orders.popleft())
                if time.monotonic() >= next_probe:
                    self._look()
                    next_probe = time.monotonic() + self._probe_s
                self._settle()
            except Exception:
                log.exception("dect.failed", system=self._setup.net.id)

    def _settle(self) -> None:
        with self._lock:
            expired = self._window.expire()
            if expired:
                self._opened_at = 0
                self._poke_due = True
            events = [*self._pending, *expired]
            self._pending.clear()
            poke, self._poke_due = self._poke_due, False
            before = self._state
            self._compose()
            if self._state != before:
                events.append(air.DectChanged(state=self._state))
        if poke:
            self._tell(self._family.check_sync)
        self._emit(*events)

    def _obey(self, order: air.DectCommand) -> None:
        net = self._setup.net
        match order:
            case air.OpenEnrolment():
                with self._lock:
                    _, ipei = self._meant(order)
                    self._window.begin(order, order.pin or net.pin, ipei)
                    self._opened_at = int(self._wall().timestamp())
                    self._forget -= {order.handset} if order.handset is not None else set(self._forget)
                    self._poke_due = True
                    if not self._family.opens_by_file:
                        self._window.opened()
                        enrolment = self._window.enrolment
                        self._window.enrolment = replace(enrolment, detail=self._family.by_hand)
                    elif not any(base.fetched for base in self._bases.values()):
                        enrolment = self._window.enrolment
                        self._window.enrolment = replace(enrolment, detail=_WAITS)
            case air.CloseEnrolment():
                with self._lock:
                    self._opened_at = 0
                    self._poke_due = True
                    self._pending += self._window.over(air.EnrolStatus.CLOSED, "somebody closed it")
            case air.ForgetHandset(key=key) if self._family.forgets_by_file:
                with self._lock:
                    found = next((one for one in self._setup.handsets if str(one.slot) == key), None)
                    if found is not None:
                        self._forget.add(found.document.id)
                        self._ever.discard(found.document.account)
                        self._poke_due = True
            case air.ForgetHandset():
                self._refuse(order, "this maker's bases forget a handset on their own pages only")
            case air.RestartBase():
                self._tell(self._family.restart, order.key)
            case air.UpdateFirmware(key=key):
                if not net.firmware_url:
                    self._refuse(order, "no firmware is configured: set firmware_url of the system")
                else:
                    self._tell(self._family.restart, key)
            case _:
                self._refuse(order, "handsets of this system are SIP phones")

    def _refuse(self, order: air.DectCommand, why: str) -> None:
        self._pending.append(air.OrderRefused(what=type(order).__name__, why=why))

    def _tell(self, event: str, mac: str = "") -> None:
        """Let bases hear a NOTIFY, through one account of each."""
        with self._lock:
            first: dict[str, str] = {}
            for account, (_, at) in self._contacts.items():
                first.setdefault(at, account)
            accounts = tuple(account for at, account in first.items() if mac in ("", at))
        if accounts:
            self._poke(accounts, event)

    def _look(self) -> None:
        """Ask bases with registrations for signs of life."""
        with self._lock:
            asked = {mac: set(one.addresses) for mac, one in self._bases.items() if one.addresses}
        alive = self._probe.ask(address for addresses in asked.values() for address in addresses)
        with self._lock:
            for mac, addresses in asked.items():
                base = self._bases.get(mac)
                if base is None:
                    continue
                if addresses & alive:
                    base.misses, base.seen = 0, self._wall()
                else:
                    base.misses += 1

    # --- what there is (with the lock)

    def _plan(self, base_url: str) -> FilePlan:
        enrolment = self._window.enrolment
        return FilePlan(
            setup=self._setup,
            base_url=base_url,
            directory_url=f"{base_url}directory" if base_url else "",
            open_from=self._opened_at if self._window.open else 0,
            open_seconds=int(self._window.left_s),
            pin=enrolment.pin if self._window.open else "",
            forget=frozenset(self._forget),
            enrolled=frozenset(
                one.document.id for one in self._setup.handsets if one.document.account in self._ever
            ),
        )

    def _by_account(self) -> dict[str, air.WantedHandset]:
        return {one.document.account: one for one in self._setup.handsets}

    def _base_of(self, contact: Registration) -> str:
        """Which base a registration came from: by the MAC it tells, by its address, or there is only one."""
        bases = self._setup.net.bases
        told = mac_in(contact.user_agent)
        if any(one.mac == told for one in bases):
            return told
        address = (contact.host, contact.port)
        for mac, known in self._bases.items():
            if address in known.addresses:
                return mac
        hosts = {mac for mac, known in self._bases.items() if contact.host in {h for h, _ in known.addresses}}
        if len(hosts) == 1:
            return hosts.pop()
        return bases[0].mac if len(bases) == 1 else ""

    def _compose(self) -> None:
        traces = Traces(bases=self._bases, contacts=self._contacts, ever=self._ever)
        self._state = view.system(self._plan(""), self._family, traces, self._window.enrolment)
