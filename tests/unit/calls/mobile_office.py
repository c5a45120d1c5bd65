"""An office whose people have mobiles, with the real planner: parties call, press keys, answer, hang up."""

import itertools
from datetime import timedelta
from typing import Any

from appliance.calls.control import CallControl
from appliance.model import effects as fx
from appliance.model import events as ev
from appliance.model.causes import Cause
from appliance.model.documents import (
    Callthrough,
    Device,
    Document,
    Extension,
    Mobile,
    Number,
    RingStep,
    Site,
    Target,
    TargetKind,
    Trunk,
)
from appliance.model.ids import (
    E164,
    CallthroughId,
    DeviceId,
    ExtensionId,
    LegId,
    MobileId,
    NumberId,
    TimerId,
    TrunkId,
)
from appliance.model.plan import Caller, FromDevice, FromTrunk
from appliance.model.records import CallRecord
from appliance.model.snapshot import build
from appliance.routing.plan import plan
from tests.unit.calls import office

OFFICE, GATE = E164("+4922155501"), E164("+4922155599")
MOBILE = E164("+4915112345678")
STRANGER = "+4930123456"
PIN = "471147"


def documents(*, mobile: dict[str, Any] | None = None, gate: dict[str, Any] | None = None) -> list[Document]:
    """21 has a mobile and a phone, 22 a phone; one number rings 21, the gate lets mobiles through."""
    found: list[Document] = [
        Site(area_code="221", default_caller_number=OFFICE),
        Trunk(id=TrunkId("t"), host="sip.example.net", username="u", max_calls=9, no_screening=True),
        Mobile(id=MobileId("anna"), extension=ExtensionId("21"), number=MOBILE, **(mobile or {})),
        Callthrough(id=CallthroughId("gate"), **(gate or {})),
        Number(id=NumberId("gate"), number=GATE, steps=(ring(TargetKind.CALLTHROUGH, "gate"),)),
        Number(id=NumberId("office"), number=OFFICE, steps=(ring(TargetKind.EXTENSION, "21"),)),
    ]
    for one in ("21", "22"):
        pin = PIN if one == "21" else ""
        found.append(Extension(id=ExtensionId(one), number=one, name=f"Phone {one}", pin=pin))
        found.append(Device(id=DeviceId(one), extension=ExtensionId(one), username=one, secret="x" * 10))
    return found


def ring(kind: TargetKind, ref: str) -> RingStep:
    return RingStep(targets=(Target(kind=kind, ref=ref),), seconds=20)


