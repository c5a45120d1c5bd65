"""Two real T.30 terminals on one wire: what is sent arrives dot by dot, and every bad end has its cause."""

from pathlib import Path

import pytest

from appliance.fax.documents import dots, to_fax
from appliance.fax.t30 import TerminalSettings
from appliance.fax.terminal import FRAME_BYTES, FaxTerminal
from appliance.model.fax import FaxCause
from tests.support.fax import make_pdf, on_one_wire


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("document")
    to_fax([make_pdf(folder / "a.pdf", ["Eins", "Zwei", "Drei"])], folder / "a.tif")
    return folder / "a.tif"


@pytest.mark.parametrize(("ecm", "rate"), [(True, 14400), (False, 14400), (True, 9600), (False, 4800)])
def test_every_dot_arrives(document: Path, tmp_path: Path, ecm: bool, rate: int) -> None:
    told: list[int] = []
    sender = FaxTerminal(document, sends=True, settings=TerminalSettings(ident="+49 221 1", ecm=ecm))
    receiver = FaxTerminal(
        tmp_path / "got.tif",
        sends=False,
        settings=TerminalSettings(ident="+49 30 2", rate=rate),
        page_done=told.append,
    )
    on_one_wire(sender, receiver)
    sender.close()
    receiver.close()
    sent, got = sender.result(), receiver.result()
    assert (sent.cause, got.cause) == (FaxCause.SENT, FaxCause.RECEIVED)
    assert dots(document) == dots(tmp_path / "got.tif")
    assert (sent.figures.pages, got.figures.pages, told) == (3, 3, [1, 2, 3])
    assert (got.figures.rate, got.figures.ecm) == (rate, ecm)
    assert (sent.figures.remote_ident, got.figures.remote_ident) == ("+49 30 2", "+49 221 1")
    assert got.figures.resolution == (204, 196)


def test_a_line_that_is_cut_leaves_the_pages_that_came(document: Path, tmp_path: Path) -> None:
    sender = FaxTerminal(document, sends=True)
    receiver = FaxTerminal(tmp_path / "got.tif", sends=False)
    on_one_wire(sender, receiver, seconds=15)
    sender.close()
    receiver.close()
    assert (sender.result().cause, receiver.result().cause) == (FaxCause.HUNG_UP, FaxCause.HUNG_UP)
    pages = receiver.result().figures.pages
    assert 1 <= pages < 3
    assert dots(document)[:pages] == dots(tmp_path / "got.tif")[:pages]


def test_a_voice_that_answers_is_no_fax(document: Path) -> None:
    sender = FaxTerminal(document, sends=True)
    for _ in range(50 * 90):
        sender.say()
        sender.hear(bytes(FRAME_BYTES))
        if sender.over.is_set():
            break
    assert sender.result().cause is FaxCause.NO_FAX
    sender.close()
    sender.close()


def test_the_last_page_counts_even_without_a_farewell(document: Path, tmp_path: Path) -> None:
    sender = FaxTerminal(document, sends=True)
    receiver = FaxTerminal(tmp_path / "got.tif", sends=False)
    while sender.figures.pages < 3:
        to_receiver, to_sender = sender.say(), receiver.say()
        receiver.hear(to_receiver)
        sender.hear(to_sender)
    sender.close()
    receiver.close()
    assert (sender.result().cause, receiver.result().cause) == (FaxCause.SENT, FaxCause.RECEIVED)


def test_a_file_that_is_no_fax_is_the_documents_fault(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"nothing")
    sender = FaxTerminal(tmp_path / "a.tif", sends=True)
    receiver = FaxTerminal(tmp_path / "got.tif", sends=False)
    on_one_wire(sender, receiver, seconds=90)
    sender.close()
    receiver.close()
    assert sender.result().cause is FaxCause.DOCUMENT
    assert receiver.result().cause is not FaxCause.RECEIVED
