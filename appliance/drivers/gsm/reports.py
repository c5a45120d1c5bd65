"""What modules say unasked, and of their calls, as values (3GPP TS 27.007, the makers' AT manuals). Pure.

The makers' reports differ in form, not in kind; no two forms mean different things, so one reader knows all.
"""

import re
from dataclasses import dataclass
from enum import Enum

from appliance.drivers.gsm.at import fields, number
from appliance.drivers.gsm.causes import network_cause
from appliance.model.causes import Cause
from appliance.model.gsm import Registration


class CallStage(Enum):
    """Of +CLCC, in its numbering; 6 and -1 are the makers' words for the end."""

    ACTIVE = 0
    HELD = 1
    DIALLING = 2
    ALERTING = 3
    INCOMING = 4
    WAITING = 5
    RELEASED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """One voice call as the module sees it."""

    index: int
    incoming: bool
    stage: CallStage
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """Somebody calls, or still does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerShown:
    """Who calls; no number: withheld, or the network does not know."""

    number: str
    withheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged:
    """Something happened to a call: look. ``cause`` when it is told as its end."""

    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Registration; ``packet`` for +CEREG and +CGREG. ``technology`` as 3GPP numbers it."""

    registration: Registration
    packet: bool
    technology: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Received signal strength; None: none."""

    dbm: int | None
    technology: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The network's name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsStored:
    """An SMS or a status report lies in the module."""

    memory: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsDirect:
    """An SMS or a status report as octets, not stored."""

    pdu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ussd:
    """The network's answer to a code. ``more``: it waits for a reply."""

    text: str
    more: bool
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeard:
    """The far end pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimChanged:
    """Look at the SIM again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """The module has started anew by itself."""


Report = (
    CallReport
    | Rings
    | CallerShown
    | CallChanged
    | Registered
    | Signal
    | Operator
    | SmsStored
    | SmsDirect
    | Ussd
    | KeyHeard
    | SimChanged
    | Booted
)

_STAGES = {stage.value: stage for stage in CallStage} | {-1: CallStage.RELEASED}
_DSCI = {
    1: CallStage.HELD,
    2: CallStage.DIALLING,
    3: CallStage.ACTIVE,
    4: CallStage.INCOMING,
    5: CallStage.WAITING,
    6: CallStage.RELEASED,
    7: CallStage.ALERTING,
}
_REGISTRATION = {
    0: Registration.NONE,
    1: Registration.HOME,
    2: Registration.SEARCHING,
    3: Registration.DENIED,
    4: Registration.UNKNOWN,
    5: Registration.ROAMING,
    6: Registration.HOME,
    7: Registration.ROAMING,
}
_TECHNOLOGY = {0: "GSM", 1: "GSM", 2: "UMTS", 3: "GSM", 4: "UMTS", 5: "UMTS", 6: "UMTS", 7: "LTE"}
_NO_NUMBER = re.compile(r"[^0-9*#+]")
_DIALLED = re.compile(r"\+?[0-9*#]+")
_HEX = re.compile("[0-9A-Fa-f]+")


def read_report(line: str) -> Report | None:
    """What the line says; None for what is of no interest or cannot be read."""
    if line in _WHOLE:
        return _WHOLE[line]
    head, colon, rest = line.partition(":")
    reader = _READERS.get(head.strip())
    if reader is None or not colon:
        return None
    return reader(rest.strip())


def call_report(rest: str) -> CallReport | None:
    """``+CLCC: 1,0,3,0,0,"0170…",129``; None for calls that are no voice calls."""
    values = fields(rest)
    index, direction, stage = (number(values, i) for i in range(3))
    mode = number(values, 3)
    if index is None or stage is None or stage not in _STAGES or mode not in (0, None):
        return None
    return CallReport(
        index=index,
        incoming=direction == 1,
        stage=_STAGES[stage],
        number=digits(values[5]) if len(values) > 5 else "",
    )


def digits(text: str) -> str:
    """A number as the module wrote it, be it as UCS2."""
    decoded = _decoded(text)
    plain = decoded if decoded is not None and _DIALLED.fullmatch(decoded) else text
    return _NO_NUMBER.sub("", plain)[:32]


def text_of(text: str) -> str:
    """A text that may be written as UCS2 in hex (``+CSCS="UCS2"``)."""
    decoded = _decoded(text)
    if decoded is None or not all(char.isprintable() or char in "\r\n" for char in decoded):
        return text
    return decoded


def _decoded(text: str) -> str | None:
    if len(text) < 4 or len(text) % 4 or not _HEX.fullmatch(text):
        return None
    return bytes.fromhex(text).decode("utf-16-be", "replace")


def registration_report(rest: str, *, packet: bool) -> Registered | None:
    """Answer (``2,1,"A1","B2",7``) and report (``1,"A1","B2",7``) differ in the second value."""
    values = fields(rest)
    raw = [value.strip() for value in rest.split(",")]
    first, second = number(values, 0), number(values, 1)
    answer = len(raw) > 1 and not raw[1].startswith('"') and second is not None
    stage = second if answer else first
    if stage is None or stage not in _REGISTRATION:
        return None
    technology = number(values, 4 if answer else 3)
    return Registered(
        registration=_REGISTRATION[stage],
        packet=packet,
        technology=_TECHNOLOGY.get(technology, "") if technology is not None else "",
    )


