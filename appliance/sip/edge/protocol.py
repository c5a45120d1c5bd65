"""What is said over evapi, without I/O: lines to the edge, JSON from it (templates/evapi.cfg.j2 is the other
side).
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec

from appliance.errors import ConfigError, PeerProtocolError
from appliance.sip.edge.events import (
    Account,
    Aor,
    AuthFailed,
    Ban,
    BanEnded,
    BanStarted,
    Contact,
    Credential,
    DialogInfo,
    DialogState,
    EdgeStats,
)
from appliance.sip.edge.render import DIALOG_EXPIRES_S
from appliance.sip.edge.settings import USER_PATTERN

_USER: Final = re.compile(USER_PATTERN)
_HA1: Final = re.compile(r"[0-9a-f]{32}")
_CALL_ID: Final = re.compile(r"[A-Za-z0-9@._:*~+-]{1,100}")
_SIP_USER: Final = re.compile(r"[^A-Za-z0-9*#+._~-]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CONTACT_HOST: Final = re.compile(
    r"sips?:(?:[^@;?>]*@)?(\[[0-9A-Fa-f:.]+\]|[^:;?>]+)(?::(\d+))?", re.IGNORECASE
)

_TERMINATED_EXPIRES_S = 20
_MWI_EXPIRES_S = 10 * 365 * 86400
_DISPLAY_LIMIT = 64
_GONE = "edge.reply"
_NATED = 1 << 6 | 1 << 7
"""Branch flags of a contact that is pinged (nat_bflag, sipping_bflag)."""
_ALL_METHODS = 0x1FFF
_RPC_AGENT = "kamailio SIP Router"
"""What the edge notes of a contact that it was told of (``ul.add``)."""
_TRANSPORT: Final = re.compile(r";transport=(tcp|tls|udp|ws|wss)", re.IGNORECASE)

_T = TypeVar("_T")

STAT_NAMES: Final = (
    "usrloc:location-contacts", "usrloc:registered_users", "core:rcv_requests", "core:rcv_replies",
    "tmx:active_transactions", "shmem:used_size", "shmem:free_size", "tcp:current_opened_connections",
)  # fmt: skip


# --- to the edge


def hello_line(token: str) -> bytes:
    """The first line of every connection."""
    return f"A|{token}".encode()


def echo_line(number: int) -> bytes:
    """Ends a batch; the edge answers when everything before is done."""
    return f"E|{number}".encode()


def ready_line() -> bytes:
    """Credentials are complete: from now the edge answers phones and counts wrong passwords."""
    return b"K|"


def check_user(text: str, what: str) -> str:
    """Give ``text`` back when it may be an account, extension or key; raises ConfigError."""
    if not _USER.fullmatch(text):
        raise ConfigError(
            f"{text[:80]!r} cannot be used as {what}",
            error_id="edge.user_name",
            hint="use at most 64 letters, digits and * # + . _ ~ -",
        )
    return text


def check_credential(account: Account, credential: Credential) -> None:
    """Raise ConfigError unless the edge can hold this."""
    check_user(account, "the account of a phone")
    check_user(credential.aor, "an extension")
    if not _HA1.fullmatch(credential.ha1):
        raise ConfigError(f"the digest of {account} is not MD5 in hex", error_id="edge.ha1")


def credential_line(account: Account, credential: Credential) -> bytes:
    """Add or change an account."""
    return f"C|{account}|{credential.ha1}|{credential.aor}".encode()


def remove_credential_line(account: Account) -> bytes:
    """Forget an account."""
    return f"D|{account}".encode()


def remove_aor_line(aor: Aor) -> bytes:
    """Forget an extension: calls to it get 404."""
    return f"X|{aor}".encode()


def known_address_line(contact: Contact) -> bytes:
    """Phones are registered from this address: it is never banned as a whole."""
    return f"G|{contact.source_ip}|{contact.aor}".encode()


def unban_line(key: str) -> bytes:
    """Lift the ban of an address or an ``address/account`` and forget what led to it."""
    return f"U|{key}".encode()


def request_line(number: int, method: str, params: tuple[str | int | float, ...]) -> bytes:
    """A JSON-RPC 2.0 request."""
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
    return b"R|" + _json(message)


def dialog_key(aor: Aor, call_id: str) -> str:
    """The name of a published call in the edge's own list, unique per extension."""
    return f"{aor}/{wire_call_id(call_id)}"


def wire_call_id(call_id: str) -> str:
    """A Call-ID that is safe in the edge's lines and XML; unusual ones are replaced by their digest."""
    return call_id if _CALL_ID.fullmatch(call_id) else sha256(call_id.encode()).hexdigest()[:32]


