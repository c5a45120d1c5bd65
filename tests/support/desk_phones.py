"""Small IP phones: they find the box as their vendors' do, fetch, and read their own format by themselves.

Nothing here uses the project's templates or tables: each reader is written from the vendor's description.
"""

import http.client
import os
import re
import socket
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

GROUP, PNP_PORT = "224.0.1.75", 5060


@dataclass(kw_only=True)
class Account:
    """What a phone has understood of its first account."""

    username: str
    secret: str
    host: str
    port: int
    transport: str = "udp"
    srtp: str = "off"


@dataclass(kw_only=True)
class Settings:
    """What a phone has understood."""

    account: Account
    next_url: str
    """Where it fetches from now on."""
    directory: str = ""
    lamps: list[str] = field(default_factory=list)
    dials: list[str] = field(default_factory=list)


class Refused(Exception):
    """The box gave nothing."""


@dataclass(kw_only=True)
class DeskPhone:
    """One phone of a vendor."""

    vendor: str
    mac: str
    model: str
    agent: str
    source: str = "127.0.0.1"
    """Its own address."""
    read: Callable[["DeskPhone", str], Settings] = field(repr=False)
    """From the URL it was given to its settings: fetches what its vendor's phones fetch."""
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> bytes:
        """Fetch; raises Refused."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=20, source_address=(self.source, 0)
        )
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            self.asked.append(path)
            connection.request("GET", path.replace(" ", "%20"), headers={"User-Agent": self.agent})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise Refused(f"{answer.status} for {path}")
            return body
        finally:
            connection.close()

    def boot(self, url: str) -> Settings:
        """Start with an address from DHCP."""
        return self.read(self, url)

    def search(self, timeout: float = 10) -> str:
        """SIP PnP over loop-back: the address the box tells; raises Refused."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sock.bind((self.source, 0))
            sock.settimeout(timeout / 4)
            here = f"{self.source}:{sock.getsockname()[1]}"
            event = f'ua-profile;profile-type="device";vendor="{self.vendor}";model="{self.model}"'
            lines = [
                f"SUBSCRIBE sip:MAC%3a{self.mac.upper()}@{GROUP} SIP/2.0",
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{self.mac};rport",
                "Max-Forwards: 70",
                f"From: <sip:MAC%3a{self.mac.upper()}@{GROUP}>;tag=1",
                f"To: <sip:MAC%3a{self.mac.upper()}@{GROUP}>",
                f"Call-ID: {self.mac}@{here}",
                "CSeq: 1 SUBSCRIBE",
                f"Contact: <sip:{here}>",
                f'Event: {event};version="1.2.3"',
                "Accept: application/url",
                "Expires: 0",
                f"User-Agent: {self.agent}",
                "Content-Length: 0",
            ]
            accepted = False
            for _ in range(4):
                sock.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), (GROUP, PNP_PORT))
                try:
                    while True:
                        data, peer = sock.recvfrom(4096)
                        head, _, body = data.decode().partition("\r\n\r\n")
                        if head.startswith("SIP/2.0 200"):
                            assert f"Call-ID: {self.mac}@{here}" in head
                            accepted = True
                        elif head.startswith("NOTIFY "):
                            assert accepted, "the NOTIFY came before the 200"
                            assert "Content-Type: application/url" in head
                            copied = re.findall(r"^(?:Via|From|To|Call-ID|CSeq): .*$", head, re.MULTILINE)
                            reply = "\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0"]) + "\r\n\r\n"
                            sock.sendto(reply.encode(), peer)
                            return body.strip()
                except TimeoutError:
                    continue
        raise Refused("nobody answered")


# -- readers, one a vendor


def _snom(phone: DeskPhone, url: str) -> Settings:
    mac = phone.mac.upper()
    if url.endswith("/"):  # a bare server: the general file, the phone's own, and where that leads
        ET.fromstring(phone.get(f"{url}snom{phone.model}.htm"))
        lead = ET.fromstring(phone.get(f"{url}snom{phone.model}-{mac}.htm"))
        assert lead.tag == "setting-files"
        found = lead.find("file")
        assert found is not None
        url = found.attrib["url"]
    root = ET.fromstring(phone.get(url.replace("{mac}", mac)))
    assert root.tag == "settings"
    settings = root.find("phone-settings")
    assert settings is not None
    one = {(each.tag, each.get("idx", "")): each.text or "" for each in settings}
    assert one["user_active", "1"] == "on"
    place = re.fullmatch(r"(.+):(\d+);transport=(udp|tcp|tls)", one["user_outbound", "1"])
    assert place is not None
    srtp = one["user_savp", "1"] if one["user_srtp", "1"] == "on" else "off"
    lamps, dials = [], []
    for key in root.iter("fkey"):
        kind, _, argument = (key.text or "").partition(" ")
        if kind == "blf":
            lamp = re.fullmatch(r"sip:([^@]+)@[^;|]+;user=phone(\|\*\*)?", argument)
            assert lamp is not None, argument
            lamps.append(lamp[1])
        elif kind == "speed":
            dials.append(argument)
    return Settings(
        account=Account(
            username=one["user_name", "1"], secret=one["user_pass", "1"], host=one["user_host", "1"],
            port=int(place[2]), transport=place[3], srtp=srtp,
        ),
        next_url=one["setting_server", ""],
        directory=one["dkey_directory", ""].removeprefix("url "),
        lamps=lamps, dials=dials,
    )  # fmt: skip


