"""Descriptions on their way through a real rtpengine: who sees what, and what is left when it is away."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.app.gateway import GatewayKeeper
from appliance.errors import DeviceUnavailable
from appliance.fax.settings import GatewaySettings
from appliance.sip.rtpengine import Gateway, Side, Value, decode, encode
from appliance.sip.t38 import T38Switch, at_loopback, wants_image
from tests.support.processes import free_port

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
AUDIO = f"{HEAD}m=audio 41000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
IMAGE = f"{HEAD}m=image 40000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
NO_IMAGE = f"{HEAD}m=image 0 udptl t38\r\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    port = free_port()
    settings = GatewaySettings(port=port, address="127.0.0.1", rtp_first=47000, rtp_last=47200)
    keeper = GatewayKeeper(settings, tmp_path_factory.mktemp("gateway") / "log")
    assert keeper.state == "off"
    keeper.want(wanted=True)
    assert keeper.state == "up"
    gateway = Gateway(port)
    pause, deadline = threading.Event(), time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.1)
            asking.connect(("127.0.0.1", port))
            try:
                asking.send(b"1 " + encode({"command": "ping"}))
                assert decode(asking.recv(100)[2:]) == {"result": "pong"}
                break
            except OSError:
                pause.wait(0.05)
    yield gateway
    gateway.close()
    keeper.stop()
    assert keeper.state == "off"


@pytest.fixture
def switch(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[T38Switch]:
    switch = T38Switch(gateway, f"{request.node.name}@test")
    yield switch
    switch.close()


def comes(switch: T38Switch, sdp: str, status: int = 0, method: str = "INVITE") -> str:
    return switch.rewrite(outgoing=False, method=method, status=status, sdp=sdp)


def leaves(switch: T38Switch, sdp: str, status: int = 0, method: str = "INVITE") -> str:
    return switch.rewrite(outgoing=True, method=method, status=status, sdp=sdp)


def test_a_call_that_stays_with_sound_is_left_alone(switch: T38Switch) -> None:
    assert leaves(switch, AUDIO) == AUDIO
    assert comes(switch, AUDIO, 183) == AUDIO
    assert comes(switch, AUDIO, 200) == AUDIO
    assert comes(switch, AUDIO, method="UPDATE") == AUDIO
    assert leaves(switch, AUDIO, 200, method="UPDATE") == AUDIO
    assert not switch.going


def test_the_provider_changes_to_t38_refreshes_and_goes_back(switch: T38Switch) -> None:
    offer = comes(switch, IMAGE)
    assert "m=audio" in offer
    assert "c=IN IP4 127.0.0.1" in offer
    answer = leaves(switch, AUDIO, 200)
    assert wants_image(answer)
    assert switch.going
    # Who refreshes the session sees no change.
    assert comes(switch, IMAGE).split(" RTP/AVP")[0] == offer.split(" RTP/AVP")[0]
    assert leaves(switch, AUDIO, 200) == answer
    assert wants_image(leaves(switch, AUDIO, method="UPDATE"))
    assert "m=audio" in comes(switch, IMAGE, 200, method="UPDATE")
    assert comes(switch, AUDIO) == AUDIO
    assert leaves(switch, AUDIO, 200) == AUDIO
    assert not switch.going


def test_a_refresh_without_an_offer_gets_ours(switch: T38Switch) -> None:
    comes(switch, IMAGE)
    leaves(switch, AUDIO, 200)
    assert wants_image(leaves(switch, AUDIO, 200))
    assert "m=audio" in comes(switch, IMAGE, method="ACK")
    assert switch.going


def test_we_change_to_t38(switch: T38Switch) -> None:
    switch.wanted = True
    assert wants_image(leaves(switch, AUDIO))
    first = comes(switch, IMAGE, 200)
    assert "m=audio" in first
    assert switch.going
    assert comes(switch, IMAGE, 200) == first  # sent again


@pytest.mark.parametrize("how", ["refused", "answered with sound", "answered with nothing"])
def test_the_provider_does_not_want_t38(switch: T38Switch, how: str) -> None:
    comes(switch, AUDIO)
    leaves(switch, AUDIO, 200)
    switch.wanted = True
    assert wants_image(leaves(switch, AUDIO))
    if how == "refused":
        switch.give_up()
    else:
        answered = comes(switch, NO_IMAGE if how.endswith("nothing") else AUDIO, 200)
        assert answered == AUDIO
    assert (switch.refused, switch.going) == (True, False)
    assert leaves(switch, AUDIO) == AUDIO


def test_without_a_gateway_descriptions_stay_as_they_are() -> None:
    switch = T38Switch(Gateway(free_port()), "x")
    assert comes(switch, IMAGE) == IMAGE  # PJSIP refuses it
    switch.wanted = True
    assert leaves(switch, AUDIO) == AUDIO
    assert not switch.going
    switch.close()


def test_a_gateway_that_hangs_is_waited_for_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        gateway = Gateway(mute.getsockname()[1])
        switch = T38Switch(gateway, "x")
        assert comes(switch, IMAGE) == IMAGE
        assert mute.recv(2000)
        mute.setblocking(False)
        assert comes(switch, IMAGE) == IMAGE
        with pytest.raises(BlockingIOError):
            mute.recv(2000)
        gateway.close()


def test_a_refusal_of_the_gateway_is_told(gateway: Gateway) -> None:
    with pytest.raises(DeviceUnavailable) as refused:
        gateway.offer("y", Side.CORE, "nonsense", "force")
    assert refused.value.error_id == "t38.refused"


def test_our_address_for_the_gateway_is_loopback() -> None:
    assert "192.0.2.7" not in at_loopback(AUDIO)
    assert at_loopback(AUDIO.replace("IP4 192.0.2.7", "IP6 2001:db8::7")) == at_loopback(AUDIO)


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.integers(0, 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=9), VALUES, max_size=5))
def test_what_is_encoded_can_be_decoded(value: dict[str, Value]) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=40))
def test_answers_that_are_nonsense_are_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode(b"d" + data)
