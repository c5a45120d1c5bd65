"""The customer's catalogue of basic functions: what routing decides, one test a sentence, named after it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.model.causes import Cause
from appliance.model.documents import (
    CallRule,
    Calls,
    Device,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Holidays,
    Ringing,
    RuleAction,
    Scenario,
    Status,
    When,
)
from appliance.model.ids import E164
from appliance.model.plan import (
    CallRequest,
    ExtensionTarget,
    ExternalTarget,
    FromDevice,
    Outcome,
    Plan,
    TrunkRoute,
)
from appliance.model.schedules import WEEKDAYS
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    SITE,
    codes,
    device,
    extension,
    from_inside,
    from_outside,
    hears,
    number,
    office,
    ring,
    rings,
    target,
    well_formed,
)

HOME_OFFICE = "+4922198765432"
MOBILE = "+4915112345678"
LINE = "+49221471022"
MONDAY = datetime(2026, 3, 9, 11, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 3, 8, 11, 0, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 11, 0, tzinfo=UTC)


def user(*forwardings: Forwarding, **fields: object) -> Extension:
    made = replace(extension("22", "Bernd", LINE), forwardings=forwardings)
    return replace(made, **fields)  # type: ignore[arg-type]


def forward(on: ForwardOn, to: str = HOME_OFFICE, **fields: object) -> Forwarding:
    return replace(Forwarding(on=on, to=target(to)), **fields)  # type: ignore[arg-type]


def call(request: CallRequest, *documents: Document, at: datetime = MONDAY) -> Plan:
    site = replace(SITE, region="NW")
    made = plan(request, office(number(LINE, rings("e22")), *documents, site=site), at)
    well_formed(made)
    return made


CALLS = [from_inside("22"), from_outside(LINE)]
every_call = pytest.mark.parametrize("request_", CALLS, ids=["inside", "outside"])


def who(made: Plan, position: int = 0) -> list[str]:
    return [one.number for one in ring(made, position).targets]


def then(made: Plan, outcome: Outcome, position: int = 0) -> list[str]:
    return who(made, ring(made, position).next[outcome])


@every_call
def test_sperrliste(request_: CallRequest) -> None:
    """„Der Anrufer erhält ein Besetztzeichen.“"""
    caller = "21" if request_ is CALLS[0] else "+4930901820"
    blocked = CallRule(action=RuleAction.BUSY, calls=Calls(numbers=(caller,)))
    assert hears(call(request_, user(rules=(blocked,)))) == ("", Cause.BUSY)
    other = CallRule(action=RuleAction.BUSY, calls=Calls(numbers=("+4989.",)))
    assert who(call(request_, user(rules=(other,)))) == ["22"]


def test_rufgruppen() -> None:
    """„Bei einem eingehenden Anruf klingeln die jeweiligen Endgeräte aller Mitglieder der Rufgruppe.“"""
    made = call(from_outside("+49221471050"), number("+49221471050", rings("e21", "e22")))
    assert who(made) == ["21", "22"]
    devices = [
        device.device
        for one in ring(made).targets
        if isinstance(one, ExtensionTarget)
        for device in one.devices
    ]
    assert devices == ["d21", "d22", "d22m"]


@every_call
@pytest.mark.parametrize("to", [HOME_OFFICE, MOBILE])
def test_generelle_anrufweiterleitung(request_: CallRequest, to: str) -> None:
    """„… alle eingehenden Anrufe an eine andere Rufnummer weiterzuleiten, z.B. Home Office, Mobilfunk.“"""
    assert who(call(request_, user(forward(ForwardOn.ALWAYS, to)))) == [to]


@every_call
def test_anrufweiterleitung_bei_besetzt(request_: CallRequest) -> None:
    """„… an eine andere Rufnummer weiterzuleiten, wenn das Telefon besetzt ist.“"""
    made = call(request_, user(forward(ForwardOn.BUSY)))
    assert (who(made), then(made, Outcome.BUSY)) == (["22"], [HOME_OFFICE])
    assert hears(made, after=Outcome.NO_ANSWER)[0] == "no_answer"


@every_call
def test_anrufweiterleitung_bei_nichtannahme(request_: CallRequest) -> None:
    """„… wenn der Nutzer das Gespräch nach einem definierten Zeitintervall nicht entgegen nimmt.“"""
    made = call(request_, user(forward(ForwardOn.NO_ANSWER, seconds=12)))
    assert (who(made), ring(made).timeout_ms, then(made, Outcome.NO_ANSWER)) == (
        ["22"],
        12_000,
        [HOME_OFFICE],
    )


@every_call
def test_anrufweiterleitung_bei_nichterreichbarkeit(request_: CallRequest) -> None:
    """„… wenn das Endgerät nicht erreicht werden kann oder sich nicht registriert hat.“"""
    made = call(request_, user(forward(ForwardOn.UNREACHABLE)))
    assert (who(made), then(made, Outcome.UNREACHABLE)) == (["22"], [HOME_OFFICE])


def test_anrufweiterleitung_ohne_ein_einziges_endgeraet() -> None:
    """„Diese Regel sollte als Back Up immer konfiguriert sein.“"""
    snapshot = office(
        number(LINE, rings("e22")), user(forward(ForwardOn.UNREACHABLE)), without=("d22", "d22m")
    )
    assert who(plan(from_outside(LINE), snapshot, NOON)) == [HOME_OFFICE]


def test_anrufbenachrichtigung_per_email_kennt_die_regel() -> None:
    """„Mit der Anrufbenachrichtigung per E-Mail erhält der Nutzer regelbasiert eine E-Mail …“"""
    hours = Scenario(name="Bürozeit", when=(When(),), steps=(rings("e22"),), emails=("b@example.net",))
    made = call(from_outside(LINE), replace(number(LINE), scenarios=(hours,)))
    assert (made.scenario, made.notify, made.caller.number) == ("Bürozeit", ("b@example.net",), "+4930901820")


@every_call
def test_do_not_disturb(request_: CallRequest) -> None:
    """„… nicht mehr klingelt. Der Anruf wird entsprechend der Weiterleitungsregeln weitergeleitet.“"""
    assert hears(call(request_, user(status=Status.DND))) == ("", Cause.BUSY)
    assert who(call(request_, user(forward(ForwardOn.BUSY), status=Status.DND))) == [HOME_OFFICE]
    by_status = forward(ForwardOn.ALWAYS, MOBILE, calls=Calls(status=(Status.DND,)))
    assert who(call(request_, user(by_status, status=Status.DND))) == [MOBILE]
    assert who(call(request_, user(by_status))) == ["22"]


def test_selektive_anrufweiterleitung_nach_rufnummer() -> None:
    """„… wenn vordefinierte Kriterien, wie Anrufernummer, … erfüllt sind.“"""
    berlin = user(forward(ForwardOn.ALWAYS, calls=Calls(numbers=("+4930.",))))
    assert who(call(from_outside(LINE), berlin)) == [HOME_OFFICE]
    assert who(call(from_outside(LINE, caller="+4989123456"), berlin)) == ["22"]


def test_selektive_anrufweiterleitung_nach_tageszeit() -> None:
    """„Tageszeit (z.B. außerhalb der Geschäftszeiten)“"""
    closed = user(forward(ForwardOn.ALWAYS, calls=Calls(when=(When(start="18:00", end="08:00"),))))
    assert who(call(from_outside(LINE), closed)) == ["22"]
    evening, dawn = MONDAY.replace(hour=18), MONDAY.replace(hour=5)
    assert who(call(from_outside(LINE), closed, at=evening)) == [HOME_OFFICE]
    assert who(call(from_outside(LINE), closed, at=dawn)) == [HOME_OFFICE]


def test_selektive_anrufweiterleitung_nach_wochentag_und_feiertag() -> None:
    """„Wochen-/Feiertag (Wochenende/Weihnachten)“"""
    free = (When(weekdays=WEEKDAYS[5:]), When(holidays=Holidays.ONLY))
    weekend = user(forward(ForwardOn.ALWAYS, calls=Calls(when=free)))
    assert who(call(from_outside(LINE), weekend)) == ["22"]
    for day in (SUNDAY, CHRISTMAS):
        assert who(call(from_outside(LINE), weekend, at=day)) == [HOME_OFFICE]


def test_selektive_gespraechsannahme() -> None:
    """„… ausschließlich Anrufe, die Kriterien entsprechen: Rufnummern, Ziffernmuster, Zeitplan.“"""
    rules = (
        CallRule(action=RuleAction.ACCEPT, calls=Calls(numbers=("+4930901820",))),
        CallRule(
            action=RuleAction.ACCEPT,
            calls=Calls(numbers=("+4989.",), when=(When(weekdays=WEEKDAYS[:5]),)),
        ),
    )
    picky = user(rules=rules, accept_only=True)
    assert who(call(from_outside(LINE), picky)) == ["22"]
    munich = from_outside(LINE, caller="+4989123456")
    assert who(call(munich, picky)) == ["22"]
    assert hears(call(munich, picky, at=SUNDAY)) == ("unreachable", Cause.REJECTED)
    assert hears(call(from_outside(LINE, caller="+4940123456"), picky)) == ("unreachable", Cause.REJECTED)


def test_selektive_gespraechsabweisung() -> None:
    """„Ansage, dass der Nutzer nicht erreichbar ist (z.B. bei unterdrückter Rufnummer).“"""
    anonymous = CallRule(action=RuleAction.REJECT, calls=Calls(withheld=True))
    made = call(from_outside(LINE, withheld=True), user(rules=(anonymous,)))
    assert hears(made) == ("unreachable", Cause.REJECTED)
    assert who(call(from_outside(LINE), user(rules=(anonymous,)))) == ["22"]


def test_sequenzielles_klingeln() -> None:
    """„… beliebig viele Ziele in einer definierten zeitlichen Abfolge klingeln (Vorgesetzte, Kunden).“"""
    row = (rings("e22", seconds=10), rings(MOBILE, seconds=15), rings(HOME_OFFICE, seconds=20))
    important = Ringing(steps=row, calls=Calls(numbers=("21", "+4930901820")))
    for request in CALLS:
        made = call(request, user(ringings=(important,)))
        assert [(who(made, i), ring(made, i).timeout_ms) for i in range(3)] == [
            (["22"], 10_000),
            ([MOBILE], 15_000),
            ([HOME_OFFICE], 20_000),
        ]
        assert [ring(made, i).next[Outcome.NO_ANSWER] for i in range(2)] == [1, 2]
    assert who(call(from_outside(LINE, caller="+4989123456"), user(ringings=(important,)))) == ["22"]


@every_call
def test_paralleles_klingeln(request_: CallRequest) -> None:
    """„… Rufnummern aufzulisten, die bei eingehenden Anrufen parallel klingeln sollen.“"""
    together = Ringing(steps=(rings("e22", "e21", MOBILE, HOME_OFFICE),))
    made = call(request_, user(ringings=(together,)))
    wanted = ["22", "21", MOBILE, HOME_OFFICE]
    assert who(made) == (wanted if request_ is CALLS[1] else [one for one in wanted if one != "21"])


def routes(made: Plan) -> tuple[TrunkRoute, ...]:
    (found,) = ring(made).targets
    assert isinstance(found, ExternalTarget)
    return found.routes


def test_ausgehende_rufnummer_festlegen() -> None:
    """„Der Nutzer kann eine von seiner eigentlichen Rufnummer abweichende Rufnummer übertragen.“"""
    made = call(from_inside("030901820", of="22"), user(caller_number=E164("+4922147100")))
    assert routes(made)[0].present.number == "+4922147100"


@pytest.mark.parametrize("dialled", ["030901820", "*31*030901820"])
def test_ausgehende_rufnummer_unterdruecken(dialled: str) -> None:
    """„… blockiert die Anzeige. Mitglieder des Kundenkontos können die Rufnummer weiterhin sehen.“"""
    hidden = user(withhold=not dialled.startswith("*"))
    assert routes(call(from_inside(dialled, of="22"), hidden))[0].present.withheld
    (colleague,) = ring(call(from_inside("21", of="22"), hidden)).targets
    assert isinstance(colleague, ExtensionTarget)
    assert (colleague.present.number, colleague.present.withheld) == ("22", False)


def test_rufnummernuebermittlung() -> None:
    """„Der Nutzer kann seine Rufnummer bei der Vornahme eines Anrufs übertragen.“"""
    present = routes(call(from_inside("030901820", of="22"), user()))[0].present
    assert (present.number, present.withheld) == (LINE, False)


@pytest.mark.parametrize("call_waiting", [True, False])
def test_anklopfen(call_waiting: bool) -> None:
    """„Der Nutzer kann ein Gespräch annehmen, während er bereits telefoniert.“"""
    (found,) = ring(call(from_inside("22"), user(call_waiting=call_waiting))).targets
    assert isinstance(found, ExtensionTarget)
    assert found.call_waiting is call_waiting


def test_mobile_integration() -> None:
    """„… ein- und ausgehende Telefonate über seine Festnetzrufnummer führen (SIP-Profil im Smartphone).“"""
    smartphone: Device = device("22", "smart")
    rung = ring(call(from_outside(LINE), user(), smartphone)).targets[0]
    assert isinstance(rung, ExtensionTarget)
    assert smartphone.id in [one.device for one in rung.devices]
    origin = FromDevice(device=smartphone.id, extension=smartphone.extension)
    out = replace(from_inside("030901820", of="22"), origin=origin)
    assert routes(call(out, user(), smartphone))[0].present.number == LINE


def test_the_reasons_say_why() -> None:
    made = call(from_outside(LINE), user(forward(ForwardOn.ALWAYS)))
    assert "forward.follows" in codes(made)
