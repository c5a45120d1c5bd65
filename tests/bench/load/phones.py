"""Phones by the hundred: sipp registers, calls and answers; its files say how it went."""

import contextlib
import csv
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import trace
from tests.bench.load.percentiles import Percentiles, percentiles
from tests.support.processes import Process, free_port, free_ports, release_port

SCENARIOS = Path(__file__).parent / "scenarios"
REGISTER_RATE = 200
RING_MS = 100
"""How long a called phone rings before it answers."""
_BUFFER = 4 * 1024 * 1024
_ADDRESS = "127.0.0.1"
_SETTLE_S = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A phone's account; its user name is also the number it is called by."""

    user: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who calls and who is called, the same on every system."""

    callers: tuple[Account, ...]
    callees: tuple[Account, ...]
    """These never say a word."""
    talkers: tuple[Account, ...]
    """These send back what they hear."""

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All of them."""
        return self.callers + self.callees + self.talkers


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where phones find a system."""

    port: int
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the phones saw. Times in ms as in ``trace.Times``."""

    calls: int
    failed: int
    retransmissions: int
    """Sent by phones, because an answer was late."""
    repeated: int
    """Received by phones, because the system sent again."""
    ring: Percentiles
    answer: Percentiles
    seconds: float
    reasons: tuple[str, ...] = ()


def make_office(each: int) -> Office:
    """So many callers, callees and talkers with four-digit numbers."""
    if not 1 <= each <= 2000:
        raise ValueError("between 1 and 2000 phones of each kind")

    def accounts(first: int) -> tuple[Account, ...]:
        return tuple(
            Account(user=str(number), secret=f"load-secret-{number}") for number in range(first, first + each)
        )

    return Office(callers=accounts(2000), callees=accounts(4000), talkers=accounts(6000))


class Callees:
    """Called phones of one system: one sipp that answers whatever comes, once they are registered."""

    def __init__(
        self, folder: Path, server: Server, accounts: Sequence[Account], *, echo: bool = False
    ) -> None:
        self.accounts = accounts
        self._folder = folder
        self._server = server
        self.port = free_port()
        self._media_ports = free_ports(4)
        self.log = folder / f"callee-{self.port}.log"
        scenario = _render(folder, "callee", {"RING_MS": str(RING_MS)}, self.port)
        self._process = Process(
            "callees",
            [
                *_sipp(server, scenario, self.port),
                *(
                    "-mp",
                    str(self._media_ports[0]),
                    *(["-rtp_echo"] if echo else []),
                    *_logs(folder, self.port, self.log),
                ),
            ],
            cwd=folder,
        )

    def register(self) -> None:
        """Register their accounts; raises RuntimeError when one is refused."""
        register(self._folder, self._server, self.accounts, contact_port=self.port)

    @property
    def alive(self) -> bool:
        """Whether they still answer."""
        return self._process.alive

    def stop(self) -> None:
        """Hang up the phones."""
        self._process.kill()
        for port in (self.port, *self._media_ports):
            release_port(port)


def register(folder: Path, server: Server, accounts: Sequence[Account], *, contact_port: int) -> None:
    """Register every account with digest for an hour; raises RuntimeError when one is refused."""
    port = free_port()
    users = _users(folder / f"register-{port}.csv", [(one.user, _digest(one)) for one in accounts])
    scenario = _render(folder, "register", {"DOMAIN": server.domain, "CONTACT_PORT": str(contact_port)}, port)
    command = [
        *_sipp(server, scenario, port),
        *("-inf", str(users), "-m", str(len(accounts)), "-r", str(REGISTER_RATE)),
        *("-timeout", "120", *_logs(folder, port)),
    ]
    with Process("register", command, cwd=folder) as process:
        code = process.wait(130)
    release_port(port)
    if code != 0:
        raise RuntimeError(
            f"phones could not register (sipp: {code}): {_reasons(folder, port) or process.output[-500:]}"
        )


def call(
    folder: Path,
    server: Server,
    office: Office,
    *,
    rate: float,
    calls: int,
    talk_s: float,
    callees: Callees,
    audio: Path | None = None,
) -> "Calling":
    """Begin to place calls; every caller and callee takes its turn. ``audio``: raw A-law to be played."""
    port = free_port()
    media_ports = free_ports(4)
    pairs = zip(_cycle(office.callers, calls), _cycle(callees.accounts, calls), strict=True)
    users = _users(
        folder / f"caller-{port}.csv", [(one.user, _digest(one), other.user) for one, other in pairs]
    )
    play = f'<nop><action><exec rtp_stream="{audio},-1,8"/></action></nop>' if audio else ""
    scenario = _render(
        folder,
        "caller",
        {
            "SERVER": f"{_ADDRESS}:{server.port}",
            "DOMAIN": server.domain,
            "TALK": f"  {play}",
            "TALK_MS": str(int(talk_s * 1000)),
            "MEDIA_PORT": "[rtpstream_audio_port]" if audio else "[media_port]",
        },
        port,
    )
    limit_s = calls / rate + talk_s + _SETTLE_S
    command = [
        *_sipp(server, scenario, port),
        *("-inf", str(users), "-m", str(calls), "-r", f"{rate:g}", "-l", str(calls + 1)),
        *("-mp", str(media_ports[0]), "-timeout", f"{math.ceil(limit_s)}"),
        *("-trace_stat", "-fd", "1", *_logs(folder, port, folder / f"caller-{port}.log")),
    ]
    return Calling(folder, command, callees, limit_s, (port, *media_ports), talk_s, calls)


