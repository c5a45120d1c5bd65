"""Explanations: complete in both languages, and readable."""

import ast
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.model.causes import Cause
from appliance.model.decode import decode, encode
from appliance.model.documents import (
    Application,
    Destination,
    Forwarding,
    ForwardOn,
    Holidays,
    Language,
    Number,
    Permission,
    RuleAction,
    Scenario,
    Status,
    Target,
    TargetKind,
    When,
)
from appliance.model.ids import E164, NumberId
from appliance.model.plan import Caller, CallKind, Outcome, Plan, Reason, Reject
from appliance.model.presentable import Objection
from appliance.model.schedules import WEEKDAYS
from appliance.routing import explain_catalogue as catalogue
from appliance.routing.explain import Explanation, explain, explain_reasons
from appliance.routing.wall_clock import Miss
from tests.unit.routing.office import extension, inside, number, office, outside, rings

ROUTING = Path(catalogue.__file__).parent
CALLS = ROUTING.parent / "calls"


def codes_in_use() -> dict[str, list[set[str]]]:
    """Every reason written in the sources of routing and call control, with the values it is given."""
    found: dict[str, list[set[str]]] = {}
    for path in (*ROUTING.glob("*.py"), *CALLS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "because"
            ):
                code = node.args[-1]
                assert isinstance(code, ast.Constant), (
                    f"{path}:{node.lineno}: write the code where it is used"
                )
                assert isinstance(code.value, str)
                found.setdefault(code.value, []).append({str(keyword.arg) for keyword in node.keywords})
    return found


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_reason_has_its_sentences_and_no_sentence_is_left_over() -> None:
    assert set(codes_in_use()) == set(catalogue.REASONS)


@pytest.mark.parametrize("code", sorted(catalogue.REASONS))
def test_every_placeholder_is_filled(code: str) -> None:
    for language in Language:
        wanted = placeholders(catalogue.REASONS[code][language])
        for given in codes_in_use()[code]:
            assert wanted <= (given | {"who"} if "number" in given else given)


def test_everything_is_said_in_every_language() -> None:
    for table, members in (
        (catalogue.KINDS, set(CallKind)),
        (catalogue.CAUSES, set(Cause)),
        (catalogue.OUTCOMES, set(Outcome)),
        (catalogue.APPLICATIONS, set(Application)),
    ):
        assert set(table) == members
    everything = (
        catalogue.REASONS,
        catalogue.KINDS,
        catalogue.CAUSES,
        catalogue.OUTCOMES,
        catalogue.APPLICATIONS,
        catalogue.STEPS,
        catalogue.WORDS,
    )
    for catalogued in everything:
        for sentences in catalogued.values():
            assert set(sentences) == set(Language)
            assert len({frozenset(placeholders(one)) for one in sentences.values()}) == 1


INBOUND_DE = """\
Anruf von außen an +4922147100
Anrufer: +4930901820 (Müller)

Ablauf
  1. Bis zu 15 Sekunden klingelt: Nebenstelle 21 (d21); Nebenstelle 22 (d22, d22m)
       niemand nimmt ab, besetzt, nicht erreichbar, abgelehnt: weiter mit Schritt 2
  2. Bis zu 20 Sekunden klingelt: Nebenstelle 22 (d22, d22m); +4915112345678 über \
first (gewählt +4915112345678, angezeigt +4922147100), dann \
second (gewählt 4915112345678, angezeigt 493012345670), umgeleitet von +4922147100
       niemand nimmt ab: weiter mit Schritt 3
       nicht erreichbar: weiter mit Schritt 5
  3. Ansage „no_answer“ auf Deutsch, noch vor der Annahme des Anrufs
       danach: weiter mit Schritt 4
  4. Ende: niemand nimmt ab
  5. Ansage „unreachable“ auf Deutsch, noch vor der Annahme des Anrufs
       danach: weiter mit Schritt 6
  6. Ende: nicht erreichbar

Gründe
  - Der Anruf kommt über die Leitung first von +4930901820.
  - +4922147100 (Zentrale) ist unsere Nummer.
  - Schritt 1 von +4922147100: 15 Sekunden.
  - Ziel: die Nebenstelle 21 (Anna).
  - Ziel: die Nebenstelle 22 (Bernd).
  - Schritt 2 von +4922147100: 20 Sekunden.
  - Ziel: die Nebenstelle 22 (Bernd).
  - Ziel: die externe Nummer +4915112345678.
  - 1. Weg: Leitung first, gewählt wird +4915112345678.
  - Auf first wird die gewünschte Nummer +4922147100 angezeigt.
  - 2. Weg: Leitung second, gewählt wird 4915112345678.
  - Auf second wird deren Nummer +493012345670 angezeigt, weil keine eigene gesetzt ist oder gilt."""

OUTBOUND_EN = """\
Call to the outside, to +4930901820
Caller: 21 (Anna)

Steps
  1. Rings for up to 180 seconds: +4930901820 over first (dials +4930901820, shows withheld), \
then second (dials 4930901820, shows withheld)
       no line: on to step 2
  2. Announcement 'no_line' in German, before the call is answered
       then: on to step 3
  3. End: no line

Reasons
  - The caller is extension 21 (Anna).
  - 030901820 is the public number +4930901820.
  - Way 1: trunk first, dialling +4930901820.
  - Over first the wanted number +49221471021 is shown.
  - Over first the number is withheld as the caller wishes.
  - Way 2: trunk second, dialling 4930901820.
  - Over second its default number +493012345670 is shown, since no own one is set or fits.
  - Over second the number is withheld as the caller wishes."""


def test_a_call_from_outside_in_german() -> None:
    made = outside("022147100", name="Müller")
    assert "\n".join(explain(made, Language.GERMAN).lines()) == INBOUND_DE


