"""Percentiles of times and the slope of memory over calls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of a set of times in milliseconds; NaN when there were none."""

    count: int
    p50: float
    p95: float
    p99: float
    highest: float


def percentiles(values: Sequence[float]) -> Percentiles:
    """Nearest-rank percentiles."""
    ordered = sorted(values)
    if not ordered:
        return Percentiles(count=0, p50=math.nan, p95=math.nan, p99=math.nan, highest=math.nan)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Percentiles(
        count=len(ordered), p50=rank(0.50), p95=rank(0.95), p99=rank(0.99), highest=ordered[-1]
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least-squares slope of y over x; 0 for fewer than two different x."""
    if len(points) < 2:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    if spread == 0:
        return 0.0
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
