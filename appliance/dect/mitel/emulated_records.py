"""Records of an emulated OMM as it hands them out. Pure."""

from appliance.dect.emulator.air import Base
from appliance.dect.mitel.axi import Element, element

Rows = dict[int, dict[str, str]]
MAX_PAGE = 20


def page(name: str, asked: Element, key: str, rows: dict[int, Element]) -> Element:
    """The records from the one asked for on, so many as are wanted and allowed."""
    first, most = asked.number(key), min(asked.number("maxRecords", 0) or 1, MAX_PAGE)
    found = [rows[one] for one in sorted(rows) if one >= first][:most]
    return element(name, *found) if found else element(name, errCode="ENoEnt")


def record(tag: str, values: dict[str, str]) -> Element:
    """A record without what is secret."""
    return Element(tag, {key: value for key, value in values.items() if key not in ("ac", "sipPw")})


def new_row(rows: Rows, key: str, values: dict[str, str]) -> dict[str, str]:
    """A row with the next number."""
    number = max(rows, default=0) + 1
    rows[number] = {**values, key: str(number)}
    return rows[number]


def rfp_state(base: Base, number: int) -> Element:
    """What changes of a base."""
    on = base.powered
    synced = "Synced" if on else "Inactive"
    return element("rfp", id=number, connected=on, dectRunning=on, syncState=synced)


def rfp_record(base: Base, number: int, address: str) -> Element:
    """All of it; the first is preferred as the source of the clock."""
    whole = rfp_state(base, number)
    whole.attributes |= {
        "ethAddr": ":".join(base.mac[i : i + 2] for i in range(0, 12, 2)).lower(),
        "name": base.name,
        "dectOn": "1",
        "hwType": base.model,
        "ipAddr": address,
        "preferredSync": str(int(number == 0)),
    }
    return whole


def plain(ipei: str) -> str:
    """Without spaces."""
    return ipei.replace(" ", "")
