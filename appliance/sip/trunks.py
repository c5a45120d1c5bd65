"""The trunks: patient registration, static peers watched by OPTIONS, other servers tried, no call dropped.

A provider's name is looked up here and not by PJSIP (but for TLS, where the certificate must fit the name):
REGISTER and INVITE then go to the same server, and a server that does not answer is left for the next.
"""

import ipaddress
import random
import secrets
from collections.abc import Callable, Iterable

import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.model.documents import Transport, Trunk, TrunkKind
from appliance.model.ids import TrunkId
from appliance.ports import TrunkState, TrunkStatus
from appliance.sip.accounts import IncomingCall
from appliance.sip.headers import Message, host_of, parse_uri
from appliance.sip.locate import Located, Locator, Place, Target, needs_lookup
from appliance.sip.settings import EngineSettings
from appliance.sip.trunk_account import TransportFor, TrunkAccount

_log = structlog.get_logger(__name__)
_REFUSED = frozenset({401, 403, 404, 407})
"""Answers to REGISTER that time alone rarely heals: ask seldom, or the provider locks the account."""
_RETRY_MS = (4_000, 120_000)
_REFUSED_RETRY_MS = (60_000, 1_800_000)
_LOOKUP_RETRY_MS = (5_000, 120_000)
_QUALIFY_MS = 60_000
_QUALIFY_FAILED_MS = 15_000
_NEXT_SERVER_MS = 100


