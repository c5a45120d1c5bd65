"""Where a phone sends a call by itself (302): what rings instead, by whose right, shown as what."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model.causes import Cause
from appliance.model.documents import (
    ClassOfService,
    Destination,
    DialRule,
    Document,
    Extension,
    Forwarding,
    ForwardOn,
    Language,
    Permission,
    Shown,
)
from appliance.model.features import SpeedDial
from appliance.model.ids import E164, ClassId, ExtensionId
from appliance.model.plan import (
    Caller,
    CallRequest,
    Diversion,
    DivertedOn,
    ExtensionTarget,
    ExternalTarget,
    Origin,
    Plan,
    Redirect,
    Reject,
    Ring,
    Run,
)
from appliance.model.snapshot import Snapshot
from appliance.routing.explain import explain
from appliance.routing.plan import plan
from tests.unit.routing.office import (
    NOON,
    codes,
    device,
    extension,
    from_inside,
    from_outside,
    number,
    office,
    ring,
    rings,
    target,
    well_formed,
)
from tests.unit.routing.test_plan_any import IDS, callers, origins, said, snapshots, times

OWN = "+49221471022"
BERND = extension("22", "Bernd", OWN)
STRANGER = Caller(number="+4930901820", name="Weiß")


def sent_on(
    to: str,
    *documents: Document,
    request: CallRequest | None = None,
    on: DivertedOn = DivertedOn.ALWAYS,
    turned: tuple[str, ...] = (),
    diverted: tuple[Diversion, ...] = (),
) -> Plan:
    """22's phone answers a call with 302 to this."""
    asked = request or from_outside(OWN)
    redirect = Redirect(
        by=ExtensionId("e22"),
        to=to,
        on=on,
        diverted=diverted,
        turned=frozenset(ExtensionId(one) for one in turned),
    )
    asked = replace(asked, dialled=to, on_behalf_of=STRANGER, redirect=redirect)
    made = plan(asked, office(BERND, number(OWN, rings("e22")), *documents), NOON)
    well_formed(made)
    return made


@pytest.mark.parametrize("to", ["23", "2 3", " 23"])
def test_a_colleague_rings_and_sees_who_calls_and_who_sent_on(to: str) -> None:
    colleague = extension("23", "Clara")
    (found,) = ring(sent_on(to, colleague, device("23"), on=DivertedOn.NO_ANSWER)).targets
    assert isinstance(found, ExtensionTarget)
    assert (found.number, found.present.name) == ("23", "Weiß")
    assert found.diverted == (Diversion(number=OWN, name="Bernd", on=DivertedOn.NO_ANSWER),)


def test_outside_rings_as_the_extension_would_forward() -> None:
    before = Diversion(number="21", on=DivertedOn.BUSY)
    (found,) = ring(sent_on("015112345678", diverted=(before,))).targets
    assert isinstance(found, ExternalTarget)
    assert (found.number, found.routes[0].present.number) == ("+4915112345678", OWN)
    assert [one.on for one in found.diverted] == [DivertedOn.BUSY, DivertedOn.ALWAYS]
    shown = replace(BERND, diverting_shows=Shown.OWN, diverting_number=E164("+49221471070"))
    (found,) = ring(sent_on("015112345678", shown)).targets
    assert isinstance(found, ExternalTarget)
    assert found.routes[0].present.number == "+49221471070"


def test_what_is_dialled_short_is_known() -> None:
    short = SpeedDial(id="home", number="*001", dial="015112345678")
    (found,) = ring(sent_on("*001", short)).targets
    assert found.number == "+4915112345678"


def test_the_colleagues_own_forwarding_counts() -> None:
    away = Forwarding(on=ForwardOn.ALWAYS, to=target("+4915112345678"))
    (found,) = ring(sent_on("21", replace(extension("21", "Anna"), forwardings=(away,)))).targets
    assert found.number == "+4915112345678"


def test_a_service_answers() -> None:
    assert isinstance(sent_on("50").steps[0], Run)


BARRED = ClassOfService(
    id=ClassId("home"),
    rules=(DialRule(permission=Permission.BAR, destinations=(Destination.INTERNATIONAL,)),),
)


@pytest.mark.parametrize(
    ("to", "documents", "why"),
    [
        ("112", (), "forward.by_phone_nowhere"),
        ("110", (), "forward.by_phone_nowhere"),
        ("anna", (), "forward.by_phone_nowhere"),
        ("", (), "forward.by_phone_nowhere"),
        ("*2121", (), "forward.by_phone_nowhere"),
        ("22", (), "forward.loop"),
        ("030901820", (), "forward.to_caller"),
        (
            "0043123456789",
            (BARRED, replace(BERND, class_of_service=BARRED.id)),
            "forward.barred",
        ),
    ],
)
def test_where_a_phone_may_not_send_a_call_nobody_rings(
    to: str, documents: tuple[Document, ...], why: str
) -> None:
    made = sent_on(to, *documents)
    assert made.steps == (Reject(cause=Cause.UNREACHABLE),)
    assert why in codes(made)
    for language in Language:
        assert explain(made, language).lines()


def test_nobody_has_a_second_turn() -> None:
    assert sent_on("21", turned=("e22",)).steps == (Reject(cause=Cause.UNREACHABLE),)
    assert "forward.loop" in codes(sent_on("21", turned=("e21",)))


def test_a_colleague_who_calls_is_not_rung_himself() -> None:
    made = sent_on("21", request=from_inside("22"))
    assert made.steps == (Reject(cause=Cause.UNREACHABLE),)
    assert "forward.to_caller" in codes(made)


def test_an_extension_that_is_gone_sends_nothing_on() -> None:
    gone: Extension = extension("29", "Niemand")
    redirect = Redirect(by=gone.id, to="21", on=DivertedOn.ALWAYS)
    asked = replace(from_outside(OWN), dialled="21", on_behalf_of=STRANGER, redirect=redirect)
    assert plan(asked, office(), NOON).steps == (Reject(cause=Cause.UNREACHABLE),)


@given(
    snapshot=snapshots(),
    origin=origins,
    caller=callers,
    by=st.sampled_from(IDS).map(ExtensionId),
    to=said | st.sampled_from(["112", "0112", "110"]),
    on=st.sampled_from(DivertedOn),
    now=times,
)
def test_whatever_is_configured_a_phone_sends_no_call_to_itself_or_to_an_emergency_desk(
    snapshot: Snapshot,
    origin: Origin,
    caller: Caller,
    by: ExtensionId,
    to: str,
    on: DivertedOn,
    now: datetime,
) -> None:
    redirect = Redirect(by=by, to=to, on=on)
    request = CallRequest(origin=origin, caller=caller, dialled=to, on_behalf_of=caller, redirect=redirect)
    made = plan(request, snapshot, now)
    well_formed(made)
    assert not made.emergency
    (step,) = made.steps
    for one in step.targets if isinstance(step, Ring) else ():
        assert not isinstance(one, ExtensionTarget) or one.extension != by
        assert not isinstance(one, ExternalTarget) or one.number not in snapshot.site.emergency_numbers
    for language in Language:
        assert len(explain(made, language).reasons) == len(made.reasons)
