"""One call of the phone, on pjsua2.

The object lives from its creation to DISCONNECTED; inside that callback the engine drops every reference,
since the C++ call keeps its id and a late release would hang up whoever has that id by then.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import pjsua2 as pj

from appliance.phone import events, identity

if TYPE_CHECKING:
    from appliance.phone.audio import CallAudio
    from appliance.phone.engine import Engine

F = TypeVar("F", bound=Callable[..., None])


def guarded(callback: F) -> F:
    """An exception must not reach the C++ side, which would print and forget it: say it as an event."""

    @wraps(callback)
    def safely(self: Any, *args: Any) -> None:
        try:
            callback(self, *args)
        except pj.Error as error:
            self.engine.emit(events.Defect(message=f"{callback.__name__}: {error.reason}"))
        except Exception as error:  # noqa: BLE001 - the border to C++
            self.engine.emit(events.Defect(message=f"{callback.__name__}: {error!r}"))

    return safely  # type: ignore[return-value]


class PhoneCall(pj.Call):
    """A pjsua2 call that reports to the engine under a number of its own."""

    def __init__(
        self, engine: "Engine", account: Any, number: int, audio: "CallAudio", pjsua_id: int = -1
    ) -> None:
        super().__init__(account, pjsua_id)
        self.engine = engine
        self.number = number
        self.audio = audio
        self.party = ""
        self.display = ""
        self.incoming = pjsua_id != -1
        self.ended_by_us = False
        self.on_hold = False
        self.remote_hold = False
        self.established = False
        self.told_early = False
        self.told_status = 0
        self.parent: int | None = None
        """The call held to ask this one first."""
        self.connected = False

    def state_word(self) -> str:
        """For people and status reports."""
        if self.on_hold:
            return "held"
        if self.remote_hold:
            return "held by the other side"
        if self.established:
            return "talking"
        return "ringing" if self.incoming else "calling"

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Tell the phone's states from pjsua's."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and not self.incoming:
            if info.lastStatusCode != self.told_status:
                self.told_status = info.lastStatusCode
                self.engine.emit(events.Ringing(call=self.number, status=info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.established = True
            if not self.incoming:
                self.party, self.display = identity.address(info.remoteUri)
            asserted = identity.headers(_message(prm.e)).get("P-Asserted-Identity")
            if asserted and not self.incoming:
                self.party, self.display = identity.address(asserted)
            self.engine.emit(events.Answered(call=self.number, number=self.party, display=self.display))
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            cause = identity.headers(_message(prm.e)).get("Reason", "")
            self.engine.finished(
                self,
                events.Ended(
                    call=self.number,
                    status=info.lastStatusCode,
                    reason=info.lastReason,
                    cause=cause,
                    by_remote=not self.ended_by_us,
                    seconds=info.connectDuration.sec,
                ),
            )

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Connect the audio anew at each change (the old connection is gone) and tell holds."""
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            if media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD):
                self.engine.connect(self.getAudioMedia(index), self.audio)
                self.connected = True
                if info.state == pj.PJSIP_INV_STATE_EARLY and not self.incoming and not self.told_early:
                    self.told_early = True
                    self.engine.emit(events.EarlyMedia(call=self.number))
            self._tell_hold(media.status)
            break

    def _tell_hold(self, status: int) -> None:
        held = status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
        remote = status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD
        if held != self.on_hold:
            self.on_hold = held
            self.engine.emit(events.Held(call=self.number) if held else events.Resumed(call=self.number))
        if remote != self.remote_hold and not held:
            self.remote_hold = remote
            news = events.RemoteHeld if remote else events.RemoteResumed
            self.engine.emit(news(call=self.number))

    @guarded
    def onCallTsxState(self, prm: Any) -> None:
        """Requests within the call may say who the other side is now (RFC 5876)."""
        if not self.established or prm.e.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        change = prm.e.body.tsxState
        if change.tsx.role != pj.PJSIP_ROLE_UAS or change.tsx.method not in ("INVITE", "UPDATE"):
            return
        if change.type != pj.PJSIP_EVENT_RX_MSG:
            return
        found = identity.headers(change.src.rdata.wholeMsg)
        text = found.get("P-Asserted-Identity") or found.get("Remote-Party-ID") or found.get("From", "")
        party, display = identity.address(text)
        if party and (party, display) != (self.party, self.display):
            self.party, self.display = party, display
            self.engine.emit(events.Identity(call=self.number, number=party, display=display))

    @guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """A digit arrived."""
        method = "info" if prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO else "rtp"
        self.engine.emit(events.Digit(call=self.number, digit=prm.digit, method=method))

    @guarded
    def onCallTransferStatus(self, prm: Any) -> None:
        """The other side reports on the transfer we asked for; its success ends our part."""
        self.engine.emit(
            events.TransferProgress(
                call=self.number, status=prm.statusCode, reason=prm.reason, final=bool(prm.finalNotify)
            )
        )
        if prm.finalNotify:
            prm.cont = False
            if prm.statusCode // 100 == 2:
                self.engine.hang_up_later(self.number)

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """The other side sends us elsewhere: follow, as phones do."""
        follow = self.engine.new_call()
        prm.newCall = follow
        target = identity.address(prm.dstUri)[0]
        follow.party = target
        self.engine.emit(events.TransferAsked(call=self.number, target=target, follow=follow.number))

    def onCallRedirected(self, prm: Any) -> int:
        """The called party sends us elsewhere before answering (3xx): follow, as phones do."""
        target = identity.address(prm.targetUri)[0]
        self.engine.emit(events.Redirected(call=self.number, target=target))
        return int(pj.PJSIP_REDIRECT_ACCEPT_REPLACE)

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Somebody takes this call over."""
        follow = self.engine.new_call()
        follow.incoming = True
        follow.party, follow.display = identity.address(identity.headers(prm.rdata.wholeMsg).get("From", ""))
        prm.newCall = follow
        self.engine.emit(events.Replaced(call=self.number, by=follow.number))


def _message(event: Any) -> str:
    """The SIP message behind an event, empty when a timer or we ourselves caused it."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    return str(event.body.tsxState.src.rdata.wholeMsg)
