"""The seams between call control and the outside: what each kind of equipment must offer.

Everything here is called on the engine thread and must not block it. Events come back through the
``sink`` given at start, on the engine thread as well; a port that learns something on another thread
hands it over through its own queue, emptied in ``poll``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.model.analog_line import LineEvent, LineHealth, LineTest, PortId, RingCadence
from appliance.model.dect_air import DectCommand, DectEvent, DectSetup, DectState
from appliance.model.documents import Audio, Device, Trunk
from appliance.model.effects import Endpoint, LegEffect
from appliance.model.events import Event
from appliance.model.fax import FaxBox
from appliance.model.gsm import GsmCommand, GsmEvent, GsmModule, ModuleState
from appliance.model.ids import LegId, TrunkId
from appliance.model.snapshot import Snapshot

EventSink = Callable[[Event], None]


class TrunkStatus(StrEnum):
    """Whether a trunk can take calls."""

    DISABLED = "disabled"
    TRYING = "trying"
    REGISTERED = "registered"
    REACHABLE = "reachable"
    """A static trunk that has not failed."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkState:
    """The last word on a trunk. ``detail`` is for people: ``403 Forbidden``, ``no answer from …``."""

    trunk: TrunkId
    status: TrunkStatus
    detail: str = ""
    server: str = ""
    """``address:port`` of the server in use, as far as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMedia:
    """How the audio of a living leg is now, for status pages."""

    leg: LegId
    codec: str
    secure: bool
    received_packets: int
    lost_packets: int
    jitter_ms: float
    round_trip_ms: float
    mos: float | None
    """See :func:`appliance.model.listening.mos`."""


class SipPort(Protocol):
    """SIP phones (behind the edge) and SIP trunks; pjsua2 stands behind it."""

    def start(self, sink: EventSink) -> None:
        """Open transports; raises DeviceUnavailable when a port is taken."""

    def stop(self) -> None:
        """End every leg, unregister, close; bounded in time."""

    def poll(self, max_ms: int) -> None:
        """Handle SIP and media events for at most so long, returning early when something happened."""

    def execute(self, effect: LegEffect) -> None:
        """Do what call control wants; failures come back as LegEnded, never as an exception."""

    def apply_devices(self, devices: Iterable[Device]) -> None:
        """Know these accounts: which device and extension an authenticated user name stands for."""

    def apply_fax_boxes(self, boxes: Iterable[FaxBox]) -> None:
        """Know the boxes in whose name the fax engine may call."""

    def apply_trunks(self, trunks: Iterable[Trunk]) -> None:
        """Make the set of trunk accounts equal to this; calls on changed trunks go on."""

    def apply_audio(self, recordings: Iterable[Audio]) -> None:
        """Play these own recordings from now on; what plays goes on."""

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk."""

    def leg_media(self) -> tuple[LegMedia, ...]:
        """Live figures of every leg that has audio."""


class AudioPort(Protocol):
    """The sound of a line that is no SIP leg: frames of 20 ms, 16 bit little-endian mono at 8 kHz, 320 bytes
    (attached as wide-band: 16 kHz, 640 bytes).

    The mixer owns the clock of both methods: it calls each every 20 ms on a thread of its own. Neither may
    block or raise; behind them are ring buffers to the line's own thread and clock.
    """

    def read(self) -> bytes:
        """The next frame that the line says; silence when there is none."""

    def write(self, frame: bytes) -> None:
        """The next frame for the line; what does not fit is dropped."""


class MediaPort(Protocol):
    """The mixer, for ports whose legs are no SIP legs. Who hears what is call control's ``SetAudio``."""

    def attach(self, leg: LegId, audio: AudioPort, *, exact: bool = False, wideband: bool = False) -> None:
        """From now on the leg sounds like this; before its LegIncoming or any other event of it.

        ``exact``: it carries data, whose samples must pass unchanged; ``wideband``: at 16 kHz.
        A leg may get another sound later; who hears whom stays.
        """

    def detach(self, leg: LegId) -> None:
        """The leg is over; ``audio`` is not called any more once this returns, save for a frame under way."""


