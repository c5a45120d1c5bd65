"""PJSIP as the line process needs it, and the places of terminals in its mixer."""

from typing import Any

import pjsua2 as pj

from appliance.fax.settings import LineSettings
from appliance.fax.terminal import FRAME_BYTES, FaxTerminal

RATE = 8000
BUFFER_MS = 100
MOST_CALLS = 32
_SILENCE = bytes(FRAME_BYTES)


class FaxPort(pj.AudioMediaPort):
    """A place in the mixer for a terminal; silent while none is there."""

    def __init__(self, name: str) -> None:
        super().__init__()
        form = pj.MediaFormatAudio()
        form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
        self.terminal: FaxTerminal | None = None
        self.createPort(name, form)

    def onFrameRequested(self, frame: Any) -> None:
        """The mixer wants 20 ms (clock thread)."""
        terminal = self.terminal
        try:
            said = terminal.say() if terminal is not None else _SILENCE
        except Exception:  # noqa: BLE001 - nothing may be raised into the mixer
            said = _SILENCE
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(said)
        frame.size = FRAME_BYTES

    def onFrameReceived(self, frame: Any) -> None:
        """The mixer has 20 ms, or nothing (clock thread)."""
        terminal = self.terminal
        if terminal is not None:
            terminal.hear(bytes(frame.buf) if frame.size == FRAME_BYTES else _SILENCE)


def configuration(writer: Any) -> pj.EpConfig:
    """Of the library: narrow-band, no sound card, a fixed buffer that throws nothing away."""
    config = pj.EpConfig()
    agent = config.uaConfig
    agent.threadCnt = 0
    agent.mainThreadOnly = True
    agent.maxCalls = 2 * MOST_CALLS
    agent.userAgent = "Ortsamt fax"
    agent.nameserver.push_back("127.0.0.1")  # without one PJSIP would ask the system's resolver and block
    agent.mwiUnsolicitedEnabled = False
    media = config.medConfig
    media.clockRate = media.sndClockRate = RATE
    media.channelCount = 1
    media.audioFramePtime = media.ptime = 20
    media.noVad = True
    media.ecTailLen = 0
    media.hasIoqueue = True
    media.threadCnt = 1
    media.maxMediaPorts = 4 * MOST_CALLS + 16
    media.sndAutoCloseTime = -1
    _fix_buffer(media)
    log = config.logConfig
    log.level = log.consoleLevel = 2
    log.msgLogging = 0
    log.writer = writer
    return config


def _fix_buffer(media: Any) -> None:
    media.jbInit = media.jbMinPre = media.jbMaxPre = BUFFER_MS
    media.jbMax = 6 * BUFFER_MS
    media.jbDiscardAlgo = pj.PJMEDIA_JB_DISCARD_NONE


def account(settings: LineSettings, transport: int) -> pj.AccountConfig:
    """Of the one account, on loop-back."""
    config = pj.AccountConfig()
    config.idUri = f"sip:fax@127.0.0.1:{settings.port}"
    config.sipConfig.transportId = transport
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
    config.callConfig.prackUse = pj.PJSUA_100REL_NOT_USED
    media = config.mediaConfig.transportConfig
    media.port = settings.rtp_first
    media.portRange = settings.rtp_last - settings.rtp_first
    media.randomizePort = True
    media.boundAddress = media.publicAddress = "127.0.0.1"
    config.natConfig.sipOutboundUse = 0
    config.natConfig.sdpNatRewriteUse = 0
    config.mwiConfig.enabled = False
    config.videoConfig.autoTransmitOutgoing = False
    return config
