"""Limits, with an engine that has small ones: silence, number of calls."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.model.causes import Cause
from appliance.model.effects import EndLeg, HearsLegs, SetAudio
from appliance.model.events import LegEnded, LegHeld, LegIncoming
from appliance.sip.engine import new_leg_id
from appliance.sip.nodes import NodeLinks
from tests.contract.sip.rig import Edge, Rig, media_port, offer, originate
from tests.contract.sip.rtp import Audio
from tests.support.sip import Message


@pytest.fixture(scope="module")
def rig(prompts: Path) -> Iterator[Rig]:
    rig = Rig(prompts, media_lost_seconds=1, max_legs=8)
    rig.start()
    yield rig
    rig.stop()


def test_a_phone_that_died_is_noticed(rig: Rig, edge: Edge) -> None:
    with Audio() as audio:
        talk = edge.answered(body=offer(audio.port))
        audio.say(media_port(talk.answer.body), 500)
        rig.do(SetAudio(leg=talk.leg, hears=HearsLegs(legs=frozenset({talk.leg}))))
        assert audio.hears(500)
        audio.heard(1.5)
        assert rig.count(LegEnded, talk.leg) == 0
        audio.be_silent()
        ended = rig.wait(LegEnded, talk.leg)
        assert (ended.cause, ended.by_remote) == (Cause.MEDIA_LOST, False)
        bye = edge.wait_request("BYE")
        assert bye.get("reason") == "Q.850;cause=41"
        edge.respond(bye, 200)


def test_a_held_leg_may_be_silent(rig: Rig, edge: Edge) -> None:
    with Audio() as audio:
        talk = edge.answered(body=offer(audio.port))
        talk.reinvite(offer(audio.port, version=2, direction="sendonly"))
        assert rig.wait(LegHeld, talk.leg).held
        audio.heard(1.6, 1.6)
        assert rig.count(LegEnded, talk.leg) == 0
        talk.hang_up()


def test_calls_beyond_the_library_are_refused(rig: Rig, edge: Edge) -> None:
    legs = []
    waiting = []
    for _ in range(60):
        request = edge.invite()
        answer = edge.wait(answers(request))
        if answer.status == 486:
            break
        waiting.append(request)
        legs.append(rig.wait(LegIncoming).leg)
    assert 8 + 16 <= len(legs) < 60
    outgoing = new_leg_id()
    rig.do(originate(outgoing))
    assert rig.wait(LegEnded, outgoing).cause is Cause.CONGESTION
    rig.do(*(EndLeg(leg=leg, cause=Cause.CONGESTION) for leg in legs))
    for request in waiting:
        answer = edge.wait_response(request)
        assert answer.status == 503
        edge.ack(request, answer)


def answers(request: Message) -> Callable[[Message], bool]:
    return lambda message: message.get("call-id") == request.get("call-id")


def test_boxes_beyond_the_library_are_told_and_harm_nobody(
    rig: Rig, edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tuple(f"box-{number}" for number in range(300))
    rig.call(lambda engine: engine.nodes.apply(NodeLinks(here="cloud", boxes=boxes)))
    assert "instance.no_room" in capsys.readouterr().out
    with Audio() as audio:
        edge.answered(body=offer(audio.port)).hang_up()
    rig.call(lambda engine: engine.nodes.apply(NodeLinks(here="cloud")))
    rig.call(lambda engine: engine.nodes.tick(0))
    rig.call(lambda engine: engine.nodes.apply(NodeLinks(here="cloud", boxes=boxes[:200])))
    assert "instance.no_room" not in capsys.readouterr().out
    rig.call(lambda engine: engine.nodes.apply(NodeLinks()))
