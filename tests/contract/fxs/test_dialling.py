"""From lifting the handset to the number: tones, keys, pulses."""

import itertools
from array import array

import pytest

from appliance.fxs.line_settings import LineSettings
from appliance.fxs.steps import CallOver, CallTaken, CallWanted, Connected, HungUp, KeyPressed
from appliance.fxs.tones import PortTone, tone_sound
from appliance.model.analog import PortKind
from tests.contract.fxs.rig import FAMILIES, Rig, make_rig


def hears(rig: Rig, tone: PortTone, country: str = "DE") -> bool:
    """Whether what was heard in the last 200 ms is a piece of this tone."""
    sound, _ = tone_sound(country, tone)
    heard = rig.phone.recent(200)
    return len(heard) == 3200 and heard in sound * (2 + 3200 // len(sound))


def silent(rig: Rig) -> bool:
    return max(array("h", rig.phone.recent(100))) < 50


def test_a_dial_tone_comes_within_100_ms(rig: Rig) -> None:
    rig.phone.lift()
    rig.until(lambda: rig.phone.off_hook)
    waited = rig.until(lambda: any(rig.phone.heard))
    assert waited <= 100
    rig.run(400)
    assert hears(rig, PortTone.DIAL)


def test_the_tones_are_the_country_s(family: str) -> None:
    rig = make_rig(family, country="US")
    rig.phone.lift()
    rig.run(600)
    assert hears(rig, PortTone.DIAL, "US")
    assert tone_sound("US", PortTone.DIAL) != tone_sound("DE", PortTone.DIAL)


def test_something_set_is_told_by_the_dial_tone(rig: Rig) -> None:
    rig.configure(line=LineSettings(something_set=True))
    rig.phone.lift()
    rig.run(600)
    assert hears(rig, PortTone.SPECIAL_DIAL)


@pytest.mark.parametrize(("on_ms", "off_ms"), [(50, 50), (65, 65), (80, 80), (300, 200)])
def test_keys(family: str, on_ms: int, off_ms: int) -> None:
    rig = make_rig(family, bounce_ms=5)
    rig.phone.lift()
    rig.phone.wait(300)
    rig.phone.keys("0123456789#", on_ms=on_ms, off_ms=off_ms)
    rig.until_idle()
    assert rig.reports == [CallWanted(number="0123456789")]
    assert silent(rig)


def test_keys_during_the_dial_tone(rig: Rig) -> None:
    """The echo of the tone is in what the box hears."""
    for _ in range(5):
        rig.phone.lift()
        rig.phone.wait(100)
        rig.phone.keys("23", on_ms=70, off_ms=70)
        rig.until_idle()
        assert rig.reports == [CallWanted(number="23")]
        rig.phone.hang_up()
        rig.run(1000)
        assert rig.reports.pop() == HungUp()
        rig.reports.clear()


@pytest.mark.parametrize("share", [0.6, 0.667])
@pytest.mark.parametrize("per_second", [8, 10, 12, 18, 20, 22])
def test_pulses(family: str, per_second: int, share: float) -> None:
    if family == "dahdi-short-flash" and 1000 / per_second * share > 80:
        share = 0.6  # the kernel takes longer pulses for flashes
    rig = make_rig(family, bounce_ms=3 if per_second <= 12 else 0)
    rig.phone.lift()
    rig.phone.wait(300)
    rig.phone.pulses("0147293685", per_second=per_second, break_share=share, between_ms=600)
    rig.until_idle()
    rig.run(4500)
    assert rig.reports == [CallWanted(number="0147293685")]


def test_a_whole_number_is_dialled_at_once_another_after_a_pause(rig: Rig) -> None:
    rig.configure(line=LineSettings(next_digit_ms=3000))
    rig.phone.lift()
    rig.phone.wait(300)
    rig.phone.keys("0221")
    rig.until(lambda: rig.phone.idle)
    rig.run(2500)
    assert rig.reports == []
    rig.run(700)
    assert rig.reports == [CallWanted(number="0221")]


def test_nothing_dialled_ends_in_silence_and_hanging_up_puts_it_right(rig: Rig) -> None:
    rig.configure(line=LineSettings(first_digit_ms=5000))
    rig.phone.lift()
    rig.run(6000)
    assert hears(rig, PortTone.CONGESTION)
    rig.until(lambda: rig.state == "howling", 40_000)
    rig.run(1000)
    assert max(array("h", rig.phone.recent(200))) > 15_000
    rig.until(lambda: rig.state == "left", 70_000)
    rig.run(3000)
    assert silent(rig)
    rig.phone.hang_up()
    rig.run(1000)
    assert rig.state == "idle"
    rig.phone.lift()
    rig.run(600)
    assert hears(rig, PortTone.DIAL)


def test_a_hot_line(rig: Rig) -> None:
    rig.configure(line=LineSettings(kind=PortKind.HOTLINE, hot_line="22"))
    rig.phone.lift()
    rig.run(300)
    assert rig.reports == [CallWanted(number="22")]


def test_a_hot_line_that_waits(rig: Rig) -> None:
    rig.configure(line=LineSettings(kind=PortKind.HOTLINE, hot_line="22", hot_line_ms=3000))
    rig.phone.lift()
    rig.run(2500)
    assert rig.reports == []
    assert hears(rig, PortTone.DIAL)
    rig.run(1000)
    assert rig.reports == [CallWanted(number="22")]


def test_keys_in_a_call_are_told(rig: Rig) -> None:
    rig.phone.lift()
    rig.phone.wait(200)
    rig.phone.keys("22")
    rig.until_idle()
    rig.port.tell(CallTaken())
    rig.port.tell(Connected())
    rig.run(100)
    rig.phone.keys("1*#")
    rig.until_idle()
    assert rig.reports[1:] == [KeyPressed(key="1"), KeyPressed(key="*"), KeyPressed(key="#")]


def test_sound_goes_both_ways_in_a_call(rig: Rig) -> None:
    rig.phone.lift()
    rig.phone.wait(200)
    rig.phone.keys("22")
    rig.until_idle()
    rig.port.tell(CallTaken())
    rig.run(20)
    speech, music = tone_sound("DE", PortTone.TEST)[0], tone_sound("US", PortTone.DIAL)[0]
    rig.phone.say(speech * 2)
    said = bytearray()
    for at in itertools.islice(itertools.cycle(range(0, len(music), 320)), 90):
        rig.port.audio.write(music[at : at + 320])
        rig.run(20)
        said += rig.port.audio.read()
    assert rig.phone.recent(400) in music * 3
    assert max(array("h", said[-3200:])) > 3000
    rig.port.tell(CallOver())
    rig.run(700)
    assert hears(rig, PortTone.BUSY) or silent(rig)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("gains_db", [(6.0, -6.0), (-12.0, 3.0)])
def test_gains(family: str, gains_db: tuple[float, float]) -> None:
    plain, gained = make_rig(family), make_rig(family, gains_db=gains_db)
    for rig in (plain, gained):
        rig.phone.lift()
        rig.run(600)
    if family == "gpio":
        ratio = max(array("h", gained.phone.recent(100))) / max(array("h", plain.phone.recent(100)))
        assert ratio == pytest.approx(10 ** (gains_db[0] / 20), rel=0.02)
    else:
        assert gained.card.gains == {1: gains_db[0] * 10, 0: gains_db[1] * 10}


@pytest.mark.parametrize("after_ms", range(0, 3000, 130))
def test_hanging_up_at_any_moment_while_dialling(family: str, after_ms: int) -> None:
    rig = make_rig(family)
    rig.phone.lift()
    rig.phone.wait(200)
    rig.phone.pulses("2")
    rig.phone.keys("3")
    rig.run(after_ms)
    rig.phone.hang_up()
    rig.until_idle()
    rig.run(1500)
    assert rig.state == "idle"
    assert rig.reports[-1:] == [HungUp()]
    assert rig.reports.count(HungUp()) == 1
