"""The table at the end: ours, the baseline's, their ratio, and what was aimed at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.load.percentiles import Percentiles
from tests.bench.load.trials import SetUp, Soak, Start, Talk
from tests.bench.load.usage import Usage

WIDTHS = (54, 31, 24, 8)


@dataclass(slots=True, kw_only=True)
class Results:
    """What was measured on one system."""

    name: str
    version: str = ""
    start: Start | None = None
    set_ups: list[SetUp] = field(default_factory=list)
    talk: Talk | None = None
    soak: Soak | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. ``ratio`` is ours by the baseline's; ``met`` None: nothing was aimed at."""

    what: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None


def rows(ours: Results, peer: Results | None) -> list[Row]:
    """All lines that were measured."""
    found: list[Row] = []
    if ours.start is not None:
        found += _start_rows(ours.start, peer.start if peer else None)
    others = peer.set_ups if peer else []
    for one in ours.set_ups:
        same = next((other for other in others if _kind(other) == _kind(one)), None)
        found += _set_up_rows(one, same)
    if ours.talk is not None:
        found += _talk_rows(ours.talk, peer.talk if peer else None)
    if ours.soak is not None:
        found += _soak_rows(ours.soak, peer.soak if peer else None)
    return found


def table(found: Sequence[Row], ours: str, peer: str) -> str:
    """The lines as text."""
    lines = [_line("", ours, peer or "no peer", "ratio", "aim"), "-" * 138]
    for row in found:
        ratio = "" if row.ratio is None or math.isnan(row.ratio) else f"{row.ratio:.2f}"
        mark = "" if row.met is None else (" ✓" if row.met else " ✗")
        lines.append(_line(row.what, row.ours, row.peer, ratio, row.aim + mark))
    return "\n".join(lines)


def _line(what: str, ours: str, peer: str, ratio: str, aim: str) -> str:
    a, b, c, d = WIDTHS
    return f"{what:<{a}}{ours:>{b}}{peer:>{c}}{ratio:>{d}}  {aim}".rstrip()


def _start_rows(ours: Start, peer: Start | None) -> list[Row]:
    pss, rss = _sum(ours.idle, "pss"), _sum(ours.idle, "rss")
    peer_pss = _sum(peer.idle, "pss") if peer else math.nan
    return [
        Row(
            what="start: exec to first call answered, s",
            ours=f"{ours.seconds:.2f}",
            peer=f"{peer.seconds:.2f}" if peer else "",
            ratio=ours.seconds / peer.seconds if peer else None,
            aim="≤ 3",
            met=ours.seconds <= 3,
        ),
        Row(
            what="idle at 128 legs: memory (PSS), MB",
            ours=_parts({name: usage.pss / 1e6 for name, usage in ours.idle.items()}, "{:.0f}"),
            peer=f"{peer_pss / 1e6:.0f}" if peer else "",
            ratio=pss / peer_pss,
            aim="together ≤ 170",
            met=pss <= 170e6,
        ),
        Row(
            what="  the same with shared pages in each (RSS)",
            ours=_parts({name: usage.rss / 1e6 for name, usage in ours.idle.items()}, "{:.0f}"),
            peer=f"{_sum(peer.idle, 'rss') / 1e6:.0f}" if peer else "",
            ratio=rss / _sum(peer.idle, "rss") if peer else None,
        ),
        Row(
            what="idle: % of one core",
            ours=_parts({name: part * 100 for name, part in ours.idle_cpu.items()}, "{:.1f}"),
            peer=f"{sum(peer.idle_cpu.values()) * 100:.1f}" if peer else "",
        ),
    ]


def _set_up_rows(ours: SetUp, peer: SetUp | None) -> list[Row]:
    cost = sum(ours.cpu_ms.values())
    peer_cost = sum(peer.cpu_ms.values()) if peer else math.nan
    at = f"{ours.rate:g}/s, {'phones talk' if ours.spoken else 'phones silent'}"
    aim_at_100 = ours.rate == 100 and peer is not None
    ring_aim = ours.rate <= 50
    trouble = ours.outcome.failed + ours.outcome.retransmissions + ours.outcome.repeated
    return [
        Row(
            what=f"set-up at {at}: CPU per call, ms",
            ours=_parts(ours.cpu_ms, "{:.2f}"),
            peer=f"{peer_cost:.2f}" if peer else "",
            ratio=cost / peer_cost,
            aim="no more than the peer" if aim_at_100 else "",
            met=cost <= peer_cost if aim_at_100 else None,
        ),
        Row(what="  of it the audio of these calls", ours=f"{ours.media_ms:.2f}"),
        Row(
            what="  INVITE→180 p50 / p95 / p99, ms",
            ours=_times(ours.outcome.ring),
            peer=_times(peer.outcome.ring) if peer else "",
            ratio=ours.outcome.ring.p50 / peer.outcome.ring.p50 if peer else None,
            aim="p99 ≤ 15" if ring_aim else "",
            met=ours.outcome.ring.p99 <= 15 if ring_aim else None,
        ),
        Row(
            what="  INVITE→200 less ringing, p50 / p95 / p99, ms",
            ours=_times(ours.outcome.answer),
            peer=_times(peer.outcome.answer) if peer else "",
            ratio=ours.outcome.answer.p50 / peer.outcome.answer.p50 if peer else None,
        ),
        Row(
            what="  calls / failed / sent again by phones / by system",
            ours=_counts(ours),
            peer=_counts(peer) if peer else "",
            aim="none failed" if ours.rate <= 150 else "",
            met=ours.outcome.failed == 0 if ours.rate <= 150 else None,
        ),
        Row(
            what="  records on disk, legs left",
            ours=f"{ours.records}, {ours.legs_left}",
            peer=f"{peer.records}" if peer else "",
            met=ours.records == ours.outcome.calls and not ours.legs_left if not trouble else None,
        ),
        Row(
            what="  memory (RSS of core, of peer) before → after, MB",
            ours=_grown(ours, "core"),
            peer=_grown(peer, "asterisk") if peer else "",
        ),
        Row(
            what="  memory (PSS of all) before → after, MB",
            ours=f"{_sum(ours.before, 'pss') / 1e6:.0f} → {_sum(ours.after, 'pss') / 1e6:.0f}",
            peer=f"{_sum(peer.before, 'pss') / 1e6:.0f} → {_sum(peer.after, 'pss') / 1e6:.0f}"
            if peer
            else "",
        ),
    ]


