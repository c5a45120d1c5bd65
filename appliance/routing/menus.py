"""Voice menus in a plan: one step for a whole tree of menus, and a branch for each key that connects.

Keys that stay among the menus (back, repeat, another menu) are the dialogue's; what they lead to is told by
the reasons, so that an explanation shows the tree.
"""

from collections.abc import Callable
from dataclasses import replace

from appliance.model.documents import Application, Destination, Language, Menu, MenuAction, MenuOption, Target
from appliance.model.ids import MenuId
from appliance.model.menu_checks import tree
from appliance.model.menus import CONNECTING, OTHERWISE, branch
from appliance.model.plan import Run
from appliance.model.snapshot import Snapshot
from appliance.routing.destinations import destination_of
from appliance.routing.draft import MAX_LINKS, Draft
from appliance.routing.graph import Chain, Link
from appliance.routing.numbers import Dialling, PublicNumber, read_dialled
from appliance.routing.path import Path

BRANCH_LINKS = 12
"""What one key leads to may have so many links of its own."""
MAX_BRANCHES = 150

Reach = Callable[[Path, Target], Chain]


def menu_run(path: Path, menu: Menu, reach: Reach) -> Link | None:
    """The step that hands the caller to the menu; None (and the reason) where the call comes round to it."""
    draft = path.draft
    if menu.id in path.menus:
        draft.because("menu.loop", name=menu.name or menu.id)
        return None
    draft.because("menu.answers", name=menu.name or menu.id)
    branches: dict[str, Chain] = {}
    whole = tree(draft.snapshot.menus, menu.id)
    before, spoken = draft.chosen, _languages(whole, draft.chosen)
    for one in whole:
        draft.chosen = spoken[one.id]
        for option in one.options:
            _told(draft, one, option)
            if option.action in CONNECTING and option.to is not None:
                _add(path, menu, branches, branch(one.id, option.key), option.to, option.seconds, reach)
        if one.otherwise is not None:
            draft.because("menu.otherwise", menu=one.name or one.id, tries=one.tries)
            _add(path, menu, branches, branch(one.id, OTHERWISE), one.otherwise, 30, reach)
    draft.chosen = before
    run = Run(
        application=Application.MENU,
        prompt="",
        language=menu.language or draft.language,
        argument=menu.id,
    )
    return replace(draft.link(run), branches=branches)


def _languages(whole: tuple[Menu, ...], outer: Language | None) -> dict[MenuId, Language | None]:
    """The language in which each menu of a tree is left: its own, else that of the first that leads to it."""
    spoken: dict[MenuId, Language | None] = {}
    for menu in whole:
        mine = menu.language or spoken.get(menu.id, outer)
        spoken[menu.id] = mine
        for option in menu.options:
            if option.menu is not None:
                spoken.setdefault(option.menu, mine)
    return spoken


def _add(
    path: Path, root: Menu, branches: dict[str, Chain], label: str, to: Target, seconds: int, reach: Reach
) -> None:
    draft = path.draft
    if draft.branches >= MAX_BRANCHES:
        draft.because("menu.too_big", name=root.name or root.id, limit=MAX_BRANCHES)
        return
    draft.branches += 1
    # Each key has its own way to go, however many there are: links and turns of one do not count for another.
    links, draft.links = draft.links, MAX_LINKS - BRANCH_LINKS
    within = replace(path, seconds=seconds, menus=path.menus | {root.id}, numbers=set(path.numbers))
    chain = reach(within, to)
    draft.links = links
    if chain:
        branches[label] = chain


def _told(draft: Draft, menu: Menu, option: MenuOption) -> None:
    of = option.name
    if option.action is MenuAction.MENU and option.menu is not None:
        inner = draft.snapshot.menus.get(option.menu)
        of = (inner.name if inner is not None else "") or option.menu
    elif option.action is MenuAction.SWITCH and option.switch is not None:
        switch = draft.snapshot.switches.get(option.switch)
        of = (switch.name if switch is not None else "") or option.switch
    name, action = menu.name or menu.id, option.action.value
    if of:
        draft.because("menu.key_for", menu=name, key=option.key, menu_action=action, of=of)
    else:
        draft.because("menu.key", menu=name, key=option.key, menu_action=action)


def inside(menu: Menu, digits: str, snapshot: Snapshot) -> bool:
    """True for an internal number that callers may dial in this menu."""
    if Destination.INTERNAL in menu.direct and (
        digits in snapshot.extension_by_number or digits in snapshot.service_by_number
    ):
        return True
    called = snapshot.extension_by_number.get(digits)
    if called is None or not any(one.action is MenuAction.DIRECTORY for one in menu.options):
        return False
    return called.id in menu.directory or (not menu.directory and bool(called.name))


def outside(menu: Menu, digits: str, snapshot: Snapshot) -> PublicNumber | None:
    """The public number that callers may dial in this menu, if the digits are one."""
    kinds = frozenset(menu.direct) - {Destination.INTERNAL}
    dialling = Dialling.of(snapshot.site)
    public = read_dialled(digits, dialling) if kinds else None
    if public is None or public.short or destination_of(public.number, dialling) not in kinds:
        return None
    return public


def menu_of(snapshot: Snapshot, menu: MenuId | None) -> Menu | None:
    """The menu a call is dialled in."""
    return snapshot.menus.get(menu) if menu is not None else None
