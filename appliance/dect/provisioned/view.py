"""A system of provisioned bases as others see it, out of what its bases and handsets did. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from appliance.dect.provisioned.families import Family, version_in
from appliance.dect.provisioned.plan import FilePlan
from appliance.dect.provisioned.probe import Address
from appliance.model import dect_air as air
from appliance.model.dect import DectBase, DectMedia

LOST_AFTER = 3
"""Signs of life that must fail one after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One account's registration at the edge."""

    account: str
    host: str
    port: int
    transport: str = "udp"
    user_agent: str = ""


@dataclass(slots=True)
class KnownBase:
    """What a base did."""

    addresses: set[Address] = field(default_factory=set)
    agent: str = ""
    fetched: datetime | None = None
    seen: datetime | None = None
    misses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """All that was noticed of a system."""

    bases: Mapping[str, KnownBase]
    """By MAC."""
    contacts: Mapping[str, tuple[Registration, str]]
    """Account → registration and the base it came from (its MAC)."""
    ever: Collection[str]
    """Accounts that have registered at some time."""


def system(plan: FilePlan, family: Family, traces: Traces, enrolment: air.Enrolment) -> air.DectState:
    """The whole of it."""
    net, handsets = plan.setup.net, plan.setup.handsets
    bases = tuple(_base(plan, family, traces, base, level) for base, level in plan.levels)
    lost = {one.key for one in bases if one.status is air.BaseStatus.LOST}
    status, detail = air.DectStatus.READY, ""
    if not net.enabled:
        status = air.DectStatus.DISABLED
    elif not net.bases:
        status, detail = air.DectStatus.FAILED, "no base is configured: set bases with their MAC"
    elif len(net.bases) > family.bases:
        detail = f"this maker's systems have {family.bases} bases at most"
    elif len(handsets) > family.handsets:
        detail = f"this maker's systems have {family.handsets} handsets at most"
    return air.DectState(
        system=net.id,
        family=net.family,
        media=DectMedia.SIP,
        status=status,
        detail=detail,
        name=net.name,
        bases=bases,
        handsets=tuple(_handset(traces, one, lost) for one in handsets),
        enrolment=enrolment,
    )


def _base(plan: FilePlan, family: Family, traces: Traces, base: DectBase, level: int) -> air.BaseState:
    known = traces.bases.get(base.mac, KnownBase())
    model = family.models.search(known.agent)
    status, detail = air.BaseStatus.EXPECTED, ""
    if known.agent and model is None:
        status = air.BaseStatus.STRANGE
        detail = f"'{known.agent[:60]}' is no base of this maker that we know: look at its model and firmware"
    elif known.misses >= LOST_AFTER:
        status, detail = air.BaseStatus.LOST, "gives no sign of life"
    elif known.addresses or known.fetched is not None:
        status = air.BaseStatus.READY
        if known.agent and not version_in(known.agent):
            detail = f"its firmware is unknown to us: it calls itself '{known.agent[:60]}'"
    above = next((one for one, its in plan.levels if its == level - 1), None)
    return air.BaseState(
        key=base.mac,
        name=base.name,
        mac=base.mac,
        address=next((host for host, _ in known.addresses), ""),
        model=model[1].upper() if model is not None else base.model,
        firmware=version_in(known.agent),
        status=status,
        detail=detail,
        location=base.location,
        manager=base is plan.manager,
        sync_level=level if plan.multi_cell else 0,
        sync_to=above.mac if plan.multi_cell and above is not None else "",
        last_seen=known.seen,
    )


def _handset(traces: Traces, wanted: air.WantedHandset, lost: Collection[str]) -> air.HandsetState:
    document = wanted.document
    contact = traces.contacts.get(document.account)
    base = contact[1] if contact is not None else ""
    if document.blocked:
        status = air.HandsetStatus.BLOCKED
    elif contact is not None:
        status = air.HandsetStatus.AWAY if base in lost else air.HandsetStatus.READY
    elif document.account in traces.ever:
        status = air.HandsetStatus.AWAY
    else:
        status = air.HandsetStatus.EXPECTED
    known = traces.bases.get(base)
    return air.HandsetState(
        key=str(wanted.slot),
        handset=document.id,
        ipei=document.identity,
        name=wanted.display,
        status=status,
        unreachable=contact is not None and base in lost,
        base=base,
        last_seen=known.seen if contact is not None and known is not None else None,
    )
