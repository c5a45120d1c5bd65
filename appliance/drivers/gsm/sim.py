"""Opening a SIM, or finding out who must act: never the last try of a PIN, never the same twice. Pure."""

import contextlib
from collections.abc import Callable, Generator
from typing import Protocol

import structlog

from appliance.drivers.gsm.at import Reply, fields, number
from appliance.drivers.gsm.families import Family
from appliance.drivers.gsm.script import Ask, Pause
from appliance.model.gsm import ModuleStatus

SIM_BUSY = 14
_NO_SIM = frozenset({10, 13, 15})
_SIM_ID = ("AT+CCID", "AT+QCCID", "AT+CICCID")
"""What asks for the SIM's own number (ICCID), which needs no PIN, in the words of the makers."""
_SIM_ID_PREFIXES = ("+CCID:", "+QCCID:", "+ICCID:")
_HARMLESS_TRIES = 1
"""So many tries are always left to a person."""
_Opening = Generator[Ask | Pause, Reply, ModuleStatus]

log = structlog.get_logger(__name__)


class PinMemory(Protocol):
    """Which PINs a SIM has refused, kept over restarts: such a PIN is tried once and never again.

    ``sim`` is its ICCID, or the module's IMEI when it does not tell that.
    """

    def refused(self, sim: str, pin: str) -> bool:
        """It was tried, and nobody knows that it was right."""

    def note(self, sim: str, pin: str) -> None:
        """It is about to be tried; on disk before this returns, else OSError."""

    def right(self, sim: str, pin: str) -> None:
        """It was the right one."""


def opening(
    *,
    family: Family,
    pins: PinMemory,
    pin: Callable[[], str],
    imei: str,
    place: str,
    tell: Callable[[str], None],
) -> _Opening:
    """A dialogue that ends with READY, or with who must do something; ``tell`` gets details for people."""
    for _ in range(60):
        reply = yield Ask(text="AT+CPIN?", prefixes=("+CPIN:",), needs_answer=True)
        if not reply.ok and reply.code == SIM_BUSY:
            yield Pause(1000)
            continue
        break
    word = reply.value().upper() if reply.ok else ""
    if word == "SIM PIN":
        return (yield from _entering(family, pins, pin(), imei, place, tell))
    if word == "READY":
        return ModuleStatus.READY
    if word in ("SIM PUK", "PH-SIM PUK", "SIM PUK2"):
        return ModuleStatus.PUK_WANTED
    if reply.code in _NO_SIM or "NOT" in word:
        return ModuleStatus.SIM_BROKEN if reply.code in (13, 15) else ModuleStatus.NO_SIM
    return ModuleStatus.SIM_BROKEN


def _entering(
    family: Family, pins: PinMemory, pin: str, imei: str, place: str, tell: Callable[[str], None]
) -> _Opening:
    """Try the PIN if that leaves a person at least one try, and this SIM never refused it."""
    sim = imei
    for text in _SIM_ID:
        reply = yield Ask(text=text, prefixes=_SIM_ID_PREFIXES, bare=True, needs_answer=True)
        found = "".join(char for char in "".join(reply.lines) if char.isdecimal() and char.isascii())
        if reply.ok and 18 <= len(found) <= 20:
            sim = found
            break
    tries: int | None = None
    for way in family.pin_tries:
        reply = yield Ask(text=way.ask, prefixes=(way.prefix,), needs_answer=True)
        tries = number(fields(reply.value()), way.place) if reply.ok else None
        if tries is not None:
            break
    tell(f"{tries} tries left" if tries is not None else "")
    if tries is not None and tries <= _HARMLESS_TRIES:
        return ModuleStatus.PIN_LAST_TRY
    if not pin:
        return ModuleStatus.PIN_WANTED
    if pins.refused(sim, pin):
        return ModuleStatus.PIN_WRONG
    try:
        pins.note(sim, pin)
    except OSError as error:  # it cannot be remembered: then it is not tried
        tell(f"the PIN is not tried: {error}")
        return ModuleStatus.PIN_WANTED
    reply = yield Ask(text=f'AT+CPIN="{pin}"', timeout_ms=15_000)
    if not reply.ok:
        log.warning("module.pin_refused", place=place, error=reply.error)
        return ModuleStatus.PIN_WRONG
    with contextlib.suppress(OSError):
        pins.right(sim, pin)
    for _ in range(20):
        reply = yield Ask(text="AT+CPIN?", prefixes=("+CPIN:",), needs_answer=True)
        if reply.ok and reply.value().upper() == "READY":
            break
        yield Pause(500)
    return ModuleStatus.READY
