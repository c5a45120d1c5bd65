"""The trials: how fast calls are set up, how many can talk, what is left over, how long a start takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load.percentiles import slope
from tests.bench.load.phones import RING_MS, Callees, Office, Outcome, call, register
from tests.bench.load.systems import System, wait_until_quiet
from tests.bench.load.usage import Usage, thread_cpu_s, udp_drops, usages
from tests.support.sip import NoAnswer, SipClient

MEDIA_THREADS = ("clock", "media")
"""Threads of the core that carry audio."""
SAMPLE_S = 2.0
WARM_UP_S = 40.0
"""PJSIP keeps what belongs to a call for 32 s after its end."""
FIRST_CALL_S = 60.0
IDLE_S = 5.0
_RECORDS_S = 10.0
_TALK_RATE = 20
_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """One rate. ``cpu_ms`` is processor time per call of each part, idle turning included."""

    rate: float
    spoken: bool
    cpu_ms: dict[str, float]
    media_ms: float
    """Of the core's: audio."""
    outcome: Outcome
    records: int
    legs_left: int | None
    before: dict[str, Usage]
    after: dict[str, Usage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Calls that talk both ways at the same time. ``cpu`` is the fraction of one core of each part."""

    calls: int
    cpu: dict[str, float]
    failed: int
    dropped: int
    """Packets the system came too late to take."""
    lost_share: float | None
    """Of the packets on the callers' legs, as the core itself counted; None: not known."""
    jitter_ms: float | None
    pss: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """Many calls in a row."""

    calls: int
    failed: int
    retransmissions: int
    legs_left: int | None
    records: int
    kb_per_call: dict[str, float]
    """Slope of the memory (PSS) over the calls after warming up."""
    before: dict[str, int]
    warm: dict[str, int]
    after: dict[str, int]
    warm_calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """From exec to the answer of the first call, without the ringing; then memory and CPU when idle."""

    seconds: float
    idle: dict[str, Usage]
    idle_cpu: dict[str, float]


class Line:
    """A system with its phones registered."""

    def __init__(self, system: System, folder: Path, office: Office) -> None:
        self.system = system
        self.office = office
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.silent = Callees(folder, system.server, office.callees)
        self.talking = Callees(folder, system.server, office.talkers, echo=True)
        self.audio = folder / "audio.al"
        self.audio.write_bytes(bytes(0xD5 ^ (index * 7 % 128) for index in range(8000)))

    def register(self) -> None:
        """Register everybody."""
        self.silent.register()
        self.talking.register()
        register(self.folder, self.system.server, self.office.callers, contact_port=self.silent.port)

    def close(self) -> None:
        """Stop the phones."""
        self.silent.stop()
        self.talking.stop()


def set_up(line: Line, rate: float, seconds: float, talk_s: float, *, spoken: bool) -> SetUp:
    """Place ``rate`` calls a second, each held for ``talk_s``; ``spoken``: phones send audio meanwhile."""
    system = line.system
    parts = system.parts()
    core = parts.get("core")
    records = system.records()
    before = usages(parts)
    media_s = thread_cpu_s(core, MEDIA_THREADS) if core else 0.0
    calling = call(
        line.folder,
        system.server,
        line.office,
        rate=rate,
        calls=round(rate * seconds),
        talk_s=talk_s,
        callees=line.talking if spoken else line.silent,
        audio=line.audio if spoken else None,
    )
    outcome = calling.wait()
    after = usages(parts)
    media_s = (thread_cpu_s(core, MEDIA_THREADS) if core else 0.0) - media_s
    system.check()
    legs = wait_until_quiet(system)
    return SetUp(
        rate=rate,
        spoken=spoken,
        cpu_ms={name: (after[name].cpu_s - before[name].cpu_s) * 1000 / outcome.calls for name in parts},
        media_ms=media_s * 1000 / outcome.calls,
        outcome=outcome,
        records=_records(system, records, outcome.calls),
        legs_left=legs,
        before=before,
        after=after,
    )


def talk(line: Line, calls: int, seconds: float) -> Talk:
    """Let ``calls`` calls send G.711 both ways, the called phones by echoing what they hear."""
    system = line.system
    parts = system.parts()
    set_up_s = calls / _TALK_RATE
    calling = call(
        line.folder, system.server, line.office,
        rate=_TALK_RATE, calls=calls, talk_s=seconds + set_up_s + 2, callees=line.talking, audio=line.audio,
    )  # fmt: skip
    _wait(lambda: calling.progress()[0] >= calls or not calling.running, set_up_s + 20)
    dropped = udp_drops(*system.rtp)
    before, began = usages(parts), time.monotonic()
    time.sleep(seconds)
    after, took = usages(parts), time.monotonic() - began
    dropped = udp_drops(*system.rtp) - dropped
    lost, jitter = _quality(system)
    outcome = calling.wait()
    system.check()
    wait_until_quiet(system)
    return Talk(
        calls=calls,
        cpu={name: (after[name].cpu_s - before[name].cpu_s) / took for name in parts},
        failed=outcome.failed,
        dropped=dropped,
        lost_share=lost,
        jitter_ms=jitter,
        pss={name: usage.pss for name, usage in after.items()},
    )


def soak(line: Line, calls: int, rate: float, say: Say) -> Soak:
    """Place many calls and watch the memory while they come and go."""
    system = line.system
    parts = system.parts()
    records = system.records()
    begun = _pss(parts)
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in parts}
    calling = call(
        line.folder, system.server, line.office, rate=rate, calls=calls, talk_s=1.5, callees=line.silent
    )
    began = time.monotonic()
    warm_calls = 0
    next_word = 0.0
    while calling.running:
        time.sleep(SAMPLE_S)
        count, _ = calling.progress()
        now = time.monotonic() - began
        sizes = _pss(parts)
        if now > WARM_UP_S and count < calls:
            warm_calls = warm_calls or count
            for name, size in sizes.items():
                samples[name].append((count, size))
        if now > next_word:
            next_word += 20
            say(f"  {count} of {calls} calls, " + _memory(sizes))
        if now > calls / rate + 300:
            calling.stop()
    outcome = calling.wait()
    system.check()
    legs = wait_until_quiet(system)
    return Soak(
        calls=outcome.calls,
        failed=outcome.failed,
        retransmissions=outcome.retransmissions,
        legs_left=legs,
        records=_records(system, records, outcome.calls),
        kb_per_call={name: slope(points) / 1024 for name, points in samples.items()},
        before=begun,
        warm={name: int(points[0][1]) if points else begun[name] for name, points in samples.items()},
        after=_pss(parts),
        warm_calls=warm_calls,
    )


