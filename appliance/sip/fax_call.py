"""What a call does when it carries a fax: G.711 alone, a buffer that keeps every sample, T.38 if it may."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import pjsua2 as pj
import structlog

from appliance.model.ids import LegId
from appliance.sip.sdp import g711_only
from appliance.sip.t38 import T38Switch

_log = structlog.get_logger(__name__)
_P = TypeVar("_P")
FAX_BUFFER_MS = 100
"""Enough for the jitter of a LAN and of most providers."""
_REQUEST_PENDING = 491


def guarded(method: Callable[[Any, _P], None]) -> Callable[[Any, _P], None]:
    """Keep an exception inside a callback from vanishing in C++: log it and go on."""

    @functools.wraps(method)
    def callback(self: Any, prm: _P) -> None:
        try:
            method(self, prm)
        except Exception:  # noqa: BLE001 - logged; C++ has no use for it
            _log.exception("sip.callback", callback=method.__name__, of=str(self))

    return callback


class FaxCall(pj.Call):
    """The part of a leg that knows of faxes."""

    leg_id: LegId
    incoming: bool

    def __init__(self, account: pj.Account, call_index: int) -> None:
        super().__init__(account, call_index)
        self.over = False
        self.confirmed = False
        self.talked = False
        """Media were negotiated."""
        self.fax = False
        """The leg carries a fax."""
        self.t38: T38Switch | None = None
        """Where the provider may change to T.38."""
        self._due = self._offering_t38 = False
        self._for_voice = False
        """What was negotiated last is for voice."""

    def carry_fax(self, *, joined: bool) -> None:
        """Carry a fax from now on; an answered leg negotiates anew. ``joined``: with a machine, for certain.

        A fax that was called from a provider with T.38 is offered T.38 then, and G.711 where that is refused.
        """
        if not self.fax:
            self.fax, self._for_voice = True, self.talked
        t38 = self.t38
        if t38 is not None and self.incoming and not t38.refused:
            if joined and not t38.going and not t38.wanted:
                t38.wanted = self._due = True
                self.offer_fax()
        elif self._for_voice:
            self._due = True
            self.offer_fax()

    def offer_fax(self) -> None:
        """Negotiate anew what was negotiated for voice, when the call has been answered."""
        if not self._due or not self.confirmed or self.over:
            return
        self._due = False
        prm = pj.CallOpParam(True)
        self._offering_t38 = self.t38 is not None and self.t38.wanted
        if not self._offering_t38:
            self._for_voice = False
            prm.opt.flag = pj.PJSUA_CALL_REINIT_MEDIA
        prm.opt.audioCount, prm.opt.videoCount, prm.opt.textCount = 1, 0, 0
        try:
            self.reinvite(prm)
        except pj.Error as error:
            _log.info("leg.fax_not_offered", leg=self.leg_id, error=error.info())
            self._due = True  # another offer is under way

    def offer_answered(self, transaction: Any, *, received: bool) -> None:
        """An INVITE transaction of this call went on: see whether the provider refused T.38."""
        if not self._offering_t38 or not received or transaction.role != pj.PJSIP_ROLE_UAC:
            return
        status = transaction.statusCode
        if status < 200 or status in (401, 407):
            return
        self._offering_t38 = False
        t38 = self.t38
        if t38 is None or (status < 300 and not t38.refused):
            return
        _log.info("leg.t38_refused", leg=self.leg_id, status=status)
        if status == _REQUEST_PENDING:
            t38.wanted = self._due = True  # their own offer crossed ours: it may be the same, see retry
            return
        if status >= 300:
            t38.give_up()
        self._due = self._for_voice

    def retry_offer(self) -> None:
        """Make an offer that was in the way of another one; about once a second."""
        if self._due and self.confirmed:
            if self.t38 is not None and self.t38.going:
                self._due = self.t38.wanted = False
            else:
                self.offer_fax()

    def drop_t38(self) -> None:
        """The call is over."""
        switch, self.t38 = self.t38, None
        if switch is not None:
            switch.close()

    def rewrite(self, prm: Any) -> bool:
        """A description on its way; True when the provider has just changed to T.38."""
        if self.t38 is None:
            return False
        before = self.t38.going
        prm.sdp = self.t38.rewrite(
            outgoing=prm.outgoing, method=prm.method, status=prm.statusCode, sdp=prm.sdp
        )
        if before == self.t38.going:
            return False
        _log.info("leg.t38", leg=self.leg_id, on=self.t38.going)
        if self.t38.going:
            self.fax = True
        return self.t38.going

    # --- what PJSIP asks

    @guarded
    def onCallSdpCreated(self, prm: Any) -> None:
        """Offer and answer nothing but G.711 on a leg that carries a fax."""
        if self.fax:
            prm.sdp.wholeSdp = g711_only(prm.sdp.wholeSdp)

    @guarded
    def onStreamPreCreate(self, prm: Any) -> None:
        """A fax must not lose or gain a sample: its buffer is long, fixed, and throws nothing away."""
        if self.fax:
            info = prm.streamInfo
            info.jbInit = info.jbMinPre = info.jbMaxPre = FAX_BUFFER_MS
            info.jbMax = 6 * FAX_BUFFER_MS
            info.jbDiscardAlgo = pj.PJMEDIA_JB_DISCARD_NONE
