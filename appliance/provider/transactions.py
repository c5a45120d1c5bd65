"""Transactions (RFC 3261 §17): repeat until answered, answer repetitions alike."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.provider.message import Message, new_branch, response
from appliance.provider.transport import Path

T1 = 0.5
T2 = 4.0
LIFETIME = 64 * T1
_MAX_TRANSACTIONS = 5000

OnResponse = Callable[[Message], None]
OnTimeout = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class ServerTransaction:
    """A request from the other side and our last word on it."""

    request: Message
    path: Path
    last: Message | None = None
    resend: asyncio.TimerHandle | None = None
    acknowledged: bool = False


@dataclass(slots=True, kw_only=True)
class ClientTransaction:
    """A request of ours; ``on_response`` sees every response but repetitions of a final refusal."""

    request: Message
    path: Path
    on_response: OnResponse
    on_timeout: OnTimeout
    resend: asyncio.TimerHandle | None = None
    limit: asyncio.TimerHandle | None = None
    provisional: bool = False
    final: bool = False


@dataclass(slots=True)
class Transactions:
    """All transactions of the provider. ``via`` gives the sent-by of a path."""

    via: Callable[[Path], str]
    _servers: dict[tuple[str, str, str], ServerTransaction] = field(default_factory=dict)
    _invites: dict[tuple[str, int], ServerTransaction] = field(default_factory=dict)
    _clients: dict[tuple[str, str], ClientTransaction] = field(default_factory=dict)

    # Requests from the other side

    def accept(self, request: Message, path: Path) -> ServerTransaction | None:
        """Begin a transaction; None for a repetition (answered here) or when there are too many."""
        key = _server_key(request, request.method)
        known = self._servers.get(key)
        if known is not None:
            if known.last is not None:
                path.write(known.last.encode())
            return None
        if len(self._servers) >= _MAX_TRANSACTIONS:
            return None
        transaction = ServerTransaction(request=request, path=path)
        self._servers[key] = transaction
        if request.method == "INVITE":
            self._invites[request.get("Call-ID"), request.cseq[0]] = transaction
        else:
            asyncio.get_running_loop().call_later(LIFETIME, self._servers.pop, key, None)
        return transaction

    def of_cancel(self, cancel: Message) -> ServerTransaction | None:
        """The INVITE that a CANCEL means."""
        return self._servers.get(_server_key(cancel, "INVITE"))

    def respond(self, transaction: ServerTransaction, answer: Message) -> None:
        """Send a response; finals to INVITE are repeated until the ACK comes."""
        transaction.last = answer
        transaction.path.write(answer.encode())
        if transaction.request.method == "INVITE" and answer.status >= 200:
            key = _server_key(transaction.request, "INVITE")
            loop = asyncio.get_running_loop()
            loop.call_later(LIFETIME, self._drop, key)
            if not transaction.path.reliable or answer.status < 300:
                transaction.resend = loop.call_later(T1, self._repeat_answer, transaction, T1)

    def simple(self, transaction: ServerTransaction, status: int, reason: str) -> None:
        """Send a response without anything special."""
        tag = "" if status == 100 else "prov"
        self.respond(transaction, response(transaction.request, status, reason, to_tag=tag))

    def acknowledged(self, ack: Message) -> None:
        """Take an ACK: no more repetitions of what it acknowledges."""
        transaction = self._invites.get((ack.get("Call-ID"), ack.cseq[0]))
        if transaction is not None:
            transaction.acknowledged = True
            if transaction.resend is not None:
                transaction.resend.cancel()

    # Requests of ours

    def send(
        self, request: Message, path: Path, on_response: OnResponse, on_timeout: OnTimeout
    ) -> ClientTransaction:
        """Send a request without Via; a fresh one is put on top."""
        via = ("Via", f"SIP/2.0/{path.transport} {self.via(path)};branch={new_branch()};rport")
        full = Message(
            method=request.method, uri=request.uri, headers=(via, *request.headers), body=request.body
        )
        return self._begin(full, path, on_response, on_timeout)

    def cancel(self, invite: ClientTransaction) -> None:
        """Send the CANCEL of an INVITE (RFC 3261 §9.1); the INVITE's own final response still comes."""
        kept = [("Via", invite.request.get("Via")), ("Max-Forwards", "70")]
        kept += [(name, invite.request.get(name)) for name in ("From", "To", "Call-ID")]
        kept += [("Route", value) for value in invite.request.all("Route")]
        kept.append(("CSeq", f"{invite.request.cseq[0]} CANCEL"))
        request = Message(method="CANCEL", uri=invite.request.uri, headers=tuple(kept))
        self._begin(request, invite.path, lambda _: None, lambda: None)

    def answered(self, message: Message) -> None:
        """Take a response."""
        client = self._clients.get((message.branch, message.cseq[1]))
        if client is None:
            return
        invite = client.request.method == "INVITE"
        if message.status < 200:
            client.provisional = True
            if invite and client.limit is not None:
                client.limit.cancel()
        elif invite and message.status >= 300:
            self._acknowledge_refusal(client, message)
        if client.final and message.status >= 300:
            return
        if message.status >= 200:
            client.final = True
            self._quiet(client)
            asyncio.get_running_loop().call_later(
                LIFETIME, self._clients.pop, (client.request.branch, client.request.method), None
            )
        client.on_response(message)

    def _begin(
        self, full: Message, path: Path, on_response: OnResponse, on_timeout: OnTimeout
    ) -> ClientTransaction:
        client = ClientTransaction(request=full, path=path, on_response=on_response, on_timeout=on_timeout)
        self._clients[full.branch, full.method] = client
        loop = asyncio.get_running_loop()
        path.write(full.encode())
        if not path.reliable:
            client.resend = loop.call_later(T1, self._repeat, client, T1)
        client.limit = loop.call_later(LIFETIME, self._timed_out, client)
        return client

    def _acknowledge_refusal(self, client: ClientTransaction, answer: Message) -> None:
        headers = [("Via", client.request.get("Via")), ("Max-Forwards", "70")]
        headers += [("From", client.request.get("From")), ("To", answer.get("To"))]
        headers += [("Call-ID", client.request.get("Call-ID"))]
        headers += [("Route", value) for value in client.request.all("Route")]
        headers += [("CSeq", f"{client.request.cseq[0]} ACK")]
        client.path.write(Message(method="ACK", uri=client.request.uri, headers=tuple(headers)).encode())

    def _repeat(self, client: ClientTransaction, after: float) -> None:
        if client.final or (client.provisional and client.request.method == "INVITE"):
            return
        client.path.write(client.request.encode())
        again = 2 * after if client.request.method == "INVITE" else min(2 * after, T2)
        client.resend = asyncio.get_running_loop().call_later(again, self._repeat, client, again)

    def _repeat_answer(self, transaction: ServerTransaction, after: float) -> None:
        if transaction.acknowledged or transaction.last is None:
            return
        transaction.path.write(transaction.last.encode())
        again = min(2 * after, T2)
        transaction.resend = asyncio.get_running_loop().call_later(
            again, self._repeat_answer, transaction, again
        )

    def _timed_out(self, client: ClientTransaction) -> None:
        self._quiet(client)
        self._clients.pop((client.request.branch, client.request.method), None)
        if not client.final:
            client.on_timeout()

    def _drop(self, key: tuple[str, str, str]) -> None:
        gone = self._servers.pop(key, None)
        if gone is None:
            return
        if gone.resend is not None:
            gone.resend.cancel()
        mark = (gone.request.get("Call-ID"), gone.request.cseq[0])
        if self._invites.get(mark) is gone:
            del self._invites[mark]

    @staticmethod
    def _quiet(client: ClientTransaction) -> None:
        for timer in (client.resend, client.limit):
            if timer is not None:
                timer.cancel()


def _server_key(request: Message, method: str) -> tuple[str, str, str]:
    return (request.branch or request.get("Call-ID") + request.get("CSeq"), request.get("Call-ID"), method)
