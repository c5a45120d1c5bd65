"""A SIP engine on its own thread with queues either way, and the edge as a socket that does as it is told."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

from appliance.model.causes import Cause
from appliance.model.documents import Device, Srtp
from appliance.model.effects import (
    Answer,
    EndLeg,
    HearsLegs,
    LegEffect,
    Originate,
    SetAudio,
    ToDevice,
)
from appliance.model.events import Event, LegAnswered, LegEnded, LegIncoming
from appliance.model.ids import DeviceId, ExtensionId, LegId
from appliance.model.plan import Presentation
from appliance.sip.engine import SipEngine, new_leg_id
from appliance.sip.settings import EngineSettings
from tests.support.processes import free_ports, release_port
from tests.support.sip import Message, NoAnswer, SipClient

RTP_PORTS = 400
_E = TypeVar("_E")
_R = TypeVar("_R")

DEVICES = tuple(
    Device(
        id=DeviceId(f"phone-{user}"),
        extension=ExtensionId(f"ext-{user}"),
        username=user,
        secret="secret-of-the-phone",
        srtp=srtp,
    )
    for user, srtp in (
        ("20", Srtp.OPTIONAL),
        ("21", Srtp.OPTIONAL),
        ("22", Srtp.OPTIONAL),
        ("plain", Srtp.OFF),
        ("secure", Srtp.MANDATORY),
    )
)


class WallClock:
    """The real time."""

    def monotonic_ms(self) -> int:
        """Milliseconds that never jump."""
        return int(time.monotonic() * 1000)


class Rig:
    """One running engine. ``wait`` looks at events in the order in which they came."""

    def __init__(self, prompts_dir: Path, **changes: Any) -> None:
        core, trunk, edge, spare = free_ports(4)  # a phone in the edge's place wants its TLS port beside
        self.nowhere, _ = free_ports(2)
        """A port, and its neighbour for RTCP, where nobody listens."""
        rtp = free_ports(RTP_PORTS)
        self._ports = [core, trunk, edge, spare, self.nowhere, self.nowhere + 1, *rtp]
        defaults: dict[str, Any] = {
            "core_port": core,
            "edge_core_port": edge,
            "trunk_port": trunk,
            "trunk_listen": "127.0.0.1",
            "media_address": "127.0.0.1",
            "rtp_first": rtp[0],
            "rtp_last": rtp[-1],
            "prompts_dir": prompts_dir,
            "audio_dir": prompts_dir / "audio",
            "voice_dir": prompts_dir / "voice",
            "max_legs": 64,
        }
        self.settings = EngineSettings(**{**defaults, **changes})
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.seen: list[Event] = []
        self._work: queue.SimpleQueue[tuple[Callable[[SipEngine], Any], queue.SimpleQueue[Any]]] = (
            queue.SimpleQueue()
        )
        self._stop = threading.Event()
        self._started: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engine under test")

    def start(self) -> None:
        """Start the engine; what it raises is raised here."""
        self._thread.start()
        error = self._started.get(timeout=20)
        if error is not None:
            self._thread.join(5)
            raise error

    def stop(self) -> None:
        """Stop the engine and give the ports back."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(15)
        assert not self._thread.is_alive(), "the engine does not stop"
        for port in self._ports:
            release_port(port)

    def _run(self) -> None:
        engine = SipEngine(self.settings, WallClock())
        try:
            engine.start(self.events.put)
            engine.apply_devices(DEVICES)
        except BaseException as error:  # noqa: BLE001 - raised again where start was called
            self._started.put(error)
            return
        self._started.put(None)
        while not self._stop.is_set():
            engine.poll(5)
            while not self._work.empty():
                task, answer = self._work.get()
                try:
                    answer.put((task(engine), None))
                except BaseException as error:  # noqa: BLE001 - raised again where call was called
                    answer.put((None, error))
        engine.stop()

    # --- commands

    def call(self, task: Callable[[SipEngine], _R]) -> _R:
        """Run something on the engine thread and return what it returns."""
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._work.put((task, answer))
        result, error = answer.get(timeout=10)
        if error is not None:
            raise error
        return cast(_R, result)

    def do(self, *effects: LegEffect) -> None:
        """Execute effects, in order."""

        def execute(engine: SipEngine) -> None:
            for effect in effects:
                engine.execute(effect)

        self.call(execute)

    def legs(self) -> int:
        """How many legs the engine holds."""
        return self.call(lambda engine: engine.figures().legs)

    def wait(
        self,
        kind: type[_E],
        wanted: LegId | Callable[[_E], bool] | None = None,
        timeout_s: float = 5.0,
    ) -> _E:
        """The first event of a kind (of a leg, or that fits); others are kept for later."""

        def fits(event: object) -> bool:
            if not isinstance(event, kind):
                return False
            if wanted is None:
                return True
            return wanted(event) if callable(wanted) else getattr(event, "leg", None) == wanted

        for event in self.seen:
            if fits(event):
                self.seen.remove(event)
                return event  # type: ignore[return-value]
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__} in {timeout_s} s; seen: {self.seen}") from None
            if fits(event):
                return event  # type: ignore[return-value]
            self.seen.append(event)

    def count(self, kind: type, leg: LegId) -> int:
        """How many events of a kind a leg had that nobody waited for."""
        self.call(lambda _: None)
        while not self.events.empty():
            self.seen.append(self.events.get())
        return sum(isinstance(event, kind) and getattr(event, "leg", None) == leg for event in self.seen)

    def wait_idle(self, timeout_s: float = 5.0) -> None:
        """Wait until no leg is left."""
        deadline = time.monotonic() + timeout_s
        while (legs := self.legs()) and time.monotonic() < deadline:
            pass
        assert legs == 0, f"{legs} legs are left"


