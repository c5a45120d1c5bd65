"""Bases, handsets and who hears whom. On an asyncio loop; families (OMM, provisioned bases) live in it.

A handset is at one base or nowhere. A family is told when it moves or its user types a PIN, and gives it the
account that it telephones with.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from appliance.errors import ConfigError, NotFound
from appliance.model.decode import suggestion
from appliance.phone import events as phone
from appliance.provider.call import State


@dataclass(slots=True, kw_only=True)
class Base:
    """A base; ``powered`` False: somebody pulled the plug."""

    mac: str
    name: str = ""
    powered: bool = True
    model: str = "EMU"
    hears: dict[str, int] = field(default_factory=dict)
    """Other bases by MAC: dBm."""


class AirCall(Protocol):
    """A call of a handset, as its user has it in hand."""

    state: State
    party: str
    display: str
    tone_hz: int
    auto_answer: bool

    def lift(self) -> None:
        """Take it."""

    def hang_up(self) -> None:
        """The red key."""

    def hold(self, on: bool) -> None:
        """The R key, and again."""

    def press(self, digits: str) -> None:
        """Keys within a call."""

    def speak(self, hertz: int) -> None:
        """Say another tone from now on."""


class Phones(Protocol):
    """What makes and takes the calls of handsets, by their names there."""

    registered: dict[str, bool]
    messages: dict[str, int]

    def call(self, username: str, number: str, *, tone_hz: int) -> AirCall | None:
        """Call a number."""


@dataclass(slots=True, kw_only=True)
class Handset:
    """A handset, and what its user does with it."""

    name: str
    ipei: str
    tone_hz: int
    base: str = ""
    """MAC of the base it is at; empty: out of range."""
    system: "Family | None" = None
    """Where it is enrolled."""
    display: str = ""
    """What it shows besides calls: why it could not enrol, its name."""
    phones: Phones | None = None
    username: str = ""
    call: AirCall | None = None
    rings: bool = False
    caller: str = ""
    hears: str = ""
    rung: int = 0
    """How often it has rung."""
    missed: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """What the other party pressed."""

    @property
    def state(self) -> str:
        """What it does, in a word."""
        if self.system is None:
            return "not enrolled"
        if not self.base:
            return "searching"
        if self.rings:
            return "rings"
        if self.call is not None and self.call.state is not State.OVER:
            return "talks" if self.call.state is State.TALKING else "calls"
        return "idle"

    @property
    def talking(self) -> bool:
        """Whether it has a call, in whatever state."""
        return self.call is not None and self.call.state is not State.OVER

    @property
    def registered(self) -> bool:
        """Whether its account is registered."""
        return self.phones is not None and self.phones.registered.get(self.username, False)


class Family(Protocol):
    """A system in the air."""

    name: str

    def bases(self) -> tuple[Base, ...]:
        """Its own."""

    async def enrol(self, handset: Handset, pin: str) -> str:
        """A user types the PIN at a handset; empty: it is enrolled, else what its display shows."""

    async def look_up(self, handset: Handset, words: str) -> list[tuple[str, str]]:
        """Search the central phone book: names and numbers."""

    def moved(self, handset: Handset, before: str) -> None:
        """It was at another base before (empty: nowhere)."""

    def power(self, base: Base) -> None:
        """Its plug was pulled or put back (``powered`` says which)."""

    def press(self, base: Base) -> None:
        """Somebody holds its key, as some makers want it before a handset may enrol."""


class Air:
    """Everything in reach of each other; ``changed`` is called after every change."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.families: list[Family] = []
        self.handsets: dict[str, Handset] = {}
        self.changed = changed
        self.lookers: list[Callable[[], None]] = []
        """Called before somebody looks: what is heard may be found out only then."""

    def add_handset(self, name: str, ipei: str, *, base: str = "", tone_hz: int = 0) -> Handset:
        """A new one, out of its box."""
        made = Handset(name=name, ipei=ipei, base=base, tone_hz=tone_hz or 400 + 60 * len(self.handsets))
        self.handsets[name] = made
        return made

    def bases(self) -> Iterator[tuple[Family, Base]]:
        """All bases."""
        for family in self.families:
            for base in family.bases():
                yield family, base

    def base(self, name: str) -> tuple[Family, Base]:
        """By MAC or name; raises NotFound."""
        for family, base in self.bases():
            if name.upper() == base.mac or name.lower() == base.name.lower():
                return family, base
        raise NotFound(
            f"base: there is no emulated base '{name[:40]}'",
            hint=suggestion(name, [base.name or base.mac for _, base in self.bases()]),
        )

    def handset(self, name: str) -> Handset:
        """By name; raises NotFound."""
        found = self.handsets.get(name)
        if found is None:
            raise NotFound(
                f"handset: there is no emulated handset '{name[:40]}'",
                hint=suggestion(name, list(self.handsets)),
            )
        return found

    # --- what users do

    async def enrol(self, name: str, pin: str) -> str:
        """Type the PIN; what the display shows after that."""
        handset = self.handset(name)
        if handset.system is not None:
            handset.display = "enrolled already"
            return handset.display
        for family in self.families:
            if any(base.powered for base in family.bases()):
                shown = await family.enrol(handset, pin)
                if not shown:
                    handset.system = family
                    if not handset.base:
                        handset.base = next(base.mac for base in family.bases() if base.powered)
                    family.moved(handset, "")
                    handset.display = "enrolled"
                    break
                handset.display = shown
        else:
            handset.display = handset.display or "no base found"
        self.changed()
        return handset.display

    async def look_up(self, name: str, words: str) -> list[tuple[str, str]]:
        """Search the central phone book at a handset; raises ConfigError for one that is nowhere enrolled."""
        handset = self.handset(name)
        if handset.system is None:
            raise ConfigError(f"handset {name} is not enrolled", error_id="simulate.away", hint="enrol it")
        return await handset.system.look_up(handset, words)

    def walk(self, name: str, to: str) -> None:
        """Go to a base, or away (``away``)."""
        handset = self.handset(name)
        before = handset.base
        handset.base = "" if to == "away" else self.base(to)[1].mac
        if handset.base != before and handset.system is not None:
            if not handset.base and handset.call is not None:
                handset.call.hang_up()
            handset.system.moved(handset, before)
        self.changed()

    def power(self, name: str, *, on: bool) -> None:
        """Pull or plug a base; handsets there are out of range until they find another."""
        family, base = self.base(name)
        if base.powered == on:
            return
        base.powered = on
        family.power(base)
        if not on:
            for handset in self.handsets.values():
                if handset.base == base.mac:
                    handset.base = ""
        self.changed()

    def press(self, name: str) -> None:
        """Hold the key of a base."""
        family, base = self.base(name)
        family.press(base)

    def lift(self, name: str) -> None:
        """Take the call that rings."""
        handset = self.handset(name)
        if not handset.rings or handset.call is None:
            raise ConfigError(f"handset {name} does not ring", error_id="simulate.idle", hint="dial with it")
        handset.rings = False
        handset.call.lift()

    def dial(self, name: str, number: str) -> None:
        """Call a number; within a call: press keys."""
        handset = self.handset(name)
        if handset.call is not None and handset.call.state is State.TALKING:
            handset.call.press(number)
            return
        if handset.phones is None or not handset.base:
            raise ConfigError(
                f"handset {name} is {handset.state}", error_id="simulate.away", hint="enrol it, walk"
            )
        handset.hears = ""
        handset.call = handset.phones.call(handset.username, number, tone_hz=handset.tone_hz)
        self.changed()

    def speak(self, name: str, hertz: int) -> None:
        """Say another tone, in this call and those that follow."""
        handset = self.handset(name)
        handset.tone_hz = hertz
        if handset.call is not None:
            handset.call.speak(hertz)

    def hold(self, name: str, *, on: bool) -> None:
        """Press R, or press it again."""
        handset = self.handset(name)
        if handset.call is not None:
            handset.call.hold(on)

    def hang_up(self, name: str) -> None:
        """Press the red key."""
        handset = self.handset(name)
        handset.rings = False
        if handset.call is not None:
            handset.call.hang_up()
        self.changed()

    # --- what families tell

    def incoming(self, handset: Handset, call: AirCall) -> int | None:
        """A call for it: None to ring, else what to refuse it with."""
        if not handset.base:
            return 480
        if handset.talking:
            return 486
        call.tone_hz = handset.tone_hz
        handset.call, handset.rings, handset.hears = call, True, ""
        handset.caller = " ".join(one for one in (call.party, call.display) if one)
        handset.rung += 1
        if call.auto_answer:
            handset.rings = False
            call.lift()
        self.changed()
        return None

    def happened(self, handset: Handset, event: object) -> None:
        """Something of its call, or of its account."""
        match event:
            case phone.Ended():
                if handset.rings:
                    handset.rings = False
                    handset.missed.append(handset.caller)
            case phone.Heard():
                handset.hears = f"{round(event.hz[0])} Hz" if event.hz else event.kind.value
            case phone.Digit():
                handset.keys.append(event.digit)
            case _:
                pass
        self.changed()

    def shown(self) -> dict[str, list[dict[str, object]]]:
        """For people and tests."""
        for look in self.lookers:
            look()
        return {
            "bases": [
                {
                    "base": base.name or base.mac,
                    "mac": base.mac,
                    "system": family.name,
                    "powered": base.powered,
                }
                for family, base in self.bases()
            ],
            "handsets": [
                {
                    "handset": one.name,
                    "ipei": one.ipei,
                    "system": one.system.name if one.system is not None else "",
                    "base": next((b.name or b.mac for _, b in self.bases() if b.mac == one.base), ""),
                    "state": one.state,
                    "registered": one.registered,
                    "display": one.caller if one.rings else one.display,
                    "hears": one.hears if one.state in ("talks", "calls") else "",
                    "messages": one.phones.messages.get(one.username, 0) if one.phones is not None else 0,
                    "missed": len(one.missed),
                }
                for one in self.handsets.values()
            ],
        }


async def until(holds: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until it holds; False when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
