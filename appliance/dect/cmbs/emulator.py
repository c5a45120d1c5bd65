"""An emulated module: it speaks the module's side on a pty, with its sound on a second one.

A family of ``dect.emulator.air``: handsets enrol, lift, dial, walk out of range; its one base can be pulled
out. Handsets with an even number in their names are old ones: narrow-band, and they dial key by key. What is
enrolled outlives a reset, and the process where there is a ``file``.
"""

import asyncio
import time
from array import array
from pathlib import Path
from typing import Any

import structlog

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.codec import Broken, Decoder, Element, Frame, encode
from appliance.dect.cmbs.emulated_calls import ModuleCall
from appliance.dect.cmbs.emulated_line import Mischief, PtyEnd
from appliance.dect.cmbs.emulated_list import ModuleList
from appliance.dect.cmbs.numbers import Command, Event, Ie, Param, Progress, Reason
from appliance.dect.cmbs.slots import BUS_BYTES
from appliance.dect.emulator.air import Air, AirCall, Base, Handset, until
from appliance.phone import events as phone
from appliance.provider.call import State

RFPI = bytes.fromhex("0300AB1234")
_FRAME_S = 0.02
_SEARCH_S = 0.4
"""So long a handset is paged."""
_BOOT_S = 0.2
_ENROL_S = 3.0
_AHEAD = 2 * BUS_BYTES
_OVER = phone.Ended(call=1, status=200, reason="", cause="", by_remote=True, seconds=0)
log = structlog.get_logger(__name__)


