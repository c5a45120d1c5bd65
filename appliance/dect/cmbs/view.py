"""What is known of a module as the state that others see. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.dect.cmbs.slots import OPENING
from appliance.model import dect_air as air
from appliance.model.dect_air import BaseStatus, DectStatus, HandsetStatus

MODEL = "DSP Group CMBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Of a module, now or before it went away."""

    status: DectStatus = DectStatus.CONNECTING
    detail: str = ""
    rfpi: str = ""
    firmware: str = ""
    ipeis: Mapping[int, str] = field(default_factory=dict)
    """Handset → identity, as far as it was told."""
    listed: Mapping[int, str] = field(default_factory=dict)
    """Handset → name, as the module has them."""
    away: frozenset[int] = frozenset()
    """Searched in vain, not heard of since."""
    calls: int = 0
    sound_trouble: str = ""

    @property
    def usable(self) -> DectStatus:
        """The status, with the sound: without it there are no calls."""
        if self.status is not DectStatus.READY or not self.sound_trouble:
            return self.status
        return DectStatus.CONNECTING if self.sound_trouble == OPENING else DectStatus.FAILED

    @property
    def why(self) -> str:
        """Why it cannot be used."""
        if self.usable is DectStatus.FAILED and self.status is DectStatus.READY:
            return f"calls have no sound: {self.sound_trouble}"
        return self.detail


def version_text(version: int, build: int) -> str:
    """As the maker writes it: ``4.08.1 (build 05.12)``."""
    if version & 0xF000:
        text = f"{version >> 12:x}.{version >> 4 & 0xFF:02x}.{version & 0xF:x}"
    else:
        text = f"{version >> 8:02x}.{version & 0xFF:02x}"
    return f"{text} (build {build >> 8:02x}.{build & 0xFF:02x})"


def view(setup: air.DectSetup, known: Known, enrolment: air.Enrolment) -> air.DectState:
    """The whole state."""
    net = setup.net
    return air.DectState(
        system=net.id,
        family=net.family,
        media=net.media,
        status=known.usable,
        detail=known.why,
        name=net.name,
        model=MODEL,
        firmware=known.firmware,
        park=known.rfpi,
        bases=_bases(setup, known),
        handsets=_handsets(setup, known),
        enrolment=enrolment,
    )


def _bases(setup: air.DectSetup, known: Known) -> tuple[air.BaseState, ...]:
    """The module is one; the first base of the document says how it is called and where it hangs."""
    if not known.rfpi:
        return ()
    named = next(iter(setup.net.bases), None)
    status = {
        DectStatus.READY: BaseStatus.READY,
        DectStatus.CONNECTING: BaseStatus.STARTING,
        DectStatus.TOO_OLD: BaseStatus.STRANGE,
        DectStatus.UNSUITED: BaseStatus.STRANGE,
    }.get(known.usable, BaseStatus.LOST)
    return (
        air.BaseState(
            key=named.mac if named is not None else known.rfpi,
            name=(named.name if named is not None else "") or setup.net.name or "Module",
            mac=named.mac if named is not None else "",
            location=named.location if named is not None else "",
            model=MODEL,
            firmware=known.firmware,
            status=status,
            detail=known.why,
            manager=True,
            sync_level=1,
            calls=known.calls,
        ),
    )


def _handsets(setup: air.DectSetup, known: Known) -> tuple[air.HandsetState, ...]:
    numbers = {ipei: number for number, ipei in known.ipeis.items() if ipei}
    if known.status is DectStatus.READY:
        numbers = {ipei: number for ipei, number in numbers.items() if number in known.listed}
    base = next((one.key for one in _bases(setup, known)), "")
    found = []
    ours = set()
    for one in setup.handsets:
        number = numbers.get(one.document.identity) if one.document.identity else None
        if number is None:
            status = HandsetStatus.EXPECTED
        elif one.document.blocked:
            status = HandsetStatus.BLOCKED
        elif known.usable is not DectStatus.READY or number in known.away:
            status = HandsetStatus.AWAY
        else:
            status = HandsetStatus.READY
        if number is not None:
            ours.add(number)
        lost = known.usable is not DectStatus.READY
        found.append(
            air.HandsetState(
                key="" if number is None else str(number),
                handset=one.document.id,
                ipei=one.document.identity,
                name=one.display,
                status=status,
                unreachable=lost or number is None,
                detail=known.why if lost else "",
                base=base if status is HandsetStatus.READY else "",
            )
        )
    strangers = known.listed if known.status is DectStatus.READY else known.ipeis
    for number in sorted(set(strangers) - ours):
        ipei = known.ipeis.get(number, "")
        found.append(
            air.HandsetState(
                key=str(number),
                ipei=ipei,
                name=known.listed.get(number, ""),
                status=HandsetStatus.STRANGE,
                detail="" if ipei else "its identity is not known: forget it and enrol it again",
            )
        )
    return tuple(found)
