"""An emulated GSM module: it plugs itself into folders that look like /sys and /dev, and speaks over ptys.

The driver finds it and works with it as with a real one. The test (or the demo) is the network: it lets
somebody call, answer, talk in a tone, send SMS, and pulls the plug.
"""

import contextlib
import os
import random
import select
import threading
import time
from array import array
from collections.abc import Callable
from itertools import pairwise
from math import pi, sin
from pathlib import Path

from appliance.drivers.gsm.emulated_at import EmulatedAt
from appliance.drivers.gsm.emulated_network import (
    Answering,
    EmulatedCall,
    Mischief,
    Network,
    Sim,
    StoredSms,
)
from appliance.drivers.gsm.emulated_sms import deliver_pdu, report_pdu
from appliance.drivers.gsm.emulated_usb import UsbPlace
from appliance.drivers.gsm.reports import CallStage

_FRAME = 160
_RING_MS = 300
_ANSWER_MS = 600
_HEARD_FRAMES = 50
_LOUD = 10_000


class EmulatedModule:
    """One module. Methods may be called on any thread; ``folder`` gets ``sys`` and ``dev``."""

    def __init__(
        self,
        folder: Path,
        *,
        family: str = "simcom",
        place: str = "1-1.2",
        imei: str = "860000000000017",
        serial: str = "0123456789",
        sim: Sim | None = None,
        network: Network | None = None,
        mischief: Mischief | None = None,
        answering: Answering = Answering.NOTHING,
        tone_hz: int = 440,
        seed: int = 1,
    ) -> None:
        self.folder = folder
        self.family = family
        self.place = place
        self.imei = imei
        self.serial = serial
        self.sim = sim or Sim()
        self.network = network or Network()
        self.mischief = mischief or Mischief()
        self.answering = answering
        self.tone_hz = tone_hz
        self.resets = 0
        self._random = random.Random(seed)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._at: EmulatedAt | None = None
        self._usb = UsbPlace(folder, family=family, place=place, serial=serial)
        self._out = bytearray()
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._heard: list[bytes] = []
        self._phase = 0
        self._click = False
        self.heard_click = threading.Event()
        self.heard_click_at = self.said_click_at = 0.0
        """Monotonic seconds, for measuring delay."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the plug

    def __enter__(self) -> "EmulatedModule":
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Appear on the USB, with ports under new names."""
        with self._lock:
            if self._thread is not None:
                return
            self._stop.clear()
            self.sim.opened = False
            self._at = EmulatedAt(
                family=self.family,
                imei=self.imei,
                sim=self.sim,
                network=self.network,
                mischief=self.mischief,
                say=self._say,
                on_dial=self._dialled,
                on_reset=lambda: self._later(0.02, self._reset),
            )
            self._out.clear()
            self._due.clear()
            self._usb.plug()
            self._thread = threading.Thread(target=self._run, name=f"gsm-emulator-{self.place}", daemon=True)
            self._thread.start()

    def unplug(self) -> None:
        """Vanish, whatever is going on."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)
        self._vanish()

    def _vanish(self) -> None:
        with self._lock:
            self._thread = None
            self._at = None
            self._usb.unplug()
            self._changed.notify_all()

    # --- what the network does

    def call(self, number: str = "+491701234567", *, withheld: bool = False) -> None:
        """Somebody calls; during a call it knocks."""
        with self._lock:
            at = self._need()
            call = EmulatedCall(number=number, incoming=True, stage=CallStage.INCOMING, withheld=withheld)
            if at.call is None:
                at.call = call
                at.tell(call)
                self._later(1.0, lambda: self._ring_again(call))
            else:
                call.index, call.stage = 2, CallStage.WAITING
                at.waiting = call
                at.report(f'+CCWA: "{number}",129,1')

    def far_rings(self) -> None:
        """It rings at the called party's."""
        with self._lock:
            self._need().enter(CallStage.ALERTING)

    def far_answers(self) -> None:
        """The called party answers."""
        with self._lock:
            self._need().become_active()

    def far_hangs_up(self, cause: str = "Normal call clearing", report: str = "") -> None:
        """The other party ends the call, or is busy, or does not exist."""
        with self._lock:
            self._need().released(cause, report)

    def far_presses(self, digit: str) -> None:
        """The other party presses a key."""
        with self._lock:
            head = {"quectel": f"+QTONEDET: {ord(digit)}", "simcom": f"+RXDTMF: {digit}"}
            self._need().report(head.get(self.family, f"+DTMF: {digit}"))

    def sms(self, text: str, sender: str = "+491701234567", *, parts: int = 1, announce: bool = True) -> None:
        """An SMS comes, in so many parts of about the same length."""
        size = max(1, -(-len(text) // parts))
        reference = self._random.randrange(256)
        pdus = [
            deliver_pdu(sender, text[i * size : (i + 1) * size], part=(reference, parts, i + 1))
            for i in range(parts)
        ]
        self.raw_sms(*pdus, announce=announce)

    def raw_sms(self, *pdus: str, announce: bool = True) -> None:
        """These octets come as SMS."""
        with self._lock:
            at = self._need()
            for pdu in pdus:
                place = next(i for i in range(256) if i not in self.network.stored)
                self.network.stored[place] = StoredSms(pdu=pdu)
                if announce:
                    at.report(f'+CMTI: "ME",{place}')

    def sms_report(self, reference: int, recipient: str = "+491701234567", status: int = 0) -> None:
        """The network says what became of a message."""
        text = report_pdu(reference, recipient, status)
        with self._lock:
            self._need().report(f"+CDS: {len(text) // 2 - 1}", text)

    def register(self, stage: int) -> None:
        """The registration changes (1 home, 2 searching, 3 denied, 5 roaming)."""
        with self._lock:
            self.network.registration = stage
            at = self._need()
            at.report(f'+CREG: {stage},"A1B2","01C3",7', f'+CEREG: {stage},"A1B2","01C3",7')

    # --- what a test looks at

    @property
    def stage(self) -> CallStage | None:
        """Of the call on the module."""
        with self._lock:
            return self._at.call.stage if self._at is not None and self._at.call is not None else None

    @property
    def current(self) -> EmulatedCall | None:
        """The call on the module."""
        with self._lock:
            return self._at.call if self._at is not None else None

    def wait(self, holds: Callable[["EmulatedModule"], object], timeout: float = 10) -> None:
        """Wait until something holds; raises AssertionError when it never does."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not holds(self):
                self._changed.wait(0.05)
                if time.monotonic() >= deadline:
                    raise AssertionError(f"waited {timeout} s in vain for the driver")

    def say_click(self) -> None:
        """The other party makes a short loud noise."""
        with self._lock:
            self._click = True

    def hears_hz(self) -> int:
        """The pitch of what the driver has said in the last second, 0 for silence."""
        with self._lock:
            data = b"".join(self._heard)
        samples = array("h")
        samples.frombytes(data[: len(data) // 2 * 2])
        loud = max((abs(one) for one in samples), default=0)
        if loud < 500 or len(samples) < 1600:
            return 0
        crossings = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
        return round(crossings * 8000 / len(samples))

    # --- the wire

    def _need(self) -> EmulatedAt:
        if self._at is None:
            raise AssertionError("the module is not plugged in")
        return self._at

    def _say(self, text: str) -> None:
        data = text.encode("latin-1", "replace")
        if self.mischief.rubbish:
            data = b"\x00\xff\xfe\r\n" + data
        self._out += data
        self._changed.notify_all()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + seconds, act))

    def _ring_again(self, call: EmulatedCall) -> None:
        at = self._at
        if at is not None and at.call is call and call.stage is CallStage.INCOMING:
            at.tell(call)
            self._later(1.0, lambda: self._ring_again(call))

    def _dialled(self) -> None:
        self._changed.notify_all()
        at = self._at
        if self.answering is Answering.ANSWERS and at is not None and at.call is not None:
            call = at.call
            if call.number.endswith("17"):
                self._later(_RING_MS / 1000, lambda: self._if_still(call, self._busy))
            else:
                self._later(_RING_MS / 1000, lambda: self._if_still(call, self.far_rings))
                self._later((_RING_MS + _ANSWER_MS) / 1000, lambda: self._if_still(call, self.far_answers))

    def _busy(self) -> None:
        self.far_hangs_up("User busy", "BUSY")

    def _if_still(self, call: EmulatedCall, act: Callable[[], None]) -> None:
        if self._at is not None and self._at.call is call:
            act()

    def _reset(self) -> None:
        """Vanish and come back under other names."""
        self.resets += 1
        self._stop.set()
        self._vanish()
        timer = threading.Timer(0.5, self.plug)
        timer.daemon = True
        timer.start()

    def _run(self) -> None:
        at_master, pcm_master = self._usb.masters
        stop, mine = self._stop, threading.current_thread()
        next_frame = time.monotonic()
        while not stop.is_set() and self._thread is mine:
            pause = max(0.0, min(0.02, next_frame - time.monotonic()))
            writing = [at_master] if self._out and not self.mischief.merge else []
            try:
                readable, _, _ = select.select([at_master, pcm_master], writing, [], pause)
                data = os.read(at_master, 4096) if at_master in readable else b""
                said = os.read(pcm_master, 65536) if pcm_master in readable else b""
            except (OSError, ValueError):
                return
            with self._lock:
                if self._thread is not mine or self._at is None:
                    return
                if data:
                    self._at.received(data)
                    self._changed.notify_all()
                if said:
                    self._hear(said)
                now = time.monotonic()
                due = [act for at, act in self._due if at <= now]
                self._due = [one for one in self._due if one[0] > now]
                for act in due:
                    act()
                if self._thread is not mine:
                    return
                if now >= next_frame:
                    next_frame += 0.02
                    if now - next_frame > 0.2:
                        next_frame = now
                    self._speak(pcm_master)
                self._write(at_master, flush=bool(data) or not self.mischief.merge or now % 0.3 < 0.02)

    def _write(self, master: int, *, flush: bool) -> None:
        if not self._out or not flush:
            return
        count = self._random.randrange(1, 6) if self.mischief.split else len(self._out)
        with contextlib.suppress(BlockingIOError, OSError):
            taken = os.write(master, bytes(self._out[:count]))
            del self._out[:taken]

    def _hear(self, said: bytes) -> None:
        if self._at is not None and self._at.audio:
            self._heard.append(said)
            del self._heard[:-_HEARD_FRAMES]
            samples = array("h", said[: len(said) // 2 * 2])
            if not self.heard_click.is_set() and max(samples, default=0) > _LOUD:
                self.heard_click_at = time.monotonic()
                self.heard_click.set()

    def _speak(self, master: int) -> None:
        at = self._at
        if at is None or not at.audio:
            self._heard.clear()
            return
        if self.mischief.dumb:
            return
        frame = array("h")
        if self._click:
            self._click = False
            self.said_click_at = time.monotonic()
            frame.extend([12000, -12000] * (_FRAME // 2))
        while len(frame) < _FRAME:
            frame.append(int(8000 * sin(2 * pi * self.tone_hz * self._phase / 8000)))
            self._phase = (self._phase + 1) % 8000
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(master, frame.tobytes())
