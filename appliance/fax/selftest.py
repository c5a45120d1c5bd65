"""The box faxes a page to itself through the core, and compares every dot."""

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ConfigError, NotFound
from appliance.fax.documents import dots, to_fax
from appliance.fax.rows import Fax
from appliance.fax.settings import FaxSettings
from appliance.fax.store import FaxStore
from appliance.model.documents import FaxBox

SOURCE = "selftest"
PAGE = b"Ortsamt\n\nSelbsttest - self-test\n\n" + b"".join(
    bytes([33 + (row * 7 + column) % 90 for column in range(80)]) + b"\n" for row in range(40)
)
_MARK = "TEST "


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the page. ``detail``: what went wrong."""

    good: bool
    detail: str
    received: str = ""


def mark(fax: str) -> str:
    """The ident by which the receiving end knows the test."""
    return f"{_MARK}{fax[-10:]}"


class Expected:
    """Idents under which machines at ports are about to send the test page."""

    def __init__(self) -> None:
        self._idents: set[str] = set()

    def new(self) -> str:
        """One that nobody has: digits, as machines send nothing else (T.30 §5.3.6.2.4)."""
        ident = f"00 {secrets.randbelow(10**12):012}"
        self._idents.add(ident)
        return ident

    def has(self, ident: str) -> bool:
        """Whether it was made here since the service began."""
        return ident in self._idents


def test_page() -> bytes:
    """The page as a fax (TIFF)."""
    with tempfile.TemporaryDirectory() as folder:
        source, tiff = Path(folder) / "test.txt", Path(folder) / "test.tif"
        source.write_bytes(PAGE)
        to_fax([source], tiff)
        return tiff.read_bytes()


def is_test(fax: Fax, store: FaxStore, expected: Expected) -> bool:
    """Whether a fax is one of a self-test, at either end."""
    if fax.source == SOURCE:
        return True
    ident = fax.figures.remote_ident
    if expected.has(ident):
        return True
    if fax.direction != "in" or not ident.startswith(_MARK):
        return False
    return any(
        mark(one.id) == ident for one in store.journal(direction="out", limit=200) if one.source == SOURCE
    )


def check_box(box: FaxBox) -> str:
    """The number to dial; raises ConfigError for a box that cannot be tested so."""
    if not box.number or box.extension is None:
        raise ConfigError(
            f"fax box {box.id} cannot call itself",
            error_id="fax.selftest",
            field="box",
            hint="the test needs an internal number and an extension",
        )
    return box.number


def verdict(fax: Fax, settings: FaxSettings, store: FaxStore) -> Verdict:
    """Compare what arrived; raises NotFound for a fax that is no test."""
    if fax.source != SOURCE:
        raise NotFound(f"fax {fax.id} is no self-test", hint="start one: fax.test")
    if fax.ended is None:
        return Verdict(good=False, detail="it is still under way")
    arrived = [
        one
        for one in store.journal(direction="in", box=fax.box, limit=50)
        if one.figures.remote_ident == mark(fax.id) and one.kept
    ]
    if fax.state.value != "done" or not arrived:
        return Verdict(good=False, detail=fax.cause.value if fax.cause is not None else "nothing arrived")
    same = dots(settings.tiff(fax.id)) == dots(settings.tiff(arrived[0].id))
    return Verdict(good=same, detail="" if same else "dots differ", received=arrived[0].id)


def arrival(ident: str, box: str, settings: FaxSettings, store: FaxStore) -> Verdict | None:
    """What a machine sent under this ident; None: nothing has come to its end yet."""
    found = (
        one
        for one in store.journal(direction="in", box=box, limit=50)
        if one.figures.remote_ident == ident and one.ended is not None
    )
    fax = next(found, None)
    if fax is None:
        return None
    if fax.state.value != "done" or not fax.kept:
        return Verdict(good=False, detail=fax.cause.value if fax.cause is not None else "no page arrived")
    with tempfile.TemporaryDirectory() as folder:
        sent = Path(folder) / "sent.tif"
        sent.write_bytes(test_page())
        same = dots(settings.tiff(fax.id)) == dots(sent)
    return Verdict(good=same, detail="" if same else "dots differ", received=fax.id)