class TrunkLink:
    """One configured trunk: where it is, how it is, and its account at this moment."""

    def __init__(
        self, trunk: Trunk, open_account: Callable[["TrunkLink"], TrunkAccount], now: Callable[[], int]
    ) -> None:
        self.trunk = trunk
        self.line = secrets.token_urlsafe(12)
        self.account: TrunkAccount | None = None
        self.addresses: set[str] = set()
        self.networks = _networks(trunk)
        self.status = TrunkStatus.TRYING
        self.detail = ""
        self.targets: tuple[Target, ...] = ()
        self.next_ms: int | None = None
        self.lookup_ms: int | None = None
        self._open_account = open_account
        self._now = now
        self._failures = 0
        self._tried = 0
        self._answers_options = False
        self.switch_ms: int | None = None
        """When the account is made anew for another server; never inside PJSIP's callback."""

    @property
    def place(self) -> Place | None:
        """What must be looked up to reach the provider; None when its address is known or PJSIP looks."""
        host, port = self.trunk.next_hop
        if self.trunk.transport is Transport.TLS or not needs_lookup(host):
            return None
        return Place(host=host, port=port, transport=self.trunk.transport)

    @property
    def server(self) -> str:
        """``address:port`` of the server in use; empty while it is not known."""
        if self.target is not None:
            return f"{self.target.address}:{self.target.port}"
        host, port = self.trunk.next_hop
        if needs_lookup(host):
            return ""
        return f"{host}:{port or 5060}"

    @property
    def target(self) -> Target | None:
        """The server in use, when it was looked up."""
        return self.targets[0] if self.targets else None

    def open(self) -> None:
        """Make the account anew, towards the server in use; it begins to register or is asked how it is."""
        self.account = self._open_account(self)
        if self.trunk.kind is TrunkKind.STATIC:
            if self.status is TrunkStatus.TRYING:
                self.status = TrunkStatus.REACHABLE
            self.next_ms = self._now()

    def tick(self, now: int) -> None:
        """Register again or ask whether the peer lives, when it is time."""
        if self.account is None or self.next_ms is None or now < self.next_ms:
            return
        self.next_ms = None
        try:
            self.account.knock()
        except pj.Error as error:
            self.failed(0, error.reason or error.title)

    def located(self, found: Located) -> bool:
        """Take the result of a look-up; True when another server must be used from now on."""
        self.lookup_ms = self._now() + found.ttl_s * 1000
        if not found.targets:
            self.lookup_ms = self._now() + random.randint(*_LOOKUP_RETRY_MS) // (1 if self.targets else 8)
            if not self.targets:
                self.status, self.detail = TrunkStatus.FAILED, found.problem
            return False
        self.addresses.update(target.address for target in found.targets)
        using = self.target
        self.targets = found.targets
        if using in found.targets and self.status is not TrunkStatus.FAILED:
            while self.targets[0] != using:  # what works is kept
                self.turn()
            return self.account is None
        self._tried = 0
        return True

    def turn(self) -> None:
        """Make the next server the one in use."""
        self.targets = (*self.targets[1:], *self.targets[:1])

    # --- what the account reports

    def registered(self, expires_s: int, source: str) -> None:
        """A REGISTER was accepted."""
        if self.status is not TrunkStatus.REGISTERED:
            _log.info("trunk.registered", trunk=self.trunk.id, expires_s=expires_s)
        self.status, self.detail, self.next_ms = TrunkStatus.REGISTERED, "", None
        self._failures = self._tried = 0
        if source:
            self.addresses.add(host_of(source))

    def unregistered(self) -> None:
        """The provider forgot us without being asked to."""
        self.status, self.next_ms = TrunkStatus.TRYING, self._now() + _RETRY_MS[0]

    def alive(self, source: str) -> None:
        """A static peer answered OPTIONS; whatever it said, it lives."""
        if self.status is not TrunkStatus.REACHABLE:
            _log.info("trunk.reachable", trunk=self.trunk.id)
        self._answers_options = True
        self.status, self.detail = TrunkStatus.REACHABLE, ""
        self._failures = self._tried = 0
        self.next_ms = self._now() + _QUALIFY_MS
        self.addresses.add(host_of(source))

    def silent(self, reason: str, *, timed_out: bool) -> None:
        """Nobody answered OPTIONS."""
        if self._answers_options or not timed_out or len(self.targets) > 1:
            self.failed(0, reason)
        else:  # some peers ignore OPTIONS and take calls
            self.detail = "no answer to OPTIONS"
            self.next_ms = self._now() + _QUALIFY_MS

    def failed(self, status: int, reason: str) -> None:
        """The trunk cannot be used now; ``status`` 0: nobody answered. Other servers first, then patience."""
        unanswered = status in {0, 408, 503}
        server = f"{self.trunk.host} ({self.target.address})" if self.target else self.trunk.host
        self.detail = (
            f"{status} {reason}" if status else f"no answer from {server}" + (reason and f": {reason}")
        )
        if self.status is not TrunkStatus.FAILED:
            _log.warning("trunk.failed", trunk=self.trunk.id, detail=self.detail)
        self.status = TrunkStatus.FAILED
        if unanswered and self._tried + 1 < len(self.targets):
            self._tried += 1
            self.next_server()
            return
        self._tried = 0
        self._failures += 1
        if self.trunk.kind is TrunkKind.STATIC:
            wait = _QUALIFY_FAILED_MS
        else:
            least, most = _REFUSED_RETRY_MS if status in _REFUSED else _RETRY_MS
            wait = min(most, least << min(self._failures - 1, 16))
        self.next_ms = self._now() + int(wait * random.uniform(0.75, 1.25))
        if unanswered and len(self.targets) > 1:
            self.next_server(self.next_ms)

    def next_server(self, when_ms: int | None = None) -> None:
        """Leave the server in use for the next one, soon or at that time."""
        self.turn()
        self.switch_ms = self._now() + _NEXT_SERVER_MS if when_ms is None else when_ms
        self.next_ms = None


def _networks(trunk: Trunk) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for text in (trunk.host, *trunk.peers):
        try:
            networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
        except ValueError:
            continue  # a name: its addresses are looked up
    return tuple(networks)