def _talk_rows(ours: Talk, peer: Talk | None) -> list[Row]:
    core = ours.cpu.get("core", math.nan)
    total, peer_total = sum(ours.cpu.values()), sum(peer.cpu.values()) if peer else math.nan
    found = [
        Row(
            what=f"{ours.calls} calls talking G.711: % of one core",
            ours=_parts({name: part * 100 for name, part in ours.cpu.items()}, "{:.1f}"),
            peer=f"{peer_total * 100:.1f}" if peer else "",
            ratio=total / peer_total,
            aim="core < 100",
            met=core < 1,
        ),
        Row(
            what="  failed calls, packets dropped before they were read",
            ours=f"{ours.failed}, {ours.dropped}",
            peer=f"{peer.failed}, {peer.dropped}" if peer else "",
            aim="none",
            met=ours.failed == 0 and ours.dropped == 0,
        ),
        Row(
            what="  memory (PSS), MB",
            ours=_parts({name: size / 1e6 for name, size in ours.pss.items()}, "{:.0f}"),
            peer=f"{sum(peer.pss.values()) / 1e6:.0f}" if peer else "",
        ),
    ]
    if ours.lost_share is not None and ours.jitter_ms is not None:
        heard = f"{ours.lost_share * 100:.3f} %, {ours.jitter_ms:.1f}"
        found.insert(2, Row(what="  lost from callers, jitter in ms, as the core counts", ours=heard))
    return found


def _soak_rows(ours: Soak, peer: Soak | None) -> list[Row]:
    growth = ours.kb_per_call.get("core", math.nan)
    return [
        Row(
            what=f"{ours.calls} calls: failed / sent again / records / legs left",
            ours=f"{ours.failed} / {ours.retransmissions} / {ours.records} / {ours.legs_left}",
            peer=f"{peer.failed} / {peer.retransmissions} / {peer.records}" if peer else "",
            aim="none failed, none left",
            met=ours.failed == 0 and not ours.legs_left,
        ),
        Row(
            what=f"  memory growth after {ours.warm_calls} calls, KB per call",
            ours=_parts(ours.kb_per_call, "{:.2f}", total=False),
            peer=_parts(peer.kb_per_call, "{:.2f}") if peer else "",
            aim="flat: core ≤ 0.5" if ours.calls >= 10_000 else "tells nothing below 10000 calls",
            met=growth <= 0.5 if ours.calls >= 10_000 else None,
        ),
        Row(
            what="  memory of core, of peer (PSS) before, warm, after, MB",
            ours=_way(ours, "core"),
            peer=_way(peer, "asterisk") if peer else "",
        ),
    ]


def _kind(one: SetUp) -> tuple[float, bool]:
    return one.rate, one.spoken


def _way(one: Soak, part: str) -> str:
    return " → ".join(
        f"{sizes[part] / 1e6:.0f}" for sizes in (one.before, one.warm, one.after) if part in sizes
    )


def _times(one: Percentiles) -> str:
    return f"{one.p50:.1f} / {one.p95:.1f} / {one.p99:.1f}"


def _counts(one: SetUp) -> str:
    outcome = one.outcome
    return f"{outcome.calls} / {outcome.failed} / {outcome.retransmissions} / {outcome.repeated}"


def _grown(one: SetUp, part: str) -> str:
    return f"{one.before[part].rss / 1e6:.0f} → {one.after[part].rss / 1e6:.0f}" if part in one.after else ""


def _sum(usage: dict[str, Usage], what: str) -> float:
    return float(sum(getattr(one, what) for one in usage.values()))


def _parts(values: dict[str, float], pattern: str, *, total: bool = True) -> str:
    """``edge 1.2 + core 3.4 = 4.6``."""
    if len(values) == 1:
        return pattern.format(next(iter(values.values())))
    text = (" + " if total else ", ").join(
        f"{name} {pattern.format(value)}" for name, value in values.items()
    )
    return f"{text} = {pattern.format(sum(values.values()))}" if total else text
