"""Ports as legs: what call control is told of a port that is not there, another's, or without its card."""

import threading
from collections.abc import Callable

import pytest

from appliance.app.analog import settings_of, whole_numbers
from appliance.fxs.legs import AnalogLegs
from appliance.media.spandsp.keys import KeyListener
from appliance.model import effects as fx
from appliance.model.analog import AnalogDevice
from appliance.model.causes import Cause
from appliance.model.documents import Application, Extension, Service, Site
from appliance.model.events import Event, LegEnded, LegHeld, LegIncoming, LegRinging, LegTransfer, LegTrying
from appliance.model.features import ParkLot
from appliance.model.ids import DeviceId, ExtensionId, LegId, ServiceId
from appliance.model.plan import Presentation
from appliance.model.snapshot import build
from appliance.ports import AudioPort
from tests.contract.fxs.rig import PORT, Rig, make_rig


class Mixer:
    """A MediaPort that only remembers who has a place."""

    def __init__(self) -> None:
        self.places: dict[LegId, AudioPort] = {}

    def attach(self, leg: LegId, audio: AudioPort, *, exact: bool = False, wideband: bool = False) -> None:
        assert leg not in self.places
        self.places[leg] = audio

    def detach(self, leg: LegId) -> None:
        del self.places[leg]


class Exchange:
    """Legs over one port, moved by hand."""

    def __init__(self, family: str, *, node: str = "") -> None:
        self.rig: Rig = make_rig(family)
        self.mixer = Mixer()
        self.events: list[Event] = []
        self.by_itself = False
        """The port has a thread of its own."""
        self.pause = threading.Event()
        ids = iter(f"own{number}" for number in range(100))
        self.legs = AnalogLegs(
            {PORT: self.rig.port}, node="box", media=self.mixer, new_id=ids.__next__, settings_of=settings_of
        )
        self.rig.port._sink = self.legs.reported
        self.legs._sink = self.events.append
        self.legs._seats[PORT].state = self.rig.state
        self.legs.apply(
            build(
                [
                    Extension(id=ExtensionId("23"), number="23"),
                    AnalogDevice(id=DeviceId("a23"), extension=ExtensionId("23"), port=PORT, node=node),
                ]
            )
        )

    def originate(self, leg: str, port: str = PORT, device: str = "a23") -> None:
        self.legs.execute(
            fx.Originate(
                leg=LegId(leg),
                endpoint=fx.ToAnalog(device=DeviceId(device), port=port),
                present=Presentation(number="21", name="Anna"),
            )
        )
        self.run(40)

    def run(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 20):
            if self.by_itself:
                self.pause.wait(0.005)
            else:
                self.rig.port.turn()
            self.legs.poll()

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(2000):
            if condition():
                return
            self.run(20)
        raise AssertionError(f"{self.events}")


@pytest.fixture
def exchange(family: str) -> Exchange:
    return Exchange(family)


def ended(leg: str, cause: Cause) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, LegEnded) and (event.leg, event.cause) == (leg, cause)


def test_a_port_that_was_plugged_in_later(exchange: Exchange) -> None:
    """The office knew who would be there; the card comes, and the bell rings."""
    legs, rig = exchange.legs, exchange.rig
    del legs._seats[PORT]
    port = legs._ports.pop(PORT)
    exchange.originate("early")
    assert ended("early", Cause.UNREACHABLE)(exchange.events[-1])
    rig.card.remove()
    rig.port.turn()
    rig.card.insert()
    exchange.by_itself = True
    legs.plug(PORT, port)
    exchange.until(lambda: PORT in legs._seats and legs._seats[PORT].state == "idle")
    assert [(who, one.port) for who, one in legs.health()] == [("a23", PORT)]
    exchange.originate("caller")
    exchange.until(lambda: LegRinging(leg=LegId("caller")) in exchange.events)
    rig.port.stop()


def test_a_port_that_is_not_there_or_another_s(exchange: Exchange, family: str) -> None:
    exchange.originate("one", port="fxs9")
    exchange.originate("two", device="somebody")
    assert any(map(ended("one", Cause.UNREACHABLE), exchange.events))
    assert any(map(ended("two", Cause.UNREACHABLE), exchange.events))
    elsewhere = Exchange(family, node="south")
    elsewhere.originate("three")
    assert any(map(ended("three", Cause.UNREACHABLE), elsewhere.events))
    assert not exchange.mixer.places
    assert not elsewhere.rig.phone.bells


