"""The AT dialogue as text (3GPP TS 27.007, ITU-T V.250): octets to lines, lines to replies and reports. Pure.

A line that is not for the command under way is a report of its own (URC); the two come in any order. A reply
that comes after its command was given up must not be taken for the next command's: after a time-out nothing
is believed before the module has answered a question that only it can answer.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LONGEST_LINE = 4096
"""Of characters; longer ones are thrown away to their end."""
MOST_WAITING = 64
"""Commands; what comes on top fails at once."""
_MOST_LINES = 400
"""Of one reply; the rest is dropped."""
_CTRL_Z, _ESCAPE = b"\x1a", b"\x1b"
_FINAL_ERRORS = ("ERROR", "+CME ERROR:", "+CMS ERROR:", "COMMAND NOT SUPPORT")
_CALL_FINALS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE"})
PROMPT = "> "
_SYNC = "AT+CMEE?"
"""Its answer carries a value and is never a report: what comes after it is no late reply to anything else."""
_SYNC_PREFIX = "+CMEE:"
_SYNC_MS = 3000
_SYNC_TRIES = 3
_SYNC_REST_MS = 1000


class LineReader:
    """Octets, cut in any way, to lines; the prompt of +CMGS is a line of its own."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._skipping = False
        self.dropped = 0
        """Overlong lines thrown away."""

    def feed(self, data: bytes) -> Iterator[str]:
        """Whole lines, without their ends, empty ones left out."""
        for octet in data:
            if octet in (0x0D, 0x0A):
                if self._line and not self._skipping:
                    yield self._line.decode("latin-1")
                self._line.clear()
                self._skipping = False
            elif self._skipping or (octet < 0x20 and octet != 0x1B) or octet == 0x7F:
                continue
            else:
                self._line.append(octet)
                if self._line == b"> ":
                    self._line.clear()
                    yield PROMPT
                elif len(self._line) > LONGEST_LINE:
                    self._line.clear()
                    self._skipping = True
                    self.dropped += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a command ended. ``error``: empty when it went well, else what the module said, or ``timeout``."""

    lines: tuple[str, ...] = ()
    error: str = ""

    @property
    def ok(self) -> bool:
        """It went well."""
        return not self.error

    @property
    def code(self) -> int | None:
        """The number of +CME or +CMS ERROR."""
        tail = self.error.rpartition(":")[2].strip()
        return int(tail) if tail.isdecimal() and len(tail) < 6 else None

    def value(self) -> str:
        """The first line without its prefix, empty when there is none."""
        return self.lines[0].partition(":")[2].strip() if self.lines else ""


Done = Callable[[Reply], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line. ``prefixes`` of the lines that are its answer; ``bare``: its answer has no prefix."""

    text: str
    done: Done
    prefixes: tuple[str, ...] = ()
    bare: bool = False
    needs_answer: bool = False
    """OK without a line of its own is somebody else's."""
    with_pdu: bool = False
    """A line that begins with a prefix is followed by one more (``+CMGR``, ``+CMGL``)."""
    payload: str = ""
    """Sent after the prompt, ended by Ctrl-Z."""
    call: bool = False
    """NO CARRIER, BUSY … answer it."""
    timeout_ms: int = 5000


