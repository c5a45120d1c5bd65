"""T.38 of one leg to a provider: descriptions are rewritten on the way, the sound goes through a gateway.

Theory of operation: PJSIP knows audio alone. Where the provider changes to T.38 (``m=image``), or we want to,
the descriptions pass rtpengine: PJSIP sees audio at its loop-back address, the provider image at the box's.
The one who answers a call changes to T.38 (T.38 annex D); nothing is lost when the other refuses, for the
sound goes on as it was.

- An offer that comes: image becomes audio, from now on through the gateway; with audio the gateway is left.
- An offer that leaves: image when it is wanted, or while the gateway is in the path.
- An answer is what its offer was, for whom it is meant.
"""

import re

import structlog

from appliance.errors import DeviceUnavailable
from appliance.sip.rtpengine import Gateway, Side

_log = structlog.get_logger(__name__)
_IMAGE = re.compile(r"(?mi)^m=image [1-9]\d* udptl t38\s*$")
_ADDRESS = re.compile(r"(?m)^(o=.*|c=)IN IP[46] \S+")


class T38Switch:
    """The descriptions of one leg. Engine thread only."""

    def __init__(self, gateway: Gateway, call: str) -> None:
        """``call``: a name for the gateway that no other leg has."""
        self._gateway = gateway
        self._call = call
        self._offerer: Side | None = None
        """Whose offer waits for an answer."""
        self._offered_image = False
        self._voice = ""
        """The provider's last description of audio."""
        self._last: tuple[str, int, str] = ("", 0, "")
        self._last_made = ""
        self.wanted = False
        """Our next offer is T.38."""
        self.going = False
        """The sound goes through the gateway."""
        self.refused = False
        """The provider does not want T.38."""

    def rewrite(self, *, outgoing: bool, method: str, status: int, sdp: str) -> str:
        """A description as it is to go on; ``status`` 0 is a request."""
        by = Side.CORE if outgoing else Side.TRUNK
        if method not in ("INVITE", "UPDATE", "ACK") or (status and not 200 <= status < 300):
            return sdp
        seen = (method, status, sdp)
        if not outgoing and status and seen == self._last:
            return self._last_made  # a final response that was sent again
        is_answer = method == "ACK" or (status > 0 and self._offerer is not None)
        try:
            made = self._answer(by, sdp) if is_answer else self._offer(by, sdp)
        except DeviceUnavailable as error:
            _log.warning("t38.unavailable", leg=self._call, error=str(error))
            made = sdp
        if not outgoing:
            self._last, self._last_made = seen, made
        return made

    def give_up(self) -> None:
        """Our offer was refused: the sound goes on as it was."""
        self.refused = True
        self.wanted = self._offered_image = False
        self._offerer = None
        if not self.going:
            self._gateway.delete(self._call)

    def close(self) -> None:
        """The leg is over."""
        if self.going or self._offered_image:
            self.going = self._offered_image = False
            self._gateway.delete(self._call)

    def _offer(self, by: Side, sdp: str) -> str:
        self._offerer, self._offered_image = by, False
        if by is Side.TRUNK:
            if _IMAGE.search(sdp):
                made = self._gateway.offer(self._call, by, sdp, "decode")
                self._offered_image = self.going = True
                return made
            if self.going:
                self.going = False
                self._gateway.delete(self._call)
            self._voice = sdp
            return sdp
        if not self.wanted and not self.going:
            return sdp
        self.wanted = False
        made = self._gateway.offer(self._call, by, at_loopback(sdp), "force")
        self._offered_image = True
        return made

    def _answer(self, by: Side, sdp: str) -> str:
        image, self._offerer, self._offered_image = self._offered_image, None, False
        if not image:
            if by is Side.TRUNK:
                self._voice = sdp
            return sdp
        if by is Side.CORE:
            return self._gateway.answer(self._call, by, at_loopback(sdp))
        if not _IMAGE.search(sdp):
            # Answered, but without T.38: as if it had been refused.
            self.refused = True
            return self._voice or sdp
        self.going = True
        return self._gateway.answer(self._call, by, sdp)


def wants_image(sdp: str) -> bool:
    """Whether T.38 is described."""
    return _IMAGE.search(sdp) is not None


def at_loopback(sdp: str) -> str:
    """Our own description for the gateway beside us, which may not reach what we announce to others."""
    return _ADDRESS.sub(lambda found: f"{found[1]}IN IP4 127.0.0.1", sdp)
