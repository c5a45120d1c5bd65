"""What an emulated OMM was told besides users: registrar, clock, XML applications."""

from dataclasses import dataclass, field

from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.emulated_records import Rows, new_row, page, record


@dataclass(slots=True)
class EmulatedSettings:
    """Answers requests about them; the values are as the requests name them."""

    basic: dict[str, str] = field(default_factory=dict)
    """SetBasicSIP."""
    clock: dict[str, str] = field(default_factory=dict)
    """SetNTPServer."""
    applications: Rows = field(default_factory=dict)
    """By id; parts of the address begin with ``url.``."""

    def answer(self, name: str, asked: Element) -> Element | None:
        """None: it is about something else."""
        match asked.name:
            case "SetBasicSIP":
                self.basic = _values(asked)
            case "GetBasicSIP":
                return element(name, **self.basic)
            case "SetNTPServer":
                self.clock = _values(asked)
            case "GetNTPServer":
                return element(name, **self.clock)
            case "GetXMLApplication":
                return page(name, asked, "id", {key: _shown(one) for key, one in self.applications.items()})
            case "CreateXMLApplication" | "SetXMLApplication":
                return self._put(name, asked)
            case "DeleteXMLApplication":
                if self.applications.pop(asked.number("id"), None) is None:
                    return element(name, errCode="ENoEnt")
            case _:
                return None
        return element(name)

    def directory(self) -> str:
        """Where handsets look names up; empty: nowhere."""
        for one in self.applications.values():
            if one.get("type") == "CorpDir" and one.get("enable") == "1":
                url = {key: one.get(f"url.{key}", "") for key in ("protocol", "host", "port", "path")}
                return f"{url['protocol'].lower()}://{url['host']}:{url['port']}{url['path']}"
        return ""

    def _put(self, name: str, asked: Element) -> Element:
        given = asked.first("XMLApplication")
        where = given.first("url") if given is not None else None
        if given is None or where is None or not given.text("name"):
            return element(name, errCode="EMissing", bad="name")
        values = {**given.attributes, **{f"url.{key}": text for key, text in where.attributes.items()}}
        if asked.name == "CreateXMLApplication":
            return element(name, _shown(new_row(self.applications, "id", values)))
        found = self.applications.get(given.number("id"))
        if found is None:
            return element(name, errCode="ENoEnt")
        found |= values
        return element(name, _shown(found))


def _values(asked: Element) -> dict[str, str]:
    return {key: value for key, value in asked.attributes.items() if key != "seq"}


def _shown(values: dict[str, str]) -> Element:
    made = record("XMLApplication", {key: one for key, one in values.items() if not key.startswith("url.")})
    url = {key.removeprefix("url."): one for key, one in values.items() if key.startswith("url.")}
    made.children.append(Element("url", url))
    return made
