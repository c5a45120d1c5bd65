"""The SIP engine: pjsua2 behind :class:`appliance.ports.SipPort`.

Rules (each was paid for): one thread creates the library, calls ``poll``, ``execute``, ``apply_*`` and
``stop``; it must not block. No reference to a leg outlives its DISCONNECTED callback, no cycle goes through
one; the caller turns the garbage collector off (``gc.disable()``) and collects on this thread only, or a
collection elsewhere destroys pjsua2 objects on the wrong thread. Callbacks only append frozen events; they
reach the sink from ``poll``, never from inside PJSIP.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pjsua2 as pj
import structlog

from appliance.errors import DeviceUnavailable
from appliance.media.bridge import Bridge
from appliance.media.fax_ear import FaxEars
from appliance.media.library import Library
from appliance.media.ports_audio import LinePorts
from appliance.media.priority import hurry, threads
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Audio, Device, Transport, Trunk
from appliance.model.events import Event, LegEnded, LegFax, LegIncoming, PlaybackEnded
from appliance.model.fax import FaxBox
from appliance.model.ids import LegId
from appliance.ports import AudioPort, Clock, EventSink, LegMedia, TrunkState
from appliance.sip.accounts import EdgeAccount
from appliance.sip.directory import Directory, Way, way_by_trunk
from appliance.sip.headers import DialogId
from appliance.sip.incoming import Reception
from appliance.sip.leg import Leg
from appliance.sip.library import Endpoint
from appliance.sip.nodes import NodeAccount, NodeTable
from appliance.sip.peers import Peers
from appliance.sip.rtpengine import Gateway
from appliance.sip.settings import EngineSettings
from appliance.sip.t38 import T38Switch
from appliance.sip.trunk_account import TrunkAccount
from appliance.sip.trunks import TrunkTable

_log = structlog.get_logger(__name__)
_MOST_ATTEMPTS = 4
_TOO_MANY = 70010
"""pj_status_t PJ_ETOOMANY, which SWIG leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFigures:
    """What the engine holds now, for status and tests."""

    legs: int
    max_legs: int
    edge_transport: str
    trunk_transports: tuple[str, ...]
    strangers: int
    """Calls refused since the start because nobody knows where they come from."""


