"""Fax machines at analog ports: a page between two of them, to and from a fax box; every dot is compared."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.control.client import ControlClient
from appliance.control.trying import machine_sends
from appliance.fax.documents import dots, to_fax
from tests.calls.test_analog import PORTS, Telephone
from tests.support.box import Box, office
from tests.support.fax import make_pdf
from tests.support.faxing import pages, send
from tests.support.processes import ortsamt

_FAX_S = 120.0
_TRY_S = 70.0


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An office with two fax machines, 31 and 32, and a fax box, 80."""
    documents = office(
        "21",
        extension={"31": {"number": "31", "name": "Fax 1"}, "32": {"number": "32", "name": "Fax 2"}},
        fax_box={"main": {"number": "80", "extension": "21", "ident": "+49 221 555080"}},
        analog={
            "fax1": {"extension": "31", "port": "fxs1", "kind": "fax"},
            "fax2": {"extension": "32", "port": "fxs2", "kind": "fax"},
        },
    )
    box = Box(tmp_path_factory.mktemp("box"), documents)
    with box.settings.open("a", encoding="utf-8") as file:
        file.write(PORTS)
    with box:
        box.start_fax()
        yield box


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    return make_pdf(tmp_path / "letter.pdf", ["Guten Tag"])


def simulate(box: Box, *words: str) -> None:
    """As a user does."""
    socket = str(box.folder / "run" / "simulation.sock")
    done = subprocess.run(
        ortsamt("simulate", "--socket", socket, *words), capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr


def same_pages(letter: Path, arrived: Path, tmp_path: Path) -> bool:
    to_fax([letter], tmp_path / "sent.tif")
    return dots(tmp_path / "sent.tif") == dots(arrived)


def sends(box: Box, letter: Path, number: str) -> None:
    """The first machine dials again, as machines do, when the line was bad: tones are made in real time."""
    one, two = Telephone(box, "fxs1"), Telephone(box, "fxs2")
    for again in (True, True, False):
        simulate(box, "load", "fxs1", str(letter), "--ident", "+49 221 31")
        simulate(box, "load", "fxs2", "--ident", "+49 221 32")
        one.dials(number)
        try:
            one.until("the end", _TRY_S, fax="sent")
            return
        except AssertionError:
            if not again:
                raise
            one.rests()
            two.rests()
            box.idle()


@pytest.mark.timeout(300)
def test_a_page_goes_from_machine_to_machine_dot_by_dot(box: Box, letter: Path, tmp_path: Path) -> None:
    one, two = Telephone(box, "fxs1"), Telephone(box, "fxs2")
    sends(box, letter, "32")
    two.until("the page", _TRY_S, fax="received")
    assert one.show()["fax"] == "sent, 1 page(s), 14400 bit/s, ECM"
    simulate(box, "take", "fxs2", str(tmp_path / "arrived.tif"))
    assert same_pages(letter, tmp_path / "arrived.tif", tmp_path)
    one.rests()
    two.rests()


@pytest.mark.timeout(300)
def test_a_machine_sends_to_a_fax_box(box: Box, letter: Path, tmp_path: Path) -> None:
    sends(box, letter, "80")
    Telephone(box, "fxs1").rests()

    def there() -> bool:
        found = box.control("fax.journal", direction="in", box="main", limit=1)
        return bool(found and found[0]["ended"])

    box.eventually(there, "the fax in the journal", 30)
    (fax,) = box.control("fax.journal", direction="in", box="main", limit=1)
    assert (fax["state"], fax["pages"], fax["rate"], fax["ecm"]) == ("done", 1, 14400, True)
    assert (fax["peer"], fax["remote_ident"]) == ("31", "+49 221 31")
    assert same_pages(letter, box.folder / "state" / "fax" / f"{fax['fax']}.tif", tmp_path)


@pytest.mark.timeout(400)
def test_a_fax_box_sends_to_a_machine(box: Box, letter: Path, tmp_path: Path) -> None:
    """Ordered anew when the line was bad: the tones of the machine are made in real time."""
    two = Telephone(box, "fxs2")
    for _ in range(3):
        simulate(box, "load", "fxs2", "--ident", "+49 221 32")
        (fax,) = send(box, letter, "32")
        box.eventually(lambda: tried(box, fax), "the fax to be tried", _FAX_S)  # noqa: B023
        shown = box.control("fax.show", fax=fax)
        two.rests()
        if shown["state"] == "done":
            break
        box.control("fax.cancel", fax=fax)
    assert (shown["state"], shown["remote_ident"], len(shown["attempts"])) == ("done", "+49 221 32", 1), shown
    simulate(box, "take", "fxs2", str(tmp_path / "arrived.tif"))
    assert pages(box, fax) == dots(tmp_path / "arrived.tif")


def tried(box: Box, fax: str) -> bool:
    return bool(box.control("fax.show", fax=fax)["attempts"])


@pytest.mark.timeout(500)
def test_the_self_test_has_a_machine_send_a_page(box: Box) -> None:
    run = box.folder / "run"
    with ControlClient(run / "control.sock") as client:
        for _ in range(2):  # tones are made and heard in real time, beside all that runs here
            tried = machine_sends(client, run / "simulation.sock", "fxs1", "main", "fax machine")
            if tried.result == "ok":
                break
    assert tried.result == "ok", tried
    assert tried.detail.startswith("every dot")
    Telephone(box, "fxs1").rests()


def test_a_machine_that_stops_in_mid_page_leaves_what_came(box: Box, tmp_path: Path) -> None:
    """The fax says why it ended and keeps its whole pages; the next call finds everybody well."""
    one = Telephone(box, "fxs1")
    letter = make_pdf(tmp_path / "two.pdf", ["Eins", "Zwei"])
    simulate(box, "load", "fxs1", str(letter), "--ident", "+49 221 31")
    with box.watching("fax") as watcher:
        one.dials("80")
        watcher.wait("fax", what="page", direction="in", timeout=_FAX_S)
        one.do("hang_up")
        watcher.wait("fax", what="received", direction="in", timeout=60)
    (fax,) = box.control("fax.journal", direction="in", box="main", limit=1)
    assert (fax["state"], fax["pages_in_document"], fax["document"]) == ("failed", 1, True)
    assert fax["reason"]["de"]
    one.rests()
