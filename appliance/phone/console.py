"""What programs that are driven by lines share: reading without blocking, and the wish to stop."""

import os
import select
import signal

from appliance.phone.lines import MAX_LINE


class Input:
    """Lines of a file descriptor without ever blocking on it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self.open = True

    def lines(self) -> list[str]:
        """What has arrived, whole lines only; ``open`` turns False at the end of the file."""
        if not self.open or not select.select([self._descriptor], [], [], 0)[0]:
            return []
        data = os.read(self._descriptor, 65536)
        if not data:
            self.open = False
            return []
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            self._rest = b""
        return [line.decode(errors="replace") for line in whole if line.strip()]


class Stop:
    """SIGTERM and Ctrl-C as a wish."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._wish)

    def _wish(self, *_: object) -> None:
        self.wanted = True

    def silence(self) -> None:
        """Nobody reads us any more: let the last words go nowhere."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
