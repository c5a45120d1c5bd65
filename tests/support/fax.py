"""Documents to fax, and two machines on one wire."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from appliance.fax import wire
from appliance.fax.keeper import LineKeeper
from appliance.fax.terminal import FaxTerminal

N = TypeVar("N")

FRAMES_PER_SECOND = 50
_GHOSTSCRIPT = ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE")


def make_pdf(path: Path, pages: Sequence[str], *, password: str = "") -> Path:
    """A PDF with a page for each text, and a few lines to look at."""
    drawn = "".join(
        f"/Helvetica findfont 28 scalefont setfont 80 {700 - 7 * (number % 40)} moveto ({text}) show "
        f"60 60 moveto {500 - number} 640 lineto stroke showpage\n"
        for number, text in enumerate(pages)
    )
    protect = [f"-sOwnerPassword={password}", f"-sUserPassword={password}"] if password else []
    subprocess.run(
        [*_GHOSTSCRIPT, "-sDEVICE=pdfwrite", "-sPAPERSIZE=a4", *protect, f"-sOutputFile={path}", "-"],
        input=f"%!\n{drawn}".encode(),
        check=True,
        capture_output=True,
    )
    return path


def on_one_wire(one: FaxTerminal, other: FaxTerminal, seconds: float = 300) -> float:
    """Let two machines talk as fast as they can until both are done; returns the time on the line."""
    frames = 0
    while not (one.over.is_set() and other.over.is_set()) and frames < seconds * FRAMES_PER_SECOND:
        to_other, to_one = one.say(), other.say()
        other.hear(to_other)
        one.hear(to_one)
        frames += 1
    return frames / FRAMES_PER_SECOND


class FaxMachine:
    """A machine outside, at the end of a static trunk: our line process, which takes the box for its core."""

    def __init__(self, port: int, box_trunk_port: int, spool: Path, **numbers: str) -> None:
        """``numbers``: dialled → what the machine says of itself."""
        self.spool = spool
        spool.mkdir(exist_ok=True)
        self._seen: list[wire.News] = []
        self._changed = threading.Condition()
        self._numbers = numbers
        words = [str(port), str(box_trunk_port), str(spool)]
        self._keeper = LineKeeper(
            [sys.executable, "-m", "tests.support.fax_line", *words], self._take, _nothing
        )

    def __enter__(self) -> Self:
        self._keeper.start()
        self.wait(wire.Ready)
        boxes = {number: wire.BoxLine(ident=ident, ecm=True) for number, ident in self._numbers.items()}
        self._keeper.tell(wire.Boxes(boxes=boxes))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.stop()

    def send(self, number: str, tiff: Path, *, fax: str = "test", ecm: bool = True) -> None:
        """Call the box and send."""
        order = wire.Send(fax=fax, box="outside", dial=number, tiff=str(tiff), ident="+49 30 1", ecm=ecm)
        assert self._keeper.tell(order)

    def wait(self, kind: type[N], timeout: float = 120) -> N:
        """The first news of this kind that was not waited for yet."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for news in self._seen:
                    if isinstance(news, kind):
                        self._seen.remove(news)
                        return news
                left = deadline - time.monotonic()
                assert left > 0, f"no {kind.__name__} among {self._seen}"
                self._changed.wait(left)

    def _take(self, news: wire.News) -> None:
        with self._changed:
            self._seen.append(news)
            self._changed.notify_all()


def _nothing() -> None:
    pass
