"""What is refused about menus, with the place and a remedy, and what is only pointed out."""

from dataclasses import replace

import pytest

from appliance.model.decode import try_decode
from appliance.model.documents import (
    Destination,
    Document,
    Extension,
    Menu,
    MenuAction,
    MenuOption,
    Number,
    Ringing,
    RingStep,
    Target,
    TargetKind,
)
from appliance.model.ids import E164, ExtensionId, MenuId, NumberId
from appliance.model.notices import notices
from appliance.model.snapshot import build, check

ANNA = Extension(id=ExtensionId("21"), number="21")
TO_ANNA = Target(kind=TargetKind.EXTENSION, ref="21")


def to_menu(menu: str) -> Target:
    return Target(kind=TargetKind.MENU, ref=menu)


def connect(key: str = "1") -> MenuOption:
    return MenuOption(key=key, action=MenuAction.CONNECT, to=TO_ANNA)


def into(menu: str, key: str = "1") -> MenuOption:
    return MenuOption(key=key, action=MenuAction.MENU, menu=MenuId(menu))


def menu(name: str, *options: MenuOption, **fields: object) -> Menu:
    return replace(Menu(id=MenuId(name)), options=options, **fields)  # type: ignore[arg-type]  # real fields


BACK = MenuOption(key="0", action=MenuAction.BACK)
WRONG: dict[str, tuple[tuple[Document, ...], tuple[str, str]]] = {
    "duplicate key": ((menu("a", connect(), connect()),), ("menu a", "options[1].key")),
    "dead target": (
        (menu("a", MenuOption(key="1", action=MenuAction.CONNECT, to=to_menu("no"))),),
        ("menu a", "options[0].to.ref"),
    ),
    "dead menu": ((menu("a", into("b"), connect("2")),), ("menu a", "options[0].menu")),
    "dead directory": (
        (menu("a", connect(), directory=(ExtensionId("99"),)),),
        ("menu a", "directory[0]"),
    ),
    "no key": ((menu("a"),), ("menu a", "options")),
    "circle": ((menu("a", into("b")), menu("b", into("a"), BACK)), ("menu b", "options")),
    "only itself": (
        (menu("a", MenuOption(key="1", action=MenuAction.REPEAT)),),
        ("menu a", "options"),
    ),
    "silent circle": (
        (
            menu("a", connect(), otherwise=to_menu("b")),
            menu("b", connect(), otherwise=to_menu("a")),
        ),
        ("menu a", "otherwise"),
    ),
    "protected without pin": ((menu("a", replace(connect(), protected=True)),), ("menu a", "pin")),
    "outside without pin": ((menu("a", connect(), direct=(Destination.NATIONAL,)),), ("menu a", "pin")),
    "number taken": ((menu("a", connect(), number="21"),), ("menu a", "number")),
    "queue": ((menu("a", MenuOption(key="1", action=MenuAction.QUEUE)),), ("menu a", "options[0].action")),
    "in company": (
        (
            menu("a", connect()),
            Number(
                id=NumberId("n"),
                number=E164("+4922147100"),
                steps=(RingStep(targets=(to_menu("a"), TO_ANNA)),),
            ),
        ),
        ("number n", "steps[0].targets[0]"),
    ),
    "as a phone": (
        (
            menu("a", connect()),
            Extension(
                id=ExtensionId("22"),
                number="22",
                ringings=(Ringing(steps=(RingStep(targets=(to_menu("a"),)),)),),
            ),
        ),
        ("extension 22", "ringings[0].steps[0].targets[0]"),
    ),
    "too many": (
        tuple(menu(f"m{n}", into(f"m{(n + 1) % 52}"), connect("2")) for n in range(52)),
        ("menu m0", "options"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name: str) -> None:
    documents, place = WRONG[name]
    found = {(one.where, one.field): one for one in check(build((ANNA, *documents)))}
    assert place in found
    assert found[place].message
    assert found[place].remedy


GOOD: dict[str, tuple[Menu, ...]] = {
    "plain": (menu("a", connect()),),
    "nested": (menu("a", into("b"), connect("2")), menu("b", BACK)),
    "each other": (menu("a", into("b"), connect("2")), menu("b", into("a"))),
    "dialling only": (menu("a", direct=(Destination.INTERNAL,)),),
    "goes on": (menu("a", otherwise=TO_ANNA),),
    "announcement": (menu("a", MenuOption(key="1", action=MenuAction.ANNOUNCE, prompts=("welcome",))),),
}


@pytest.mark.parametrize("name", GOOD)
def test_it_is_taken(name: str) -> None:
    assert check(build((ANNA, *GOOD[name]))) == ()


def test_a_menu_that_nobody_reaches_is_pointed_out() -> None:
    lonely = menu("a", into("b"), connect("2"))
    inner = menu("b", connect())
    assert {one.where for one in notices(build((ANNA, lonely, inner)))} >= {"menu a", "menu b"}
    reached = replace(lonely, number="80")
    assert not {one.where for one in notices(build((ANNA, reached, inner)))} & {"menu a", "menu b"}


BAD: dict[str, tuple[dict[str, object], str]] = {
    "key": ({"options": [{"key": "12", "action": "repeat"}]}, "options[0].key"),
    "action": ({"options": [{"key": "1", "action": "dance"}]}, "options[0].action"),
    "no target": ({"options": [{"key": "1", "action": "connect"}]}, "options[0].to"),
    "no menu": ({"options": [{"key": "1", "action": "menu"}]}, "options[0].menu"),
    "no switch": ({"options": [{"key": "1", "action": "switch"}]}, "options[0].switch"),
    "no prompts": ({"options": [{"key": "1", "action": "announce"}]}, "options[0].prompts"),
    "prompt": ({"prompts": ["../secret"]}, "prompts"),
    "premium": ({"direct": ["premium"]}, "direct"),
    "tries": ({"tries": 0}, "tries"),
    "wait": ({"wait_seconds": 0}, "wait_seconds"),
    "pin": ({"pin": "12"}, "pin"),
    "number": ({"number": "abc"}, "number"),
}


@pytest.mark.parametrize("name", BAD)
def test_values_are_checked(name: str) -> None:
    fields, place = BAD[name]
    value, problems = try_decode(Menu, {"id": "a", **fields}, where="menu a")
    assert value is None
    assert place in {one.field for one in problems}
    assert all(one.remedy or one.message for one in problems)
