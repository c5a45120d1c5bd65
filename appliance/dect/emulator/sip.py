"""The SIP side of a DECT system: one socket, an account for each handset. On an asyncio loop.

Dialogs and sound are the emulated provider's; here is what a phone does more: it registers, proves who it is,
subscribes to messages, and rings until somebody lifts the handset.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from appliance.dect.emulator import digest
from appliance.phone import identity
from appliance.provider import dialog as dialogs
from appliance.provider.call import ALLOW, OutsideCall, Surroundings, to_tag
from appliance.provider.message import Message, SipSyntaxError, new_tag, parse, response
from appliance.provider.numbers import Conduct
from appliance.provider.transactions import ServerTransaction, Transactions
from appliance.provider.transport import Listener, Path

EXPIRES_S = 120
RETRY_S = 2.0
_RINGS_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SipAccount:
    """Who a handset is at the registrar."""

    username: str
    secret: str
    registrar: str
    port: int
    display: str = ""


class HandsetCall(OutsideCall):
    """A call of a handset: incoming ones ring until :meth:`lift`, outgoing ones prove who calls."""

    account: SipAccount
    tone_hz: int = 0
    auto_answer: bool = False
    """The caller wants it answered without anybody's doing (paging)."""

    def prepare(self, account: SipAccount, tone_hz: int) -> None:
        """Before anything else."""
        self.account, self.tone_hz = account, tone_hz
        self.lifted = asyncio.Event()
        self._proven = False

    def lift(self) -> None:
        """The user takes the call."""
        self.lifted.set()

    async def _behave(self, conduct: Conduct) -> None:
        self._ring(early=False)
        try:
            await asyncio.wait_for(self.lifted.wait(), _RINGS_S)
        except TimeoutError:
            self._refuse(480)
            return
        self.stream.say_tone(self.tone_hz)
        self._answer()

    def press(self, digits: str) -> None:
        """Keys within the call."""
        self.stream.say_digits(digits)

    def speak(self, hertz: int) -> None:
        """Say another tone."""
        self.tone_hz = hertz
        self.stream.say_tone(hertz)

    def reject(self, status: int) -> None:
        """The user or the system does not take it."""
        self._refuse(status)

    def _on_answer(self, answer: Message) -> None:
        challenge = answer.get("Proxy-Authenticate") or answer.get("WWW-Authenticate")
        if answer.status in (401, 407) and challenge and not self._proven and not self._giving_up:
            self._proven = True
            name = "Proxy-Authorization" if answer.status == 407 else "Authorization"
            proof = digest.answer(
                challenge,
                method="INVITE",
                uri=self.dialog.target,
                username=self.account.username,
                secret=self.account.secret,
            )
            self._version -= 1
            request = self.dialog.request(
                "INVITE",
                ("Contact", self._contact()),
                ("Allow", ALLOW),
                (name, proof),
                body=self._description(),
            )
            self._own_invite = self._around.transactions.send(
                request, self.path, self._on_answer, lambda: self._finish(408, "no answer", by_remote=True)
            )
            return
        super()._on_answer(answer)