class LegPort(Protocol):
    """Equipment with legs of its own beside SIP: GSM modules, analog lines, handsets."""

    def start(self, sink: EventSink) -> None:
        """Begin; equipment that is not there now is no error, it may come later."""

    def stop(self) -> None:
        """End every leg, let go of the equipment; bounded in time."""

    def poll(self) -> None:
        """Hand over what happened since the last time; at once, it never waits."""

    def reaches(self, endpoint: Endpoint) -> bool:
        """Whether a leg to there is made here."""

    def execute(self, effect: LegEffect) -> None:
        """Do what call control wants of a leg of ours; failures come back as LegEnded through ``poll``."""

    def apply(self, snapshot: Snapshot) -> None:
        """The configuration changed; calls in progress go on."""

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk of this port."""


class GsmModem(Protocol):
    """One GSM module. ``order`` and the properties may be used on any thread and never block."""

    def start(self, sink: Callable[[GsmEvent], None]) -> None:
        """Begin to talk to the module on a thread of its own, on which ``sink`` is called."""

    def stop(self) -> None:
        """End its call, let go of it; bounded in time."""

    def configure(self, settings: GsmModule | None) -> None:
        """What the office says about it; None: nothing, its SIM is left alone."""

    def order(self, command: GsmCommand) -> None:
        """Have this done; what becomes of it is told by events."""

    @property
    def audio(self) -> AudioPort:
        """The sound of its call, silence between calls."""

    @property
    def state(self) -> ModuleState:
        """All that is known of it now."""


class SoundUser(Protocol):
    """Who speaks with a telephone: called by the thread that has its sound, never blocks, never raises."""

    def exchange(self, frame: bytes) -> bytes:
        """Take 20 ms of what the telephone says and give 20 ms for it to hear (as AudioPort's frames)."""


class DectSystem(Protocol):
    """One DECT system: bases and handsets of one maker. Methods may be called on any thread, none waits.

    A driver brings the system to what ``configure`` says and keeps it there: handsets of the setup get their
    account, name and extension; what it does not name is left alone. Enrolments are kept by the system; a
    driver that is started anew finds them again.
    """

    def start(self, sink: Callable[[DectEvent], None]) -> None:
        """Begin to talk to the system on a thread of the driver's own, on which ``sink`` is called."""

    def stop(self) -> None:
        """End its calls, let go of it; bounded in time."""

    def configure(self, setup: DectSetup) -> None:
        """What the office wants of it from now on; first before ``start``."""

    def order(self, command: DectCommand) -> None:
        """Have this done; what becomes of it is told by events. Calls: with local media only."""

    def listen(self, leg: LegId, user: SoundUser | None) -> None:
        """Local media: who speaks with the handset while this call lasts, on the clock of the system's sound;
        from HandsetCalls or HandsetAnswers on frames are as these say (``wideband``).
        """

    @property
    def state(self) -> DectState:
        """All that is known of it now."""


class LineUser(SoundUser, Protocol):
    """Who sits behind an analog line: called from within ``FxsLine.turn``."""

    def happened(self, event: LineEvent) -> None:
        """Something was seen on the line; in the order of its times."""


class FxsLine(Protocol):
    """One analog line circuit. The line's clock is the master: ``turn`` waits for its next 20 ms.

    All methods belong to one thread, the one that calls ``turn``. After DeviceUnavailable the line is closed
    and may be opened again later: cards are pulled out and come back.
    """

    @property
    def id(self) -> PortId:
        """The name of the port."""

    def open(self) -> None:
        """Take hold of the equipment and feed the line; raises DeviceUnavailable."""

    def close(self) -> None:
        """Stop ringing, let go of the equipment; may be called in any state."""

    def now_ms(self) -> int:
        """The line's clock."""

    def turn(self, user: LineUser) -> None:
        """Wait for the next 20 ms, tell what happened, exchange sound. Raises DeviceUnavailable when gone."""

    def ring(self, cadence: RingCadence) -> None:
        """Ring until told to stop or the handset is lifted (ring trip is the equipment's or driver's own)."""

    def stop_ringing(self) -> None:
        """Silence the bell; nothing when it does not ring."""

    def sound_on_hook(self, milliseconds: int) -> None:
        """Let sound through to a telephone on the hook for so long: the caller's identity is sent so."""

    def reverse(self, reversed_: bool) -> None:
        """Turn the polarity of the feed; what cannot do it ignores it."""

    def set_gain(self, to_phone_db: float, from_phone_db: float) -> bool:
        """Make it louder or softer; False: the equipment cannot, whoever asks must."""

    def set_lamp(self, messages: int) -> None:
        """Light the equipment's own message lamp; what has none ignores it."""

    def set_flash(self, longest_ms: int) -> None:
        """Equipment that tells a flash from hanging up by itself does so at this length."""

    def for_data(self, data: bool) -> None:
        """True: a fax machine or modem speaks: echo canceller and all other help off."""

    def health(self) -> LineHealth:
        """How the line is now."""

    def test(self) -> LineTest:
        """Measure what can be measured without disturbing anybody."""


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def monotonic_ms(self) -> int:
        """Milliseconds that never jump."""