class House:
    """Call control and everybody around it."""

    def __init__(self, *more: Document, **changes: Any) -> None:
        ids = itertools.count(1)
        self.now = office.NOW
        self.effects: list[fx.Effect] = []
        self.timers: dict[TimerId, int] = {}
        self.hears: dict[LegId, fx.AudioSource] = {}
        self.dialled: dict[LegId, fx.Originate] = {}
        """Outgoing legs, the newest last."""
        self.over: dict[LegId, Cause] = {}
        self.records: dict[str, CallRecord] = {}
        self.lamps: dict[str, fx.LineState] = {}
        self.alarms: list[object] = []
        self._names = itertools.count(1)
        snapshot = build([*documents(**changes), *more])
        self.control = CallControl(planner=plan, new_id=lambda: f"id{next(ids)}", snapshot=snapshot)

    def feed(self, event: ev.Event) -> None:
        """One event; legs that are ended report their end."""
        effects = self.control.handle(event, self.now)
        self.effects += effects
        ended = []
        for effect in effects:
            match effect:
                case fx.SetAudio():
                    self.hears[effect.leg] = effect.hears
                case fx.StartTimer():
                    self.timers[effect.timer] = effect.after_ms
                case fx.CancelTimer():
                    self.timers.pop(effect.timer, None)
                case fx.Originate():
                    self.dialled[effect.leg] = effect
                case fx.EndLeg():
                    self.over[effect.leg] = effect.cause
                    ended.append(effect)
                case fx.RecordCall():
                    self.records[effect.record.call] = effect.record
                case fx.PublishLine():
                    self.lamps[effect.number] = effect.state
                case fx.Consult(call=None):
                    self.alarms.append(effect.request)
                case _:
                    pass
        for one in ended:
            self.feed(ev.LegEnded(leg=one.leg, cause=one.cause, by_remote=False))

    def calls_in(self, number: str = GATE, caller: str = MOBILE, *, withheld: bool = False) -> LegId:
        """Somebody out there calls one of our numbers."""
        leg = LegId(f"in{next(self._names)}")
        said = Caller(number="" if withheld else caller, withheld=withheld)
        self.feed(ev.LegIncoming(leg=leg, origin=FromTrunk(trunk=TrunkId("t")), caller=said, dialled=number))
        return leg

    def phone_calls(self, extension: str, dialled: str) -> LegId:
        """A phone of ours dials."""
        leg = LegId(f"in{next(self._names)}")
        origin = FromDevice(device=DeviceId(extension), extension=ExtensionId(extension))
        self.feed(ev.LegIncoming(leg=leg, origin=origin, caller=Caller(), dialled=dialled))
        return leg

    def press(self, leg: LegId, keys: str) -> None:
        """Press keys."""
        for key in keys:
            self.feed(ev.LegDigit(leg=leg, digit=key))

    def listen(self, leg: LegId) -> tuple[str, ...]:
        """Hear prompts to their end; what they were."""
        heard = self.hears[leg]
        assert isinstance(heard, fx.HearsList), heard
        self.feed(ev.PlaybackEnded(leg=leg, playback=heard.playback))
        return heard.names

    def wait(self, what: str) -> None:
        """Let the timer of this kind run out."""
        timer = next(one for one in self.timers if one.startswith(f"{what}:"))
        self.now += timedelta(milliseconds=self.timers.pop(timer))
        self.feed(ev.TimerExpired(timer=timer))

    def rung(self, place: str) -> LegId:
        """The newest outgoing leg to a device's user or a number as dialled."""
        for leg, effect in reversed(self.dialled.items()):
            endpoint = effect.endpoint
            said = endpoint.dial if isinstance(endpoint, fx.ToTrunk) else getattr(endpoint, "username", "")
            if said.endswith(place) and leg not in self.over:
                return leg
        raise AssertionError(f"{place} is not rung: {list(self.dialled.values())}")

    def rings(self, place: str) -> bool:
        """Whether it is rung and has not been ended."""
        try:
            self.rung(place)
        except AssertionError:
            return False
        return True

    def alert(self, leg: LegId) -> LegId:
        """It rings there."""
        self.feed(ev.LegRinging(leg=leg))
        return leg

    def answer(self, leg: LegId) -> LegId:
        """The party answers."""
        self.feed(ev.LegAnswered(leg=leg))
        return leg

    def hang_up(self, leg: LegId, cause: Cause = Cause.NORMAL) -> None:
        """The party hangs up, or refuses."""
        self.over[leg] = cause
        self.feed(ev.LegEnded(leg=leg, cause=cause))

    def talk(self, one: LegId, other: LegId) -> bool:
        """Whether these two hear each other."""
        both = fx.HearsLegs(legs=frozenset({other})), fx.HearsLegs(legs=frozenset({one}))
        return (self.hears.get(one), self.hears.get(other)) == both

    def tone(self, leg: LegId) -> fx.ToneKind | None:
        """Which tone it hears."""
        heard = self.hears.get(leg)
        return heard.tone if isinstance(heard, fx.HearsTone) else None

    def enter(self, pin: str = PIN) -> LegId:
        """Call in by mobile and key in the PIN, up to the dial tone."""
        leg = self.calls_in()
        self.answer(leg)
        assert self.listen(leg) == ("enter_pin",)
        self.press(leg, pin)
        assert self.tone(leg) is fx.ToneKind.DIAL
        return leg

    def ended_records(self) -> list[CallRecord]:
        """Records of calls that are over, oldest first."""
        return [one for one in self.records.values() if one.ended is not None]
