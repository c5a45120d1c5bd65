"""Menus as callers meet them: every key, wrong keys, silence, dialling through, the directory, switches."""

from dataclasses import replace

import pytest

from appliance.calls.voice.menu import SwitchTurned, TurnSwitch
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import (
    Application,
    Destination,
    Document,
    Language,
    Menu,
    MenuAction,
    MenuOption,
    Switch,
    Target,
    TargetKind,
)
from appliance.model.ids import LegId, MenuId, SwitchId, TrunkId
from appliance.model.menus import Turning
from appliance.model.plan import Caller, FromTrunk, Origin, Outcome
from appliance.model.voice import Reply, Request
from tests.unit.calls import office
from tests.unit.calls.conversation import Conversation, run_step

ANNA = Target(kind=TargetKind.EXTENSION, ref="21")
STRANGER = FromTrunk(trunk=TrunkId("t1"))
MAIN = Menu(
    id=MenuId("main"),
    greeting=("welcome",),
    prompts=("audio/main",),
    pin="4711",
    options=(
        MenuOption(key="1", action=MenuAction.CONNECT, to=ANNA),
        MenuOption(key="2", action=MenuAction.MENU, menu=MenuId("sales")),
        MenuOption(key="3", action=MenuAction.DIRECTORY),
        MenuOption(key="4", action=MenuAction.SWITCH, switch=SwitchId("night"), protected=True),
        MenuOption(key="5", action=MenuAction.ANNOUNCE, prompts=("audio/hours",)),
        MenuOption(key="6", action=MenuAction.CONNECT, to=ANNA, prompts=("please_wait",)),
        MenuOption(key="7", action=MenuAction.CONNECT, to=ANNA),
        MenuOption(key="8", action=MenuAction.BACK),
        MenuOption(key="9", action=MenuAction.HANG_UP),
        MenuOption(key="*", action=MenuAction.REPEAT),
        MenuOption(key="#", action=MenuAction.ANNOUNCE, prompts=("audio/hash",)),
    ),
)
SALES = Menu(
    id=MenuId("sales"),
    language=Language.ENGLISH,
    prompts=("audio/sales",),
    options=(
        MenuOption(key="1", action=MenuAction.CONNECT, to=ANNA),
        MenuOption(key="0", action=MenuAction.BACK),
    ),
)
NIGHT = Switch(id=SwitchId("night"))


def turn(request: Request) -> Reply | None:
    assert isinstance(request, TurnSwitch)
    return SwitchTurned(on=request.turn is not Turning.OFF)


def call(
    menu: Menu = MAIN,
    *more: Document,
    origin: Origin = STRANGER,
    done: bool = False,
    otherwise: bool = False,
) -> Conversation:
    """A caller in the menu; its first key connects to 21, and the menu below it too."""
    snapshot = office.snapshot()
    documents: list[Document] = [menu, SALES, NIGHT, *more]
    documents += [*snapshot.extensions.values(), *snapshot.devices.values(), *snapshot.trunks.values()]
    branches = {"main/1": 1, "main/6": 1, "sales/1": 1, **({"main/otherwise": 1} if otherwise else {})}
    step = run_step(
        application=Application.MENU,
        argument="main",
        branches=branches,
        next={Outcome.DONE: 1} if done else {},
    )
    ring = office.ring(office.extension(snapshot, "21"))
    return Conversation(
        step, ring, outside=turn, origin=origin, documents=documents, caller=Caller(number="+4930901820")
    )


def rings(talk: Conversation) -> list[str]:
    return [one.endpoint.device for one in talk.effects if isinstance(one, fx.Originate)]  # type: ignore[union-attr]


def language(talk: Conversation) -> str:
    assert isinstance(talk.hears, fx.HearsList)
    return talk.hears.language.value


def last(talk: Conversation) -> tuple[str, ...]:
    return talk.said[-1]


def test_greeting_and_prompts_are_said_and_a_key_connects() -> None:
    talk = call()
    assert talk.listen() == ("welcome", "audio/main")
    talk.press("1")
    assert rings(talk) == ["21"]


def test_a_key_interrupts_the_prompts() -> None:
    talk = call()
    talk.press("1")
    assert rings(talk) == ["21"]


def test_prompts_are_heard_to_the_end_where_they_must_be() -> None:
    talk = call(replace(MAIN, barge_in=False))
    talk.press("1")
    assert rings(talk) == []
    talk.listen()
    talk.press("1")
    assert rings(talk) == ["21"]


def test_the_time_of_day_is_said_once() -> None:
    talk = call(replace(MAIN, greeting=("greeting/time_of_day", "welcome")))
    assert talk.listen() == ("greeting/morning", "welcome", "audio/main")  # 10:00 in Berlin
    talk.press("*")
    assert talk.listen() == ("audio/main",)


def test_a_menu_in_the_menu_speaks_its_language_and_leads_back() -> None:
    talk = call()
    talk.press("2")
    assert last(talk) == ("audio/sales",)
    assert language(talk) == "en"
    talk.press("0")
    assert last(talk) == ("audio/main",)
    assert language(talk) == "de"
    talk.press("8")
    assert last(talk) == ("audio/main",)  # there is nothing behind the first one
    talk.press("21")
    assert rings(talk) == ["21"]


