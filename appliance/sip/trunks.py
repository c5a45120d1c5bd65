"""Trunk accounts: patient registration, static peers watched by OPTIONS, changes that drop no call."""

import ipaddress
import random
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.model.documents import Srtp, Transport, Trunk, TrunkKind
from appliance.model.ids import TrunkId
from appliance.ports import TrunkState, TrunkStatus
from appliance.sip.accounts import IncomingCall, account_config
from appliance.sip.headers import Message, escape_user, host_of, parse_uri
from appliance.sip.leg import guarded
from appliance.sip.settings import EngineSettings
from appliance.sip.trunk_profiles import GENERIC, PROFILES, TrunkProfile

_log = structlog.get_logger(__name__)
_REFUSED = frozenset({401, 403, 404, 407})
"""Answers to REGISTER that time alone rarely heals: ask seldom, or the provider locks the account."""
_RETRY_MS = (4_000, 120_000)
_REFUSED_RETRY_MS = (60_000, 1_800_000)
_QUALIFY_MS = 60_000
_QUALIFY_FAILED_MS = 15_000

TransportFor = Callable[[Transport], int]
"""The id of the PJSIP transport for providers; raises DeviceUnavailable when it cannot be opened."""


class TrunkAccount(pj.Account):
    """One trunk as PJSIP sees it. A changed trunk is a new account; the old one lives until its last call."""

    def __init__(
        self,
        settings: EngineSettings,
        trunk: Trunk,
        transport_for: TransportFor,
        incoming: IncomingCall,
        now: Callable[[], int],
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.line = secrets.token_urlsafe(12)
        self.addresses: set[str] = set()
        self.retired = False
        self.status = TrunkStatus.TRYING
        self.detail = ""
        self.next_ms: int | None = None
        self._failures = 0
        self._answers_options = False
        self._incoming = incoming
        self._now = now
        self.identity_host = (
            trunk.host if trunk.kind is TrunkKind.REGISTERING else settings.provider_facing_address
        )
        self._suffix = "" if trunk.transport is Transport.UDP else f";transport={trunk.transport.value}"
        self._place = f"{trunk.host}:{trunk.port}" if trunk.port else trunk.host
        self.networks = _networks(trunk)
        self.create(self._config(settings, transport_for))
        if trunk.kind is TrunkKind.STATIC:
            self.status = TrunkStatus.REACHABLE
            self.next_ms = now()

    def __str__(self) -> str:
        return f"trunk/{self.trunk.id}"

    @property
    def profile(self) -> TrunkProfile:
        """The provider's habits; an unknown profile (reported when it is configured) is generic."""
        return PROFILES.get(self.trunk.profile, GENERIC)

    @property
    def srtp(self) -> Srtp:
        """The policy of all calls of this trunk."""
        return self.trunk.srtp

    def uri(self, dial: str) -> str:
        """The Request-URI for these digits."""
        return f"sip:{escape_user(dial)}@{self._place}{self._suffix}"

    def tick(self, now: int) -> None:
        """Register again or ask whether the peer lives, when it is time."""
        if self.next_ms is None or now < self.next_ms or self.retired:
            return
        self.next_ms = None
        try:
            if self.trunk.kind is TrunkKind.REGISTERING:
                self.setRegistration(True)
            else:
                prm = pj.SendRequestParam()
                prm.method = "OPTIONS"
                prm.txOption.targetUri = f"sip:{self._place}{self._suffix}"
                self.sendRequest(prm)
        except pj.Error as error:
            self._failed(0, error.reason or error.title)

    def retire(self) -> None:
        """Unregister; take no more calls. Those that are go on."""
        self.retired = True
        self.next_ms = None
        try:
            if self.trunk.kind is TrunkKind.REGISTERING and self.getInfo().regIsConfigured:
                self.setRegistration(False)
        except pj.Error as error:
            _log.debug("trunk.not_unregistered", trunk=self.trunk.id, error=error.info())

    # --- what PJSIP reports

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Hand a call to the engine, which chose this account for it."""
        self._incoming(self, prm.callId)

    @guarded
    def onRegState(self, prm: Any) -> None:
        """A REGISTER was answered, or nobody did."""
        if self.retired:
            return
        if prm.code // 100 == 2 and prm.expiration > 0:
            if self.status is not TrunkStatus.REGISTERED:
                _log.info("trunk.registered", trunk=self.trunk.id, expires_s=prm.expiration)
            self.status, self.detail, self._failures, self.next_ms = TrunkStatus.REGISTERED, "", 0, None
            if prm.rdata.srcAddress:
                self.addresses.add(host_of(prm.rdata.srcAddress))
        elif prm.code // 100 == 2:
            self.status, self.next_ms = TrunkStatus.TRYING, self._now() + _RETRY_MS[0]
        else:
            answered = bool(prm.rdata.wholeMsg)
            self._failed(prm.code if answered else 0, prm.reason)

    @guarded
    def onSendRequest(self, prm: Any) -> None:
        """An OPTIONS was answered (any answer is a sign of life), or nobody did."""
        if self.retired or self.trunk.kind is not TrunkKind.STATIC:
            return
        state = prm.e.body.tsxState
        if state.type == pj.PJSIP_EVENT_RX_MSG:
            self.addresses.add(host_of(state.src.rdata.srcAddress))
            if self.status is not TrunkStatus.REACHABLE:
                _log.info("trunk.reachable", trunk=self.trunk.id)
            self._answers_options = True
            self.status, self.detail, self._failures = TrunkStatus.REACHABLE, "", 0
            self.next_ms = self._now() + _QUALIFY_MS
        elif self._answers_options or state.tsx.statusCode != 408:
            self._failed(0, state.tsx.statusText)
        else:  # some peers ignore OPTIONS and take calls
            self.detail = f"no answer to OPTIONS from {self._place}"
            self.next_ms = self._now() + _QUALIFY_MS

    def _failed(self, status: int, reason: str) -> None:
        self._failures += 1
        if status:
            self.detail = f"{status} {reason}"
        else:
            self.detail = f"no answer from {self._place}" + (f": {reason}" if reason else "")
        if self.status is not TrunkStatus.FAILED:
            _log.warning("trunk.failed", trunk=self.trunk.id, detail=self.detail)
        self.status = TrunkStatus.FAILED
        if self.trunk.kind is TrunkKind.STATIC:
            wait = _QUALIFY_FAILED_MS
        else:
            least, most = _REFUSED_RETRY_MS if status in _REFUSED else _RETRY_MS
            wait = min(most, least << min(self._failures - 1, 16))
        self.next_ms = self._now() + int(wait * random.uniform(0.75, 1.25))

    def _config(self, settings: EngineSettings, transport_for: TransportFor) -> pj.AccountConfig:
        trunk = self.trunk
        user = f"{escape_user(trunk.username)}@" if trunk.username else ""
        config = account_config(
            settings,
            uri=f"sip:{user}{self.identity_host}",
            srtp=trunk.srtp,
            address=settings.provider_facing_address,
        )
        transport = transport_for(trunk.transport)
        if trunk.transport is Transport.UDP:
            config.sipConfig.transportId = transport
        config.sipConfig.contactUriParams = f";line={self.line}{self._suffix}"
        if trunk.secret:
            credential = pj.AuthCredInfo()
            credential.scheme, credential.realm = "digest", "*"
            credential.username = trunk.auth_username or trunk.username
            credential.dataType, credential.data = 0, trunk.secret
            config.sipConfig.authCreds.push_back(credential)
        if trunk.outbound_proxy:
            config.sipConfig.proxies.push_back(f"<sip:{trunk.outbound_proxy}{self._suffix};lr>")
        if trunk.kind is TrunkKind.REGISTERING:
            registration = config.regConfig
            registration.registrarUri = f"sip:{self._place}{self._suffix}"
            registration.timeoutSec = trunk.register_seconds
            registration.registerOnAdd = True
            registration.retryIntervalSec = 0  # patience is ours, see _failed
            registration.dropCallsOnFail = False
            registration.unregWaitMsec = 500
        return config


def _networks(trunk: Trunk) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for text in (trunk.host, *trunk.peers):
        try:
            networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
        except ValueError:
            continue  # a name: its address is learnt from its answers
    return tuple(networks)


class TrunkTable:
    """All trunk accounts. Engine thread only."""

    def __init__(
        self,
        settings: EngineSettings,
        transport_for: TransportFor,
        incoming: IncomingCall,
        now: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._transport_for = transport_for
        self._incoming = incoming
        self._now = now
        self._configured: dict[TrunkId, Trunk] = {}
        self._accounts: dict[TrunkId, TrunkAccount] = {}
        self._retired: list[TrunkAccount] = []
        self._unusable: dict[TrunkId, str] = {}

    def apply(self, trunks: Iterable[Trunk], in_use: Callable[[TrunkAccount], bool]) -> None:
        """Make the accounts equal to these documents; ``in_use`` tells whether calls live on an account."""
        wanted = {trunk.id: trunk for trunk in trunks}
        for trunk_id, account in list(self._accounts.items()):
            if wanted.get(trunk_id) != account.trunk or not account.trunk.enabled:
                account.retire()
                self._retired.append(self._accounts.pop(trunk_id))
        self._configured = wanted
        self._unusable.clear()
        for trunk in wanted.values():
            if trunk.enabled and trunk.id not in self._accounts:
                self._open(trunk)
        self.sweep(in_use)

    def _open(self, trunk: Trunk) -> None:
        try:
            self._accounts[trunk.id] = TrunkAccount(
                self._settings, trunk, self._transport_for, self._incoming, self._now
            )
        except (pj.Error, DeviceUnavailable) as error:
            detail = error.message if isinstance(error, DeviceUnavailable) else error.reason or error.title
            self._unusable[trunk.id] = detail
            _log.warning("trunk.unusable", trunk=trunk.id, error=detail)

    def sweep(self, in_use: Callable[[TrunkAccount], bool]) -> None:
        """Let go of retired accounts whose last call has ended."""
        if self._retired:
            self._retired = [account for account in self._retired if in_use(account)]

    def tick(self, now: int) -> None:
        """Do what is due; call about once a second."""
        for account in self._accounts.values():
            account.tick(now)

    def get(self, trunk: TrunkId) -> TrunkAccount | None:
        """Return the account of a trunk; None when it is unknown, off or unusable."""
        return self._accounts.get(trunk)

    def match(self, message: Message, source: str) -> TrunkAccount | None:
        """Find the trunk a request comes from: by the secret in our Contact, else by its source address."""
        uri = parse_uri(message.request_uri)
        line = uri.parameter("line")
        for account in self._accounts.values():
            if line and secrets.compare_digest(line.encode(), account.line.encode()):
                return account
        host = host_of(source)
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        found = [
            account
            for account in self._accounts.values()
            if host in account.addresses or any(address in network for network in account.networks)
        ]
        if len(found) > 1:  # several accounts at one provider: the one that is called
            called = uri.user, parse_uri(message.get("to").partition("<")[2].partition(">")[0]).user
            found.sort(key=lambda account: account.trunk.username not in called)
        return found[0] if found else None

    def states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk."""
        states = []
        for trunk in self._configured.values():
            account = self._accounts.get(trunk.id)
            if account is not None:
                state = TrunkState(trunk=trunk.id, status=account.status, detail=account.detail)
            elif trunk.id in self._unusable:
                state = TrunkState(trunk=trunk.id, status=TrunkStatus.FAILED, detail=self._unusable[trunk.id])
            else:
                state = TrunkState(trunk=trunk.id, status=TrunkStatus.DISABLED)
            states.append(state)
        return tuple(states)

    def close(self) -> None:
        """Unregister everywhere; drop the accounts with :meth:`drop` once that had its time."""
        for account in self._accounts.values():
            account.retire()

    def drop(self) -> None:
        """Let go of every account; the library is about to end."""
        self._accounts.clear()
        self._retired.clear()
