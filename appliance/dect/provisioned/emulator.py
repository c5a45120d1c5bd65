"""Emulated provisioned bases: they fetch their files, let handsets in, register them as real SIP phones."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import structlog

from appliance.dect.emulator import lookup
from appliance.dect.emulator.air import Air, Base, Handset
from appliance.dect.emulator.sip import HandsetCall, SipAccount, SipPhones
from appliance.dect.provisioned.reading import BaseFile, Seat, read
from appliance.model.dect import DectFamily, ipui_of
from appliance.phone import events as phone

Fetch = Callable[[str, str, str], Awaitable[bytes | None]]
"""MAC, file name, User-Agent → what the server gives."""
AGENTS = {
    DectFamily.GIGASET: "Gigaset N870 IP PRO/83.V2.50.0+build.c2d1b4a;{MAC}",
    DectFamily.YEALINK: "Yealink W80B 103.83.0.40 {mac}",
    DectFamily.SNOM: "snomM700/05.10.0001 (MAC={MAC}; SER=00000; HW=255)",
    DectFamily.GRANDSTREAM: "Grandstream DP752 1.0.19.8 {mac}",
}
FILES = {
    DectFamily.GIGASET: "{mac}.xml",
    DectFamily.YEALINK: "{mac}.cfg",
    DectFamily.SNOM: "snomM700-{MAC}.htm",
    DectFamily.GRANDSTREAM: "cfg{mac}.xml",
}
log = structlog.get_logger(__name__)


class EmulatedBases:
    """A system of bases of one maker; a family of :class:`appliance.dect.emulator.air.Air`.

    ``key_pressed``: somebody holds the key of a base, as makers want it whose files open no window.
    """

    def __init__(
        self,
        air: Air,
        family: DectFamily,
        bases: list[Base],
        fetch: Fetch,
        *,
        host: str = "127.0.0.1",
        poll_s: float = 0.0,
        agent: str = "",
    ) -> None:
        self.name = family.value
        self.air = air
        self.family = family
        self.host = host
        self.key_pressed = False
        self.files: dict[str, BaseFile] = {}
        self._agent = agent or AGENTS[family]
        self._fetch = fetch
        self._poll_s = poll_s
        self._bases = bases
        self._phones: dict[str, SipPhones] = {}
        self._ports: dict[str, int] = {}
        self._taken: dict[tuple[str, str], str] = {}
        """Base whose file it is and number of the seat → IPEI."""
        self._tasks: set[asyncio.Task[None]] = set()
        air.families.append(self)

    # --- life

    async def start(self) -> None:
        """Plug all bases."""
        for base in self._bases:
            await self._up(base)
        if self._poll_s:
            self._later(self._polling())

    async def stop(self) -> None:
        """Pull all of them, politely."""
        for task in self._tasks:
            task.cancel()
        for phones in list(self._phones.values()):
            await phones.close()
        self._phones.clear()

    def agent(self, base: Base) -> str:
        """How a base names itself."""
        return self._agent.format(mac=base.mac.lower(), MAC=base.mac)

    async def _up(self, base: Base) -> None:
        phones = SipPhones(
            self.host,
            agent=self.agent(base),
            incoming=self._incoming,
            event=self._happened,
            notified=lambda: self._later(self.fetch_all()),
            port=self._ports.get(base.mac, 0),
        )
        await phones.open()
        self._ports[base.mac] = phones.port
        self._phones[base.mac] = phones
        await self._read(base)

    async def _polling(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await self.fetch_all()

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- files

    async def fetch_all(self) -> None:
        """Fetch every file again."""
        for base in self._bases:
            if base.powered:
                await self._read(base)

    async def _read(self, base: Base) -> None:
        name = FILES[self.family].format(mac=base.mac.lower(), MAC=base.mac)
        try:
            content = await self._fetch(base.mac, name, self.agent(base))
            if content is not None:
                self.files[base.mac] = read(self.family, content)
        except (OSError, ValueError) as error:
            log.warning("base.file", base=base.mac, error=str(error))
            return
        for (mac, number), ipei in list(self._taken.items()):
            seat = self.files[mac].seats.get(number) if mac in self.files else None
            if mac == base.mac and (seat is None or seat.remove):
                del self._taken[mac, number]
                for handset in self.air.handsets.values():
                    if handset.ipei == ipei:
                        self._drop(handset)
                        handset.system, handset.display = None, "not enrolled"
        self._accounts()
        self.air.changed()

    # --- Family

    def bases(self) -> tuple[Base, ...]:
        """Its own."""
        return tuple(self._bases)

    async def enrol(self, handset: Handset, pin: str) -> str:
        """A seat that is the handset's own, else one that nobody has."""
        for mac, file in self.files.items():
            if not (file.open or self.key_pressed):
                continue
            if pin != file.pin:
                return "wrong PIN"
            free = [
                one for one in file.seats.values() if not one.remove and (mac, one.number) not in self._taken
            ]
            own = ipui_of(handset.ipei)
            seat = next((one for one in free if one.ipui == own), None)
            seat = seat or next((one for one in free if not one.ipui), None)
            if seat is not None:
                self._taken[mac, seat.number] = handset.ipei
                self.key_pressed = False
                handset.system = self
                if not handset.base:
                    handset.base = mac
                self._accounts()
                return ""
        return (
            "no base found"
            if not any(one.open or self.key_pressed for one in self.files.values())
            else "full"
        )

    async def look_up(self, handset: Handset, words: str) -> lookup.Found:
        """As the handsets of this maker search."""
        url = next((one.directory for one in self.files.values() if one.directory), "")
        match self.family:
            case DectFamily.GIGASET:
                return await lookup.by_query(url, f"{words}*", "ln")
            case DectFamily.YEALINK:
                return lookup.entries(await lookup.download(url.replace("#SEARCH", quote(words))) or b"")
            case DectFamily.GRANDSTREAM:
                return await lookup.whole(f"{url}/phonebook.xml" if url else "", words)
            case _:
                return await lookup.whole(url, words)

    def moved(self, handset: Handset, before: str) -> None:
        """It registers by the base it is at; out of range its base keeps it registered."""
        if handset.base:
            self._accounts()

    def power(self, base: Base) -> None:
        """A base that loses its power says nothing any more."""
        if base.powered:
            self._later(self._up(base))
        else:
            phones = self._phones.pop(base.mac, None)
            if phones is not None:
                for handset in self.air.handsets.values():
                    if handset.phones is phones:
                        handset.phones = None
                self._later(phones.close(politely=False))

    def press(self, base: Base) -> None:
        """Handsets may enrol from now on, by the PIN of the file; until one has."""
        self.key_pressed = True

    # --- accounts

    def _accounts(self) -> None:
        for (mac, number), ipei in self._taken.items():
            file = self.files.get(mac)
            seat = file.seats.get(number) if file is not None else None
            handset = next((one for one in self.air.handsets.values() if one.ipei == ipei), None)
            if file is None or seat is None or handset is None or not handset.base:
                continue
            self._seat(handset, file, seat)

    def _seat(self, handset: Handset, file: BaseFile, seat: Seat) -> None:
        phones = self._phones.get(handset.base)
        if phones is None or not seat.active or not seat.username:
            self._drop(handset)
            return
        if handset.phones is not None and (handset.phones is not phones or handset.username != seat.username):
            if handset.talking and handset.phones is not phones:
                return  # the call goes on by its base, the registration moves after it
            self._drop(handset)
        handset.phones, handset.username, handset.display = phones, seat.username, seat.name
        phones.put(
            SipAccount(
                username=seat.username,
                secret=seat.secret,
                registrar=file.registrar,
                port=file.port,
                display=seat.name,
            )
        )

    @staticmethod
    def _drop(handset: Handset) -> None:
        if isinstance(handset.phones, SipPhones):
            handset.phones.remove(handset.username)
        handset.phones, handset.username = None, ""

    def _handset(self, username: str) -> Handset | None:
        return next((one for one in self.air.handsets.values() if one.username == username), None)

    def _incoming(self, username: str, call: HandsetCall) -> int | None:
        handset = self._handset(username)
        return 480 if handset is None else self.air.incoming(handset, call)

    def _happened(self, username: str, event: Any) -> None:
        handset = self._handset(username)
        if handset is None:
            return
        self.air.happened(handset, event)
        if isinstance(event, phone.Ended):  # where it went in the call it registers now
            self._accounts()
