"""Calls of an emulated module's handsets: their signals, and their sound in the slots of its bus."""

import math
from array import array
from collections.abc import Callable

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.numbers import Codec, Event, Ie, Progress, Reason
from appliance.dect.cmbs.slots import Place, put_in, take_out
from appliance.dect.emulator.air import Handset
from appliance.fxs.emulator.hearing import describe
from appliance.provider.call import State

_LEVEL = 6000
_REMEMBERED = 60
"""Frames of what was heard last: 1.2 s."""
Say = Callable[..., None]
"""Event, elements."""


class ModuleCall:
    """One; see ``emulator.air.AirCall``. ``number`` is the handset's at the module."""

    def __init__(
        self, handset: Handset, number: int, instance: int, *, wideband: bool, say: Say, incoming: bool
    ) -> None:
        self.handset = handset
        self.number = number
        self.instance = instance
        self.wideband = wideband
        self.incoming = incoming
        self.state = State.NEW
        self.party = ""
        self.display = ""
        self.auto_answer = False
        self.tone_hz = handset.tone_hz
        self.place: Place | None = None
        self._say = say
        self._heard: list[bytes] = []
        self._at = 0
        self._waiting = ""
        """Digits that go out one by one once the base wants them."""

    # --- its user

    def dial(self, digits: str) -> None:
        """Press the green key, with the number typed before, or key by key afterwards."""
        typed, self._waiting = (digits, "") if self.wideband else ("", digits)
        self.state = State.PROCEEDING
        called = (el.party(Ie.CALLED_PARTY, el.Party(number=typed)),) if typed else ()
        offered = (Codec.LINEAR_WIDEBAND, Codec.LINEAR) if self.wideband else (Codec.LINEAR,)
        self.say(
            Event.CALL_ESTABLISH,
            el.party(Ie.CALLER_PARTY, el.Party(number=str(self.number), plan=no.PLAN_HANDSET)),
            *called,
            el.codecs(offered[0], offered),
        )

    def lift(self) -> None:
        """Take the call."""
        self.state = State.TALKING
        self.say(Event.CALL_ANSWER, self._codec())

    def hang_up(self) -> None:
        """The red key."""
        if self.state is not State.OVER:
            rings = self.incoming and self.state is State.NEW
            self.release(Reason.USER_REJECTION if rings else Reason.NORMAL)

    def hold(self, on: bool) -> None:
        """The R key: each time one press."""
        del on
        self.say(Event.CALL_INBAND_INFO, el.info(no.Info.DIGIT, bytes((no.RECALL,))))

    def press(self, digits: str) -> None:
        """Keys, one by one."""
        for key in digits:
            self.say(Event.CALL_INBAND_INFO, el.info(no.Info.DIGIT, key.encode()))

    def speak(self, hertz: int) -> None:
        """Say another tone."""
        self.tone_hz, self._at = hertz, 0

    # --- the module

    def release(self, why: Reason) -> None:
        """End it from this side."""
        self.state = State.OVER
        self.say(Event.CALL_RELEASE, el.reason(why))

    def wanted(self) -> None:
        """The base wants digits."""
        waiting, self._waiting = self._waiting, ""
        self.press(waiting)

    def start_channel(self, frame: Frame) -> bool:
        """Open the sound; False: the slots fit no codec."""
        slots = el.channel_of(frame).slots
        lane = (slots & -slots).bit_length() // 2
        place = Place(lane=lane, wideband=slots.bit_count() == 4)
        if place.slots != slots or (place.wideband and not self.wideband):
            return False
        self.place = place
        return True

    def say(self, event: Event, *elements: Element) -> None:
        """Of this call."""
        self._say(event, el.long(Ie.CALL_INSTANCE, self.instance), *elements)

    def _codec(self) -> Element:
        used = Codec.LINEAR_WIDEBAND if self.wideband else Codec.LINEAR
        return el.codecs(used, (used,))

    def answer_setup(self) -> None:
        """It rings at the handset."""
        self.say(Event.CALL_PROGRESS, el.byte(Ie.CALL_PROGRESS, Progress.RINGING))

    # --- sound

    def exchange(self, to_handsets: "array[int]", from_handsets: "array[int]") -> None:
        """20 ms."""
        if self.place is None:
            return
        self._heard.append(take_out(to_handsets, self.place))
        del self._heard[:-_REMEMBERED]
        put_in(from_handsets, self.place, self._tone())

    def hears(self) -> str:
        """What its user would say."""
        wide = self.place is not None and self.place.wideband
        return describe(b"".join(self._heard), 16000 if wide else 8000)

    def forget_sound(self) -> None:
        """What was heard before is no longer of interest."""
        self._heard.clear()

    def _tone(self) -> bytes:
        rate = 16000 if self.place is not None and self.place.wideband else 8000
        count = rate // 50
        step = 2 * math.pi * self.tone_hz / rate
        begin = self._at
        self._at = (begin + count) % rate
        return array("h", (int(_LEVEL * math.sin(step * at)) for at in range(begin, begin + count))).tobytes()
