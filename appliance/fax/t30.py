"""One fax machine as T.30 sees it, whatever carries it: what it may do, what it sends, what became of it.

One thread feeds a machine, any may read ``figures`` and ``result`` or close it. What the library
calls back is noted and never raises into it. When every page was confirmed the fax was good, whatever
happened to the farewell (DCN) after that.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from appliance.media.spandsp import library as lib
from appliance.media.spandsp.library import ffi, spandsp
from appliance.model.fax import FaxCause, FaxFigures, FaxResult

_log = structlog.get_logger(__name__)
_EOP = frozenset({0x2E, 0x3E})
"""Post-message commands that say: that was the last page (T.30 §5.3.6.1)."""
_COMPRESSIONS = lib.COMPRESS_T4_1D | lib.COMPRESS_T4_2D | lib.COMPRESS_T6
_SIZES = (
    lib.WIDTH_215MM
    | lib.LENGTH_UNLIMITED
    | lib.LENGTH_A4
    | lib.LENGTH_B4
    | lib.LENGTH_LETTER
    | lib.LENGTH_LEGAL
)
_RESOLUTIONS = lib.RESOLUTION_STANDARD | lib.RESOLUTION_FINE | lib.RESOLUTION_SUPERFINE | lib.RESOLUTION_R8
_MODEMS = {
    14400: lib.MODEM_V27TER | lib.MODEM_V29 | lib.MODEM_V17,
    9600: lib.MODEM_V27TER | lib.MODEM_V29,
    4800: lib.MODEM_V27TER,
}
_CALL_DROPPED = "call dropped"
_METRES_PER_INCH = 0.0254


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a completion code of the library means."""

    cause: FaxCause
    detail: str


def _endings() -> dict[int, Ending]:
    """Completion codes in the order of the library's enumeration (T30_ERR_*)."""
    line, none, refused = FaxCause.LINE, FaxCause.NO_FAX, FaxCause.REFUSED
    unfit, document, dropped = FaxCause.INCOMPATIBLE, FaxCause.DOCUMENT, FaxCause.HUNG_UP
    rows: list[tuple[FaxCause, str]] = [
        (FaxCause.SENT, "ok"),
        (none, "the answer tone did not end"),
        (none, "nothing was said (T0)"),
        (none, "no first message (T1)"),
        (line, "T3 expired"),
        (line, "the carrier did not stop"),
        (line, "training failed at every rate"),
        (line, "operator intervention failed"),
        (unfit, "nothing in common with the far end"),
        (unfit, "the far end cannot receive"),
        (unfit, "the far end cannot send"),
        (unfit, "the far end cannot take this resolution"),
        (unfit, "the far end cannot take this size"),
        (line, "unexpected message"),
        (line, "bad answer to DCS or training"),
        (refused, "disconnected after a page"),
        (line, "bad answer in error correction"),
        (refused, "disconnected before the first page"),
        (line, "bad answer after a page"),
        (none, "the answer is no fax (no DIS)"),
        (line, "no answer to training"),
        (line, "no answer after a page"),
        (line, "the far end was never ready (T5)"),
        (line, "bad message in error correction"),
        (line, "DCS while waiting for DTC"),
        (line, "bad command after a page"),
        (line, "carrier lost"),
        (line, "no end of line"),
        (line, "no first line"),
        (line, "no DCN (T2)"),
        (line, "no end of page (T2)"),
        (line, "no page (T2)"),
        (line, "no next page (T2)"),
        (line, "no RR (T2)"),
        (line, "nothing more came (T2)"),
        (refused, "disconnected before a page"),
        (refused, "disconnected in a page"),
        (refused, "disconnected before the end of a page"),
        (refused, "disconnected between pages"),
        (refused, "disconnected while not ready"),
        (refused, "disconnected after asking for a page again"),
        (document, "the file cannot be opened"),
        (document, "the page is not in the file"),
        (document, "the file is no fax image"),
        (document, "a page has no number"),
        (document, "a page has wrong values"),
        (document, "the file's head is damaged"),
        (FaxCause.ENGINE, "no memory"),
        (line, "disconnected after all repetitions"),
        (dropped, _CALL_DROPPED),
    ]
    return {code: Ending(cause=cause, detail=detail) for code, (cause, detail) in enumerate(rows)}


_ENDINGS = _endings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """What a terminal says of itself and may do. ``ident``: at most 20 characters are sent (TSI, CSI)."""

    ident: str = ""
    ecm: bool = True
    rate: int = 14400
    """The highest: 14400, 9600 or 4800 bit/s."""


PLAIN = TerminalSettings()
"""For machines without a name."""

PageDone = Callable[[int], None]
"""Told how many pages are complete; on the thread that feeds the machine."""


