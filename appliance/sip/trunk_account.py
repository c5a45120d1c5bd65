"""A trunk as PJSIP sees it: one account towards one server of the provider."""

from collections.abc import Callable
from typing import Any, Protocol

import pjsua2 as pj
import structlog

from appliance.model.documents import Srtp, Transport, Trunk, TrunkKind
from appliance.sip.accounts import Account, IncomingCall, account_config
from appliance.sip.fax_call import guarded
from appliance.sip.headers import escape_user
from appliance.sip.locate import Target
from appliance.sip.settings import EngineSettings
from appliance.sip.trunk_profiles import GENERIC, PROFILES, TrunkProfile

_log = structlog.get_logger(__name__)

TransportFor = Callable[[Transport], int]
"""The id of the PJSIP transport for providers; raises DeviceUnavailable when it cannot be opened."""


class Link(Protocol):
    """What the account needs of the trunk it belongs to; see ``trunks.TrunkLink``."""

    trunk: Trunk
    line: str

    @property
    def target(self) -> Target | None:
        """The server to send to, when it was looked up."""

    def registered(self, expires_s: int, source: str) -> None:
        """A REGISTER was accepted."""

    def unregistered(self) -> None:
        """The provider forgot us without being asked to."""

    def alive(self, source: str) -> None:
        """A static peer answered OPTIONS."""

    def silent(self, reason: str, *, timed_out: bool) -> None:
        """Nobody answered OPTIONS."""

    def failed(self, status: int, reason: str) -> None:
        """The trunk cannot be used now; ``status`` 0: nobody answered."""


class TrunkAccount(Account):
    """Never changed: another server or document is another account; the old one lives until its last call."""

    def __init__(
        self, settings: EngineSettings, link: Link, transport_for: TransportFor, incoming: IncomingCall
    ) -> None:
        super().__init__(incoming)
        self.trunk = trunk = link.trunk
        self.retired = False
        self._link = link
        self.identity_host = (
            trunk.host if trunk.kind is TrunkKind.REGISTERING else settings.provider_facing_address
        )
        self._suffix = "" if trunk.transport is Transport.UDP else f";transport={trunk.transport.value}"
        self._place = f"{trunk.host}:{trunk.port}" if trunk.port else trunk.host
        self.create(self._config(settings, link, transport_for))

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

    def knock(self) -> None:
        """Register, or ask a static peer whether it lives; raises pj.Error when that cannot even be sent."""
        if self.trunk.kind is TrunkKind.REGISTERING:
            self.setRegistration(True)
        else:
            prm = pj.SendRequestParam()
            prm.method = "OPTIONS"
            prm.txOption.targetUri = f"sip:{self._place}{self._suffix}"
            self.sendRequest(prm)

    def retire(self) -> None:
        """Unregister; take no more calls. Those that are go on."""
        if self.retired:
            return
        self.retired = True
        try:
            if self.trunk.kind is TrunkKind.REGISTERING and self.getInfo().regIsActive:
                self.setRegistration(False)
        except pj.Error as error:
            _log.debug("trunk.not_unregistered", trunk=self.trunk.id, error=error.info())

    # --- what PJSIP reports

    @guarded
    def onRegState(self, prm: Any) -> None:
        """A REGISTER was answered, or nobody did."""
        if self.retired:
            return
        if prm.code // 100 == 2 and prm.expiration > 0:
            self._link.registered(prm.expiration, prm.rdata.srcAddress)
        elif prm.code // 100 == 2:
            self._link.unregistered()
        else:
            self._link.failed(prm.code if prm.rdata.wholeMsg else 0, prm.reason)

    @guarded
    def onSendRequest(self, prm: Any) -> None:
        """An OPTIONS was answered, or nobody did."""
        if self.retired:
            return
        state = prm.e.body.tsxState
        if state.type == pj.PJSIP_EVENT_RX_MSG:
            self._link.alive(state.src.rdata.srcAddress)
        else:
            self._link.silent(state.tsx.statusText, timed_out=state.tsx.statusCode == 408)

    def _config(self, settings: EngineSettings, link: Link, transport_for: TransportFor) -> pj.AccountConfig:
        trunk = self.trunk
        user = f"{escape_user(trunk.username)}@" if trunk.username else ""
        config = account_config(
            settings,
            uri=f"sip:{user}{self.identity_host}",
            srtp=trunk.srtp,
            address=settings.provider_facing_address,
        )
        transport = transport_for(trunk.transport)
        sip = config.sipConfig
        if trunk.transport is not Transport.TCP:  # TLS: there may be another one, for other instances
            sip.transportId = transport
        sip.contactUriParams = f";line={link.line}"
        if trunk.secret:
            credential = pj.AuthCredInfo()
            credential.scheme, credential.realm = "digest", "*"
            credential.username = trunk.auth_username or trunk.username
            credential.dataType, credential.data = 0, trunk.secret
            sip.authCreds.push_back(credential)
        if link.target is not None:  # used to route, not written into the message
            sip.proxies.push_back(f"<sip:{link.target.address}:{link.target.port}{self._suffix};lr;hide>")
        if trunk.outbound_proxy:
            sip.proxies.push_back(f"<sip:{trunk.outbound_proxy}{self._suffix};lr>")
        if trunk.kind is TrunkKind.REGISTERING:
            registration = config.regConfig
            registration.registrarUri = f"sip:{self._place}{self._suffix}"
            registration.timeoutSec = trunk.register_seconds
            registration.registerOnAdd = True
            registration.retryIntervalSec = 0  # patience is ours
            registration.dropCallsOnFail = False
            registration.unregWaitMsec = 500
        return config
