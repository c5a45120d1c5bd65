"""Other instances of the office as SIP sees them: accounts, calls handed over, signs of life.

A box is behind a router, so it registers at the cloud's edge over TLS (with the certificate that the cloud
published, and no other) and keeps that stream; the cloud's calls come down it. In the cloud a box is an
account of the edge like a phone. What an instance wants travels as JSON in one header, signs of life and what
there is to know as MESSAGE (RFC 3428), every few seconds each way.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.model import effects as fx
from appliance.model.decode import encode
from appliance.model.documents import Srtp, Transport
from appliance.model.instances import ACCOUNT_PREFIX, account_of
from appliance.model.plan import Handed
from appliance.sip.accounts import Account, IncomingCall, account_config
from appliance.sip.fax_call import guarded
from appliance.sip.headers import Message, escape_user, parse_uri
from appliance.sip.library import Endpoint
from appliance.sip.settings import EngineSettings
from appliance.sip.trunk_profiles import Identity, identity_for_device

_log = structlog.get_logger(__name__)
HEADER = "X-Ortsamt-Handed"
MAX_HEADER = 6000
NEWS = "application/vnd.ortsamt.news+json"
REGISTER_S = 60
MOST_TRANSPORTS = 2
AGAIN_MS = 3000
_USER = "handed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """Where a box reaches the cloud."""

    node: str
    host: str
    port: int
    authority: Path
    """PEM: the only certificate that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLinks:
    """The other instances, and who we are."""

    here: str = ""
    secret: str = ""
    """Of the own account at the cloud."""
    uplink: Uplink | None = None
    """At a box: the cloud."""
    boxes: tuple[str, ...] = ()
    """In the cloud: those that may register."""


class NodeNews(Protocol):
    """Who hears of other instances; called on the engine thread, never blocks."""

    def heard(self, node: str, body: str) -> None:
        """An instance told its news."""

    def taken(self, node: str, *, good: bool, detail: str) -> None:
        """What became of the news that was sent there."""

    def registered(self, node: str, *, good: bool, detail: str) -> None:
        """Whether the cloud knows where this box is."""


class NodeAccount(Account):
    """Calls and news from and to one other instance."""

    srtp = Srtp.MANDATORY

    def __init__(self, node: str, incoming: IncomingCall, news: NodeNews) -> None:
        super().__init__(incoming)
        self.node = node
        self.line = secrets.token_urlsafe(16)
        self.retired = False
        self._news = news
        self._buddy: pj.Buddy | None = None
        self.to = ""
        """Where requests to the instance go."""

    def __str__(self) -> str:
        return f"instance/{self.node}"

    def reach(self, uri: str) -> None:
        """Send requests there; after ``create``."""
        self.to = uri
        config = pj.BuddyConfig()
        config.uri, config.subscribe = uri, False
        buddy = pj.Buddy()
        buddy.create(self, config)
        self._buddy = buddy

    def say(self, body: str) -> None:
        """Send news; what becomes of it is told."""
        prm = pj.SendInstantMessageParam()
        prm.contentType, prm.content = NEWS, body
        try:
            if self._buddy is not None:  # PJSIP's only sender of requests that answers a challenge
                self._buddy.sendInstantMessage(prm)
        except pj.Error as error:
            self._news.taken(self.node, good=False, detail=error.reason or error.title)

    @guarded
    def onInstantMessageStatus(self, prm: Any) -> None:
        """News were taken, or nobody was there."""
        if not self.retired:
            good = prm.code // 100 == 2
            self._news.taken(self.node, good=good, detail="" if good else f"{prm.code} {prm.reason}")

    def retire(self) -> None:
        """Tell no more; calls that are go on."""
        self.retired = True
        self._buddy = None

    @guarded
    def onRegState(self, prm: Any) -> None:
        """The cloud knows where we are, or not."""
        if self.retired:
            return
        good = prm.code // 100 == 2 and prm.expiration > 0
        self._news.registered(self.node, good=good, detail="" if good else f"{prm.code} {prm.reason}")