class Machine:
    """A sender of a TIFF file, or a receiver into one. Close it when done."""

    def __init__(
        self, path: Path, *, sends: bool, settings: TerminalSettings, page_done: PageDone | None
    ) -> None:
        """Raises DeviceUnavailable without the library. ``path`` exists (sender) or not (receiver)."""
        self._lib = spandsp()
        self._guard = threading.Lock()
        """Held while the library works, so that nobody frees what it works on."""
        self.sends = sends
        self.over = threading.Event()
        self._page_done = page_done
        self._code: int | None = None
        self._confirmed = 0
        self._last_was_eop = False
        self._figures = FaxFigures()
        self._handle = ffi.new_handle(self)
        self._stats = ffi.new("t30_stats_t *")
        self._state, self._t30 = self._make()
        self._set_up(path, settings)

    def _make(self) -> tuple[Any, Any]:
        """The library's machine and the T.30 in it."""
        raise NotImplementedError

    def _set_up(self, path: Path, settings: TerminalSettings) -> None:
        library, t30 = self._lib, self._t30
        ident = settings.ident.encode("ascii", "replace")[:20]
        library.t30_set_tx_ident(t30, ident)
        library.t30_set_ecm_capability(t30, int(settings.ecm))
        library.t30_set_supported_modems(t30, _MODEMS[settings.rate])
        library.t30_set_supported_compressions(t30, _COMPRESSIONS)
        library.t30_set_supported_resolutions(t30, _RESOLUTIONS)
        library.t30_set_supported_image_sizes(t30, _SIZES)
        library.t30_set_phase_d_handler(t30, _on_page, self._handle)
        library.t30_set_phase_e_handler(t30, _on_end, self._handle)
        name = str(path).encode()
        if self.sends:
            library.t30_set_tx_file(t30, name, -1, -1)
        else:
            library.t30_set_rx_encoding(t30, lib.ENCODING_T6)
            library.t30_set_rx_file(t30, name, -1)

    # -- what became of it

    @property
    def figures(self) -> FaxFigures:
        """How the transfer goes; ``pages`` are those confirmed (sender) or complete (receiver)."""
        return self._figures

    def result(self) -> FaxResult:
        """The result; before the end of the protocol that of a line that was cut now."""
        ending = _ENDINGS.get(self._code if self._code is not None else 49)
        if ending is None:
            ending = Ending(cause=FaxCause.INCOMPATIBLE, detail=f"code {self._code}")
        good = FaxCause.SENT if self.sends else FaxCause.RECEIVED
        if self._code == 0 or self._last_was_eop:
            return FaxResult(
                cause=good, figures=self._figures, detail="" if self._code == 0 else ending.detail
            )
        return FaxResult(cause=ending.cause, figures=self._figures, detail=ending.detail)

    def close(self) -> None:
        """End the transfer if it still goes on and free everything; what was received stays in the file."""
        with self._guard:
            if self._state is None:
                return
            if self._code is None:
                self._lib.t30_terminate(self._t30)
                self._note()
            state, self._state = self._state, None
            self._free(state)
        self.over.set()

    def _free(self, state: Any) -> None:
        """Free the library's machine."""
        raise NotImplementedError

    # -- what the library reports

    def _note(self) -> None:
        stats = self._stats
        self._lib.t30_get_transfer_statistics(self._t30, stats)
        ident = self._lib.t30_get_rx_ident(self._t30)
        text = "" if ident == ffi.NULL else ffi.string(ident).decode("latin-1").strip()
        self._figures = FaxFigures(
            pages=stats.pages_tx if self.sends else stats.pages_rx,
            rate=stats.bit_rate,
            ecm=bool(stats.error_correcting_mode),
            resolution=(
                round(stats.x_resolution * _METRES_PER_INCH),
                round(stats.y_resolution * _METRES_PER_INCH),
            ),
            remote_ident="".join(one for one in text if one.isprintable())[:20],
            bad_rows=stats.bad_rows,
        )

    def page(self, command: int) -> None:
        """A page was received, or confirmed by the far end; ``command`` is the last T.30 message of it."""
        self._note()
        self._last_was_eop = self._ended_with(command)
        if self._page_done is not None and self._figures.pages > self._confirmed:
            self._confirmed = self._figures.pages
            self._page_done(self._confirmed)

    def _ended_with(self, command: int) -> bool:
        if self.sends:
            return bool(0 < self._stats.pages_in_file <= self._stats.pages_tx)
        return command & 0xFE in _EOP

    def ended(self, code: int) -> None:
        """The protocol is over."""
        self._note()
        self._code = code
        self.over.set()


@ffi.callback("int(t30_state_t *, void *, int)")  # type: ignore[untyped-decorator]
def _on_page(_t30: Any, user: Any, result: int) -> int:
    try:
        ffi.from_handle(user).page(result)
    except Exception:  # noqa: BLE001 - nothing may be raised into the library
        _log.exception("fax.page")
    return 0


@ffi.callback("void(t30_state_t *, void *, int)")  # type: ignore[untyped-decorator]
def _on_end(_t30: Any, user: Any, code: int) -> None:
    try:
        ffi.from_handle(user).ended(code)
    except Exception:  # noqa: BLE001
        _log.exception("fax.end")