class EmulatedModule:
    """``device`` names its lines: there, and with ``-sound`` behind it. Started on the loop of ``air``."""

    name = "cmbs"

    def __init__(self, air: Air, base: Base, device: Path, file: Path | None = None) -> None:
        self.air = air
        self.base = base
        self.mischief = Mischief()
        self.asked: list[int] = []
        """Events of the host, for tests."""
        self.pin = "0000"
        self.clock: bytes = b""
        """The time as the host told it last."""
        self.list = ModuleList(air, file)
        self.registered: dict[str, bool] = {}
        self.messages: dict[str, int] = {}
        self.missed: dict[str, int] = {}
        self._open_until = 0.0
        self._wire = PtyEnd(device, self._received)
        self._sound = PtyEnd(device.with_name(device.name + "-sound"))
        self._decoder = Decoder()
        self._calls: dict[int, ModuleCall] = {}
        self._instances = 0
        self._packet = 0
        self._booting = False
        self._to_handsets = bytearray()
        self._rest = b""
        self.beats = 0
        """How many 20 ms its bus has run."""
        self._tasks: set[asyncio.Task[None]] = set()
        air.families.append(self)
        air.lookers.append(self._look)

    # --- life

    async def start(self) -> None:
        """Be plugged in."""
        self._plug()
        self._later(self._clocked())
        await until(lambda: not self._booting, _ENROL_S)

    async def stop(self) -> None:
        """Be gone."""
        for task in self._tasks:
            task.cancel()
        self._unplug()

    def _plug(self) -> None:
        self._wire.plug()
        self._sound.plug()
        self._rest = b""
        self._reset()

    def _unplug(self) -> None:
        self._drop_calls()
        self._wire.pull()
        self._sound.pull()

    def _reset(self) -> None:
        """Start anew: calls and the window are forgotten."""
        self._drop_calls()
        self._open_until = 0.0
        self._decoder = Decoder()
        self.messages.clear()
        for number, ipei in self.list.ipeis.items():
            self._settle(number, ipei)
        self._booting = True
        self._later(self._boot())

    async def _boot(self) -> None:
        await asyncio.sleep(_BOOT_S)
        self._booting = False
        self._say(Event.TARGET_UP)

    def _drop_calls(self) -> None:
        for call in list(self._calls.values()):
            self._over(call)

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def window_open(self) -> bool:
        """Whether a handset may enrol."""
        return time.monotonic() < self._open_until

    def mute(self) -> None:
        """Its sound is unplugged."""
        self._sound.pull()

    def unmute(self) -> None:
        """It is back."""
        self._sound.plug()

    # --- Family

    def bases(self) -> tuple[Base, ...]:
        """It is one."""
        return (self.base,)

    async def enrol(self, handset: Handset, pin: str) -> str:
        """A user types the PIN at a handset."""
        if not await until(lambda: self.window_open, _SEARCH_S):
            return "no base found"
        if pin != self.pin:
            return "wrong PIN"
        number = self.list.take(handset)
        if not number:
            return "full"
        handset.base = handset.base or self.base.mac
        self._settle(number, handset.ipei)
        self._open_until = 0.0
        asked = len(self.asked)
        info = el.HandsetInfo(number=number, registered=True, ipei=handset.ipei, model=3)
        self._say(Event.HANDSET_REGISTERED, el.handset_info(info), el.byte(Ie.RESPONSE, no.OK))
        self._say(Event.CLOSE_REGISTRATION, el.byte(Ie.CLOSE_REASON, no.CLOSED_AFTER_REGISTRATION))
        await until(lambda: Event.CLOSE_REGISTRATION in self.asked[asked:] or self._gone(number), _ENROL_S)
        return "refused" if self._gone(number) else ""

    async def look_up(self, handset: Handset, words: str) -> list[tuple[str, str]]:
        """A module has no phone book."""
        del handset, words
        return []

    def press(self, base: Base) -> None:
        """It has no key."""

    def _gone(self, number: int) -> bool:
        return number not in self.list.ipeis

    def moved(self, handset: Handset, before: str) -> None:
        """It is there again, or is not."""
        number = self.list.number(handset)
        if number and handset.username:
            self.registered[handset.username] = bool(handset.base)
            if handset.base and not before:
                self._say(Event.HANDSET_IN_RANGE, el.long(Ie.INTEGER_VALUE, number))

    def power(self, base: Base) -> None:
        """Pulled out, or put back."""
        if base.powered:
            self._plug()
        else:
            self._unplug()

    # --- Phones

    def call(self, username: str, number: str, *, tone_hz: int) -> AirCall | None:
        """A user dials."""
        handset = next((one for one in self.air.handsets.values() if one.username == username), None)
        place = self.list.number(handset) if handset is not None else 0
        if handset is None or not place or not self.base.powered:
            return None
        self._instances += 1
        made = ModuleCall(
            handset, place, self._instances, wideband=_modern(handset), say=self._say, incoming=False
        )
        made.tone_hz = tone_hz
        self._calls[made.instance] = made
        made.dial(number)
        return made

    # --- handsets

    def _settle(self, number: int, ipei: str) -> None:
        for handset in self.air.handsets.values():
            if handset.ipei == ipei:
                handset.system, handset.phones, handset.username = self, self, f"hs{number}"
                self.registered[handset.username] = bool(handset.base)

    def _delete(self, number: int) -> None:
        handset = self.list.handset(number)
        self.list.drop(number)
        if handset is not None:
            handset.system, handset.phones, handset.username = None, None, ""
            handset.display = "not enrolled"
        self.air.changed()

    # --- the line

    def _say(self, event: int, *elements: Element, command: bytes = b"") -> None:
        if self.mischief.silent or not self._wire.open_:
            return
        if self.mischief.lose:
            self.mischief.lose -= 1
            return
        self._packet = (self._packet + 1) & 0xFFFF
        frame = Frame(event=event, elements=elements, command=command, packet=self._packet)
        data = self.mischief.noise + encode(frame, checked=self._decoder.checked)
        if self.mischief.spoil:
            self.mischief.spoil -= 1
            data = data[:-1] + bytes((data[-1] ^ 0x5A,))
        step = self.mischief.pieces or len(data)
        for at in range(0, len(data), step):
            self._wire.write(data[at : at + step])

    def _received(self, data: bytes) -> None:
        if self.mischief.silent or self._booting:
            return
        for one in self._decoder.feed(data):
            if isinstance(one, Broken):
                log.warning("module.broken_frame", why=one.why)
                continue
            if self.mischief.stop_flow:
                self._say(Command.FLOW_STOP, command=bytes(2))
                self._later(self._go_on())
            self._take(one)
        self.air.changed()

    async def _go_on(self) -> None:
        await asyncio.sleep(0.05)
        self._say(Command.FLOW_GO, command=bytes(2))

    def _take(self, frame: Frame) -> None:
        self.asked.append(frame.event)
        del self.asked[:-1000]
        ok = el.byte(Ie.RESPONSE, no.OK)
        match frame.event:
            case Command.HELLO:
                self._drop_calls()
                self._decoder.checked = False
                hello = self.mischief.version.to_bytes(2, "little") + b"\x12\x05\x00"
                self._say(Command.HELLO_REPLY, command=hello)
            case Command.CAPABILITIES:
                self._say(Command.CAPABILITIES_REPLY, command=bytes((0, 0, 0, 0, 1, 0, 0, 0)))
                self._decoder.checked = bool(frame.command[4] & 1)
            case Event.SYS_START | Event.PING:
                self._say(frame.event + 1, ok)
            case Event.SYS_RESET:
                self._reset()
            case Event.PARAM_GET:
                self._say(Event.PARAM_GET_DONE, el.parameter(Param.RFPI, RFPI), ok)
            case Event.PARAM_SET:
                which, value = el.parameter_of(frame)
                if which == Param.AUTH_PIN:
                    self.pin = value.hex().lstrip("f")
                self._say(Event.PARAM_SET_DONE, el.parameter(Param(which)), ok)
            case Event.SUBSCRIBED_GET:
                listed = (
                    el.listed(el.Listed(number=one, name=self.list.names.get(one, "")))
                    for one in self.list.ipeis
                )
                refused = el.byte(Ie.RESPONSE, 1)
                self._say(
                    Event.SUBSCRIBED_GET_DONE, *((refused,) if self.mischief.refuse_lists else (*listed, ok))
                )
            case Event.SUBSCRIBED_SET:
                for one in el.listed_of(frame):
                    self.list.name(one.number, one.name)
                    handset = self.list.handset(one.number)
                    if handset is not None:
                        handset.display = one.name
                self._say(Event.SUBSCRIBED_SET_DONE, ok)
            case Event.OPEN_REGISTRATION:
                self._open_until = time.monotonic() + el.value_of(frame, Ie.INTEGER_VALUE, 4)
                self._say(Event.OPEN_REGISTRATION_DONE, ok)
            case Event.CLOSE_REGISTRATION:
                self._open_until = 0.0
                self._say(Event.CLOSE_REGISTRATION_DONE, ok)
            case Event.HANDSET_DELETE:
                for number in el.numbers_in(el.value_of(frame, Ie.INTEGER_VALUE, 4)):
                    self._delete(number)
                self._say(Event.HANDSET_DELETE_DONE, ok)
            case Event.SEND_MWI | Event.SEND_MISSED_CALLS:
                self._lamp(frame)
                self._say(frame.event + 1, ok)
            case Event.TIME_UPDATE:
                self.clock = frame.get(Ie.DATE_TIME) or b""
                self._say(Event.TIME_UPDATE_DONE, ok)
            case _ if frame.get(Ie.CALL_INSTANCE) is not None:
                self._take_call(frame)
            case _:
                log.info("module.unknown", code=hex(frame.event))

    def _lamp(self, frame: Frame) -> None:
        for number in el.numbers_in(el.value_of(frame, Ie.HANDSETS, 2)):
            lamps = self.messages if frame.event == Event.SEND_MWI else self.missed
            lamps[f"hs{number}"] = el.waiting_of(frame)

    # --- calls

    def _take_call(self, frame: Frame) -> None:
        instance = el.value_of(frame, Ie.CALL_INSTANCE, 4)
        if frame.event == Event.CALL_ESTABLISH:
            self._ring(instance, frame)
            return
        call = self._calls.get(instance)
        if call is None:
            return
        match frame.event:
            case Event.CALL_PROGRESS if el.value_of(frame, Ie.CALL_PROGRESS, 1) == Progress.SETUP_ACK:
                call.wanted()
            case Event.CALL_ANSWER:
                call.state = State.TALKING
            case Event.CALL_INBAND_INFO:
                who = el.party_of(frame, Ie.CALLER_PARTY)
                call.handset.caller = " ".join(one for one in (who.number, el.name_of(frame)) if one)
                call.handset.display = call.handset.caller
            case Event.CHANNEL_START:
                started = call.start_channel(frame)
                call.say(Event.CHANNEL_START_DONE, el.byte(Ie.RESPONSE, 0 if started else 1))
            case Event.CALL_RELEASE:
                call.say(Event.CALL_RELEASE_COMPLETE)
                self._over(call)
            case Event.CALL_RELEASE_COMPLETE:
                self._over(call)
            case _:
                return

    def _ring(self, instance: int, frame: Frame) -> None:
        called = el.party_of(frame, Ie.CALLED_PARTY).number
        number = int(called) if called.isdecimal() else 0
        handset = self.list.handset(number)
        if handset is None:
            self._refuse(instance, Reason.USER_UNKNOWN)
            return
        wideband = _modern(handset) and el.wideband_of(frame, offer=True)
        call = ModuleCall(handset, number, instance, wideband=wideband, say=self._say, incoming=True)
        call.party, call.display = el.party_of(frame, Ie.CALLER_PARTY).number, el.name_of(frame)
        if not handset.base:
            self._later(self._search(call))
            return
        refusal = self.air.incoming(handset, call)
        if refusal is not None:
            self._refuse(instance, Reason.USER_BUSY)
            return
        self._calls[instance] = call
        call.answer_setup()

    async def _search(self, call: ModuleCall) -> None:
        await asyncio.sleep(_SEARCH_S)
        self._refuse(call.instance, Reason.USER_NOT_IN_RANGE)

    def _refuse(self, instance: int, why: Reason) -> None:
        self._say(Event.CALL_RELEASE, el.long(Ie.CALL_INSTANCE, instance), el.reason(why))

    def _over(self, call: ModuleCall) -> None:
        self._calls.pop(call.instance, None)
        call.state, call.place = State.OVER, None
        self.air.happened(call.handset, _OVER)

    # --- sound

    async def _clocked(self) -> None:
        """The bus's clock: 50 times a second, without drift."""
        due = time.monotonic()
        while True:
            due += _FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - due > 1:
                due = time.monotonic()  # the machine was asleep
            if self._sound.open_ and not self.mischief.silent:
                self._beat()

    def _beat(self) -> None:
        self._to_handsets += self._sound.read()
        heard = (
            bytes(self._to_handsets[:BUS_BYTES]) if len(self._to_handsets) >= BUS_BYTES else bytes(BUS_BYTES)
        )
        if len(self._to_handsets) >= BUS_BYTES:
            del self._to_handsets[:BUS_BYTES]
        while len(self._to_handsets) > _AHEAD:
            del self._to_handsets[:BUS_BYTES]  # the host stood still: what is late is not played
        out = array("h", bytes(BUS_BYTES))
        played = array("h", heard)
        for call in list(self._calls.values()):
            call.exchange(played, out)
        data = out.tobytes()
        self.beats += 1
        if self._rest:
            self._rest = self._rest[self._sound.write(self._rest) :]
        if not self._rest:
            # Whole frames only; while nobody takes them they are dropped.
            self._rest = data[self._sound.write(data) :]

    def _look(self) -> None:
        for call in self._calls.values():
            call.handset.hears = call.hears()


def _modern(handset: Handset) -> bool:
    return not (handset.name[-1:].isdigit() and int(handset.name[-1:]) % 2 == 0)
