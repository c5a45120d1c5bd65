"""What the office's documents mean for each DECT system. Pure."""

from collections.abc import Iterable

from appliance.app.analog import something_set
from appliance.fxs.line_settings import LineSettings
from appliance.fxs.port_settings import PortSettings
from appliance.model.dect import DectHandset
from appliance.model.dect_air import DectSetup, WantedHandset
from appliance.model.documents import Application
from appliance.model.ids import DectSystemId
from appliance.model.snapshot import Snapshot


def setups(
    snapshot: Snapshot, *, node: str, registrar: str, registrar_port: int, realm: str, files: str
) -> dict[DectSystemId, DectSetup]:
    """Of every system that this box (``node``) drives; ``files``: where phones fetch, ends with a slash."""
    site = snapshot.site
    mailbox = next(
        (one.number for one in snapshot.services.values() if one.application is Application.MAILBOX), ""
    )
    return {
        net.id: DectSetup(
            net=net,
            handsets=tuple(_wanted(snapshot, net.id, mailbox)),
            country=site.country,
            timezone=site.timezone,
            language=site.language,
            registrar=registrar,
            registrar_port=registrar_port,
            realm=realm,
            ntp=snapshot.provisioning.ntp_server,
            directory=f"{files}{net.token}/directory" if net.token and files else "",
        )
        for net in snapshot.dect_systems.values()
        if net.node in ("", node)
    }


def _wanted(snapshot: Snapshot, system: DectSystemId, mailbox: str) -> Iterable[WantedHandset]:
    own = [one for one in snapshot.handsets.values() if one.system == system]
    slots = slots_of(own)
    for document in sorted(own, key=lambda one: slots[one.id]):
        extension = snapshot.extensions.get(document.extension)
        if extension is None:
            continue
        yield WantedHandset(
            document=document,
            number=extension.number,
            display=document.name or extension.name or extension.number,
            language=extension.language or snapshot.site.language,
            voicemail=mailbox if extension.id in snapshot.voicemail_of else "",
            slot=slots[document.id],
        )


def handset_settings(snapshot: Snapshot, handset: DectHandset) -> PortSettings:
    """What the documents of a handset mean for its port, where its sound is ours."""
    extension = snapshot.extensions.get(handset.extension)
    return PortSettings(
        line=LineSettings(
            call_waiting=extension is None or extension.call_waiting,
            something_set=something_set(extension),
        )
    )


def slots_of(handsets: Iterable[DectHandset]) -> dict[str, int]:
    """Handset → its number in the system: the document's; others take what is free, in order of ids."""
    found = {one.id: one.slot for one in handsets if one.slot}
    taken = set(found.values())
    free = (number for number in range(1, 100_000) if number not in taken)
    for one in sorted((one for one in handsets if not one.slot), key=lambda one: one.id):
        found[one.id] = next(free)
    return {str(key): value for key, value in found.items()}


def free_slot(handsets: Iterable[DectHandset]) -> int:
    """The lowest number that no handset has."""
    taken = set(slots_of(tuple(handsets)).values())
    return next(number for number in range(1, 100_000) if number not in taken)
