"""The line process: a small pjsua2 agent on loop-back with a fax terminal in every call.

Theory of operation: the core calls ``sip:<box>@127.0.0.1`` and we receive, or we call the core in the name of
a box and send. One thread owns pjsua2 and the calls, as in the core; the mixer's clock thread, at real-time
priority, feeds the terminals through ports that are made once and used again. Orders come on stdin, news go
out on stdout; a closed stdin ends the process, so that no line outlives its keeper.
"""

import gc
import os
import select
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.fax import wire
from appliance.fax.line_agent import MOST_CALLS, FaxPort, account, configuration
from appliance.fax.settings import LineSettings, new_fax_id
from appliance.fax.t30 import TerminalSettings
from appliance.fax.terminal import FaxTerminal
from appliance.media.priority import hurry, threads
from appliance.model.causes import Cause, from_sip_status
from appliance.model.fax import FaxCause, FaxFigures, FaxResult
from appliance.sip.fax_call import guarded
from appliance.sip.headers import Message, cause_in, escape_user, parse_address, parse_uri
from appliance.sip.log import LogWriter

_log = structlog.get_logger(__name__)
BEAT_S = 1.0
RING_S = 120.0
"""How long a far end may ring."""
LONGEST_S = 2 * 3600.0
AFTERMATH_S = 1.0
"""What the terminal said last must still leave the buffers on the way."""
SWITCH_INTERVAL_S = 0.0005
_COLLECT_S = 30.0
_CAUSES: dict[Cause, FaxCause] = {
    Cause.BUSY: FaxCause.BUSY,
    Cause.NO_ANSWER: FaxCause.NO_ANSWER,
    Cause.REJECTED: FaxCause.REJECTED,
    Cause.FORBIDDEN: FaxCause.NOT_ALLOWED,
    Cause.UNALLOCATED: FaxCause.NUMBER,
    Cause.NOT_ASSIGNED: FaxCause.NUMBER,
    Cause.INVALID_NUMBER: FaxCause.NUMBER,
    Cause.CONGESTION: FaxCause.NO_LINE,
    Cause.NO_ROUTE: FaxCause.NO_LINE,
    Cause.RESTART: FaxCause.RESTART,
}


