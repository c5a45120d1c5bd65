"""A system of provisioned bases: makes their files, and learns how they are from what they do.

Theory of operation: a base fetches a file, its handsets register as SIP phones; both is told here. A base
with registrations is asked for signs of life; one that gives none is lost, and its handsets with it.
Enrolling is the base's own doing: the file opens the window where the maker allows it, else a person presses
a key; who registers for the first time has enrolled.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from appliance.dect.provisioned.families import FAMILIES, mac_in, version_in
from appliance.dect.provisioned.plan import FilePlan
from appliance.dect.provisioned.probe import WAIT_S, Address, Probe
from appliance.dect.window import Window
from appliance.model import dect_air as air
from appliance.model.dect import DectBase, DectMedia
from appliance.model.ids import DeviceId, LegId
from appliance.ports import AudioPort
from appliance.provisioning.facts import RenderedFile

PROBE_S = 4.0
LOST_AFTER = 3
"""Signs of life that must fail one after another."""
_WAKE_S = 0.5
_AGENT_LETTERS = 200
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One account's registration at the edge."""

    account: str
    host: str
    port: int
    transport: str = "udp"
    user_agent: str = ""


@dataclass(slots=True)
class _Base:
    addresses: set[Address] = field(default_factory=set)
    agent: str = ""
    fetched: datetime | None = None
    seen: datetime | None = None
    misses: int = 0


Poke = Callable[[tuple[str, ...], str], None]
"""Make the base of these accounts fetch its file again: NOTIFY with this Event."""


