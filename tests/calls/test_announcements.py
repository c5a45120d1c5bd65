"""Announcements to paging groups and switches that say how they stand, with real phones."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import Box, office, tone_of
from tests.support.processes import ortsamt
from tests.support.tones import tone, write_wav

BREAK, ON, OFF = 1500, 1700, 1900
HEARD_S = 10


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An office with a hall of three phones, and an announcement for it."""
    folder = tmp_path_factory.mktemp("box")
    documents = office(
        "21",
        "22",
        "23",
        "24",
        paging_group={"hall": {"number": "5", "members": ["21", "22", "23"]}},
        switch={"night": {"number": "60"}},
    )
    with Box(folder, documents) as box:
        ctl(box, "audio-add", "break", wav(folder, BREAK))
        for prompt, hertz in (("switch_is_on", ON), ("switch_is_off", OFF)):
            words = ("--prompt", prompt, "--language", "de")
            ctl(box, "audio-add", prompt, wav(folder, hertz), *words)
        fields = {"group": "hall", "prompt": "audio/break", "name": "Pause"}
        box.control("config.set", kind="announcement", id="break", fields=fields)
        yield box


def wav(folder: Path, hertz: int) -> str:
    return str(write_wav(folder / f"{hertz}.wav", tone(hertz, seconds=2)))


def ctl(box: Box, *words: str, status: int = 0) -> str:
    done = subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), *words), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_group_hears_an_announcement_and_who_talks_does_not(box: Box) -> None:
    with box.phones("21", "22", "23", "24") as (anna, ben, clara, dora):
        talk = dora.call("23")
        hers = clara.incoming()["call"]
        clara.answer(hers)
        dora.hears(tone_of("23"), call=talk, within=HEARD_S)
        assert "break begins" in ctl(box, "announce", "break")
        calls = []
        for phone in (anna, ben):
            offer = phone.incoming()
            assert "answer-after=0" in offer["headers"]["Call-Info"]
            phone.answer(offer["call"])
            calls.append(offer["call"])
        for phone, call in zip((anna, ben), calls, strict=True):
            phone.hears(BREAK, call=call, within=HEARD_S)
        for phone, call in zip((anna, ben), calls, strict=True):
            phone.ended(call)
        assert clara.count("incoming") == 1
        dora.hangup(talk)
        clara.ended(hers)
    assert "there is no announcement 'brake'" in ctl(box, "announce", "brake", status=1)


def test_a_switch_says_how_it_stands(box: Box) -> None:
    with box.phones("24") as (dora,):
        for state, hertz in ((False, OFF), (True, ON)):
            box.control("config.set", kind="switch", id="night", fields={"on": state})
            call = dora.call("*#2860")
            dora.hears(hertz, call=call, within=HEARD_S)
            dora.ended(call)
            assert box.control("config.get", kind="switch", id="night")["on"] is state
