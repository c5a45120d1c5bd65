"""Start and stop, also when that does not go well."""

import socket
from pathlib import Path

import pytest

from appliance.errors import DeviceUnavailable
from appliance.model.causes import Cause
from appliance.model.effects import Answer
from appliance.model.events import LegAnswered, LegEnded
from tests.contract.sip.rig import Edge, Rig


def test_the_engine_stops_and_starts_again(prompts: Path) -> None:
    for _ in range(2):
        rig = Rig(prompts)
        rig.start()
        with Edge(rig) as edge:
            request, event = edge.incoming()
            rig.do(Answer(leg=event.leg))
            answer = edge.wait_response(request)
            edge.ack(request, answer)
            rig.wait(LegAnswered, event.leg)
            rig.stop()
            assert edge.wait_request("BYE").get("reason") == "Q.850;cause=41"
            assert rig.wait(LegEnded, event.leg).cause is Cause.RESTART


def test_a_taken_port_says_so(prompts: Path) -> None:
    rig = Rig(prompts)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", rig.settings.trunk_port))
        with pytest.raises(DeviceUnavailable, match=f"UDP port {rig.settings.trunk_port} is taken"):
            rig.start()
    rig.stop()


def test_there_is_one_engine_in_a_process(prompts: Path) -> None:
    rig, second = Rig(prompts), Rig(prompts)
    rig.start()
    with pytest.raises(DeviceUnavailable, match="runs already"):
        second.start()
    with Edge(rig) as edge:
        edge.answered().hang_up()
    second.stop()
    rig.stop()