def test_a_call_to_the_outside_in_english() -> None:
    made = inside("030901820", withheld=True)
    assert "\n".join(explain(made, Language.ENGLISH).lines()) == OUTBOUND_EN


@pytest.mark.parametrize(
    ("made", "german", "english"),
    [
        (inside("112"), "Notruf 112", "Emergency call to 112"),
        (inside("*1"), "Anruf bei einem Dienst, *1", "Call to a service, *1"),
        (inside("29"), "Abgewiesener Anruf an 29", "Refused call to 29"),
        (inside("22"), "Interner Anruf an 22", "Internal call to 22"),
        (outside(""), "Abgewiesener Anruf an –", "Refused call to –"),
    ],
    ids=["emergency", "service", "unknown", "internal", "empty"],
)
def test_the_summary_comes_first(made: Plan, german: str, english: str) -> None:
    assert explain(made, Language.GERMAN).lines()[0] == german
    assert explain(made, Language.ENGLISH).lines()[0] == english


def test_no_placeholder_is_left_in_any_sentence() -> None:
    snapshot = office(
        number("+49221471050", rings("s50", "e21"), rings("egone", "sgone"), rings("+49221471050"))
    )
    for made in (outside("+49221471050", snapshot), inside("*1"), outside("21"), inside("x"), inside("21")):
        for language in Language:
            for line in explain(made, language).lines():
                assert not re.search(r"[{}]", line)


def test_an_explanation_survives_json() -> None:
    explanation = explain(outside("022147100"), Language.ENGLISH)
    assert decode(Explanation, encode(explanation), where="explanation") == explanation


def test_reasons_of_another_version_are_shown_bare() -> None:
    reasons = (
        Reason(code="moon.phase", values={"phase": "full"}),
        Reason(code="x"),
        Reason(code="trunk.disabled"),
    )
    assert explain_reasons(reasons, Language.ENGLISH) == (
        "moon.phase (phase=full)",
        "x",
        "Trunk – is disabled.",
    )


def test_braces_in_names_are_harmless() -> None:
    plan = Plan(
        kind=CallKind.REFUSED,
        steps=(Reject(cause=Cause.FAILURE),),
        reasons=(Reason(code="target.external", values={"number": "{evil}"}),),
        called="{0}",
        caller=Caller(name="{x}"),
    )
    lines = explain(plan, Language.GERMAN).lines()
    assert "Abgewiesener Anruf an {0}" in lines
    assert "Anrufer: {x}" in lines


def test_withheld_callers_stay_so() -> None:
    made = Plan(kind=CallKind.INBOUND, steps=(Reject(cause=Cause.BUSY),), caller=Caller(withheld=True))
    assert "Caller: withheld" in explain(made, Language.ENGLISH).lines()


FORWARDED_DE = """\
  - Der Anruf kommt über die Leitung first von +4930901820.
  - +49221471050 ist unsere Nummer.
  - Das Szenario „Feiertag“ gilt nicht: kein Feiertag.
  - Das Szenario „Tag“ gilt nicht: falsche Uhrzeit.
  - Es gilt das Szenario „Wochenende“: Seine Zeit ist jetzt.
  - Schritt 1 von +49221471050: 20 Sekunden.
  - Ziel: die Nebenstelle 22 (Bernd).
  - 22 (Bernd) ist „bitte nicht stören“: Die eigenen Telefone klingeln nicht.
  - 22 (Bernd) leitet bei besetzt um zu 21.
  - Ziel: die Nebenstelle 21 (Anna)."""

FORWARDED_EN = """\
  - The call comes over trunk first from +4930901820.
  - +49221471050 is our number.
  - Scenario 'Feiertag' does not hold: it is no public holiday.
  - Scenario 'Tag' does not hold: it is another time of day.
  - Scenario 'Wochenende' holds: its time is now.
  - Step 1 of +49221471050: 20 seconds.
  - Target: extension 22 (Bernd).
  - 22 (Bernd) is 'do not disturb': the own phones do not ring.
  - 22 (Bernd) forwards when busy to 21.
  - Target: extension 21 (Anna)."""


@pytest.mark.parametrize(
    ("language", "wanted"), [(Language.GERMAN, FORWARDED_DE), (Language.ENGLISH, FORWARDED_EN)]
)
def test_why_a_scenario_holds_and_where_a_call_is_forwarded(language: Language, wanted: str) -> None:
    step = rings("e22")
    line = Number(
        id=NumberId("line"),
        number=E164("+49221471050"),
        scenarios=(
            Scenario(name="Feiertag", when=(When(holidays=Holidays.ONLY),), steps=(step,)),
            Scenario(name="Tag", when=(When(start="06:00", end="12:00"),), steps=(step,)),
            Scenario(name="Wochenende", when=(When(weekdays=WEEKDAYS[5:]),), steps=(step,)),
        ),
    )
    to = Forwarding(on=ForwardOn.BUSY, to=Target(kind=TargetKind.EXTENSION, ref="e21"))
    bernd = replace(extension("22", "Bernd"), status=Status.DND, forwardings=(to,))
    made = outside("+49221471050", office(line, bernd))
    text = "\n".join(explain(made, language).lines())
    assert text.endswith(wanted)
    assert ("umgeleitet von 22" if language is Language.GERMAN else "diverted by 22") in text


def test_every_word_for_a_value_is_there_in_every_language() -> None:
    for name, members in (
        ("why", Miss),
        ("status", Status),
        ("on", ForwardOn),
        ("rule_action", RuleAction),
        ("destination", Destination),
        ("permission", Permission),
        ("objection", Objection),
    ):
        assert set(catalogue.VALUES[name]) == {one.value for one in members}
        assert all(set(sentences) == set(Language) for sentences in catalogue.VALUES[name].values())
