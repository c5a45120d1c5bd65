"""What every DECT system must do behind the seam: enrolment, names, bases, trouble that hurts nobody else."""

from appliance.model import dect_air as air
from appliance.model.dect_air import BaseStatus, EnrolStatus, HandsetStatus
from tests.contract.dect.conftest import NORTH, PIN, SOUTH, Stand, handset, ipei


def enrolled(stand: Stand, number: int = 1, extension: int = 31) -> None:
    """H1 is of extension 31."""
    stand.configure(handset(extension, ipei=ipei(number)))
    stand.open(handset=f"dect{extension}")
    assert stand.type_pin(f"H{number}") == "enrolled"
    stand.until(lambda: stand.handset(f"dect{extension}").status is HandsetStatus.READY, "handset ready")


def test_bases_are_listed_with_names_and_who_follows_whom(stand: Stand) -> None:
    stand.begin()
    stand.until(lambda: stand.base(NORTH).status is BaseStatus.READY, "base ready")
    north, south = stand.base(NORTH), stand.base(SOUTH)
    assert (north.name, north.location) == ("Hall north", "Hall 1, north door")
    if not stand.several_bases:
        assert len(stand.state.bases) == 1
        return
    assert (north.sync_level, south.sync_level, south.sync_to) == (1, 2, NORTH)


def test_whoever_comes_first_in_an_open_window_is_enrolled_and_bound_when_the_document_says_so(
    stand: Stand,
) -> None:
    stand.begin(handset(31))
    assert stand.handset("dect31").status is HandsetStatus.EXPECTED
    stand.open(handset="dect31")
    assert stand.type_pin("H2") == "enrolled"
    came = stand.wait(air.Enrolled)
    assert came.handset == "dect31"
    assert came.ipei in (ipei(2), "")
    stand.until(lambda: stand.state.enrolment.status is EnrolStatus.DONE, "the window to be done")
    stand.configure(handset(31, ipei=came.ipei))  # as the core does
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset ready")
    stand.until(lambda: stand.whose("H2") == "dect31", "the account at the handset")


def test_one_handset_alone_may_enrol(stand: Stand) -> None:
    stand.begin(handset(31, ipei=ipei(1)))
    stand.open(handset="dect31")
    if stand.knows_ipei:
        assert stand.type_pin("H2") != "enrolled"
    assert stand.type_pin("H1") == "enrolled"
    assert stand.wait(air.Enrolled).ipei == ipei(1)


def test_a_wrong_pin_enrols_nobody_and_the_window_says_so_when_it_closes(stand: Stand) -> None:
    stand.begin(handset(31))
    stand.open(handset="dect31", seconds=2)
    assert stand.type_pin("H1", "0815") != "enrolled"
    over = stand.wait(air.EnrolmentOver)
    assert over.status is EnrolStatus.EXPIRED
    assert f"PIN {PIN}" in over.why
    stand.until(lambda: stand.state.enrolment.status is EnrolStatus.EXPIRED, "the window to be over")
    stand.refresh()
    assert stand.type_pin("H1") != "enrolled"


def test_a_pin_for_one_window(stand: Stand) -> None:
    stand.begin(handset(31))
    stand.open(handset="dect31", pin="9876")
    assert stand.state.enrolment.pin == "9876"
    assert stand.type_pin("H1", PIN) != "enrolled"
    assert stand.type_pin("H1", "9876") == "enrolled"


def test_a_window_is_closed_by_hand(stand: Stand) -> None:
    stand.begin()
    stand.open()
    stand.order(air.CloseEnrolment())
    assert stand.wait(air.EnrolmentOver).status is EnrolStatus.CLOSED
    stand.refresh()
    assert stand.type_pin("H1") != "enrolled"


def test_a_restart_of_the_driver_loses_no_enrolment(stand: Stand) -> None:
    stand.begin()
    enrolled(stand)
    account = stand.whose("H1")
    stand.restart()
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset ready")
    assert stand.emulated("H1").system is not None
    assert stand.whose("H1") == account


def test_a_handset_is_forgotten_and_may_come_back(stand: Stand) -> None:
    stand.begin()
    enrolled(stand)
    stand.order(air.ForgetHandset(key=stand.handset("dect31").key))
    if not stand.forgets:
        assert "pages" in stand.wait(air.OrderRefused).why
        return
    stand.refresh()
    stand.until(lambda: stand.emulated("H1").system is None, "the handset to know")
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.EXPECTED, "handset expected")
    enrolled(stand)


def test_a_handset_gets_another_extension_and_name(stand: Stand) -> None:
    stand.begin()
    enrolled(stand)
    stand.configure(handset(32, ipei=ipei(1), name="Store"))
    stand.until(lambda: stand.whose("H1") == "dect32", "the other account")
    stand.until(lambda: [one.name for one in stand.state.handsets] == ["Store"], "the other name")


def test_a_blocked_handset_has_no_account(stand: Stand) -> None:
    stand.begin()
    enrolled(stand)
    stand.configure(handset(31, ipei=ipei(1), blocked=True))
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.BLOCKED, "handset blocked")
    stand.until(lambda: not stand.may_call("dect31"), "no account")


def test_a_base_is_lost_with_its_handsets_and_comes_back(stand: Stand) -> None:
    stand.begin()
    enrolled(stand)
    if not stand.several_bases:
        stand.power("north", on=False)
        stand.until(lambda: stand.base(NORTH).status is BaseStatus.LOST, "base lost", 30)
        stand.until(lambda: stand.handset("dect31").status is HandsetStatus.AWAY, "handset away", 30)
        assert stand.handset("dect31").unreachable
        stand.power("north", on=True)
        stand.until(lambda: stand.base(NORTH).status is BaseStatus.READY, "base back", 30)
        stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset back", 30)
        return
    stand.walk("H1", "south")
    stand.power("south", on=False)
    stand.until(lambda: stand.base(SOUTH).status is BaseStatus.LOST, "base lost", 30)
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.AWAY, "handset away", 30)
    assert stand.base(NORTH).status is BaseStatus.READY
    stand.walk("H1", "north")
    stand.until(lambda: stand.handset("dect31").status is HandsetStatus.READY, "handset back", 30)
    stand.power("south", on=True)
    stand.refresh()
    stand.until(lambda: stand.base(SOUTH).status is BaseStatus.READY, "base back", 30)
