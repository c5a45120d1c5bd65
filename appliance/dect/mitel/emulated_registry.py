"""Users and handsets of an emulated OMM, and what it answers to changes of them."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.emulated_records import Rows, new_row, plain, record
from appliance.model.dect import ipei_of

_DEVICE = ("ppn", "ipei", "ac", "s", "uid", "relType", "hwType")
_USER = (
    "uid", "name", "num", "hierarchy1", "hierarchy2", "addId", "sipAuthId", "sipPw", "voiceboxNum",
    "ppn", "relType",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Registry:
    """``tell`` takes events for those who subscribed, ``changed`` follows every change of a record."""

    key: rsa.RSAPrivateKey
    tell: Callable[[Element], None]
    changed: Callable[[], None]
    lost: Callable[[str], None]
    """A handset (IPEI) is not enrolled any more."""
    kept: Callable[[str], bool]
    """Whether a handset (IPEI) thinks that it is enrolled here."""
    licence: Callable[[], int]
    """So many users, so many handsets."""
    users: Rows
    devices: Rows

    def change(self, name: str, asked: Element) -> Element:
        """The answer to a request that changes something, or is not known."""
        match asked.name:
            case "CreatePPUser" | "SetPPUser":
                return self._put_user(name, asked)
            case "CreatePPDev" | "SetPPDev":
                return self._put_device(name, asked)
            case "SetPP":
                return self._relate(name, asked)
            case "DeletePPUser":
                gone = self.users.pop(asked.number("uid"), None)
                if gone is None:
                    return element(name, errCode="ENoEnt")
                self.tell(element("EventPPUserCnf", element("user", uid=gone["uid"]), deleted=True))
            case "DeletePPDev":
                device = self.devices.pop(asked.number("ppn"), None)
                if device is None:
                    return element(name, errCode="ENoEnt")
                for user in self.users.values():
                    if user.get("ppn") == device["ppn"]:
                        user |= {"ppn": "0", "relType": "Unbound"}
                self.lost(plain(device["ipei"]))
                self.tell(element("EventPPDevCnf", element("pp", ppn=device["ppn"]), deleted=True))
            case _:
                return element(name, errCode="EInval", info="unknown request")
        self.changed()
        return element(name)

    def _put_user(self, name: str, asked: Element) -> Element:
        given = asked.first("user")
        if given is None or (asked.name == "CreatePPUser" and not given.text("num")):
            return element(name, errCode="EMissing", bad="num")
        values = {key: value for key, value in given.attributes.items() if key in _USER}
        same = [one for one in self.users.values() if one["num"] == given.text("num")]
        if asked.name == "CreatePPUser":
            if same:
                return element(name, errCode="EExist", bad="num")
            if len(self.users) >= self.licence():
                return element(name, errCode="ELicense")
            user = new_row(self.users, "uid", {"ppn": "0", "relType": "Unbound", **values})
        else:
            found = self.users.get(given.number("uid"))
            if found is None:
                return element(name, errCode="ENoEnt")
            user = found
            user |= values
        try:
            if "sipPw" in values:
                user["sipPw"] = self._opened(values["sipPw"])
        except ValueError:
            return element(name, errCode="EInval", bad="sipPw")
        return self._stored(name, "EventPPUserCnf", "user", user)

    def _put_device(self, name: str, asked: Element) -> Element:
        given = asked.first("pp")
        if given is None:
            return element(name, errCode="EMissing", bad="pp")
        values = {key: value for key, value in given.attributes.items() if key in _DEVICE}
        if asked.name == "SetPPDev":
            found = self.devices.get(given.number("ppn"))
            if found is None:
                return element(name, errCode="ENoEnt")
            found |= values
            return self._stored(name, "EventPPDevCnf", "pp", found)
        try:
            ipei = ipei_of(values.get("ipei", ""))
        except ValueError:
            return element(name, errCode="EInval", bad="ipei")
        if any(plain(one["ipei"]) == ipei for one in self.devices.values()):
            return element(name, errCode="EExist", bad="ipei")
        if len(self.devices) >= self.licence():
            return element(name, errCode="ELicense")
        device = new_row(self.devices, "ppn", {"s": "No", "uid": "0", "relType": "Unbound", **values})
        if self.kept(ipei):  # we lost its enrolment
            device["s"] = "Yes"
        return self._stored(name, "EventPPDevCnf", "pp", device)

    def _relate(self, name: str, asked: Element) -> Element:
        pp, user = asked.first("pp"), asked.first("user")
        device = self.devices.get(pp.number("ppn")) if pp is not None else None
        known = self.users.get(user.number("uid")) if user is not None else None
        if pp is None or user is None or device is None or known is None:
            return element(name, errCode="ENoEnt")
        bound = pp.text("relType") == "Dynamic"
        if bound and (
            known.get("ppn", "0") not in ("0", device["ppn"]) or device["uid"] not in ("0", known["uid"])
        ):
            return element(name, errCode="EExist")
        device |= {"uid": known["uid"] if bound else "0", "relType": pp.text("relType")}
        known |= {"ppn": device["ppn"] if bound else "0", "relType": user.text("relType")}
        self.tell(element("EventPPCnf", record("pp", device), record("user", known)))
        self.changed()
        return element(name, record("pp", device), record("user", known))

    def _stored(self, name: str, event: str, tag: str, values: dict[str, str]) -> Element:
        self.tell(element(event, record(tag, values)))
        self.changed()
        return element(name, record(tag, values))

    def device_of(self, ipei: str) -> dict[str, str] | None:
        """A handset's record."""
        return next((one for one in self.devices.values() if plain(one["ipei"]) == ipei), None)

    def _opened(self, sealed: str) -> str:
        return self.key.decrypt(base64.b64decode(sealed, validate=True), PKCS1v15()).decode()
