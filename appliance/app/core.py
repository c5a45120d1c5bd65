"""The core process: a start list, the engine loop, the same list backwards.

Theory of operation: stores are opened first, so that nothing is taken that cannot be kept; then the engine,
the link to the edge, and last the control socket, which makes the box reachable. The main thread is the
engine thread: signals are handled between two turns of its loop.
"""

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import metadata
from types import FrameType

import sdnotify
import structlog

from appliance.app import engine_thread
from appliance.app.address_book import AddressBook
from appliance.app.alarm_desk import AlarmDesk
from appliance.app.analog import Analog
from appliance.app.backing_up import BackupClock
from appliance.app.changes import ChangeWorker
from appliance.app.clock_watch import ClockWatch
from appliance.app.dect import Dect
from appliance.app.desk import VoiceDesk
from appliance.app.edge_news import EdgeNews
from appliance.app.exchange import Exchange
from appliance.app.identity import identity_of
from appliance.app.lamps import SettingLamps
from appliance.app.live_configuration import LiveConfiguration
from appliance.app.loop import EngineLoop
from appliance.app.methods import register_methods
from appliance.app.mobile import MobileNetwork
from appliance.app.nodes import Nodes
from appliance.app.outages import Outages
from appliance.app.outlet import BoxOutlet
from appliance.app.phones.desk import PhoneDesk
from appliance.app.phones.facts import root_url
from appliance.app.progress import Progress
from appliance.app.recollecting import recollect
from appliance.app.recorder import Recorder
from appliance.app.retention import Retention
from appliance.app.settings import (
    engine_settings,
    listen_addresses,
    media_address,
    phone_reach,
    reach,
)
from appliance.app.spoken_names import SpokenNames
from appliance.app.standby import StandbyDesk
from appliance.app.stores import open_stores
from appliance.app.survival import Survival
from appliance.app.trial_run import TrialRun
from appliance.app.update_watch import UpdateWatch
from appliance.app.voice import register_guessing, register_switches
from appliance.app.voicemail.lamps import ANALOG, LOCAL
from appliance.app.voicemail.service import Voicemail
from appliance.app.watch import Watch
from appliance.app.whereabouts import Whereabouts
from appliance.calls.control import CallControl
from appliance.calls.exchange import Limits
from appliance.control.alarms import said
from appliance.control.backup import BackupMethods, apply_documents
from appliance.control.server import ControlServer
from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.model.alarms import Alarm
from appliance.model.box import BoxSettings
from appliance.model.documents import TrunkKind
from appliance.model.effects import ChangeConfiguration, Consult, WishChanged
from appliance.model.events import NamesChanged, PlacesChanged, ShutDown, TextReceived
from appliance.model.ids import E164, DeviceId, TrunkId
from appliance.network.reading import read_time
from appliance.notify.notifier import Notifier
from appliance.ports import LegPort
from appliance.routing.plan import plan
from appliance.sip.edge.events import Aor
from appliance.sip.edge.link import EdgeLink
from appliance.sip.edge.settings import link_token
from appliance.sip.engine import SipEngine
from appliance.store.reserve import free_bytes
from appliance.telemetry.alarms import Alarms
from appliance.telemetry.capture import Capture

DRAIN_S = 3.0
LOW_ROOM_BYTES = 50_000_000
ADOPTED_MINUTES = 60
"""So long a new DECT base may fetch its first file without knowing the secret address."""

log = structlog.get_logger(__name__)


class SystemClock:
    """Monotonic time of the machine."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start."""
        return time.monotonic_ns() // 1_000_000


def new_id() -> str:
    """An id for a call or leg: sortable by time, unique without a counter that could be rolled back."""
    return f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(4)}"


