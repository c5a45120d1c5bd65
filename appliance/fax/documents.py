"""Documents for faxing: PDF, TIFF or text to fax pages (TIFF-F, G4, 1728 dots wide) and fax pages to PDF.

All work is done by Debian's programs (Ghostscript, poppler, libtiff) in a sandbox: what comes by mail or
upload is a stranger's. The header line and the cover are PostScript of our own, printed with the document.
"""

import os
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.errors import ConfigError, OrtsamtError
from appliance.fax.sandbox import BOUNDS, Bounds, Ran, run
from appliance.fax.tiff import Page, bitmaps, read_pages

MAX_PAGES = 200
MAX_BYTES = 50_000_000
_INFO = Bounds(seconds=20.0)
_COLUMNS, _LINES = 90, 60
_HEAD_PT = 16
_TYPES = {b"%PDF-": "pdf", b"II*\0": "tiff", b"MM\0*": "tiff"}


class Fault(StrEnum):
    """Why a document cannot be faxed."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    KIND = "kind"


_SAYS = {
    Fault.ENCRYPTED: ("is protected by a password", "send it without protection"),
    Fault.BROKEN: ("cannot be read, it is damaged", "print it to PDF once more"),
    Fault.TOO_MANY_PAGES: (f"has more than {MAX_PAGES} pages", "send it in parts"),
    Fault.TOO_LARGE: (f"is larger than {MAX_BYTES // 1_000_000} MB", "send it in parts"),
    Fault.TOO_LONG: ("takes too long to convert", "print it to PDF once more, or simplify it"),
    Fault.EMPTY: ("has no page", "send one with at least one page"),
    Fault.KIND: ("is no PDF, TIFF or text", "print it to PDF"),
}


class DocumentError(ConfigError):
    """The document cannot be faxed as it is: its sender must act."""

    def __init__(self, fault: Fault) -> None:
        says, hint = _SAYS[fault]
        super().__init__(f"the document {says}", error_id=f"fax.document.{fault.value}", hint=hint)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The first page: lines of label and value, then free text."""

    title: str
    rows: tuple[tuple[str, str], ...]
    text: str = ""


def kind_of(path: Path) -> str:
    """``pdf``, ``tiff`` or ``text``; raises DocumentError for anything else, an empty or huge file."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DocumentError(Fault.TOO_LARGE)
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise DocumentError(Fault.EMPTY)
    for magic, kind in _TYPES.items():
        if start.startswith(magic) or (kind == "pdf" and magic in start[:1024]):
            return kind
    try:
        text = start.decode("utf-8", "strict" if len(start) < 4096 else "ignore")
    except UnicodeDecodeError:
        raise DocumentError(Fault.KIND) from None
    if any(ord(one) < 32 and one not in "\t\r\n\f" for one in text):
        raise DocumentError(Fault.KIND)
    return "text"


def to_fax(
    sources: Sequence[Path],
    target: Path,
    *,
    header: str = "",
    cover: Cover | None = None,
    fine: bool = True,
    max_pages: int = MAX_PAGES,
    bounds: Bounds = BOUNDS,
) -> tuple[Page, ...]:
    """Write the sources one after another as fax pages; returns them.

    ``header`` is printed at the top of every page; ``{page}`` and ``{pages}`` in it are filled in. Raises
    DocumentError for a document that cannot be faxed, DeviceUnavailable when a program is missing.
    """
    with tempfile.TemporaryDirectory(prefix="fax-") as name:
        folder = Path(name)
        printed: list[Path] = []
        pages = 0
        if cover is not None:
            printed.append(_write(folder / "cover.ps", _cover(cover)))
            pages += 1
        for number, source in enumerate(sources):
            path, count = _printable(source, folder, number, bounds)
            printed.append(path)
            pages += count
            if pages > max_pages:
                raise DocumentError(Fault.TOO_MANY_PAGES)
        head = _write(folder / "head.ps", _head(header.replace("{pages}", str(pages)) if header else ""))
        made = folder / "made.tif"
        ran = run(
            [
                "gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4", "-dMaxStripSize=0",
                f"-r204x{196 if fine else 98}", "-sPAPERSIZE=a4", "-dFIXEDMEDIA", "-dPDFFitPage",
                "-dAutoRotatePages=/None", f"-sOutputFile={made}", str(head), *map(str, printed),
            ],
            folder,
            bounds,
        )  # fmt: skip
        _check(ran)
        found = read_pages(made) if made.exists() else ()
        if not found:
            raise DocumentError(Fault.BROKEN)
        if len(found) != pages:
            raise DocumentError(Fault.TOO_MANY_PAGES if len(found) > max_pages else Fault.BROKEN)
        _move(made, target)
    return found


def to_pdf(tiff: Path, target: Path, *, title: str = "") -> None:
    """Write a received fax as PDF, its pages as they came; raises DocumentError, DeviceUnavailable."""
    with tempfile.TemporaryDirectory(prefix="fax-") as name:
        folder = Path(name)
        made = folder / "made.pdf"
        words = ["-t", title] if title else []
        ran = run(["tiff2pdf", *words, "-o", str(made), str(tiff)], folder)
        if ran.code or not made.exists():
            raise DocumentError(Fault.TOO_LONG if ran.too_long else Fault.BROKEN)
        _move(made, target)


def dots(tiff: Path) -> list[tuple[int, bytes]]:
    """Width and dots of every page (rows of whole bytes, 1 is black), to compare faxes dot by dot."""
    with tempfile.TemporaryDirectory(prefix="fax-") as name:
        folder = Path(name)
        plain = folder / "plain.tif"
        ran = run(["tiffcp", "-c", "none", "-r", "100000", str(tiff), str(plain)], folder)
        if ran.code:
            raise OrtsamtError(f"{tiff.name} cannot be read: {ran.text}", error_id="fax.tiff")
        return list(zip((page.width for page in read_pages(plain)), bitmaps(plain), strict=True))


# -- inside


def _printable(source: Path, folder: Path, number: int, bounds: Bounds) -> tuple[Path, int]:
    """The document as PDF or PostScript, and how many pages it has."""
    match kind_of(source):
        case "text":
            pages = _text_pages(source.read_text(encoding="utf-8", errors="replace"))
            return _write(folder / f"{number}.ps", "%!\n" + "".join(map(_text_page, pages))), len(pages)
        case "tiff":
            made = folder / f"{number}.pdf"
            ran = run(["tiff2pdf", "-o", str(made), str(source)], folder, bounds)
            if ran.code or not made.exists():
                raise DocumentError(Fault.TOO_LONG if ran.too_long else Fault.BROKEN)
            return made, _count(made, folder)
        case _:
            # Ghostscript may read only what is named on its command line: give it a name without surprises.
            copy = folder / f"{number}.pdf"
            copy.write_bytes(source.read_bytes())
            return copy, _count(copy, folder)


def _count(pdf: Path, folder: Path) -> int:
    ran = run(["pdfinfo", str(pdf)], folder, _INFO)
    if ran.too_long:
        raise DocumentError(Fault.TOO_LONG)
    if "Incorrect password" in ran.text:
        raise DocumentError(Fault.ENCRYPTED)
    facts = dict(line.partition(":")[::2] for line in ran.text.splitlines())
    count = facts.get("Pages", "").strip()
    if ran.code or not count.isdecimal():
        raise DocumentError(Fault.BROKEN)
    if int(count) == 0:
        raise DocumentError(Fault.EMPTY)
    return int(count)


def _check(ran: Ran) -> None:
    if ran.too_long:
        raise DocumentError(Fault.TOO_LONG)
    if ran.code:
        raise DocumentError(Fault.BROKEN)


def _move(made: Path, target: Path) -> None:
    beside = target.with_name(f"{target.name}.new")
    beside.write_bytes(made.read_bytes())
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(target)


def _write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("latin-1", "replace"))
    return path


_FONTS = """
/fax-font { findfont dup length dict begin { 1 index /FID ne { def } { pop pop } ifelse } forall
  /Encoding ISOLatin1Encoding def currentdict end } bind def
