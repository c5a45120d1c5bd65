"""How long a caller waits after a key of a menu until the next prompt begins, heard at the caller's socket.

From the first packet of the key (RFC 4733) to the first packet of audio with the prompt in it; peer of the
same run: the box's own echo, which is the way there and back without any decision. The prompts are beeps,
because recordings begin with a tenth of a second of silence.
"""

import array
import re
import select
import socket
import statistics
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from appliance.provider import g711
from tests.calls.raw import Dialog, invite, raw_phone, sdp
from tests.support.box import Box, office

KEYS = 40
ECHOES = 20
PCMA, EVENTS, FRAME = 8, 101, 160
LOUD = 500
QUIET_FRAMES = 15
MOST_MS = 100


@dataclass(slots=True)
class Ear:
    """A caller's RTP: sends silence and keys, tells when it hears something."""

    target: tuple[str, int] = ("", 0)
    wire: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sequence: int = 0
    timestamp: int = 0

    def __post_init__(self) -> None:
        self.wire.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self.wire.getsockname()[1])

    def _send(self, payload: int, body: bytes, *, mark: bool = False) -> None:
        self.sequence = self.sequence + 1 & 0xFFFF
        head = struct.pack("!BBHII", 0x80, payload | mark << 7, self.sequence, self.timestamp, 4711)
        self.wire.sendto(head + body, self.target)

    def key(self, pressed: str) -> float:
        """Press a key for 60 ms; when that began."""
        began = time.monotonic()
        for position in range(3):
            event = struct.pack("!BBH", int(pressed), 10, (position + 1) * FRAME)
            self._send(EVENTS, event, mark=position == 0)
        for _ in range(3):
            self._send(EVENTS, struct.pack("!BBH", int(pressed), 0x80 | 10, 4 * FRAME))
        self.timestamp += 4 * FRAME
        return began

    def say(self, hertz: int) -> float:
        """Say 100 ms of a tone at the pace of speech; when that began."""
        began = time.monotonic()
        for position in range(5):
            time.sleep(max(0.0, began + position * 0.02 - time.monotonic()))
            self._send(PCMA, g711.tone(PCMA, hertz)[:FRAME])
            self.timestamp += FRAME
        return began

    def frames(self, seconds: float) -> Iterator[tuple[float, int]]:
        """Time and peak of each frame that comes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.wire], [], [], left)[0]:
                return
            data = self.wire.recv(2048)
            if data[1] & 0x7F == PCMA:
                samples = array.array("h", g711.decode(PCMA, data[12:]))
                yield time.monotonic(), max(map(abs, samples))

    def silence(self) -> None:
        """Wait until it has been quiet for a while."""
        quiet = 0
        for _, peak in self.frames(30):
            quiet = quiet + 1 if peak < LOUD else 0
            if quiet >= QUIET_FRAMES:
                return
        raise AssertionError("it is never quiet")

    def sound(self) -> float:
        """When something is heard."""
        for at, peak in self.frames(10):
            if peak >= LOUD:
                return at
        raise AssertionError("nothing is heard")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """An office with a menu whose key 1 says something."""
    with Box(tmp_path_factory.mktemp("box"), office("21")) as running:
        menu = {
            "number": "80",
            "prompts": ["tone/beep"],
            "wait_seconds": 60,
            "options": [{"key": "2", "action": "announce", "prompts": ["tone/beep"]}],
        }
        running.control("config.import", configuration={"menu": {"main": menu}})
        yield running


def call(box: Box, ear: Ear, number: str) -> tuple[Dialog, Ear]:
    client = raw_phone(box, "21", register=True)
    request = invite(client, number, body=sdp(ear.port))
    answer = client.wait_response(request)
    assert answer.status == 200, answer.start
    dialog = Dialog(client=client, invite=request, answer=answer, called=False)
    dialog.acknowledge(request, answer)
    described = answer.body.decode()
    host, port = re.search(r"c=IN IP4 (\S+)", described), re.search(r"m=audio (\d+)", described)
    assert host is not None, described
    assert port is not None, described
    ear.target = (host[1], int(port[1]))
    return dialog, ear


def report(name: str, waits: list[float]) -> float:
    ordered = sorted(waits)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{name}: median {statistics.median(ordered):.0f} ms, p95 {p95:.0f} ms, most {ordered[-1]:.0f} ms")
    return p95


def test_key_to_prompt(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    echoes: list[float] = []
    dialog, ear = call(box, Ear(), "*43")
    for _ in range(ECHOES):
        ear.silence()
        began = ear.say(1000)
        echoes.append((ear.sound() - began) * 1000)
    dialog.bye()
    waits: list[float] = []
    dialog, ear = call(box, Ear(), "80")
    for _ in range(KEYS):
        ear.silence()
        began = ear.key("2")
        waits.append((ear.sound() - began) * 1000)
    dialog.bye()
    with capsys.disabled():
        print()
        report(f"echo of the same box, {ECHOES} times", echoes)
        p95 = report(f"key to next prompt, {KEYS} keys", waits)
        print(f"wanted: at most {MOST_MS} ms: {'yes' if p95 <= MOST_MS else 'NO'}")