def test_it_rings_until_the_card_is_pulled_out(exchange: Exchange) -> None:
    exchange.originate("one")
    exchange.until(lambda: LegRinging(leg=LegId("one")) in exchange.events)
    assert exchange.events[0] == LegTrying(leg=LegId("one"))
    exchange.rig.card.remove()
    exchange.until(lambda: any(map(ended("one", Cause.UNREACHABLE), exchange.events)))
    assert not exchange.mixer.places
    exchange.originate("two")
    assert any(map(ended("two", Cause.UNREACHABLE), exchange.events))
    exchange.rig.card.insert()
    exchange.run(200)
    exchange.originate("three")
    exchange.until(lambda: LegRinging(leg=LegId("three")) in exchange.events)


def test_every_leg_ends_once_however_it_ends(exchange: Exchange) -> None:
    exchange.rig.phone.lift()
    exchange.rig.phone.wait(200)
    exchange.rig.phone.keys("21#")
    exchange.until(lambda: any(isinstance(one, LegIncoming) for one in exchange.events))
    leg = next(one.leg for one in exchange.events if isinstance(one, LegIncoming))
    exchange.rig.phone.hang_up()
    exchange.legs.execute(fx.EndLeg(leg=leg, cause=Cause.BUSY))
    exchange.run(2000)
    exchange.legs.execute(fx.EndLeg(leg=leg, cause=Cause.NORMAL))
    exchange.legs.execute(fx.Answer(leg=leg))
    exchange.run(100)
    assert [one.cause for one in exchange.events if isinstance(one, LegEnded)] == [Cause.BUSY]
    assert (exchange.rig.state, exchange.mixer.places) == ("idle", {})


def call(exchange: Exchange, number: str, *, answered: bool = True) -> LegId:
    """The user dials; the leg of that."""
    before = len(exchange.events)
    exchange.rig.phone.wait(300)
    exchange.rig.phone.keys(number + "#")

    def wanted() -> list[LegId]:
        return [one.leg for one in exchange.events[before:] if isinstance(one, LegIncoming)]

    exchange.until(lambda: bool(wanted()))
    (leg,) = wanted()
    if answered:
        exchange.legs.execute(fx.Answer(leg=leg))
    exchange.run(100)
    return leg


def test_a_key_of_the_party_is_heard_as_sound(exchange: Exchange) -> None:
    exchange.rig.phone.lift()
    leg = call(exchange, "21")
    del exchange.rig.phone.heard[:]
    exchange.legs.execute(fx.SendDigit(leg=leg, digit="7"))
    exchange.run(400)
    listener = KeyListener()
    heard = bytes(exchange.rig.phone.heard)
    assert "".join(listener.hear(heard[at : at + 320]) for at in range(0, len(heard), 320)) == "7"


def transfer(exchange: Exchange) -> tuple[LegId, LegId]:
    """Call one, hold it, call another, press R4."""
    exchange.rig.phone.lift()
    held = call(exchange, "21")
    exchange.rig.phone.flash()
    exchange.run(600)
    other = call(exchange, "22")
    exchange.rig.phone.flash()
    exchange.rig.phone.wait(300)
    exchange.rig.phone.keys("4")
    wanted = LegTransfer(leg=held, target="", replaces=other)
    exchange.until(lambda: wanted in exchange.events)
    return held, other


def test_a_transfer_that_fails_brings_the_party_back(exchange: Exchange) -> None:
    held, other = transfer(exchange)
    exchange.rig.phone.hang_up()
    exchange.run(2000)
    exchange.legs.execute(fx.TransferResult(leg=held, sip_status=503))
    exchange.until(lambda: exchange.rig.phone.rings)
    exchange.rig.phone.lift()
    exchange.until(lambda: LegHeld(leg=held, held=False) in exchange.events)
    assert exchange.rig.state == "talking"
    assert not any(isinstance(one, LegEnded) and one.leg == held for one in exchange.events)
    assert any(isinstance(one, LegEnded) and one.leg == other for one in exchange.events)


def test_numbers_that_are_whole() -> None:
    documents = (
        Extension(id=ExtensionId("21"), number="21"),
        Extension(id=ExtensionId("3"), number="3"),
        Extension(id=ExtensionId("31"), number="31"),
        Service(id=ServiceId("echo"), number="*43", application=Application.ECHO),
        ParkLot(id="lot", first="70", count=2),
    )
    with_prefix = whole_numbers(build([Site(outside_prefix="0"), *documents]))
    assert with_prefix == {"110", "112", "0110", "0112", "21", "31", "70", "71"}
    assert whole_numbers(build([Site(), *documents])) == {"110", "112"}
