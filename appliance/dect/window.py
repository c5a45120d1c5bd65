"""A window for enrolment, as every system keeps one: who may come, until when, how it went."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.model.dect import spaced
from appliance.model.dect_air import DectEvent, Enrolled, Enrolment, EnrolmentOver, EnrolStatus, OpenEnrolment

_OPEN = (EnrolStatus.OPENING, EnrolStatus.OPEN)


@dataclass(slots=True)
class Window:
    """``now`` is the wall clock; what is to be told comes back, for the driver to emit."""

    now: Callable[[], datetime]
    enrolment: Enrolment = Enrolment()  # noqa: RUF009 - it is frozen

    @property
    def open(self) -> bool:
        """Whether somebody is waited for."""
        return self.enrolment.status in _OPEN

    @property
    def left_s(self) -> float:
        """How long it stays open, 0 when it is not."""
        until = self.enrolment.until
        return max(0.0, (until - self.now()).total_seconds()) if self.open and until is not None else 0.0

    def begin(self, order: OpenEnrolment, pin: str, ipei: str) -> None:
        """Somebody wants it open; what was open before is forgotten."""
        until = self.now() + timedelta(seconds=order.seconds)
        self.enrolment = Enrolment(
            status=EnrolStatus.OPENING, until=until, handset=order.handset, ipei=ipei, pin=pin
        )

    def opened(self) -> None:
        """The system lets handsets in now."""
        if self.open:
            self.enrolment = replace(self.enrolment, status=EnrolStatus.OPEN)

    def suits(self, ipei: str) -> bool:
        """Whether this one may come."""
        return self.open and self.enrolment.ipei in ("", ipei)

    def came(self, key: str, ipei: str) -> DectEvent:
        """The one that was waited for is there."""
        handset = self.enrolment.handset
        self.enrolment = replace(self.enrolment, status=EnrolStatus.DONE, ipei=ipei, detail="")
        return Enrolled(key=key, ipei=ipei, handset=handset)

    def over(self, status: EnrolStatus, why: str) -> tuple[DectEvent, ...]:
        """Nobody came; nothing is told when it was not open."""
        if not self.open:
            return ()
        self.enrolment = replace(self.enrolment, status=status, detail=why)
        return (EnrolmentOver(status=status, why=why, handset=self.enrolment.handset),)

    def expire(self) -> tuple[DectEvent, ...]:
        """Close it if its time is up."""
        if not self.open or self.left_s > 0:
            return ()
        who = f"handset {spaced(self.enrolment.ipei)}" if self.enrolment.ipei else "no handset"
        never = "has not enrolled" if self.enrolment.ipei else "has enrolled"
        return self.over(
            EnrolStatus.EXPIRED,
            f"{who} {never} in time: is it near a base, was the PIN {self.enrolment.pin} typed there?",
        )