class Core:
    """One running core. ``start`` raises ConfigError or DeviceUnavailable and leaves nothing running."""

    names: SpokenNames
    """Made with the methods that it uses."""
    voicemail: Voicemail

    def __init__(self, box: BoxSettings) -> None:
        self.box = box
        self._stack = ExitStack()
        self._stopping = False
        self._notifier = sdnotify.SystemdNotifier()
        self.started = datetime.now(UTC)

    def start(self) -> None:
        """Open everything in order."""
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise

    def _start(self) -> None:
        box = self.box
        paths = box.paths
        engine_thread.prepare()
        with contextlib.suppress(OSError):  # the control socket says what is wrong with it
            paths.runtime_dir.mkdir(parents=True, exist_ok=True)
        self.stores = open_stores(box, self._stack)
        self.configuration = self.stores.configuration
        self.records = self.stores.records
        apply_documents(paths.state_dir, self.configuration)
        self.standby = StandbyDesk(self)
        self.configuration.stand_by(not self.standby.active)
        self.identity = identity_of(paths.state_dir)
        snapshot = self.configuration.snapshot()

        self.server = ControlServer(paths.runtime_dir / "control.sock")
        self.notifier = Notifier(paths.state_dir / "mail.db", box.node, snapshot, self.server.publish)
        self._stack.callback(self.notifier.stop)
        self.alarm_desk = AlarmDesk(
            lambda: self.notifier.site, (self._publish_alarm, self.notifier.alarm), self._send_sms
        )
        self.alarms = Alarms(self.alarm_desk.take)
        self._edge_news = EdgeNews(self)
        self.edge = EdgeLink(
            port=box.network.evapi_port,
            token=link_token(paths.state_dir / "edge"),
            realm=box.security.realm,
            on_event=self._edge_news.take,
        )
        self.phones = PhoneDesk(
            configuration=self.configuration,
            store=self.stores.phones,
            contacts=self.stores.contacts,
            edge=self.edge,
            alarms=self.alarms,
            publish=self.server.publish,
            reach=phone_reach(box),
            addresses=listen_addresses(box),
            said_as=self.standby.said_as,
        )
        self.sip = SipEngine(engine_settings(box, snapshot), SystemClock())
        self.mobile = MobileNetwork(
            box,
            self.stores.sms,
            self.sip,
            self.configuration.snapshot,
            self.notifier,
            self.server.publish,
            self._sms_order,
        )
        self._stack.callback(self.mobile.stop)
        lines: list[LegPort] = []
        if box.has_modules:
            lines.append(self.mobile.trunks)
        self.analog = Analog(box, self.sip, self.configuration.snapshot, new_id)
        self.analog.register(self.server)
        lines.append(self.analog.legs)
        here = reach(box)
        self.dect = Dect(
            box,
            self.configuration,
            self.alarms,
            self.server.publish,
            (here.address.strip("[]"), here.sip_port),
            media=self.sip,
            judge=self.analog.judge,
            new_id=new_id,
            files=lambda snapshot: root_url(snapshot, phone_reach(box)),
            poke=self._poke_bases,
            contacts=self.edge.all_contacts,
            adopted=lambda mac: self.phones.open(mac, ADOPTED_MINUTES),
            moved=self._handsets_moved,
        )
        self.phones.add_source(self.dect)
        lines += [self.dect.absent, self.dect.legs]
        self.loop = EngineLoop(
            sip=self.sip,
            control=CallControl(
                planner=plan, new_id=new_id, snapshot=snapshot, limits=Limits(max_legs=box.engine.max_legs)
            ),
            clock=SystemClock(),
            lines=lines,
            wall=lambda: datetime.now(UTC),
            outlet=BoxOutlet(
                records=self.records,
                edge=self.edge,
                publish=self.server.publish,
                ended=self.notifier.call_over,
                change=self._change,
                asleep=self.notifier.asleep,
                consult=self._consult,
                line_changed=lambda: self.nodes.nudge(),  # noqa: PLW0108 - it is made later
                watch=Watch(
                    self.alarms,
                    SystemClock().monotonic_ms,
                    self._nobody_there,
                    self.mobile.module_states if box.has_modules else tuple,
                    self._is_module,
                    self.dect.place_of,
                ),
            ),
        )
        recollect(self.loop, self.stores, self.started)
        self.changes = ChangeWorker(self.configuration, self.stores.wishes, self.loop.post)
        self.desk = VoiceDesk(self.loop.post)
        self.recorder = Recorder(
            store=self.stores.recordings,
            voice=paths.state_dir / "voice",
            settings=lambda: self.configuration.snapshot().recording,
            post=self.loop.post,
            alarms=self.alarms,
            publish=self.server.publish,
        )
        register_switches(self.desk, self.configuration)
        register_guessing(self.desk, self.alarms)
        self.voicemail = Voicemail(
            store=self.stores.voicemail,
            folder=paths.state_dir / "voice",
            snapshot=self.configuration.snapshot,
            change=self.configuration.put,
            light=self._light,
            notifier=self.notifier,
            alarms=self.alarms,
            publish=self.server.publish,
        )
        self.voicemail.register(self.desk)
        self.survival = Survival(self)
        self.outages = Outages(self)
        self._progress = Progress(lambda: {**self.mobile.turned(), **self.analog.turned()}, time.monotonic)
        self.notifier.start()
        self.mobile.start()
        self.analog.start()
        self._stack.callback(self.analog.stop)
        self.alarm_desk.start()
        self._stack.callback(self.alarm_desk.stop)
        self.address_book = AddressBook(self)
        self.loop.post(NamesChanged(names=self.address_book.names()))
        self.nodes = Nodes(self)
        self.loop.start(snapshot)
        self._stack.callback(self.loop.stop)
        for warning in self.warnings():
            log.warning(warning)
        self.live = LiveConfiguration(self)
        self.live.tell_edge(snapshot)
        self.lamps = SettingLamps(self.edge.publish_dialog)
        self.lamps.show(snapshot)
        self.edge.start()
        self._stack.callback(self.edge.stop)
        self.exchange = Exchange(self)
        self.nodes.register()
        self.exchange.register()  # first of those who hear of changes: others wait for engine and edge
        self._stack.callback(self.configuration.subscribe(self.live.changed))
        self.standby.register()
        network = box.network
        self.capture = Capture(
            paths.runtime_dir / "capture.pcap",
            (network.sip_port, network.tls_port, network.core_port, network.trunk_port),
            (network.rtp_first, network.rtp_last),
        )
        self._stack.callback(self.capture.stop)
        self.trial_run = TrialRun(paths.runtime_dir / "control.sock")
        self._stack.callback(self.trial_run.stop)
        register_methods(self)
        self._stack.callback(self.configuration.subscribe(self.phones.configuration_changed))
        self.phones.start()
        self._stack.callback(self.phones.stop)
        self._stack.callback(self.configuration.subscribe(self.names.changed))
        self._stack.callback(self.configuration.subscribe(self.address_book.configuration_changed))
        self.names.start()
        self._stack.callback(self.names.stop)
        self._stack.callback(self.configuration.subscribe(self.dect.changed))
        self.dect.start()
        self._stack.callback(self.dect.stop)
        self.changes.start()
        self._stack.callback(self.changes.stop)
        self.voicemail.start()
        self._stack.callback(self.voicemail.stop)
        self.survival.start()
        self._stack.callback(self.survival.stop)
        self.desk.start()
        self._stack.callback(self.desk.stop)
        self.retention = Retention(self.records, lambda: self.configuration.snapshot().journal)
        self._stack.callback(self.configuration.subscribe(self.retention.changed))
        self.retention.start()
        self._stack.callback(self.retention.stop)
        self.backups = BackupMethods(
            state=paths.state_dir,
            node=box.node,
            version=metadata.version("ortsamt"),
            store=self.configuration,
            start_again=self.start_again,
            before=lambda: self.records.flush(5),
        )
        self.backups.register(self.server)
        clock = BackupClock(self.backups, self.configuration.snapshot, self.alarms)
        clock.start()
        update_watch = UpdateWatch(self.alarms)
        update_watch.start()
        self._stack.callback(update_watch.stop)
        self._stack.callback(clock.stop)
        self.recorder.start()
        self._stack.callback(self.recorder.stop)
        self.exchange.start()
        self._stack.callback(self.exchange.stop)
        self.standby.start()
        self._stack.callback(self.standby.stop)
        self.nodes.start()
        self._stack.callback(self.nodes.stop)
        self.server.start()
        self._stack.callback(self.server.stop)
        clock_watch = ClockWatch(self.alarms, self._newest, lambda: read_time(lambda _: ""))
        clock_watch.start()
        self._stack.callback(clock_watch.stop)
        whereabouts = Whereabouts(self, self._moved)
        whereabouts.start()
        self._stack.callback(whereabouts.stop)

    def run(self) -> None:
        """Turn the engine's loop until a signal or :meth:`stop`; then end calls and close everything."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signal)
        engine_thread.settle()
        self._notifier.notify("READY=1")
        log.info("ready for calls", pid=os.getpid())
        try:
            engine_thread.turn_until(self.loop, lambda: self._stopping, self._beat)
            self._notifier.notify("STOPPING=1")
            self.loop.handle(ShutDown())
            deadline = time.monotonic() + DRAIN_S
            engine_thread.turn_until(
                self.loop,
                lambda: not self.loop.control.leg_count or time.monotonic() > deadline,
                self._beat,
            )
        finally:
            self._stack.close()
            log.info("stopped")

    def warnings(self) -> tuple[str, ...]:
        """What the installer should put right though calls are possible."""
        found = []
        paths = self.box.paths
        if not paths.prompts_dir.is_dir():
            found.append(
                f"no prompts in {paths.prompts_dir}: callers hear tones instead (paths.prompts in box.toml)"
            )
        with contextlib.suppress(OSError):
            if (room := free_bytes(paths.state_dir)) < LOW_ROOM_BYTES:
                found.append(
                    f"only {room // 1_000_000} MB free for {paths.state_dir}: make room on that disk"
                )
        if self.recorder.halted:
            found.append("no room for recordings: calls are not recorded; make room on that disk")
        return tuple(found)

    def stop(self) -> None:
        """Let :meth:`run` come to its end; from any thread or signal handler."""
        self._stopping = True

    def _newest(self) -> datetime | None:
        """When the configuration was changed here last."""
        found = [one.at for one in self.configuration.log.operations(limit=50) if one.node == self.box.node]
        return max(found, default=None)

    def _moved(self, addresses: tuple[str, ...]) -> None:
        """The box has other addresses: on the thread that watches them."""
        self.server.publish("network", {"addresses": addresses})
        try:
            self.loop.ask(lambda: self.sip.move(media_address(self.box, addresses)))
        except OrtsamtError as error:
            log.warning("calls are still announced at the old address", error=str(error))

    def start_again(self) -> None:
        """Come to an end once what asked for it has its answer; whoever keeps the core starts it anew."""
        timer = threading.Timer(0.5, self.stop)
        timer.daemon = True
        timer.start()

    def _signal(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _beat(self) -> None:
        if self._progress.alive(self.loop.control.leg_count):
            self._notifier.notify("WATCHDOG=1")
        self.live.catch_up()
        self.lamps.beat(time.monotonic())

    def _change(self, change: ChangeConfiguration | WishChanged) -> None:
        self.changes.take(change)

    def _nobody_there(self) -> None:
        self.survival.nudge()

    def _is_module(self, trunk: TrunkId) -> bool:
        found = self.loop.control.snapshot.trunks.get(trunk)
        return found is not None and found.kind is TrunkKind.GSM

    def trunk_servers(self) -> Mapping[TrunkId, str]:
        """Trunk → the server in use, as last seen; for any thread."""
        return self.loop.servers

    def _publish_alarm(self, alarm: Alarm) -> None:
        self.server.publish("alarm", said(alarm, self.notifier.site.language))

    def _send_sms(self, number: str, text: str) -> None:
        self.mobile.send_sms(number, text)

    def _sms_order(self, number: str, text: str) -> None:
        with contextlib.suppress(DeviceUnavailable):  # the engine is overloaded: no time for callbacks
            self.loop.post(TextReceived(number=number, text=text))

    def _light(self, account: Aor, new: int, old: int) -> None:
        if account.startswith(ANALOG):
            self.analog.legs.light(DeviceId(account.removeprefix(ANALOG)), new)
        elif account.startswith(LOCAL):
            self.dect.legs.light(DeviceId(account.removeprefix(LOCAL)), new)
        else:
            self.edge.publish_mwi(account, new, old)

    def _handsets_moved(self, numbers: Mapping[DeviceId, E164]) -> None:
        with contextlib.suppress(DeviceUnavailable):  # the engine is overloaded: it hears of the next move
            self.loop.post(PlacesChanged(numbers=numbers))

    def _poke_bases(self, accounts: tuple[str, ...], event: str) -> None:
        for account in accounts:
            for contact in self.edge.contacts(Aor(account)):
                self.edge.notify(contact, event)

    def _consult(self, consult: Consult) -> None:
        self.desk.take(consult)