class NodeTable:
    """All other instances. Engine thread only."""

    def __init__(
        self,
        settings: EngineSettings,
        incoming: IncomingCall,
        in_use: Callable[[NodeAccount], bool],
        edge: str,
        now: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._incoming = incoming
        self._in_use = in_use
        self._edge = edge
        self._now = now
        self.news: NodeNews = _Silence()
        self._endpoint: Endpoint | None = None
        self._core_transport = -1
        self._links = NodeLinks()
        self._accounts: dict[str, NodeAccount] = {}
        self._retired: list[NodeAccount] = []
        self._transports: list[int] = []
        """For the way to the cloud, the one in use last: on a new one, no dead stream is used again."""
        self._again_ms: int | None = None

    def open(self, endpoint: Endpoint, core_transport: int) -> None:
        """The engine has started."""
        self._endpoint, self._core_transport = endpoint, core_transport

    def apply(self, links: NodeLinks) -> None:
        """Know these instances and no others; calls that are go on."""
        before, self._links = self._links, links
        if links.uplink is None or before.uplink != links.uplink or before.secret != links.secret:
            self._retire(one for one in list(self._accounts) if before.uplink and one == before.uplink.node)
        self._retire(one for one in list(self._accounts) if one in before.boxes and one not in links.boxes)
        self._expect([box for box in links.boxes if box not in self._accounts])
        if links.uplink is not None and links.uplink.node not in self._accounts:
            self._connect(links.uplink)

    def renew(self) -> None:
        """The way to the cloud is silent: make a new one."""
        uplink = self._links.uplink
        if uplink is None or self._endpoint is None:
            return
        self._retire([uplink.node])
        self._connect(uplink)

    def tick(self, now: int) -> None:
        """Try again what could not be done."""
        if self._again_ms is not None and now >= self._again_ms and self._links.uplink is not None:
            self._again_ms = None
            account = self._accounts.get(self._links.uplink.node)
            if account is None:
                self._connect(self._links.uplink)
        if self._retired:
            self._retired = [one for one in self._retired if self._in_use(one)]

    def say(self, node: str, body: str) -> None:
        """Send news to an instance that is directly reached."""
        account = self._accounts.get(node)
        if account is not None:
            account.say(body)

    def way_to(self, node: str) -> NodeAccount | None:
        """The account over which calls to this instance go; a box reaches all through the cloud."""
        uplink = self._links.uplink
        return self._accounts.get(uplink.node if uplink is not None else node)

    def from_cloud(self, message: Message) -> NodeAccount | None:
        """The cloud, if the request names the secret in our Contact; at a box only."""
        uplink = self._links.uplink
        account = self._accounts.get(uplink.node) if uplink is not None else None
        line = parse_uri(message.request_uri).parameter("line").encode()
        return (
            account if account is not None and secrets.compare_digest(line, account.line.encode()) else None
        )

    def from_box(self, user: str) -> NodeAccount | None:
        """The box that the edge authenticated; in the cloud only."""
        node = user.removeprefix(ACCOUNT_PREFIX)
        known = user.startswith(ACCOUNT_PREFIX) and node in self._links.boxes
        return self._accounts.get(node) if known else None

    def message(self, account: NodeAccount, message: Message) -> None:
        """Take news out of a MESSAGE that is surely this instance's."""
        if message.get("content-type") == NEWS:
            self.news.heard(account.node, message.body)

    def close(self) -> None:
        """Say goodbye; let go of the accounts with :meth:`drop` once that had its time."""
        for account in self._accounts.values():
            account.retire()
            _unregister(account)

    def drop(self) -> None:
        """Let go of every account; the library is about to end."""
        self._accounts.clear()
        self._retired.clear()
        self._transports.clear()
        self._endpoint = None

    def _retire(self, nodes: Iterable[str]) -> None:
        for node in list(nodes):
            account = self._accounts.pop(node, None)
            if account is not None:
                account.retire()
                _unregister(account)
                self._retired.append(account)

    def _keep(self, account: NodeAccount) -> None:
        self._accounts[account.node] = account

    def _expect(self, boxes: Sequence[str]) -> None:
        for at, box in enumerate(boxes):
            try:
                self._keep(self._downlink(box))
            except pj.Error as error:
                _log.error(
                    "instance.no_room", beyond=len(boxes) - at, first=box, detail=error.reason or error.title,
                    hint="trunks and boxes together: at most 250; the boxes beyond cannot be called",
                )  # fmt: skip
                break

    def _downlink(self, node: str) -> NodeAccount:
        account = NodeAccount(node, self._incoming, self.news)
        settings = self._settings
        config = account_config(
            settings,
            uri=f"sip:{account_of(self._links.here)}@127.0.0.1:{settings.core_port}",
            srtp=Srtp.MANDATORY,
            address=settings.media_address,
        )
        config.sipConfig.transportId = self._core_transport
        account.create(config)
        account.reach(f"sip:{escape_user(account_of(node))}@{self._edge}")
        return account

    def _connect(self, uplink: Uplink) -> None:
        if self._endpoint is None:
            return
        try:
            self._keep(self._uplink(self._endpoint, uplink))
        except (pj.Error, DeviceUnavailable) as error:
            detail = error.message if isinstance(error, DeviceUnavailable) else error.reason or error.title
            self.news.registered(uplink.node, good=False, detail=detail)
            self._again_ms = self._now() + AGAIN_MS

    def _uplink(self, endpoint: Endpoint, uplink: Uplink) -> NodeAccount:
        transport = endpoint.open_transport(
            Transport.TLS,
            port=0,
            bind=self._settings.trunk_listen,
            public=self._settings.provider_facing_address,
            authorities=uplink.authority,
        )
        self._transports.append(transport)
        while len(self._transports) > MOST_TRANSPORTS:
            endpoint.close_transport(self._transports.pop(0))
        account = NodeAccount(uplink.node, self._incoming, self.news)
        place = f"{uplink.host}:{uplink.port};transport=tls"
        user = account_of(self._links.here)
        config = account_config(
            self._settings,
            uri=f"sip:{user}@{uplink.host}",
            srtp=Srtp.MANDATORY,
            address=self._settings.media_address,
        )
        sip = config.sipConfig
        sip.transportId = transport
        sip.contactUriParams = f";line={account.line}"
        credential = pj.AuthCredInfo()
        credential.scheme, credential.realm, credential.username = "digest", "*", user
        credential.dataType, credential.data = 0, self._links.secret
        sip.authCreds.push_back(credential)
        registration = config.regConfig
        registration.registrarUri = f"sip:{place}"
        registration.timeoutSec = REGISTER_S
        registration.registerOnAdd = True
        registration.retryIntervalSec = 5
        registration.firstRetryIntervalSec = 1
        registration.dropCallsOnFail = False
        registration.unregWaitMsec = 300
        config.natConfig.contactRewriteUse = 0
        account.create(config)
        account.reach(f"sip:{_USER}@{place}")
        return account


def _unregister(account: NodeAccount) -> None:
    try:
        if account.getInfo().regIsActive:
            account.setRegistration(False)
    except pj.Error as error:
        _log.debug("instance.not_unregistered", node=account.node, error=error.info())


def identity(effect: fx.Originate, handed: Handed, here: str) -> Identity:
    """What an INVITE to another instance says: all of it in one header, the usual ones for who looks."""
    whole = replace(
        handed,
        present=handed.present or effect.present,
        diverted=handed.diverted or effect.diverted,
        auto_answer=effect.auto_answer,
    )
    text = base64.urlsafe_b64encode(msgspec.json.encode(encode(whole))).decode()
    plain = identity_for_device(effect.present, here)
    return replace(plain, headers=(*plain.headers, (HEADER, text)))


def handed_in(message: Message, node: str) -> Handed | None:
    """What the other instance wants; None when that cannot be understood, or it speaks for another one."""
    text = message.get(HEADER.lower())
    if not text or len(text) > MAX_HEADER:
        return None
    try:
        handed = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Handed)
    except (binascii.Error, ValueError) as error:
        _log.warning("instance.not_understood", node=node, error=str(error))
        return None
    return handed if handed.path[-1] == node else None


class _Silence:
    """Nobody wants to know."""

    def heard(self, node: str, body: str) -> None:
        """Ignore."""

    def taken(self, node: str, *, good: bool, detail: str) -> None:
        """Ignore."""

    def registered(self, node: str, *, good: bool, detail: str) -> None:
        """Ignore."""
