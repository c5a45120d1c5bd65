"""The one channel between the core and the edge: a thread that keeps a connection to Kamailio's evapi.

The caller says what shall be true (credentials, lamps, boxes) and never waits; the thread says it to the
edge now or at the next connect, the newest state of each key once. Lines go in batches of at most
``_BATCH_BYTES`` ended by an echo; the next batch waits for it, because evapi loses lines when its 32 kB
buffer cuts a length in two.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import structlog

from appliance.errors import PeerProtocolError
from appliance.sip.edge import protocol
from appliance.sip.edge.asking import Request, Tables, away, ignore, question, read_tables
from appliance.sip.edge.contacts import ContactBook
from appliance.sip.edge.desired import DesiredState, Kept, knowledge
from appliance.sip.edge.events import (
    Account,
    Aor,
    Ban,
    Contact,
    ContactRegistered,
    ContactUnregistered,
    Credential,
    DialogInfo,
    EdgeDown,
    EdgeEvent,
    EdgeStats,
    EdgeUp,
)
from appliance.sip.edge.netstring import Decoder, encode

_BATCH_BYTES = 6_000
_ECHO_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 2.0
_BACKOFF_FIRST_S = 0.05
_BACKOFF_LAST_S = 1.0
_LOOKUPS_PER_BATCH = 40
_MAX_WAITING = 256

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


class EdgeLink:
    """Keeps the edge told and the core informed; any thread may call every method, none waits.

    ``on_event`` is called on the link's own thread and must not block; ``EdgeUp`` comes first at every
    connect. Futures fail with DeviceUnavailable while the edge is away or does not answer within
    ``_ECHO_TIMEOUT_S``.
    """

    def __init__(
        self,
        *,
        port: int,
        token: str,
        realm: str,
        on_event: Callable[[EdgeEvent], None],
        host: str = "127.0.0.1",
    ) -> None:
        self._address = (host, port)
        self._token = token
        self._on_event = on_event
        self._realm = realm
        self._lock = threading.Lock()
        self._desired = DesiredState(realm)
        self._asked: deque[Request | bytes] = deque()
        self._contacts = ContactBook()
        self._up = False
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._woken = False
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="edge-link", daemon=True)
        self._reported_down = False
        self._reset()

    def _reset(self) -> None:
        """What belongs to one connection."""
        self._decoder = Decoder()
        self._greeted = False
        self._synced = False
        self._number = 0
        self._unanswered: dict[int, Request] = {}
        self._echo_due: float | None = None
        self._changed_aors: dict[Aor, None] = {}
        self._internal: deque[Request] = deque()

    # --- life

    def start(self) -> None:
        """Start the thread; the edge need not run yet."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; what has not been said stays unsaid."""
        self._stopping.set()
        self._woken = False  # a look that waits for the edge's echo may be far
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._wake_in.close()
        self._wake_out.close()

    @property
    def up(self) -> bool:
        """Whether the edge is reached now."""
        return self._up

    # --- what shall be true

    def set_credentials(self, credentials: Mapping[Account, Credential]) -> None:
        """These accounts and no others; the first call makes the edge ready for phones. Raises
        ConfigError.
        """
        for account, credential in credentials.items():
            protocol.check_credential(account, credential)
        with self._lock:
            self._desired.set_credentials(credentials)
        self._wake()

    def update_credentials(self, credentials: Mapping[Account, Credential]) -> None:
        """Add or change these accounts, leave the others. Raises ConfigError."""
        for account, credential in credentials.items():
            protocol.check_credential(account, credential)
        with self._lock:
            self._desired.update_credentials(credentials)
        self._wake()

    def remove_credentials(self, accounts: Iterable[Account]) -> None:
        """Forget these accounts; an extension nobody may use any more loses its contacts."""
        with self._lock:
            self._desired.remove_credentials(iter(accounts))
        self._wake()

    def publish_dialog(self, extension: Aor, info: DialogInfo) -> None:
        """Show a call of an extension (or of any key that can be watched) on busy lamps, now or as soon as
        somebody watches. Raises ConfigError.
        """
        protocol.check_user(extension, "a key that can be watched")
        with self._lock:
            kept = self._desired.publish_dialog(extension, info)
        if kept is Kept.REFUSED:
            _log.warning("too many calls on busy lamps, one is not shown")
        elif kept is Kept.DUE:
            self._wake()

    def publish_mwi(self, extension: Aor, new: int, old: int) -> None:
        """Show how many new and old messages an extension's voice box has. Raises ConfigError."""
        protocol.check_user(extension, "an extension")
        with self._lock:
            self._desired.publish_mwi(extension, max(0, new), max(0, old))
        self._wake()

    # --- what is asked

    def contacts(self, aor: Aor) -> tuple[Contact, ...]:
        """The registered contacts of an extension as last heard, also while the edge is away."""
        return self._contacts.of(aor)

    def all_contacts(self) -> tuple[Contact, ...]:
        """Every registered contact as last heard."""
        return self._contacts.all()

    def registrations(self) -> "Future[tuple[Contact, ...]]":
        """Every registered contact, asked anew, so that ``expires_s`` is right."""
        return self._ask("ul.dump", (), protocol.parse_dump)

    def unregister(self, aor: Aor) -> "Future[None]":
        """Remove every contact of an extension, if it has any."""
        return self._ask("ul.rm", ("location", protocol.check_user(aor, "an extension")), lambda _: None)

    def add_contact(
        self, contact: Contact, address: str, port: int, *, pinged: bool = True
    ) -> "Future[None]":
        """Take over a registration of another edge, as if made here at this address and port."""
        params = protocol.add_params(contact, f"{contact.transport}:{address}:{port}", pinged=pinged)
        return self._ask("ul.add", params, lambda _: self._changed(contact.aor))

    def drop_contact(self, contact: Contact) -> "Future[None]":
        """Forget one contact."""
        aor = protocol.check_user(contact.aor, "an extension")
        params = ("location", aor, contact.uri)
        return self._ask("ul.rm_contact", params, lambda _: self._changed(contact.aor))

    def _changed(self, aor: Aor) -> None:
        """On the link's own thread: look what is registered now."""
        self._changed_aors[aor] = None

    def bans(self) -> "Future[tuple[Ban, ...]]":
        """Every address and account that is refused now."""
        return self._ask("htable.dump", ("ban",), protocol.parse_bans, missing=())

    def unban(self, source_ip: str, account: str = "") -> None:
        """Lift a ban and forget what led to it."""
        key = f"{source_ip}/{account}" if account else source_ip
        if "|" not in key:
            with self._lock:
                self._asked.append(protocol.unban_line(key))
            self._wake()

    def stats(self) -> "Future[EdgeStats]":
        """Figures of the running edge."""
        return self._ask("stats.fetch", protocol.STAT_NAMES, protocol.parse_stats)

    def reload_tls(self) -> "Future[None]":
        """Take a changed certificate into use for new connections; those that stand stay."""
        return self._ask("tls.reload", (), lambda _: None)

    def notify(self, contact: Contact, event: str) -> "Future[None]":
        """Send a registered phone a NOTIFY with this ``Event``; done when the edge has sent it."""
        params = protocol.notify_params(contact, self._realm, event)
        return self._ask("tm.t_uac_start", params, lambda _: None)

    def _ask(
        self,
        method: str,
        params: tuple[str | int | float, ...],
        parse: Callable[[Any], _T],
        missing: _T | None = None,
    ) -> "Future[_T]":
        request, future = question(method, params, parse, missing)
        with self._lock:
            up = self._up
            asked = up and len(self._asked) < _MAX_WAITING
            if asked:
                self._asked.append(request)
        if asked:
            self._wake()
        else:
            request.failed(away("too many requests wait for the edge" if up else "the edge is not reached"))
        return future

    def _wake(self) -> None:
        """Have the thread look at what became due; once is enough until it does."""
        if not self._woken:
            self._woken = True
            with contextlib.suppress(BlockingIOError, OSError):
                self._wake_in.send(b"x")

    # --- the thread

    def _run(self) -> None:
        backoff_s = _BACKOFF_FIRST_S
        while not self._stopping.is_set():
            reason = "stopped"
            try:
                with socket.create_connection(self._address, timeout=_CONNECT_TIMEOUT_S) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._serve(connection)
            except (OSError, PeerProtocolError) as error:
                reason = str(error)
            if self._synced:
                backoff_s = _BACKOFF_FIRST_S
            self._disconnected(reason)
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, _BACKOFF_LAST_S)

    def _serve(self, connection: socket.socket) -> None:
        """Speak with the edge until the connection ends; raises OSError or PeerProtocolError."""
        self._greet(connection)
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._wake_out, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select(self._wait_s()):
                    if key.fileobj is connection:
                        data = connection.recv(262_144)
                        if not data:
                            raise PeerProtocolError("the edge closed the link", error_id="edge.closed")
                        for payload in self._decoder.feed(data):
                            self._heard(protocol.parse(payload))
                    else:
                        with contextlib.suppress(BlockingIOError):
                            self._wake_out.recv(4096)
                if self._echo_due is not None:
                    if time.monotonic() > self._echo_due:
                        raise PeerProtocolError("the edge does not answer", error_id="edge.silent")
                elif self._greeted:
                    self._woken = False  # before looking, so that nothing is missed
                    self._say(connection)

    def _greet(self, connection: socket.socket) -> None:
        connection.sendall(encode(protocol.hello_line(self._token)))
        self._echo_due = time.monotonic() + _ECHO_TIMEOUT_S

    def _wait_s(self) -> float | None:
        now_s = time.monotonic()
        if self._echo_due is not None:
            return max(0.0, self._echo_due - now_s)
        with self._lock:
            if self._asked or self._internal or self._changed_aors:
                return 0.0
            return self._desired.wait_s(now_s)

    def _say(self, connection: socket.socket) -> None:
        """Send the next batch, if anything is due; the edge is up when the first time nothing is."""
        lines: list[bytes] = []
        requests: list[Request] = []
        while self._internal and len(requests) < _LOOKUPS_PER_BATCH:
            requests.append(self._internal.popleft())
        while self._changed_aors and len(requests) < _LOOKUPS_PER_BATCH:
            requests.append(self._lookup(next(iter(self._changed_aors))))
        with self._lock:
            while self._asked and len(requests) < _LOOKUPS_PER_BATCH:
                asked = self._asked.popleft()
                if isinstance(asked, bytes):
                    lines.append(asked)
                else:
                    requests.append(asked)
            if not requests or self._synced:
                lines += self._desired.take(time.monotonic(), _BATCH_BYTES)
        for request in requests:
            self._number += 1
            self._unanswered[self._number] = request
            lines.append(protocol.request_line(self._number, request.method, request.params))
        if not lines:
            if not self._synced:
                self._synchronised()
            return
        self._number += 1
        lines.append(protocol.echo_line(self._number))
        self._echo_due = time.monotonic() + _ECHO_TIMEOUT_S
        connection.sendall(b"".join(encode(line) for line in lines))

    def _heard(self, message: protocol.Incoming) -> None:
        match message:
            case protocol.Hello():
                self._greeted = True
                self._echo_due = None
                self._begin(running=message.ready)
            case protocol.Echo():
                if message.number == self._number:
                    self._echo_due = None
                    unanswered, self._unanswered = self._unanswered, {}
                    for request in unanswered.values():
                        request.failed(away(f"the edge gave no answer to {request.method}"))
            case protocol.Reply():
                asked = self._unanswered.pop(message.number, None)
                if asked is not None:
                    asked.done(message)
            case protocol.ContactsChanged():
                self._changed_aors[message.aor] = None
            case protocol.Watched():
                with self._lock:
                    self._desired.watch(message.aor)
            case _:
                self._tell(message)

    # --- synchronising after a connect

    def _begin(self, *, running: bool) -> None:
        """Ask what the edge has, take the registrations, then say everything."""
        with self._lock:
            self._desired.connected()

        def take(tables: Tables) -> None:
            with self._lock:
                self._desired.reconnected(knowledge(tables), just_started=not running)

        names = ("auth", "who", "aor", "blf", "watched") if running else ("watched",)
        self._internal += read_tables(names, take)
        self._internal.append(Request("ul.dump", (), self._take_dump, ignore))

    def _take_dump(self, reply: protocol.Reply) -> None:
        contacts = () if reply.error else protocol.parse_dump(reply.result)
        self._contacts.fill(contacts)
        addresses = {contact.source_ip: contact for contact in contacts if contact.source_ip}
        with self._lock:
            self._asked.extendleft(protocol.known_address_line(contact) for contact in addresses.values())

    def _synchronised(self) -> None:
        with self._lock:
            self._synced = self._up = True
        self._reported_down = False
        self._tell(EdgeUp(contacts=self._contacts.all()))

    def _disconnected(self, reason: str) -> None:
        lost = away("the link to the edge ended")
        with self._lock:
            was_up, self._up = self._up, False
            dropped = [asked for asked in self._asked if isinstance(asked, Request)]
            self._asked.clear()
        dropped += self._unanswered.values()
        self._reset()
        for request in dropped:
            request.failed(lost)
        if not self._stopping.is_set() and (was_up or not self._reported_down):
            self._reported_down = True
            self._tell(EdgeDown(reason=reason))

    # --- registrations

    def _lookup(self, aor: Aor) -> Request:
        del self._changed_aors[aor]

        def done(reply: protocol.Reply) -> None:
            self._replace(aor, () if reply.error else protocol.parse_lookup(reply.result))

        return Request("ul.lookup", ("location", aor), done, ignore)

    def _replace(self, aor: Aor, contacts: tuple[Contact, ...]) -> None:
        went, came = self._contacts.replace(aor, contacts)
        if not self._synced:
            return
        for contact in went:
            self._tell(ContactUnregistered(contact=contact))
        for contact in came:
            self._tell(ContactRegistered(contact=contact))

    def _tell(self, event: EdgeEvent) -> None:
        try:
            self._on_event(event)
        except Exception:  # noqa: BLE001 - the link outlives a defect in the caller
            _log.exception("an event of the edge was not taken", event=type(event).__name__)
