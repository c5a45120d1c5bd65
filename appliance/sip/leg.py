"""One leg: a pjsua2 call that turns what PJSIP reports into our events, in order and exactly once.

A leg is held by the engine from creation to DISCONNECTED and dropped inside that callback: the C++ object
keeps its call id, and a late destructor would hang up whoever got that id next. What pjsua2 returns is kept
in a name while a part of it is used: SWIG's parts point into the whole and dangle without it.
"""

from typing import Any, Protocol

import pjsua2 as pj
import structlog

from appliance.model.causes import SIP_STATUS, Cause, from_sip_status
from appliance.model.documents import Srtp
from appliance.model.events import (
    Event,
    LegAnswered,
    LegDigit,
    LegEarlyMedia,
    LegEnded,
    LegHeld,
    LegRinging,
    LegTransfer,
    LegTrying,
    Quality,
)
from appliance.model.ids import LegId
from appliance.sip.fax_call import FaxCall, guarded
from appliance.sip.headers import (
    DIGITS,
    DialogId,
    Message,
    cause_in,
    info_digit,
    parse_address,
    reason_header,
    replaces_in,
)
from appliance.sip.sdp import offers_any

_log = structlog.get_logger(__name__)
_REMOTE_HOLD = pj.PJSUA_CALL_MEDIA_REMOTE_HOLD
_NOTIFY_TYPE = "message/sipfrag;version=2.0"
_PHRASES = {100: "Trying", 180: "Ringing", 200: "OK", 486: "Busy Here", 487: "Request Terminated"}
_IS_UPDATE = 1  # PJMEDIA_STREAM_DTMF_IS_UPDATE, which SWIG leaves out
_FORBIDDEN = 403
_NOT_ACCEPTABLE = 488
_ACCEPTED = 202
_SENT_ON = (300, 301, 302)
"""With these a phone names another address (RFC 3261 §21.3); a trunk that does would dial at our cost."""


class LegOwner(Protocol):
    """What a leg needs of the engine."""

    def emit(self, event: Event) -> None:
        """Queue an event for call control."""

    def audio_changed(self, leg: LegId) -> None:
        """The leg's media was started, changed or stopped."""

    def leg_over(self, leg: "Leg", ended: LegEnded) -> None:
        """Drop every reference to this leg, now, and tell of its end."""

    def leg_of_dialog(self, dialog: DialogId) -> LegId | None:
        """Find the leg of a dialog that a peer names."""

    @property
    def codecs(self) -> frozenset[str]:
        """Encoding names we can use, in lower case."""

    def replace_requested(self, leg: LegId, invite: str) -> bool:
        """The INVITE of this text wants to replace this leg; False refuses it."""


