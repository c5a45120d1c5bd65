"""PJSIP accounts: what calls inherit from one - addresses, ports, timers, SRTP."""

from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from appliance.model.documents import Srtp
from appliance.sip.fax_call import guarded
from appliance.sip.settings import EngineSettings

SRTP_USE = {
    Srtp.OFF: pj.PJMEDIA_SRTP_DISABLED,
    Srtp.OPTIONAL: pj.PJMEDIA_SRTP_OPTIONAL,
    Srtp.MANDATORY: pj.PJMEDIA_SRTP_MANDATORY,
}
_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80")


def account_config(settings: EngineSettings, *, uri: str, srtp: Srtp, address: str) -> pj.AccountConfig:
    """Make the part of an account's configuration that all share; ``address`` is announced for audio."""
    config = pj.AccountConfig()
    config.idUri = uri
    call = config.callConfig
    call.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
    call.timerMinSESec = settings.session_min_seconds
    call.timerSessExpiresSec = settings.session_expires_seconds
    call.prackUse = pj.PJSUA_100REL_NOT_USED
    media = config.mediaConfig
    media.transportConfig.port = settings.rtp_first
    media.transportConfig.portRange = settings.rtp_last - settings.rtp_first
    media.transportConfig.randomizePort = True
    media.transportConfig.publicAddress = address
    media.transportConfig.qosType = pj.PJ_QOS_TYPE_VOICE
    media.srtpUse = SRTP_USE[srtp]
    media.srtpSecureSignaling = 0  # SDES is told to the peer hop by hop; towards the edge it is loop-back
    if srtp is not Srtp.OFF:
        media.srtpOpt.keyings.push_back(pj.PJMEDIA_SRTP_KEYING_SDES)
        for name in _SUITES:
            crypto = pj.SrtpCrypto()
            crypto.name = name
            media.srtpOpt.cryptos.push_back(crypto)
    config.natConfig.sipOutboundUse = 0
    config.natConfig.sdpNatRewriteUse = 0
    config.mwiConfig.enabled = False
    config.videoConfig.autoTransmitOutgoing = False
    return config


IncomingCall = Callable[[pj.Account, int], None]


class Account(pj.Account):
    """An account that takes calls and nothing else: presence and messages are the edge's."""

    def __init__(self, incoming: IncomingCall) -> None:
        super().__init__()
        self._incoming = incoming

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Hand a call to the engine, which chose this account for it."""
        self._incoming(self, prm.callId)

    def onIncomingSubscribe(self, prm: Any) -> None:
        """Refuse; a subscription would be state that anybody can make."""
        prm.code = 403


class EdgeAccount(Account):
    """Calls from and to phones, one account for each SRTP policy."""

    def __init__(self, settings: EngineSettings, srtp: Srtp, transport: int, incoming: IncomingCall) -> None:
        super().__init__(incoming)
        self.srtp = srtp
        config = account_config(
            settings,
            uri=f"sip:ortsamt@127.0.0.1:{settings.core_port}",
            srtp=srtp,
            address=settings.media_address,
        )
        config.sipConfig.transportId = transport
        self._config = config
        self.create(config, srtp is Srtp.OFF)

    def move(self, settings: EngineSettings) -> None:
        """Announce another address in new calls."""
        self._config.mediaConfig.transportConfig.publicAddress = settings.media_address
        self.modify(self._config)

    def __str__(self) -> str:
        return f"edge/{self.srtp.value}"


class FaxAccount(Account):
    """Calls from and to the fax engine, on loop-back."""

    srtp = Srtp.OFF

    def __init__(self, settings: EngineSettings, transport: int, incoming: IncomingCall) -> None:
        super().__init__(incoming)
        config = account_config(
            settings, uri=f"sip:fax@127.0.0.1:{settings.core_port}", srtp=Srtp.OFF, address="127.0.0.1"
        )
        config.sipConfig.transportId = transport
        self.create(config)

    def __str__(self) -> str:
        return "fax"
