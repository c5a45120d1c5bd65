"""What the OMM has: bases, handsets and users by its own records, kept up to date by its events. Pure.

Facts: a handset (``pp``) is known by its ``ppn``, a user by its ``uid``, a base (``rfp``) by its ``id``;
records in events hold only what changed. Where a handset is becomes known by its transactions on the air.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from appliance.dect.mitel.axi import Element
from appliance.model.dect import DectBase, ipei_of
from appliance.model.dect_air import BaseState, BaseStatus

SURE_S = 60.0
"""So long after a vain page nobody is sent to page it again."""
_SYNC = {"Synced": BaseStatus.READY, "Searching": BaseStatus.STARTING, "NotSynced": BaseStatus.STARTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfp:
    """A base."""

    id: int
    mac: str = ""
    name: str = ""
    address: str = ""
    model: str = ""
    connected: bool = False
    dect_on: bool = True
    running: bool = False
    sync: str = ""
    preferred: bool = False
    neighbours: tuple[tuple[int, int], ...] = ()
    """Bases it hears: id and dBm."""
    seen: datetime | None = None

    @property
    def on_air(self) -> bool:
        """Whether handsets can be at it."""
        return self.connected and self.running and self.sync in ("Synced", "")


class Away(Enum):
    """Whether a handset is out of reach, and how that is known."""

    NO = auto()
    MISSED = auto()
    """Paged in vain: it may be back without a word, where it was."""
    DETACHED = auto()
    """Switched off; it says so when it comes back."""
    BASE_LOST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pp:
    """A handset as a piece of equipment."""

    ppn: int
    ipei: str = ""
    subscribed: bool = False
    uid: int = 0
    model: str = ""
    firmware: str = ""
    rfp: int | None = None
    """Where it was last."""
    rssi: int | None = None
    away: Away = Away.NO
    seen: datetime | None = None
    missed: datetime | None = None
    """When it was paged in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A number that a handset can be bound to."""

    uid: int
    num: str = ""
    name: str = ""
    ppn: int = 0
    voicebox: str = ""
    mark: str = ""
    """Ours: who made it (``hierarchy1``)."""
    print: str = ""
    """Ours: of the secret it has (``hierarchy2``)."""


@dataclass(slots=True)
class Inventory:
    """All records; ``now`` is given with every change."""

    rfps: dict[int, Rfp] = field(default_factory=dict)
    pps: dict[int, Pp] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    mode: str = ""
    """The subscription mode: Off, Configured, Wildcard."""

    def take(self, event: Element, now: datetime) -> None:
        """Take an event; unknown ones change nothing."""
        match event.name:
            case "EventRFPState" | "EventRFPCnf":
                for record in event.all("rfp"):
                    self.rfp(record, now, missing_id=event.number("id", -1))
            case "EventRFPSyncRel":
                self.heard(event)
            case "EventPPDevCnf" | "EventPPCnf":
                for record in event.all("pp"):
                    if event.flag("deleted") or event.flag("deletedDev"):
                        self.pps.pop(record.number("ppn"), None)
                    else:
                        self.pp(record)
                for record in event.all("user"):
                    if event.flag("deletedUser"):
                        self.users.pop(record.number("uid"), None)
                    else:
                        self.user(record)
            case "EventPPUserCnf":
                for record in event.all("user"):
                    if event.flag("deleted"):
                        self.users.pop(record.number("uid"), None)
                    else:
                        self.user(record)
            case "EventPPTransaction":
                self.acted(event, now)
            case "EventPPState":
                self._told(event)
            case "EventPositionInfo":
                self._located(event, now)
            case "EventDECTSubscriptionMode":
                self.mode = event.text("mode")

    def rfp(self, record: Element, now: datetime, missing_id: int = -1) -> None:
        """Take a base's record, whole or what changed of it."""
        number = record.number("id", missing_id)
        if number < 0:
            return
        old = self.rfps.get(number, Rfp(id=number))
        connected, running, on = record.flag("connected"), record.flag("dectRunning"), record.flag("dectOn")
        made = replace(
            old,
            mac=record.text("ethAddr", old.mac).replace(":", "").upper(),
            name=record.text("name", old.name),
            address=record.text("ipAddr", old.address),
            model=record.text("hwType", old.model),
            connected=old.connected if connected is None else connected,
            running=old.running if running is None else running,
            dect_on=old.dect_on if on is None else on,
            sync=record.text("syncState", old.sync),
            preferred=record.flag("preferredSync")
            or (old.preferred and record.flag("preferredSync") is None),
        )
        if made.connected:
            made = replace(made, seen=now)
        self.rfps[number] = made
        if not made.on_air:
            self._all_at(number, Away.NO, Away.BASE_LOST)
        elif not old.on_air:
            self._all_at(number, Away.BASE_LOST, Away.NO)

    def _all_at(self, rfp: int, before: Away, after: Away) -> None:
        for pp in list(self.pps.values()):
            if pp.rfp == rfp and pp.away is before:
                self.pps[pp.ppn] = replace(pp, away=after)

    def heard(self, record: Element) -> None:
        """Take what a base hears of others (GetRFPSyncResp, EventRFPSyncRel)."""
        number = record.number("id", -1)
        old = self.rfps.get(number)
        if old is None:
            return
        known = dict(old.neighbours) if record.name.startswith("Event") else {}
        for one in record.all("forward"):
            if one.flag("lost"):
                known.pop(one.number("id"), None)
            else:
                known[one.number("id")] = one.number("rssi", -100)
        self.rfps[number] = replace(
            old, neighbours=tuple(sorted(known.items())), sync=record.text("syncState", old.sync)
        )

    def pp(self, record: Element) -> None:
        """Take a handset's record."""
        number = record.number("ppn")
        if number <= 0:
            return
        old = self.pps.get(number, Pp(ppn=number))
        try:
            ipei = ipei_of(record.text("ipei")) if record.text("ipei") else old.ipei
        except ValueError:
            ipei = old.ipei
        self.pps[number] = replace(
            old,
            ipei=ipei,
            subscribed=record.text("s", "Yes" if old.subscribed else "No") == "Yes",
            uid=record.number("uid", old.uid),
            model=record.text("hwType", old.model),
        )

    def user(self, record: Element) -> None:
        """Take a user's record."""
        number = record.number("uid")
        if number <= 0:
            return
        old = self.users.get(number, User(uid=number))
        self.users[number] = replace(
            old,
            num=record.text("num", old.num),
            name=record.text("name", old.name),
            ppn=record.number("ppn", old.ppn),
            voicebox=record.text("voiceboxNum", old.voicebox),
            mark=record.text("hierarchy1", old.mark),
            print=record.text("hierarchy2", old.print),
        )

    def acted(self, event: Element, now: datetime) -> None:
        """Take what a handset did on the air, at this time."""
        pp = self.pps.get(event.number("ppn"))
        if pp is None:
            return
        if event.text("trType") == "PPNotFound":
            self.pps[pp.ppn] = replace(pp, away=Away.MISSED, missed=now)
        elif event.text("trType") == "Detach":
            self.pps[pp.ppn] = replace(pp, away=Away.DETACHED)
        elif "rfpId" in event.attributes:
            rfp = event.number("rfpId")
            base = self.rfps.get(rfp)
            away = Away.NO if base is None or base.on_air else Away.BASE_LOST
            self.pps[pp.ppn] = replace(
                pp, away=away, rfp=rfp, rssi=pp.rssi if pp.rfp == rfp else None, seen=now
            )

    def _told(self, event: Element) -> None:
        pp = self.pps.get(event.number("ppn"))
        if pp is not None and event.text("swVersion"):
            self.pps[pp.ppn] = replace(pp, firmware=event.text("swVersion"))

    def _located(self, event: Element, now: datetime) -> None:
        pp = self.pps.get(event.number("ppn"))
        seen = [(one.number("rssiAvg", -200), one.number("id", -1)) for one in event.all("vis")]
        if pp is not None and seen:
            rssi, rfp = max(seen)
            self.pps[pp.ppn] = replace(pp, away=Away.NO, rfp=rfp, rssi=rssi, seen=now)

    def key_of(self, rfp: int | None) -> str:
        """How others know a base: by its MAC."""
        found = self.rfps.get(rfp) if rfp is not None else None
        return "" if found is None else found.mac or f"rfp{found.id}"

    def sync_levels(self) -> dict[int, tuple[int, int | None, int | None]]:
        """Of every base on the air: level, the base it follows, how loud it hears that one (dBm).

        The OMM tells who hears whom, not who follows whom: the preferred base (else the lowest id of a group
        that hears each other) is taken as the source, and each other follows the loudest of the level above.
        """
        levels: dict[int, tuple[int, int | None, int | None]] = {}
        on_air = {one.id: one for one in self.rfps.values() if one.on_air}
        for source in sorted(on_air.values(), key=lambda one: (not one.preferred, one.id)):
            if source.id in levels:
                continue
            levels[source.id] = (1, None, None)
            ring = [source.id]
            while ring:
                above, ring = set(ring), []
                for one in on_air.values():
                    heard = [(dbm, other) for other, dbm in one.neighbours if other in above]
                    if one.id not in levels and heard:
                        dbm, other = max(heard)
                        levels[one.id] = (levels[other][0] + 1, other, dbm)
                        ring.append(one.id)
        return levels

    def bases(self, named: tuple[DectBase, ...]) -> tuple[BaseState, ...]:
        """All bases, those that documents name and the OMM does not know too."""
        levels = self.sync_levels()
        documents = {one.mac: one for one in named}
        found = []
        for one in sorted(self.rfps.values(), key=lambda rfp: rfp.id):
            document = documents.pop(one.mac, None)
            level, follows, dbm = levels.get(one.id, (0, None, None))
            found.append(
                BaseState(
                    key=self.key_of(one.id),
                    name=document.name if document is not None and document.name else one.name,
                    mac=one.mac,
                    address=one.address,
                    model=one.model,
                    status=_status(one),
                    location=document.location if document is not None else "",
                    sync_level=level,
                    sync_to=self.key_of(follows),
                    quality=None if dbm is None else quality_of(dbm),
                    rssi_dbm=dbm,
                    last_seen=one.seen,
                )
            )
        for document in documents.values():
            found.append(
                BaseState(key=document.mac, mac=document.mac, name=document.name, location=document.location)
            )
        return tuple(found)


def _status(rfp: Rfp) -> BaseStatus:
    if not rfp.connected:
        return BaseStatus.LOST if rfp.seen is not None or rfp.address else BaseStatus.EXPECTED
    if not rfp.running:
        return BaseStatus.STARTING
    return _SYNC.get(rfp.sync, BaseStatus.READY)


def quality_of(dbm: int) -> int:
    """What a signal is worth for staying in step: -60 dBm and louder is 100, -90 and below nothing."""
    return max(0, min(100, round((dbm + 90) * 100 / 30)))