def _yealink(phone: DeskPhone, url: str) -> Settings:
    for name in ("y000000000000.boot", f"{phone.mac}.boot", "y000000000096.cfg"):
        try:
            phone.get(url + name)
        except Refused:
            continue
        raise AssertionError(f"{name} is there")
    text = phone.get(f"{url}{phone.mac}.cfg").decode()
    first, *lines = text.split("\n")
    assert first == "#!version:1.0.0.1"
    assert "\r" not in text
    one: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, equals, value = line.partition(" = ")
            assert equals, line
            one[name] = value
    assert one["account.1.enable"] == "1"
    keys = [number for number in range(1, 60) if f"linekey.{number}.type" in one]
    by_type = {kind: [one[f"linekey.{n}.value"] for n in keys if one[f"linekey.{n}.type"] == kind]
               for kind in ("16", "10", "13")}  # fmt: skip
    return Settings(
        account=Account(
            username=one["account.1.auth_name"], secret=one["account.1.password"],
            host=one["account.1.sip_server.1.address"], port=int(one["account.1.sip_server.1.port"]),
            transport={"0": "udp", "1": "tcp", "2": "tls"}[one["account.1.sip_server.1.transport_type"]],
            srtp={"0": "off", "1": "optional", "2": "mandatory"}[one["account.1.srtp_encryption"]],
        ),
        next_url=one["static.auto_provision.server.url"],
        directory=one["remote_phonebook.data.1.url"].replace("#SEARCH", ""),
        lamps=by_type["16"] + by_type["10"], dials=by_type["13"],
    )  # fmt: skip


def _gigaset(phone: DeskPhone, url: str) -> Settings:
    if url.endswith("/"):
        step = ET.fromstring(phone.get(f"{url}provisioning.xml")).find("nvm/step")
        assert step is not None
        url = step.attrib["url"]
    root = ET.fromstring(phone.get(url.replace("%MACD", phone.mac)))
    assert (root.tag, root.attrib["version"]) == ("provisioning", "1.1")
    one = {each.attrib["name"]: each.attrib["value"] for each in root.iter("param")}
    assert one["SIP.Account.0.Active"] == "1"
    keys = "PhoneUI.Keys.FunctionKeys.{}"
    types = {n: one[keys.format(n) + ".Type"] for n in range(20) if keys.format(n) + ".Type" in one}
    numbers = {n: one.get(keys.format(n) + ".PhoneNumber", "") for n in types}
    return Settings(
        account=Account(
            username=one["SIP.Account.0.AuthName"], secret=one["SIP.Account.0.AuthPassword"],
            host=one["SIP.Account.0.RegistrationServer.Address"],
            port=int(one["SIP.Account.0.RegistrationServer.Port"]),
            transport={"1": "udp", "2": "tls", "3": "tcp"}[one["SIP.TransportProtocol"]],
            srtp="off" if one["SIP.Security.SRTP"] == "0" else "optional",
        ),
        next_url=one["System.Provision.ProvisioningServer"],
        directory=one["NetDir.XML.0.ServerURL"],
        lamps=[numbers[n] for n, kind in types.items() if kind == "4"],
        dials=[numbers[n] for n, kind in types.items() if kind == "3"],
    )  # fmt: skip


