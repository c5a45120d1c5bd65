"""The little we read of SDP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sip.sdp import g711_only, offers_any

OURS = frozenset({"opus", "g722", "pcma", "pcmu"})


@pytest.mark.parametrize(
    ("sdp", "usable"),
    [
        ("m=audio 4000 RTP/AVP 8\r\n", True),
        ("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 Opus/48000/2\r\n", True),
        ("m=audio 4000 RTP/AVP 18 101\r\na=rtpmap:101 telephone-event/8000\r\n", False),
        ("m=audio 0 RTP/AVP 8\r\n", False),
        ("m=video 4000 RTP/AVP 8\r\n", False),
        ("m=video 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/8000\r\nm=audio 1 RTP/AVP 18\r\n", False),
        ("m=audio\r\n", False),
        ("", False),
    ],
)
def test_a_codec_of_ours(sdp: str, usable: bool) -> None:
    assert offers_any(sdp, OURS) is usable


@given(st.text())
def test_any_text(text: str) -> None:
    offers_any(f"m=audio 1 RTP/AVP {text}", OURS)
    offers_any(text, OURS)


def test_a_fax_leaves_nothing_but_g711() -> None:
    offer = (
        "v=0\r\nm=audio 4000 RTP/AVP 96 9 8 0 101\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:96 opus/48000/2\r\n"
        "a=fmtp:96 useinbandfec=1\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        "a=sendrecv\r\n"
    )
    assert g711_only(offer) == (
        "v=0\r\nm=audio 4000 RTP/AVP 8 0\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )
    other = "v=0\r\nm=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"
    assert g711_only(other) == other


@given(st.text())
def test_any_text_for_a_fax(text: str) -> None:
    g711_only(text)
