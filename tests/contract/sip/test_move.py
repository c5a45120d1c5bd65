"""The box gets another address: new calls announce it, trunks register anew, nobody is cut off."""

from appliance.model.effects import Answer
from appliance.model.events import LegAnswered, LegEnded
from appliance.sip.engine import SipEngine
from tests.contract.sip.rig import Edge, Rig
from tests.contract.sip.test_trunks import Provider, apply, provider
from tests.support.sip import Message

__all__ = ["provider"]
OTHER = "127.0.0.9"


def answered(rig: Rig, edge: Edge) -> tuple[Message, Message, object]:
    """A call from a phone: request, answer, leg."""
    request, event = edge.incoming()
    rig.do(Answer(leg=event.leg))
    answer = edge.wait_response(request)
    edge.ack(request, answer)
    rig.wait(LegAnswered, event.leg)
    return request, answer, event.leg


def test_new_calls_announce_the_new_address(rig: Rig, edge: Edge, provider: Provider) -> None:
    apply(rig, provider.trunk())
    provider.accept_registration()
    request, answer, leg = answered(rig, edge)
    assert b"c=IN IP4 127.0.0.1" in answer.body

    def move(engine: SipEngine) -> None:
        engine.move(OTHER)

    rig.call(move)
    try:
        provider.accept_registration()
        second, later, other = answered(rig, edge)
        assert f"c=IN IP4 {OTHER}".encode() in later.body
        for one, told, ended in ((request, answer, leg), (second, later, other)):
            assert edge.exchange(edge.in_dialog("BYE", one, told)).status == 200
            rig.wait(LegEnded, ended)  # type: ignore[arg-type]
    finally:
        rig.call(lambda engine: engine.move("127.0.0.1"))