class Edge(SipClient):
    """The edge's side of the loop-back: sends as phones that it has authenticated, takes calls for them."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(
            server=("127.0.0.1", rig.settings.core_port),
            port=rig.settings.edge_core_port,
            user_agent="",
            timeout_s=5,
        )
        self.rig = rig

    def invite(
        self,
        dialled: str = "21",
        *,
        user: str = "20",
        body: bytes | None = None,
        name: str = "Erika",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Message:
        """Send an INVITE of a phone, authenticated if named; ``body`` b"" makes the offer a late one."""
        content = offer(self.rig.nowhere) if body is None else body
        kind = [("Content-Type", "application/sdp")] if content else []
        request = self.request(
            "INVITE",
            f"sip:{dialled}@127.0.0.1:{self.rig.settings.core_port}",
            from_=f'"{name}" <sip:{user or "20"}@ortsamt>;tag={id(self):x}{self._cseq}',
            headers=[
                *([("X-Edge-User", user)] if user else []),
                ("X-Edge-Src", "192.0.2.7:5060;udp"),
                *kind,
                *headers,
            ],
            body=content,
        )
        self.send(request)
        return request

    def incoming(self, dialled: str = "21", **more: Any) -> tuple[Message, LegIncoming]:
        """Send an INVITE and wait until the engine tells of it."""
        request = self.invite(dialled, **more)
        return request, self.rig.wait(LegIncoming)

    def answered(self, dialled: str = "21", **more: Any) -> "Talk":
        """A call from a phone that the engine has answered."""
        request, event = self.incoming(dialled, **more)
        self.rig.do(Answer(leg=event.leg))
        answer = self.wait_response(request)
        assert answer.status == 200, answer.start
        self.ack(request, answer)
        self.rig.wait(LegAnswered, event.leg)
        return Talk(edge=self, leg=event.leg, invite=request, answer=answer, outgoing=False)

    def called(self, *, user: str = "20", srtp: Srtp = Srtp.OFF, body: bytes | None = None) -> "Talk":
        """A call to a phone that the phone has answered."""
        leg = new_leg_id()
        self.rig.do(originate(leg, user, srtp=srtp))
        invite = self.invite_for(leg)
        content = offer(self.rig.nowhere) if body is None else body
        answer = self.respond(
            invite, 200, "OK", tag=f"callee{leg}", headers={"Content-Type": "application/sdp"}, body=content
        )
        self.wait(lambda message: message.method == "ACK" and _of(leg)(message))
        self.rig.wait(LegAnswered, leg)
        return Talk(edge=self, leg=leg, invite=invite, answer=answer, outgoing=True)

    def invite_for(self, leg: LegId) -> Message:
        """The INVITE of an originated leg."""
        return self.wait(lambda message: message.start.startswith("INVITE") and _of(leg)(message))


def _of(leg: LegId) -> Callable[[Message], bool]:
    return lambda message: message.get("call-id").startswith(leg)


class Talk:
    """An answered call, seen from the phone."""

    def __init__(self, *, edge: Edge, leg: LegId, invite: Message, answer: Message, outgoing: bool) -> None:
        self.edge = edge
        self.leg = leg
        self.invite = invite
        self.answer = answer
        self.outgoing = outgoing

    def request(
        self,
        method: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        cseq: int | None = None,
    ) -> Message:
        """A request of the phone inside the dialog."""
        if self.outgoing:
            return self.edge.in_dialog_as_callee(method, self.invite, self.answer, headers=headers, body=body)
        return self.edge.in_dialog(method, self.invite, self.answer, headers=headers, body=body, cseq=cseq)

    def exchange(self, method: str, **more: Any) -> Message:
        """Send it, return the final answer; a 2xx to INVITE is acknowledged."""
        request = self.request(method, **more)
        answer = self.edge.exchange(request)
        if method == "INVITE":
            if answer.status < 300:
                number = int(request.get("cseq").split()[0])
                ack = self.request("ACK", cseq=number)
                ack.headers = [
                    (key, f"{number} ACK" if key == "cseq" else value) for key, value in ack.headers
                ]
                self.edge.send(ack)
            else:
                self.edge.ack(request, answer)
        return answer

    def reinvite(self, body: bytes) -> Message:
        """Offer other media."""
        return self.exchange("INVITE", headers=[("Content-Type", "application/sdp")], body=body)

    def hang_up(self, *, headers: Iterable[tuple[str, str]] = ()) -> LegEnded:
        """The phone ends the call."""
        assert self.exchange("BYE", headers=headers).status == 200
        return self.edge.rig.wait(LegEnded, self.leg)

    def drop(self, cause: Cause = Cause.NORMAL) -> LegEnded:
        """The engine ends the call."""
        self.edge.rig.do(EndLeg(leg=self.leg, cause=cause))
        bye = self.edge.wait(lambda one: one.method == "BYE" and one.get("call-id") == self.call_id)
        self.edge.respond(bye, 200, "OK")
        return self.edge.rig.wait(LegEnded, self.leg)

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.invite.get("call-id")


def offer(
    port: int,
    *,
    formats: str = "8 101",
    maps: Iterable[str] = ("8 PCMA/8000", "101 telephone-event/8000"),
    direction: str = "sendrecv",
    version: int = 1,
    address: str = "127.0.0.1",
    profile: str = "RTP/AVP",
    more: Iterable[str] = (),
) -> bytes:
    """An SDP with one audio stream at ``port``."""
    lines = [
        "v=0",
        f"o=- 7 {version} IN IP4 127.0.0.1",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} {profile} {formats}",
        *(f"a=rtpmap:{one}" for one in maps),
        f"a={direction}",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def media_port(body: bytes) -> int:
    """Where the engine wants the audio."""
    for line in body.decode().splitlines():
        if line.startswith("m=audio "):
            return int(line.split()[1])
    raise AssertionError("no audio in the SDP")


def originate(
    leg: LegId, user: str = "20", *, srtp: Srtp = Srtp.OFF, present: Presentation | None = None
) -> Originate:
    """The effect that calls a phone."""
    return Originate(
        leg=leg,
        endpoint=ToDevice(device=DeviceId(f"phone-{user}"), username=user, srtp=srtp),
        present=present or Presentation(number="30", name="Otto"),
    )


def bridge(one: LegId, other: LegId) -> tuple[SetAudio, SetAudio]:
    """Let two legs hear each other."""
    return (
        SetAudio(leg=one, hears=HearsLegs(legs=frozenset({other}))),
        SetAudio(leg=other, hears=HearsLegs(legs=frozenset({one}))),
    )


__all__ = ["Edge", "NoAnswer", "Rig", "Talk", "bridge", "media_port", "offer", "originate"]
