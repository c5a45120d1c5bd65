"""Parties that cost little: a bare SIP call and an RTP end each, so that a test can have many of them."""

import re
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.calls.raw import Dialog, call, raw_phone, sdp
from tests.contract.sip.rtp import Audio
from tests.support.box import Box
from tests.support.tones import goertzel

LOUDNESS = -38.0
"""dBFS of a tone of which twenty at once are not clipped."""


class Party:
    """Calls a number, says a tone, hears."""

    def __init__(self, box: Box, user: str, number: str, hz: int, *, dbfs: float = -12.0) -> None:
        self.hz = hz
        self.client = raw_phone(box, user)
        self.audio = Audio()
        self.dialog: Dialog = call(self.client, number, body=sdp(self.audio.port))
        found = re.search(rb"m=audio (\d+)", self.dialog.answer.body)
        assert found is not None
        self.port = int(found[1])
        self.audio.say(self.port, hz, dbfs=dbfs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.audio.__exit__()
        self.client.close()

    def press(self, keys: str) -> None:
        """Press keys (RFC 4733)."""
        for one in keys:
            self.audio.press(self.port, one)

    def tones(self, wanted: Iterable[int], seconds: float = 0.3) -> dict[int, float]:
        """How strong each tone is heard, as a fraction of one of LOUDNESS."""
        samples = self.audio.heard(seconds)
        peak = 32767 * 10 ** (LOUDNESS / 20)
        one = len(samples) * peak * peak / 2
        total = sum(value * value for value in samples)
        return {hz: goertzel(samples, hz, rate=8000) * total / one for hz in wanted}

    def hang_up(self) -> None:
        """Say BYE."""
        self.audio.be_silent()
        self.dialog.bye()
