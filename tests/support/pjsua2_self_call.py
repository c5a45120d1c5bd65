"""One PJSIP endpoint calls itself over loop-back; prints what both legs negotiated and received, as JSON.

Arguments: codec, transport (udp, tcp, tls), `srtp` or `plain`, certificate, key. A process of its own:
there is one PJSIP endpoint per process.
"""

import json
import sys
import time

import pjsua2 as pj

PACKETS = 5
KINDS = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}


class Account(pj.Account):
    """Answers every call."""

    def __init__(self, calls: list[pj.Call]) -> None:
        super().__init__()
        self.calls = calls

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        call = pj.Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


def start(transport: str, certificate: str, key: str) -> tuple[pj.Endpoint, int]:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.maxCalls = 8
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    config.medConfig.noVad = True
    endpoint.libInit(config)
    listen = pj.TransportConfig()
    listen.boundAddress = listen.publicAddress = "127.0.0.1"
    if transport == "tls":
        listen.tlsConfig.certFile = certificate
        listen.tlsConfig.privKeyFile = key
    transport_id = endpoint.transportCreate(KINDS[transport], listen)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return endpoint, transport_id


def account(transport_id: int, srtp: bool, calls: list[pj.Call]) -> Account:
    config = pj.AccountConfig()
    config.idUri = "sip:box@127.0.0.1"
    config.sipConfig.transportId = transport_id
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY if srtp else pj.PJMEDIA_SRTP_DISABLED
    config.mediaConfig.srtpSecureSignaling = 0
    made = Account(calls)
    made.create(config)
    return made


def received(call: pj.Call) -> int:
    return int(call.getStreamStat(0).rtcp.rxStat.pkt) if call.hasMedia() else 0


def describe(call: pj.Call) -> list[object]:
    stream = call.getStreamInfo(0)
    return [stream.codecName, stream.codecClockRate, "SRTP status: Active" in call.dump(True, "")]


def main(codec: str, transport: str, security: str, certificate: str, key: str) -> None:
    endpoint, transport_id = start(transport, certificate, key)
    for entry in endpoint.codecEnum2():
        endpoint.codecSetPriority(entry.codecId, 255 if codec in entry.codecId else 0)
    calls: list[pj.Call] = []
    box = account(transport_id, security == "srtp", calls)
    calls.append(pj.Call(box))
    options = pj.CallOpParam(True)
    options.opt.audioCount = 1
    options.opt.videoCount = options.opt.textCount = 0
    address = endpoint.transportGetInfo(transport_id).localName
    calls[0].makeCall(f"sip:box@{address};transport={transport}", options)
    end = time.monotonic() + 20
    while time.monotonic() < end and (len(calls) < 2 or min(map(received, calls)) < PACKETS):
        endpoint.libHandleEvents(20)
    print(json.dumps({"streams": [describe(call) for call in calls], "packets": min(map(received, calls))}))
    endpoint.hangupAllCalls()
    while time.monotonic() < end and any(call.isActive() for call in calls):
        endpoint.libHandleEvents(20)
    calls.clear()
    endpoint.libDestroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
