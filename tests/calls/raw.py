"""Peers that say exactly what a test wants, message by message, through the whole box; they send no audio."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.box import SECRET, Box
from tests.support.sip import Message, SipClient, new_branch

SDP_TYPE = ("Content-Type", "application/sdp")


def sdp(
    port: int = 40000,
    *,
    flow: str = "sendrecv",
    payloads: tuple[tuple[int, str], ...] = ((8, "PCMA/8000"), (101, "telephone-event/8000")),
    version: int = 1,
    profile: str = "RTP/AVP",
    more: tuple[str, ...] = (),
) -> bytes:
    """A session description with one audio stream."""
    lines = [
        "v=0",
        f"o=raw 1 {version} IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} {profile} {' '.join(str(number) for number, _ in payloads)}",
        *(f"a=rtpmap:{number} {name}" for number, name in payloads),
        f"a={flow}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def raw_phone(box: Box, user: str, *, register: bool = False, timeout_s: float = 20) -> SipClient:
    """A phone of the office on a bare socket; a context manager."""
    client = SipClient(
        server=("127.0.0.1", box.ports["sip_port"]),
        user=user,
        password=SECRET.format(user),
        timeout_s=timeout_s,
    )
    if register:
        answer = client.register()
        assert answer.status == 200, answer.start
    return client


def invite(
    client: SipClient,
    number: str,
    *,
    body: bytes | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Message:
    """Send an INVITE for a number past the digest; returns the one that passed, its answers still to come."""
    call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
    content = sdp() if body is None else body
    given = list(headers)
    if content:
        given.append(SDP_TYPE)

    def build(more: list[tuple[str, str]]) -> Message:
        return client.request(
            "INVITE",
            f"sip:{number}@{client.realm}",
            from_=f"<sip:{client.user}@{client.realm}>;tag={tag}",
            call_id=call_id,
            headers=[*given, *more],
            body=content,
        )

    first = build([])
    client.send(first)
    challenge = client.wait_response(first)
    assert challenge.status == 407, challenge.start
    client.ack(first, challenge)
    second = build([client.credentials(first, challenge)])
    client.send(second)
    return second


def cancel(client: SipClient, request: Message) -> Message:
    """Send the CANCEL of an INVITE (RFC 3261 §9.1)."""
    kept = {"via", "from", "to", "call-id", "max-forwards"}
    headers = [pair for pair in request.headers if pair[0] in kept]
    headers.append(("cseq", f"{request.get('cseq').split()[0]} CANCEL"))
    message = Message(start=f"CANCEL {request.uri} SIP/2.0", headers=headers)
    client.send(message)
    return message


@dataclass(slots=True)
class Dialog:
    """An established call of a raw peer, seen from that peer."""

    client: SipClient
    invite: Message
    answer: Message
    called: bool
    """The box called this peer."""

    def build(self, method: str, *, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> Message:
        """A request in this dialog, unsent."""
        within = self.client.in_dialog_as_callee if self.called else self.client.in_dialog
        return within(method, self.invite, self.answer, headers=headers, body=body)

    def ask(
        self,
        method: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Message:
        """Send a request in this dialog; its final answer, acknowledged if it was an INVITE."""
        request = self.build(method, headers=headers, body=body)
        self.client.send(request)
        answer = self.client.wait_response(request)
        if method == "INVITE":
            self.acknowledge(request, answer)
        return answer

    def acknowledge(self, request: Message, answer: Message) -> None:
        """ACK the answer to an INVITE of this dialog."""
        if answer.status >= 300:
            self.client.ack(request, answer)
            return
        ack = self.build("ACK")
        number = request.get("cseq").split()[0]
        ack.headers = [(name, f"{number} ACK" if name == "cseq" else value) for name, value in ack.headers]
        self.client.send(ack)

    def bye(self) -> None:
        """Hang up."""
        assert self.ask("BYE").status == 200

    def ended(self, timeout_s: float | None = None) -> Message:
        """Wait for the other side's BYE and answer it."""
        bye = self.client.wait(
            lambda message: (
                not message.is_response
                and message.method == "BYE"
                and message.get("call-id") == self.invite.get("call-id")
            ),
            timeout_s,
        )
        self.client.respond(bye, 200, "OK")
        return bye


def established(client: SipClient, request: Message) -> Dialog:
    """Wait until the called party answers this INVITE, acknowledge."""
    answer = client.wait_response(request)
    assert answer.status == 200, answer.start
    dialog = Dialog(client, request, answer, called=False)
    dialog.acknowledge(request, answer)
    return dialog


def call(
    client: SipClient,
    number: str,
    *,
    body: bytes | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Dialog:
    """Call a number that answers by itself."""
    return established(client, invite(client, number, body=body, headers=headers))


def accept(client: SipClient, body: bytes | None = None, tag: str = "") -> Dialog:
    """Wait for a call, ring, answer, wait for the ACK."""
    request = client.wait_request("INVITE")
    tag = tag or new_branch()[-8:]
    client.respond(request, 180, "Ringing", tag=tag)
    answer = client.respond(
        request, 200, "OK", tag=tag, headers=dict([SDP_TYPE]), body=sdp() if body is None else body
    )
    client.wait_request("ACK")
    return Dialog(client, request, answer, called=True)
