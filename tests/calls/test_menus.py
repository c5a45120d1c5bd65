"""Voice menus with real callers: every key by digit strings, in both languages, and every way in and out.

Each prompt is a tone here, so that what is heard tells where in the tree the caller is.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.box import Box, office, tone_of
from tests.support.phone import Phone
from tests.support.processes import ortsamt
from tests.support.provider import Provider
from tests.support.tones import tone, write_wav

PUBLIC = "+4922155501"
OUT_TONE = 1000
EMERGENCY_DESK = 1400
HEARD_S = 10
MAIN, SALES, HOURS, GREETING = 1300, 1500, 1700, 1900
BUILT_IN = {
    "menu_invalid": (2100, 2150),
    "menu_silence": (2200, 2250),
    "goodbye": (2300, 2350),
    "directory_spell": (2400, 2450),
    "switch_is_on": (2500, 2550),
    "enter_pin": (2600, 2650),
}
"""Prompt → its tone in German and in English."""


def option(key: str, action: str, **fields: object) -> dict[str, object]:
    return {"key": key, "action": action, **fields}


def to(extension: str) -> dict[str, str]:
    return {"kind": "extension", "ref": extension}


def menus() -> dict[str, object]:
    main = {
        "number": "80",
        "name": "Zentrale",
        "greeting": ["audio/greeting"],
        "prompts": ["audio/main"],
        "pin": "4711",
        "wait_seconds": 4,
        "direct": ["internal"],
        "options": [
            option("1", "connect", to=to("21")),
            option("3", "menu", menu="sales"),
            option("4", "connect", to={"kind": "external", "ref": "+4915112345678"}),
            option("5", "announce", prompts=["audio/hours"]),
            option("6", "directory"),
            option("7", "switch", switch="night", protected=True),
            option("9", "hang_up"),
            option("*", "repeat"),
        ],
    }
    sales = {
        "prompts": ["audio/sales"],
        "options": [option("1", "connect", to=to("22")), option("0", "back")],
    }
    stubborn = {
        "number": "82",
        "prompts": ["audio/main"],
        "barge_in": False,
        "options": [option("1", "connect", to=to("21"))],
    }
    return {
        "main": main,
        "english": {**main, "number": "81", "language": "en"},
        "sales": sales,
        "stubborn": stubborn,
        "leave": {
            "number": "84",
            "prompts": ["audio/main"],
            "options": [option("1", "voicemail", to={"kind": "voicemail_box", "ref": "box"})],
        },
        "quick": {
            "number": "83",
            "prompts": ["audio/main"],
            "wait_seconds": 1,
            "tries": 2,
            "otherwise": to("23"),
            "options": [option("0", "hang_up")],
        },
    }


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The network."""
    with Provider(accounts=(f"demo:secret-of-demo:{PUBLIC}",), tone=OUT_TONE) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """An office whose number 00 leads to the menu, 01 to 22, whose calls may be forwarded to it."""
    folder = tmp_path_factory.mktemp("box")
    trunk = {"host": "127.0.0.1", "port": provider.port, "username": "demo", "secret": "secret-of-demo"}
    documents = office(
        "21",
        "22",
        "23",
        "24",
        switch={"night": {"number": "60"}},
        voicemail_box={"box": {"owners": ["23"]}},
        trunk={"out": trunk},
    )
    with Box(folder, documents) as box:
        for name, hertz in (("main", MAIN), ("sales", SALES), ("hours", HOURS), ("greeting", GREETING)):
            add(box, folder, name, hertz)
        for prompt, (german, english) in BUILT_IN.items():
            for language, hertz in (("de", german), ("en", english)):
                add(box, folder, f"{prompt}-{language}", hertz, "--prompt", prompt, "--language", language)
        numbers = {
            "central": {
                "number": f"{PUBLIC}00",
                "steps": [{"targets": [{"kind": "menu", "ref": "main"}], "seconds": 20}],
            },
            "stubborn": {
                "number": f"{PUBLIC}02",
                "steps": [{"targets": [{"kind": "menu", "ref": "stubborn"}], "seconds": 20}],
            },
        }
        box.control("config.import", configuration={"menu": menus(), "number": numbers})
        provider.wait("registered", account="demo")
        yield box


