"""Times and repetitions out of sipp's short message log.

sipp's own response times come from a clock that ticks every 4 ms, and sipp takes such a tick to answer a
challenge. The log has the true time of every message, so what a phone itself takes can be left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message as sipp saw it. ``at`` is UNIX time in s; ``start`` the first line of the message."""

    at: float
    sent: bool
    call_id: str
    cseq: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What callers waited for the system, ms, one each call that came so far."""

    ring: tuple[float, ...]
    answer: tuple[float, ...]


def read(path: Path, offset: int = 0) -> tuple[list[Line], int]:
    """The whole lines behind ``offset`` and the offset behind them; none when there is no file yet."""
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    end = data.rfind(b"\n") + 1
    return list(_parsed(data[:end].decode("utf-8", "replace").splitlines())), offset + end


def repetitions(lines: Iterable[Line]) -> tuple[int, int]:
    """Requests and final answers that were sent and received more than once: (sent again, received again)."""
    seen: set[tuple[bool, str, str, str]] = set()
    sent = received = 0
    for line in lines:
        if line.start.startswith("SIP/2.0 1"):
            continue
        key = (line.sent, line.call_id, line.cseq, line.start)
        if key not in seen:
            seen.add(key)
        elif line.sent:
            sent += 1
        else:
            received += 1
    return sent, received


def times(caller: Iterable[Line], callee: Iterable[Line]) -> Times:
    """Match every call with the next ringing of the called number; no number may ring twice at once.

    Ring: first INVITE to challenge, and second INVITE to 180. Answer: the same up to 200, without the time
    the called phone rang.
    """
    rang = _ringing(callee)
    marks: dict[str, dict[str, float]] = defaultdict(dict)
    number: dict[str, str] = {}
    for line in caller:
        mark = _mark(line)
        if mark:
            marks[line.call_id].setdefault(mark, line.at)
            if mark == "invite":
                number[line.call_id] = _user(line.start)
    ring: list[float] = []
    answer: list[float] = []
    for call_id, at in sorted(marks.items(), key=lambda item: item[1].get("invite", 0.0)):
        if not {"invite", "challenge", "again"} <= at.keys():
            continue
        phone_s = at["again"] - at["challenge"]
        if "ring" in at:
            ring.append((at["ring"] - at["invite"] - phone_s) * 1000)
        waiting = rang[number[call_id]]
        while waiting and waiting[0][0] < at["invite"]:
            waiting.pop(0)
        if "answer" in at and waiting:
            _, rang_s = waiting.pop(0)
            answer.append((at["answer"] - at["invite"] - phone_s - rang_s) * 1000)
    return Times(ring=tuple(ring), answer=tuple(answer))


def unfinished(caller: Iterable[Line], most: int = 5) -> tuple[str, ...]:
    """The first calls whose BYE was not answered, each told by its messages, for a person."""
    calls: dict[str, list[Line]] = defaultdict(list)
    for line in caller:
        calls[line.call_id].append(line)
    told = []
    for call_id, lines in calls.items():
        if lines[-1].sent or not lines[-1].cseq.endswith("BYE"):
            story = " ".join(
                f"{'>' if line.sent else '<'}{line.start.removeprefix('SIP/2.0 ').split(' ')[0]}"
                for line in lines
            )
            told.append(f"{call_id} at {lines[0].at:.3f}: {story}")
    return tuple(told[:most])


def _ringing(callee: Iterable[Line]) -> dict[str, list[tuple[float, float]]]:
    """For each number the times its phone was called, and how many seconds it rang."""
    called: dict[str, tuple[str, float]] = {}
    rings: dict[str, float] = {}
    rang: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in callee:
        if not line.cseq.endswith("INVITE"):
            continue
        if not line.sent and line.start.startswith("INVITE "):
            called.setdefault(line.call_id, (_user(line.start), line.at))
        elif line.sent and line.start.startswith("SIP/2.0 180"):
            rings.setdefault(line.call_id, line.at)
        elif line.sent and line.start.startswith("SIP/2.0 200") and line.call_id in rings:
            user, at = called[line.call_id]
            rang[user].append((at, line.at - rings.pop(line.call_id)))
    for waiting in rang.values():
        waiting.sort()
    return rang


def _mark(line: Line) -> str:
    if not line.cseq.endswith("INVITE"):
        return ""
    if line.sent:
        first = line.cseq == "1 INVITE"
        return ("invite" if first else "again") if line.start.startswith("INVITE ") else ""
    status = line.start[8:11]
    return {"401": "challenge", "407": "challenge", "180": "ring", "200": "answer"}.get(status, "")


def _user(start: str) -> str:
    return start.partition(":")[2].partition("@")[0]


def _parsed(lines: Iterable[str]) -> Iterable[Line]:
    for text in lines:
        fields = text.split("\t")
        if len(fields) == 7:
            yield Line(
                at=float(fields[2]),
                sent=fields[3] == "S",
                call_id=fields[4],
                cseq=fields[5].removeprefix("CSeq:").strip(),
                start=fields[6].strip(),
            )