# --- one reader for each head


def _clip(rest: str) -> Report | None:
    values = fields(rest)
    validity = number(values, 5)
    shown = digits(values[0])
    return CallerShown(number=shown, withheld=validity == 1 or (not shown and validity != 2))


def _qind(rest: str) -> Report | None:
    what, _, tail = rest.partition(",")
    match what.strip('" ').lower():
        case "ccinfo":
            return call_report(tail)
        case "csq":
            return _csq(tail)
        case _:
            return None


def _dsci(rest: str) -> Report | None:
    values = fields(rest)
    index, direction, stage = (number(values, i) for i in range(3))
    if index is None or stage is None or stage not in _DSCI:
        return None
    return CallReport(
        index=index,
        incoming=direction == 1,
        stage=_DSCI[stage],
        number=digits(values[4]) if len(values) > 4 else "",
    )


def _cend(rest: str) -> Report | None:
    value = number(fields(rest), 3)
    return CallChanged(cause=network_cause(value) if value is not None else Cause.NORMAL)


def _voice_call(rest: str) -> Report | None:
    return CallChanged(cause=Cause.NORMAL if rest.startswith("END") else None)


def _csq(rest: str) -> Report | None:
    value = number(fields(rest), 0)
    if value is None:
        return None
    if 0 <= value <= 31:
        return Signal(dbm=2 * value - 113)
    if 100 <= value <= 191:
        return Signal(dbm=value - 216)
    return Signal(dbm=None)


def _qcsq(rest: str) -> Report | None:
    values = fields(rest)
    dbm = number(values, 1)
    if dbm is None:
        return Signal(dbm=None)
    technology = {"WCDMA": "UMTS"}.get(values[0].upper(), values[0].upper()[:8])
    return Signal(dbm=dbm, technology=technology)


def _cops(rest: str) -> Report | None:
    values = fields(rest)
    return Operator(name=_clean(text_of(values[2]))[:40] if len(values) > 2 else "")


def _cnsmod(rest: str) -> Report | None:
    values = fields(rest)
    value = number(values, len(values) - 1)
    names = {1: "GSM", 2: "GSM", 3: "GSM", 4: "UMTS", 5: "UMTS", 6: "UMTS", 7: "UMTS", 8: "LTE"}
    return Signal(dbm=None, technology=names[value]) if value in names else None


def _stored(rest: str) -> Report | None:
    values = fields(rest)
    index = number(values, 1)
    return SmsStored(memory=values[0][:4], index=index) if index is not None and index >= 0 else None


def _direct(rest: str) -> Report | None:
    _, newline, pdu = rest.partition("\n")
    return SmsDirect(pdu=pdu) if newline else None


def _cusd(rest: str) -> Report | None:
    values = fields(rest)
    stage = number(values, 0)
    if stage is None:
        return None
    text = _clean(text_of(values[1])) if len(values) > 1 else ""
    return Ussd(text=text[:300], more=stage == 1, refused=stage >= 2)


def _key(rest: str) -> Report | None:
    text = rest.strip('" ').upper()
    if len(text) == 2 and text.isdecimal():  # Quectel gives the code of the character
        text = chr(int(text))
    return KeyHeard(digit=text) if len(text) == 1 and text in "0123456789*#ABCD" else None


def _cpin(rest: str) -> Report | None:
    return SimChanged()


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()


_READERS = {
    "+CLCC": call_report,
    "+QIND": _qind,
    "^DSCI": _dsci,
    "^CEND": _cend,
    "^ORIG": lambda _rest: CallChanged(),
    "^CONN": lambda _rest: CallChanged(),
    "^CONF": lambda _rest: CallChanged(),
    "VOICE CALL": _voice_call,
    "MISSED_CALL": lambda _rest: CallChanged(cause=Cause.CANCELLED),
    "+CRING": lambda _rest: Rings(),
    "+CLIP": _clip,
    "+CREG": lambda rest: registration_report(rest, packet=False),
    "+CGREG": lambda rest: registration_report(rest, packet=True),
    "+CEREG": lambda rest: registration_report(rest, packet=True),
    "+CSQ": _csq,
    "+QCSQ": _qcsq,
    "+CNSMOD": _cnsmod,
    "+COPS": _cops,
    "+CMTI": _stored,
    "+CDSI": _stored,
    "+CMT": _direct,
    "+CDS": _direct,
    "+CUSD": _cusd,
    "+DTMF": _key,
    "+RXDTMF": _key,
    "+QTONEDET": _key,
    "+CPIN": _cpin,
    "+QUSIM": _cpin,
    "+SIMCARD": _cpin,
}
_WHOLE: dict[str, Report] = {
    "RING": Rings(),
    "NO CARRIER": CallChanged(cause=Cause.NORMAL),
    "BUSY": CallChanged(cause=Cause.BUSY),
    "NO ANSWER": CallChanged(cause=Cause.NO_ANSWER),
    "NO DIALTONE": CallChanged(cause=Cause.CONGESTION),
    "NO DIAL TONE": CallChanged(cause=Cause.CONGESTION),
    "RDY": Booted(),
    "START": Booted(),
    "^SYSSTART": Booted(),
}
