"""Gigaset N610, N670, N770, N870 IP PRO: one file for the integrator of a system."""

from appliance.dect.provisioned.plan import FilePlan
from appliance.model.dect import DectBase, ipui_of
from appliance.model.dect_air import WantedHandset
from appliance.provisioning.facts import RenderedFile, Server
from appliance.provisioning.gigaset_dect import BaseFacts, GigasetBase, HandsetFacts


def render(plan: FilePlan, base: DectBase, name: str) -> RenderedFile | None:
    """``<mac>.xml`` or ``provisioning.xml`` of the manager; other bases get theirs from it."""
    if base is not plan.manager:
        return None
    made = GigasetBase(_facts(plan, base))
    return made.render() if name in made.file_names() else None


def _facts(plan: FilePlan, base: DectBase) -> BaseFacts:
    setup, net = plan.setup, plan.setup.net
    return BaseFacts(
        mac=base.mac.lower(),
        model=base.model or "N670",
        primary=Server(host=setup.registrar, port=setup.registrar_port, transport="udp"),
        srtp="off",
        handsets=tuple(_handset(plan, one) for one in plan.handsets),
        bases=tuple((one.mac, level) for one, level in plan.levels) if plan.multi_cell else (),
        base_url=plan.base_url,
        ntp=setup.ntp,
        zone=setup.timezone,
        country=setup.country,
        admin_password=net.secret,
        directory_url=plan.directory_url,
        firmware_url=net.firmware_url,
        firmware_version=net.firmware,
        enrol_seconds=plan.open_seconds or 900,
        enrol_from=plan.open_from,
    )


def _handset(plan: FilePlan, wanted: WantedHandset) -> HandsetFacts:
    document = wanted.document
    state = "ToReg"
    if document.id in plan.forget:
        state = "NotReg"
    elif document.id in plan.enrolled:
        state = "Registered"
    return HandsetFacts(
        id=ipui_of(document.identity) if document.ipei else f"{wanted.slot:05d}",
        access_code=plan.pin or plan.setup.net.pin,
        username=document.account if plan.works(wanted) else "",
        secret=document.secret if plan.works(wanted) else "",
        name=wanted.display,
        voicemail=wanted.voicemail,
        state=state,
    )
