"""Voice menus. One dialogue goes through a whole tree of menus; keys that connect leave it by a branch.

A key that is all that can be meant acts at once. Where more may follow (extensions dialled through, 112 by
our own people) a short pause decides. Our own can always key in an emergency number, at any place.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from appliance.calls.voice.dialogue import (
    DONE,
    HANG_UP,
    KEYS,
    Dialogue,
    Digits,
    Input,
    Leave,
    Move,
    Next,
    Scene,
    Talk,
    Way,
)
from appliance.model.audio import OWN
from appliance.model.documents import Destination, Extension, Language, Menu, MenuAction, MenuOption
from appliance.model.ids import ExtensionId, MenuId, SwitchId
from appliance.model.keypad import is_spelt
from appliance.model.menus import CONNECTING, OTHERWISE, Turning, branch, recorded_name
from appliance.model.plan import FromDevice, Outcome
from appliance.model.spoken import digits as spoken_digits
from appliance.model.voice import Reply, Request
from appliance.routing.emergency import emergency_number
from appliance.routing.menus import inside, outside

MAX_DEPTH = 20
"""So many menus back one can go."""
PIN_TRIES = 3
LISTED = 9
"""So many names are read out: one a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSwitch(Request):
    """Turn a virtual switch; :class:`SwitchTurned` comes back."""

    switch: SwitchId
    turn: Turning
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTurned(Reply):
    """How it stands now."""

    on: bool


@dataclass(slots=True, kw_only=True)
class Place:
    """Where in the tree a caller is."""

    menu: Menu
    behind: list[tuple[Menu, Language]] = field(default_factory=list)
    """The menus one came through, and the language one heard them in."""
    greeted: set[MenuId] = field(default_factory=set)
    tries: int = 0
    pins: int = 0
    spelt: int = 0
    granted: set[MenuId] = field(default_factory=set)
    """Menus whose PIN was keyed in."""
    before: tuple[str, ...] = ()
    """Said before the menu's prompts, once: what was wrong."""
    after_pin: Callable[[Talk], Next] | None = None
    option: MenuOption | None = None
    found: tuple[Extension, ...] = ()


def _place(talk: Talk) -> Place:
    place = talk.data
    assert isinstance(place, Place)  # noqa: S101 - begin made it
    return place


def _begin(talk: Talk) -> Next:
    menu = talk.x.snapshot.menus.get(MenuId(talk.step.argument))
    if menu is None:
        return DONE  # it was deleted since the plan was made
    talk.data = Place(menu=menu)
    return _enter(talk, menu)


def _enter(talk: Talk, menu: Menu) -> Next:
    place = _place(talk)
    place.menu = menu
    place.tries = 0
    talk.language = menu.language or talk.language
    return "menu"


# -- the menu itself ---------------------------------------------------------------------------------


def _prompts(talk: Talk) -> Sequence[str]:
    place = _place(talk)
    menu = place.menu
    said = list(place.before)
    place.before = ()
    if menu.id not in place.greeted:
        place.greeted.add(menu.id)
        said += menu.greeting
    return (*said, *menu.prompts)


def _own(talk: Talk) -> bool:
    return isinstance(talk.leg.origin, FromDevice)


def _emergency(talk: Talk, keyed: str) -> bool:
    return _own(talk) and emergency_number(keyed, talk.x.snapshot) is not None


def _all_said(talk: Talk, keyed: str) -> bool:
    """True when nothing longer can be meant."""
    menu = _place(talk).menu
    snapshot = talk.x.snapshot
    if _emergency(talk, keyed):
        return True
    if _own(talk) and any(one.startswith(keyed) for one in _emergencies(talk)):
        return False
    if keyed in "*#" and menu.option(keyed) is not None:
        return True  # services with such numbers stand back: nobody waits for a repetition
    if any(one is not Destination.INTERNAL for one in menu.direct):
        return False
    if Destination.INTERNAL in menu.direct:
        inner = (*snapshot.extension_by_number, *snapshot.service_by_number)
        return not any(one.startswith(keyed) and one != keyed for one in inner)
    return True


def _emergencies(talk: Talk) -> tuple[str, ...]:
    site = talk.x.snapshot.site
    return tuple(prefix + one for one in site.emergency_numbers for prefix in ("", site.outside_prefix))


def _chosen(talk: Talk) -> Next:
    place = _place(talk)
    keyed = talk.entered or "#"
    menu, snapshot = place.menu, talk.x.snapshot
    if _emergency(talk, keyed):
        return Leave(Way.DIAL, keyed)
    option = menu.option(keyed)
    if option is not None:
        place.tries = 0
        return _after_pin(talk, lambda now: _act(now, option)) if option.protected else _act(talk, option)
    if Destination.INTERNAL in menu.direct and inside(menu, keyed, snapshot):
        return Leave(Way.DIAL, keyed, menu.id)
    if outside(menu, keyed, snapshot) is not None:
        return _after_pin(talk, lambda _now: Leave(Way.DIAL, keyed, menu.id))
    return _again(talk, "menu_invalid")


