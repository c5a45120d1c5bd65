"""Grandstream DP750, DP752, DP755, DP760: one file of P values a base (``cfg<mac>.xml``).

Facts: profile 1 is the SIP server, handsets have rows of P values; bases know no common cell, so each base
serves the handsets that its place in the list gives it. The numbers are from the vendor's templates and not
verified on a base.
"""

from collections.abc import Iterator

from appliance.dect.provisioned.plan import FilePlan, xml_item
from appliance.model.dect import DectBase
from appliance.model.dect_air import WantedHandset
from appliance.provisioning.facts import RenderedFile

PER_BASE = 5
"""Handsets at one base (DP750)."""
P_SIP_SERVER, P_REGISTER_MINUTES, P_NTP, P_ADMIN_PASSWORD = "P47", "P32", "P30", "P2"
P_TIME_ZONE, P_CONFIG_SERVER, P_FIRMWARE_SERVER, P_PIN = "P64", "P237", "P192", "P4804"
P_USER, P_AUTHENTICATE, P_PASSWORD, P_NAME, P_ACTIVE, P_PROFILE = 4060, 4090, 4120, 4180, 4595, 4150
"""Of handset 1; the next handset's is one more."""
P_MAILBOX = "P33"
P_PHONEBOOK_MODE, P_PHONEBOOK_SERVER, P_PHONEBOOK_MINUTES = "P330", "P331", "P332"
HTTP, HTTPS = "2", "3"
"""Values of P330."""
_PHONEBOOK_EVERY = 60


def render(plan: FilePlan, base: DectBase, name: str) -> RenderedFile | None:
    """``cfg<mac>.xml``; there is nothing for all of them in common."""
    own = f"cfg{base.mac.lower()}.xml"
    if name.lower() != own:
        return None
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<gs_provision version="1">']
    lines += [xml_item("mac", base.mac.lower()), '<config version="1">']
    lines += [*_system(plan), *_handsets(plan, base), "</config>", "</gs_provision>", ""]
    return RenderedFile(name=own, media_type="text/xml; charset=utf-8", content="\n".join(lines).encode())


def handsets_of(plan: FilePlan, base: DectBase) -> tuple[WantedHandset, ...]:
    """Those that this base serves: five each, in order of slots and bases."""
    bases = plan.setup.net.bases
    place = next((i for i, one in enumerate(bases) if one.mac == base.mac), 0)
    return tuple(one for one in plan.handsets if place * PER_BASE < one.slot <= (place + 1) * PER_BASE)


def _system(plan: FilePlan) -> Iterator[str]:
    setup, net = plan.setup, plan.setup.net
    yield xml_item(P_SIP_SERVER, f"{setup.registrar}:{setup.registrar_port}")
    yield xml_item(P_REGISTER_MINUTES, 2)
    yield xml_item(P_NTP, setup.ntp)
    yield xml_item(P_TIME_ZONE, plan.clock.posix)
    yield xml_item(P_CONFIG_SERVER, plan.base_url)
    yield xml_item(P_PIN, plan.pin or net.pin)
    if plan.voicemail:
        yield xml_item(P_MAILBOX, plan.voicemail)
    if plan.directory_url:  # the base adds /phonebook.xml
        scheme, _, address = plan.directory_url.partition("://")
        yield xml_item(P_PHONEBOOK_MODE, HTTPS if scheme == "https" else HTTP)
        yield xml_item(P_PHONEBOOK_SERVER, address)
        yield xml_item(P_PHONEBOOK_MINUTES, _PHONEBOOK_EVERY)
    if net.secret:
        yield xml_item(P_ADMIN_PASSWORD, net.secret)
    if net.firmware_url:
        yield xml_item(P_FIRMWARE_SERVER, net.firmware_url)


def _handsets(plan: FilePlan, base: DectBase) -> Iterator[str]:
    for place, wanted in enumerate(handsets_of(plan, base)):
        document = wanted.document
        yield xml_item(f"P{P_ACTIVE + place}", int(plan.works(wanted)))
        yield xml_item(f"P{P_USER + place}", document.account)
        yield xml_item(f"P{P_AUTHENTICATE + place}", document.account)
        yield xml_item(f"P{P_PASSWORD + place}", document.secret)
        yield xml_item(f"P{P_NAME + place}", wanted.display)
        yield xml_item(f"P{P_PROFILE + place}", 0)
