"""Snom M300, M400, M700, M900: the primary base (data master) takes one XML file for the whole system.

Facts: sections ``server``, ``extension`` and ``multicell``; a handset is let in by its IPUI, ``FFFFFFFFFF``
lets any handset take that place.
"""

from collections.abc import Iterator

from appliance.dect.provisioned.plan import FilePlan, xml_item
from appliance.model.dect import DectBase, ipui_of
from appliance.model.dect_air import WantedHandset
from appliance.provisioning.facts import RenderedFile

ANY = "FFFFFFFFFF"
NONE = "0000000000"
"""No handset has it."""
CHAIN = 512
"""Bases of one chain are one system."""
_MODELS = ("M300", "M400", "M700", "M900", "M500")


def render(plan: FilePlan, base: DectBase, name: str) -> RenderedFile | None:
    """``snomM700-<MAC>.htm`` and ``<MAC>.xml`` of the primary base; the others are told the chain alone."""
    names = {f"snom{model}-{base.mac}.htm".lower() for model in _MODELS}
    names |= {f"snom{model}.htm".lower() for model in _MODELS} | {f"{base.mac}.xml".lower()}
    if name.lower() not in names:
        return None
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<settings>", *_global(plan)]
    if base is plan.manager:
        lines += [*_server(plan), *_extensions(plan)]
    lines += [*_multicell(plan, base), "</settings>", ""]
    return RenderedFile(name=name, media_type="text/xml; charset=utf-8", content="\n".join(lines).encode())


def _global(plan: FilePlan) -> Iterator[str]:
    setup, net, clock = plan.setup, plan.setup.net, plan.clock
    yield "<global>"
    yield xml_item("setting_server", plan.base_url)
    yield xml_item("ntp_server", setup.ntp)
    yield xml_item("timezone_by_country_region", "off")
    yield xml_item("timezone", clock.offset_hours)
    yield xml_item("tone_scheme", "GER" if setup.country == "DE" else setup.country)
    yield xml_item("language", "Deutsch" if setup.language.value == "de" else "English")
    if net.secret:
        yield xml_item("http_user", net.username or "admin")
        yield xml_item("http_pass", net.secret)
    yield xml_item("dect_ac_code", plan.pin or net.pin)
    if plan.directory_url:
        yield xml_item("phonebook_location", "Server")
        yield xml_item("phonebook_server_location", plan.directory_url)
    if net.firmware_url:
        yield xml_item("firmware", net.firmware_url)
    if net.firmware:
        yield xml_item("fp_fwu_sw_version", net.firmware)
    yield "</global>"


def _server(plan: FilePlan) -> Iterator[str]:
    address = f"{plan.setup.registrar}:{plan.setup.registrar_port}"
    yield "<server>"
    yield xml_item("srv_sip_server_alias", "Ortsamt", 1)
    yield xml_item("user_host", address, 1)
    yield xml_item("user_outbound", address, 1)
    yield xml_item("user_expiry", 120, 1)
    yield xml_item("user_auth_tag", "off", 1)
    yield xml_item("user_srtp", "off", 1)
    yield xml_item("codec_priority_list", "g722,pcma,pcmu", 1)
    yield "</server>"


def _extensions(plan: FilePlan) -> Iterator[str]:
    yield "<extensions>"
    for wanted in plan.handsets:
        document, slot = wanted.document, wanted.slot
        yield xml_item("user_active", "on" if plan.works(wanted) else "off", slot)
        yield xml_item("user_name", document.account, slot)
        yield xml_item("user_pname", document.account, slot)
        yield xml_item("user_pass", document.secret, slot)
        yield xml_item("user_realname", wanted.display, slot)
        yield xml_item("user_mailbox", wanted.voicemail, slot)
        yield xml_item("subscr_sip_hs_idx", slot, slot)
        yield xml_item("subscr_sip_line_name", wanted.display, slot)
        yield xml_item("subscr_sip_ua_data_server_id", 1, slot)
        yield xml_item("subscr_dect_ipui", _ipui(plan, wanted), slot)
        yield xml_item("subscr_dect_ac_code", plan.pin or plan.setup.net.pin, slot)
    yield "</extensions>"


def _ipui(plan: FilePlan, wanted: WantedHandset) -> str:
    """Who may take the place: the known handset, any while it is let in and after that, else none."""
    document = wanted.document
    if document.id in plan.forget:
        return NONE
    if document.ipei:
        return ipui_of(document.identity)
    return ANY if plan.open_from or document.id in plan.enrolled else NONE


def _multicell(plan: FilePlan, base: DectBase) -> Iterator[str]:
    on = "on" if plan.multi_cell else "off"
    yield "<multicell>"
    yield xml_item("network_sync_enable", on)
    yield xml_item("network_sync_chain_id", CHAIN)
    yield xml_item("network_sync_data_transport", "multicast")
    yield xml_item("network_dect_auto_sync_tree_config", "on")
    yield xml_item("network_allow_multi_primary", "off")
    yield xml_item("network_auto_multi_primary", "off")
    yield xml_item("network_sync_data_primary", "on" if base is plan.manager else "off")
    for place, (one, level) in enumerate(plan.levels, 1) if plan.multi_cell else ():
        yield xml_item("network_dect_base_mac", one.mac, place)
        yield xml_item("network_dect_base_level", level, place)
    yield "</multicell>"