def _silent(talk: Talk) -> Next:
    return _again(talk, "menu_silence")


def _again(talk: Talk, *said: str) -> Next:
    """Once more, or enough."""
    place = _place(talk)
    place.tries += 1
    if place.tries < place.menu.tries:
        place.before = said
        return "menu"
    label = branch(place.menu.id, OTHERWISE)
    if label in talk.step.branches:
        return Leave(Way.BRANCH, label)
    return DONE if Outcome.DONE in talk.step.next else "goodbye"


# -- what keys do ------------------------------------------------------------------------------------


def _act(talk: Talk, option: MenuOption) -> Next:
    place = _place(talk)
    place.option = option
    match option.action:
        case MenuAction.MENU:
            inner = talk.x.snapshot.menus.get(option.menu) if option.menu is not None else None
            if inner is None:
                return _impossible(talk)
            place.behind = [*place.behind, (place.menu, talk.language)][-MAX_DEPTH:]
            return _enter(talk, inner)
        case MenuAction.BACK:
            menu, talk.language = place.behind.pop() if place.behind else (place.menu, talk.language)
            return _enter(talk, menu)
        case MenuAction.REPEAT:
            return "menu"
        case MenuAction.DIRECTORY:
            place.spelt = 0
            return "spell"
        case MenuAction.HANG_UP:
            return "goodbye"
        case _ if option.prompts:
            return "announce"
        case _:
            return _announced(talk)


def _announced(talk: Talk) -> Next:
    """The option's prompts are said: now what it is for."""
    place = _place(talk)
    option = place.option
    if option is None or option.action is MenuAction.ANNOUNCE:
        return "menu"
    if option.action is MenuAction.SWITCH:
        return "turn"
    label = branch(place.menu.id, option.key)
    if option.action in CONNECTING and label in talk.step.branches:
        return Leave(Way.BRANCH, label)
    return _impossible(talk)


def _impossible(talk: Talk) -> Next:
    return _again(talk, "not_possible")


# -- PIN ---------------------------------------------------------------------------------------------


def _after_pin(talk: Talk, then: Callable[[Talk], Next]) -> Next:
    place = _place(talk)
    if place.menu.id in place.granted:
        return then(talk)
    if place.pins >= PIN_TRIES or talk.x.lockout.is_locked(_guesser(talk), talk.x.now):
        return _impossible(talk)
    place.after_pin = then
    return "pin"


def _guesser(talk: Talk) -> str:
    """Who is locked out for guessing: a colleague, or all strangers, because numbers can be forged."""
    return f"menu:{_place(talk).menu.id}:{talk.leg.extension or ''}"


def _pin_prompts(talk: Talk) -> Sequence[str]:
    return ("wrong_pin", "enter_pin") if talk.tries > 1 else ("enter_pin",)


def _pin_keyed(talk: Talk) -> Next:
    place = _place(talk)
    if _emergency(talk, talk.entered):
        return Leave(Way.DIAL, talk.entered)
    if place.after_pin is not None and hmac.compare_digest(talk.entered, place.menu.pin):
        place.granted.add(place.menu.id)
        talk.x.lockout.right(_guesser(talk))
        return place.after_pin(talk)
    place.pins += 1
    locked = talk.x.lockout.wrong(_guesser(talk), talk.x.now)
    return _impossible(talk) if locked or place.pins >= PIN_TRIES else "pin"


# -- directory ---------------------------------------------------------------------------------------


def _listed(talk: Talk) -> Sequence[Extension]:
    menu, extensions = _place(talk).menu, talk.x.snapshot.extensions
    if menu.directory:
        named = (extensions.get(ExtensionId(one)) for one in menu.directory)
        return [one for one in named if one is not None]
    return [one for one in extensions.values() if one.name]


def _matching(talk: Talk, keyed: str) -> list[Extension]:
    found = [one for one in _listed(talk) if is_spelt(one.name, keyed)]
    return sorted(found, key=lambda one: (one.name.casefold(), one.number))


def _spelt_enough(talk: Talk, keyed: str) -> bool:
    return _emergency(talk, keyed) or (len(keyed) >= 3 and len(_matching(talk, keyed)) <= 1)


def _spell_prompts(talk: Talk) -> Sequence[str]:
    place = _place(talk)
    said, place.before = place.before, ()
    return (*said, "directory_spell")


