"""The box faxes a page to itself through the core, and compares every dot."""

from dataclasses import dataclass

from appliance.errors import ConfigError, NotFound
from appliance.fax.documents import dots
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


def is_test(fax: Fax, store: FaxStore) -> bool:
    """Whether a fax is one of a self-test, at either end."""
    if fax.source == SOURCE:
        return True
    ident = fax.figures.remote_ident
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
