"""What an OMM is told besides users: the registrar, the clock, the central phone book.

Facts: ``SetBasicSIP``, ``SetNTPServer`` and ``XMLApplication`` of type ``CorpDir`` are in the AXI's schema;
that handsets find such an application in their phone book key's menu is how the vendor's manual describes it.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.link import AxiLink, AxiRefused
from appliance.dect.mitel.reading import pages
from appliance.model.dect_air import DectSetup

DIRECTORY = "Ortsamt"
"""The name of the application that is ours."""
_REGISTER_S = 300
Settings = tuple[str, int, str, str]


def settings_of(setup: DectSetup) -> Settings:
    """What changes them."""
    return setup.registrar, setup.registrar_port, setup.ntp, setup.directory


def settle(link: AxiLink, setup: DectSetup) -> tuple[str, ...]:
    """Bring the OMM there; what it refuses comes back, in words."""
    found = []
    for why, act in (
        ("handsets may register elsewhere", _set_registrar),
        ("its clock is its own", _set_clock),
        ("handsets have no central phone book", _set_directory),
    ):
        try:
            act(link, setup)
        except AxiRefused as error:
            found.append(f"{why}: {error}")
    return tuple(found)


def _set_registrar(link: AxiLink, setup: DectSetup) -> None:
    if not setup.registrar:
        return
    wanted = {
        "proxyServer": setup.registrar,
        "proxyPort": str(setup.registrar_port),
        "regServer": setup.registrar,
        "regPort": str(setup.registrar_port),
    }
    have = link.ask(element("GetBasicSIP")).attributes
    if any(have.get(name) != value for name, value in wanted.items()):
        link.ask(element("SetBasicSIP", **wanted, regPeriod=_REGISTER_S))


def _set_clock(link: AxiLink, setup: DectSetup) -> None:
    if setup.ntp and link.ask(element("GetNTPServer")).text("ntpServerName1") != setup.ntp:
        link.ask(clock(setup))


def clock(setup: DectSetup) -> Element:
    """The request that says where the time comes from."""
    return element("SetNTPServer", default=False, ntpServerName1=setup.ntp)


def _set_directory(link: AxiLink, setup: DectSetup) -> None:
    """One application of ours, or none; those of others stay."""
    known = pages(link, "GetXMLApplication", "XMLApplication", "id", 0)
    own = [one for one in known if one.text("name") == DIRECTORY and one.text("type") == "CorpDir"]
    kept = own[:1] if setup.directory else []
    for one in own[len(kept) :]:
        link.ask(element("DeleteXMLApplication", id=one.number("id")))
    if not setup.directory:
        return
    wanted = dict(_url(setup.directory))
    if not kept:
        link.ask(element("CreateXMLApplication", _application(wanted)))
    elif any((kept[0].first("url") or element("url")).text(name) != text for name, text in wanted.items()):
        changed = _application(wanted)
        changed.attributes["id"] = kept[0].text("id")
        link.ask(element("SetXMLApplication", changed))


def _application(url: dict[str, str]) -> Element:
    where = element("url", enable=True, **url)
    return element("XMLApplication", where, enable=True, type="CorpDir", corpDirOrder=1, name=DIRECTORY)


def _url(address: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(address)
    yield "protocol", parts.scheme.upper()
    yield "host", parts.hostname or ""
    yield "port", str(parts.port or (443 if parts.scheme == "https" else 80))
    yield "path", parts.path
