"""What the contact of a telephone means: lifted, replaced, R key, dial pulses. Pure.

A pulse, the R key and hanging up are the same thing, an open loop, of different length; and the lengths
overlap:

    dial pulse       10 a second 60/40 or 66/33, with tolerance 40 to 95 ms; 20 a second 25 to 45 ms
    R key            Germany 70 to 130 ms, elsewhere 80 to 600 ms, a finger 200 to 600 ms
    hanging up       longer than the longest flash

So what was going on decides. While digits are collected a short opening is a pulse and a longer one a
flash; in a call everything from the shortest flash on is a flash. A telephone that has dialled by pulses
has no R key: until it hangs up, nothing as short as a pulse is a flash of it. Contacts bounce: a change
counts from its first edge, once the contact has been at rest for ``settle_ms``.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.model.analog_line import (
    AlarmKind,
    Flashed,
    HookEvent,
    Lifted,
    LineAlarm,
    PulsesCounted,
    Replaced,
)

_DIGITS = "1234567890*#"
"""By number of pulses; eleven and twelve as exchanges abroad have them."""


class HookMode(StrEnum):
    """What an opening of the loop may mean now."""

    COLLECTING = "collecting"
    CALLING = "calling"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookTimes:
    """Limits in ms. The pulse limits hold for 8 to 22 pulses a second at 60/40 and 66/33."""

    settle_ms: int = 8
    lift_ms: int = 20
    """The first closing must last: a bell's current or a thunderstorm is no handset."""
    pulse_least_ms: int = 16
    pulse_most_ms: int = 90
    pulse_most_sure_ms: int = 120
    """Inside a digit, where a flash makes no sense, and for those known to dial by pulses."""
    digit_gap_ms: int = 200
    """Closed for so long after a pulse: the digit is over. Pulses of one digit are at most 75 ms apart."""
    flash_least_ms: int = 60
    flash_most_ms: int = 600
    pulses: bool = True
    """False: a telephone that dials by keys alone; short openings are flashes always."""
    stuck_ms: int = 1000
    """Without rest for so long: no telephone does that."""


class Hook:
    """The contact of one telephone. Edges in the order of their times; ``tick`` at least every 50 ms."""

    def __init__(self, times: HookTimes | None = None, *, closed: bool = False, at_ms: int = 0) -> None:
        self.times = times or HookTimes()
        self.mode = HookMode.COLLECTING
        self.off_hook = closed
        self._level = self._settled = closed
        self._edge_ms = at_ms
        self._began_ms = at_ms
        self._opened_ms = at_ms
        self._closed_ms = at_ms
        self._pulses = 0
        self._dials_by_pulses = False
        self._stuck = False

    def configure(self, *, flash_least_ms: int, flash_most_ms: int, pulses: bool) -> None:
        """Take other limits; what is under way is judged by the new ones."""
        self.times = replace(
            self.times, flash_least_ms=flash_least_ms, flash_most_ms=flash_most_ms, pulses=pulses
        )

    def loop(self, closed: bool, at_ms: int) -> list[HookEvent | LineAlarm]:
        """An edge: the loop is closed or open from now on. Returns what is certain by now."""
        found = self.tick(at_ms)
        if closed != self._level:
            if at_ms - self._edge_ms >= self.times.settle_ms:
                self._began_ms = at_ms
            self._level = closed
            self._edge_ms = at_ms
        return found

    def tick(self, now_ms: int) -> list[HookEvent | LineAlarm]:
        """Time has passed. Returns what is certain by now."""
        found: list[HookEvent | LineAlarm] = []
        times = self.times
        restless = now_ms - self._edge_ms < times.settle_ms
        if self._level != self._settled:
            rest = times.settle_ms if self.off_hook else times.lift_ms
            if now_ms - self._edge_ms >= rest:
                self._settle(found)
        if restless and not self._stuck:
            if now_ms - self._began_ms >= times.stuck_ms:
                self._stuck = True
                found.append(LineAlarm(at_ms=now_ms, kind=AlarmKind.STUCK))
        elif self._stuck and now_ms - self._edge_ms >= times.stuck_ms:
            self._stuck = False
            found.append(LineAlarm(at_ms=now_ms, kind=AlarmKind.NONE))
        if self.off_hook and self._level == self._settled:
            if not self._settled and now_ms - self._opened_ms > times.flash_most_ms:
                self.off_hook = False
                self._pulses = 0
                self._dials_by_pulses = False
                found.append(Replaced(at_ms=now_ms))
            elif self._settled and self._pulses and now_ms - self._closed_ms >= times.digit_gap_ms:
                self._count(found)
        return found

    def _settle(self, found: list[HookEvent | LineAlarm]) -> None:
        self._settled = self._level
        if not self._settled:
            self._opened_ms = self._began_ms
            return
        self._closed_ms = self._began_ms
        if not self.off_hook:
            self.off_hook = True
            self._pulses = 0
            found.append(Lifted(at_ms=self._began_ms))
        else:
            self._opened_for(self._began_ms - self._opened_ms, found)

    def _opened_for(self, length_ms: int, found: list[HookEvent | LineAlarm]) -> None:
        times = self.times
        sure = self._dials_by_pulses or self._pulses > 0
        longest_pulse = times.pulse_most_sure_ms if sure else times.pulse_most_ms
        if self.mode is HookMode.COLLECTING and times.pulses and length_ms <= longest_pulse:
            self._pulses += length_ms >= times.pulse_least_ms
            return
        least = (
            max(times.flash_least_ms, longest_pulse + 1) if self._dials_by_pulses else times.flash_least_ms
        )
        self._pulses = 0
        if length_ms > times.flash_most_ms:
            # Nobody ticked in between: hung up and lifted again.
            self._dials_by_pulses = False
            found += (Replaced(at_ms=self._opened_ms + times.flash_most_ms), Lifted(at_ms=self._closed_ms))
        elif length_ms >= least:
            found.append(Flashed(at_ms=self._closed_ms))

    def _count(self, found: list[HookEvent | LineAlarm]) -> None:
        pulses, self._pulses = self._pulses, 0
        if pulses <= len(_DIGITS):
            self._dials_by_pulses = True
            found.append(PulsesCounted(at_ms=self._closed_ms, digit=_DIGITS[pulses - 1]))
