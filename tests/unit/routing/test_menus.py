"""Menus in plans: the whole tree is there, ends, and is explained in both languages."""

from dataclasses import replace

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    Application,
    Destination,
    Forwarding,
    ForwardOn,
    Language,
    Menu,
    MenuAction,
    MenuOption,
    Switch,
)
from appliance.model.ids import MenuId, SwitchId
from appliance.model.plan import CallKind, ExtensionTarget, ExternalTarget, Outcome, Plan, Play, Ring, Run
from appliance.model.snapshot import Snapshot
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    extension,
    from_inside,
    from_outside,
    hears,
    inside,
    number,
    office,
    outside,
    rings,
    target,
    well_formed,
)

MAIN = Menu(
    id=MenuId("main"),
    number="80",
    name="Zentrale",
    prompts=("welcome",),
    options=(
        MenuOption(key="1", action=MenuAction.CONNECT, to=target("e21"), name="Verkauf", seconds=15),
        MenuOption(key="2", action=MenuAction.MENU, menu=MenuId("sales")),
        MenuOption(key="3", action=MenuAction.CONNECT, to=target("+4915112345678")),
        MenuOption(key="9", action=MenuAction.SWITCH, switch=SwitchId("night")),
        MenuOption(key="*", action=MenuAction.REPEAT),
    ),
    otherwise=target("e22"),
)
SALES = Menu(
    id=MenuId("sales"),
    options=(
        MenuOption(key="1", action=MenuAction.CONNECT, to=target("s*1")),
        MenuOption(key="0", action=MenuAction.BACK),
    ),
)
NIGHT = Switch(id=SwitchId("night"), name="Nacht")


def with_menus(*more: object) -> Snapshot:
    return office(MAIN, SALES, NIGHT, *more)  # type: ignore[arg-type]  # documents


def run_of(made: Plan, position: int = 0) -> Run:
    step = made.steps[position]
    assert isinstance(step, Run), step
    return step


def branch(made: Plan, label: str) -> tuple[str, int]:
    """Whom a branch rings, and for how long."""
    step = made.steps[run_of(made).branches[label]]
    assert isinstance(step, Ring)
    (to,) = step.targets
    assert isinstance(to, ExtensionTarget | ExternalTarget)
    return to.number, step.timeout_ms


def test_a_colleague_dials_a_menu() -> None:
    made = inside("80", with_menus(), of="23")
    well_formed(made)
    step = run_of(made)
    assert made.kind is CallKind.SERVICE
    assert (step.application, step.argument) == (Application.MENU, "main")
    assert set(step.branches) == {"main/1", "main/3", "main/otherwise", "sales/1"}
    assert branch(made, "main/1") == ("21", 15_000)
    assert branch(made, "main/3") == ("+4915112345678", 30_000)
    assert branch(made, "main/otherwise") == ("22", 30_000)
    assert run_of(made, step.branches["sales/1"]).application is Application.ECHO


def test_a_number_leads_to_a_menu_and_what_follows_it_follows_its_branches() -> None:
    made = outside("022147100", with_menus(number("+4922147100", rings("mmain"), rings("e22", seconds=7))))
    well_formed(made)
    assert made.kind is CallKind.INBOUND
    step = run_of(made)
    last = step.next[Outcome.DONE]
    ring = made.steps[last]
    assert isinstance(ring, Ring)
    assert ring.timeout_ms == 7000
    first = made.steps[step.branches["main/1"]]
    assert isinstance(first, Ring)
    assert first.next[Outcome.BUSY] == last
    assert hears(made, after=Outcome.NO_ANSWER, position=last) == ("no_answer", Cause.NO_ANSWER)


def test_a_forwarding_leads_to_a_personal_menu() -> None:
    away = replace(extension("22"), forwardings=(Forwarding(on=ForwardOn.NO_ANSWER, to=target("mmain")),))
    made = inside("22", with_menus(away))
    well_formed(made)
    ring = made.steps[0]
    assert isinstance(ring, Ring)
    menu = run_of(made, ring.next[Outcome.NO_ANSWER])
    assert menu.argument == "main"
    outside_step = made.steps[menu.branches["main/3"]]
    assert isinstance(outside_step, Ring)
    assert outside_step.targets[0].diverted[0].number == "22"


def test_a_menu_is_forwarded_to_by_code() -> None:
    made = inside("*2180", with_menus())
    assert made.steps[0].edits[0].fields["forwardings"][0]["to"] == {"kind": "menu", "ref": "main"}  # type: ignore[union-attr,index]


def test_menus_that_lead_to_each_other_end() -> None:
    back = replace(extension("21"), forwardings=(Forwarding(on=ForwardOn.ALWAYS, to=target("mmain")),))
    made = inside("80", with_menus(back), of="22")
    well_formed(made)
    assert "menu.loop" in codes(made)
    assert "main/1" not in run_of(made).branches


def test_each_key_has_a_turn_of_its_own() -> None:
    """A number that one key leads to may be reached by another key too."""
    one = MenuOption(key="1", action=MenuAction.CONNECT, to=target("+49221471021"))
    menu = replace(MAIN, options=(one, replace(one, key="2")), otherwise=None)
    step = run_of(inside("80", office(menu), of="22"))
    assert set(step.branches) == {"main/1", "main/2"}


def test_a_dead_target_has_no_branch() -> None:
    menu = replace(MAIN, options=(MenuOption(key="1", action=MenuAction.CONNECT, to=target("e23")),))
    assert "main/1" not in run_of(inside("80", office(menu))).branches


def test_a_menu_in_company_is_skipped() -> None:
    made = outside("022147100", with_menus(number("+4922147100", rings("mmain", "e22"))))
    assert isinstance(made.steps[0], Ring)
    assert "target.menu_alone" in codes(made)


