"""Who calls: an INVITE is looked at once, before PJSIP makes any state for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from appliance.model.documents import Device, Srtp
from appliance.model.fax import FaxBox
from appliance.model.ids import ExtensionId, FaxBoxId, LegId, TrunkId
from appliance.model.instances import account_of
from appliance.model.plan import Caller, FromDevice, FromFax, FromTrunk, Origin
from appliance.ports import Clock
from appliance.sip.accounts import EdgeAccount, FaxAccount
from appliance.sip.headers import Message, is_withheld, parse_address, parse_uri
from appliance.sip.nodes import NodeAccount, handed_in
from appliance.sip.peers import Peers
from appliance.sip.trunk_account import TrunkAccount
from appliance.sip.trunk_profiles import caller_of, dialled_of

_log = structlog.get_logger(__name__)
_STRANGER_LOG_MS = 60_000
_STRANGERS_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An INVITE found good: what call control will hear of it once its call object is there."""

    account: EdgeAccount | TrunkAccount | FaxAccount | NodeAccount
    origin: Origin
    caller: Caller
    dialled: str
    source: str
    dialog: str
    remote_tag: str
    replaces: LegId | None
    authenticated: bool


class Reception:
    """Finds the account for each incoming call, by the edge's word or the trunk's address."""

    def __init__(self, peers: Peers, clock: Clock) -> None:
        self._peers = peers
        self._fax_boxes: dict[str, FaxBox] = {}
        self._clock = clock
        self._devices: dict[str, Device] = {}
        self._offered: Offered | None = None
        self._replacing: tuple[str, LegId] | None = None
        self._logged: dict[str, int] = {}
        self.test_device: Device | None = None
        """An account that is in no configuration: the box calls itself."""
        self.refused = 0
        """Calls refused because nobody knows where they come from."""

    def know(self, devices: Iterable[Device]) -> None:
        """Replace the table of authenticated user names."""
        self._devices = {device.username: device for device in devices}

    def know_fax(self, boxes: Iterable[FaxBox]) -> None:
        """Replace the table of fax boxes."""
        self._fax_boxes = {box.id: box for box in boxes}

    def replace_requested(self, leg: LegId, invite: str) -> None:
        """The INVITE of this text, which is about to be looked at, names a leg in Replaces."""
        self._replacing = (invite, leg)

    def choose_account(self, prm: Any) -> int:
        """Say which account takes a request; -1 refuses an INVITE (403)."""
        text = prm.rdata.wholeMsg
        if not text.startswith("INVITE "):
            if text.startswith("MESSAGE "):
                self._news(Message(text), prm.rdata.srcAddress)
            return int(prm.accountIndex)
        replacing, self._replacing = self._replacing, None
        replaces = replacing[1] if replacing is not None and replacing[0] == text else None
        self._offered = None
        message = Message(text)
        source = prm.rdata.srcAddress
        if source == self._peers.edge_address:
            offered = self._from_edge(message, text, replaces)
        elif source == self._peers.fax_address:
            offered = self._from_fax(message)
        elif (cloud := self._peers.nodes.from_cloud(message)) is not None:
            offered = self._from_node(message, cloud, source)
        else:
            offered = self._from_trunk(message, source) if replaces is None else None
        if offered is None:
            self._refuse(source)
            return -1
        self._offered = offered
        return int(offered.account.getId())

    def take(self) -> Offered | None:
        """Return what was found for the call object that PJSIP makes next."""
        offered, self._offered = self._offered, None
        return offered

    def _from_edge(self, message: Message, text: str, replaces: LegId | None) -> Offered | None:
        # The edge asks no password for an emergency call; it then names the phone by its address alone.
        user = message.get("x-edge-user")
        box = self._peers.nodes.from_box(user)
        if box is not None:
            return self._from_node(message, box, message.get("x-edge-src").partition(";")[0])
        device = self._devices.get(user or message.get("x-edge-ext"))
        if self.test_device is not None and user == self.test_device.username:
            device = self.test_device
        if device is None:
            return None
        srtp = device.srtp if user else Srtp.OPTIONAL
        if srtp is Srtp.OPTIONAL and message.body and "a=crypto:" not in text:
            srtp = Srtp.OFF  # saves the work for the many calls that do not ask
        sender = parse_address(message.get("from"))
        address, _, protocol = message.get("x-edge-src").partition(";")
        return Offered(
            account=self._peers.edge[srtp],
            origin=FromDevice(device=device.id, extension=device.extension),
            caller=Caller(name=sender.name, withheld=is_withheld(message)),
            dialled=parse_uri(message.request_uri).user,
            source=f"{protocol.lower() or 'udp'}:{address}" if address else "",
            dialog=message.get("call-id"),
            remote_tag=sender.tag,
            replaces=replaces,
            authenticated=bool(user),
        )

    def _from_fax(self, message: Message) -> Offered | None:
        box = self._fax_boxes.get(message.get("x-fax-box"))
        if box is None or self._peers.fax is None:
            return None
        return Offered(
            account=self._peers.fax,
            origin=FromFax(box=FaxBoxId(box.id), extension=box.extension or ExtensionId("")),
            caller=Caller(),
            dialled=parse_uri(message.request_uri).user,
            source="fax",
            dialog=message.get("call-id"),
            remote_tag=parse_address(message.get("from")).tag,
            replaces=None,
            authenticated=True,
        )

    def _from_node(self, message: Message, account: NodeAccount, source: str) -> Offered | None:
        handed = handed_in(message, account.node)
        if handed is None:
            return None
        return Offered(
            account=account,
            origin=FromTrunk(trunk=TrunkId(account_of(account.node)), handed=handed),
            caller=handed.caller,
            dialled=handed.to,
            source=f"tls:{source}",
            dialog=message.get("call-id"),
            remote_tag=parse_address(message.get("from")).tag,
            replaces=None,
            authenticated=True,
        )

    def _news(self, message: Message, source: str) -> None:
        """A MESSAGE: another instance tells what is there; others have nothing to say to us."""
        if source == self._peers.edge_address:
            account = self._peers.nodes.from_box(message.get("x-edge-user"))
        else:
            account = self._peers.nodes.from_cloud(message)
        if account is not None:
            self._peers.nodes.message(account, message)

    def _from_trunk(self, message: Message, source: str) -> Offered | None:
        account = self._peers.trunks.match(message, source)
        if account is None:
            return None
        return Offered(
            account=account,
            origin=FromTrunk(trunk=account.trunk.id),
            caller=caller_of(account.profile, message),
            dialled=dialled_of(message, account.trunk.username),
            source=f"{account.trunk.transport.value}:{source}",
            dialog=message.get("call-id"),
            remote_tag=parse_address(message.get("from")).tag,
            replaces=None,
            authenticated=True,
        )

    def _refuse(self, source: str) -> None:
        self.refused += 1
        host = source.rpartition(":")[0]
        now = self._clock.monotonic_ms()
        last = self._logged.get(host)
        if last is None or now - last >= _STRANGER_LOG_MS:
            if len(self._logged) >= _STRANGERS_KEPT:
                self._logged.clear()
            self._logged[host] = now
            _log.warning("sip.stranger_refused", source=source, refused_so_far=self.refused)