def dialog_lines(realm: str, aor: Aor, info: DialogInfo) -> tuple[bytes, bytes]:
    """Publish a call's state (RFC 4235) and note that it is published."""
    ended = info.state is DialogState.TERMINATED
    call_id = wire_call_id(info.call_id)
    own = f"sip:{aor}@{realm}"
    remote = f"sip:{_SIP_USER.sub('', info.remote) or 'anonymous'}@{realm}"
    display = html.escape(_CONTROL.sub(" ", info.remote_display)[:_DISPLAY_LIMIT], quote=True)
    message = {
        "Event-Name": "update",
        "Event-Package": "dialog",
        "Presentity": own,
        "Presentity-User": aor,
        "Presentity-Realm": realm,
        "From": own,
        "From-User": aor,
        "From-Realm": realm,
        "To": remote,
        "To-User": display or html.escape(_CONTROL.sub("", info.remote)[:_DISPLAY_LIMIT], quote=True),
        "Call-ID": call_id,
        "From-Tag": _SIP_USER.sub("", info.local_tag)[:60],
        "To-Tag": _SIP_USER.sub("", info.remote_tag)[:60],
        "Direction": info.direction.value,
        "State": info.state.value,
        "Expires": _TERMINATED_EXPIRES_S if ended else DIALOG_EXPIRES_S,
    }
    noted = f"{'b' if ended else 'B'}|{dialog_key(aor, info.call_id)}".encode()
    return noted, b"P|" + _json(message)


def mwi_line(realm: str, aor: Aor, new: int, old: int) -> bytes:
    """Publish the state of a voice box (RFC 3842)."""
    own = f"sip:{aor}@{realm}"
    message = {
        "Event-Name": "update",
        "Event-Package": "message-summary",
        "From": own,
        "From-User": aor,
        "From-Realm": realm,
        "Call-ID": f"mwi-{aor}",
        "Messages-Waiting": "yes" if new else "no",
        "Message-Account": own,
        "Messages-New": str(new),
        "Messages-Saved": str(old),
        "Messages-Urgent": "0",
        "Messages-Urgent-Saved": "0",
        "Expires": _MWI_EXPIRES_S,
    }
    return b"P|" + _json(message)


def notify_params(contact: Contact, realm: str, event: str) -> tuple[str, ...]:
    """What ``tm.t_uac_start`` takes for a NOTIFY outside of any dialog (check-sync, RFC 6665 §4.2.2)."""
    host = f"[{contact.source_ip}]" if ":" in contact.source_ip else contact.source_ip
    headers = (
        f"From: <sip:ortsamt@{realm}>",
        f"To: <{contact.uri.partition(';')[0]}>",
        f"Event: {event}",
        "Subscription-State: terminated",
        f"Contact: <sip:ortsamt@{realm}>",
    )
    next_hop = f"sip:{host}:{contact.source_port};transport={contact.transport}"
    return ("NOTIFY", contact.uri, next_hop, ".", "".join(f"{line}\r\n" for line in headers))


def add_params(contact: Contact, socket: str, *, pinged: bool = True) -> tuple[str | int | float, ...]:
    """What ``ul.add`` takes: table, AOR, contact, seconds, q, path, flags, branch flags, methods, where it
    sent from, and our own socket (``udp:192.168.1.10:5060``). ``pinged``: keep ways through a NAT open.

    Over UDP the phone is reached where it sent from. A stream ended with the machine that had it: the phone
    is tried at the address in its contact until it comes by itself.
    """
    aor = check_user(contact.aor, "an extension")
    if any(one in contact.uri for one in "\r\n<>|"):
        raise ConfigError(f"{contact.uri[:60]!r} is no contact", error_id="edge.contact")
    fixed = ("location", aor, contact.uri, max(1, contact.expires_s), 1.0, "", 0)
    if contact.transport != "udp" or not contact.source_ip:
        return (*fixed, 0, _ALL_METHODS, "", socket)
    where = _CONTACT_HOST.match(contact.uri)
    direct = where is not None and where[1].strip("[]") == contact.source_ip
    host = f"[{contact.source_ip}]" if ":" in contact.source_ip else contact.source_ip
    received = f"sip:{host}:{contact.source_port}"
    return (*fixed, 0 if direct or not pinged else _NATED, _ALL_METHODS, received, socket)


# --- from the edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The edge took our token; ``ready`` when it has credentials of an earlier connection."""

    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Everything up to this batch is done."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsChanged:
    """The contacts of an AOR are not what they were."""

    aor: Aor


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A phone subscribed to the calls of a key."""

    aor: Aor


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer to a request: ``result``, or ``error`` when it is not empty."""

    number: int
    result: Any
    error: str = ""


Incoming = Hello | Echo | ContactsChanged | Watched | Reply | AuthFailed | BanStarted | BanEnded


class _Wire(msgspec.Struct):
    e: str = ""
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] | None = None
    ready: bool = False
    n: int = 0
    aor: str = ""
    ip: str = ""
    user: str = ""
    s: int = 0
    why: str = ""
    key: str = ""
    ua: str = ""


def _unhex(text: str) -> str:
    """A text of a stranger, which comes in hex because it may hold anything."""
    try:
        return bytes.fromhex(text).decode("utf-8", "replace")
    except ValueError:
        return ""


