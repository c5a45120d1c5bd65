"""What may go wrong between us and an OMM, and how large it may be."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from appliance.dect.emulator.air import Base
from appliance.dect.mitel.system import MitelSystem
from appliance.model import dect_air as air
from appliance.model.dect_air import DectStatus, EnrolStatus, HandsetStatus
from tests.contract.dect.conftest import SOUTH, MitelStand, handset, ipei


def test_the_link_is_cut_in_the_middle_of_an_enrolment(omm: MitelStand) -> None:
    omm.begin(handset(31))
    omm.open(handset="dect31")
    omm.thread.do(lambda: setattr(omm.omm.mischief, "silent", True))
    assert omm.type_pin("H1") == "enrolled"
    omm.thread.do(omm.omm.cut)
    omm.until(lambda: omm.state.status is DectStatus.AWAY, "the link to be noticed as cut")
    omm.thread.do(lambda: setattr(omm.omm.mischief, "silent", False))
    came = omm.wait(air.Enrolled)
    assert (came.ipei, came.handset) == (ipei(1), "dect31")


def test_a_window_that_was_open_before_the_cut_is_open_again_after_it(omm: MitelStand) -> None:
    omm.begin(handset(31))
    omm.open(handset="dect31")

    def cut() -> None:
        omm.omm.mode = "Off"  # as an OMM that restarted
        omm.omm.cut()

    omm.thread.do(cut)
    omm.until(lambda: omm.omm.mode == "Wildcard", "the window to be opened again")
    assert omm.type_pin("H1") == "enrolled"
    assert omm.wait(air.Enrolled).handset == "dect31"


@pytest.mark.parametrize(("pieces", "babble"), [(1, False), (7, True)])
def test_pieces_and_messages_nobody_knows(omm: MitelStand, pieces: int, babble: bool) -> None:
    omm.begin(handset(31, ipei=ipei(1)))
    omm.thread.do(lambda: setattr(omm.omm.mischief, "pieces", pieces))
    omm.thread.do(lambda: setattr(omm.omm.mischief, "babble", babble))
    omm.restart()
    omm.open(handset="dect31")
    assert omm.type_pin("H1") == "enrolled"
    assert omm.wait(air.Enrolled).ipei == ipei(1)


def test_an_entity_bomb_is_refused_and_said(omm: MitelStand) -> None:
    omm.begin(handset(31, ipei=ipei(1)))
    omm.thread.do(lambda: setattr(omm.omm.mischief, "bomb", True))
    omm.order(air.OpenEnrolment(seconds=60))
    omm.until(lambda: omm.state.status is DectStatus.UNSUITED, "the bomb to be noticed")
    assert "entities" in omm.state.detail
    omm.until(lambda: omm.state.status is DectStatus.READY, "the system to be ready again")


def test_a_licence_that_is_used_up_is_said_at_the_handset_and_hurts_no_other(omm: MitelStand) -> None:
    omm.begin(handset(31, ipei=ipei(1)))
    omm.open(handset="dect31")
    omm.type_pin("H1")
    omm.until(lambda: omm.handset("dect31").status is HandsetStatus.READY, "handset ready")
    omm.thread.do(lambda: setattr(omm.omm.mischief, "licence", 1))
    omm.configure(handset(31, ipei=ipei(1)), handset(32, ipei=ipei(2)))
    omm.until(lambda: "licence" in omm.handset("dect32").detail, "the licence to be mentioned")
    assert omm.handset("dect31").status is HandsetStatus.READY
    omm.thread.do(lambda: setattr(omm.omm.mischief, "licence", 9))
    omm.configure(handset(31, ipei=ipei(1)), handset(32, ipei=ipei(2)))
    omm.until(lambda: not omm.handset("dect32").detail, "the licence to suffice")


def test_an_ipei_that_is_enrolled_for_somebody_else(omm: MitelStand) -> None:
    omm.begin(handset(31, ipei=ipei(1)), handset(32))
    omm.open(handset="dect31")
    omm.type_pin("H1")
    omm.wait(air.Enrolled)
    omm.order(air.OpenEnrolment(seconds=60, handset=handset(32).id, ipei=ipei(1)))
    over = omm.wait(air.EnrolmentOver)
    assert over.status is EnrolStatus.FAILED
    assert "enrolled already" in over.why


def test_a_wrong_login_another_certificate_and_old_firmware_are_told_apart(omm: MitelStand) -> None:
    omm.begin()
    assert omm.wait(air.IdentitySeen).fingerprint
    for changed, mischief, status in (
        ({"secret": "wrong"}, {}, DectStatus.REFUSED),
        ({"fingerprint": "0" * 64}, {}, DectStatus.STRANGER),
        ({}, {"protocol": 3}, DectStatus.TOO_OLD),
    ):
        for name, value in mischief.items():
            setattr(omm.omm.mischief, name, value)
        driver = MitelSystem(replace(omm.setup, net=replace(omm.setup.net, **changed)))  # type: ignore[arg-type]
        driver.start(lambda _event: omm._notify())
        try:
            omm.until(lambda: driver.state.status is status, status.value)  # noqa: B023
            assert driver.state.detail
        finally:
            driver.stop()


def test_secrets_are_sealed_and_a_new_one_reaches_the_phone(omm: MitelStand) -> None:
    omm.begin(handset(31, ipei=ipei(1)))
    omm.open(handset="dect31")
    omm.type_pin("H1")
    omm.until(lambda: [one.secret for one in omm.omm.phones.accounts()] == ["secret-of-31"], "the account")
    assert omm.omm.asked.count("SetPPUser") == 0
    omm.restart()
    assert omm.omm.asked.count("SetPPUser") == 0
    omm.configure(handset(31, ipei=ipei(1), secret="another-secret-äöü"))
    omm.until(
        lambda: [one.secret for one in omm.omm.phones.accounts()] == ["another-secret-äöü"], "the new secret"
    )


def test_a_hundred_handsets_on_twenty_bases_are_listed_in_ten_seconds(omm: MitelStand) -> None:
    bases = [Base(mac=f"003042BB{i:04X}", name=f"base {i}", hears={}) for i in range(20)]
    for below, base in pairwise(bases):
        base.hears[below.mac] = -60
    documents = tuple(handset(200 + i, ipei=ipei(i)) for i in range(1, 101))
    omm.begin(*documents, handsets=0, bases=bases)
    omm.until(lambda: len(omm.omm.users) == 100 and len(omm.omm.devices) == 100, "everything to be made", 60)

    def all_enrolled() -> None:
        for device in omm.omm.devices.values():
            device["s"] = "Yes"

    omm.thread.do(all_enrolled)
    started = time.monotonic()
    omm.restart()
    omm.until(
        lambda: (
            sum(one.status is HandsetStatus.READY for one in omm.state.handsets) == 100
            and sum(base.status is air.BaseStatus.READY for base in omm.state.bases) == 20
        ),
        "a hundred handsets",
        30,
    )
    assert time.monotonic() - started < 10
    assert max(base.sync_level for base in omm.state.bases) == 20


def test_after_a_restart_it_is_known_where_handsets_are(omm: MitelStand) -> None:
    omm.begin(handset(31, ipei=ipei(1)), handset(32, ipei=ipei(2)))
    for number in (1, 2):
        omm.open(handset=f"dect3{number}")
        omm.type_pin(f"H{number}")
        omm.wait(air.Enrolled)
    omm.walk("H1", "south")
    omm.walk("H2", "south")
    omm.walk("H2", "away")
    omm.until(lambda: omm.handset("dect31").base == SOUTH, "the walk")
    assert omm.driver is not None
    omm.driver.stop()
    omm.power("south", on=False)  # while nobody looks
    omm.start()
    omm.until(lambda: omm.handset("dect31").status is HandsetStatus.AWAY, "the lost base's handset")
    assert omm.handset("dect31").base == SOUTH
    assert omm.handset("dect32").status is HandsetStatus.AWAY
    omm.walk("H1", "north")
    omm.until(lambda: omm.handset("dect31").status is HandsetStatus.READY, "the handset back")
