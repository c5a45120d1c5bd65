"""Documents become fax pages and faxes become PDF, by the programs that really do it."""

import subprocess
from pathlib import Path

import pytest

from appliance.fax.documents import Cover, DocumentError, Fault, dots, to_fax, to_pdf
from appliance.fax.sandbox import Bounds, run
from appliance.fax.tiff import read_pages
from tests.support.fax import make_pdf


def text_of(pdf: Path, page: int = 1) -> str:
    command = ["pdftotext", "-f", str(page), "-l", str(page), str(pdf), "-"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_a_pdf_becomes_g4_pages_as_wide_as_fax_machines_want(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "a.pdf", ["Rechnung", "Seite zwei"])
    pages = to_fax([source], tmp_path / "a.tif")
    assert [(page.width, page.resolution, page.compression) for page in pages] == [(1728, (204, 196), 4)] * 2
    (_, first), (_, second) = dots(tmp_path / "a.tif")
    assert first != second
    assert any(first)


def test_standard_resolution_has_half_the_lines(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "a.pdf", ["x"])
    (page,) = to_fax([source], tmp_path / "a.tif", fine=False)
    assert page.resolution == (204, 98)
    assert 1100 < page.length < 1200


def test_header_and_cover_are_printed(tmp_path: Path) -> None:
    """Read back with eyes of a machine would need OCR: the dots at the top differ from page to page."""
    source = make_pdf(tmp_path / "a.pdf", ["same", "same"])
    plain = to_fax([source], tmp_path / "plain.tif")
    cover = Cover(title="Telefax", rows=(("An", "Köln (Büro)"), ("Von", "Anna \\ Berger")), text="Grüße\n)\n")
    pages = to_fax([source], tmp_path / "b.tif", header="23.11. Büro Seite {page}/{pages}", cover=cover)
    assert (len(plain), len(pages)) == (2, 3)
    stripe = 1728 // 8 * 40
    tops = [page[:stripe] for _, page in dots(tmp_path / "b.tif")]
    assert len(set(tops)) == 3
    assert not any(dots(tmp_path / "plain.tif")[0][1][:stripe])
    below = 1728 // 8 * 60
    bodies = [[page[below:] for _, page in dots(tmp_path / f"{name}.tif")] for name in ("plain", "b")]
    assert bodies[1][1:] == bodies[0]


def test_a_received_fax_becomes_a_pdf_of_the_same_dots(tmp_path: Path) -> None:
    to_fax([make_pdf(tmp_path / "a.pdf", ["eins", "zwei"])], tmp_path / "a.tif")
    to_pdf(tmp_path / "a.tif", tmp_path / "b.pdf", title="Fax")
    info = subprocess.run(["pdfinfo", tmp_path / "b.pdf"], capture_output=True, check=True, text=True).stdout
    assert "Pages:           2" in info
    to_fax([tmp_path / "b.pdf"], tmp_path / "again.tif")
    assert len(read_pages(tmp_path / "again.tif")) == 2


def test_text_is_set_and_broken_into_pages(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Hallo Welt äöü\n" * 130, encoding="utf-8")
    assert len(to_fax([tmp_path / "a.txt"], tmp_path / "a.tif")) == 3


def test_a_tiff_is_taken_as_well(tmp_path: Path) -> None:
    to_fax([make_pdf(tmp_path / "a.pdf", ["eins", "zwei"])], tmp_path / "a.tif")
    assert len(to_fax([tmp_path / "a.tif"], tmp_path / "b.tif")) == 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"  \n", Fault.EMPTY),
        (b"\x89PNG\r\n\x1a\n\0\0\0", Fault.KIND),
        (b"%PDF-1.4\nrubbish", Fault.BROKEN),
        (b"II*\0\xff\xff\xff\xff", Fault.BROKEN),
    ],
)
def test_what_cannot_be_faxed_is_refused_with_a_reason(tmp_path: Path, content: bytes, fault: Fault) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DocumentError) as refused:
        to_fax([tmp_path / "a"], tmp_path / "a.tif")
    assert refused.value.fault is fault
    assert refused.value.hint
    assert not (tmp_path / "a.tif").exists()


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    make_pdf(tmp_path / "a.pdf", ["geheim"], password="secret")
    with pytest.raises(DocumentError) as refused:
        to_fax([tmp_path / "a.pdf"], tmp_path / "a.tif")
    assert refused.value.fault is Fault.ENCRYPTED


def test_a_pdf_of_500_pages_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    make_pdf(tmp_path / "a.pdf", [str(number) for number in range(500)])
    with pytest.raises(DocumentError) as refused:
        to_fax([tmp_path / "a.pdf"], tmp_path / "a.tif", bounds=Bounds(seconds=5))
    assert refused.value.fault is Fault.TOO_MANY_PAGES


def test_a_program_that_takes_too_long_or_too_much_is_ended(tmp_path: Path) -> None:
    assert run(["sleep", "60"], tmp_path, Bounds(seconds=0.2)).too_long
    ran = run(["python3", "-c", "bytearray(10**9)"], tmp_path, Bounds(memory_bytes=200_000_000))
    assert "MemoryError" in ran.text
