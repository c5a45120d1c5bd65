"""An emulated OMM: a TLS server that speaks AXI, with bases and users who are real SIP phones.

It keeps what it was told over restarts when it has a file. ``mischief`` makes it cut, fragment, babble.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from appliance.dect.emulator import lookup
from appliance.dect.emulator.air import Air, Base, Handset
from appliance.dect.emulator.certificate import server_context
from appliance.dect.emulator.sip import HandsetCall, SipAccount, SipPhones
from appliance.dect.mitel.axi import AxiError, Element, Splitter, decode, element, encode
from appliance.dect.mitel.emulated_records import Rows, new_row, page, plain, record, rfp_record, rfp_state
from appliance.dect.mitel.emulated_registry import Registry
from appliance.dect.mitel.emulated_settings import EmulatedSettings
from appliance.errors import DeviceUnavailable
from appliance.model.dect import spaced


@dataclass(slots=True)
class Mischief:
    """What it may do to its peer."""

    pieces: int = 0
    """Send in pieces of so many bytes."""
    babble: bool = False
    """Send events and attributes nobody knows."""
    bomb: bool = False
    """Answer the next question with an entity bomb."""
    licence: int = 1000
    """So many users and handsets."""
    protocol: int = 45
    unknown: str = ""
    """It does not know this request."""
    silent: bool = False
    """Take questions, answer none."""


@dataclass(slots=True)
class _Client:
    writer: asyncio.StreamWriter
    opened: bool = False
    wants: set[str] = field(default_factory=set)


class EmulatedOmm:
    """A family of :class:`appliance.dect.emulator.air.Air`."""

    def __init__(
        self,
        air: Air,
        bases: list[Base],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str = "omm",
        password: str = "",
        file: Path | None = None,
    ) -> None:
        self.name = "omm"
        self.air = air
        self.mischief = Mischief()
        self.host, self.port = host, port
        self._username, self._password = username, password
        self._file = file
        self._bases = bases
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._context = server_context(file)
        self.registry = Registry(
            key=self._key,
            tell=self._tell,
            changed=self._changed,
            lost=self._lost,
            kept=lambda ipei: any(one.ipei == ipei and one.system is self for one in air.handsets.values()),
            licence=lambda: self.mischief.licence,
            users={},
            devices={},
        )
        self.settings = EmulatedSettings()
        self.mode = "Off"
        self.code = ""
        self._acted: dict[int, dict[str, str]] = {}
        """What handsets did last, by ppn."""
        self.asked: list[str] = []
        """Names of all questions so far."""
        self._clients: list[_Client] = []
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.phones = SipPhones(
            host, agent="Mitel SIP-DECT (emulated)", incoming=self._incoming, event=self._happened
        )
        self._load()
        air.families.append(self)

    @property
    def users(self) -> Rows:
        """By uid."""
        return self.registry.users

    @property
    def devices(self) -> Rows:
        """Handsets by ppn."""
        return self.registry.devices

    # --- life

    async def start(self) -> None:
        """Raises DeviceUnavailable when the port is taken."""
        await self.phones.open()
        try:
            self._server = await asyncio.start_server(
                self._connected, self.host, self.port, ssl=self._context, limit=1 << 20
            )
        except OSError as error:
            raise DeviceUnavailable(f"port {self.port} cannot be had: {error.strerror}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        self._accounts()

    async def stop(self) -> None:
        """Say goodbye to the registrar, close."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await self.phones.close()

    def cut(self) -> None:
        """All connections break."""
        for client in self._clients:
            client.writer.transport.abort()

    # --- Family

    def bases(self) -> tuple[Base, ...]:
        """Its own."""
        return tuple(self._bases)

    async def enrol(self, handset: Handset, pin: str) -> str:
        """As an OMM does: by the handset's own code when it is configured, by the system's in Wildcard."""
        known = self.registry.device_of(handset.ipei)
        if self.mode == "Off":
            return "subscription refused"
        if known is None:
            if self.mode != "Wildcard":
                return "subscription refused"
            if pin != self.code:
                return "wrong PIN"
            if len(self.devices) >= self.mischief.licence:
                return "no licence"
            known = new_row(self.devices, "ppn", {"ipei": spaced(handset.ipei), "s": "No", "uid": "0"})
        elif pin != (known.get("ac") or self.code):
            return "wrong PIN"
        known |= {"s": "Yes", "hwType": "622d"}
        handset.display = "enrolled"
        self._save()
        self._tell(element("EventPPDevCnf", record("pp", known)))
        self._accounts()
        return ""

    def moved(self, handset: Handset, before: str) -> None:
        """Handsets register their location when they come, and are missed when they do not answer."""
        device = self.registry.device_of(handset.ipei)
        if device is None:
            return
        ppn = device["ppn"]
        if handset.base:
            kind = "ConnHandover" if handset.call is not None and before else "LocReg"
            event = element("EventPPTransaction", trType=kind, ppn=ppn, rfpId=self._number(handset.base))
        else:
            event = element("EventPPTransaction", trType="PPNotFound", ppn=ppn)
        self._acted[int(ppn)] = dict(event.attributes)
        self._tell(event)

    async def look_up(self, handset: Handset, words: str) -> list[tuple[str, str]]:
        """By the XML application of the corporate directory: ask for words, show what was found."""
        return await lookup.by_form(self.settings.directory(), words)

    def power(self, base: Base) -> None:
        """The OMM notices at once that the connection to a base is gone."""
        number = self._bases.index(base)
        self._tell(element("EventRFPState", rfp_state(base, number), id=number))

    def press(self, base: Base) -> None:
        """RFPs have no key for it."""

    # --- AXI

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer)
        self._clients.append(client)
        splitter = Splitter()
        try:
            while data := await reader.read(65536):
                for one in splitter.feed(data):
                    await self._question(client, decode(one))
        except (OSError, AxiError):
            pass
        finally:
            self._clients.remove(client)
            writer.close()

    async def _question(self, client: _Client, asked: Element) -> None:
        self.asked.append(asked.name)
        if self.mischief.silent:
            return
        if self.mischief.bomb:
            self.mischief.bomb = False
            client.writer.write(
                b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><GetRFPResp>&b;</GetRFPResp>\0'
            )
            return
        seq = asked.text("seq")
        if asked.name == self.mischief.unknown:
            answer = element(f"{asked.name}Resp", errCode="EInval", info="unknown request")
        elif asked.name != "Open" and not client.opened:
            answer = element(f"{asked.name}Resp", errCode="EAuth")
        else:
            answer = self._answer(client, asked)
        if seq:
            answer.attributes = {"seq": seq, **answer.attributes}
        if self.mischief.babble:
            answer.attributes["future"] = "1"
            await self._write(client, element("EventOfTomorrow", element("thing", a="ä"), reason="<&>"))
        await self._write(client, answer)

    async def _write(self, client: _Client, message: Element) -> None:
        data = encode(message)
        size = self.mischief.pieces or len(data)
        for start in range(0, len(data), size):
            client.writer.write(data[start : start + size])
            if self.mischief.pieces:
                with contextlib.suppress(OSError):
                    await client.writer.drain()

    def _answer(self, client: _Client, asked: Element) -> Element:
        name = f"{asked.name}Resp"
        match asked.name:
            case "Open":
                if (asked.text("username"), asked.text("password")) != (self._username, self._password):
                    return element(name, errCode="EAuth", protocolVersion=self.mischief.protocol)
                client.opened = True
                numbers = self._key.public_key().public_numbers()
                return element(
                    name,
                    element("publicKey", modulus=f"{numbers.n:x}", exponent=f"{numbers.e:x}"),
                    protocolVersion=self.mischief.protocol,
                    ommVersion="SIP-DECT 8.1 (emulated)",
                )
            case "Ping" | "SystemRestart" | "SoftwareUpdate" | "SetDevAutoCreate":
                return element(name)
            case "GetSARI":
                return element(name, sari="31100100001")
            case "Subscribe":
                wanted = {one.text("eventType") for one in asked.all("e")}
                if self.mischief.babble and "PPCnf" in wanted:
                    return element(name, errCode="EInval", bad="eventType")
                client.wants |= wanted
                return element(name)
            case "SetDECTAuthCode":
                self.code = asked.text("ac")
                return element(name)
            case "SetDECTSubscriptionMode":
                self._subscription(asked.text("mode"), asked.number("timeout", 3))
                return element(name, mode=self.mode)
            case "GetRFP":
                rows = {i: rfp_record(base, i, self.host) for i, base in enumerate(self._bases)}
                return page(name, asked, "id", rows)
            case "GetRFPSync":
                base = self._bases[asked.number("id")]
                heard = (
                    element("forward", id=self._number(mac), offset=40, rssi=dbm)
                    for mac, dbm in base.hears.items()
                )
                return element(
                    name, *heard, id=asked.number("id"), syncState="Synced" if base.powered else "Inactive"
                )
            case "GetPPDev":
                return page(name, asked, "ppn", {k: record("pp", one) for k, one in self.devices.items()})
            case "GetActivePPDev":
                acted = {key: Element("pp", {**one, "relTime": "0"}) for key, one in self._acted.items()}
                return page(name, asked, "id", acted)
            case "GetPPUser":
                return page(name, asked, "uid", {k: record("user", one) for k, one in self.users.items()})
            case _:
                told = self.settings.answer(name, asked)
                if told is None:
                    return self.registry.change(name, asked)
                if not asked.name.startswith("Get"):
                    self._changed()
                return told

    def _subscription(self, mode: str, minutes: int) -> None:
        self.mode = mode
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if mode == "Wildcard":
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(60 * max(1, min(minutes, 60)), self._subscription, "Off", 0)
        self._tell(element("EventDECTSubscriptionMode", mode=mode))

    def _tell(self, event: Element) -> None:
        kind = event.name.removeprefix("Event").replace("SyncRel", "Sync")
        for client in self._clients:
            if client.opened and kind in client.wants:
                client.writer.write(encode(event))
        self.air.changed()

    def _changed(self) -> None:
        self._save()
        self._accounts()

    def _lost(self, ipei: str) -> None:
        for handset in self.air.handsets.values():
            if handset.ipei == ipei and handset.system is self:
                handset.system, handset.phones, handset.display = None, None, "not enrolled"

    # --- users as SIP phones

    def _accounts(self) -> None:
        """Register every user that has an enrolled handset; nobody else."""
        if not self.phones.port:
            return
        wanted: dict[str, SipAccount] = {}
        for user in self.users.values():
            device = self.devices.get(int(user.get("ppn", "0")))
            if device is None or device.get("s") != "Yes" or not self.settings.basic.get("regServer"):
                continue
            account = SipAccount(
                username=user["num"],
                secret=user.get("sipPw", ""),
                registrar=self.settings.basic["regServer"],
                port=int(self.settings.basic.get("regPort", "5060")),
                display=user.get("name", ""),
            )
            wanted[account.username] = account
            for handset in self.air.handsets.values():
                if handset.ipei == plain(device["ipei"]):
                    handset.phones, handset.username, handset.display = (
                        self.phones,
                        account.username,
                        account.display,
                    )
                    handset.system = self
                    if int(device["ppn"]) not in self._acted:
                        self.moved(handset, "")  # it registers where it is
        for account in self.phones.accounts():
            if account.username not in wanted:
                self.phones.remove(account.username)
        for account in wanted.values():
            self.phones.put(account)

    def _handset(self, username: str) -> Handset | None:
        return next((one for one in self.air.handsets.values() if one.username == username), None)

    def _incoming(self, username: str, call: HandsetCall) -> int | None:
        handset = self._handset(username)
        if handset is None:
            return 480
        if not handset.base:
            self.moved(handset, "")  # paged in vain
        return self.air.incoming(handset, call)

    def _happened(self, username: str, event: Any) -> None:
        handset = self._handset(username)
        if handset is not None:
            self.air.happened(handset, event)

    # --- keeping

    def _number(self, mac: str) -> int:
        return next((i for i, base in enumerate(self._bases) if base.mac == mac), -1)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        kept = json.loads(self._file.read_text(encoding="utf-8"))
        self.registry.users |= {int(key): one for key, one in kept["users"].items()}
        self.registry.devices |= {int(key): one for key, one in kept["devices"].items()}
        self.settings.basic = kept["basic"]
        for handset in self.air.handsets.values():
            device = self.registry.device_of(handset.ipei)
            if device is not None and device.get("s") == "Yes":
                handset.system = self
                handset.base = handset.base or self._bases[0].mac

    def _save(self) -> None:
        if self._file is not None:
            kept = {"users": self.users, "devices": self.devices, "basic": self.settings.basic}
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
            beside.replace(self._file)