def start(system: System, folder: Path, office: Office, times: int) -> Start:
    """Start a system that knows its phones already; the median of so many starts. It is stopped then."""
    folder.mkdir(parents=True, exist_ok=True)
    system.start()
    system.prepare()
    system.wait_ready()
    callees = Callees(folder, system.server, office.callees)
    taken = []
    try:
        callees.register()
        for _ in range(times):
            system.stop()
            began = system.start()
            _first_call(system, office)
            taken.append(time.monotonic() - began - RING_MS / 1000)
        time.sleep(1)
        parts = system.parts()
        before, began = usages(parts), time.monotonic()
        time.sleep(IDLE_S)
        idle, took = usages(parts), time.monotonic() - began
    finally:
        callees.stop()
        system.stop()
    return Start(
        seconds=sorted(taken)[len(taken) // 2],
        idle=idle,
        idle_cpu={name: (idle[name].cpu_s - before[name].cpu_s) / took for name in parts},
    )


def _first_call(system: System, office: Office) -> None:
    """Dial until a call is answered, hang it up; raises RuntimeError."""
    deadline = time.monotonic() + FIRST_CALL_S
    while time.monotonic() < deadline:
        system.check()
        if _answered(system, office):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{system.name} connects no call:\n{system.tail()}")


def _answered(system: System, office: Office) -> bool:
    one, other, server = office.callers[0], office.callees[0], system.server
    with SipClient(
        server=("127.0.0.1", server.port), user=one.user, password=one.secret, realm=server.domain
    ) as phone:
        uri = f"sip:{other.user}@127.0.0.1:{server.port}"
        sdp = ("Content-Type", "application/sdp")
        try:
            first = phone.request("INVITE", uri, headers=[sdp], body=_SDP)
            challenge = phone.exchange(first, 0.2)
            phone.ack(first, challenge)
            if challenge.status not in {401, 407}:
                return False
            again = phone.request(
                "INVITE", uri, from_=first.get("from"), call_id=first.get("call-id"),
                headers=[sdp, phone.credentials(first, challenge)], body=_SDP,
            )  # fmt: skip
            answer = phone.exchange(again, 5.0)
            phone.ack(again, answer)
            if answer.status != 200:
                return False
            phone.exchange(phone.in_dialog("BYE", again, answer), 5.0)
        except (NoAnswer, OSError):
            return False
        return True


def _records(system: System, before: int, calls: int) -> int:
    _wait(lambda: system.records() - before >= calls, _RECORDS_S)
    return system.records() - before


def _quality(system: System) -> tuple[float | None, float | None]:
    """Share of lost packets and mean jitter of what callers' phones sent, as the core counts."""
    media = system.media()
    if not media:
        return None, None
    received = sum(one.received for one in media)
    lost = sum(one.lost for one in media)
    return lost / max(1, lost + received), sum(one.jitter_ms for one in media) / len(media)


def _wait(done: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _pss(parts: dict[str, int]) -> dict[str, int]:
    return {name: usage.pss for name, usage in usages(parts).items()}


def _memory(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.items())
