"""A fax machine in the place of a telephone: it sends what is loaded, answers its bell and receives.

Everything but ``load`` and ``show`` happens on the thread of the line it hangs on.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.fax.t30 import TerminalSettings
from appliance.fax.terminal import FaxTerminal
from appliance.fxs.emulator.telephone import Telephone
from appliance.fxs.tones import SILENCE
from appliance.model.fax import FaxCause, FaxResult

_BEFORE_ANSWER_MS = 2500
"""The identity comes after the first burst of the bell; a machine answers then."""
_WORD = {"sending": "sent", "receiving": "received"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """What a machine would show. ``doing``: waiting, loaded, sending, sent, receiving, received, failed."""

    doing: str = "waiting"
    result: FaxResult | None = None
    document: Path | None = None
    """What was received last."""

    def __str__(self) -> str:
        if self.result is None:
            return self.doing
        figures = self.result.figures
        ecm = ", ECM" if figures.ecm else ""
        said = "" if self.result.cause in (FaxCause.SENT, FaxCause.RECEIVED) else f": {self.result.detail}"
        bad = f", {figures.bad_rows} bad rows" if figures.bad_rows else ""
        return f"{self.doing}{said}, {figures.pages} page(s), {figures.rate} bit/s{ecm}{bad}"


class FaxMachine:
    """Takes the place of the person at ``phone``; ``folder`` is for documents."""

    def __init__(self, phone: Telephone, folder: Path, *, ident: str, ecm: bool = True) -> None:
        self.state = MachineState()
        self._phone = phone
        self._folder = folder
        self._settings = TerminalSettings(ident=ident, ecm=ecm)
        self._terminal: FaxTerminal | None = None
        self._loaded: Path | None = None
        self._received = 0
        self._will_answer = False
        phone.machine = self

    def load(self, tiff: Path, *, ecm: bool = True, ident: str = "") -> None:
        """Put a document in; it is sent to the next number that is dialled."""
        self._settings = TerminalSettings(ident=ident or self._settings.ident, ecm=ecm)
        self._loaded = tiff
        self.state = MachineState(doing="loaded", document=self.state.document)

    def dialled(self) -> None:
        """A number was dialled: begin to call."""
        if self._loaded is not None and self._terminal is None:
            tiff, self._loaded = self._loaded, None
            self._begin(tiff, sends=True)

    def rings(self) -> None:
        """The bell begins to ring."""
        if not self._will_answer and self._terminal is None:
            self._will_answer = True
            self._phone.wait(_BEFORE_ANSWER_MS)
            self._phone.lift()
            self._phone.then(self._answer)

    def exchange(self, frame: bytes) -> bytes:
        """20 ms of the line while off the hook."""
        terminal = self._terminal
        if terminal is None:
            return SILENCE
        terminal.hear(frame)
        said = terminal.say()
        if terminal.over.is_set():
            self._end(terminal)
            self._phone.hang_up()
        return said

    def hung_up(self) -> None:
        """The loop was opened: whatever was under way has ended."""
        if self._terminal is not None:
            self._end(self._terminal)

    def _answer(self) -> None:
        self._will_answer = False
        self._received += 1
        self._begin(self._folder / f"received-{self._received}.tif", sends=False)

    def _begin(self, tiff: Path, *, sends: bool) -> None:
        self._terminal = FaxTerminal(tiff, sends=sends, settings=self._settings)
        document = self.state.document if sends else tiff
        self.state = MachineState(doing="sending" if sends else "receiving", document=document)

    def _end(self, terminal: FaxTerminal) -> None:
        self._terminal = None
        terminal.close()
        result = terminal.result()
        good = result.cause in (FaxCause.SENT, FaxCause.RECEIVED)
        doing = _WORD[self.state.doing] if good else "failed"
        self.state = MachineState(doing=doing, result=result, document=self.state.document)
