"""Files of provisioned bases, read as a base reads them: for emulated bases. Pure."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from appliance.dect.provisioned import grandstream, snom
from appliance.model.dect import DectFamily


@dataclass(slots=True, kw_only=True)
class Seat:
    """An account for a handset. ``ipui`` empty: any handset may take it."""

    number: str
    ipui: str = ""
    username: str = ""
    secret: str = ""
    name: str = ""
    active: bool = True
    remove: bool = False


@dataclass(slots=True, kw_only=True)
class BaseFile:
    """What a base makes of its file."""

    registrar: str = ""
    port: int = 5060
    pin: str = "0000"
    open: bool = False
    """The file opens enrolment."""
    seats: dict[str, Seat] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    """Bases of the system, by MAC."""
    directory: str = ""
    """Where handsets look names up."""


def read(family: DectFamily, content: bytes) -> BaseFile:
    """Read a file; raises ValueError for one that a base would not take."""
    match family:
        case DectFamily.GIGASET:
            return _gigaset(_elements(content))
        case DectFamily.SNOM:
            return _snom(_elements(content))
        case DectFamily.GRANDSTREAM:
            return _grandstream(_elements(content))
        case _:
            return _yealink(content.decode())


_Element = tuple[str, dict[str, str], str]


def _elements(content: bytes) -> list[_Element]:
    """Tag, attributes and text of every element, in order of their ends."""
    found: list[_Element] = []
    stack: list[tuple[str, dict[str, str], list[str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        stack.append((tag, attributes, []))

    def data(text: str) -> None:
        if stack:
            stack[-1][2].append(text)

    def end(_tag: str) -> None:
        tag, attributes, texts = stack.pop()
        found.append((tag, attributes, "".join(texts).strip()))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"not XML: {error}") from None
    return found


def _gigaset(elements: list[_Element]) -> BaseFile:
    found = BaseFile()
    members = []
    for tag, attributes, _ in elements:
        if tag == "oper" and attributes.get("name") == "add_hs":
            found.seats.setdefault(attributes["value"], Seat(number=attributes["value"]))
    state = ""
    for tag, attributes, _ in elements:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if tag == "oper" and name == "add_hs":
            found.seats[value].remove = state == "NotReg"
        if tag != "param":
            continue
        words = name.split(".")
        if name == "hs.RegStatus":
            state = value
        elif name == "RegStart":
            found.open = True
        elif words[0] == "SipProvider" and words[-1] == "RegServerAddress":
            found.registrar = value
        elif words[0] == "SipProvider" and words[-1] == "RegServerPort":
            found.port = int(value)
        elif words[0] == "XMLDir" and words[-1] == "ServerURL":
            found.directory = value
        elif words[0] == "ConfirmedBaseStations":
            members.append(words[1])
        elif words[0] == "hs" and words[-1] == "DECT_AC":
            found.pin = value
        elif words[0] == "SipAccount" and words[1] in found.seats:
            _account(found.seats[words[1]], words[2], value, ("UserName", "AuthPassword", "DisplayName"))
    for number, seat in found.seats.items():
        seat.ipui = number if len(number) == 10 else ""
    found.members = tuple(members)
    return found


def _account(seat: Seat, name: str, value: str, names: tuple[str, str, str]) -> None:
    if name in names:
        setattr(seat, ("username", "secret", "name")[names.index(name)], value)


def _yealink(text: str) -> BaseFile:
    if not text.startswith("#!version:1.0.0.1"):
        raise ValueError("the first line is not that of a configuration file")
    found = BaseFile()
    members = []
    for line in text.splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        account = re.fullmatch(r"account\.(\d+)\.([a-z_.0-9]+)", name)
        if not equals:
            continue
        if name == "base.pin_code":
            found.pin = value
        elif name == "remote_phonebook.data.1.url":
            found.directory = value
        elif re.fullmatch(r"station\.allowed\.\d+\.mac", name):
            members.append(value.upper())
        elif account:
            seat = found.seats.setdefault(account[1], Seat(number=account[1]))
            if account[2] == "enable":
                seat.active = value == "1"
            elif account[2] == "sip_server.1.address":
                found.registrar = value
            elif account[2] == "sip_server.1.port":
                found.port = int(value)
            else:
                _account(seat, account[2], value, ("user_name", "password", "display_name"))
    found.members = tuple(members)
    return found


def _snom(elements: list[_Element]) -> BaseFile:
    found = BaseFile()
    members = []
    for tag, attributes, text in elements:
        index = attributes.get("idx", "")
        if tag == "dect_ac_code":
            found.pin = text
        elif tag == "user_host":
            found.registrar, _, port = text.rpartition(":")
            found.port = int(port)
        elif tag == "phonebook_server_location":
            found.directory = text
        elif tag == "network_dect_base_mac":
            members.append(text)
        elif tag.startswith(("user_", "subscr_")) and tag not in (
            "user_outbound",
            "user_expiry",
            "user_srtp",
        ):
            if tag == "user_auth_tag":
                continue
            seat = found.seats.setdefault(index, Seat(number=index))
            if tag == "user_active":
                seat.active = text == "on"
            elif tag == "subscr_dect_ipui":
                seat.ipui, seat.remove = "" if text == snom.ANY else text, text == snom.NONE
            else:
                _account(seat, tag, text, ("user_name", "user_pass", "user_realname"))
    found.open = True
    found.members = tuple(members)
    return found


def _grandstream(elements: list[_Element]) -> BaseFile:
    found = BaseFile()
    rows = {
        grandstream.P_USER: "username",
        grandstream.P_PASSWORD: "secret",
        grandstream.P_NAME: "name",
        grandstream.P_ACTIVE: "active",
    }
    scheme = "http"
    for tag, _, text in elements:
        if tag == grandstream.P_SIP_SERVER:
            found.registrar, _, port = text.rpartition(":")
            found.port = int(port)
        elif tag == grandstream.P_PHONEBOOK_SERVER:
            found.directory = f"{scheme}://{text}"
        elif tag == grandstream.P_PHONEBOOK_MODE:
            scheme = "https" if text == grandstream.HTTPS else "http"
        elif tag == grandstream.P_PIN:
            found.pin = text
        elif tag.startswith("P") and tag[1:].isdigit():
            for first, field_name in rows.items():
                place = int(tag[1:]) - first
                if 0 <= place < grandstream.PER_BASE:
                    seat = found.seats.setdefault(str(place), Seat(number=str(place)))
                    setattr(seat, field_name, text == "1" if field_name == "active" else text)
    return found
