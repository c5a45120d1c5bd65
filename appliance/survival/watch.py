"""The watch: asks all probes every few seconds, at once when a call found nobody, and tells what changed."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import structlog

from appliance.errors import OrtsamtError
from appliance.survival.judgement import Judge, Judgement, ProbeKind
from appliance.survival.probes import Answer

AGAIN_S = 0.5
"""After so long a probe without answer is repeated."""
STEADY_ROUNDS = 2
"""For so many rounds a proof must hold before the internet counts as back."""
LIMIT_S = 4.0
"""A probe that takes longer has failed."""
_log = structlog.get_logger("survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question; ``ask`` blocks for a second or two at most."""

    name: str
    kind: ProbeKind
    ask: Callable[[], Answer]


class SurvivalWatch:
    """Thread ``survival`` and its helpers ``survival-probe_n``; ``tell`` is called on the former."""

    def __init__(
        self,
        probes: Callable[[], Sequence[Probe]],
        tell: Callable[[Judgement], None],
        *,
        interval_s: float,
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._probes = probes
        self._tell = tell
        self._interval_s = interval_s
        self._now = monotonic_ms
        self._judge = Judge(steady_ms=round(STEADY_ROUNDS * interval_s * 1000))
        self._wake = threading.Event()
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="survival-probe")
        self._thread = threading.Thread(target=self._run, name="survival", daemon=True)
        self._last: Judgement | None = None
        self._looked = threading.Condition()
        self._rounds = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a probe under way is not waited for longer than a moment."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def nudge(self) -> None:
        """Something seems wrong: look at once. For any thread."""
        self._wake.set()

    def look(self, timeout_s: float = 2 * LIMIT_S) -> Judgement | None:
        """A judgement of probes asked after this call began; the last one when that takes too long."""
        with self._looked:
            wanted = self._rounds + 2  # one may be under way
            self._looked.wait_for(lambda: self._nudged(wanted), timeout_s)
        return self._last

    def _nudged(self, wanted: int) -> bool:
        if self._rounds < wanted:
            self._wake.set()
            return False
        return True

    @property
    def last(self) -> Judgement | None:
        """The last judgement; None before the first."""
        return self._last

    def _run(self) -> None:
        while not self._stopping:
            try:
                self.round()
            except Exception:  # noqa: BLE001 - the watch must not end
                _log.exception("a round of probes failed")
            with self._looked:
                self._rounds += 1
                self._looked.notify_all()
            self._wake.wait(self._interval_s)
            self._wake.clear()

    def round(self) -> Judgement:
        """Ask everything once, what fails a second time, and judge."""
        probes = list(self._probes())
        self._judge.watch((probe.name, probe.kind) for probe in probes)
        failed = self._ask(probes)
        if failed and not self._stopping:
            time.sleep(AGAIN_S)
            self._ask(failed)
        judgement = self._judge.judge(self._now())
        before, self._last = self._last, judgement
        if before is None or (before.internet, before.why) != (judgement.internet, judgement.why):
            try:
                self._tell(judgement)
            except OrtsamtError as error:
                self._last = before  # told again after the next round
                _log.warning("nobody heard how the internet is", error=str(error))
        return judgement

    def _ask(self, probes: Sequence[Probe]) -> list[Probe]:
        futures = {self._pool.submit(probe.ask): probe for probe in probes}
        wait(futures, LIMIT_S)
        failed: list[Probe] = []
        for future, probe in futures.items():
            answer = Answer(good=False, detail="takes too long")
            if future.done():
                try:
                    answer = future.result()
                except Exception as error:  # noqa: BLE001 - a probe that breaks is one that fails
                    answer = Answer(good=False, detail=str(error)[:120])
            else:
                future.cancel()
            self._judge.observe(probe.name, good=answer.good, now_ms=self._now(), detail=answer.detail)
            if not answer.good:
                failed.append(probe)
        return failed
