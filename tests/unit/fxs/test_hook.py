"""Lifted, replaced, R key, dial pulses: swept over everything that telephones do."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.fxs.hook import Hook, HookMode, HookTimes
from appliance.model.analog_line import (
    AlarmKind,
    Flashed,
    HookEvent,
    Lifted,
    LineAlarm,
    PulsesCounted,
    Replaced,
)

TURN = 20
"""How often a port ticks."""


class Contact:
    """A contact that bounces, and a port that looks every 20 ms."""

    def __init__(self, hook: Hook, bounce_ms: int = 0, seed: int = 0) -> None:
        self.hook = hook
        self.now = 1000
        self.events: list[HookEvent | LineAlarm] = []
        self._bounce_ms = bounce_ms
        self._chance = random.Random(seed)
        self._ticked = 1000

    def set(self, closed: bool) -> None:
        self._edge(closed, self.now)
        at, level = self.now, closed
        for _ in range(self._chance.randint(0, 3) if self._bounce_ms else 0):
            at += self._chance.randint(1, max(1, self._bounce_ms // 6))
            level = not level
            self._edge(level, at)
        if level != closed:
            self._edge(closed, at + 1)

    def wait(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while self._ticked + TURN <= end:
            self._ticked += TURN
            self.events += self.hook.tick(self._ticked)
        self.now = end

    def _edge(self, closed: bool, at: int) -> None:
        while self._ticked + TURN <= at:
            self._ticked += TURN
            self.events += self.hook.tick(self._ticked)
        self.events += self.hook.loop(closed, at)

    def lift(self) -> None:
        self.set(True)
        self.wait(300)

    def open_for(self, milliseconds: int) -> None:
        self.set(False)
        self.wait(milliseconds)
        self.set(True)

    def pulses(self, count: int, period_ms: float, break_share: float) -> None:
        end = float(self.now)
        for _ in range(count):
            self.set(False)
            end += period_ms * break_share
            self.wait(round(end) - self.now)
            self.set(True)
            end += period_ms * (1 - break_share)
            self.wait(round(end) - self.now)

    def told(self) -> list[str]:
        return [one.digit if isinstance(one, PulsesCounted) else type(one).__name__ for one in self.events]


def lifted(*, bounce_ms: int = 0, seed: int = 0, times: HookTimes | None = None) -> Contact:
    contact = Contact(Hook(times), bounce_ms, seed)
    contact.lift()
    assert contact.told() == ["Lifted"]
    contact.events.clear()
    return contact


@pytest.mark.parametrize("bounce_ms", [0, 6])
@pytest.mark.parametrize("share", [0.55, 0.6, 0.63, 0.667, 0.7])
@pytest.mark.parametrize("per_second", [8, 9, 10, 11, 12, 18, 20, 22])
def test_every_digit_at_every_speed(per_second: int, share: float, bounce_ms: int) -> None:
    contact = lifted(bounce_ms=bounce_ms if per_second <= 12 else 0, seed=per_second)
    for count in range(1, 11):
        contact.pulses(count, 1000 / per_second, share)
        contact.wait(400)
    assert contact.told() == list("1234567890")


@pytest.mark.parametrize("break_ms", range(20, 91))
def test_one_pulse_of_every_length(break_ms: int) -> None:
    contact = lifted()
    contact.open_for(break_ms)
    contact.wait(400)
    assert contact.told() == ["1"]


@pytest.mark.parametrize("mode", list(HookMode))
@pytest.mark.parametrize("break_ms", range(1, 1300, 7))
def test_an_opening_of_every_length(break_ms: int, mode: HookMode) -> None:
    contact = lifted()
    times = contact.hook.times
    contact.hook.mode = mode
    contact.open_for(break_ms)
    contact.wait(400)
    told = contact.told()
    if break_ms > times.flash_most_ms + TURN:
        assert told == ["Replaced", "Lifted"]
    elif mode is HookMode.COLLECTING and break_ms <= times.pulse_most_ms:
        assert told == (["1"] if break_ms >= times.pulse_least_ms else [])
    elif break_ms < times.flash_least_ms:
        assert told == []
    elif break_ms <= times.flash_most_ms:
        assert told == ["Flashed"]


@pytest.mark.parametrize("flash_ms", range(80, 601, 5))
@pytest.mark.parametrize("bounce_ms", [0, 6])
def test_a_flash_of_every_length_in_a_call(flash_ms: int, bounce_ms: int) -> None:
    contact = lifted(bounce_ms=bounce_ms, seed=flash_ms, times=HookTimes(flash_most_ms=620))
    contact.hook.mode = HookMode.CALLING
    contact.open_for(flash_ms)
    contact.wait(500)
    assert contact.told() == ["Flashed"]


@pytest.mark.parametrize("break_ms", range(60, 601, 10))
def test_without_pulses_every_short_opening_is_a_flash(break_ms: int) -> None:
    contact = lifted(times=HookTimes(pulses=False))
    contact.open_for(break_ms)
    contact.wait(400)
    assert contact.told() == ["Flashed"]


def test_who_dials_by_pulses_flashes_by_hand() -> None:
    contact = lifted()
    contact.pulses(3, 100, 0.6)
    contact.wait(400)
    contact.hook.mode = HookMode.CALLING
    contact.open_for(70)
    contact.wait(400)
    contact.open_for(250)
    contact.wait(400)
    assert contact.told() == ["3", "Flashed"]


def test_a_slow_pulse_inside_a_digit_is_a_pulse() -> None:
    contact = lifted()
    contact.pulses(2, 100, 0.6)
    contact.open_for(110)
    contact.wait(400)
    assert contact.told() == ["3"]


@pytest.mark.parametrize("count", [13, 40])
def test_more_pulses_than_a_digit_has_are_none(count: int) -> None:
    contact = lifted()
    contact.pulses(count, 100, 0.6)
    contact.wait(400)
    assert contact.told() == []


def test_hanging_up_in_the_middle_of_a_digit() -> None:
    contact = lifted()
    contact.pulses(2, 100, 0.6)
    contact.set(False)
    contact.wait(700)
    assert contact.told() == ["Replaced"]


def test_a_spike_lifts_nothing() -> None:
    contact = Contact(Hook())
    for length in range(1, 20):
        contact.set(True)
        contact.wait(length)
        contact.set(False)
        contact.wait(100)
    assert contact.told() == []


def test_contacts_that_never_rest_are_an_alarm_that_goes_away() -> None:
    contact = lifted()
    contact.hook.mode = HookMode.CALLING
    for _ in range(600):
        contact.set(False)
        contact.wait(2)
        contact.set(True)
        contact.wait(2)
    contact.wait(1500)
    alarms = [one.kind for one in contact.events if isinstance(one, LineAlarm)]
    assert alarms == [AlarmKind.STUCK, AlarmKind.NONE]


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 1500)), max_size=60),
    modes=st.lists(st.sampled_from(list(HookMode)), min_size=1, max_size=10),
)
def test_whatever_the_contact_does_the_story_makes_sense(
    steps: list[tuple[bool, int]], modes: list[HookMode]
) -> None:
    contact = Contact(Hook())
    for at, (closed, length) in enumerate(steps):
        contact.hook.mode = modes[at % len(modes)]
        contact.set(closed)
        contact.wait(length)
    contact.wait(2000)
    off_hook, last = False, 0
    for event in contact.events:
        assert event.at_ms >= last - TURN * 40
        last = max(last, event.at_ms)
        match event:
            case Lifted():
                assert not off_hook
                off_hook = True
            case Replaced():
                assert off_hook
                off_hook = False
            case Flashed() | PulsesCounted():
                assert off_hook
    assert off_hook == contact.hook.off_hook
    assert off_hook == (bool(steps) and steps[-1][0])