@pytest.mark.parametrize("key", ["5", "#"])
def test_an_announcement_leads_back(key: str) -> None:
    talk = call()
    talk.press(key)
    assert talk.listen() == ("audio/hours" if key == "5" else "audio/hash",)
    assert last(talk) == ("audio/main",)


def test_a_word_before_connecting() -> None:
    talk = call()
    talk.press("6")
    assert talk.listen() == ("please_wait",)
    assert rings(talk) == ["21"]


def test_a_key_that_leads_nowhere_now() -> None:
    talk = call()
    talk.press("7")
    assert last(talk) == ("not_possible", "audio/main")


def test_hanging_up_by_key() -> None:
    talk = call()
    talk.press("9")
    assert talk.listen() == ("goodbye",)
    assert talk.ended is Cause.NORMAL


def test_wrong_keys_and_silence_are_counted_together() -> None:
    talk = call()
    talk.press("0")
    assert last(talk) == ("menu_invalid", "audio/main")
    talk.listen()
    talk.wait()
    assert last(talk) == ("menu_silence", "audio/main")
    talk.listen()
    talk.wait()
    assert talk.listen() == ("goodbye",)
    assert talk.over


@pytest.mark.parametrize("where", ["done", "otherwise"])
def test_who_chooses_nothing_is_put_through(where: str) -> None:
    talk = call(done=where == "done", otherwise=where == "otherwise")
    talk.press("000")
    assert rings(talk) == ["21"]


def test_a_switch_is_turned_after_the_pin() -> None:
    talk = call()
    talk.press("4")
    assert last(talk) == ("enter_pin",)
    talk.press("1234#")
    assert last(talk) == ("wrong_pin", "enter_pin")
    talk.press("4711#")
    assert talk.requests == [TurnSwitch(switch=SwitchId("night"), turn=Turning.TOGGLE, who="menu main")]
    assert talk.listen() == ("switch_is_on",)
    assert last(talk) == ("audio/main",)
    talk.press("4")
    assert len(talk.requests) == 2, "the PIN counts for the rest of the call"


def test_pins_cannot_be_tried_without_end() -> None:
    talk = call()
    talk.press("4" + "1#2#3#")
    assert last(talk) == ("not_possible", "audio/main")
    talk.press("4")
    assert last(talk) == ("not_possible", "audio/main")
    assert not talk.requests


def test_guessing_locks_strangers_out_over_calls() -> None:
    talk = call()
    for leg in ("a", "b", "c"):
        if leg != "a":
            talk.feed(ev.LegIncoming(leg=LegId(leg), origin=STRANGER, caller=Caller(), dialled="start"))
        for key in "4" + "1#2#3#":
            talk.feed(ev.LegDigit(leg=LegId(leg), digit=key))
    for leg, origin in (("d", STRANGER), ("e", office.device("22"))):
        talk.feed(ev.LegIncoming(leg=LegId(leg), origin=origin, caller=Caller(), dialled="start"))
        for key in "44711#":
            talk.feed(ev.LegDigit(leg=LegId(leg), digit=key))
        assert bool(talk.requests) is (leg == "e"), "a colleague is not locked out with them"


DIRECT = replace(MAIN, direct=(Destination.INTERNAL,))


def test_an_extension_is_dialled_through() -> None:
    talk = call(DIRECT)
    talk.press("22")
    assert rings(talk) == ["22"]


def test_a_key_that_could_begin_a_number_acts_after_a_pause() -> None:
    talk = call(DIRECT)
    talk.press("2")
    assert last(talk) == ("welcome", "audio/main")
    talk.wait()
    assert last(talk) == ("audio/sales",)


def test_the_name_is_spelt() -> None:
    talk = call()
    talk.press("3")
    assert talk.listen() == ("directory_spell",)
    talk.press("74663")  # p-h-o-n-e
    talk.wait()
    assert last(talk) == (
        *("directory_for", "digit_2", "digit_1", "directory_press", "digit_1"),
        *("directory_for", "digit_2", "digit_2", "directory_press", "digit_2"),
        *("directory_for", "digit_2", "digit_3", "directory_press", "digit_3"),
        *("directory_for", "digit_2", "digit_4", "directory_press", "digit_4"),
        "directory_again",
    )
    talk.press("9")
    assert "directory_again" in last(talk)
    talk.press("2")
    assert rings(talk) == ["22"]


def test_a_name_that_nobody_has() -> None:
    talk = call()
    talk.press("3" + "999")
    assert last(talk) == ("directory_none", "directory_spell")
    talk.press("*")
    assert last(talk) == ("audio/main",)


@pytest.mark.parametrize("way", ["", "3", "4"])
def test_our_own_dial_emergency_numbers_anywhere(way: str) -> None:
    talk = call(origin=office.device("22"))
    talk.press(way)
    talk.press("112")
    endpoints = [one.endpoint for one in talk.effects if isinstance(one, fx.Originate)]
    assert any(isinstance(one, fx.ToTrunk) for one in endpoints)


def test_strangers_do_not() -> None:
    talk = call()
    talk.press("112")
    assert rings(talk) == ["21"]


@pytest.mark.parametrize("keys", ["", "2", "3", "3999", "374663", "4", "5", "9"])
def test_hanging_up_anywhere_leaves_nothing(keys: str) -> None:
    talk = call()
    talk.press(keys)
    talk.hang_up()
    assert not talk.control.live_calls()
    assert talk.control.leg_count == 0
    assert not [one for one in talk.timers if one.startswith("talk:")]
