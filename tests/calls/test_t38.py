"""Faxes over a provider with T.38: rtpengine stands between, every dot arrives though packets are lost.

All go at the same time, as in an office; each test looks at one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.fax.documents import dots, to_fax
from tests.calls.test_analog import PORTS, Telephone
from tests.calls.test_analog_fax import simulate
from tests.support.box import PUBLIC, Box, Watcher, office
from tests.support.fax import make_pdf
from tests.support.faxing import over, pages, received, send
from tests.support.programs import Event
from tests.support.provider import Provider
from tests.support.relay import MailRelay

PREFIX = "+4930777"
TO_BOX, TO_MACHINE = f"{PREFIX}000", f"{PREFIX}031"
THIRD_PORT = """
[[fxs]]
id = "fxs3"
family = "dahdi"
channel = 3
emulated = true
"""
ANNA = "anna@example.com"
PAGES = 5
"""Enough to be in the middle of when the first has come."""
_FAX_S = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Faxes:
    """What was set going."""

    letter: Path
    one: Path
    """A letter of one page."""
    sheet: Path
    """As the machines out there send it."""
    sent: str
    """A fax of the box, to a machine with T.38 behind a lossy network."""
    to_machine: int
    """A call to the fax machine at an analog port, with T.38 behind a lossy network."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"fax:secret-of-fax:{PREFIX}",)) as running:
        yield running


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, provider: Provider, relay: MailRelay) -> Iterator[Box]:
    documents = office(
        "21",
        extension={number: {"number": number} for number in ("31", "33", "34")},
        fax_box={
            "main": {"number": "80", "extension": "21", "caller_number": TO_BOX},
            "relay": {"extension": "34", "recipients": [ANNA], "attempts": 3},
        },
        mail={"main": {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}},
        analog={
            "fax": {"extension": "31", "port": "fxs1", "kind": "fax"},
            "both": {"extension": "33", "port": "fxs2"},
            "stored": {"extension": "34", "port": "fxs3", "kind": "fax", "fax_box": "relay"},
        },
        number={
            "box": {
                "number": TO_BOX,
                "steps": [{"targets": [{"kind": "fax_box", "ref": "main"}], "seconds": 20}],
            },
            "machine": {
                "number": TO_MACHINE,
                "steps": [{"targets": [{"kind": "extension", "ref": "31"}], "seconds": 20}],
            },
        },
        trunk={
            "provider": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "fax",
                "secret": "secret-of-fax",
                "default_number": TO_BOX,
                "t38": True,
            }
        },
    )
    made = Box(tmp_path_factory.mktemp("box"), documents)
    with made.settings.open("a", encoding="utf-8") as file:
        file.write(PORTS + THIRD_PORT)
    with made:
        made.start_fax()
        provider.wait("registered", account="fax")
        made.eventually(lambda: made.control("fax.status")["t38"] == "up", "the gateway to be up", 30)
        yield made