class SipEngine:
    """All SIP legs of the box. See the module's rules."""

    def __init__(self, settings: EngineSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._sink: EventSink = _drop
        self._events: deque[Event] = deque()
        self._legs: dict[LegId, Leg] = {}
        self._dialogs: dict[str, LegId] = {}
        self._to_trunks: dict[LegId, fx.Originate] = {}
        """How each leg to a trunk was wanted, while it may still be tried at another server."""
        self._again: list[tuple[fx.Originate, TrunkAccount, int, LegEnded]] = []
        self._endpoint: Endpoint | None = None
        self._transports: dict[Transport, int] = {}
        edge = f"127.0.0.1:{settings.edge_core_port}"
        now_ms = clock.monotonic_ms
        self._trunks = TrunkTable(settings, self._transport, self._incoming, self._in_use, now_ms)
        self.nodes = NodeTable(settings, self._incoming, self._in_use, edge, now_ms)
        """Other instances of the office."""
        fax = f"127.0.0.1:{settings.fax_port}"
        self._peers = Peers(edge=edge, fax=fax, trunks=self._trunks, nodes=self.nodes)
        self._reception = Reception(self._peers, clock)
        self._directory = Directory(self._peers)
        self._lines = LinePorts(settings.clock_rate)
        self._bridge = Bridge(
            audio_of=self._audio_of,
            library=Library(settings.prompts_dir, settings.audio_dir),
            voice_dir=settings.voice_dir,
            country=settings.country,
            clock_rate=settings.clock_rate,
            monotonic_ms=clock.monotonic_ms,
        )
        self.codecs = frozenset(name.lower() for name in settings.codecs)
        self.priority = ""
        """Of the threads that carry sound: ``fifo``, ``nice`` or ``normal``."""
        self._ears = FaxEars(self._audio_of, clock.monotonic_ms)
        self._gateway = Gateway(settings.t38_port)
        self._next_tick_ms = 0
        self._check_every_ms = settings.media_lost_seconds * 1000 // 6
        self._effects: dict[type, Callable[[Any], None]] = {
            fx.SendRinging: self._send_ringing,
            fx.SendEarlyMedia: self._send_early_media,
            fx.Answer: self._answer,
            fx.EndLeg: self._end_leg,
            fx.Originate: self._originate,
            fx.CarryFax: self._carry_fax,
            fx.ListenForFax: self._listen_for_fax,
            fx.SetAudio: self._set_audio,
            fx.Announce: self._bridge.announce,
            fx.Record: self._bridge.recordings.start,
            fx.StopRecord: self._bridge.recordings.stop,
            fx.SendDigit: self._send_digit,
            fx.TransferResult: self._transfer_result,
        }

    # --- life

    def start(self, sink: EventSink) -> None:
        """Open transports; raises DeviceUnavailable when a port is taken or the library is not ours."""
        self._sink = sink
        failure: DeviceUnavailable | None = None
        try:
            self._open()
        except pj.Error as error:
            failure = DeviceUnavailable(f"SIP engine does not start: {error.info()}", error_id="engine.start")
        except DeviceUnavailable as error:
            failure = error
        if failure is not None:
            failure.__context__ = (
                None  # a traceback would keep the endpoint alive, and no second could be made
            )
            self._close_library()
            raise failure.with_traceback(None)

    def _open(self) -> None:
        settings = self._settings
        before = threads()  # those of PJSIP begin with open: one reads RTP, one mixes
        endpoint = self._endpoint = Endpoint(settings, self._reception.choose_account, self._sdp_passes)
        endpoint.open()
        core = endpoint.open_transport(
            Transport.UDP, port=settings.core_port, bind="127.0.0.1", public="127.0.0.1"
        )
        for transport in (Transport.UDP, Transport.TCP):
            self._transports[transport] = endpoint.open_transport(
                transport,
                port=settings.trunk_port,
                bind=settings.trunk_listen,
                public=settings.provider_facing_address,
            )
        endpoint.run()
        self.priority = hurry(threads() - before)
        self._peers.open(settings, endpoint, core, self._incoming)

    def stop(self) -> None:
        """End every leg, unregister, close; takes at most about two seconds."""
        endpoint = self._endpoint
        if endpoint is None:
            return
        for leg in list(self._legs.values()):
            leg.end(Cause.RESTART)
        self._peers.close()
        deadline = self._clock.monotonic_ms() + 300  # BYEs and REGISTERs leave, most answers come
        while self._clock.monotonic_ms() < deadline:
            endpoint.libHandleEvents(20)
        self._deliver()
        self._close_library()

    def poll(self, max_ms: int) -> None:
        """Handle SIP and media events for at most so long, returning early when something happened."""
        endpoint = self._endpoint
        if endpoint is None:
            return
        endpoint.libHandleEvents(0 if self._events else max_ms)
        if self._again:
            self._try_again()
        for fax in self._ears.heard():
            self._events.append(LegFax(leg=fax))
        for leg, playback in self._bridge.ended():
            self._events.append(PlaybackEnded(leg=leg, playback=playback))
        self._events.extend(self._bridge.recordings.ended())
        now = self._clock.monotonic_ms()
        if now >= self._next_tick_ms:
            self._next_tick_ms = now + min(1000, self._check_every_ms)
            self._tick(now)
        self._deliver()

    def execute(self, effect: fx.LegEffect) -> None:
        """Do what call control wants; failures come back as LegEnded, never as an exception."""
        try:
            self._effects[type(effect)](effect)
        except Exception:  # noqa: BLE001 - nothing a peer sends may stop the engine
            of = LegId("") if isinstance(effect, fx.Announce) else effect.leg
            _log.exception("sip.effect", effect=type(effect).__name__, leg=of)
            leg = self._legs.get(of)
            if leg is not None:
                leg.end(Cause.FAILURE)
            elif isinstance(effect, fx.Originate):
                self.emit(LegEnded(leg=effect.leg, cause=Cause.FAILURE, by_remote=False))

    def apply_devices(self, devices: Iterable[Device]) -> None:
        """Know these accounts: which device and extension an authenticated user name stands for."""
        self._reception.know(devices)

    def apply_test_device(self, device: Device | None) -> None:
        """Know the account with which the box calls itself; None: none."""
        self._reception.test_device = device

    def apply_fax_boxes(self, boxes: Iterable[FaxBox]) -> None:
        """Know the boxes in whose name the fax engine may call."""
        self._reception.know_fax(boxes)

    def apply_trunks(self, trunks: Iterable[Trunk]) -> None:
        """Make the set of trunk accounts equal to this; calls on changed trunks go on."""
        self._trunks.apply(trunks)

    def apply_audio(self, recordings: Iterable[Audio]) -> None:
        """Play these own recordings from now on; what plays goes on."""
        self._bridge.library.apply(recordings)
        self._bridge.drop_old_loops()

    def trunk_states(self) -> tuple[TrunkState, ...]:
        """The state of every configured trunk."""
        return self._trunks.states()

    def leg_media(self) -> tuple[LegMedia, ...]:
        """Live figures of every leg that has audio."""
        media = []
        for leg in self._legs.values():
            quality = leg.quality()
            if quality.codec:
                media.append(
                    LegMedia(
                        leg=leg.leg_id,
                        codec=quality.codec,
                        secure=quality.secure,
                        received_packets=quality.received_packets,
                        lost_packets=quality.lost_packets,
                        jitter_ms=quality.jitter_ms,
                        round_trip_ms=quality.round_trip_ms,
                        mos=quality.mos,
                    )
                )
        return tuple(media)

    def figures(self) -> EngineFigures:
        """What the engine holds now."""
        settings = self._settings
        return EngineFigures(
            legs=len(self._legs),
            max_legs=settings.max_legs,
            edge_transport=f"udp:127.0.0.1:{settings.core_port}",
            trunk_transports=tuple(
                f"{kind.value}:{settings.trunk_listen or '0.0.0.0'}:{settings.trunk_port}"  # noqa: S104 - says so
                for kind in self._transports
            ),
            strangers=self._reception.refused,
        )

    def move(self, address: str) -> None:
        """New calls are announced at this address; those that are go on. Engine thread only."""
        self._settings = replace(self._settings, media_address=address)
        self._peers.move(self._settings)

    # --- the mixer for lines that are no SIP legs (MediaPort)

    def attach(self, leg: LegId, audio: AudioPort, *, exact: bool = False, wideband: bool = False) -> None:
        """From now on the leg sounds like this; without a place in the mixer it stays silent."""
        if self._lines.get(leg) is not None:
            self._bridge.cut(leg)
            self._lines.detach(leg)
        try:
            self._lines.attach(leg, audio, exact=exact, wideband=wideband)
        except pj.Error as error:
            _log.warning("line.no_place", leg=leg, error=error.info())
        self._bridge.add(leg)
        self._bridge.refresh(leg)
        self._ears.refresh(leg)

    def detach(self, leg: LegId) -> None:
        """The leg is over."""
        self._bridge.leave(leg)
        self._lines.detach(leg)

    # --- effects

    def _send_ringing(self, effect: fx.SendRinging) -> None:
        leg = self._unanswered(effect.leg)
        if leg is not None:
            leg.respond(180)

    def _send_early_media(self, effect: fx.SendEarlyMedia) -> None:
        leg = self._unanswered(effect.leg)
        if leg is not None:
            leg.respond(183)

    def _answer(self, effect: fx.Answer) -> None:
        leg = self._unanswered(effect.leg)
        if leg is not None:
            leg.respond(200)

    def _unanswered(self, leg_id: LegId) -> Leg | None:
        leg = self._legs.get(leg_id)
        return leg if leg is not None and leg.incoming and not leg.confirmed else None

    def _end_leg(self, effect: fx.EndLeg) -> None:
        leg = self._legs.get(effect.leg)
        if leg is not None:
            leg.end(effect.cause)

    def _originate(self, effect: fx.Originate) -> None:
        if effect.leg in self._legs:
            return
        way = self._directory.way(effect, self._settings.media_address)
        if isinstance(way, Cause):
            self.emit(LegEnded(leg=effect.leg, cause=way, by_remote=False))
        elif way is not None:
            self._call(effect, way)

    def _call(self, effect: fx.Originate, way: Way, attempt: int = 1) -> None:
        account = way.account
        host = self._settings.media_address
        leg = Leg(
            self,
            account,
            effect.leg,
            incoming=False,
            dialog=f"{effect.leg}@{host}" if attempt == 1 else f"{effect.leg}-{attempt}@{host}",
            srtp=account.srtp,
            may_transfer=isinstance(account, EdgeAccount),
        )
        leg.attempt = attempt
        leg.linked = isinstance(account, NodeAccount)
        leg.fax = effect.fax
        self._may_t38(leg)
        leg.started_ms = self._clock.monotonic_ms()
        prm = pj.CallOpParam(True)
        prm.opt.audioCount, prm.opt.videoCount, prm.opt.textCount = 1, 0, 0
        prm.opt.customCallId = leg.dialog
        prm.txOption.localUri = way.identity.sender
        for name, value in way.identity.headers:
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.push_back(header)
        self._keep(leg)
        if isinstance(account, TrunkAccount):
            self._to_trunks[effect.leg] = effect
        try:
            leg.makeCall(way.uri, prm)
        except pj.Error as error:
            # The call has id -1: dropping it is all there is to do.
            _log.warning("leg.not_made", leg=effect.leg, error=error.info())
            leg.failed(Cause.CONGESTION if error.status == _TOO_MANY else Cause.FAILURE)

    def _listen_for_fax(self, effect: fx.ListenForFax) -> None:
        if effect.leg in self._legs:
            self._ears.listen(effect.leg)

    def _carry_fax(self, effect: fx.CarryFax) -> None:
        leg = self._legs.get(effect.leg)
        if leg is not None:
            leg.carry_fax(joined=effect.joined)

    def _may_t38(self, leg: Leg) -> None:
        """Let the descriptions of a leg to a provider with T.38 pass the gateway's switch."""
        if self._endpoint is not None and isinstance(leg.account, TrunkAccount) and leg.account.trunk.t38:
            leg.t38 = T38Switch(self._gateway, leg.dialog)
            self._endpoint.watchSdp(leg.dialog, True)

    def _sdp_passes(self, prm: Any) -> None:
        leg = self._legs.get(self._dialogs.get(prm.callId, LegId("")))
        if leg is not None and leg.rewrite(prm):
            self._events.append(LegFax(leg=leg.leg_id))

    def _set_audio(self, effect: fx.SetAudio) -> None:
        self._bridge.hears(effect.leg, effect.hears)

    def _send_digit(self, effect: fx.SendDigit) -> None:
        leg = self._legs.get(effect.leg)
        if leg is not None:
            leg.send_digit(effect.digit)

    def _transfer_result(self, effect: fx.TransferResult) -> None:
        leg = self._legs.get(effect.leg)
        if leg is not None:
            leg.notify_transfer(effect.sip_status)

    # --- what legs ask for (LegOwner)

    def emit(self, event: Event) -> None:
        """Queue an event; it reaches the sink from poll."""
        self._events.append(event)

    def audio_changed(self, leg: LegId) -> None:
        """The leg's media was started, changed or stopped."""
        self._bridge.refresh(leg)

    def leg_over(self, leg: Leg, ended: LegEnded) -> None:
        """Drop every reference to this leg, now; tell of its end, or try the provider's next server."""
        self._legs.pop(leg.leg_id, None)
        self._ears.forget(leg.leg_id)
        self._dialogs.pop(leg.dialog, None)
        if leg.t38 is not None:
            leg.drop_t38()
            if self._endpoint is not None:
                self._endpoint.watchSdp(leg.dialog, False)
        effect = self._to_trunks.pop(leg.leg_id, None)
        if (
            effect is not None
            and leg.attempt < _MOST_ATTEMPTS
            and (leg.nobody_there or ended.sip_status == 503)
        ):
            self._again.append((effect, leg.account, leg.attempt, ended))
            return
        self._bridge.forget(leg.leg_id)
        self.emit(ended)

    def _try_again(self) -> None:
        """Call once more where nobody was found; before call control hears of anything."""
        waiting, self._again = self._again, []
        for effect, account, attempt, ended in waiting:
            other = self._trunks.other_server(account)
            if other is None:
                self._bridge.forget(effect.leg)
                self.emit(ended)
            else:
                _log.info("leg.next_server", leg=effect.leg, trunk=other.trunk.id)
                self._call(effect, way_by_trunk(effect, other), attempt + 1)

    def leg_of_dialog(self, dialog: DialogId) -> LegId | None:
        """Find the leg of a dialog that a peer names."""
        leg_id = self._dialogs.get(dialog.call_id)
        leg = self._legs.get(leg_id) if leg_id is not None else None
        if leg is None or (leg.remote_tag and leg.remote_tag not in {dialog.to_tag, dialog.from_tag}):
            return None
        return leg_id

    def replace_requested(self, leg: LegId, invite: str) -> bool:
        """An INVITE wants to replace this leg; whether its sender may is seen when its account is chosen."""
        self._reception.replace_requested(leg, invite)
        return True

    # --- incoming calls

    def _incoming(self, account: pj.Account, call_index: int) -> None:
        offered = self._reception.take()
        if offered is None or offered.account is not account:
            _log.error("sip.unexpected_call", account=str(account))
            return  # no Call object: pjsua2 answers 500
        leg_id = new_leg_id()
        leg = Leg(
            self,
            account,
            leg_id,
            incoming=True,
            dialog=offered.dialog,
            srtp=offered.account.srtp,
            may_transfer=isinstance(account, EdgeAccount) and offered.authenticated,
            remote_tag=offered.remote_tag,
            call_index=call_index,
        )
        self._may_t38(leg)
        self._keep(leg)
        self.emit(
            LegIncoming(
                leg=leg_id,
                origin=offered.origin,
                caller=offered.caller,
                dialled=offered.dialled,
                replaces=offered.replaces,
                source=offered.source,
                authenticated=offered.authenticated,
            )
        )

    def _keep(self, leg: Leg) -> None:
        self._legs[leg.leg_id] = leg
        self._dialogs[leg.dialog] = leg.leg_id
        self._bridge.add(leg.leg_id)

    # --- regular work

    def _tick(self, now: int) -> None:
        self._peers.tick(now)
        lost_ms = self._settings.media_lost_seconds * 1000
        for leg in list(self._legs.values()):
            if not leg.confirmed:
                if not leg.heard and now - leg.started_ms >= self._settings.no_response_seconds * 1000:
                    leg.give_up()
                continue
            leg.retry_offer()
            if now < leg.check_at_ms:
                continue
            leg.check_at_ms = now + self._check_every_ms
            packets = -1 if leg.held else leg.packets()
            if packets != leg.seen_packets or packets < 0:
                leg.seen_packets, leg.seen_at_ms = packets, now
            elif now - leg.seen_at_ms >= lost_ms:
                leg.end(Cause.MEDIA_LOST)

    def _deliver(self) -> None:
        events, sink = self._events, self._sink
        while events:
            sink(events.popleft())

    def _audio_of(self, leg_id: LegId) -> pj.AudioMedia | None:
        leg = self._legs.get(leg_id)
        if leg is None:
            return self._lines.get(leg_id)
        return None if leg.over else leg.audio()

    def _in_use(self, account: pj.Account) -> bool:
        return any(leg.account is account for leg in self._legs.values())

    def _transport(self, transport: Transport) -> int:
        opened = self._transports.get(transport)
        if (
            opened is None
        ):  # TLS: only when a trunk wants it; it connects out and has no certificate to let in
            if self._endpoint is None:
                raise DeviceUnavailable("the SIP engine does not run", error_id="engine.stopped")
            opened = self._transports[transport] = self._endpoint.open_transport(
                transport,
                port=0,
                bind=self._settings.trunk_listen,
                public=self._settings.provider_facing_address,
            )
        return opened

    def _close_library(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        self._bridge.close()
        self._ears.close()
        self._lines.close()
        self._legs.clear()
        self._dialogs.clear()
        self._to_trunks.clear()
        self._peers.drop()
        self._transports.clear()
        self._gateway.close()
        if endpoint is not None:
            endpoint.close()


def new_leg_id() -> LegId:
    """Make an id that no leg ever had: it names the leg in records and its dialog to peers."""
    return LegId(secrets.token_hex(10))


def _drop(_event: Event) -> None:
    """Stand for the sink before start."""
