"""Whether the menus of an office lead anywhere: duplicate keys, circles, dead ends, menus nobody reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from appliance.errors import Problem
from appliance.model.dialplan import Destination
from appliance.model.documents import Extension, Number, Rotation
from appliance.model.ids import MenuId
from appliance.model.menus import CONNECTING, Menu, MenuAction, MenuOption
from appliance.model.references import references
from appliance.model.targets import RingStep, Target, TargetKind

if TYPE_CHECKING:
    from appliance.model.snapshot import Snapshot

Menus = Mapping[MenuId, Menu]
MAX_MENUS = 50
MAX_EXITS = 150
"""Within one tree of menus: plans hold all of it."""
_INSIDE = frozenset({MenuAction.MENU, MenuAction.BACK, MenuAction.REPEAT})


def tree(menus: Menus, root: MenuId) -> tuple[Menu, ...]:
    """The menus that keys lead to from this one, itself first; at most :data:`MAX_MENUS` and one."""
    found: dict[MenuId, Menu] = {}
    waiting = [root]
    while waiting and len(found) <= MAX_MENUS:
        here = menus.get(waiting.pop(0))
        if here is not None and here.id not in found:
            found[here.id] = here
            waiting += [one.menu for one in here.options if one.menu is not None and _nests(one)]
    return tuple(found.values())


def exits(menus: Iterable[Menu]) -> Iterator[tuple[Menu, MenuOption | None, Target]]:
    """Whom the keys of these menus connect to; no option: who choose nothing."""
    for menu in menus:
        for option in menu.options:
            if option.action in CONNECTING and option.to is not None:
                yield menu, option, option.to
        if menu.otherwise is not None:
            yield menu, None, menu.otherwise


def problems(snapshot: Snapshot) -> list[Problem]:
    """What must not be."""
    menus = snapshot.menus
    if not menus:
        return []
    found: list[Problem] = []
    for menu in menus.values():
        found += _of_one(menu)
    found += _without_exit(menus)
    found += _going_round(menus)
    found += _too_big(menus)
    found += _in_company(snapshot)
    return found


def unreachable(snapshot: Snapshot) -> Iterator[Menu]:
    """Menus that nobody can come to."""
    naming: tuple[Number | Extension | Rotation, ...] = (
        *snapshot.numbers.values(),
        *snapshot.extensions.values(),
        *snapshot.rotations.values(),
    )
    named: set[str] = {
        reference.id for document in naming for reference in references(document) if reference.kind == "menu"
    }
    named |= {menu.id for menu in snapshot.menus.values() if menu.number}
    reached: set[str] = set()
    while named:
        here = MenuId(named.pop())
        if here in reached:
            continue
        reached.add(here)
        menu = snapshot.menus.get(here)
        if menu is not None:
            named |= {one.id for one in references(menu) if one.kind == "menu"}
    return (menu for menu in snapshot.menus.values() if menu.id not in reached)


def _nests(option: MenuOption) -> bool:
    return option.action is MenuAction.MENU


def _of_one(menu: Menu) -> Iterator[Problem]:
    where = f"menu {menu.id}"
    seen: set[str] = set()
    for i, option in enumerate(menu.options):
        if option.key in seen:
            yield Problem(
                where=where,
                field=f"options[{i}].key",
                message=f"key {option.key} is there twice",
                remedy="choose another key",
            )
        seen.add(option.key)
        if option.protected and not menu.pin:
            yield Problem(
                where=where,
                field="pin",
                message=f"is missing, but key {option.key} asks for it",
                remedy="set four to ten digits",
            )
    outside = [one.value for one in menu.direct if one is not Destination.INTERNAL]
    if outside and not menu.pin:
        yield Problem(
            where=where,
            field="pin",
            message=f"is missing: without it strangers dial {', '.join(outside)} at the office's cost",
            remedy="set four to ten digits, or leave only internal",
        )


def _without_exit(menus: Menus) -> Iterator[Problem]:
    """Menus whose keys lead only to each other."""
    leaving = {
        menu.id
        for menu in menus.values()
        if menu.direct
        or menu.otherwise is not None
        or any(option.action not in _INSIDE for option in menu.options)
    }
    parents: dict[MenuId, set[MenuId]] = {}
    for menu in menus.values():
        for option in menu.options:
            if option.menu is not None and _nests(option):
                parents.setdefault(option.menu, set()).add(menu.id)
    while True:
        more = {
            menu.id
            for menu in menus.values()
            if menu.id not in leaving
            and any(
                (_nests(option) and option.menu in leaving)
                or (option.action is MenuAction.BACK and parents.get(menu.id, set()) & leaving)
                for option in menu.options
            )
        }
        if not more:
            break
        leaving |= more
    for menu in menus.values():
        if menu.id not in leaving:
            said = "its keys lead round in a circle" if menu.options else "no key does anything"
            yield Problem(
                where=f"menu {menu.id}",
                field="options",
                message=f"there is no way out: {said}",
                remedy="add a key that connects or hangs up, or set otherwise",
            )


def _going_round(menus: Menus) -> Iterator[Problem]:
    """Menus that send those who choose nothing to each other: nobody would ever be let go."""
    told: set[MenuId] = set()
    for start in menus.values():
        way: list[MenuId] = []
        here: Menu | None = start
        while here is not None and here.id not in way:
            way.append(here.id)
            to = here.otherwise
            here = menus.get(MenuId(to.ref)) if to is not None and to.kind is TargetKind.MENU else None
        if here is not None and here.id not in told:
            circle = way[way.index(here.id) :]
            told.update(circle)
            said = " → ".join((*circle, circle[0]))
            yield Problem(
                where=f"menu {min(circle)}",
                field="otherwise",
                message=f"who choose nothing go round in a circle: {said}",
                remedy="name an extension, or leave it out",
            )


def _too_big(menus: Menus) -> Iterator[Problem]:
    for menu in menus.values():
        whole = tree(menus, menu.id)
        for size, most, what in (
            (len(whole), MAX_MENUS, "menus"),
            (len(list(exits(whole))), MAX_EXITS, "keys that connect"),
        ):
            if size > most:
                yield Problem(
                    where=f"menu {menu.id}",
                    field="options",
                    message=f"its keys lead to more than {most} {what}",
                    remedy="give a part of it a number of its own and connect to that",
                )


def _in_company(snapshot: Snapshot) -> Iterator[Problem]:
    """A menu answers at once: it cannot ring beside others, nor be a phone of somebody."""
    for number in snapshot.numbers.values():
        rows = [("steps", number.steps)]
        rows += [(f"scenarios[{i}].steps", one.steps) for i, one in enumerate(number.scenarios)]
        for field, steps in rows:
            yield from _menu_in(f"number {number.id}", field, steps, alone=1)
    for extension in snapshot.extensions.values():
        for i, ringing in enumerate(extension.ringings):
            yield from _menu_in(f"extension {extension.id}", f"ringings[{i}].steps", ringing.steps, alone=0)


def _menu_in(where: str, field: str, steps: tuple[RingStep, ...], *, alone: int) -> Iterator[Problem]:
    for i, step in enumerate(steps):
        for j, target in enumerate(step.targets):
            if target.kind is TargetKind.MENU and len(step.targets) != alone:
                yield Problem(
                    where=where,
                    field=f"{field}[{i}].targets[{j}]",
                    message="a menu answers at once and cannot ring",
                    remedy="give it a step of its own" if alone else "forward to it instead",
                )