def add(box: Box, folder: Path, name: str, hertz: int, *words: str) -> None:
    path = write_wav(folder / f"{name}.wav", tone(hertz, seconds=0.8))
    done = subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), "audio-add", name, str(path), *words),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def into(phone: Phone, number: str = "80") -> int:
    """Dial a menu and hear its greeting and its prompts."""
    call = phone.call(number)
    phone.hears(GREETING, call=call, within=HEARD_S)
    phone.hears(MAIN, call=call, within=HEARD_S)
    return call


@pytest.mark.parametrize(("number", "language"), [("80", 0), ("81", 1)])
def test_a_walk_through_every_key(box: Box, number: str, language: int) -> None:
    says = {prompt: tones[language] for prompt, tones in BUILT_IN.items()}
    with box.phones("24", "22") as (caller, sales):
        call = into(caller, number)
        caller.silence(call=call)
        caller.digits("*", call=call)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("5", call=call)
        caller.hears(HOURS, call=call, within=HEARD_S)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("8", call=call)
        caller.hears(says["menu_invalid"], call=call, within=HEARD_S)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.hears(says["menu_silence"], call=call, within=HEARD_S)
        caller.digits("6", call=call)
        caller.hears(says["directory_spell"], call=call, within=HEARD_S)
        caller.digits("*", call=call)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("7", call=call)
        caller.hears(says["enter_pin"], call=call, within=HEARD_S)
        caller.digits("4711#", call=call)
        if not box.control("config.get", kind="switch", id="night")["on"]:
            caller.hears(says["switch_is_on"], call=call, within=HEARD_S)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("3", call=call)
        caller.hears(SALES, call=call, within=HEARD_S)
        caller.digits("0", call=call)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("3", call=call)
        caller.hears(SALES, call=call, within=HEARD_S)
        caller.digits("1", call=call)
        theirs = sales.incoming()["call"]
        sales.answer(theirs)
        caller.hears(tone_of("22"), call=call, within=HEARD_S)
        sales.hears(tone_of("24"), call=theirs, within=HEARD_S)
        caller.hangup(call)
        sales.ended(theirs)
        call = into(caller, number)
        caller.digits("9", call=call)
        caller.hears(says["goodbye"], call=call, within=HEARD_S)
        caller.ended(call)


def test_a_stranger_is_put_through_and_out_again(box: Box, provider: Provider) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = provider.call(f"{PUBLIC}00", caller="+4930901820")
        provider.wait("answered", call=call)
        provider.hears(MAIN, within=HEARD_S)
        provider.send("digits", call=call, digits="1")
        theirs = anna.incoming()["call"]
        anna.answer(theirs)
        provider.hears(tone_of("21"), within=HEARD_S)
        provider.hangup(call)
        anna.ended(theirs)
        call = provider.call(f"{PUBLIC}00", caller="+4930901821")
        provider.hears(MAIN, within=HEARD_S)
        provider.send("digits", call=call, digits="22")  # dialled through
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        provider.hears(tone_of("22"), within=HEARD_S)
        provider.hangup(call)
        ben.ended(theirs)
        call = provider.call(f"{PUBLIC}00", caller="+4930901822")
        provider.hears(MAIN, within=HEARD_S)
        provider.send("digits", call=call, digits="4")
        out = provider.wait("incoming", called="+4915112345678")
        provider.wait("answered", call=out["call"])
        provider.hangup(call)


def test_who_says_nothing_is_put_through(box: Box) -> None:
    with box.phones("24", "23") as (caller, clara):
        call = caller.call("83")
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.hears(BUILT_IN["menu_silence"][0], call=call, within=HEARD_S)
        theirs = clara.incoming(timeout=25)["call"]
        clara.answer(theirs)
        caller.hears(tone_of("23"), call=call, within=HEARD_S)
        caller.hangup(call)
        clara.ended(theirs)