@pytest.fixture(scope="module")
def faxes(box: Box, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Faxes:
    folder = tmp_path_factory.mktemp("paper")
    letter = make_pdf(folder / "letter.pdf", [f"Seite {number}" for number in range(PAGES)])
    sheet = folder / "sheet.tif"
    to_fax([letter], sheet, fine=False)
    simulate(box, "load", "fxs1", "--ident", "+49 221 31")
    one = make_pdf(folder / "one.pdf", ["Eine Seite"])
    simulate(box, "load", "fxs3", str(one), "--ident", "+49 221 34")
    Telephone(box, "fxs3").dials("030999298")
    (sent,) = send(box, letter, "030999196")
    return Faxes(
        letter=letter,
        one=one,
        sheet=sheet,
        sent=sent,
        to_machine=provider.call(TO_MACHINE, "+4930999198", fax=str(sheet), t38=True, loss=2),
    )


def called(provider: Provider, number: str) -> int:
    """The call of the box to this number."""
    (call,) = calls_to(provider, number)
    return call


def calls_to(provider: Provider, number: str) -> list[int]:
    """Calls of the box to this number, the last digits."""
    return [
        int(one["call"])
        for one in provider.events
        if one["event"] == "incoming" and one["called"].endswith(number)
    ]


def refreshed(provider: Provider, call: int) -> None:
    """Keep a session alive in both ways; the box must bear it."""
    for by in ("invite", "update"):
        provider.send("refresh", by=by, call=call)
        assert provider.wait("refreshed", call=call)["status"] == 200


def news(watcher: Watcher) -> set[str]:
    """Of a fax that comes in: that a page has come, that it is over."""
    told = (one.payload for one in watcher.seen if one.event == "fax")
    came = {one["what"] for one in told if (one["box"], one["direction"]) == ("main", "in")}
    return came & {"page", "received"}


def of(provider: Provider, call: int) -> Event:
    return provider.wait("fax_over", timeout=_FAX_S, call=call)


def test_a_session_is_refreshed_in_the_middle_of_a_fax(box: Box, provider: Provider, faxes: Faxes) -> None:
    """Within T.38; that it does no harm is seen when it has arrived."""
    with box.watching("fax") as watcher:
        watcher.wait("fax", what="page", box="main", direction="out", timeout=_FAX_S)
        refreshed(provider, called(provider, "999196"))


def test_a_box_sends_by_t38_though_packets_are_lost(box: Box, provider: Provider, faxes: Faxes) -> None:
    """The machine that answers changes to T.38."""
    sent = over(box, faxes.sent, _FAX_S)
    assert (sent["state"], sent["remote_ident"], len(sent["attempts"])) == ("done", "+49 30 555098", 1), sent
    there = of(provider, called(provider, "999196"))
    assert (there["cause"], there["pages"], there["t38"]) == ("received", PAGES, True)
    assert dots(Path(there["file"])) == pages(box, faxes.sent)


@pytest.mark.timeout(400)
def test_a_machine_at_an_analog_port_gets_a_fax_by_t38(
    box: Box, provider: Provider, faxes: Faxes, tmp_path: Path
) -> None:
    """The box changes to T.38 when the machine has answered."""
    there = of(provider, faxes.to_machine)
    machine = Telephone(box, "fxs1")
    for _ in range(2):  # called again, as machines do: the tones of this one are made in real time
        if there["cause"] == "sent":
            break
        machine.rests()
        simulate(box, "load", "fxs1", "--ident", "+49 221 31")
        again = provider.call(TO_MACHINE, "+4930999198", fax=str(faxes.sheet), t38=True, loss=2)
        there = of(provider, again)
    assert (there["cause"], there["pages"], there["t38"]) == ("sent", PAGES, True), there
    machine.until("the fax", fax=f"received, {PAGES} page(s)")
    simulate(box, "take", "fxs1", str(tmp_path / "got.tif"))
    assert dots(tmp_path / "got.tif") == dots(faxes.sheet)


@pytest.mark.timeout(400)
def test_a_provider_that_refuses_t38_gets_g711(box: Box, provider: Provider, tmp_path: Path) -> None:
    """Its session is refreshed in the middle. Called again, as machines do: these tones are in real time."""
    letter = make_pdf(tmp_path / "letter.pdf", ["Seite 1", "Seite 2"])
    sheet = tmp_path / "sheet.tif"
    to_fax([letter], sheet, fine=False)
    for _ in range(3):
        with box.watching("fax") as watcher:
            call = provider.call(TO_BOX, "+4930999199", fax=str(sheet))
            box.eventually(lambda: bool(news(watcher)), "a page, or the end", _FAX_S)
            if "received" not in news(watcher):
                refreshed(provider, call)
            there = of(provider, call)
        if there["cause"] == "sent":
            break
    assert (there["cause"], there["pages"], there["t38"]) == ("sent", 2, False)
    got = received(box, "main")
    assert (got["state"], got["remote_ident"]) == ("done", "+49 30 555098")
    assert pages(box, got["fax"]) == dots(sheet)


def test_a_machine_at_a_port_for_telephones_is_recognised(box: Box, provider: Provider, faxes: Faxes) -> None:
    """It dials again, as machines do, when the line was bad: all tones here are made in real time."""
    machine = Telephone(box, "fxs2")
    for number in ("999197", "999297", "999397"):
        simulate(box, "load", "fxs2", str(faxes.one), "--ident", "+49 221 33")
        machine.dials(f"030{number}")
        box.eventually(lambda: bool(calls_to(provider, number)), "the call", 60)  # noqa: B023
        there = of(provider, called(provider, number))
        machine.rests()
        if there["cause"] == "received":
            break
    assert (there["cause"], there["pages"], there["t38"]) == ("received", 1, True)
    assert machine.show()["fax"].startswith("sent, 1 page(s)")
    assert "telephone.carries_fax" in (box.folder / "core.log").read_text()
    box.idle()


@pytest.mark.timeout(400)
def test_a_page_of_a_machine_is_stored_and_sent_on(
    box: Box, provider: Provider, faxes: Faxes, relay: MailRelay
) -> None:
    machine = Telephone(box, "fxs3")
    for again in (True, True, False):
        try:
            machine.until("its confirmation", _FAX_S / 2, fax="sent, 1 page(s)")
            break
        except AssertionError:  # dialled again, as machines do
            if not again:
                raise
            machine.rests()
            simulate(box, "load", "fxs3", str(faxes.one), "--ident", "+49 221 34")
            machine.dials("030999298")
    there = of(provider, called(provider, "999298"))
    assert (there["cause"], there["pages"], there["remote"]) == ("received", 1, PUBLIC)
    (stored,) = [
        one for one in box.control("fax.journal", direction="in", box="relay") if one["state"] == "done"
    ]
    assert dots(Path(there["file"])) == pages(box, stored["fax"])
    (sent,) = [
        one for one in box.control("fax.journal", direction="out", box="relay") if one["state"] == "done"
    ]
    assert (sent["source"], sent["peer"], sent["job"]) == ("machine", "+4930999298", stored["fax"])
    mail = relay.wait(recipient=ANNA)
    assert mail["Subject"] == "Fax an 030 999298 gesendet"
    assert len(relay.taken) == 1  # that it came is the machine's own business


def test_where_the_gateway_is_not_needed_it_does_not_run(box: Box) -> None:
    box.control("config.set", kind="trunk", id="provider", fields={"t38": False}, who="test")
    box.eventually(lambda: box.control("fax.status")["t38"] == "off", "the gateway to be gone", 40)