def _grandstream(phone: DeskPhone, url: str) -> Settings:
    try:
        phone.get(f"{url}cfg{phone.mac}")
    except Refused:
        pass
    else:
        raise AssertionError("there is a binary file")
    root = ET.fromstring(phone.get(f"{url}cfg{phone.mac}.xml"))
    assert root.tag == "gs_provision"
    config = root.find("config")
    assert config is not None
    assert config.attrib == {"version": "2"}
    assert root.findtext("mac") in (None, phone.mac)  # another MAC would be refused
    one = {each.attrib["name"]: each.text or "" for each in config.iter("item")}
    assert one["account.1.enable"] == "Yes"
    host, _, port = one["account.1.sip.server.1.address"].rpartition(":")
    modes = {n: one[f"pks.vpk.{n}.keyMode"] for n in range(1, 40) if f"pks.vpk.{n}.keyMode" in one}
    return Settings(
        account=Account(
            username=one["account.1.sip.subscriber.userid"], secret=one["account.1.sip.subscriber.password"],
            host=host, port=int(port),
            transport={"UDP": "udp", "TCP": "tcp", "TlsOrTcp": "tls"}[one["account.1.sip.transport"]],
        ),
        next_url=f"{one['provisioning.config.protocol'].lower()}://{one['provisioning.config.serverPath']}/",
        directory=f"http://{one['phonebook.download.server']}/phonebook.xml",
        lamps=[one[f"pks.vpk.{n}.value"] for n, mode in modes.items() if mode in ("BLF", "CallPark")],
        dials=[one[f"pks.vpk.{n}.value"] for n, mode in modes.items() if mode == "SpeedDial"],
    )  # fmt: skip