def test_keys_count_only_after_prompts_that_must_be_heard(box: Box, provider: Provider) -> None:
    """A colleague's key interrupts all the same; a stranger's does not."""
    with box.phones("21") as (anna,):
        call = provider.call(f"{PUBLIC}02", caller="+4930901823")
        provider.wait("answered", call=call)
        provider.send("digits", call=call, digits="1")
        provider.hears(MAIN, within=HEARD_S)
        provider.silence(within=HEARD_S)
        assert anna.count("incoming") == 0
        provider.send("digits", call=call, digits="1")
        theirs = anna.incoming()["call"]
        provider.hangup(call)
        anna.ended(theirs)


def test_a_message_is_left_out_of_a_menu(box: Box) -> None:
    with box.phones("24") as (caller,):
        call = caller.call("84")
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("1", call=call)
        caller.hears_sound(call=call, within=HEARD_S)  # the greeting
        caller.silence(call=call, within=25)
        box.eventually(lambda: list(box.folder.glob("state/voice/**/*.wav")) != [], "it to be recorded")
        caller.hangup(call)


def test_the_directory_finds_a_name(box: Box) -> None:
    box.control("config.set", kind="extension", id="22", fields={"name": "Böhm, Ada"})
    box.eventually(
        lambda: "Ada Böhm" in [one["text"] for one in box.control("audio.list")], "the name to be spoken"
    )
    with box.phones("24", "22") as (caller, ada):
        call = into(caller)
        caller.digits("6", call=call)
        caller.hears(BUILT_IN["directory_spell"][0], call=call, within=HEARD_S)
        caller.digits("2634", call=call)  # b o e h
        caller.hears_sound(call=call, within=HEARD_S)  # the name
        caller.digits("1", call=call)
        theirs = ada.incoming()["call"]
        ada.answer(theirs)
        caller.hears(tone_of("22"), call=call, within=HEARD_S)
        caller.hangup(call)
        ada.ended(theirs)
    box.control("config.set", kind="extension", id="22", fields={"name": "Phone 22"})


def test_transferred_and_forwarded_into_a_menu(box: Box) -> None:
    with box.phones("24", "22", "21") as (caller, ben, anna):
        call = caller.call("22")
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        caller.hears(tone_of("22"), call=call, within=HEARD_S)
        ben.transfer("80", theirs)
        ben.ended(theirs)
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.digits("1", call=call)
        hers = anna.incoming()["call"]
        anna.answer(hers)
        caller.hears(tone_of("21"), call=call, within=HEARD_S)
        caller.hangup(call)
        anna.ended(hers)
        forward = [{"on": "always", "to": {"kind": "menu", "ref": "main"}}]
        box.control("config.set", kind="extension", id="22", fields={"forwardings": forward})
        call = caller.call("22")
        caller.hears(MAIN, call=call, within=HEARD_S)
        caller.hangup(call)
    box.control("config.set", kind="extension", id="22", fields={"forwardings": []})


def test_an_emergency_number_is_keyed_in_inside_a_menu(box: Box, provider: Provider) -> None:
    with box.phones("24") as (caller,):
        call = into(caller)
        caller.digits("112", call=call)
        out = provider.wait("incoming", called="112")
        provider.wait("answered", call=out["call"])
        caller.hears(EMERGENCY_DESK, call=call, within=HEARD_S)
        caller.hangup(call)
    (record,) = box.records(1)
    assert record["call"]["kind"] == "emergency"


@pytest.mark.parametrize("keys", ["", "3", "5", "6", "7", "74"])
def test_hanging_up_in_every_state_leaves_nothing(box: Box, keys: str) -> None:
    with box.phones("24") as (caller,):
        call = caller.call("80")
        caller.hears(GREETING, call=call, within=HEARD_S)
        if keys:
            caller.digits(keys, call=call)
        caller.hangup(call)
        box.idle()


def test_explain_shows_the_tree(box: Box) -> None:
    def explain(*words: str) -> str:
        done = subprocess.run(
            ortsamt("explain", "--socket", str(box.socket), "--from", "24", "--to", "80", *words),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Menü „Zentrale“, Taste 3: weiter ins Menü (sales)." in explain("--language", "de")
    english = explain("--language", "en")
    assert "Menu 'sales', key 1: on to step" in english
    assert "Menu 'Zentrale', key 7: turn the switch (night)." in english
    assert "Menü „sales“, Taste 0: zurück." in explain("--json", "--language", "de")
