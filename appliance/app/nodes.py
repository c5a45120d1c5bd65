"""The other instances of the office: introducing ourselves, the link for calls, knowing what is there.

Every few seconds, and at once when something changes, each side tells the other which extensions have
telephones there and which of them talk. Who does not answer is cut off within seconds.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from appliance.app.settings import edge_settings, ha1, listen_addresses
from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.decode import Nothing, decode, encode
from appliance.model.documents import AnalogDevice, DectHandset
from appliance.model.effects import LineState
from appliance.model.events import ElsewhereChanged
from appliance.model.ids import ExtensionId
from appliance.model.instances import ALONE, Elsewhere, Instance, Role, account_of
from appliance.model.snapshot import Snapshot
from appliance.sip.edge.events import Account, Aor, Credential, DialogDirection, DialogInfo, DialogState
from appliance.sip.nodes import NodeLinks, Uplink
from appliance.store.writing import write_file
from appliance.sync import credentials as kept
from appliance.sync.credentials import Credentials

if TYPE_CHECKING:
    from appliance.app.core import Core

BEAT_S = 3.0
ALIVE_S = 8.0
"""Whoever has not been heard, or has not answered, for so long is cut off."""
RENEW_S = 4.0
ALARM_S = 30.0
LOOK_S = 5.0
DEBOUNCE_S = 0.25
MOST_PLAIN = 3000
MOST_NEWS = 1_000_000
_WHO = "instance"
_log = structlog.get_logger("nodes")


class _There(msgspec.Struct):
    """What an instance has: ids of extensions."""

    extensions: list[str] = []
    busy: list[str] = []


class _News(msgspec.Struct):
    nodes: dict[str, _There]


@dataclass(slots=True, kw_only=True)
class _Peer:
    """An instance that is directly reached. Times are monotonic."""

    role: Role
    heard: float = 0.0
    good: float = 0.0
    failed: bool = True
    registered: bool = False
    detail: str = ""
    up: bool = False
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))
    down_since: float = field(default_factory=time.monotonic)
    nodes: Mapping[str, _There] = field(default_factory=dict)


class Nodes:
    """Owns the link; made before the engine's loop, started after it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._here = core.box.node
        self._cloud = core.box.in_cloud
        self._folder = core.box.paths.state_dir / "sync"
        self._peers: dict[str, _Peer] = {}
        self._told: deque[tuple[str, str, bool, str]] = deque(maxlen=1000)
        self._links = NodeLinks()
        self._elsewhere = ALONE
        self._lit: set[tuple[str, str]] = set()
        self._renewed = 0.0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._due = self._look_due = True
        self._thread = threading.Thread(target=self._run, name="nodes", daemon=True)

    def register(self) -> None:
        """Offer the ``nodes.*`` methods."""
        self._core.server.register("nodes.show", self.show, slow=True)

    def start(self) -> None:
        """Begin."""
        self._core.sip.nodes.news = self
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(3)

    # -- any thread --------------------------------------------------------------------------------

    def look(self) -> None:
        """Other instances may have introduced themselves."""
        self._look_due = True
        self._wake.set()

    def nudge(self) -> None:
        """Something changed that others want to know."""
        self._due = True
        self._wake.set()

    def accounts(self, snapshot: Snapshot) -> dict[Account, Credential]:
        """In the cloud: the accounts of boxes, for the edge."""
        made = self._credentials()
        if made is None or not self._cloud:
            return {}
        realm = self._core.box.security.realm
        return {
            Account(account_of(one.id)): Credential(
                ha1=ha1(account_of(one.id), realm, _secret(made, one)), aor=Aor(account_of(one.id))
            )
            for one in snapshot.instances.values()
            if one.role is Role.BOX and one.id != self._here and one.salt
        }

    def heard(self, node: str, body: str) -> None:
        """An instance told its news (engine thread)."""
        self._tell("heard", node, good=True, text=body)

    def taken(self, node: str, *, good: bool, detail: str) -> None:
        """What became of the news that was sent there (engine thread)."""
        self._tell("taken", node, good=good, text=detail)

    def registered(self, node: str, *, good: bool, detail: str) -> None:
        """Whether the cloud knows where this box is (engine thread)."""
        self._tell("registered", node, good=good, text=detail)

    def _tell(self, what: str, node: str, *, good: bool, text: str) -> None:
        self._told.append((what, node, good, text))
        self._wake.set()

    def show(self, params: Mapping[str, Any]) -> object:
        """``{"here", "role", "nodes": [{"node", "role", "up", "since", "detail", "calls", …}]}``."""
        decode(Nothing, params, where="nodes.show")
        live = self._core.loop.ask(self._core.loop.control.live_calls)
        legs = [leg.endpoint for _, legs in live for leg in legs if leg.ended is None]
        instances = self._core.configuration.snapshot().instances
        rows = []
        for one in sorted(instances.values(), key=lambda one: (one.role is Role.BOX, one.id)):
            if one.id == self._here:
                continue
            peer = self._peers.get(one.id)
            there = self._there().get(one.id)
            rows.append(
                {
                    "node": one.id,
                    "role": one.role.value,
                    "address": one.address,
                    "up": one.id in self._elsewhere.up,
                    "direct": peer is not None,
                    "since": peer.changed.isoformat() if peer is not None else None,
                    "detail": peer.detail if peer is not None and not peer.up else "",
                    "calls": legs.count(f"instance:{one.id}"),
                    "extensions": sorted(there.extensions) if there is not None else [],
                    "busy": sorted(there.busy) if there is not None else [],
                }
            )
        role = Role.CLOUD if self._cloud else Role.BOX
        return {"here": self._here, "role": role.value, "nodes": rows}

    # -- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        next_look = next_beat = 0.0
        while not self._stopping.is_set():
            now = time.monotonic()
            try:
                if now >= next_look or self._look_due:
                    self._look_due = False
                    next_look = now + LOOK_S
                    self._introduce()
                    self._apply()
                if now >= next_beat or self._due:
                    self._due, next_beat = False, now + BEAT_S
                    self._beat()
                self._listen()
                self._judge(time.monotonic())
            except OrtsamtError as error:
                _log.warning("instances are looked after again in a moment", error=str(error))
            except Exception:  # noqa: BLE001 - the link outlives a defect here
                _log.exception("looking after other instances failed")
            self._wake.wait(max(0.05, min(next_look, next_beat, now + 1) - time.monotonic()))
            if self._wake.is_set():
                self._wake.clear()
                self._stopping.wait(DEBOUNCE_S if self._due else 0)

    def _credentials(self) -> Credentials | None:
        with contextlib.suppress(OrtsamtError):
            return kept.read(self._folder)
        return None

    def _introduce(self) -> None:
        """Let the others know who we are, once this instance is enrolled."""
        made = self._credentials()
        if made is None or made.node != self._here:
            return
        configuration = self._core.configuration
        known = configuration.snapshot().instances.get(self._here)
        if known is None and self._shut_out():
            return
        network = self._core.box.network
        wanted = Instance(
            id=self._here,
            role=Role.CLOUD if self._cloud else Role.BOX,
            address=network.public_address
            or self._core.box.standby.floating
            or listen_addresses(self._core.box)[0],
            floating=self._core.box.standby.floating,
            sip_port=network.sip_port,
            tls_port=network.tls_port,
            link_port=(network.public_link_port or network.link_port) if self._cloud else 0,
            certificate=self._certificate(),
            salt=known.salt if known is not None and known.salt else secrets.token_hex(16),
        )
        if wanted != known:
            fields = {key: value for key, value in dict(encode(wanted)).items() if key != "id"}
            configuration.put("instance", self._here, fields, _WHO)

    def _shut_out(self) -> bool:
        """Somebody deleted our document, and we have not been enrolled since."""
        last = self._core.configuration.log.operations("instance", self._here, limit=1)
        if not last or last[-1].field is not None:
            return False
        enrolled = datetime.fromtimestamp((self._folder / kept.FILE).stat().st_mtime, UTC)
        return enrolled < last[-1].at

    def _certificate(self) -> str:
        path = edge_settings(self._core.box).link_certificate
        try:
            return path.read_text(encoding="ascii") if self._cloud else ""
        except OSError:
            return ""  # the edge makes it when it starts

    def _apply(self) -> None:
        """Have the engine know who is there."""
        links = self._wanted()
        if links == self._links:
            return
        snapshot = self._core.configuration.snapshot()
        self._core.loop.ask(lambda: self._core.sip.nodes.apply(links))
        self._links = links
        nodes = (*links.boxes, *((links.uplink.node,) if links.uplink is not None else ()))
        self._peers = {one: self._peers.get(one) or _Peer(role=snapshot.instances[one].role) for one in nodes}

    def _wanted(self) -> NodeLinks:
        made = self._credentials()
        snapshot = self._core.configuration.snapshot()
        own = snapshot.instances.get(self._here)
        if made is None or own is None or not self._core.standby.active:
            return NodeLinks()  # what is on stand-by has no calls
        others = [one for one in snapshot.instances.values() if one.id != self._here]
        if self._cloud:
            boxes = sorted(one.id for one in others if one.role is Role.BOX)
            return NodeLinks(here=self._here, boxes=tuple(boxes))
        clouds = [one for one in others if one.role is Role.CLOUD and one.link_port and one.certificate]
        if not clouds:
            return NodeLinks(here=self._here)
        cloud = min(clouds, key=lambda one: one.id)
        uplink = Uplink(
            node=cloud.id, host=cloud.address, port=cloud.link_port, authority=self._pinned(cloud.certificate)
        )
        return NodeLinks(here=self._here, secret=_secret(made, own), uplink=uplink)

    def _pinned(self, certificate: str) -> Path:
        """The file with the one certificate that the cloud has to show."""
        digest = hashlib.sha256(certificate.encode()).hexdigest()[:16]
        path = self._core.box.paths.state_dir / "link" / f"cloud-{digest}.pem"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_file(path, certificate)
        return path

    # -- news --------------------------------------------------------------------------------------

    def _beat(self) -> None:
        if not self._peers:
            return
        core = self._core
        lines = core.loop.ask(core.loop.control.lines)
        busy = [one.extension for one in lines if one.extension and one.state is LineState.CONFIRMED]
        mine = _There(extensions=sorted(self._telephones()), busy=sorted(busy))
        bodies = {}
        for node in self._peers:
            nodes = {self._here: mine}
            if self._cloud:
                nodes |= {
                    one: peer.nodes[one]
                    for one, peer in self._peers.items()
                    if one != node and peer.up and one in peer.nodes
                }
            bodies[node] = _packed(_News(nodes=nodes))

        def say() -> None:
            for node, body in bodies.items():
                core.sip.nodes.say(node, body)

        core.loop.ask(say)

    def _telephones(self) -> set[str]:
        """Extensions that have a telephone here."""
        snapshot = self._core.configuration.snapshot()
        found: set[str] = set()
        for contact in self._core.edge.all_contacts():
            device = snapshot.device_by_username.get(contact.aor)
            if device is not None:
                found.add(device.extension)
        if not self._cloud:
            for devices in snapshot.devices_by_extension.values():
                for one in devices:
                    here = isinstance(one, AnalogDevice) and one.node in ("", self._here)
                    if here or isinstance(one, DectHandset):
                        found.add(one.extension)
        return found

    def _listen(self) -> None:
        now = time.monotonic()
        while self._told:
            what, node, good, text = self._told.popleft()
            peer = self._peers.get(node)
            if peer is None:
                continue
            if what == "heard":
                news = _unpacked(text)
                if news is not None:
                    peer.heard = now
                    allowed = (node,) if self._cloud else tuple(news.nodes)
                    peer.nodes = {one: there for one, there in news.nodes.items() if one in allowed}
            elif what == "taken":
                peer.failed = not good
                if good:
                    peer.good = now
                    peer.detail = ""
                else:
                    peer.detail = text
            else:
                if good and not peer.registered:
                    self._due = True
                peer.registered = good
                if not good:
                    peer.detail = text

    def _judge(self, now: float) -> None:
        for node, peer in self._peers.items():
            up = not peer.failed and now - min(peer.good, peer.heard) < ALIVE_S
            if up != peer.up:
                peer.up, peer.changed, peer.down_since = up, datetime.now(UTC), now
                if not up and not peer.detail:
                    peer.detail = "it is silent"
                _log.info("link", node=node, up=up, detail=peer.detail)
                self._core.server.publish("nodes", {"node": node, "up": up, "detail": peer.detail})
                self._due = True  # others want to know
            if up:
                self._core.alarms.clear(AlarmKind.LINK_DOWN, node)
            elif now - peer.down_since > ALARM_S:
                self._core.alarms.raise_alarm(AlarmKind.LINK_DOWN, node, detail=peer.detail)
            if not (up or self._cloud) and now - max(peer.down_since, self._renewed) > RENEW_S:
                self._renewed = now
                self._core.loop.ask(self._core.sip.nodes.renew)
        elsewhere = self._seen()
        if elsewhere != self._elsewhere:
            with contextlib.suppress(DeviceUnavailable):  # overloaded: the next round tells
                self._core.loop.post(ElsewhereChanged(elsewhere=elsewhere))
                self._elsewhere = elsewhere
        self._lamps()

    def _there(self) -> Mapping[str, _There]:
        found: dict[str, _There] = {}
        for peer in list(self._peers.values()):
            if peer.up:
                found |= {node: there for node, there in peer.nodes.items() if node != self._here}
        return found

    def _seen(self) -> Elsewhere:
        if not self._links.here:
            return ALONE
        there = self._there()
        extensions: dict[ExtensionId, tuple[str, ...]] = {}
        for node in sorted(there):
            for one in there[node].extensions:
                extensions[ExtensionId(one)] = (*extensions.get(ExtensionId(one), ()), node)
        return Elsewhere(
            here=self._here,
            cloud=self._cloud,
            up=frozenset(there),
            extensions=extensions,
            busy=frozenset(ExtensionId(one) for node in there.values() for one in node.busy),
        )

    def _lamps(self) -> None:
        """Show on the lamps here who talks there."""
        snapshot = self._core.configuration.snapshot()
        wanted = {
            (node, extension.number)
            for node, there in self._there().items()
            for one in there.busy
            if (extension := snapshot.extensions.get(ExtensionId(one))) is not None
        }
        for node, number in wanted ^ self._lit:
            state = DialogState.CONFIRMED if (node, number) in wanted else DialogState.TERMINATED
            self._core.edge.publish_dialog(
                Aor(number),
                DialogInfo(
                    call_id=f"line-{number}-at-{node}",
                    state=state,
                    direction=DialogDirection.RECIPIENT,
                    remote="",
                    remote_display="",
                ),
            )
        self._lit = wanted


def _secret(made: Credentials, of: Instance) -> str:
    """The secret of an instance's account: who has the tenant's key can make it, nobody needs to see it."""
    text = b"\0".join((b"link", made.tenant.encode(), of.id.encode(), of.salt.encode()))
    return hmac.digest(bytes.fromhex(made.key), text, "sha256").hex()


def _packed(news: _News) -> str:
    text = msgspec.json.encode(news)
    return text.decode() if len(text) <= MOST_PLAIN else base64.b64encode(zlib.compress(text)).decode()


def _unpacked(body: str) -> _News | None:
    try:
        text = body.encode()
        if not body.startswith("{"):
            text = zlib.decompressobj().decompress(base64.b64decode(text), MOST_NEWS)
        return msgspec.json.decode(text, type=_News)
    except (ValueError, zlib.error):
        return None
