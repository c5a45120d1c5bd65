"""What an OMM is told besides users: registrar, clock, the central phone book; others' settings stay."""

from dataclasses import replace

from appliance.model.dect_air import DectStatus
from tests.contract.dect.conftest import MitelStand, handset, ipei

BOOK = "http://10.0.0.2:8080/prov/token/directory"


def tell(omm: MitelStand, **setup: str) -> None:
    omm.setup = replace(omm.setup, **setup)  # type: ignore[arg-type]
    assert omm.driver is not None
    omm.driver.configure(omm.setup)


def test_the_phone_book_the_clock_and_the_registrar_follow_the_office(omm: MitelStand) -> None:
    omm.setup = replace(omm.setup, ntp="10.0.0.2", directory=BOOK)
    omm.begin(handset(31, ipei=ipei(1)))
    settings = omm.omm.settings
    assert (settings.directory(), settings.clock["ntpServerName1"]) == (BOOK, "10.0.0.2")
    assert settings.basic["regServer"] == "127.0.0.1"
    settings.applications[77] = {"id": "77", "name": "Weather", "type": "Dynamic", "enable": "1"}
    before = len(omm.omm.asked)
    omm.restart()
    again = {"SetBasicSIP", "SetNTPServer", "CreateXMLApplication", "SetXMLApplication"}
    assert again.isdisjoint(omm.omm.asked[before:])
    elsewhere = BOOK.replace("8080", "8081").replace("http:", "https:")
    tell(omm, directory=elsewhere, ntp="ntp.example")
    omm.until(lambda: settings.directory() == elsewhere, "the other address")
    assert settings.clock["ntpServerName1"] == "ntp.example"
    tell(omm, directory="")
    omm.until(lambda: list(settings.applications) == [77], "the end of the phone book")


def test_an_omm_that_knows_no_phone_book_is_used_without_and_says_so(omm: MitelStand) -> None:
    omm.setup = replace(omm.setup, directory=BOOK)
    omm.begin(handset(31, ipei=ipei(1)))
    omm.omm.mischief.unknown = "GetXMLApplication"
    omm.restart()
    omm.until(lambda: "phone book" in omm.state.detail, "the refusal to be said")
    assert omm.state.status is DectStatus.READY
