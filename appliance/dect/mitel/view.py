"""The handsets of an OMM as others see them. Pure."""

from collections.abc import Mapping
from datetime import datetime

from appliance.dect.mitel.inventory import SURE_S, Away, Inventory, Pp
from appliance.model import dect_air as air
from appliance.model.ids import DeviceId


def handsets(
    inventory: Inventory, setup: air.DectSetup, notes: Mapping[DeviceId, str], now: datetime
) -> tuple[air.HandsetState, ...]:
    """Those of the OMM, then those of documents that it does not know; ``notes``: what is wrong with some."""
    documents = {one.document.identity: one for one in setup.handsets if one.document.ipei}
    found = [
        _handset(inventory, pp, documents.pop(pp.ipei, None), notes, now) for pp in inventory.pps.values()
    ]
    rest = [one for one in setup.handsets if not one.document.ipei]
    for wanted in (*documents.values(), *rest):
        document = wanted.document
        found.append(
            air.HandsetState(
                key="",
                handset=document.id,
                ipei=document.identity,
                name=wanted.display,
                detail=notes.get(document.id, ""),
            )
        )
    return tuple(found)


def _handset(
    inventory: Inventory,
    pp: Pp,
    wanted: air.WantedHandset | None,
    notes: Mapping[DeviceId, str],
    now: datetime,
) -> air.HandsetState:
    status = air.HandsetStatus.EXPECTED
    if pp.subscribed:
        status = air.HandsetStatus.READY if pp.away is Away.NO else air.HandsetStatus.AWAY
        if wanted is None:
            status = air.HandsetStatus.STRANGE
        elif wanted.document.blocked:
            status = air.HandsetStatus.BLOCKED
    user = inventory.users.get(pp.uid)
    return air.HandsetState(
        key=str(pp.ppn),
        handset=wanted.document.id if wanted is not None else None,
        ipei=pp.ipei,
        name=wanted.display if wanted is not None else (user.name if user is not None else ""),
        status=status,
        unreachable=status is air.HandsetStatus.AWAY and _surely(pp, now),
        detail=notes.get(wanted.document.id, "") if wanted is not None else "",
        base=inventory.key_of(pp.rfp),
        rssi_dbm=pp.rssi,
        model=pp.model,
        firmware=pp.firmware,
        last_seen=pp.seen,
    )


def _surely(pp: Pp, now: datetime) -> bool:
    """Whether a call would be in vain: not long after a vain page, when it may be back unseen."""
    if pp.away is not Away.MISSED:
        return True
    return pp.missed is not None and (now - pp.missed).total_seconds() < SURE_S