def _standard(data: bytes) -> dict[str, str]:
    """Panasonic's standard format: the first 44 bytes, CR LF, quotation marks, an empty line at the end."""
    assert data.startswith(b"# Panasonic SIP Phone Standard Format File #")
    assert data.endswith(b"\r\n\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    found: dict[str, str] = {}
    for line in data.decode().split("\r\n"):
        if line and not line.startswith("#"):
            assert len(line.encode()) <= 535, line
            match = re.fullmatch(r'([A-Z0-9_]{1,32})="([^"]*)"', line)
            assert match is not None, line
            found.setdefault(match[1], match[2])
    return found


def _panasonic(phone: DeskPhone, url: str) -> Settings:
    if url.endswith("/"):
        url += "{MODEL}.cfg"
    first = _standard(phone.get(url.replace("{MODEL}", phone.model)))
    one = first
    if "SIP_AUTHID_1" not in first:
        one = _standard(phone.get(first["CFG_STANDARD_FILE_PATH"].replace("{MAC}", phone.mac.upper())))
    acts = {
        n: one[f"FLEX_BUTTON_FACILITY_ACT{n}"] for n in range(1, 40) if f"FLEX_BUTTON_FACILITY_ACT{n}" in one
    }
    argument = {n: one[f"FLEX_BUTTON_FACILITY_ARG{n}"] for n in acts}
    return Settings(
        account=Account(
            username=one["SIP_AUTHID_1"], secret=one["SIP_PASS_1"], host=one["SIP_RGSTR_ADDR_1"],
            port=int(one["SIP_RGSTR_PORT_1"]),
            transport={"0": "udp", "1": "tcp", "2": "tls"}[one["SIP_TRANSPORT_1"]],
        ),
        next_url=one["CFG_STANDARD_FILE_PATH"],
        directory=one["XMLAPP_LDAP_URL"],
        lamps=[argument[n] for n, what in acts.items() if what == "X_PANASONIC_IPTEL_CONTACT"],
        dials=[argument[n] for n, what in acts.items() if what == "X_PANASONIC_IPTEL_ONETOUCH"],
    )  # fmt: skip


def _mitel(phone: DeskPhone, url: str) -> Settings:
    for name in ("startup.cfg", "aastra.cfg"):
        assert phone.get(url + name).startswith(b"#")
    text = phone.get(f"{url}{phone.mac.upper()}.cfg").decode()
    one: dict[str, str] = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            name, colon, value = line.partition(": ")
            assert colon, line
            one[name] = value
    keys = [n for n in range(1, 60) if f"topsoftkey{n} type" in one]
    server = f"{one['http server']}:{one['http port']}"
    return Settings(
        account=Account(
            username=one["sip line1 auth name"], secret=one["sip line1 password"],
            host=one["sip line1 registrar ip"], port=int(one["sip line1 registrar port"]),
            transport={"1": "udp", "2": "tcp", "4": "tls"}[one["sip transport protocol"]],
            srtp={"0": "off", "1": "optional", "2": "mandatory"}[one["sip line1 srtp mode"]],
        ),
        next_url=f"http://{server}/{one['http path']}/",
        directory=one["directory script"],
        lamps=[one[f"topsoftkey{n} value"] for n in keys if one[f"topsoftkey{n} type"] == "blf"],
        dials=[one[f"topsoftkey{n} value"] for n in keys if one[f"topsoftkey{n} type"] == "speeddial"],
    )  # fmt: skip


def _poly(phone: DeskPhone, url: str) -> Settings:
    master = ET.fromstring(phone.get(f"{url}{phone.mac}.cfg"))
    assert master.tag == "APPLICATION"
    one: dict[str, str] = {}
    for name in master.attrib["CONFIG_FILES"].split(","):
        root = ET.fromstring(phone.get(url + name.strip().replace("[PHONE_MAC_ADDRESS]", phone.mac)))
        one |= root.attrib
    book = ET.fromstring(phone.get(f"{url}{phone.mac}-directory.xml"))
    dials = {each.findtext("sd"): each.findtext("ct") or "" for each in book.iter("item")}
    keys = {n: one[f"linekey.{n}.category"] for n in range(1, 60) if f"linekey.{n}.category" in one}
    return Settings(
        account=Account(
            username=one["reg.1.auth.userId"], secret=one["reg.1.auth.password"],
            host=one["reg.1.server.1.address"], port=int(one["reg.1.server.1.port"]),
            transport={"UDPOnly": "udp", "TCPOnly": "tcp", "TLS": "tls"}[one["reg.1.server.1.transport"]],
            srtp="off" if one["sec.srtp.enable"] == "0" else "optional",
        ),
        next_url=one["device.prov.serverName"],
        directory=one["mb.main.home"],
        lamps=[one[f"attendant.resourceList.{n}.address"] for n, kind in keys.items() if kind == "BLF"],
        dials=[dials[one[f"linekey.{n}.index"]] for n, kind in keys.items() if kind == "SpeedDial"],
    )  # fmt: skip


def _fanvil(phone: DeskPhone, url: str) -> Settings:
    root = ET.fromstring(phone.get(f"{url}{phone.mac}.cfg" if url.endswith("/") else url))
    assert root.tag == "sysConf"
    line = root.find("sip/line[@index='1']")
    assert line is not None
    one = {each.tag: each.text or "" for each in line}
    assert one["EnableReg"] == "1"
    lamps: list[str] = []
    dials: list[str] = []
    for key in root.iterfind("dsskey/internal/Fkey"):
        value = re.fullmatch(r"(.+)@(\d+)/(ba|c|f)(.*)", key.findtext("Value") or "")
        if value is not None:
            (dials if value[3] == "f" else lamps).append(value[1])
    return Settings(
        account=Account(
            username=one["RegisterUser"], secret=one["RegisterPswd"], host=one["RegisterAddr"],
            port=int(one["RegisterPort"]),
            transport={"0": "udp", "1": "tcp", "3": "tls"}[one["Transport"]],
        ),
        next_url=root.findtext("ap/FlashServerIP") or "",
        directory=root.findtext("phone/xmlContact/Addr") or "",
        lamps=lamps, dials=dials,
    )  # fmt: skip


_KINDS: dict[str, tuple[str, str, Callable[[DeskPhone, str], Settings]]] = {
    "snom": ("D785", "Mozilla/4.0 (compatible; snom{model}-SIP 10.1.33.33 2010.12 {MAC} SXM:0 UXM:0)", _snom),
    "yealink": ("T54W", "Yealink SIP-{model} 96.86.0.70 {colons}", _yealink),
    "gigaset": ("Maxwell 3", "Maxwell 3/2.22.4+build.1;{MAC}", _gigaset),
    "grandstream": ("GRP2614", "Grandstream Model HW {model} SW 1.0.5.15 DevId {mac}", _grandstream),
    "panasonic": ("KX-HDV230", "Panasonic_{model}/01.133 ({mac})", _panasonic),
    "mitel": ("6920", "Mitel{model} MAC:{dashes} V:6.4.0.140-SIP", _mitel),
    "poly": ("VVX_450", "FileTransport PolycomVVX-{model}-UA/6.4.6.1234 Type/Application", _poly),
    "fanvil": ("X5U", "Fanvil {model} 2.12.16.17 {mac}", _fanvil),
}
VENDORS = tuple(_KINDS)
OUIS = {"snom": "000413", "yealink": "805ec0", "gigaset": "7c2f80", "grandstream": "c074ad",
        "panasonic": "0080f0", "mitel": "1400e9", "poly": "64167f", "fanvil": "0c383e"}  # fmt: skip


def desk_phone(vendor: str, number: int = 1, source: str = "127.0.0.1") -> DeskPhone:
    """A phone of this vendor; ``number`` (below 4096) makes its MAC address.

    It is another one in each process: boxes of tests that run at once all hear who searches.
    """
    model, agent, read = _KINDS[vendor]
    mac = f"{OUIS[vendor]}{os.getpid() % 4096 * 4096 + number:06x}"
    pairs = [mac[i : i + 2] for i in range(0, 12, 2)]
    said = (
        agent.replace("{model}", model)
        .replace("{mac}", mac)
        .replace("{MAC}", mac.upper())
        .replace("{colons}", ":".join(pairs))
        .replace("{dashes}", "-".join(pairs).upper())
    )
    return DeskPhone(vendor=vendor, mac=mac, model=model, agent=said, source=source, read=read)
