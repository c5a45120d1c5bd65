"""Voice menus: what callers hear, and what each key does."""

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.model.dialplan import Destination
from appliance.model.ids import AudioId, ExtensionId, MenuId, SwitchId
from appliance.model.languages import Language
from appliance.model.targets import Target
from appliance.model.validation import (
    check_count,
    check_id,
    check_name,
    check_prompt,
    check_seconds,
    require,
)

KEYS = "1234567890*#"
OTHERWISE = "otherwise"
"""As the key of a branch: where callers go who choose nothing."""


class MenuAction(StrEnum):
    """What a key does."""

    CONNECT = "connect"
    """Put the caller through: to an extension, service, rotation duty, number outside."""
    VOICEMAIL = "voicemail"
    QUEUE = "queue"
    MENU = "menu"
    """Go into another menu."""
    BACK = "back"
    """Return to the menu in front of this one."""
    REPEAT = "repeat"
    ANNOUNCE = "announce"
    """Say the option's prompts, then the menu again."""
    DIRECTORY = "directory"
    """Spell a name on the key pad and choose whom to call."""
    SWITCH = "switch"
    """Turn a virtual switch and say how it stands."""
    HANG_UP = "hang_up"


class Turning(StrEnum):
    """To which side a switch is turned."""

    TOGGLE = "toggle"
    ON = "on"
    OFF = "off"


CONNECTING = frozenset({MenuAction.CONNECT, MenuAction.VOICEMAIL})
"""Actions that need ``to``."""
_NEEDS = {
    MenuAction.CONNECT: "to",
    MenuAction.VOICEMAIL: "to",
    MenuAction.MENU: "menu",
    MenuAction.SWITCH: "switch",
    MenuAction.ANNOUNCE: "prompts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuOption:
    """One key of a menu."""

    key: str
    action: MenuAction
    name: str = ""
    """For people who read the menu: Sales."""
    to: Target | None = None
    """Connect, voicemail."""
    seconds: int = 30
    """Connect: how long it rings."""
    menu: MenuId | None = None
    switch: SwitchId | None = None
    turn: Turning = Turning.TOGGLE
    prompts: tuple[str, ...] = ()
    """Said first; announce: what is said."""
    protected: bool = False
    """Only after the menu's PIN."""

    def __post_init__(self) -> None:
        require(
            len(self.key) == 1 and self.key in KEYS, f"key: '{self.key}' is no key: one of 0 to 9, * and #"
        )
        check_name(self.name)
        check_seconds("seconds", self.seconds, 5)
        check_prompts("prompts", self.prompts)
        needed = _NEEDS.get(self.action)
        require(needed is None or getattr(self, needed), f"{needed}: is missing: '{self.action}' needs it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A voice menu: answers, says its prompts, and does what the pressed key stands for."""

    id: MenuId
    number: str = ""
    """Dialled by colleagues, and transferred to; empty: only reached by numbers, menus, forwardings."""
    name: str = ""
    language: Language | None = None
    """None: that of the menu in front of it, else the caller's."""
    greeting: tuple[str, ...] = ()
    """Prompts and recordings (``audio/…``), said once when the caller comes in; ``greeting/time_of_day``."""
    prompts: tuple[str, ...] = ()
    """Said before each choice."""
    options: tuple[MenuOption, ...] = ()
    direct: tuple[Destination, ...] = ()
    """Kinds of numbers that callers may dial instead of choosing; outside ones need ``pin``."""
    directory: tuple[ExtensionId, ...] = ()
    """Who is found by name; empty: every extension that has one."""
    pin: str = ""
    """Asked before protected options and before numbers outside."""
    barge_in: bool = True
    """A key interrupts the prompts; that of a colleague always does."""
    wait_seconds: int = 6
    """For a key after the prompts."""
    tries: int = 3
    """Wrong or missing choices in a row until ``otherwise``."""
    otherwise: Target | None = None
    """Who choose nothing go there; None: to what follows the menu, else they are let go."""

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name)
        require(
            re.fullmatch("[0-9*#]{0,15}", self.number),
            f"number: '{self.number}' is not dialable: digits, * and #, at most 15",
        )
        check_prompts("greeting", self.greeting)
        check_prompts("prompts", self.prompts)
        check_count("options", self.options, len(KEYS))
        check_count("directory", self.directory, 500)
        require(
            not {Destination.PREMIUM, Destination.SHORT} & set(self.direct),
            "direct: premium and short numbers cannot be dialled in a menu: leave them out",
        )
        require(re.fullmatch("([0-9]{4,10})?", self.pin), "pin: is not a PIN: four to ten digits")
        require(1 <= self.wait_seconds <= 60, "wait_seconds: out of range: 1 to 60")
        require(1 <= self.tries <= 10, "tries: out of range: 1 to 10")

    def option(self, key: str) -> MenuOption | None:
        """What a key stands for."""
        return next((one for one in self.options if one.key == key), None)


def check_prompts(field: str, prompts: tuple[str, ...]) -> None:
    """Raise ValueError for what is no list of prompts' names."""
    check_count(field, prompts, 20)
    for prompt in prompts:
        require(prompt, f"{field}: has an empty name: remove it")
        check_prompt(field, prompt)


def branch(menu: MenuId, key: str) -> str:
    """The label of what a key leads to, among the branches of a plan's step."""
    return f"{menu}/{key}"


def recorded_name(extension: ExtensionId) -> AudioId:
    """The recording of an extension's name, in the directory of menus."""
    return AudioId(f"name-{extension.lower()}")
