"""What a provider gone mad sends: used to prove that nothing of ours trips over it. Pure."""

from appliance.provider.message import Message, response


def reply(request: Message, turn: int) -> bytes:
    """Garbage in answer to a request; each turn is of another kind."""
    good = response(request, 200, "OK", to_tag="mad")
    plain = good.encode()
    kinds = (
        bytes(range(256)) * 3,
        b"",
        b"SIP/2.0 999 Perhaps\r\n\r\n",
        plain[: len(plain) // 2],
        plain.replace(b"CSeq: ", b"CSeq: x"),
        plain.replace(request.get("Call-ID").encode(), b"somebody-else"),
        good.with_headers(("X-Long", "a" * 20000)).encode(),
        response(request, 200, "OK\x00\x01", to_tag="\u00fc").encode(),
        plain.replace(b"Content-Length: 0", b"Content-Length: 99999999999"),
        good.with_headers(("Contact", "<<<sip:@@@>>>"), ("Content-Type", "application/sdp")).encode()
        + b"v=9",
        b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 256.0.0.1;branch=\r\n\r\n",
        b"\r\n" * 500,
    )
    return kinds[turn % len(kinds)]