class TrunkTable:
    """All trunks. Engine thread only."""

    def __init__(
        self,
        settings: EngineSettings,
        transport_for: TransportFor,
        incoming: IncomingCall,
        in_use: Callable[[TrunkAccount], bool],
        now: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._transport_for = transport_for
        self._incoming = incoming
        self._in_use = in_use
        self._now = now
        self._configured: dict[TrunkId, Trunk] = {}
        self._links: dict[TrunkId, TrunkLink] = {}
        self._retired: list[TrunkAccount] = []
        self._locator = Locator(settings.name_servers, port=settings.name_server_port)

    def apply(self, trunks: Iterable[Trunk]) -> None:
        """Make the links equal to these documents; calls on what changed go on."""
        wanted = {trunk.id: trunk for trunk in trunks}
        for trunk_id, link in list(self._links.items()):
            if wanted.get(trunk_id) != link.trunk:
                self._retire(link)
                del self._links[trunk_id]
        self._configured = wanted
        for trunk in wanted.values():
            if trunk.enabled and trunk.id not in self._links:
                link = self._links[trunk.id] = TrunkLink(trunk, self._account, self._now)
                if link.place is None:
                    self._open(link)
                else:
                    self._locator.ask(link.place)
        self._sweep()

    def move(self, settings: EngineSettings) -> None:
        """Register anew with these; calls in progress keep their accounts."""
        self._settings = settings
        for link in self._links.values():
            if link.account is not None:
                self._open(link)

    def _account(self, link: TrunkLink) -> TrunkAccount:
        return TrunkAccount(self._settings, link, self._transport_for, self._incoming)

    def _open(self, link: TrunkLink) -> None:
        link.switch_ms = link.next_ms = None
        self._retire(link)
        try:
            link.open()
        except pj.Error as error:
            link.failed(0, error.reason or error.title)
        except DeviceUnavailable as error:
            link.failed(0, error.message)

    def _retire(self, link: TrunkLink) -> None:
        account, link.account = link.account, None
        if account is not None:
            account.retire()
            self._retired.append(account)

    def _sweep(self) -> None:
        if self._retired:
            self._retired = [account for account in self._retired if self._in_use(account)]

    def tick(self, now: int) -> None:
        """Do what is due; call about once a second."""
        for found in self._locator.collect():
            for link in self._links.values():
                if link.place == found.place and link.located(found):
                    self._open(link)
        for link in self._links.values():
            if link.lookup_ms is not None and now >= link.lookup_ms and link.place is not None:
                link.lookup_ms = None
                self._locator.ask(link.place)
            due = link.switch_ms if link.account is not None else link.next_ms
            if due is not None and now >= due and (link.targets or link.place is None):
                self._open(link)
            link.tick(now)
        self._sweep()

    def get(self, trunk: TrunkId) -> TrunkAccount | None:
        """Return the account of a trunk; None when it is unknown, off or not found."""
        link = self._links.get(trunk)
        return link.account if link is not None else None

    def other_server(self, account: TrunkAccount) -> TrunkAccount | None:
        """A call found nobody at this account's server: return an account for another, if there is one."""
        link = self._links.get(account.trunk.id)
        if link is None or link.account is None:
            return None
        if link.account is account:
            if len(link.targets) < 2:
                return None
            link.turn()
            self._open(link)
        return link.account

    def match(self, message: Message, source: str) -> TrunkAccount | None:
        """Find the trunk a request comes from: by the secret in our Contact, else by its source address."""
        uri = parse_uri(message.request_uri)
        line = uri.parameter("line").encode()
        links = [link for link in self._links.values() if link.account is not None]
        for link in links:
            if line and secrets.compare_digest(line, link.line.encode()):
                return link.account
        host = host_of(source)
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        found = [
            link
            for link in links
            if host in link.addresses or any(address in network for network in link.networks)
        ]
        if len(found) > 1:  # several at one address: the account that is called, else the peer at that port
            called = uri.user, parse_uri(message.get("to").partition("<")[2].partition(">")[0]).user
            port = source.rpartition(":")[2]
            found.sort(key=lambda link: (link.trunk.username not in called, str(link.trunk.port) != port))
        return found[0].account if found else None

    def states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk."""
        states = []
        for trunk in self._configured.values():
            link = self._links.get(trunk.id)
            if link is None:
                states.append(TrunkState(trunk=trunk.id, status=TrunkStatus.DISABLED))
            else:
                states.append(
                    TrunkState(trunk=trunk.id, status=link.status, detail=link.detail, server=link.server)
                )
        return tuple(states)

    def close(self) -> None:
        """Unregister everywhere; let go of the accounts with :meth:`drop` once that had its time."""
        self._locator.close()
        for link in self._links.values():
            if link.account is not None:
                link.account.retire()

    def drop(self) -> None:
        """Let go of every account; the library is about to end."""
        self._links.clear()
        self._retired.clear()
