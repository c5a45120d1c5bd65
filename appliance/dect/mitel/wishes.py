"""What must be done at the OMM so that it is as the office wants. Pure: records and setup in, steps out."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.dect.mitel.inventory import Inventory, User
from appliance.model.dect_air import DectSetup, WantedHandset
from appliance.model.ids import DeviceId

MARK = "Ortsamt"
"""Users with this in ``hierarchy1`` are ours to delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUser:
    """A number is missing."""

    wanted: WantedHandset


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeUser:
    """A number is there with other values."""

    uid: int
    wanted: WantedHandset


@dataclass(frozen=True, slots=True, kw_only=True)
class DropUser:
    """A number of ours that nobody wants any more."""

    uid: int
    ppn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDevice:
    """A handset that is known by its IPEI and may enrol."""

    wanted: WantedHandset


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """The handset shall have this number."""

    ppn: int
    uid: int
    handset: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind:
    """The handset shall not have this number any more."""

    ppn: int
    uid: int


Step = MakeUser | ChangeUser | DropUser | MakeDevice | Bind | Unbind


def print_of(wanted: WantedHandset) -> str:
    """Twelve hex digits that change with the secret, which the OMM does not give back."""
    text = f"{wanted.document.account}:{wanted.document.secret}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def steps(inventory: Inventory, setup: DectSetup) -> Iterator[Step]:
    """The next steps; to be asked again after they were done, until there are none."""
    users = {one.num: one for one in inventory.users.values()}
    devices = {one.ipei: one for one in inventory.pps.values() if one.ipei}
    kept: set[str] = set()
    for wanted in setup.handsets:
        document = wanted.document
        if document.blocked:
            continue
        kept.add(document.account)
        user = users.get(document.account)
        if user is None:
            yield MakeUser(wanted=wanted)
        elif _differs(user, wanted):
            yield ChangeUser(uid=user.uid, wanted=wanted)
        device = devices.get(document.identity) if document.ipei else None
        if document.ipei and device is None:
            yield MakeDevice(wanted=wanted)
        if user is None:
            continue
        ppn = device.ppn if device is not None else 0
        if user.ppn != ppn:
            if user.ppn:
                yield Unbind(ppn=user.ppn, uid=user.uid)
            elif device is not None and device.uid and device.uid in inventory.users:
                yield Unbind(ppn=device.ppn, uid=device.uid)
            elif device is not None:
                yield Bind(ppn=ppn, uid=user.uid, handset=document.id)
    for user in inventory.users.values():
        if user.mark == MARK and user.num not in kept:
            yield DropUser(uid=user.uid, ppn=user.ppn)


def _differs(user: User, wanted: WantedHandset) -> bool:
    return (user.name, user.voicebox, user.mark, user.print) != (
        wanted.display,
        wanted.voicemail,
        MARK,
        print_of(wanted),
    )