DIRECT = replace(MAIN, direct=(Destination.INTERNAL, Destination.NATIONAL), pin="4711")


@pytest.mark.parametrize("request_of", [from_inside, from_outside])
def test_numbers_are_dialled_inside_a_menu(request_of: object) -> None:
    def dial(digits: str) -> Plan:
        request = replace(request_of(digits), menu=DIRECT.id)  # type: ignore[operator]
        made = plan(request, office(DIRECT), NOON)
        well_formed(made)
        return made

    ring = dial("22").steps[0]
    assert isinstance(ring, Ring)
    assert ring.targets[0].number == "22"
    assert run_of(dial("*1")).application is Application.ECHO
    abroad = dial("030901820").steps[0]
    assert isinstance(abroad, Ring)
    assert abroad.targets[0].number == "+4930901820"
    for refused in ("015112345678", "0900123456", "99", "*21", ""):
        assert hears(dial(refused)) == ("unknown_number", Cause.UNALLOCATED)


def test_only_our_own_dial_emergency_numbers_in_a_menu() -> None:
    ours = plan(replace(from_inside("112"), menu=DIRECT.id), office(DIRECT), NOON)
    assert ours.kind is CallKind.EMERGENCY
    strangers = plan(replace(from_outside("112"), menu=DIRECT.id), office(DIRECT), NOON)
    assert strangers.kind is CallKind.INBOUND
    assert hears(strangers) == ("unknown_number", Cause.UNALLOCATED)


def test_who_is_in_the_directory_may_be_called() -> None:
    menu = replace(MAIN, options=(MenuOption(key="5", action=MenuAction.DIRECTORY),), directory=("e22",))  # type: ignore[arg-type]
    made = plan(replace(from_outside("22"), menu=menu.id), office(menu), NOON)
    assert isinstance(made.steps[0], Ring)
    made = plan(replace(from_outside("21"), menu=menu.id), office(menu), NOON)
    assert hears(made) == ("unknown_number", Cause.UNALLOCATED)


def test_a_hundred_keys_are_planned() -> None:
    subs = tuple(
        Menu(
            id=MenuId(f"m{n}"),
            options=tuple(
                MenuOption(key=key, action=MenuAction.CONNECT, to=target("e22")) for key in "123456789*#"
            ),
        )
        for n in range(10)
    )
    root = replace(
        MAIN,
        options=tuple(
            MenuOption(key=str(n), action=MenuAction.MENU, menu=MenuId(f"m{n}")) for n in range(10)
        ),
    )
    made = inside("80", office(root, *subs))
    well_formed(made)
    assert len(run_of(made).branches) == 111


EXPLAINED_DE = """\
Anruf bei einem Dienst, 80
Anrufer: 22 (Bernd)

Ablauf
  1. Annahme des Anrufs: Menü main
       Menü „main“, Taste 1: weiter mit Schritt 2
       Menü „sales“, Taste 1: weiter mit Schritt 7
  2. Bis zu 15 Sekunden klingelt: Nebenstelle 21 (d21)
       niemand nimmt ab: weiter mit Schritt 3
       nicht erreichbar: weiter mit Schritt 5
  3. Ansage „no_answer“ auf Deutsch, noch vor der Annahme des Anrufs
       danach: weiter mit Schritt 4
  4. Ende: niemand nimmt ab
  5. Ansage „unreachable“ auf Deutsch, noch vor der Annahme des Anrufs
       danach: weiter mit Schritt 6
  6. Ende: nicht erreichbar
  7. Annahme des Anrufs: Echo „echo_intro“

Gründe
  - Es ruft die Nebenstelle 22 (Bernd) an.
  - Das Menü „Zentrale“ nimmt den Anruf an.
  - Menü „Zentrale“, Taste 1: verbinden (Verkauf).
  - Ziel: die Nebenstelle 21 (Anna).
  - Menü „Zentrale“, Taste 2: weiter ins Menü (sales).
  - Menü „Zentrale“, Taste 9: Schalter umlegen (Nacht).
  - Menü „Zentrale“, Taste *: noch einmal.
  - Menü „sales“, Taste 1: verbinden.
  - Der Dienst *1 (Echo) (Echo) nimmt den Anruf an.
  - Menü „sales“, Taste 0: zurück."""


def test_the_tree_is_explained() -> None:
    menu = replace(MAIN, options=tuple(one for one in MAIN.options if one.key != "3"), otherwise=None)
    made = inside("80", office(menu, SALES, NIGHT), of="22")
    assert "\n".join(explain(made, Language.GERMAN).lines()) == EXPLAINED_DE
    english = "\n".join(explain(made, Language.ENGLISH).lines())
    assert "Menu 'main', key 1: on to step 2" in english
    assert "Menu 'Zentrale', key 9: turn the switch (Nacht)." in english


def test_the_language_of_a_menu_holds_for_what_its_keys_lead_to() -> None:
    english = replace(SALES, language=Language.ENGLISH)
    made = inside("80", with_menus(english), of="23")
    step = run_of(made)
    assert step.language is Language.GERMAN
    assert run_of(made, step.branches["sales/1"]).language is Language.ENGLISH
    after = made.steps[step.branches["main/1"]]
    assert isinstance(after, Ring)
    play = made.steps[after.next[Outcome.NO_ANSWER]]
    assert isinstance(play, Play)
    assert play.language is Language.GERMAN


def test_a_caller_from_abroad_hears_the_menu_in_english() -> None:
    office = with_menus(number("+4922147100", rings("mmain")))
    assert run_of(outside("022147100", office)).language is Language.GERMAN
    assert run_of(outside("022147100", office, caller="+442079460000")).language is Language.ENGLISH