def _spelt(talk: Talk) -> Next:
    place = _place(talk)
    if _emergency(talk, talk.entered):
        return Leave(Way.DIAL, talk.entered)
    found = _matching(talk, talk.entered)
    if 0 < len(found) <= LISTED:
        place.found = tuple(found)
        return "matches"
    return _spell_again(talk, "directory_many" if found else "directory_none")


def _spell_again(talk: Talk, *said: str) -> Next:
    place = _place(talk)
    place.spelt += 1
    if place.spelt >= place.menu.tries:
        return _again(talk, *said)
    place.before = said
    return "spell"


def _match_prompts(talk: Talk) -> Sequence[str]:
    said: list[str] = []
    for position, extension in enumerate(_place(talk).found, start=1):
        said += ("directory_for", *name_of(talk, extension), "directory_press", f"digit_{position}")
    return (*said, "directory_again")


def name_of(talk: Talk, extension: Extension) -> tuple[str, ...]:
    """The recording ``name-…`` of the extension, else its number."""
    recording = recorded_name(extension.id)
    audio = talk.x.snapshot.audio.get(recording)
    if audio is not None and audio.file:
        return (f"{OWN}{recording}",)
    return spoken_digits(extension.number)


def _pick(position: int) -> Callable[[Talk], Next]:
    def pick(talk: Talk) -> Next:
        place = _place(talk)
        if position > len(place.found):
            return "matches"
        return Leave(Way.DIAL, place.found[position - 1].number, place.menu.id)

    return pick


def _not_picked(talk: Talk) -> Next:
    return _again(talk) if talk.tries >= _place(talk).menu.tries else "matches"


# -- switches ----------------------------------------------------------------------------------------


def _turn(talk: Talk) -> Request:
    option = _place(talk).option
    assert option is not None and option.switch is not None  # noqa: S101, PT018 - a switch needs one
    who = f"menu {_place(talk).menu.id}"
    return TurnSwitch(switch=option.switch, turn=option.turn, who=who)


def _turned(talk: Talk) -> Sequence[str]:
    on = isinstance(talk.reply, SwitchTurned) and talk.reply.on
    return ("switch_is_on" if on else "switch_is_off",)


# -- the table ---------------------------------------------------------------------------------------

_AGAIN: tuple[Next | Way, ...] = ("menu", "goodbye", DONE, Way.BRANCH)
_CHOICE: tuple[Next | Way, ...] = (*_AGAIN, "announce", "spell", "turn", Way.DIAL)

MENU = Dialogue(
    begin=_begin,
    first=("menu", DONE),
    scenes={
        "menu": Scene(
            say=_prompts,
            barge_in=lambda talk: _place(talk).menu.barge_in or _own(talk),
            wait_ms=lambda talk: _place(talk).menu.wait_seconds * 1000,
            digits=Digits(longest=24, complete=_all_said, pause_ms=2000),
            on={
                Input.ENTERED: Move(to="menu", do=_chosen, may=(*_CHOICE, "pin")),
                Input.SILENCE: Move(to="menu", do=_silent, may=_AGAIN),
            },
        ),
        "announce": Scene(
            say=lambda talk: option.prompts if (option := _place(talk).option) is not None else (),
            on={Input.SAID: Move(to="menu", do=_announced, may=(*_AGAIN, "turn"))},
        ),
        "pin": Scene(
            say=_pin_prompts,
            digits=Digits(longest=10, complete=_emergency),
            on={
                Input.ENTERED: Move(to="pin", do=_pin_keyed, may=_CHOICE),
                Input.SILENCE: Move(to="menu", do=_silent, may=_AGAIN),
            },
        ),
        "spell": Scene(
            say=_spell_prompts,
            digits=Digits(longest=12, complete=_spelt_enough, pause_ms=2500),
            on={
                "*": Move(to="menu"),
                Input.ENTERED: Move(to="spell", do=_spelt, may=("matches", *_AGAIN, Way.DIAL)),
                Input.SILENCE: Move(to="spell", do=_spell_again, may=_AGAIN),
            },
        ),
        "matches": Scene(
            say=_match_prompts,
            on={
                **{
                    key: Move(to="matches", do=_pick(int(key)), may=(Way.DIAL,))
                    for key in KEYS
                    if key in "123456789"
                },
                "*": Move(to="spell"),
                Input.WRONG: Move(to="matches", do=_not_picked, may=_AGAIN),
                Input.SILENCE: Move(to="matches", do=_not_picked, may=_AGAIN),
            },
        ),
        "turn": Scene(
            ask=_turn,
            on={
                Input.REPLIED: Move(to="turned"),
                Input.FAILED: Move(to="menu", do=_impossible, may=_AGAIN),
            },
        ),
        "turned": Scene(say=_turned, on={Input.SAID: Move(to="menu")}),
        "goodbye": Scene(say=lambda _talk: ("goodbye",), on={Input.SAID: Move(to=HANG_UP)}),
    },
)