class SipPhones:
    """All accounts behind one address. ``incoming`` decides about a call: None: ring, else a SIP status."""

    def __init__(
        self,
        host: str,
        *,
        agent: str,
        incoming: Callable[[str, HandsetCall], int | None],
        event: Callable[[str, Any], None],
        notified: Callable[[], None] = lambda: None,
        port: int = 0,
    ) -> None:
        """``event`` is told what happens to an account; ``notified``: files are to be fetched again."""
        self.host = host
        self._agent = agent
        self._incoming = incoming
        self._event = event
        self._told = notified
        self._accounts: dict[str, SipAccount] = {}
        self._registering: dict[str, asyncio.Task[None]] = {}
        self.registered: dict[str, bool] = {}
        self.messages: dict[str, int] = {}
        self._calls: dict[int, HandsetCall] = {}
        self._count = 0
        self._sequence = secrets.randbelow(1000)
        self._mark = secrets.token_hex(
            6
        )  # never that of an earlier start: a registrar would take us for late
        self._listener = Listener(host, port, self._received)
        self._transactions = Transactions(via=lambda _path: f"{host}:{self._listener.port}")

    @property
    def port(self) -> int:
        """Where it hears SIP."""
        return self._listener.port

    async def open(self) -> None:
        """Raises DeviceUnavailable."""
        await self._listener.open()

    async def close(self, *, politely: bool = True) -> None:
        """End it; without a word if not politely, as when the power goes."""
        for username in list(self._accounts):
            self.remove(username, politely=politely)
        for call in list(self._calls.values()):
            if politely:
                call.hang_up()
            else:
                call.stream.close()
        if politely:
            await asyncio.sleep(0.05)
        await self._listener.close()

    def put(self, account: SipAccount) -> None:
        """Register with this account from now on."""
        if self._accounts.get(account.username) == account:
            return
        self.remove(account.username)
        self._accounts[account.username] = account
        self._registering[account.username] = asyncio.get_running_loop().create_task(self._keep(account))

    def remove(self, username: str, *, politely: bool = True) -> None:
        """No more."""
        account = self._accounts.pop(username, None)
        task = self._registering.pop(username, None)
        if task is not None:
            task.cancel()
        if account is not None and politely and self.registered.get(username):
            self._ask(account, self._register(account, 0), lambda _answer: None)
        self.registered.pop(username, None)

    def accounts(self) -> tuple[SipAccount, ...]:
        """Those in use."""
        return tuple(self._accounts.values())

    # --- registering

    async def _keep(self, account: SipAccount) -> None:
        while True:
            answered: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

            def done(answer: Message | None, waiting: asyncio.Future[Message | None] = answered) -> None:
                if not waiting.done():
                    waiting.set_result(answer)

            self._ask(account, self._register(account, EXPIRES_S), done)
            answer = await answered
            good = answer is not None and answer.status == 200
            if good and not self.registered.get(account.username):
                self._subscribe(account)
            if self.registered.get(account.username) != good:
                self.registered[account.username] = good
                self._event(account.username, "registered" if good else "refused")
            await asyncio.sleep(EXPIRES_S * 0.7 if good else RETRY_S)

    def _register(self, account: SipAccount, expires: int) -> Message:
        contact = f"<sip:{account.username}@{self.host}:{self.port}>;expires={expires}"
        home = f"sip:{_bracketed(account.registrar)}:{account.port}"
        return self._request(account, "REGISTER", home, ("Contact", contact), ("Expires", str(expires)))

    def _subscribe(self, account: SipAccount) -> None:
        home = f"sip:{account.username}@{_bracketed(account.registrar)}:{account.port}"
        more = (
            ("Contact", f"<sip:{account.username}@{self.host}:{self.port}>"),
            ("Event", "message-summary"),
            ("Accept", "application/simple-message-summary"),
            ("Expires", "3600"),
        )
        self._ask(account, self._request(account, "SUBSCRIBE", home, *more), lambda _answer: None)

    def _request(self, account: SipAccount, method: str, uri: str, *more: tuple[str, str]) -> Message:
        self._sequence += 1
        own = f"<sip:{account.username}@{_bracketed(account.registrar)}>"
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"{own};tag={new_tag()}"),
            ("To", own),
            ("Call-ID", f"{method.lower()}-{account.username}-{self._mark}@{self.host}"),
            ("CSeq", f"{self._sequence} {method}"),
            ("User-Agent", self._agent),
            *more,
        )
        return Message(method=method, uri=uri, headers=headers)

    def _ask(
        self,
        account: SipAccount,
        request: Message,
        done: Callable[[Message | None], None],
        *,
        again: bool = True,
    ) -> None:
        """Send it, prove who we are when asked, give the last answer (None: there was none)."""
        path = self._listener.path_to(account.registrar, account.port)

        def answered(answer: Message) -> None:
            challenge = answer.get("WWW-Authenticate") or answer.get("Proxy-Authenticate")
            if answer.status < 200:
                return
            if answer.status in (401, 407) and challenge and again:
                self._sequence += 1
                name = "Authorization" if answer.status == 401 else "Proxy-Authorization"
                proof = digest.answer(
                    challenge,
                    method=request.method,
                    uri=request.uri,
                    username=account.username,
                    secret=account.secret,
                )
                kept = tuple(one for one in request.headers if one[0] != "CSeq")
                second = Message(
                    method=request.method,
                    uri=request.uri,
                    headers=(*kept, ("CSeq", f"{self._sequence} {request.method}"), (name, proof)),
                )
                self._ask(account, second, done, again=False)
                return
            done(answer)

        self._transactions.send(request, path, answered, lambda: done(None))

    # --- calls

    def call(self, username: str, number: str, *, tone_hz: int) -> HandsetCall | None:
        """Call a number; None when there is no such account."""
        account = self._accounts.get(username)
        if account is None:
            return None
        home = f"{_bracketed(account.registrar)}:{account.port}"
        uri = f"sip:{number.replace('#', '%23')}@{home}"
        dialog = dialogs.Dialog(
            call_id=f"{secrets.token_hex(10)}@{self.host}",
            local=f'"{account.display}" <sip:{username}@{home}>;tag={new_tag()}',
            remote=f"<{uri}>",
            target=uri,
            sequence=secrets.randbelow(10000) + 1,
        )
        call = self._new_call(
            account, self._listener.path_to(account.registrar, account.port), dialog, tone_hz
        )
        call.party = number
        call.stream.say_tone(tone_hz)
        call.invite()
        return call

    def _new_call(self, account: SipAccount, path: Path, dialog: dialogs.Dialog, tone_hz: int) -> HandsetCall:
        self._count += 1
        around = Surroundings(
            host=self.host,
            port=self.port,
            tone_hz=tone_hz,
            transactions=self._transactions,
            emit=lambda event: self._event(account.username, event),
            over=self._over,
            contact=account.username,
        )
        call = HandsetCall(around, self._count, path, dialog)
        call.prepare(account, tone_hz)
        self._calls[call.number] = call
        return call

    def _over(self, call: OutsideCall) -> None:
        self._calls.pop(call.number, None)

    # --- messages

    def _received(self, data: bytes, path: Path) -> None:
        try:
            message = parse(data)
        except SipSyntaxError:
            return
        if not message.is_request:
            self._transactions.answered(message)
            return
        if message.method == "ACK":
            self._transactions.acknowledged(message)
            call = self._of_dialog(message)
            if call is not None:
                call.acknowledged(message)
            return
        transaction = self._transactions.accept(message, path)
        if transaction is not None:
            self._asked(transaction)

    def _asked(self, transaction: ServerTransaction) -> None:
        message = transaction.request
        if message.method == "CANCEL":
            self._transactions.simple(transaction, 200, "OK")
            for call in list(self._calls.values()):
                if call.dialog.call_id == message.get("Call-ID"):
                    call.cancelled()
        elif message.method == "NOTIFY":
            self._notified(message)
            self._transactions.simple(transaction, 200, "OK")
        elif to_tag(message):
            found = self._of_dialog(message)
            if found is None:
                self._transactions.simple(transaction, 481, "Call/Transaction Does Not Exist")
            else:
                found.request(transaction)
        elif message.method == "INVITE":
            self._invited(transaction)
        else:
            answer = response(message, 200, "OK", to_tag=new_tag()).with_headers(("Allow", ALLOW))
            self._transactions.respond(transaction, answer)

    def _invited(self, transaction: ServerTransaction) -> None:
        message = transaction.request
        called = identity.request_user(message.encode().decode())
        account = self._accounts.get(called)
        if account is None:
            self._transactions.simple(transaction, 404, "Not Found")
            return
        call = self._new_call(account, transaction.path, dialogs.from_invite(message, new_tag()), 0)
        found = identity.headers(message.encode().decode())
        call.party, call.display = identity.address(found.get("P-Asserted-Identity") or found.get("From", ""))
        call.auto_answer = "answer-after=0" in message.get("Call-Info")
        refusal = self._incoming(called, call)
        call.take(transaction, Conduct(answer_after=None))
        if refusal is not None:
            call.reject(refusal)

    def _notified(self, message: Message) -> None:
        if message.get("Event").startswith("check-sync"):
            self._told()
            return
        user = identity.address(message.get("To"))[0]
        found = re.search(rb"(?im)^voice-message:\s*(\d+)/", message.body)
        if found:
            self.messages[user] = int(found[1])
            self._event(user, "messages")

    def _of_dialog(self, message: Message) -> HandsetCall | None:
        call_id, tag = message.get("Call-ID"), to_tag(message)
        for call in self._calls.values():
            if call.dialog.call_id == call_id and call.dialog.local_tag == tag:
                return call
        return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