class Channel:
    """Commands one at a time over one line. ``report`` gets every line that answers no command.

    ``out`` is what must be written; call :meth:`tick` when ``deadline_ms`` has come.
    """

    def __init__(self, report: Callable[[str], None], now_ms: Callable[[], int]) -> None:
        self._report = report
        self._now = now_ms
        self._reader = LineReader()
        self._waiting: deque[Command] = deque()
        self._command: Command | None = None
        self._lines: list[str] = []
        self._pdu_due = False
        self._syncing = 0
        self._sync_seen = False
        self._sync_answers = 0
        self._report_pdu = ""
        self.out = bytearray()
        self.deadline_ms: int | None = None
        self.timeouts = 0
        """Commands without an answer since the last that had one."""

    @property
    def idle(self) -> bool:
        """Nothing is under way or waiting."""
        return self._command is None and not self._waiting

    def submit(self, command: Command, *, urgent: bool = False) -> None:
        """Send it when those before are done; ``urgent``: next. ``done`` is called exactly once."""
        if len(self._waiting) >= MOST_WAITING and not urgent:
            command.done(Reply(error="too many commands wait"))
            return
        if urgent:
            self._waiting.appendleft(command)
        else:
            self._waiting.append(command)
        self._next()

    def feed(self, data: bytes) -> None:
        """Take what the module wrote."""
        for line in self._reader.feed(data):
            self._take(line.strip() if line != PROMPT else line)

    def tick(self) -> None:
        """Give a command up whose time is over."""
        if self.deadline_ms is None or self._now() < self.deadline_ms:
            return
        command = self._command
        if not self._sync_answers:
            self.timeouts += 1
        if command is None or self._syncing:
            self._sync()
            return
        if command.payload:
            self.out += _ESCAPE
        self._command = None
        self._syncing = self._sync_answers = 0
        self._sync()
        command.done(Reply(lines=tuple(self._lines), error="timeout"))

    def abandon(self, why: str) -> None:
        """The line is gone: every command fails."""
        waiting = [self._command] if self._command is not None else []
        waiting += self._waiting
        self._command, self._syncing, self.deadline_ms = None, 0, None
        self._waiting.clear()
        for command in waiting:
            command.done(Reply(error=why))

    # --- inside

    def _next(self) -> None:
        if self._command is not None or self._syncing or not self._waiting:
            return
        self._command = command = self._waiting.popleft()
        self._lines = []
        self._pdu_due = False
        self.out += command.text.encode("latin-1", "replace") + b"\r"
        self.deadline_ms = self._now() + command.timeout_ms

    def _sync(self) -> None:
        """Ask until the module answers; too often in vain, go on: the owner counts ``timeouts``."""
        if self._sync_answers:
            self._synced()
            return
        self._syncing += 1
        if self._syncing > _SYNC_TRIES:
            self._synced()
            return
        self.out += _SYNC.encode() + b"\r"
        self.deadline_ms = self._now() + _SYNC_MS

    def _synced(self) -> None:
        self._syncing = self._sync_answers = 0
        self._sync_seen = False
        self.deadline_ms = None
        self._next()

    def _take(self, line: str) -> None:
        if not line:
            return
        if self._syncing:
            if line.startswith(_SYNC_PREFIX):
                self._sync_seen = True
            elif line == "OK" and self._sync_seen:
                self.timeouts = 0
                self._sync_seen = False
                self._sync_answers += 1
                if self._sync_answers >= self._syncing:
                    self._synced()
                else:  # the answers to the others come now, or never
                    self.deadline_ms = self._now() + _SYNC_REST_MS
            elif line not in (PROMPT, "OK") and not _is_error(line) and not line.startswith("AT"):
                self._report_line(line)
            return
        command = self._command
        if command is None:
            if line not in ("OK", PROMPT) and not _is_error(line) and not line.startswith("AT"):
                self._report_line(line)
        elif line == PROMPT:
            if command.payload:
                self.out += command.payload.encode("latin-1", "replace") + _CTRL_Z
        elif line in (command.text, command.payload):  # echo
            return
        elif self._pdu_due and _is_hex(line):
            self._pdu_due = False
            self._keep(line)
        elif line == "OK":
            if not command.needs_answer or self._lines:
                self._finish(Reply(lines=tuple(self._lines)))
        elif _is_error(line) or (command.call and line in _CALL_FINALS):
            self._finish(Reply(lines=tuple(self._lines), error=line))
        elif command.prefixes and line.startswith(command.prefixes):
            self._pdu_due = command.with_pdu
            self._keep(line)
        elif command.bare and not self._lines and _is_bare(line):
            self._keep(line)
        else:
            self._report_line(line)

    def _keep(self, line: str) -> None:
        if len(self._lines) < _MOST_LINES:
            self._lines.append(line)

    def _report_line(self, line: str) -> None:
        """Reports with a PDU on the next line (``+CMT``, ``+CDS``) are told as one."""
        if self._report_pdu and _is_hex(line):
            head, self._report_pdu = self._report_pdu, ""
            self._report(f"{head}\n{line}")
        elif line.startswith(("+CMT:", "+CDS:")):
            self._report_pdu = line
        else:
            self._report(line)

    def _finish(self, reply: Reply) -> None:
        command = self._command
        self._command, self.deadline_ms = None, None
        self.timeouts = 0
        if command is not None:
            command.done(reply)
        self._next()


def _is_error(line: str) -> bool:
    return line.startswith(_FINAL_ERRORS)


def _is_hex(line: str) -> bool:
    return len(line) % 2 == 0 and all(char in "0123456789ABCDEFabcdef" for char in line)


def _is_bare(line: str) -> bool:
    return (
        line.isascii() and line[0] not in "+^*" and line not in _CALL_FINALS and line not in ("RING", "RDY")
    )


def fields(text: str) -> list[str]:
    """The values after a prefix, quotes taken away: ``1,"a,b",,7`` → four of them."""
    out: list[str] = []
    current: list[str] = []
    quoted = False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            out.append("".join(current).strip())
            current = []
        else:
            current.append(char)
    out.append("".join(current).strip())
    return out


def number(values: list[str], index: int) -> int | None:
    """The whole number at a place; None when there is none."""
    if index >= len(values):
        return None
    text = values[index].strip()
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 12 and text.count("-") <= 1 else None
