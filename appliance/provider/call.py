"""One call between the box and somebody out there, either way.

States: NEW → (PROCEEDING) → TALKING → OVER. What the outside party does is its script, a task of the loop
that is cancelled when the call ends first.
"""

import asyncio
import pathlib
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from appliance.errors import DeviceUnavailable
from appliance.phone import events as phone
from appliance.phone import identity
from appliance.phone.analysis import Impression
from appliance.provider import dialog as dialogs
from appliance.provider import events, sdp, t38
from appliance.provider.commands import RefreshBy
from appliance.provider.fax import FaxParty
from appliance.provider.message import Message, parameter, response, uri_of
from appliance.provider.numbers import EARLY_TONE_HZ, Conduct
from appliance.provider.rtp import Stream
from appliance.provider.t38 import Packets
from appliance.provider.transactions import ClientTransaction, ServerTransaction, Transactions
from appliance.provider.transport import Path

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO"
_DIGIT_PAYLOAD = 101
_NO_ANSWER_SECONDS = 180.0
_TO_T38_SECONDS = 1.0
"""From the answer on; until then the machine's tone is sound."""
_REASONS = {
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


class State(Enum):
    """How far the call has come."""

    NEW = auto()
    PROCEEDING = auto()
    TALKING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a call needs of the provider."""

    host: str
    port: int
    tone_hz: int
    transactions: Transactions
    emit: Callable[[Any], None]
    over: Callable[["OutsideCall"], None]
    contact: str = "provider"
    """User part of the Contact within dialogs."""


class OutsideCall:
    """A call in either direction; ``number`` counts all calls of the provider from 1."""

    def __init__(self, around: Surroundings, number: int, path: Path, dialog: dialogs.Dialog) -> None:
        self._around = around
        self.number = number
        self.path = path
        self.dialog = dialog
        self.state = State.NEW
        self.party = ""
        self.display = ""
        self.stream = Stream(self._heard, self._digit)
        self._invite: ServerTransaction | None = None
        self._own_invite: ClientTransaction | None = None
        self._giving_up = False
        self._cancelled = False
        self._remote: sdp.Remote | None = None
        self._late_offer = False
        self._version = 0
        self._answer_body = b""
        self._hold = False
        self._remote_hold = False
        self._reinviting = False
        self._script: asyncio.Task[None] | None = None
        self._answered_at = 0.0
        self._fax: FaxParty | None = None
        self._packets: Packets | None = None

    def be_fax(self, path: pathlib.Path | None = None, *, t38: bool = False, loss: int = 0) -> None:
        """The party is a fax machine: it sends this file, or receives."""
        self._fax = FaxParty(path)
        self._packets = Packets(self._fax, loss) if t38 else None
        self.stream.say_fax(self._fax)
        self._run(self._until_faxed(self._fax))

    async def _until_faxed(self, fax: FaxParty) -> None:
        if self._packets is not None and not fax.sends:
            await asyncio.sleep(_TO_T38_SECONDS)
            self._packets.open(self._around.host)
            self._reinvite(self._image(), self._on_image_answer)
        await fax.done.wait()
        self.hang_up()

    # The box calls out

    def take(self, invite: ServerTransaction, conduct: Conduct) -> None:
        """Behave as the called party; what the INVITE offers has been identified before."""
        self._invite = invite
        if not invite.request.body:
            self._late_offer = True
        else:
            try:
                self._remote = sdp.read(invite.request.body)
            except sdp.SdpError as error:
                self._refuse(488, str(error))
                return
        try:
            self.stream.open(self._around.host)
        except DeviceUnavailable as error:
            self._refuse(500, str(error))
            return
        self._around.transactions.simple(invite, 100, "Trying")
        self._run(self._behave(conduct))

    async def _behave(self, conduct: Conduct) -> None:
        tone = conduct.tone_hz if conduct.tone_hz is not None else self._around.tone_hz
        waited = 0.0
        if conduct.answer_after is None or conduct.ring_after < conduct.answer_after:
            await asyncio.sleep(conduct.ring_after)
            waited = conduct.ring_after
            self._ring(early=conduct.early_tone)
        await asyncio.sleep(
            (_NO_ANSWER_SECONDS if conduct.answer_after is None else conduct.answer_after) - waited
        )
        if conduct.refuse or conduct.answer_after is None:
            self._refuse(conduct.refuse or 480)
            return
        self.stream.muted = conduct.mute
        if conduct.fax:
            self._answer()
            self.be_fax(t38=conduct.t38, loss=conduct.loss)
            return
        if conduct.echo:
            self.stream.say_echo()
        else:
            self.stream.say_tone(tone)
        self._answer()
        if conduct.hang_up_after is not None:
            await asyncio.sleep(conduct.hang_up_after)
            self.hang_up()

    def _ring(self, *, early: bool) -> None:
        self.state = State.PROCEEDING
        if early and self._remote is not None:
            self.stream.say_tone(EARLY_TONE_HZ)
            self._respond(183, "Session Progress", body=self._first_answer())
            self._aim()
        else:
            self._respond(180, "Ringing")

    def _answer(self) -> None:
        self.state = State.TALKING
        self._answered_at = asyncio.get_running_loop().time()
        self._respond(200, "OK", ("Allow", ALLOW), body=self._first_answer())
        self._aim()
        self._emit(phone.Answered(call=self.number, number=self.party, display=self.display))

    def _refuse(self, status: int, why: str = "") -> None:
        reason = _REASONS.get(status, "Refused")
        more = (("Retry-After", "5"),) if status == 503 else ()
        self._respond(status, reason, *more)
        self._finish(status, why or reason, by_remote=False)

    def _respond(self, status: int, reason: str, *more: tuple[str, str], body: bytes = b"") -> None:
        if self._invite is None:
            return
        answer = response(self._invite.request, status, reason, to_tag=self.dialog.local_tag)
        headers = [("Contact", self._contact()), *more]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        full = Message(status=status, reason=reason, headers=(*answer.headers, *headers), body=body)
        self._around.transactions.respond(self._invite, full)

    def cancelled(self) -> None:
        """The box gave up before the answer."""
        if self._invite is not None and self.state in (State.NEW, State.PROCEEDING):
            self._respond(487, "Request Terminated")
            self._finish(487, "Request Terminated", by_remote=True)

    # Somebody calls the box

    def invite(self, *more: tuple[str, str]) -> None:
        """Send the INVITE; raises DeviceUnavailable when there is no port for audio."""
        self.stream.open(self._around.host)
        self.stream.say_tone(self._around.tone_hz)
        request = self.dialog.request(
            "INVITE", ("Contact", self._contact()), ("Allow", ALLOW), *more, body=self._description()
        )
        self._own_invite = self._around.transactions.send(
            request, self.path, self._on_answer, lambda: self._finish(408, "no answer", by_remote=True)
        )

    def _send_cancel(self) -> None:
        """Once, and only after a provisional response (RFC 3261 §9.1)."""
        invite = self._own_invite
        if self._giving_up and invite is not None and invite.provisional and not self._cancelled:
            self._cancelled = True
            self._around.transactions.cancel(invite)

    def _on_answer(self, answer: Message) -> None:
        if answer.status < 200:
            if answer.status > 100 and self.state in (State.NEW, State.PROCEEDING):
                self.state = State.PROCEEDING
                self._emit(phone.Ringing(call=self.number, status=answer.status))
                if answer.body and self._remote is None and self._accept(answer.body):
                    self._emit(phone.EarlyMedia(call=self.number))
            self._send_cancel()
            return
        if answer.status >= 300:
            self._finish(
                answer.status, answer.reason, by_remote=not self._giving_up, cause=answer.get("Reason")
            )
            return
        self.dialog.learn(answer)
        self._acknowledge(answer.cseq[0])
        if self._giving_up and self.state is not State.TALKING:
            self._send_bye()  # our CANCEL crossed the answer
            self._finish(487, "given up", by_remote=False)
        elif self.state is not State.TALKING:
            self.state = State.TALKING
            self._answered_at = asyncio.get_running_loop().time()
            if not self._accept(answer.body):
                self.hang_up()
                return
            number, display = identity.address(answer.get("P-Asserted-Identity") or answer.get("To"))
            self._emit(phone.Answered(call=self.number, number=number, display=display))

    def _acknowledge(self, sequence: int) -> None:
        ack = self.dialog.request("ACK", sequence=sequence)
        via = f"SIP/2.0/{self.path.transport} {self._around.transactions.via(self.path)}"
        branch = f"z9hG4bKack{sequence}{self.dialog.local_tag}"
        full = Message(
            method="ACK", uri=ack.uri, headers=(("Via", f"{via};branch={branch};rport"), *ack.headers)
        )
        self.path.write(full.encode())

    # Either way

    def hang_up(self) -> None:
        """The outside party ends the call, in whatever state."""
        if self.state is State.TALKING:
            self._send_bye()
            self._finish(200, "ended by the outside party", by_remote=False)
        elif self._invite is not None and self.state is not State.OVER:
            self._refuse(480)
        elif self._own_invite is not None and self.state is not State.OVER:
            self._giving_up = True
            self._send_cancel()

    def hold(self, on: bool) -> None:
        """The outside party holds or resumes by a re-INVITE."""
        if self.state is not State.TALKING or self._reinviting:
            return
        self._hold = on
        self._reinvite(self._description(offer=True), self._on_hold_answer)

    def refresh(self, by: RefreshBy) -> None:
        """The outside party keeps the session alive (RFC 4028), which changes nothing."""
        if self.state is State.TALKING and not self._reinviting:
            going = self._packets is not None and self._packets.going
            body = self._image() if going else self._description(offer=True)
            self._reinvite(body, self._on_refreshed, by.name)

    def _reinvite(self, body: bytes, answered: Callable[[Message], None], method: str = "INVITE") -> None:
        self._reinviting = True
        request = self.dialog.request(method, ("Contact", self._contact()), body=body)

        def on_answer(answer: Message) -> None:
            if answer.status >= 200:
                self._reinviting = False
                if answer.status < 300 and method == "INVITE":
                    self._acknowledge(answer.cseq[0])
                answered(answer)

        self._around.transactions.send(
            request, self.path, on_answer, lambda: self._finish(408, "no answer", by_remote=True)
        )

    def _on_refreshed(self, answer: Message) -> None:
        self._emit(events.Refreshed(call=self.number, status=answer.status))
        if answer.status < 300 and (self._packets is None or not self._packets.going):
            self._accept(answer.body)

    def _on_image_answer(self, answer: Message) -> None:
        target = t38.read(answer.body)
        if target is not None and self._packets is not None:
            self._packets.aim(target)
        else:
            self._emit(phone.Failed(command="t38", message=f"refused: {answer.status} {answer.reason}"))

    def _image(self) -> bytes:
        self._version += 1
        return t38.write(self._around.host, self._packets.port if self._packets else 0, self._version)

    def _on_hold_answer(self, answer: Message) -> None:
        if answer.status >= 300:
            self._hold = not self._hold
            self._emit(phone.Failed(command="hold", message=f"refused: {answer.status} {answer.reason}"))
            return
        self._accept(answer.body)
        news = phone.Held if self._hold else phone.Resumed
        self._emit(news(call=self.number))

    def request(self, transaction: ServerTransaction) -> None:
        """A request within the dialog."""
        message = transaction.request
        sequence, method = message.cseq
        if sequence <= self.dialog.remote_sequence:
            self._around.transactions.simple(transaction, 500, "Server Internal Error")
            return
        self.dialog.remote_sequence = sequence
        if method == "BYE":
            self._around.transactions.simple(transaction, 200, "OK")
            self._finish(200, "ended by the box", by_remote=True, cause=message.get("Reason"))
        elif method in ("INVITE", "UPDATE"):
            self._renegotiate(transaction)
        elif method == "INFO":
            self._around.transactions.simple(transaction, 200, "OK")
            found = re.search(rb"(?im)^signal\s*=\s*([0-9A-D*#])", message.body)
            if found:
                self._emit(phone.Digit(call=self.number, digit=found[1].decode().upper(), method="info"))
        elif method == "REFER":
            self._around.transactions.simple(transaction, 603, "Decline")
        else:
            self._around.transactions.simple(transaction, 200, "OK")

    def acknowledged(self, ack: Message) -> None:
        """The box's ACK may carry the answer to our offer."""
        if self._late_offer and ack.body and self.state is State.TALKING:
            self._late_offer = False
            if not self._accept(ack.body):
                self.hang_up()

    def _renegotiate(self, transaction: ServerTransaction) -> None:
        message = transaction.request
        if message.method == "INVITE" and self._reinviting:
            self._around.transactions.simple(transaction, 491, "Request Pending")
            return
        if message.get("Contact"):
            self.dialog.target = uri_of(message.get("Contact"))
        self._tell_identity(message)
        headers = [("Contact", self._contact()), ("Allow", ALLOW)]
        body = b""
        image = t38.read(message.body)
        if image is not None and self._packets is not None:
            self._packets.open(self._around.host)
            self._packets.aim(image)
            body = self._image()
        elif message.body:
            if not self._accept(message.body):
                self._around.transactions.simple(transaction, 488, "Not Acceptable Here")
                return
            body = self._description()
        elif message.method == "INVITE":
            self._late_offer = True
            body = self._description(offer=True)
        if body:
            headers.append(("Content-Type", "application/sdp"))
        answer = response(message, 200, "OK", to_tag=self.dialog.local_tag)
        self._around.transactions.respond(
            transaction,
            Message(status=200, reason="OK", headers=(*answer.headers, *headers), body=body),
        )

    def _accept(self, body: bytes) -> bool:
        """Take the other side's description; False when there is nothing in it for us."""
        try:
            self._remote = sdp.read(body)
        except sdp.SdpError as error:
            self._emit(phone.Failed(command="sdp", message=str(error)))
            return False
        self._aim()
        held = self._remote.flow in (sdp.Flow.SEND, sdp.Flow.NONE) and not self._hold
        if held != self._remote_hold:
            self._remote_hold = held
            news = phone.RemoteHeld if held else phone.RemoteResumed
            self._emit(news(call=self.number))
        return True

    def _aim(self) -> None:
        if self._remote is not None:
            self.stream.aim(self._remote, self._remote.codecs[0])

    def _first_answer(self) -> bytes:
        """The same in 183 and 200 (RFC 6337 §3.1.1)."""
        if not self._answer_body:
            self._answer_body = self._description()
        return self._answer_body

    def _description(self, *, offer: bool = False) -> bytes:
        self._version += 1
        answer_to = None if offer else self._remote
        if answer_to is None:
            codecs: tuple[int, ...] = (sdp.PCMA, sdp.PCMU)
            digits: int | None = _DIGIT_PAYLOAD
            flow = sdp.Flow.SEND if self._hold else sdp.Flow.BOTH
        else:
            codecs, digits = answer_to.codecs[:1], answer_to.digits
            flow = sdp.ANSWER_TO[answer_to.flow]
        return sdp.write(
            host=self._around.host,
            port=self.stream.port,
            codecs=codecs,
            digits=digits,
            flow=flow,
            version=self._version,
            answer_to=answer_to,
        )

    def _tell_identity(self, message: Message) -> None:
        text = message.get("P-Asserted-Identity") or message.get("Remote-Party-ID")
        party, display = identity.address(text)
        if party and (party, display) != (self.party, self.display):
            self.party, self.display = party, display
            self._emit(phone.Identity(call=self.number, number=party, display=display))

    def _contact(self) -> str:
        transport = ";transport=tcp" if self.path.transport == "TCP" else ""
        return f"<sip:{self._around.contact}@{self._around.host}:{self._around.port}{transport}>"

    def _send_bye(self) -> None:
        self._around.transactions.send(self.dialog.request("BYE"), self.path, lambda _: None, lambda: None)

    def _finish(self, status: int, reason: str, *, by_remote: bool, cause: str = "") -> None:
        if self.state is State.OVER:
            return
        self.state = State.OVER
        self.stream.close()
        if self._packets is not None:
            self._packets.close()
        if self._fax is not None:
            result = self._fax.close()
            self._emit(
                events.FaxOver(
                    call=self.number,
                    sent=self._fax.sends,
                    cause=result.cause.value,
                    pages=result.figures.pages,
                    rate=result.figures.rate,
                    remote=result.figures.remote_ident,
                    file=str(self._fax.path),
                    t38=self._packets is not None and self._packets.going,
                )
            )
        if self._script is not None and self._script is not asyncio.current_task():
            self._script.cancel()
        seconds = asyncio.get_running_loop().time() - self._answered_at if self._answered_at else 0
        self._around.over(self)
        self._emit(
            phone.Ended(
                call=self.number,
                status=status,
                reason=reason,
                cause=cause,
                by_remote=by_remote,
                seconds=int(seconds),
            )
        )

    def _run(self, script: Coroutine[Any, Any, None]) -> None:
        self._script = asyncio.get_running_loop().create_task(script)

    def _emit(self, event: Any) -> None:
        self._around.emit(event)

    def _heard(self, seen: Impression) -> None:
        self._emit(phone.Heard(call=self.number, kind=seen.kind, hz=seen.hz, dbfs=round(seen.dbfs, 1)))

    def _digit(self, digit: str) -> None:
        self._emit(phone.Digit(call=self.number, digit=digit, method="rtp"))


def to_tag(message: Message) -> str:
    """The To tag of a request: present within dialogs only."""
    return parameter(message.get("To"), "tag")