class FaxCall(pj.Call):
    """One call with the core."""

    def __init__(self, line: "Line", fax: str, index: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(line.account, index)
        self._line = line
        self.fax = fax
        self.started = time.monotonic()
        self.answered = 0.0
        self.done = 0.0
        """When the terminal came to its end."""
        self.dropped: FaxCause | None = None
        self.port: FaxPort | None = None
        self.terminal: FaxTerminal | None = None
        self.told = 0

    def __str__(self) -> str:
        return self.fax

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Follow the dialog; drop everything at its end."""
        if not self.isActive():
            self._line.over(self, _end_of(prm.e))
        elif not self.answered and self.getInfo().state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.answered = time.monotonic()
            self._line.answered(self)

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Join the terminal and the call's audio, again after every change."""
        port = self.port
        if port is None:
            return
        try:
            audio = self.getAudioMedia(-1)
            audio.startTransmit(port)
            port.startTransmit(audio)
        except pj.Error as error:
            _log.info("fax.no_audio", fax=self.fax, error=error.info())

    def finish(self, status: int = 0) -> None:
        """Hang up, or refuse with this status."""
        prm = pj.CallOpParam()
        prm.statusCode = status
        try:
            self.hangup(prm)
        except pj.Error as error:
            _log.info("fax.hangup", fax=self.fax, error=error.info())


class FaxAccount(pj.Account):
    """Takes calls from the core, and from nobody else."""

    def __init__(self, line: "Line") -> None:
        super().__init__()
        self._line = line

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """The core has a call for a box."""
        self._line.incoming(prm.callId, prm.rdata.srcAddress, Message(prm.rdata.wholeMsg))


class Line:
    """The process's one agent. Everything but the ports' frames happens on the thread of :meth:`run`."""

    def __init__(self, settings: LineSettings, orders: int, news: int) -> None:
        """``orders`` and ``news`` are file descriptors."""
        self._settings = settings
        self._orders, self._news = orders, news
        self._unread = bytearray()
        self._ended = False
        self._boxes: Mapping[str, wire.BoxLine] = {}
        self._calls: dict[str, FaxCall] = {}
        self._ports: list[FaxPort] = []
        self._made = 0
        self._core = f"127.0.0.1:{settings.core_port}"
        self._pages: deque[str] = deque()
        self._endpoint: Any = None
        self.account: FaxAccount | None = None

    # -- life

    def run(self) -> None:
        """Work until stdin is closed; raises DeviceUnavailable when the port is taken."""
        gc.disable()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        try:
            priority = self._open()
            self._tell(wire.Ready(priority=priority))
            self._turn()
        finally:
            self._close()

    def _open(self) -> str:
        settings = self._settings
        endpoint = self._endpoint = pj.Endpoint()
        self._writer = LogWriter()  # PJSIP keeps no reference
        endpoint.libCreate()
        endpoint.libInit(configuration(self._writer))
        transport = pj.TransportConfig()
        transport.port = settings.port
        transport.boundAddress = transport.publicAddress = "127.0.0.1"
        try:
            number = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        except pj.Error as error:
            raise DeviceUnavailable(
                f"UDP port {settings.port} for the fax engine cannot be used: {error.reason}",
                error_id="fax.port",
            ) from None
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        # All of them: one that holds the interpreter while it waits for the processor holds up the mixer.
        priority = hurry(threads())
        for codec in endpoint.codecEnum2():
            wanted = codec.codecId.startswith(("PCMA/", "PCMU/"))
            endpoint.codecSetPriority(codec.codecId, (200 if codec.codecId[3] == "A" else 199) * wanted)
        self.account = FaxAccount(self)
        self.account.create(account(settings, number), True)
        return priority

    def _turn(self) -> None:
        next_beat = next_collect = 0.0
        while not self._ended:
            self._endpoint.libHandleEvents(20)
            now = time.monotonic()
            self._read_orders()
            self._tell_pages()
            self._watch(now)
            if now >= next_beat:
                next_beat = now + BEAT_S
                self._tell(wire.Beat())
            if now >= next_collect and not self._calls:
                next_collect = now + _COLLECT_S
                gc.collect()

    def _close(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is None:
            return
        for call in list(self._calls.values()):
            call.dropped = call.dropped or FaxCause.RESTART
            call.finish()
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            endpoint.libHandleEvents(20)
        self._calls.clear()
        self._ports.clear()
        self.account = None
        gc.collect()
        try:
            endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)
        except pj.Error as error:
            _log.warning("fax.close", error=error.info())

    # -- calls

    def incoming(self, index: int, source: str, invite: Message) -> None:
        """Receive for the box that the request names, or refuse."""
        fax = new_fax_id()
        call = FaxCall(self, fax, index)
        box = parse_uri(invite.request_uri).user
        known = self._boxes.get(box)
        if source != self._core or known is None or len(self._calls) >= MOST_CALLS:
            call.dropped = FaxCause.REJECTED
            call.finish(403 if source != self._core else 480 if known is None else 503)
            return
        tiff = self._settings.spool / f"{fax}.tif"
        sender = parse_address(invite.get("p-asserted-identity") or invite.get("from"))
        self._calls[fax] = call
        self._tell(
            wire.Incoming(
                fax=fax,
                box=box,
                tiff=str(tiff),
                caller=sender.uri.user,
                name=sender.name,
                leg=invite.get("call-id").partition("@")[0],
                relay=invite.get("x-fax-relay"),
            )
        )
        self._give_terminal(call, tiff, TerminalSettings(ident=known.ident, ecm=known.ecm), sends=False)
        prm = pj.CallOpParam()
        prm.statusCode = 200
        call.answer(prm)

    def answered(self, call: FaxCall) -> None:
        """The far end is there: from now on time counts."""
        terminal = call.terminal
        if terminal is not None and terminal.sends and call.port is not None:
            call.port.terminal = terminal
        self._tell(wire.Answered(fax=call.fax, leg=""))

    def over(self, call: FaxCall, ended: FaxCause) -> None:
        """The call is over: tell what became of it, forget it."""
        self._calls.pop(call.fax, None)
        terminal, call.terminal = call.terminal, None
        port, call.port = call.port, None
        if port is not None:
            port.terminal = None
            self._ports.append(port)
        if terminal is None:
            return
        terminal.close()
        result = terminal.result()
        if not result.good:
            if call.dropped is not None:
                result = FaxResult(cause=call.dropped, figures=result.figures)
            elif not call.answered:
                result = FaxResult(cause=ended, figures=FaxFigures())
        seconds = time.monotonic() - call.answered if call.answered else 0.0
        self._tell(
            wire.Over(
                fax=call.fax,
                cause=result.cause,
                figures=result.figures,
                detail=result.detail,
                seconds=round(seconds, 1),
            )
        )

    def _send(self, order: wire.Send) -> None:
        call = FaxCall(self, order.fax)
        self._calls[order.fax] = call
        self._give_terminal(
            call, Path(order.tiff), TerminalSettings(ident=order.ident, ecm=order.ecm), sends=True
        )
        prm = pj.CallOpParam(True)
        prm.opt.audioCount, prm.opt.videoCount, prm.opt.textCount = 1, 0, 0
        header = pj.SipHeader()
        header.hName, header.hValue = "X-Fax-Box", order.box
        prm.txOption.headers.push_back(header)
        try:
            call.makeCall(f"sip:{escape_user(order.dial)}@{self._core}", prm)
        except pj.Error as error:
            _log.warning("fax.not_called", fax=order.fax, error=error.info())
            self.over(call, FaxCause.ENGINE)

    def _give_terminal(self, call: FaxCall, tiff: Path, settings: TerminalSettings, *, sends: bool) -> None:
        if self._ports:
            port = self._ports.pop()
        else:
            self._made += 1
            port = FaxPort(f"fax-{self._made}")
        call.port = port
        fax = call.fax
        call.terminal = FaxTerminal(
            tiff, sends=sends, settings=settings, page_done=lambda _pages: self._pages.append(fax)
        )
        if not sends:
            port.terminal = call.terminal

    def _watch(self, now: float) -> None:
        """End what is done, or lasts too long."""
        for call in list(self._calls.values()):
            terminal = call.terminal
            if terminal is not None and terminal.over.is_set() and not call.done:
                call.done = now
            if call.done and now - call.done >= AFTERMATH_S:
                call.done = now + LONGEST_S
                call.finish()
            elif not call.answered and now - call.started >= RING_S and call.dropped is None:
                call.dropped = FaxCause.NO_ANSWER
                call.finish()
            elif call.answered and now - call.answered >= LONGEST_S and call.dropped is None:
                call.dropped = FaxCause.TOO_LONG
                call.finish()

    # -- orders and news

    def _read_orders(self) -> None:
        while select.select([self._orders], [], [], 0)[0]:
            data = os.read(self._orders, 65536)
            if not data:
                self._ended = True
                return
            *lines, rest = (bytes(self._unread) + data).split(b"\n")
            self._unread = bytearray(rest)
            for line in lines:
                try:
                    self._obey(wire.read_order(line))
                except msgspec.MsgspecError as error:
                    _log.error("fax.order", error=str(error))

    def _obey(self, order: wire.Order) -> None:
        match order:
            case wire.Boxes():
                self._boxes = order.boxes
            case wire.Send():
                if order.fax not in self._calls:
                    self._send(order)
            case wire.Drop():
                call = self._calls.get(order.fax)
                if call is not None:
                    call.dropped = FaxCause.CANCELLED
                    call.finish()
            case wire.Rest():
                if not self._calls:
                    # At once: an INVITE that comes from now on is repeated, and must not be refused here.
                    os._exit(0)

    def _tell_pages(self) -> None:
        while self._pages:
            call = self._calls.get(self._pages.popleft())
            if call is not None and call.terminal is not None:
                figures = call.terminal.figures
                if figures.pages > call.told:
                    call.told = figures.pages
                    self._tell(wire.PageDone(fax=call.fax, figures=figures))

    def _tell(self, news: wire.News) -> None:
        try:
            os.write(self._news, wire.write(news))
        except (BrokenPipeError, BlockingIOError):
            self._ended = True


def _end_of(event: Any) -> FaxCause:
    """Why a call ended that was never answered."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE:
        return FaxCause.ENGINE
    state = event.body.tsxState
    status = state.tsx.statusCode
    reason = Message(state.src.rdata.wholeMsg).get("reason") if state.type == pj.PJSIP_EVENT_RX_MSG else ""
    cause = cause_in(reason) or from_sip_status(status)
    if cause in (Cause.TIMEOUT, Cause.FAILURE) and state.type != pj.PJSIP_EVENT_RX_MSG:
        return FaxCause.RESTART  # the core itself does not answer
    return _CAUSES.get(cause, FaxCause.UNREACHABLE)