/FaxSans /Helvetica fax-font definefont pop
/FaxBold /Helvetica-Bold fax-font definefont pop
/FaxMono /Courier fax-font definefont pop
"""


def _head(header: str) -> str:
    """A prologue that prints the header line over the top of every page."""
    if not header:
        return f"%!\n{_FONTS}"
    before, _, after = header.partition("{page}")
    return f"""%!
{_FONTS}
currentglobal true setglobal /FaxCount 1 array def FaxCount 0 0 put setglobal
<< /EndPage {{
  exch pop dup 2 ne {{ pop
    gsave initgraphics
    FaxCount 0 FaxCount 0 get 1 add put
    /FaxTop currentpagedevice /PageSize get 1 get def
    1 setgray 0 FaxTop {_HEAD_PT} sub currentpagedevice /PageSize get 0 get {_HEAD_PT} rectfill
    0 setgray /FaxSans findfont 9 scalefont setfont
    30 FaxTop {_HEAD_PT - 4} sub moveto {_string(before)} show
    {"FaxCount 0 get 10 string cvs show" if "{page}" in header else ""} {_string(after)} show
    grestore true
  }} {{ pop false }} ifelse
}} >> setpagedevice
"""


def _cover(cover: Cover) -> str:
    lines = ["%!", "/FaxBold findfont 32 scalefont setfont", f"60 740 moveto {_string(cover.title)} show"]
    y = 690
    for label, value in cover.rows:
        for position, part in enumerate(textwrap.wrap(value, 60)[:4] or [""]):
            if position == 0:
                lines.append(f"/FaxBold findfont 12 scalefont setfont 60 {y} moveto {_string(label)} show")
            lines.append(f"/FaxSans findfont 12 scalefont setfont 170 {y} moveto {_string(part)} show")
            y -= 18
    y -= 12
    lines.append(
        f"0.5 setlinewidth 60 {y} moveto 535 {y} lineto stroke /FaxSans findfont 12 scalefont setfont"
    )
    for line in _wrapped(cover.text, 78):
        y -= 16
        if y < 60:
            break
        lines.append(f"60 {y} moveto {_string(line)} show")
    return "\n".join([*lines, "showpage", ""])


def _wrapped(text: str, columns: int) -> list[str]:
    lines: list[str] = []
    for line in text.expandtabs(8).splitlines():
        lines += textwrap.wrap(line, columns, drop_whitespace=False, replace_whitespace=False) or [""]
    return lines


def _text_pages(text: str) -> list[list[str]]:
    lines = _wrapped(text, _COLUMNS)
    if not any(line.strip() for line in lines):
        raise DocumentError(Fault.EMPTY)
    return [lines[start : start + _LINES] for start in range(0, len(lines), _LINES)]


def _text_page(lines: Sequence[str]) -> str:
    shown = "\n".join(
        f"48 {780 - 12 * row} moveto {_string(line)} show" for row, line in enumerate(lines) if line.strip()
    )
    return f"/FaxMono findfont 9.2 scalefont setfont\n{shown}\nshowpage\n"


def _string(text: str) -> str:
    """A PostScript string; nothing in it can end it."""
    kept = "".join(one if one.isprintable() else " " for one in text)
    escaped = kept.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"({escaped})"