class ProvisionedSystem:
    """See :class:`appliance.ports.DectSystem`."""

    def __init__(
        self,
        setup: air.DectSetup,
        *,
        poke: Poke = lambda _accounts, _event: None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        own_address: str = "",
        probe_s: float = PROBE_S,
        answer_s: float = WAIT_S,
    ) -> None:
        self._setup = setup
        self._family = FAMILIES[setup.net.family]
        self._poke = poke
        self._wall = wall
        self._probe_s = probe_s
        self._probe = Probe(own_address, answer_s)
        self._lock = threading.RLock()
        self._window = Window(wall)
        self._opened_at = 0
        self._bases: dict[str, _Base] = {}
        self._contacts: dict[str, tuple[Registration, str]] = {}
        """Account → registration and the base it came from (its MAC)."""
        self._ever: set[str] = set()
        self._orders: deque[air.DectCommand] = deque()
        self._forget: set[DeviceId] = set()
        self._nudge = threading.Event()
        self._stopping = threading.Event()
        self._sink: Callable[[air.DectEvent], None] = _drop
        self._pending: deque[air.DectEvent] = deque()
        self._file = 0
        """Counts changes of what the files say."""
        self._poke_due = False
        self._state = air.DectState(system=setup.net.id, family=setup.net.family, media=DectMedia.SIP)
        self._thread = threading.Thread(target=self._run, name=f"dect-{setup.net.id}", daemon=True)
        self._compose()

    # --- DectSystem

    def start(self, sink: Callable[[air.DectEvent], None]) -> None:
        """Begin to look after the bases."""
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        """No more."""
        self._stopping.set()
        self._nudge.set()
        if self._thread.ident is not None:
            self._thread.join(5)
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

    def order(self, command: air.DectCommand) -> None:
        """Have it done."""
        self._orders.append(command)
        self._nudge.set()

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
            known = self._bases.setdefault(base.mac, _Base())
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
                self._bases.setdefault(base.mac, _Base()).agent = user_agent[:_AGENT_LETTERS]
        self._nudge.set()

    def registered(self, contact: Registration) -> None:
        """A phone has registered; those of other accounts are ignored."""
        with self._lock:
            wanted = self._by_account().get(contact.account)
            if wanted is None:
                return
            mac = self._base_of(contact)
            if mac:
                known = self._bases.setdefault(mac, _Base())
                known.seen, known.misses = self._wall(), 0
                if contact.user_agent:
                    known.agent = contact.user_agent[:_AGENT_LETTERS]
                if contact.transport.lower() == "udp":
                    known.addresses = {(contact.host, contact.port)}
            self._contacts[contact.account] = (contact, mac)
            self._forget.discard(wanted.document.id)
            fresh = contact.account not in self._ever
            self._ever.add(contact.account)
            own = self._window.enrolment.handset
            if self._window.open and (own == wanted.document.id or (own is None and fresh)):
                self._pending.append(self._window.came(str(wanted.slot), wanted.document.identity))
                self._opened_at = 0
                self._poke_due = True
        self._nudge.set()

    def unregistered(self, contact: Registration) -> None:
        """A registration has ended; one that was made elsewhere meanwhile stays."""
        with self._lock:
            known = self._contacts.get(contact.account)
            if known is not None and (known[0].host, known[0].port) == (contact.host, contact.port):
                del self._contacts[contact.account]
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
        for event in events:
            try:
                self._sink(event)
            except Exception:
                log.exception("dect.event_not_taken", event_type=type(event).__name__)

    def _obey(self, order: air.DectCommand) -> None:
        net = self._setup.net
        match order:
            case air.OpenEnrolment():
                with self._lock:
                    wanted = next((o for o in self._setup.handsets if o.document.id == order.handset), None)
                    ipei = order.ipei or (wanted.document.identity if wanted is not None else "")
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
                        self._window.enrolment = replace(
                            enrolment, detail="waits until the base fetches its file"
                        )
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
        net = self._setup.net
        bases = tuple(self._base_state(base, level) for base, level in self._plan("").levels)
        lost = {one.key for one in bases if one.status is air.BaseStatus.LOST}
        handsets = tuple(self._handset_state(one, lost) for one in self._setup.handsets)
        status, detail = air.DectStatus.READY, ""
        if not net.enabled:
            status = air.DectStatus.DISABLED
        elif not net.bases:
            status, detail = air.DectStatus.FAILED, "no base is configured: set bases with their MAC"
        elif len(net.bases) > self._family.bases:
            detail = f"this maker's systems have {self._family.bases} bases at most"
        elif len(handsets) > self._family.handsets:
            detail = f"this maker's systems have {self._family.handsets} handsets at most"
        self._state = air.DectState(
            system=net.id,
            family=net.family,
            media=DectMedia.SIP,
            status=status,
            detail=detail,
            name=net.name,
            bases=bases,
            handsets=handsets,
            enrolment=self._window.enrolment,
        )

    def _base_state(self, base: DectBase, level: int) -> air.BaseState:
        plan = self._plan("")
        known = self._bases.get(base.mac, _Base())
        model = self._family.models.search(known.agent)
        status, detail = air.BaseStatus.EXPECTED, ""
        if known.agent and model is None:
            status = air.BaseStatus.STRANGE
            detail = (
                f"'{known.agent[:60]}' is no base of this maker that we know: look at its model and firmware"
            )
        elif known.misses >= LOST_AFTER:
            status, detail = air.BaseStatus.LOST, "gives no sign of life"
        elif known.addresses or known.fetched is not None:
            status = air.BaseStatus.READY
        above = next((one for one, its in plan.levels if its == level - 1), None)
        return air.BaseState(
            key=base.mac,
            name=base.name,
            mac=base.mac,
            address=next((host for host, _ in known.addresses), ""),
            model=model[1].upper() if model is not None else base.model,
            firmware=version_in(known.agent),
            status=status,
            detail=detail,
            location=base.location,
            manager=base is plan.manager,
            sync_level=level if plan.multi_cell else 0,
            sync_to=above.mac if plan.multi_cell and above is not None else "",
            last_seen=known.seen,
        )

    def _handset_state(self, wanted: air.WantedHandset, lost: set[str]) -> air.HandsetState:
        document = wanted.document
        contact = self._contacts.get(document.account)
        base = contact[1] if contact is not None else ""
        if document.blocked:
            status = air.HandsetStatus.BLOCKED
        elif contact is not None:
            status = air.HandsetStatus.AWAY if base in lost else air.HandsetStatus.READY
        elif document.account in self._ever:
            status = air.HandsetStatus.AWAY
        else:
            status = air.HandsetStatus.EXPECTED
        known = self._bases.get(base)
        return air.HandsetState(
            key=str(wanted.slot),
            handset=document.id,
            ipei=document.identity,
            name=wanted.display,
            status=status,
            unreachable=contact is not None and base in lost,
            base=base,
            last_seen=known.seen if contact is not None and known is not None else None,
        )


def _drop(_event: air.DectEvent) -> None:
    """Stand for the sink before start."""