class Calling:
    """Calls being placed. :meth:`wait` must be called, it frees what is held."""

    def __init__(
        self,
        folder: Path,
        command: list[str],
        callees: Callees,
        limit_s: float,
        ports: tuple[int, ...],
        talk_s: float,
        calls: int,
    ) -> None:
        self._folder = folder
        self._calls = calls
        self._callees = callees
        self._limit_s = limit_s
        self._ports = ports
        self._talk_s = talk_s
        self._log = folder / f"caller-{ports[0]}.log"
        self._log_offset = callees.log.stat().st_size if callees.log.exists() else 0
        self._began = time.monotonic()
        self._process = Process("callers", command, cwd=folder)

    @property
    def pid(self) -> int:
        """Of the sipp that calls."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether calls are still placed or in progress."""
        return self._process.alive

    def progress(self) -> tuple[int, int]:
        """Calls begun and calls in progress, at most a second old."""
        last = _last_row(self._file("_.csv"))
        return int(last.get("TotalCallCreated") or 0), int(last.get("CurrentCall") or 0)

    def stop(self) -> None:
        """End all calls at once."""
        self._process.kill()

    def wait(self) -> Outcome:
        """Wait for the last call to end and read what sipp wrote; calls that do not end have failed.

        Raises RuntimeError when the phones themselves broke down.
        """
        try:
            with contextlib.suppress(AssertionError):
                self._process.wait(self._limit_s + 10)
        finally:
            self._process.kill()
            for port in self._ports:
                release_port(port)
        seconds = time.monotonic() - self._began
        statistics = _last_row(self._file("_.csv"))
        if not statistics:
            raise RuntimeError(f"sipp wrote no statistics: {self._process.output[-1000:]}")
        if not self._callees.alive:
            raise RuntimeError("the called phones are gone")
        caller, _ = trace.read(self._log)
        callee, _ = trace.read(self._callees.log, self._log_offset)
        waited = trace.times(caller, callee)
        caller_sent, caller_received = trace.repetitions(caller)
        callee_sent, callee_received = trace.repetitions(callee)
        return Outcome(
            calls=self._calls,
            failed=max(self._calls - int(statistics["SuccessfulCall(C)"]), 0),
            retransmissions=caller_sent + callee_sent,
            repeated=caller_received + callee_received,
            ring=percentiles(waited.ring),
            answer=percentiles(waited.answer),
            seconds=seconds - self._talk_s,
            reasons=(*_reasons(self._folder, self._ports[0]), *trace.unfinished(caller)),
        )

    def _file(self, end: str) -> Path | None:
        return next(iter(self._folder.glob(f"*_{self._process.pid}{end}")), None)


def _sipp(server: Server, scenario: Path, port: int) -> list[str]:
    return [
        *("sipp", f"{_ADDRESS}:{server.port}", "-sf", str(scenario), "-i", _ADDRESS, "-p", str(port)),
        *("-mi", _ADDRESS, "-nostdin", "-timer_resol", "1", "-buff_size", str(_BUFFER), "-nd"),
        *("-max_socket", "20000"),
    ]


def _logs(folder: Path, port: int, messages: Path | None = None) -> list[str]:
    short = ["-trace_shortmsg", "-shortmessage_file", str(messages)] if messages else []
    return ["-trace_err", "-error_file", str(folder / f"errors-{port}.log"), *short]


def _reasons(folder: Path, port: int) -> tuple[str, ...]:
    """The first lines of sipp's complaints, for a person."""
    path = folder / f"errors-{port}.log"
    if not path.exists():
        return ()
    lines = path.read_text(errors="replace").splitlines()
    return tuple(line.partition(": ")[2] or line for line in lines if "\t" in line or line.strip())[:8]


def _render(folder: Path, name: str, values: dict[str, str], port: int) -> Path:
    text = (SCENARIOS / f"{name}.xml").read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    path = folder / f"{name}-{port}.xml"
    path.write_text(text)
    return path


def _digest(account: Account) -> str:
    """What sipp turns into the header that answers a challenge."""
    return f"[authentication username={account.user} password={account.secret}]"


def _users(path: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    path.write_text("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows))
    return path


def _cycle(accounts: Sequence[Account], count: int) -> list[Account]:
    return [accounts[index % len(accounts)] for index in range(count)]


def _last_row(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    with path.open(newline="", errors="replace") as file:
        rows = [row for row in csv.reader(file, delimiter=";") if len(row) > 1]
    if len(rows) < 2:
        return {}
    last = next((row for row in reversed(rows[1:]) if len(row) >= len(rows[0]) - 1), rows[-1])
    return dict(zip(rows[0], last, strict=False))
