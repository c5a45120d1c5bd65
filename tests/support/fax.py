"""Documents to fax, and two machines on one wire."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from appliance.fax.terminal import FaxTerminal

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
