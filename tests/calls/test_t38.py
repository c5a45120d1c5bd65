"""Faxes over a provider with T.38: rtpengine stands between, every dot arrives though packets are lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.fax.documents import dots, to_fax
from tests.support.box import Box, office
from tests.support.fax import make_pdf
from tests.support.faxing import over, pages, received, send
from tests.support.provider import Provider

PREFIX = "+4930777"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"fax:secret-of-fax:{PREFIX}",)) as running:
        yield running


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    documents = office(
        "21",
        fax_box={"main": {"number": "80", "extension": "21", "caller_number": f"{PREFIX}000"}},
        number={
            "fax": {
                "number": f"{PREFIX}000",
                "steps": [{"targets": [{"kind": "fax_box", "ref": "main"}], "seconds": 20}],
            }
        },
        trunk={
            "provider": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "fax",
                "secret": "secret-of-fax",
                "default_number": f"{PREFIX}000",
                "t38": True,
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as made:
        made.start_fax()
        provider.wait("registered", account="fax")
        made.eventually(lambda: made.control("fax.status")["t38"] == "up", "the gateway to be up", 30)
        yield made


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pdf(tmp_path_factory.mktemp("letter") / "brief.pdf", ["Guten Tag"])


def call(box: Box, provider: Provider, letter: Path, tmp_path: Path, **conduct: Any) -> dict[str, Any]:
    """A machine out there faxes to the box; what became of it there."""
    to_fax([letter], tmp_path / "theirs.tif", fine=False)
    provider.call(f"{PREFIX}000", "+4930999198", fax=str(tmp_path / "theirs.tif"), **conduct)
    found: dict[str, Any] = provider.wait("fax_over", timeout=120, sent=True)
    return found


def test_a_fax_goes_out_by_t38_though_packets_are_lost(box: Box, provider: Provider, letter: Path) -> None:
    """The machine that answers changes to T.38; two of a hundred packets are lost each way."""
    (fax,) = send(box, letter, "030999196")
    sent = over(box, fax)
    assert (sent["state"], sent["remote_ident"], len(sent["attempts"])) == ("done", "+49 30 555098", 1), sent
    there = provider.wait("fax_over", timeout=30, sent=False)
    assert (there["cause"], there["pages"], there["t38"]) == ("received", 1, True)
    assert dots(Path(there["file"])) == pages(box, fax)


def test_a_fax_comes_in_by_t38_though_packets_are_lost(
    box: Box, provider: Provider, letter: Path, tmp_path: Path
) -> None:
    there = call(box, provider, letter, tmp_path, t38=True, loss=2)
    assert (there["cause"], there["t38"]) == ("sent", True)
    got = received(box, "main")
    assert (got["state"], got["remote_ident"]) == ("done", "+49 30 555098")
    assert pages(box, got["fax"]) == dots(tmp_path / "theirs.tif")
    (record,) = box.records(1)[-1:]
    assert {leg["quality"]["codec"] for leg in record["legs"]} <= {"PCMA", "PCMU"}


def test_a_provider_that_refuses_t38_gets_g711(
    box: Box, provider: Provider, letter: Path, tmp_path: Path
) -> None:
    there = call(box, provider, letter, tmp_path)
    assert (there["cause"], there["t38"]) == ("sent", False)
    got = received(box, "main")
    assert pages(box, got["fax"]) == dots(tmp_path / "theirs.tif")
