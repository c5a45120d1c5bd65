"""A dialog's bookkeeping (RFC 3261 §12): tags, counters, route set. No I/O."""

from dataclasses import dataclass

from appliance.provider.message import Message, parameter, split_list, uri_of


@dataclass(slots=True, kw_only=True)
class Dialog:
    """One side's view. ``local`` and ``remote`` are whole From/To values with their tags."""

    call_id: str
    local: str
    remote: str
    target: str
    """The other side's Contact URI: where our requests are addressed to."""
    route: tuple[str, ...] = ()
    sequence: int = 0
    remote_sequence: int = 0

    @property
    def local_tag(self) -> str:
        """Names the dialog on our side."""
        return parameter(self.local, "tag")

    def request(self, method: str, *more: tuple[str, str], sequence: int = 0, body: bytes = b"") -> Message:
        """A request within the dialog, without Via; its CSeq is the next unless given (ACK)."""
        if not sequence:
            self.sequence += 1
            sequence = self.sequence
        headers = [("Max-Forwards", "70"), ("From", self.local), ("To", self.remote)]
        headers += [("Call-ID", self.call_id), ("CSeq", f"{sequence} {method}")]
        headers += [("Route", value) for value in self.route]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Message(method=method, uri=self.target, headers=(*headers, *more), body=body)

    def learn(self, answer: Message) -> None:
        """Take tag, target and route from a response to our INVITE."""
        if parameter(answer.get("To"), "tag"):
            self.remote = answer.get("To")
        if answer.get("Contact"):
            self.target = uri_of(answer.get("Contact"))
        self.route = tuple(reversed(_routes(answer)))


def from_invite(invite: Message, tag: str) -> Dialog:
    """The called side's view of a new dialog."""
    return Dialog(
        call_id=invite.get("Call-ID"),
        local=f"{invite.get('To')};tag={tag}",
        remote=invite.get("From"),
        target=uri_of(invite.get("Contact")) or uri_of(invite.get("From")),
        route=tuple(_routes(invite)),
        remote_sequence=invite.cseq[0],
    )


def _routes(message: Message) -> list[str]:
    return [one for value in message.all("Record-Route") for one in split_list(value)]
