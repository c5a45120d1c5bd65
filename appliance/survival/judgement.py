"""From probes to a judgement: online, degraded or cut off, with hysteresis. Pure; the clock is handed in.

A *proof* is a probe whose answer nobody but the far end can give: a provider's SIP server, a TLS server whose
certificate fits. A captive portal gives neither. A probe that never answered says nothing when it is silent:
some servers ignore strangers. The name servers alone prove nothing, but their silence is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.conditions import Internet

FAILURES = 2
"""So many failures in a row make a probe bad; the second follows the first within about a second."""
STEADY_MS = 10_000
"""For so long a proof must hold before the box believes that the internet is back."""


class ProbeKind(StrEnum):
    """What a probe looks at."""

    PROVIDER = "provider"
    SERVER = "server"
    NAMES = "names"
    ROUTE = "route"
    """Whether there is a way to the internet at all; its absence is proof of being cut off."""

    @property
    def proves(self) -> bool:
        """True when an answer proves that the internet is reached."""
        return self in (ProbeKind.PROVIDER, ProbeKind.SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeState:
    """One probe as it stands."""

    name: str
    kind: ProbeKind
    good: bool
    known: bool
    """It has answered once since the start."""
    detail: str = ""


@dataclass(slots=True)
class _Probe:
    kind: ProbeKind
    known: bool = False
    good: bool = True
    failures: int = 0
    good_since_ms: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How the world is, and why in words for people."""

    internet: Internet
    why: str
    probes: tuple[ProbeState, ...] = ()


class Judge:
    """Collects what probes say. Used on one thread."""

    def __init__(self, steady_ms: int = STEADY_MS) -> None:
        self._steady_ms = steady_ms
        self._probes: dict[str, _Probe] = {}
        self._internet = Internet.ONLINE

    def watch(self, wanted: Iterable[tuple[str, ProbeKind]]) -> None:
        """These are the probes there are; others are forgotten."""
        kinds = dict(wanted)
        self._probes = {name: probe for name, probe in self._probes.items() if kinds.get(name) is probe.kind}
        for name, kind in kinds.items():
            self._probes.setdefault(name, _Probe(kind))

    def observe(self, name: str, *, good: bool, now_ms: int, detail: str = "") -> None:
        """A probe has an answer, or none."""
        probe = self._probes.get(name)
        if probe is None:
            return
        probe.detail = detail
        if good:
            probe.failures = 0
            if not probe.good or not probe.known:
                probe.good_since_ms = now_ms
            probe.known = probe.good = True
            return
        probe.failures += 1
        if probe.failures >= (1 if probe.kind is ProbeKind.ROUTE else FAILURES):
            probe.good = False

    def judge(self, now_ms: int) -> Judgement:
        """The state of things now."""
        self._internet = self._next(now_ms)
        return Judgement(internet=self._internet, why=self._why(), probes=self._states())

    def _next(self, now_ms: int) -> Internet:
        counted = [probe for probe in self._probes.values() if probe.known or probe.kind is ProbeKind.ROUTE]
        proofs = [probe for probe in counted if probe.kind.proves]
        no_route = any(probe.kind is ProbeKind.ROUTE and not probe.good for probe in counted)
        if no_route or (proofs and not any(probe.good for probe in proofs)):
            return Internet.CUT_OFF
        if self._internet is Internet.CUT_OFF and proofs:
            steady = [one for one in proofs if one.good and now_ms - one.good_since_ms >= self._steady_ms]
            if not steady:
                return Internet.CUT_OFF
        return Internet.ONLINE if all(probe.good for probe in counted) else Internet.DEGRADED

    def _why(self) -> str:
        bad = [
            f"{name}: {probe.detail or 'no answer'}"
            for name, probe in self._probes.items()
            if not probe.good and (probe.known or probe.kind is ProbeKind.ROUTE)
        ]
        if bad:
            return "; ".join(bad)
        return "waiting until it holds" if self._internet is Internet.CUT_OFF else ""

    def _states(self) -> tuple[ProbeState, ...]:
        return tuple(
            ProbeState(name=name, kind=probe.kind, good=probe.good, known=probe.known, detail=probe.detail)
            for name, probe in self._probes.items()
        )
