"""The process ``ortsamt standby``: keeps the link to the other box, and tells keepalived when to stand back.

Theory of operation: twice a second it asks the core whether calls can be made, looks whether the floating
address is here, and decides (:mod:`appliance.standby.decision`). The box that was paired second connects to
the first; over the connection both tell what they see and exchange what is new. The core gives orders in its
answers (a code, pairing, handing over) and hears what became of them with the next question.
"""

import asyncio
import contextlib
import secrets
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError, PeerProtocolError
from appliance.model.box import BoxSettings
from appliance.standby import pairing as kept
from appliance.standby.address import is_here
from appliance.standby.calling import GREET_S, dial, introduce, sha
from appliance.standby.decision import Peer, Sight, State, decide
from appliance.standby.exchange import Exchange, Step
from appliance.standby.keepalived import BACK_FILE
from appliance.standby.pairing import Pairing
from appliance.standby.wire import MAX_GREETING, Session, framed, receive
from appliance.sync.alive import tell_alive
from appliance.sync.core_link import CoreLink
from appliance.sync.enrolling import pin_of

LOOK_S = 0.5
CORE_S = 1.5
"""Without an answer of the core for so long no call can be made."""
HEARD_S = 3.0
"""The other box is away when nothing was heard for so long."""
CALL_AGAIN_S = 1.0
_log = structlog.get_logger("standby")


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the other box last said of itself."""

    at: float
    peer: Peer
    calls: int
    version: str


class StandbyProcess:
    """Runs until it is cancelled."""

    def __init__(self, box: BoxSettings, folder: Path, runtime: Path, version: str) -> None:
        """``folder`` keeps the pairing, ``runtime`` has what keepalived reads."""
        self._box = box
        self._folder = folder
        self._back = runtime / BACK_FILE
        self._version = version
        self._core: CoreLink | None = None
        self._facts: dict[str, Any] = {}
        """The core's last answer."""
        self._state = State(ill=True)  # until the core has shown that it is not: no fall
        self._pairing: Pairing | None = None
        self._door = kept.Door()
        self._session: Session | None = None
        self._exchange: Exchange | None = None
        self._seen: Seen | None = None
        self._step = Step()
        self._order: float | None = None
        self._passed_on: float | None = None
        self._done: dict[str, Any] = {}
        self._written: bool | None = None
        self._der = b""
        self._identity = ""
        self._here = False

    async def run(self) -> None:
        """Until cancelled. Raises OrtsamtError when the port or the folder cannot be used."""
        self._folder.mkdir(mode=0o2770, parents=True, exist_ok=True)
        self._back.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        certificate, key = kept.certificate(self._folder, self._box.node)
        self._der = kept.fingerprint(certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._pairing = kept.read(self._folder)
        self._write()
        try:
            server = await asyncio.start_server(
                self._called, port=self._box.standby.port, ssl=context, ssl_handshake_timeout=GREET_S
            )
        except OSError as error:
            raise DeviceUnavailable(
                f"port {self._box.standby.port} cannot be had: {error.strerror}", error_id="standby.port"
            ) from error
        async with server, asyncio.TaskGroup() as group:
            for task in (tell_alive, self._keep_core, self._look, self._call):
                group.create_task(task(), name=task.__name__)

    # -- this box ----------------------------------------------------------------------------------

    async def _keep_core(self) -> None:
        """Stay connected to the core; news of it wake the exchange."""
        while True:
            try:
                core = await CoreLink.open(self._box.paths.runtime_dir / "control.sock")
            except DeviceUnavailable:
                await asyncio.sleep(LOOK_S)
                continue
            try:
                await core.watch({"operations": self._news, "registration": self._moved})
                self._core = core
                await core.lost.wait()
            except OrtsamtError:
                await asyncio.sleep(LOOK_S)
            finally:
                self._core = None
                await core.close()

    def _news(self, _payload: object) -> None:
        if self._exchange is not None:
            self._exchange.nudge.set()

    def _moved(self, _payload: object) -> None:
        if self._exchange is not None:
            self._exchange.contacts.set()

    async def _look(self) -> None:
        while True:
            began = time.monotonic()
            self._facts = await self._ask_core()
            self._identity = str(self._facts.get("identity") or self._identity)
            await self._obey(self._facts.get("orders") or {})
            here = is_here(self._box.standby.floating)
            if here and not self._here:
                self._moved(None)
            self._here = here
            state = decide(
                self._state,
                Sight(
                    now_s=time.monotonic(),
                    can_call=bool(self._facts.get("can_call")),
                    here=here,
                    peer=self._peer(),
                    order_s=self._order,
                ),
            )
            if state.why is not self._state.why or state.ill is not self._state.ill:
                _log.warning("stands", back=state.standing_back, why=state.why.value, ill=state.ill)
            self._state = state
            self._write()
            await asyncio.sleep(max(0.05, LOOK_S - (time.monotonic() - began)))

    async def _ask_core(self) -> dict[str, Any]:
        core = self._core
        if core is None:
            return {}
        try:
            answer: dict[str, Any] = await core.call("standby.report", self._report(), patience_s=CORE_S)
        except OrtsamtError:
            return {}
        return answer

    def _peer(self) -> Peer | None:
        seen = self._seen
        return seen.peer if seen is not None and time.monotonic() - seen.at < HEARD_S else None

    def _write(self) -> None:
        back = self._state.standing_back
        if back is self._written and self._back.exists():
            return
        # In place: keepalived watches this very file.
        self._back.write_text("1\n" if back else "0\n", encoding="ascii")
        self._written = back

    def _report(self) -> dict[str, Any]:
        peer, seen, step = self._peer(), self._seen, self._step
        return {
            "paired": self._pairing is not None,
            "peer": self._pairing.node if self._pairing is not None else "",
            "peer_address": self._pairing.address if self._pairing is not None else "",
            "connected": peer is not None,
            "peer_active": peer is not None and peer.active,
            "peer_can_call": peer is not None and peer.can_call,
            "peer_calls": seen.calls if seen is not None and peer is not None else 0,
            "peer_version": seen.version if seen is not None else "",
            "standing_back": self._state.why.value,
            "ill": self._state.ill,
            "waiting": step.waiting,
            "records_waiting": step.records,
            "sent": step.sent,
            "taken": step.taken,
            "records_sent": step.records_sent,
            "records_taken": step.records_taken,
            "equal": step.equal and peer is not None,
            "fault": step.fault,
            "detail": step.detail,
            "pin": pin_of(self._der),
            "done": self._done,
        }

    # -- orders ------------------------------------------------------------------------------------

    async def _obey(self, orders: dict[str, Any]) -> None:
        code = orders.get("code") or {}
        self._door.set(str(code.get("hash", "")), float(code.get("until", 0.0)))
        order = orders.get("hand_over")
        if order is not None:
            if order == self._passed_on:
                pass
            elif is_here(self._box.standby.floating):
                self._order = float(order)
                self._passed_on = order
            elif self._session is not None:
                self._passed_on = order
                with contextlib.suppress(OrtsamtError):
                    await self._session.call("hand_over", patience_s=LOOK_S * 2)
        wanted = orders.get("do")
        if wanted and wanted["id"] != self._done.get("id"):
            try:
                if wanted["what"] == "pair":
                    await self._pair(str(wanted["address"]), str(wanted["code"]))
                else:
                    self._forget()
                self._done = {"id": wanted["id"]}
            except OrtsamtError as error:
                self._done = {
                    "id": wanted["id"], "error": error.error_id, "message": error.message, "hint": error.hint,
                }  # fmt: skip

    def _forget(self) -> None:
        kept.forget(self._folder)
        self._pairing, self._seen, self._step = None, None, Step()
        if self._session is not None:
            self._session.close()

    async def _pair(self, address: str, code: str) -> None:
        made = await introduce(address, code, self._hello(), self._box.standby.port)
        kept.write(self._folder, made)
        self._pairing, self._step = made, Step()
        _log.info("paired", node=made.node)

    # -- the link ----------------------------------------------------------------------------------

    def _hello(self) -> dict[str, Any]:
        return {
            "node": self._box.node,
            "address": self._box.standby.address,
            "router": self._box.standby.router,
            "identity": self._identity,
            "version": self._version,
        }

    async def _call(self) -> None:
        """The box that was paired second connects, again and again."""
        while True:
            pairing = self._pairing
            if pairing is None or not pairing.calls or not self._identity:
                await asyncio.sleep(LOOK_S)
                continue
            # A task of its own: asyncio's streams cancel whoever waits when a TLS connection is aborted.
            attempt = asyncio.create_task(self._connect(pairing), name="connect")
            try:
                await asyncio.wait({attempt})
            finally:
                attempt.cancel()
            if not attempt.cancelled() and (error := attempt.exception()) is not None:
                self._broken(error)
            await asyncio.sleep(CALL_AGAIN_S)

    async def _connect(self, pairing: Pairing) -> None:
        reader, writer, der = await dial(pairing.address, pairing.port)
        try:
            if sha(der) != pairing.fingerprint:
                raise PeerProtocolError(
                    "the box that answers is another one", error_id="standby.stranger",
                    hint="pair the boxes again",
                )  # fmt: skip
            writer.write(framed({**self._hello(), "proof": kept.proof(pairing.key, "caller", der)}))
            async with asyncio.timeout(GREET_S):
                hello = await receive(reader)
            if "error" in hello:
                raise PeerProtocolError(str(hello["error"]), error_id="standby.refused")
            if not kept.is_proof(hello.get("proof"), pairing.key, "called", der):
                raise PeerProtocolError("the other box has another secret", error_id="standby.stranger")
            await self._together(pairing, hello, reader, writer)
        except (OSError, TimeoutError) as error:
            raise DeviceUnavailable("the other box does not answer", error_id="standby.gone") from error
        finally:
            writer.close()

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody connects: the other box, or one that has a code."""
        try:
            async with asyncio.timeout(GREET_S):
                hello = await receive(reader, MAX_GREETING)
            try:
                if "pair" in hello:
                    writer.write(framed(self._take_in(hello["pair"], writer)))
                    await writer.drain()
                    return
                pairing = self._pairing
                if pairing is None or not kept.is_proof(hello.get("proof"), pairing.key, "caller", self._der):
                    raise PeerProtocolError("this box is not paired with you", error_id="standby.stranger")
                if not self._identity:
                    raise DeviceUnavailable("the core is starting", error_id="standby.core")
            except OrtsamtError as error:
                writer.write(framed({"error": error.message, "hint": error.hint}))
                await writer.drain()
                return
            writer.write(framed({**self._hello(), "proof": kept.proof(pairing.key, "called", self._der)}))
            await self._together(pairing, hello, reader, writer)
        except (OrtsamtError, ExceptionGroup) as error:
            self._broken(error)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # a scanner, or the end of this process
        finally:
            writer.close()

    def _take_in(self, asked: object, writer: asyncio.StreamWriter) -> dict[str, Any]:
        if not isinstance(asked, dict) or not self._door.opens(str(asked.get("code", ""))):
            raise ConfigError("this code is not valid", error_id="standby.code", hint="ask for a new one")
        self._alike(asked)
        made = Pairing(
            node=str(asked["node"]), address=str(writer.get_extra_info("peername")[0]), port=0,
            fingerprint="", key=secrets.token_hex(32), calls=False,
        )  # fmt: skip
        kept.write(self._folder, made)
        self._pairing, self._step = made, Step()
        _log.info("paired", node=made.node)
        return {"node": self._box.node, "key": made.key}

    def _alike(self, hello: dict[str, Any]) -> None:
        """Raise ConfigError when the two cannot be a pair."""
        if hello.get("node") == self._box.node:
            raise ConfigError(
                f"both boxes are called {self._box.node}",
                error_id="standby.name", hint="give each its own node in box.toml",
            )  # fmt: skip
        own = self._box.standby
        if (hello.get("address"), hello.get("router")) != (own.address, own.router):
            raise ConfigError(
                f"the floating address is {own.address}, group {own.router} here, and "
                f"{str(hello.get('address'))[:40]}, group {str(hello.get('router'))[:8]} there",
                error_id="standby.settings", hint="write the same into [standby] of both box.toml",
            )  # fmt: skip

    async def _together(
        self,
        pairing: Pairing,
        hello: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Exchange until the connection ends."""
        self._alike(hello)
        before = self._session
        if before is not None:
            before.close()
        session = Session(reader, writer, {"beat": self._heard, "hand_over": self._asked_to_go})
        self._session = session
        self._step.fault = self._step.detail = ""
        _log.info("connected to the other box", node=pairing.node)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(session.run())
                group.create_task(self._beat(session))
                group.create_task(self._exchanging(session, pairing, str(hello.get("identity", ""))))
        finally:
            if self._session is session:
                self._session = self._exchange = None

    async def _exchanging(self, session: Session, pairing: Pairing, identity: str) -> None:
        """Exchange whenever the core is there; the link does not need it."""
        while True:
            core = self._core
            if core is None:
                await asyncio.sleep(LOOK_S)
                continue
            exchange = Exchange(core, pairing.key, self._box.node, self._folder, self._step)
            session.answers.update(exchange.answers())
            self._exchange = exchange
            try:
                await exchange.run(session, pairing.node, identity)
            except* OrtsamtError as group:
                error = _first(group)
                if getattr(error, "error_id", "") == "standby.gone":
                    raise  # the other's end
                self._broken(error)
            await asyncio.sleep(CALL_AGAIN_S)

    async def _beat(self, session: Session) -> None:
        while True:
            await session.call(
                "beat",
                {
                    "active": is_here(self._box.standby.floating),
                    "can_call": bool(self._facts.get("can_call")) and not self._state.ill,
                    "standing_back": self._state.standing_back,
                    "calls": int(self._facts.get("calls") or 0),
                    "version": self._version,
                },
                patience_s=HEARD_S,
            )
            await asyncio.sleep(LOOK_S)

    async def _heard(self, said: Any) -> object:
        peer = msgspec.convert({name: said[name] for name in ("active", "can_call", "standing_back")}, Peer)
        self._seen = Seen(
            at=time.monotonic(), peer=peer, calls=int(said["calls"]), version=str(said["version"])[:40]
        )
        return {}

    async def _asked_to_go(self, _asked: Any) -> object:
        """The other wants to be active."""
        self._order = time.monotonic()
        return {}

    def _broken(self, error: BaseException) -> None:
        error = _first(error)
        step = self._step
        if isinstance(error, OrtsamtError):
            found = error.error_id, error.message
        else:
            _log.error("the link to the other box failed", exc_info=error)
            found = "standby.internal", type(error).__name__
        if found != (step.fault, step.detail):
            _log.warning("the other box is not reached", error_id=found[0], detail=found[1])
        step.fault, step.detail = found


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
