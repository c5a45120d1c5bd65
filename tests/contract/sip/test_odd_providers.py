"""Providers that answer calls with descriptions nobody can use, or call with headers that make no sense."""

import pytest

from appliance.model.causes import Cause
from appliance.model.effects import EndLeg
from appliance.model.events import LegAnswered, LegEnded, LegIncoming
from appliance.model.plan import Presentation
from appliance.ports import TrunkStatus
from tests.contract.sip.rig import Edge, Rig, offer
from tests.contract.sip.test_trunks import SDP, Provider, apply, dial, wait_state
from tests.contract.sip.test_trunks import provider as provider  # noqa: PLC0414 - a fixture

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
AT = "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
BROKEN = {
    "nothing at all": "",
    "no description": "\x00\x01\x02 what?",
    "no audio": HEAD + AT,
    "audio refused": HEAD + AT + "m=audio 0 RTP/AVP 8\r\n",
    "a port that is none": HEAD + AT + "m=audio 99999 RTP/AVP 8\r\n",
    "a codec nobody offered": HEAD + AT + "m=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n",
    "nowhere": HEAD + "t=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
    "an address that is none": HEAD + "c=IN IP4 not.an.address\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
    "cut off": (HEAD + AT + "m=audio 40")[:-1],
    "video only": HEAD + AT + "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
    "endless": HEAD + AT + "m=audio 4000 RTP/AVP 8\r\n" + "a=x:" + "y" * 9000 + "\r\n",
}


def registered(rig: Rig, provider: Provider) -> str:
    """Register; our contact."""
    apply(rig, provider.trunk())
    contact = provider.accept_registration().contact_uri
    wait_state(rig, TrunkStatus.REGISTERED)
    return contact


@pytest.mark.parametrize("what", BROKEN)
def test_a_call_answered_with_a_broken_description_is_ended_and_nothing_stays(
    rig: Rig, edge: Edge, provider: Provider, what: str
) -> None:
    registered(rig, provider)
    leg, call = dial("+4930123", Presentation(number="+492214710"))
    rig.do(call)
    invite = provider.wait_request("INVITE")
    provider.respond(invite, 200, tag="b", headers=SDP, body=BROKEN[what].encode())
    provider.wait_request("ACK")
    if what not in ("nowhere", "an address that is none", "endless"):
        provider.respond(provider.wait_request("BYE"), 200)
        assert rig.wait(LegEnded, leg).cause is not Cause.NORMAL
        assert rig.count(LegAnswered, leg) == 0
    else:  # whether that can be talked over is a matter of taste; that it ends is not
        rig.do(EndLeg(leg=leg, cause=Cause.NORMAL))
        provider.respond(provider.wait_request("BYE"), 200)
        rig.wait(LegEnded, leg)
    rig.wait_idle()
    edge.answered().hang_up()


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ([("P-Asserted-Identity", "no address, just words")], True),
        ([("P-Asserted-Identity", '"' + "N" * 3000 + '" <sip:' + "4" * 300 + "@x>")], True),
        ([("P-Asserted-Identity", "<tel:+49;phone-context=;;;>"), ("Privacy", "id;id;none;critical")], True),
        ([("Diversion", "<<<>>>;reason=;;counter=-1"), ("History-Info", "index=1.1.1.1.1.1")], True),
        ([("Supported", "timer"), ("Session-Expires", "1;refresher=nobody")], True),
        ([("Content-Disposition", "session"), ("Reason", 'Q.850;cause=999;text="\x07"')], True),
        ([("Alert-Info", "<http://" + "a" * 500 + ">"), ("Call-Info", "?"), ("Date", "yesterday")], True),
    ],
)
def test_a_call_with_headers_that_make_no_sense_comes_in_or_is_refused(
    rig: Rig, edge: Edge, provider: Provider, headers: list[tuple[str, str]], taken: bool
) -> None:
    contact = registered(rig, provider)
    request = provider.request(
        "INVITE",
        contact,
        to="<sip:+492214710@prov>",
        from_="<sip:+4930123@prov>;tag=p",
        headers=[*headers, *SDP.items()],
        body=offer(rig.nowhere),
    )
    provider.send(request)
    if taken:
        event = rig.wait(LegIncoming)
        assert event.dialled == "+492214710"
        assert len(event.caller.number) <= 64
        assert len(event.caller.name) < 200
        rig.do(EndLeg(leg=event.leg, cause=Cause.BUSY))
        answer = provider.wait_response(request)
        provider.ack(request, answer)
        rig.wait(LegEnded, event.leg)
    else:
        answer = provider.wait_response(request)
        assert 400 <= answer.status < 500
        provider.ack(request, answer)
    rig.wait_idle()
    edge.answered().hang_up()
