"""PJSIP set up the way a daemon needs it: one thread, no sound card, no blocking resolver."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.model.documents import Transport
from appliance.sip.log import LogWriter
from appliance.sip.settings import EMERGENCY_RESERVE, EngineSettings

_log = structlog.get_logger(__name__)
_LARGEST = 2048
"""PJSUA_MAX_CALLS of our build."""
_CODEC_IDS = {"opus": "opus/48000", "G722": "G722/16000", "PCMA": "PCMA/8000", "PCMU": "PCMU/8000"}
_ADDRESS_IN_USE = 120098
"""pj_status_t of EADDRINUSE: PJ_ERRNO_START_SYS + 98."""
_NO_PERMISSION = 120013
_KINDS = {
    Transport.UDP: pj.PJSIP_TRANSPORT_UDP,
    Transport.TCP: pj.PJSIP_TRANSPORT_TCP,
    Transport.TLS: pj.PJSIP_TRANSPORT_TLS,
}


class Endpoint(pj.Endpoint):
    """PJSIP's endpoint; ``choose`` says which account takes a request, -1 refuses an INVITE.

    ``passes`` may change the SDP of dialogs that are watched (``watchSdp``).
    """

    exists: ClassVar[bool] = False
    """PJSIP is one per process, and a second endpoint would end it."""

    def __init__(
        self, settings: EngineSettings, choose: Callable[[Any], int], passes: Callable[[Any], None]
    ) -> None:
        if Endpoint.exists:
            raise DeviceUnavailable("a SIP engine runs already in this process", error_id="engine.second")
        super().__init__()
        Endpoint.exists = True
        self._settings = settings
        self._choose = choose
        self._passes = passes
        self._log_writer = LogWriter()  # PJSIP keeps no reference

    def onSelectAccount(self, prm: Any) -> None:
        """Ask the engine."""
        try:
            prm.accountIndex = self._choose(prm)
        except Exception:  # noqa: BLE001 - logged; C++ has no use for it
            prm.accountIndex = -1
            _log.exception("sip.select_account")

    def onSdp(self, prm: Any) -> None:
        """Show the engine a description on its way."""
        try:
            self._passes(prm)
        except Exception:  # noqa: BLE001 - logged; C++ has no use for it
            _log.exception("sip.sdp")

    def open(self) -> None:
        """Create the library; raises DeviceUnavailable when it is not ours, pj.Error when it fails."""
        if not hasattr(pj, "PJSUA_CALL_APP_ROUTES"):
            raise DeviceUnavailable(
                "this pjsua2 was not built for Ortsamt",
                error_id="engine.library",
                hint="build it with image-build/pjsua2/recipe.py",
            )
        self.libCreate()
        self.libInit(self._config())
        self._set_codecs()

    def close(self) -> None:
        """End the library; every object of it must be gone."""
        try:
            self.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)  # who was to answer had time to
        except pj.Error as error:
            _log.warning("sip.close", error=error.info())
        finally:
            Endpoint.exists = False

    def run(self) -> None:
        """Start it, with a clock in place of a sound card; after the transports are open."""
        self.libStart()
        self.audDevManager().setNullDev()

    def open_transport(
        self, transport: Transport, *, port: int, bind: str, public: str, authorities: Path | None = None
    ) -> int:
        """Open a transport, return its id; raises DeviceUnavailable when the port is not to be had.

        ``authorities``: who may vouch for a server's certificate, in place of the usual ones.
        """
        config = pj.TransportConfig()
        config.port = port
        config.boundAddress = bind
        config.publicAddress = public
        config.qosType = pj.PJ_QOS_TYPE_SIGNALLING
        if transport is Transport.TLS:
            config.tlsConfig.CaListFile = str(authorities or self._settings.ca_file)
            config.tlsConfig.verifyServer = True
        try:
            return int(self.transportCreate(_KINDS[transport], config))
        except pj.Error as error:
            if error.status == _ADDRESS_IN_USE:
                what, hint = "is taken", "another program listens there; choose another port in box.toml"
            elif error.status == _NO_PERMISSION:
                what, hint = "may not be opened", "ports below 1024 need a right"
            else:
                what, hint = f"cannot be opened: {error.reason or error.info()}", ""
            raise DeviceUnavailable(
                f"{transport.value.upper()} port {port} {what}", error_id="engine.port", hint=hint
            ) from None

    def close_transport(self, transport: int) -> None:
        """Take no new stream into use there; those that are go on."""
        try:
            self.transportClose(transport)
        except pj.Error as error:
            _log.debug("sip.transport_not_closed", error=error.info())

    def _config(self) -> pj.EpConfig:
        settings = self._settings
        config = pj.EpConfig()
        agent = config.uaConfig
        agent.threadCnt = 0
        agent.mainThreadOnly = True
        legs = settings.max_legs + EMERGENCY_RESERVE
        agent.maxCalls = min(_LARGEST, legs + max(16, legs // 4))  # some wait for the answer to their BYE
        agent.userAgent = settings.user_agent
        # Without a name server PJSIP would ask the system's resolver and block; this one never answers.
        for server in settings.name_servers or ("127.0.0.1",):
            agent.nameserver.push_back(server)
        agent.mwiUnsolicitedEnabled = False
        media = config.medConfig
        media.clockRate = media.sndClockRate = settings.clock_rate
        media.quality = 2  # resamples as Speex advises for telephony; 3 costs a third more processor time
        media.channelCount = 1
        media.audioFramePtime = media.ptime = 20
        media.noVad = True
        media.ecTailLen = 0
        media.hasIoqueue = True
        media.threadCnt = 1
        media.maxMediaPorts = min(4096, agent.maxCalls * 2 + 64)
        media.sndAutoCloseTime = -1
        log = config.logConfig
        log.level = settings.pjsip_log_level
        log.consoleLevel = settings.pjsip_log_level
        log.msgLogging = 0
        log.writer = self._log_writer
        return config

    def _set_codecs(self) -> None:
        wanted = [_CODEC_IDS[name] for name in self._settings.codecs]
        for codec in self.codecEnum2():
            rank = next((i for i, name in enumerate(wanted) if codec.codecId.startswith(name)), None)
            self.codecSetPriority(codec.codecId, 0 if rank is None else 200 - rank)
        if "opus" in self._settings.codecs:
            opus = self.getCodecOpusConfig()
            opus.sample_rate = self._settings.clock_rate
            opus.channel_cnt = 1
            opus.complexity = 4
            opus.packet_loss = 5
            self.setCodecOpusConfig(opus)
