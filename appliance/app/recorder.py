"""What becomes of recordings beside the engine: begun durably, put together, kept, and deleted in time.

The thread ``recordings`` looks after room on the disk (too little stops recordings, never calls), after what
a crash has left, and after what is older than it may be. Files are put together on the desk's threads.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from appliance.errors import NotFound, OrtsamtError
from appliance.media import wav
from appliance.media.tapes import put_together
from appliance.model.alarms import AlarmKind
from appliance.model.events import Event, TapingAllowed
from appliance.model.ids import TapeId
from appliance.model.recordings import BeginTape, KeepTape, KeptTape, RecordingSettings, Tape, TapeEnd, part
from appliance.model.voice import Done, Reply, Side
from appliance.store.migrations import settle
from appliance.store.recordings import RecordingStore
from appliance.store.reserve import free_bytes
from appliance.telemetry.alarms import Alarms

WATCH_S = 2.0
RETENTION_S = 3600.0
BACK_AGAIN = 1.1
"""So much more than the least must be free before recordings are made again."""
SUBJECT = "call recording"
_log = structlog.get_logger("recording")


class Recorder:
    """Owns the thread; ``begin`` and ``keep`` run on the desk's threads."""

    def __init__(
        self,
        *,
        store: RecordingStore,
        voice: Path,
        settings: Callable[[], RecordingSettings],
        post: Callable[[Event], None],
        alarms: Alarms,
        publish: Callable[[str, object], None],
    ) -> None:
        self.store = store
        self._voice = voice
        self._settings = settings
        self._post = post
        self._alarms = alarms
        self._publish = publish
        self.halted = False
        """There is no room: nothing is recorded."""
        self._guard = threading.Lock()
        self._running: set[TapeId] = set()
        self._unkept: dict[TapeId, KeepTape] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        with contextlib.suppress(OSError):  # on a full disk there are calls, and no recordings
            (self._voice / "tapes").mkdir(parents=True, exist_ok=True)
            for unfinished in self.store.files.glob("*/*.new"):
                unfinished.unlink(missing_ok=True)
            self._watch_room()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(5)

    # -- for the desk ----------------------------------------------------------------------------

    def begin(self, request: BeginTape) -> Reply:
        """A recording begins."""
        with self._guard:
            self._running.add(request.tape.tape)
        self.store.begin(request.tape)
        _log.info("recording began", tape=request.tape.tape, call=request.tape.call, by=request.tape.by)
        self._publish("recording", {"tape": request.tape.tape, "call": request.tape.call, "state": "begun"})
        return Done()

    def keep(self, request: KeepTape) -> Reply | None:
        """A recording is over: put it together and keep it; what fails is tried again later."""
        tape = request.tape.tape
        try:
            self._keep(request, settled=wav.settle)
        except (OSError, OrtsamtError) as error:
            _log.error("a recording could not be kept yet", tape=tape, error=str(error))
            with self._guard:
                self._unkept[tape] = request
            return None
        finally:
            with self._guard:
                self._running.discard(tape)
        return Done()

    def _keep(self, request: KeepTape, settled: Callable[[Path], int]) -> None:
        tape = request.tape
        pairs = [
            (self._part(tape, n, Side.SAYS), self._part(tape, n, Side.HEARS)) for n in range(request.parts)
        ]
        length = 0
        for pair in pairs:
            for one in pair:
                with contextlib.suppress(FileNotFoundError):
                    length = max(length, settled(one))
        if not length:
            self.store.forget(tape.tape)
        else:
            settings = self._settings()
            file = f"{tape.started:%Y-%m}/{tape.tape}.wav"
            final = self.store.files / file
            final.parent.mkdir(parents=True, exist_ok=True)
            beside = final.with_suffix(".new")
            made = put_together(pairs, beside, settings.sides, settings.coding)
            settle(beside, final)
            kept = self.store.keep(
                KeptTape(
                    tape=tape,
                    seq=0,
                    ended=request.ended,
                    end=request.end,
                    length_ms=made.length_ms,
                    pauses=max(0, request.parts - 1),
                    file=file,
                    size=made.size,
                    sha256=made.sha256,
                    sides=settings.sides,
                    coding=settings.coding,
                )
            )
            _log.info("recording kept", tape=tape.tape, call=tape.call, seq=kept.seq, ms=kept.length_ms)
            self._publish("recording", {"tape": tape.tape, "call": tape.call, "state": "kept"})
        for pair in pairs:
            for one in pair:
                one.unlink(missing_ok=True)

    def _part(self, tape: Tape, number: int, side: Side) -> Path:
        return self._voice / f"{part(tape.tape, number, side.value).removeprefix('voice/')}.wav"

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        next_retention = 0.0
        while True:
            try:
                self._watch_room()
                self._recover()
                if time.monotonic() >= next_retention:
                    self.expire(datetime.now(UTC))
                    next_retention = time.monotonic() + RETENTION_S
            except (OSError, OrtsamtError) as error:
                _log.warning("recordings could not be looked after", error=str(error))
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread
                _log.exception("recordings could not be looked after")
            if self._stop.wait(WATCH_S):
                return

    def _watch_room(self) -> None:
        least = self._settings().free_mb * 1_000_000
        room = free_bytes(self._voice if self._voice.exists() else self._voice.parent)
        if room < least and not self.halted:
            self.halted = True
            _log.error("no room for recordings: calls go on without", free_bytes=room, least_bytes=least)
            self._alarms.raise_alarm(AlarmKind.DISK_FULL, SUBJECT)
            self._post(TapingAllowed(allowed=False))
        elif self.halted and room >= least * BACK_AGAIN:
            self.halted = False
            self._alarms.clear(AlarmKind.DISK_FULL, SUBJECT)
            self._post(TapingAllowed(allowed=True))

    def _recover(self) -> None:
        """Keep what a crash, or a full disk, has left."""
        begun = self.store.open_tapes()
        with self._guard:  # read after: what begins is running before it is in the store
            running = set(self._running)
        left = [one for one in begun if one.tape not in running]
        if left and free_bytes(self._voice) < 10_000_000:
            return
        for tape in left:
            with self._guard:
                request = self._unkept.pop(tape.tape, None) or self._as_left(tape)
            try:
                self.store.recording(tape.tape)
            except NotFound:
                self._keep(request, settled=wav.repair)
            else:
                self.store.forget(tape.tape)

    def _as_left(self, tape: Tape) -> KeepTape:
        found = list((self._voice / "tapes").glob(f"{tape.tape}.*.wav"))
        numbers = [int(one.name.split(".")[1]) for one in found]
        last = max((one.stat().st_mtime for one in found), default=tape.started.timestamp())
        ended = datetime.fromtimestamp(last, UTC)
        return KeepTape(tape, ended, TapeEnd.RESTART, max(numbers, default=-1) + 1)

    def expire(self, now: datetime) -> int:
        """Delete what is older, or more, than is to be kept; how many."""
        settings = self._settings()
        gone = self.store.expired(now - timedelta(days=settings.keep_days), settings.keep_count)
        for tape in gone:
            self.store.delete(tape, "retention", "retention")
        if gone:
            _log.info("recordings deleted in time", count=len(gone))
        return len(gone)
