"""Codecs and SRTP with somebody else's media stack: baresip, which gives back what it hears."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import Srtp, Trunk, TrunkKind
from appliance.model.effects import Answer, EndLeg
from appliance.model.events import LegAnswered, LegEnded, LegIncoming
from appliance.model.ids import LegId, TrunkId
from appliance.sip.engine import new_leg_id
from tests.contract.sip.rig import Edge, Rig, bridge, media_port, offer, originate
from tests.contract.sip.rtp import Audio
from tests.support.processes import Process
from tests.support.sip import Message, SipClient

MODULES = "/usr/lib/baresip/modules"
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


@pytest.fixture
def baresip(rig: Rig, tmp_path: Path) -> Iterator[Path]:
    """Where to put the account of a baresip that stands where the edge is; start it with ``phone``."""
    (tmp_path / "config").write_text(
        f"module_path {MODULES}\nmodule g711.so\nmodule g722.so\nmodule opus.so\nmodule srtp.so\n"
        "module aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\n"
        f"sip_listen 127.0.0.1:{rig.settings.edge_core_port}\nnet_interface 127.0.0.1\n"
        "audio_player aubridge,nil\naudio_source aubridge,nil\naudio_alert aubridge,other\n",
        encoding="utf-8",
    )
    yield tmp_path
    rig.wait_idle()
    rig.seen.clear()


def phone(folder: Path, account: str) -> Process:
    (folder / "accounts").write_text(
        f"<sip:20@127.0.0.1>;regint=0;answermode=auto;{account}\n", encoding="utf-8"
    )
    process = Process("baresip", ["baresip", "-f", str(folder)])
    process.wait_line("baresip is ready")
    return process


@pytest.fixture
def caller(rig: Rig) -> Iterator[tuple[SipClient, Audio, LegId, Message, Message, int]]:
    """An answered call from a static trunk, with plain A-law."""
    trunk = Trunk(id=TrunkId("static"), kind=TrunkKind.STATIC, host="127.0.0.1", username="")
    rig.call(lambda engine: engine.apply_trunks([trunk]))
    with SipClient(server=("127.0.0.1", rig.settings.trunk_port)) as gateway, Audio() as audio:
        request = gateway.request(
            "INVITE",
            f"sip:1@127.0.0.1:{rig.settings.trunk_port}",
            headers=[("Content-Type", "application/sdp")],
            body=offer(audio.port),
        )
        gateway.send(request)
        leg = rig.wait(LegIncoming).leg
        rig.do(Answer(leg=leg))
        answer = gateway.wait_response(request)
        gateway.ack(request, answer)
        rig.wait(LegAnswered, leg)
        yield gateway, audio, leg, request, answer, media_port(answer.body)
        gateway.exchange(gateway.in_dialog("BYE", request, answer))
        rig.wait(LegEnded, leg)
    rig.call(lambda engine: engine.apply_trunks([]))


@pytest.mark.parametrize(
    ("account", "srtp", "codec", "secure"),
    [
        ("audio_codecs=opus", Srtp.OFF, "opus", False),
        ("audio_codecs=G722/16000/1", Srtp.OFF, "G722", False),
        ("audio_codecs=pcmu", Srtp.OFF, "PCMU", False),
        ("audio_codecs=pcma;mediaenc=srtp-mand", Srtp.MANDATORY, "PCMA", True),
        ("audio_codecs=opus;mediaenc=srtp-mand", Srtp.MANDATORY, "opus", True),
        ("audio_codecs=pcma;mediaenc=srtp", Srtp.OPTIONAL, "PCMA", True),
        ("audio_codecs=pcma", Srtp.OPTIONAL, "PCMA", False),
    ],
)
def test_a_tone_comes_back(
    rig: Rig,
    baresip: Path,
    caller: tuple[SipClient, Audio, LegId, Message, Message, int],
    account: str,
    srtp: Srtp,
    codec: str,
    secure: bool,
) -> None:
    _, audio, leg, _, _, port = caller
    with phone(baresip, account):
        other = new_leg_id()
        rig.do(originate(other, srtp=srtp))
        rig.wait(LegAnswered, other)
        rig.do(*bridge(leg, other))
        audio.say(port, 620)
        assert audio.hears(620)
        media = {one.leg: one for one in rig.call(lambda engine: engine.leg_media())}
        assert (media[other].codec, media[other].secure) == (codec, secure)
        rig.do(EndLeg(leg=other, cause=Cause.NORMAL))
        quality = rig.wait(LegEnded, other).quality
        assert (quality.codec, quality.secure) == (codec, secure)
        assert quality.received_packets > 10


class TestAsked:
    """What an INVITE asks for and the device's policy allows."""

    @pytest.mark.parametrize(
        ("user", "profile", "crypto", "status"),
        [
            ("20", "RTP/SAVP", True, 200),
            ("20", "RTP/AVP", True, 200),
            ("20", "RTP/AVP", False, 200),
            ("secure", "RTP/SAVP", True, 200),
            ("secure", "RTP/AVP", False, 488),
            ("plain", "RTP/SAVP", True, 488),
            ("plain", "RTP/AVP", False, 200),
        ],
    )
    def test_srtp(self, rig: Rig, edge: Edge, user: str, profile: str, crypto: bool, status: int) -> None:
        more = [f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"] if crypto else []
        body = offer(rig.nowhere, profile=profile, more=more)
        if status == 488:
            request = edge.invite(user=user, body=body)
            answer = edge.wait_response(request)
            assert answer.status in {488, 406}
            edge.ack(request, answer)
            return
        talk = edge.answered(user=user, body=body)
        assert profile.encode() in talk.answer.body
        assert (b"a=crypto:1 AES_CM_128_HMAC_SHA1_80" in talk.answer.body) == crypto
        assert talk.hang_up().quality.secure == crypto

    def test_the_offer_is_in_our_order(self, rig: Rig, edge: Edge) -> None:
        leg = new_leg_id()
        rig.do(originate(leg))
        invite = edge.invite_for(leg)
        sdp = invite.body.decode()
        order = [sdp.index(name) for name in ("opus/48000", "G722/8000", "PCMA/8000", "PCMU/8000")]
        assert order == sorted(order)
        assert "telephone-event/8000" in sdp
        assert "a=crypto" not in sdp
        assert "m=video" not in sdp
        assert "m=text" not in sdp
        edge.respond(invite, 486, tag="a")
        rig.wait(LegEnded, leg)