def _json(message: dict[str, Any]) -> bytes:
    """Compact JSON; characters that are none in UTF-8 (lone surrogates) become question marks."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


_decode_wire = msgspec.json.Decoder(_Wire).decode


def parse(payload: bytes) -> Incoming:
    """One message of the edge; raises PeerProtocolError on anything it does not say."""
    try:
        wire = _decode_wire(payload)
        if wire.id is not None:
            error = "" if wire.error is None else str(wire.error.get("message") or "refused")
            return Reply(number=wire.id, result=msgspec.json.decode(wire.result), error=error)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PeerProtocolError(
            f"the edge said what is no message: {error}", error_id="edge.message"
        ) from error
    match wire.e:
        case "hello":
            return Hello(ready=wire.ready)
        case "echo":
            return Echo(number=wire.n)
        case "reg":
            return ContactsChanged(aor=Aor(wire.aor))
        case "watch" if _USER.fullmatch(wire.key):
            return Watched(aor=Aor(wire.key))
        case "fail":
            return AuthFailed(source_ip=wire.ip, account=wire.user, user_agent=_unhex(wire.ua))
        case "ban":
            return BanStarted(source_ip=wire.ip, account=wire.user, duration_s=wire.s, reason=wire.why)
        case "unban":
            address, _, account = wire.key.partition("/")
            return BanEnded(source_ip=address, account=account)
    raise PeerProtocolError(f"the edge said {wire.e[:40]!r}, which means nothing", error_id="edge.message")


class _RawContact(msgspec.Struct):
    address: str = msgspec.field(name="Address")
    expires: int | str = msgspec.field(name="Expires")
    user_agent: str = msgspec.field(name="User-Agent", default="")
    received: str = msgspec.field(name="Received", default="")
    socket: str = msgspec.field(name="Socket", default="")
    state: str = msgspec.field(name="State", default="")


class _ContactBox(msgspec.Struct):
    contact: _RawContact = msgspec.field(name="Contact")


class _AorRecord(msgspec.Struct):
    aor: str = msgspec.field(name="AoR")
    contacts: list[_ContactBox] = msgspec.field(name="Contacts", default_factory=list)


class _Entry(msgspec.Struct):
    name: str
    value: str | int


class _Bucket(msgspec.Struct):
    slot: list[_Entry]


def parse_lookup(result: object) -> tuple[Contact, ...]:
    """The living contacts in the answer to ``ul.lookup``."""
    record = _convert(result, _AorRecord)
    return tuple(_contacts(record))


def parse_dump(result: object) -> tuple[Contact, ...]:
    """The living contacts in the answer to ``ul.dump``."""
    try:
        domains = [box["Domain"] for box in result["Domains"]]  # type: ignore[index]
        records = [box["Info"] for domain in domains for box in domain["AoRs"]]
    except (KeyError, TypeError, IndexError) as error:
        raise PeerProtocolError(f"the dump of registrations has no {error}", error_id=_GONE) from error
    return tuple(contact for record in records for contact in _contacts(_convert(record, _AorRecord)))


def parse_table(result: object) -> dict[str, str]:
    """The entries in the answer to ``htable.dump``."""
    buckets = _convert(result, list[_Bucket])
    return {entry.name: str(entry.value) for bucket in buckets for entry in bucket.slot}


def parse_bans(result: object) -> tuple[Ban, ...]:
    """The bans in the answer to ``htable.dump ban``."""
    bans = []
    for key, until in parse_table(result).items():
        address, _, account = key.partition("/")
        bans.append(
            Ban(source_ip=address, account=account, until_unix_s=int(until) if until.isdigit() else 0)
        )
    return tuple(bans)


def parse_stats(result: object) -> EdgeStats:
    """The answer to ``stats.fetch`` of ``STAT_NAMES``; what is missing counts as 0."""
    figures = _convert(result, dict[str, Any])
    values = [int(figures.get(name.replace(":", ".").replace("-", "_"), 0)) for name in STAT_NAMES]
    return EdgeStats(
        contacts=values[0],
        registered=values[1],
        requests=values[2],
        replies=values[3],
        transactions=values[4],
        memory_used=values[5],
        memory_free=values[6],
        tcp_connections=values[7],
    )


def _convert(value: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise PeerProtocolError(
            f"an answer of the edge is not understood: {error}", error_id=_GONE
        ) from error


def _contacts(record: _AorRecord) -> Iterator[Contact]:
    for box in record.contacts:
        raw = box.contact
        if not isinstance(raw.expires, int) or raw.state == "CS_DELETED":
            continue
        source = raw.received if raw.received.startswith("sip") else raw.address
        where = _CONTACT_HOST.match(source)
        named = _TRANSPORT.search(raw.address)
        transport = named[1].lower() if named else "udp"
        if ":" in raw.socket:
            transport = raw.socket.partition(":")[0]
        yield Contact(
            aor=Aor(record.aor),
            uri=raw.address,
            source_ip=where[1].strip("[]") if where else "",
            source_port=int(where[2] or (5061 if transport == "tls" else 5060)) if where else 0,
            transport=transport,
            user_agent="" if raw.user_agent.startswith(_RPC_AGENT) else raw.user_agent,
            expires_s=raw.expires,
        )
