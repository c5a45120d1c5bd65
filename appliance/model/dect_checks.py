"""What is wrong with DECT documents together: unknown systems, one IPEI, slot or base claimed twice."""

from collections.abc import Mapping

from appliance.errors import Problem
from appliance.model.decode import suggestion
from appliance.model.dect import DectFamily, DectHandset, DectNet
from appliance.model.ids import DectSystemId, DeviceId


def problems(
    systems: Mapping[DectSystemId, DectNet], handsets: Mapping[DeviceId, DectHandset]
) -> tuple[Problem, ...]:
    """Every one of them, both sides named."""
    found: list[Problem] = []
    owners: dict[tuple[str, str], str] = {}

    def claim(what: str, value: str, where: str, field: str) -> None:
        other = owners.setdefault((what, value), where)
        if other != where:
            found.append(
                Problem(
                    where=where,
                    field=field,
                    message=f"'{value}' already belongs to {other}",
                    remedy="choose another",
                )
            )

    for system in systems.values():
        where = f"dect_system {system.id}"
        for base in system.bases:
            claim("base", base.mac, where, "bases")
        if system.family is DectFamily.CMBS and system.enabled:
            # By name, or the first one there is: twice the same cannot be driven by both.
            claim(f"module {system.node}", system.module or "the first module", where, "module")
        if system.family is DectFamily.MITEL and not system.host:
            found.append(
                Problem(where=where, field="host", message="is missing", remedy="the address of the OMM")
            )
    known = [str(one) for one in systems]
    for handset in handsets.values():
        where = f"dect_handset {handset.id}"
        if handset.system not in systems:
            found.append(
                Problem(
                    where=where,
                    field="system",
                    message=f"DECT system '{handset.system}' does not exist",
                    remedy=suggestion(handset.system, known) or "create the system first",
                )
            )
        if handset.ipei:
            claim("ipei", handset.identity, where, "ipei")
        if handset.slot:
            claim(f"slot {handset.system}", str(handset.slot), where, "slot")
    return tuple(found)
