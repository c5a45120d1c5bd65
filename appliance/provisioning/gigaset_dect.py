"""The provisioning file of Gigaset N610, N670, N770 and N870 IP PRO (XML, product ``e2``).

A multi-cell system is one file for its integrator; its bases follow that one. Handsets are named by their
IPUI, or by a number of five digits until they have enrolled.
"""

from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from appliance.provisioning.facts import RenderedFile, Server

MEDIA_TYPE = "text/xml; charset=utf-8"
_TRANSPORT = {"udp": "1", "tcp": "2", "tls": "3"}
_TONES = {
    "DE": "Germany",
    "AT": "Austria",
    "CH": "Switzerland",
    "FR": "France",
    "GB": "UK",
    "NL": "Netherlands",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetFacts:
    """A handset and its account. ``state`` is what it shall become: ``ToReg``, ``NotReg``, ``Registered``."""

    id: str
    """IPUI, or five digits as long as it is not known."""
    access_code: str = field(repr=False)
    username: str
    secret: str = field(repr=False)
    name: str
    voicemail: str = ""
    state: str = "ToReg"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """A base or the integrator of a multi-cell system, with its handsets."""

    mac: str
    model: str
    primary: Server
    secondary: Server | None = None
    srtp: str = "off"
    handsets: tuple[HandsetFacts, ...] = ()
    bases: tuple[tuple[str, int], ...] = ()
    """MAC and sync level of further bases."""
    base_url: str = ""
    ntp: str = ""
    zone: str = "Europe/Berlin"
    country: str = "DE"
    admin_password: str = field(default="", repr=False)
    directory_url: str = ""
    firmware_url: str = ""
    firmware_version: str = ""
    enrol_seconds: int = 900
    enrol_from: int = 0
    """Unix time at which enrolling opens; 0: it does not."""


class GigasetBase:
    """Makes the file; a subclass may add parameters by :meth:`more`."""

    PROVIDER = "0"

    def __init__(self, facts: BaseFacts) -> None:
        self.facts = facts

    def more(self) -> list[tuple[str, str]]:
        """Further parameters, name and value."""
        return []

    def file_names(self) -> tuple[str, ...]:
        """What a base asks for, the best first."""
        return (f"{self.facts.mac}.xml", "provisioning.xml")

    def render(self) -> RenderedFile:
        """The file for this base."""
        facts = self.facts
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<provisioning version="1.1" productID="e2">']
        if facts.firmware_url:
            version, url = quoteattr(facts.firmware_version), quoteattr(facts.firmware_url)
            lines += ["  <firmware>", f"    <file version={version} url={url}/>", "  </firmware>"]
        lines += ["  <nvm>", '    <oper name="DeleteNotProvisionedHS"/>']
        lines += [_param(name, value) for name, value in (*self._system(), *self._provider(), *self.more())]
        for handset in facts.handsets:
            lines += [
                f'    <oper name="add_hs" value={quoteattr(handset.id)}>',
                f"  {_param('hs.RegStatus', handset.state)}",
                "    </oper>",
            ]
            lines += [_param(name, value) for name, value in self._handset(handset)]
        lines += ['    <oper name="update_dm" value="local">']
        if facts.enrol_from:
            lines += [
                f"  {_param('RegStart', str(facts.enrol_from))}",
                f"  {_param('RegDuration', str(facts.enrol_seconds))}",
            ]
        lines += ["    </oper>", "  </nvm>", "</provisioning>", ""]
        content = "\n".join(lines).encode()
        return RenderedFile(name=f"{facts.mac}.xml", media_type=MEDIA_TYPE, content=content)

    def _system(self) -> list[tuple[str, str]]:
        facts = self.facts
        found = [
            ("Telephony.0.ToneScheme", _TONES.get(facts.country, "Retail")),
            ("DmGlobal.0.TimeZone", facts.zone),
        ]
        if facts.admin_password:
            found.append(("WebUIAccounts.1.Password", facts.admin_password))
        if facts.ntp:
            found.append(("DmGlobal.0.NtpServer", facts.ntp))
        if facts.base_url:
            found.append(("Provisioning.global.ProvisioningServer", facts.base_url))
        if facts.directory_url:
            found += [
                ("Netdir.1.Activated", "1"),
                ("XMLDir.1.ProviderName", "Ortsamt"),
                ("XMLDir.1.ServerURL", facts.directory_url),
                ("XMLDir.1.WhitePagesDirName", "Ortsamt"),
            ]
        found += [(f"ConfirmedBaseStations.{mac}.ucSyncLevel", str(level)) for mac, level in facts.bases]
        return found

    def _provider(self) -> list[tuple[str, str]]:
        facts, own = self.facts, f"SipProvider.{self.PROVIDER}"
        primary, secondary = facts.primary, facts.secondary
        found = [
            (f"{own}.Name", "Ortsamt"),
            (f"{own}.Domain", primary.host),
            (f"{own}.ProxyServerAddress", primary.host),
            (f"{own}.ProxyServerPort", str(primary.port)),
            (f"{own}.RegServerAddress", primary.host),
            (f"{own}.RegServerPort", str(primary.port)),
            (f"{own}.TransportProtocol", _TRANSPORT[primary.transport]),
            (f"{own}.UseSIPS", "0"),
            (f"{own}.SRTP_Enabled", "0" if facts.srtp == "off" else "1"),
            (f"{own}.AcceptNonSRTPCalls", "0" if facts.srtp == "mandatory" else "1"),
            (f"{own}.MWISubscription", "1"),
            (f"{own}.OutboundProxyMode", "2"),
            (f"{own}.FailoverServerEnabled", "1" if secondary is not None else "0"),
        ]
        if secondary is not None:
            found += [
                (f"{own}.FailoverServerAddress", secondary.host),
                (f"{own}.FailoverServerPort", str(secondary.port)),
            ]
        return found

    def _handset(self, handset: HandsetFacts) -> list[tuple[str, str]]:
        own = f"SipAccount.{handset.id}"
        found = [
            (f"hs.{handset.id}.DECT_AC", handset.access_code),
            (f"{own}.AuthName", handset.username),
            (f"{own}.AuthPassword", handset.secret),
            (f"{own}.UserName", handset.username),
            (f"{own}.DisplayName", handset.name),
            (f"{own}.ProviderId", self.PROVIDER),
        ]
        if handset.voicemail:
            found += [
                (f"{own}.VoiceMailMailbox", handset.voicemail),
                (f"{own}.VoiceMailActive", "1"),
            ]
        return found


def _param(name: str, value: str) -> str:
    return f"    <param name={quoteattr(name)} value={quoteattr(value)}/>"
