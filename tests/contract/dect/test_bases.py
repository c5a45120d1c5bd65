"""What may be wrong with provisioned bases, and hurts nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.model import dect_air as air
from appliance.model.dect_air import BaseStatus, HandsetStatus
from tests.contract.dect.conftest import NORTH, SOUTH, GigasetStand, YealinkStand, handset, ipei


@pytest.fixture
def gigaset(tmp_path: Path) -> Iterator[GigasetStand]:
    made = GigasetStand(tmp_path)
    yield made
    made.close()


@pytest.fixture
def yealink(tmp_path: Path) -> Iterator[YealinkStand]:
    made = YealinkStand(tmp_path)
    yield made
    made.close()


def test_a_base_of_unknown_model_is_said_to_be_one_and_others_go_on(gigaset: GigasetStand) -> None:
    stand = gigaset
    stand.begin(handset(31, ipei=ipei(1)))
    assert stand.registrar.driver is not None
    stand.registrar.driver.told(SOUTH, "Toaster 3000/1.2.3.4")
    stand.until(lambda: stand.base(SOUTH).status is BaseStatus.STRANGE, "the toaster to be noticed")
    assert "Toaster" in stand.base(SOUTH).detail
    stand.open(handset="dect31")
    assert stand.type_pin("H1") == "enrolled"
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset ready")
    assert stand.base(NORTH).status is BaseStatus.READY


def test_what_a_maker_cannot_do_is_said(yealink: YealinkStand) -> None:
    yealink.begin(handset(31))
    yealink.open(handset="dect31")
    assert "key" in yealink.state.enrolment.detail
    yealink.order(air.UpdateFirmware())
    assert "firmware_url" in yealink.wait(air.OrderRefused).why


def test_strangers_get_no_file(gigaset: GigasetStand) -> None:
    gigaset.begin(handset(31))
    driver = gigaset.registrar.driver
    assert driver is not None
    assert driver.file("AABBCCDDEEFF", "aabbccddeeff.xml") is None
    assert driver.file(NORTH, "../../etc/passwd") is None
    assert driver.file(NORTH, f"{NORTH.lower()}.xml") is not None


def test_a_handset_that_registers_again_before_its_base_reads_the_file_is_forgotten_all_the_same(
    gigaset: GigasetStand,
) -> None:
    stand = gigaset
    stand.begin(handset(31))
    stand.open(handset="dect31")
    assert stand.type_pin("H1") == "enrolled"
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset ready")
    driver = stand.registrar.driver
    assert driver is not None
    stand.registrar.driver = None  # the base gets no file for now
    driver.order(air.ForgetHandset(key=stand.handset("dect31").key))
    driver.order(air.RestartBase())
    (contact,) = stand.registrar.known.values()
    driver.registered(contact)
    stand.registrar.driver = driver
    stand.refresh()
    stand.until(lambda: stand.emulated("H1").system is None, "the handset to know")
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.EXPECTED, "handset expected")


def test_who_registers_again_in_an_open_window_has_not_enrolled(yealink: YealinkStand) -> None:
    yealink.begin(handset(31))
    yealink.open(handset="dect31")
    assert yealink.type_pin("H1") == "enrolled"
    yealink.wait(air.Enrolled)
    yealink.open(handset="dect31")
    driver = yealink.registrar.driver
    assert driver is not None
    driver.registered(next(iter(yealink.registrar.known.values())))
    assert yealink.state.enrolment.status is air.EnrolStatus.OPEN


def test_a_handset_that_leaves_a_base_is_where_another_registration_of_it_still_is(
    gigaset: GigasetStand,
) -> None:
    gigaset.begin(handset(31))
    gigaset.open(handset="dect31")
    assert gigaset.type_pin("H1") == "enrolled"
    gigaset.until(lambda: gigaset.handset("dect31").base == NORTH, "the handset at its base")
    driver = gigaset.registrar.driver
    assert driver is not None
    north = next(iter(gigaset.registrar.known.values()))
    agent = gigaset.thread.do(lambda: gigaset.equipment.agent(gigaset.equipment.bases()[1]))
    south = replace(north, port=north.port + 1, user_agent=agent)
    driver.registered(south)
    gigaset.until(lambda: gigaset.handset("dect31").base == SOUTH, "the handset at the other base")
    driver.unregistered(south, north)
    gigaset.until(lambda: gigaset.handset("dect31").base == NORTH, "the handset back")


def test_a_base_of_unknown_firmware_is_used_and_said_to_be_one(gigaset: GigasetStand) -> None:
    gigaset.begin(handset(31))
    driver = gigaset.registrar.driver
    assert driver is not None
    driver.told(NORTH, f"Gigaset N870 IP PRO/prototype;{NORTH}")
    gigaset.until(lambda: "firmware is unknown" in gigaset.base(NORTH).detail, "the firmware to be noticed")
    assert gigaset.base(NORTH).status is BaseStatus.READY