class Leg(FaxCall):
    """A leg of ours. ``incoming``: the party called us."""

    def __init__(
        self,
        owner: LegOwner,
        account: pj.Account,
        leg_id: LegId,
        *,
        incoming: bool,
        dialog: str,
        srtp: Srtp,
        may_transfer: bool,
        remote_tag: str = "",
        call_index: int = pj.PJSUA_INVALID_ID,
    ) -> None:
        super().__init__(account, call_index)
        self._owner = owner
        self.account = account
        self.leg_id = leg_id
        self.incoming = incoming
        self.dialog = dialog
        self.remote_tag = remote_tag
        self.srtp = srtp
        self.may_transfer = may_transfer
        self.linked = False
        """It leads to another instance, which gives a reason with every refusal of its own."""
        self.heard = incoming
        """Whether the far side has said anything."""
        self.started_ms = 0
        self.attempt = 1
        self.nobody_there = False
        self.held = False
        self.seen_packets = -1
        self.seen_at_ms = 0
        self.check_at_ms = 0
        self._ending: Cause | None = None
        self._ringing = self._early = False
        self._cancel_reason = ""
        self._refer: Message | None = None
        self._wants_notify = False
        self._last_event = ("", -1)
        self._secure = False
        self._quality = Quality()

    def __str__(self) -> str:
        return self.leg_id

    # --- what the engine asks for

    def respond(self, status: int) -> None:
        """Send a provisional or the 200 response; a leg that cannot do it any more ends."""
        prm = pj.CallOpParam()
        prm.statusCode = status
        try:
            self.answer(prm)
        except pj.Error as error:
            if not self.over and self.isActive():
                _log.info("leg.answer_failed", leg=self.leg_id, error=error.info())
                self.end(Cause.NOT_ACCEPTABLE if status == 200 else Cause.FAILURE)

    def end(self, cause: Cause) -> None:
        """End the leg in whatever state: final response, CANCEL or BYE, with a Reason."""
        if self._ending is not None:
            return
        self._ending = cause
        prm = pj.CallOpParam()
        prm.statusCode = SIP_STATUS[cause]
        header = pj.SipHeader()
        header.hName, header.hValue = "Reason", reason_header(cause)
        prm.txOption.headers.push_back(header)
        try:
            self.hangup(prm)  # reports DISCONNECTED before it returns
        except pj.Error as error:
            _log.info("leg.hangup_failed", leg=self.leg_id, error=error.info())
        if not self.over:
            self._finish(cause, 0, by_remote=False)

    def give_up(self) -> None:
        """Nobody answers the INVITE at all: end, and let the engine know that it may try elsewhere."""
        self.nobody_there = True
        self.end(Cause.TIMEOUT)

    def failed(self, cause: Cause) -> None:
        """The call was never made: report the end of a leg without a dialog."""
        if not self.over:
            self._finish(cause, 0, by_remote=False)

    def send_digit(self, digit: str) -> None:
        """Send a key press as RFC 4733 if negotiated, else as INFO."""
        prm = pj.CallSendDtmfParam()
        prm.digits = digit
        prm.duration = 160
        for method in (pj.PJSUA_DTMF_METHOD_RFC2833, pj.PJSUA_DTMF_METHOD_SIP_INFO):
            prm.method = method
            try:
                self.sendDtmf(prm)
            except pj.Error as error:
                _log.debug("leg.digit_not_sent", leg=self.leg_id, method=method, error=error.info())
            else:
                return

    def notify_transfer(self, status: int) -> None:
        """Tell the transferor how its REFER goes (RFC 3515 §2.4.5)."""
        if not self._wants_notify:
            return
        final = status >= 200
        self._wants_notify = not final
        prm = pj.CallSendRequestParam()
        prm.method = "NOTIFY"
        for name, value in (
            ("Event", "refer"),
            ("Subscription-State", "terminated;reason=noresource" if final else "active;expires=180"),
        ):
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.push_back(header)
        prm.txOption.contentType = _NOTIFY_TYPE
        prm.txOption.msgBody = f"SIP/2.0 {status} {_PHRASES.get(status, 'Result')}\r\n"
        try:
            self.sendRequest(prm)
        except pj.Error as error:
            _log.info("leg.notify_failed", leg=self.leg_id, error=error.info())

    def audio(self) -> pj.AudioMedia | None:
        """The leg's port in the bridge as of now; never keep it."""
        try:
            return self.getAudioMedia(-1)
        except pj.Error:
            return None

    def packets(self) -> int:
        """A number that changes when the peer sends anything: RTP packets and RTCP reports."""
        try:
            stat = self.getStreamStat(0)
        except pj.Error:
            return -1
        return int(stat.rtcp.rxStat.pkt + stat.rtcp.txStat.updateCount)

    def quality(self) -> Quality:
        """How the audio was from the first stream until now; all zero when there was none."""
        return self._with_stream(0)

    # --- what PJSIP reports

    @guarded
    def onCallState(self, prm: Any) -> None:
        """Follow the INVITE dialog."""
        event = prm.e
        if not self.isActive():
            if not self.over:
                self._disconnected(event)
            return
        if event.type != pj.PJSIP_EVENT_TSX_STATE:
            if not self.confirmed and self.getInfo().state == pj.PJSIP_INV_STATE_CONFIRMED:
                self.confirmed = True
                if not self.incoming and not self.talked:  # what they answered is no description of audio
                    self.end(Cause.NOT_ACCEPTABLE)
                    return
                self._owner.emit(LegAnswered(leg=self.leg_id))
                self.offer_fax()
            return
        if self.incoming or self.confirmed:
            return
        source = event.body.tsxState
        status = source.tsx.statusCode
        if status // 10 != 18:
            return
        self.heard = True
        if not self._early and _has_sdp(source):
            self._early = True
            self._owner.emit(LegEarlyMedia(leg=self.leg_id))
        elif status == 180 and not self._ringing and not self._early:
            self._ringing = True
            self._owner.emit(LegRinging(leg=self.leg_id))

    @guarded
    def onCallTsxState(self, prm: Any) -> None:
        """Pick what the dialog's state does not tell: 100, why a caller cancels, INFO digits, REFER."""
        state = prm.e.body.tsxState
        transaction = state.tsx
        method = transaction.method
        if method == "INVITE":
            self.offer_answered(transaction, received=state.type == pj.PJSIP_EVENT_RX_MSG)
            if not self.heard and state.type == pj.PJSIP_EVENT_RX_MSG:
                self.heard = True
                if transaction.statusCode < 300:
                    self._owner.emit(LegTrying(leg=self.leg_id))
            return
        if (
            method not in {"INFO", "REFER", "CANCEL"}
            or transaction.role != pj.PJSIP_ROLE_UAS
            or transaction.state != pj.PJSIP_TSX_STATE_TRYING
        ):
            return
        message = Message(state.src.rdata.wholeMsg)
        if method == "INFO":
            digit = info_digit(message)
            if digit:
                self._owner.emit(LegDigit(leg=self.leg_id, digit=digit))
        elif method == "REFER":
            self._refer = message
        else:
            self._cancel_reason = message.get("reason")

    @guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Media were negotiated: tell hold and resume, let the bridge connect again."""
        info = self.getInfo()
        self.talked = True
        for medium in info.media:
            if medium.type == pj.PJMEDIA_TYPE_AUDIO:
                held = medium.status == _REMOTE_HOLD
                if held != self.held:
                    self.held = held
                    self._owner.emit(LegHeld(leg=self.leg_id, held=held))
                self.seen_packets = -1
                break
        if self.srtp is not Srtp.OFF:
            self._secure = "SRTP status: Active" in self.dump(True, "")
        self._owner.audio_changed(self.leg_id)

    @guarded
    def onCallRxOffer(self, prm: Any) -> None:
        """Other media are offered inside the call; PJSIP would answer 500 when nothing fits."""
        if not offers_any(prm.offer.wholeSdp, self._owner.codecs):
            prm.statusCode = _NOT_ACCEPTABLE

    @guarded
    def onStreamDestroyed(self, prm: Any) -> None:
        """Keep the figures of a stream that goes."""
        self._quality = self._with_stream(prm.streamIdx)

    @guarded
    def onDtmfEvent(self, prm: Any) -> None:
        """A telephone-event (RFC 4733) begins; INFO is read in onCallTsxState."""
        if prm.method != pj.PJSUA_DTMF_METHOD_RFC2833 or prm.flags & _IS_UPDATE or prm.digit not in DIGITS:
            return
        mark = (prm.digit, prm.timestamp)
        if mark != self._last_event:  # a re-INVITE in the middle of an event starts it once more
            self._last_event = mark
            self._owner.emit(LegDigit(leg=self.leg_id, digit=prm.digit))

    @guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """A REFER: accept it, let call control route it (PJSUA_CALL_APP_ROUTES keeps PJSIP from dialling)."""
        message, self._refer = self._refer, None
        if not self.may_transfer or not self.confirmed:
            prm.statusCode = _FORBIDDEN
            return
        target = parse_address(prm.dstUri).uri
        dialog = replaces_in(target)
        replaces = self._owner.leg_of_dialog(dialog) if dialog is not None else None
        if dialog is not None and (replaces is None or replaces == self.leg_id):
            prm.statusCode = 481
            return
        if replaces is None and not target.user:
            prm.statusCode = 400
            return
        prm.opt.flag = pj.PJSUA_CALL_APP_ROUTES
        prm.statusCode = _ACCEPTED
        self._wants_notify = message is None or message.get("refer-sub").lower() != "false"
        self._owner.emit(
            LegTransfer(
                leg=self.leg_id, target="" if replaces is not None else target.user, replaces=replaces
            )
        )

    @guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """An INVITE with Replaces names this leg: it goes on as an ordinary call (PJSUA_CALL_APP_ROUTES)."""
        if self._owner.replace_requested(self.leg_id, prm.rdata.wholeMsg):
            prm.opt.flag = pj.PJSUA_CALL_APP_ROUTES
            prm.statusCode = 200
        else:
            prm.statusCode = _FORBIDDEN

    # --- the end

    def _disconnected(self, event: Any) -> None:
        if self._ending is not None:
            self._finish(self._ending, 0, by_remote=False)
            return
        if event.type != pj.PJSIP_EVENT_TSX_STATE:
            self._finish(Cause.TIMEOUT, 408, by_remote=False)
            return
        state = event.body.tsxState
        transaction = state.tsx
        received = state.type == pj.PJSIP_EVENT_RX_MSG
        message = Message(state.src.rdata.wholeMsg) if received else None
        reason = message.get("reason") if message is not None else ""
        status = transaction.statusCode
        if transaction.method == "BYE" and transaction.role == pj.PJSIP_ROLE_UAS:
            self._finish(cause_in(reason) or Cause.NORMAL, 200, by_remote=True)
        elif self.incoming and not self.confirmed and status == 487:
            self._finish(cause_in(self._cancel_reason) or Cause.CANCELLED, status, by_remote=True)
        elif status < 300:  # PJSIP hung up by itself: nothing to talk with, or nobody refreshed the session
            self._finish(Cause.TIMEOUT if self.talked else Cause.NOT_ACCEPTABLE, 0, by_remote=False)
        elif status in _SENT_ON and self.may_transfer and message is not None and (to := _user_of(message)):
            self._finish(Cause.TRANSFERRED, status, by_remote=True, redirect=to)
        else:
            cause = cause_in(reason) or (Cause.TIMEOUT if self.linked else from_sip_status(status))
            self._finish(cause, status, by_remote=received)

    def _finish(self, cause: Cause, status: int, *, by_remote: bool, redirect: str = "") -> None:
        self.over = True
        self._wants_notify = False
        self._owner.leg_over(
            self,
            LegEnded(
                leg=self.leg_id,
                cause=cause,
                sip_status=status,
                by_remote=by_remote,
                redirect=redirect,
                quality=self._quality,
            ),
        )

    def _with_stream(self, index: int) -> Quality:
        past = self._quality
        try:
            whole = self.getStreamStat(index)
            codec = self.getStreamInfo(index).codecName
        except pj.Error:
            return past
        stat = whole.rtcp
        received, sent = stat.rxStat, stat.txStat
        return Quality(
            codec=codec,
            secure=self._secure,
            received_packets=past.received_packets + received.pkt,
            lost_packets=past.lost_packets + received.loss,
            jitter_ms=max(past.jitter_ms, received.jitterUsec.mean / 1000),
            remote_lost_packets=past.remote_lost_packets + sent.loss,
            round_trip_ms=max(past.round_trip_ms, stat.rttUsec.mean / 1000),
        )


def _has_sdp(state: Any) -> bool:
    return state.type == pj.PJSIP_EVENT_RX_MSG and "\r\n\r\nv=0" in state.src.rdata.wholeMsg


def _user_of(message: Message) -> str:
    """Whom the Contact of a redirection names; of several the first."""
    return parse_address(message.get("contact")).uri.user
