"""The provider: sorts messages to registrar and calls, and does what commands say."""

import asyncio
import pathlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from appliance.errors import ConfigError, OrtsamtError
from appliance.phone import events as phone
from appliance.phone import identity
from appliance.provider import commands, events, nonsense
from appliance.provider import dialog as dialogs
from appliance.provider.call import ALLOW, OutsideCall, State, Surroundings, to_tag
from appliance.provider.commands import Mode
from appliance.provider.digest import Challenger
from appliance.provider.message import Message, SipSyntaxError, new_tag, parse, response
from appliance.provider.numbers import Conduct, conduct_of
from appliance.provider.registrar import Account, Registrar
from appliance.provider.transactions import ServerTransaction, Transactions
from appliance.provider.transport import Listener, Path

_MAX_CALLS = 300
_STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Where it listens, whom it serves, how its subscribers sound."""

    listen: str = "127.0.0.1"
    port: int = 0
    realm: str = "provider.example"
    accounts: tuple[Account, ...] = ()
    tone_hz: int = 1000
    answer_after: float = 1.0
    mode: Mode = Mode.NORMAL


class Provider:
    """A registrar and the whole telephone network behind it. Lives on one asyncio loop."""

    def __init__(self, settings: ProviderSettings, emit: Callable[[events.Event], None]) -> None:
        self._settings = settings
        self._emit = emit
        self._mode = settings.mode
        self._turn = 0
        self._registrar = Registrar(settings.accounts, Challenger(realm=settings.realm))
        self._listener = Listener(settings.listen, settings.port, self._received)
        self._transactions = Transactions(via=lambda _: f"{settings.listen}:{self._listener.port}")
        self._calls: dict[int, OutsideCall] = {}
        self._last_call = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Open the ports; raises DeviceUnavailable."""
        await self._listener.open()
        self._emit(phone.Ready(address=f"{self._settings.listen}:{self._listener.port}", transport="udp,tcp"))

    async def stop(self) -> None:
        """End all calls and close."""
        for call in list(self._calls.values()):
            call.hang_up()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _STOP_SECONDS)
        await self._listener.close()

    def perform(self, command: commands.Command) -> None:
        """Carry a command out; what cannot be done comes back as Failed."""
        try:
            self._perform(command)
        except OrtsamtError as error:
            name = type(command).__name__.lower()
            self._emit(phone.Failed(command=name, message=error.message, hint=error.hint))

    def _perform(self, command: commands.Command) -> None:
        match command:
            case commands.Call():
                self._call(command)
            case commands.Hangup():
                self._current(command.call).hang_up()
            case commands.Hold():
                self._current(command.call).hold(True)
            case commands.Resume():
                self._current(command.call).hold(False)
            case commands.Refresh():
                self._current(command.call).refresh(command.by)
            case commands.Tone():
                if not 0 <= command.hz < 4000:
                    raise ConfigError(f"a tone of {command.hz} Hz is not possible", hint="0 to 3999")
                self._current(command.call).stream.say_tone(command.hz)
            case commands.Echo():
                self._current(command.call).stream.say_echo()
            case commands.Digits():
                digits = command.digits.upper()
                if not digits or set(digits) - set("0123456789*#ABCD"):
                    raise ConfigError(f"'{command.digits}' cannot be sent", hint="0-9 * # A-D")
                self._current(command.call).stream.say_digits(digits)
            case commands.Behave():
                self._mode = command.mode
                self._emit(self._status())
            case commands.Forget():
                for account in self._registrar.accounts.values():
                    account.contact, account.path, account.expires_at = "", None, 0.0
                self._emit(self._status())
            case commands.Status():
                self._emit(self._status())
            case commands.Help() | commands.Quit():
                pass  # the front's business

    # Messages

    def _received(self, data: bytes, path: Path) -> None:
        try:
            message = parse(data)
        except SipSyntaxError:
            return  # keep-alives and noise
        if not message.is_request:
            self._transactions.answered(message)
            return
        if self._mode in (Mode.DEAD, Mode.NONSENSE):
            if self._mode is Mode.NONSENSE:
                path.write(nonsense.reply(message, self._turn))
                self._turn += 1
            self._emit(events.Refused(method=message.method, account="", status=0, why=self._mode.value))
            return
        if message.method == "ACK":
            self._acknowledged(message)
            return
        transaction = self._transactions.accept(message, path)
        if transaction is not None:
            self._request(transaction)

    def _request(self, transaction: ServerTransaction) -> None:
        message = transaction.request
        if message.method == "CANCEL":
            self._cancel(transaction)
        elif to_tag(message):
            call = self._of_dialog(message)
            if call is None:
                self._transactions.simple(transaction, 481, "Call/Transaction Does Not Exist")
            else:
                call.request(transaction)
        elif self._mode is Mode.OVERLOADED:
            self._refuse(transaction, 503, "Service Unavailable", ("Retry-After", "5"))
        elif self._mode is Mode.FORBIDDEN:
            self._refuse(transaction, 403, "Forbidden")
        elif message.method == "REGISTER":
            self._register(transaction)
        elif message.method == "INVITE":
            self._invited(transaction)
        elif message.method == "OPTIONS":
            answer = response(message, 200, "OK", to_tag=new_tag()).with_headers(("Allow", ALLOW))
            self._transactions.respond(transaction, answer)
        else:
            self._refuse(transaction, 405, "Method Not Allowed", ("Allow", ALLOW))

    def _refuse(
        self, transaction: ServerTransaction, status: int, reason: str, *more: tuple[str, str]
    ) -> None:
        answer = response(transaction.request, status, reason, to_tag=new_tag())
        self._transactions.respond(transaction, answer.with_headers(*more))

    def _identified(self, transaction: ServerTransaction) -> Account | None:
        """Who asks; when that is not proven the request has been answered."""
        message = transaction.request
        verdict = self._registrar.identify(message, transaction.path, _now())
        if verdict.account is not None:
            return verdict.account
        if verdict.challenge:
            name = "WWW-Authenticate" if verdict.status == 401 else "Proxy-Authenticate"
            reason = "Unauthorized" if verdict.status == 401 else "Proxy Authentication Required"
            self._refuse(transaction, verdict.status, reason, (name, verdict.challenge))
        else:
            self._refuse(transaction, verdict.status, "Forbidden")
            self._emit(
                events.Refused(
                    method=message.method, account=verdict.claimed, status=verdict.status, why=verdict.why
                )
            )
        return None

    def _register(self, transaction: ServerTransaction) -> None:
        account = self._identified(transaction)
        if account is None:
            return
        granted = self._registrar.bind(account, transaction.request, transaction.path, _now())
        answer = response(transaction.request, 200, "OK", to_tag=new_tag())
        if account.contact:
            left = round(account.expires_at - _now())
            answer = answer.with_headers(("Contact", f"<{account.contact}>;expires={left}"))
        self._transactions.respond(transaction, answer)
        if granted:
            self._emit(events.Registered(account=account.name, contact=account.contact, expires=granted))
        elif granted == 0:
            self._emit(events.Unregistered(account=account.name))

    def _invited(self, transaction: ServerTransaction) -> None:
        message = transaction.request
        called = identity.request_user(message.encode().decode())
        conduct = self._conduct(called)
        if conduct.dead:
            return
        account = self._identified(transaction)
        if account is None:
            return
        if message.get("Require"):
            self._refuse(transaction, 420, "Bad Extension", ("Unsupported", message.get("Require")))
            return
        if len(self._calls) >= _MAX_CALLS:
            self._refuse(transaction, 503, "Service Unavailable", ("Retry-After", "5"))
            return
        call = self._new_call(transaction.path, dialogs.from_invite(message, new_tag()))
        found = identity.headers(message.encode().decode())
        call.party, call.display = called, ""
        number, display = identity.address(found.get("P-Asserted-Identity") or found.get("From", ""))
        self._emit(
            events.Incoming(
                call=call.number,
                account=account.name,
                called=called,
                number=number,
                display=display,
                conduct=conduct.what,
                headers=found,
            )
        )
        call.take(transaction, conduct)

    def _conduct(self, called: str) -> Conduct:
        conduct = conduct_of(called)
        usual = Conduct()
        if conduct == usual:
            after = self._settings.answer_after
            return Conduct(answer_after=after, ring_after=min(usual.ring_after, after / 2))
        return conduct

    def _cancel(self, transaction: ServerTransaction) -> None:
        invite = self._transactions.of_cancel(transaction.request)
        if invite is None:
            self._transactions.simple(transaction, 481, "Call/Transaction Does Not Exist")
            return
        self._transactions.simple(transaction, 200, "OK")
        for call in list(self._calls.values()):
            if call.dialog.call_id == transaction.request.get("Call-ID"):
                call.cancelled()

    def _acknowledged(self, ack: Message) -> None:
        self._transactions.acknowledged(ack)
        call = self._of_dialog(ack)
        if call is not None:
            call.acknowledged(ack)

    def _of_dialog(self, message: Message) -> OutsideCall | None:
        call_id, tag = message.get("Call-ID"), to_tag(message)
        for call in self._calls.values():
            if call.dialog.call_id == call_id and call.dialog.local_tag == tag:
                return call
        return None

    # Calls

    def _call(self, command: commands.Call) -> None:
        account = self._registrar.account_of(command.number, command.account)
        if account is None:
            raise ConfigError(f"there is no account '{command.account}'", error_id="provider.account")
        if account.peer is not None:
            path = self._listener.path_to(*account.peer)
            contact = f"sip:{command.number}@{account.peer[0]}:{account.peer[1]}"
        elif account.path is not None and account.registered(_now()):
            path, contact = account.path, account.contact
        else:
            raise ConfigError(f"account {account.name} is not registered", error_id="provider.unregistered")
        host = self._settings.listen
        home = f"{host}:{self._listener.port}"
        caller = f"<sip:{command.caller}@{home};user=phone>"
        shown = f'"{command.name}" {caller}' if command.name else caller
        headers = [_split(text) for text in command.headers]
        if command.withheld:
            shown = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            headers.append(("Privacy", "id"))
        else:
            headers.append(("P-Asserted-Identity", shown))
        dialog = dialogs.Dialog(
            call_id=f"{secrets.token_hex(10)}@{host}",
            local=f"{shown};tag={new_tag()}",
            remote=f"<sip:{command.number}@{home};user=phone>",
            target=_addressed(contact, command.number),
            sequence=secrets.randbelow(10000) + 1,
        )
        call = self._new_call(path, dialog)
        call.party = command.number
        call.stream.jitter = min(max(command.jitter, 0), 19) / 1000
        if command.fax:
            call.be_fax(pathlib.Path(command.fax), t38=command.t38, loss=command.loss)
        else:
            call.stream.loss = command.loss / 100
        self._emit(phone.Calling(call=call.number, number=command.number))
        call.invite(*headers)

    def _new_call(self, path: Path, dialog: dialogs.Dialog) -> OutsideCall:
        self._last_call += 1
        around = Surroundings(
            host=self._settings.listen,
            port=self._listener.port,
            tone_hz=self._settings.tone_hz,
            transactions=self._transactions,
            emit=self._emit,
            over=self._over,
        )
        call = OutsideCall(around, self._last_call, path, dialog)
        self._calls[call.number] = call
        self._idle.clear()
        return call

    def _over(self, call: OutsideCall) -> None:
        self._calls.pop(call.number, None)
        if not self._calls:
            self._idle.set()

    def _current(self, number: int | None) -> OutsideCall:
        """The named call, else the newest."""
        if number is not None and number not in self._calls:
            raise ConfigError(f"there is no call {number}", error_id="provider.no_call")
        if not self._calls:
            raise ConfigError("there is no call", error_id="provider.no_call")
        return self._calls[number] if number is not None else list(self._calls.values())[-1]

    def _status(self) -> events.ProviderStatus:
        words = {State.NEW: "new", State.PROCEEDING: "ringing", State.TALKING: "talking", State.OVER: "over"}
        return events.ProviderStatus(
            mode=self._mode.value,
            accounts=tuple(
                events.AccountStatus(
                    account=account.name, contact=account.contact if account.registered(_now()) else ""
                )
                for account in self._registrar.accounts.values()
            ),
            calls=tuple(
                phone.CallStatus(
                    call=call.number, state=words[call.state], number=call.party, display=call.display
                )
                for call in self._calls.values()
            ),
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _addressed(contact: str, number: str) -> str:
    """The contact with the number called as its user part, as providers with many numbers send it."""
    scheme, _, rest = contact.partition(":")
    host = rest.partition("@")[2] or rest
    return f"{scheme}:{number}@{host}"


def _split(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise ConfigError(f"'{text}' is no header", hint="Name: value")
    return name.strip(), value.strip()
