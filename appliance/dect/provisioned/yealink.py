"""Yealink W60B, W70B, W80, W90: one file for the base or the DECT manager (``<mac>.cfg``).

Facts: accounts 1 to N belong to handsets 1 to N; a manager lets those bases in that are listed as
``station.allowed.X`` (support.yealink.com, 'How to register base stations to the DM').
"""

from collections.abc import Iterator

from appliance.dect.provisioned.plan import FilePlan
from appliance.model.dect import DectBase
from appliance.provisioning.facts import RenderedFile

_HEAD = "#!version:1.0.0.1"
_COMMON = ("y000000000146.cfg", "y000000000175.cfg", "y000000000077.cfg")
"""W70B, W80, W60B; they are asked for before the base's own."""
_TONES = {"DE": "Germany", "AT": "Austria", "GB": "Great Britain", "FR": "France", "NL": "Netherlands"}


def render(plan: FilePlan, base: DectBase, name: str) -> RenderedFile | None:
    """The base's own file; common files and boot files only point to it."""
    own = f"{base.mac.lower()}.cfg"
    if name in (f"{base.mac.lower()}.boot", "y000000000000.boot"):
        return _file(name, ("#!version:1.0.0.1", f"include:config <{own}>", "overwrite_mode = 1"))
    if name in _COMMON:
        return _file(name, (_HEAD,))
    if name != own:
        return None
    if base is not plan.manager:
        return _file(own, (_HEAD, *_system(plan, base)))
    return _file(own, (_HEAD, *_system(plan, base), *_accounts(plan), *_bases(plan)))


def _file(name: str, lines: tuple[str, ...]) -> RenderedFile:
    content = ("\n".join(lines) + "\n").encode()
    return RenderedFile(name=name, media_type="text/plain; charset=utf-8", content=content)


def _line(name: str, value: object) -> str:
    return f"{name} = {str(value).replace(chr(10), ' ').replace(chr(13), ' ')}"


def _system(plan: FilePlan, base: DectBase) -> Iterator[str]:
    setup, net = plan.setup, plan.setup.net
    yield _line("static.auto_provision.server.url", plan.base_url)
    if net.secret:
        yield _line("static.security.user_password", f"admin:{net.secret}")
    yield _line("base.pin_code", plan.pin or net.pin)
    yield _line("local_time.ntp_server1", setup.ntp)
    yield _line("local_time.time_zone", plan.clock.offset_hours)
    yield _line("local_time.summer_time", 2)
    yield _line("voice.tone.country", _TONES.get(setup.country, "Germany"))
    yield _line("lang.gui", "German" if setup.language.value == "de" else "English")
    if base.name:
        yield _line("base.name", base.name)
    if plan.directory_url:
        yield _line("remote_phonebook.data.1.url", f"{plan.directory_url}?search=#SEARCH")
        yield _line("remote_phonebook.data.1.name", "Ortsamt")
        yield _line("features.remote_phonebook.enable", 1)
    if net.firmware_url:
        yield _line("static.firmware.url", net.firmware_url)


def _accounts(plan: FilePlan) -> Iterator[str]:
    setup = plan.setup
    yield _line("template.1.name", "Ortsamt")
    yield _line("template.1.sip_server.1.address", setup.registrar)
    yield _line("template.1.sip_server.1.port", setup.registrar_port)
    yield _line("template.1.sip_server.1.transport_type", 0)
    yield _line("template.1.sip_server.1.expires", 120)
    for wanted in plan.handsets:
        document, own = wanted.document, f"account.{wanted.slot}"
        yield _line(f"{own}.enable", int(plan.works(wanted)))
        yield _line(f"{own}.sip_server.template", 1)
        yield _line(f"{own}.label", wanted.display)
        yield _line(f"{own}.display_name", wanted.display)
        yield _line(f"{own}.auth_name", document.account)
        yield _line(f"{own}.user_name", document.account)
        yield _line(f"{own}.password", document.secret)
        yield _line(f"{own}.sip_server.1.address", setup.registrar)
        yield _line(f"{own}.sip_server.1.port", setup.registrar_port)
        yield _line(f"{own}.sip_server.1.transport_type", 0)
        yield _line(f"{own}.subscribe_mwi", 1)
        yield _line(f"{own}.cid_source", 1)
        if wanted.voicemail:
            yield _line(f"voice_mail.number.{wanted.slot}", wanted.voicemail)
        yield _line(f"handset.{wanted.slot}.name", wanted.display)


def _bases(plan: FilePlan) -> Iterator[str]:
    if not plan.multi_cell:
        return
    for place, (base, level) in enumerate(plan.levels, 1):
        own = f"station.allowed.{place}"
        yield _line(f"{own}.mac", base.mac.lower())
        yield _line(f"{own}.name", base.name or base.mac)
        yield _line(f"{own}.sync.cluster", 1)
        yield _line(f"{own}.sync.level", min(level, 10))
