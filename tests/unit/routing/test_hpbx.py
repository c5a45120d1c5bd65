"""The philosophy of the customer's old system: every public number is a distribution. One test a sentence."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from appliance.model.causes import Cause
from appliance.model.decode import try_decode
from appliance.model.documents import (
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Number,
    Rotation,
    Scenario,
    When,
)
from appliance.model.ids import E164, LegId, RotationId
from appliance.model.plan import CallKind, ExtensionTarget, ExternalTarget, Outcome, Plan, Play
from appliance.model.schedules import WEEKDAYS
from appliance.notify.rules import missed_calls
from appliance.routing.plan import plan
from tests.unit.calls.office import device as phone
from tests.unit.calls.test_control import Bench, ended, originated
from tests.unit.notify import office as mails
from tests.unit.routing.office import (
    NOON,
    device,
    extension,
    from_outside,
    inside,
    number,
    office,
    outside,
    ring,
    rings,
    target,
)

LINE = "+49221471050"


def who(made: Plan, position: int = 0) -> list[str]:
    return [one.number for one in ring(made, position).targets]


def scenario(name: str, when: When, *refs: str, **fields: object) -> Scenario:
    made = Scenario(name=name, when=(when,), steps=(rings(*refs),))
    return replace(made, **fields)  # type: ignore[arg-type]


def line(*scenarios: Scenario) -> Number:
    return replace(number(LINE, rings("e21")), scenarios=scenarios)


def at(moment: str, *documents: Document) -> Plan:
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return plan(from_outside(LINE), office(*documents), now)


def test_jede_oeffentliche_rufnummer_ist_eine_anrufverteilung() -> None:
    """„Bei jeder öffentlichen Telefonnummer handelt es sich um eine Anrufverteilung.“"""
    made = outside(LINE, office(number(LINE, rings("e21", "e22"), rings("+4930901820"))))
    assert (who(made, 0), who(made, 1)) == (["21", "22"], ["+4930901820"])


def test_ein_geraet_ist_die_klassische_1_zu_1_verknuepfung() -> None:
    """„Weist man der Nummer nur ein Gerät zu, erhält man weiterhin die klassische 1:1-Verknüpfung.“"""
    assert who(outside(LINE, office(number(LINE, rings("e21"))))) == ["21"]


def test_eine_nummer_laesst_mehrere_endgeraete_klingeln() -> None:
    """„Eine Nummer kann ein oder mehrere angeschlossene Endgeräte klingeln lassen …“"""
    assert who(outside(LINE, office(number(LINE, rings("e21", "e22"))))) == ["21", "22"]


def test_ein_endgeraet_klingelt_fuer_mehrere_nummern() -> None:
    """„… und zugleich kann ein Endgerät mit verschiedenen Nummern verknüpft werden.“"""
    snapshot = office(number(LINE, rings("e21")), number("+49221471051", rings("e21")))
    assert who(outside(LINE, snapshot)) == who(outside("+49221471051", snapshot)) == ["21"]


def test_externe_nummern_klingeln_parallel_mit() -> None:
    """„Neben den angeschlossenen Endgeräten auch externe Nummern in den Parallelruf einzubeziehen.“"""
    assert who(outside(LINE, office(number(LINE, rings("e21", "+4915112345678"))))) == [
        "21",
        "+4915112345678",
    ]


def test_parallel_oder_sequentiell() -> None:
    """„Anrufe auf gewisse Nummern parallel oder sequentiell auf verschiedene Geräte verteilen.“"""
    made = outside(LINE, office(number(LINE, rings("e21", seconds=5), rings("e22"))))
    assert (who(made), ring(made).timeout_ms, ring(made).next[Outcome.NO_ANSWER]) == (["21"], 5_000, 1)


def test_zehn_szenarien_pro_nummer() -> None:
    """„Pro Nummer können zeit- und tagesabhängig zehn verschiedene Szenarien abgebildet werden.“"""
    hours = [When(start=f"{hour:02d}:00", end=f"{hour + 1:02d}:00") for hour in range(8, 18)]
    ten = tuple(scenario(f"{i}", when, "e22") for i, when in enumerate(hours))
    for i in range(10):
        assert at(f"2026-03-09T{8 + i:02d}:30", line(*ten)).scenario == str(i)
    raw = {"id": "x", "number": LINE, "scenarios": [{"name": str(i)} for i in range(11)]}
    _, (problem,) = try_decode(Number, raw, where="number x")
    assert (problem.field, problem.message, problem.remedy) == ("scenarios", "too many", "at most 10")


def test_an_bestimmten_tagen_auf_anderen_apparaten() -> None:
    """„Nummern an bestimmten Tagen auf anderen Apparaten terminieren zu lassen als an anderen.“"""
    weekend = line(scenario("Wochenende", When(weekdays=WEEKDAYS[5:]), "e22"))
    assert who(at("2026-03-09T12:00", weekend)) == ["21"]
    assert who(at("2026-03-07T12:00", weekend)) == ["22"]


def test_verschiedene_ansagen_nach_wochentag_und_uhrzeit() -> None:
    """„Abhängig von Wochentag und Uhrzeit verschiedene Ansagen.“"""
    spoken = line(
        scenario("Tag", When(start="08:00", end="18:00"), "e21", greeting="welcome"),
        scenario("Nacht", When(start="18:00", end="08:00"), "e21", greeting="goodbye"),
    )
    for moment, prompt in (("2026-03-09T12:00", "welcome"), ("2026-03-09T22:00", "goodbye")):
        first = at(moment, spoken).steps[0]
        assert isinstance(first, Play)
        assert first.prompt == prompt


def test_unterschiedliche_mailadressen() -> None:
    """„… und unterschiedliche Mailadressen hinterlegt werden.“"""
    mailed = line(
        scenario("Tag", When(start="08:00", end="18:00"), "e21", emails=("tag@example.net",)),
        scenario("Nacht", When(start="18:00", end="08:00"), "e21", emails=("nacht@example.net",)),
    )
    assert at("2026-03-09T12:00", mailed).notify == ("tag@example.net",)
    assert at("2026-03-09T22:00", mailed).notify == ("nacht@example.net",)


def test_nachts_auf_eine_pikett_nummer() -> None:
    """„Nummern abhängig von der Tageszeit automatisch auf eine Pikett-Nummer umleiten.“"""
    night = line(scenario("Pikett", When(start="18:00", end="08:00"), "rpikett"))
    people = (target("+4915112345678"), target("+4915112345679"))
    duty = Rotation(id=RotationId("pikett"), members=people, first="2026-03-02", hand_over="08:00")
    assert who(at("2026-03-09T22:00", night, duty)) == ["+4915112345679"]
    assert who(at("2026-03-09T07:00", night, duty)) == ["+4915112345678"]


@pytest.fixture
def newcomer() -> tuple[Document, ...]:
    return (extension("25", "Neu"), device("25"))


def test_ein_neues_telefon_telefoniert_abgehend_und_intern(newcomer: tuple[Document, ...]) -> None:
    """„Telefone, welche man anmeldet, können nur abgehend telefonieren und intern erreicht werden …“"""
    snapshot = office(*newcomer)
    assert who(inside("25", snapshot)) == ["25"]
    assert inside("030901820", snapshot, of="25").kind is CallKind.OUTBOUND


def test_bevor_es_mit_einer_oeffentlichen_nummer_verknuepft_ist(newcomer: tuple[Document, ...]) -> None:
    """„… bevor man sie mit mindestens einer öffentlichen Nummer verknüpft hat.“"""
    snapshot = office(*newcomer)
    for one in snapshot.numbers:
        made = plan(from_outside(one.removeprefix("n")), snapshot, NOON)
        rung = [target for step in made.steps for target in getattr(step, "targets", ())]
        assert "25" not in [target.number for target in rung]


def test_angezeigte_nummer_bei_umleitung() -> None:
    """„Angezeigte Nummer: … Angezeigte Nummer bei Umleitung: …“"""
    away = Forwarding(on=ForwardOn.ALWAYS, to=target("+4915112345678"))
    anna: Extension = replace(
        extension("21", "Anna", "+49221471021"),
        forwardings=(away,),
        diverting_number=E164("+49221471070"),
    )
    snapshot = office(anna, number(LINE, rings("e21")))
    (found,) = ring(outside(LINE, snapshot)).targets
    assert isinstance(found, ExternalTarget)
    assert found.routes[0].present.number == "+49221471070"
    (own,) = ring(inside("030901820", snapshot)).targets
    assert isinstance(own, ExternalTarget)
    assert own.routes[0].present.number == "+49221471021"


def test_bei_gespraechen_in_der_anlage_die_interne_nummer_anzeigen() -> None:
    """„Bei Gesprächen, welche die PBX nicht verlassen, interne Nummer anzeigen“"""
    (found,) = ring(inside("22")).targets
    assert isinstance(found, ExtensionTarget)
    assert found.present.number == "21"


def test_bei_klingeln_besetzt_signalisieren() -> None:
    """„Bei Klingeln besetzt signalisieren“: auch wer noch nicht abgehoben hat, ist besetzt."""
    bench = Bench()
    assert originated(bench.dial("24", leg=LegId("first")))  # has no call waiting in that office
    assert ended(bench.dial("24", phone("23"), LegId("second"))) == {LegId("second"): Cause.BUSY}


def test_mailbenachrichtigung_fuer_verpasste_anrufe() -> None:
    """„Mailbenachrichtigung für verpasste Anrufe“, je Benutzer."""
    wishes = mails.office()
    missed = missed_calls(mails.call(Cause.NO_ANSWER), [mails.leg("a1", Cause.NO_ANSWER)], wishes)
    assert [one.extension for one in missed] == ["e21"]
    taken = mails.leg("a1", Cause.NORMAL, answered=3)
    assert missed_calls(mails.call(Cause.NORMAL), [taken], wishes) == ()


def test_bei_aktivem_gespraech_besetzt_signalisieren() -> None:
    """„Bei aktivem Gespräch besetzt signalisieren“"""
    snapshot = office(replace(extension("22", "Bernd"), call_waiting=False))
    (found,) = ring(inside("22", snapshot)).targets
    assert isinstance(found, ExtensionTarget)
    assert not found.call_waiting
