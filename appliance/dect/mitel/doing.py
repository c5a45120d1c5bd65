"""Steps done at an OMM; what it answers goes into the inventory at once."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from appliance.dect.mitel import wishes
from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.inventory import Inventory
from appliance.dect.mitel.link import AxiLink
from appliance.dect.mitel.secret import sealed
from appliance.model.dect import spaced
from appliance.model.dect_air import WantedHandset


def do(step: wishes.Step, link: AxiLink, key: RSAPublicKey, inventory: Inventory, pin: str) -> None:
    """One step; ``pin``: by which a handset that is made may enrol. Raises AxiRefused."""
    match step:
        case wishes.MakeUser(wanted=wanted):
            take(inventory, link.ask(element("CreatePPUser", _user(key, wanted))))
        case wishes.ChangeUser(uid=uid, wanted=wanted):
            record = _user(key, wanted)
            record.attributes = {"uid": str(uid), **record.attributes}
            take(inventory, link.ask(element("SetPPUser", record)))
        case wishes.DropUser(uid=uid, ppn=ppn):
            if ppn:
                _bind(link, inventory, ppn, uid, bound=False)
            link.ask(element("DeletePPUser", uid=uid))
            inventory.users.pop(uid, None)
        case wishes.MakeDevice(wanted=wanted):
            pp = element("pp", ipei=spaced(wanted.document.identity), ac=pin)
            take(inventory, link.ask(element("CreatePPDev", pp)))
        case wishes.Bind(ppn=ppn, uid=uid):
            _bind(link, inventory, ppn, uid, bound=True)
        case wishes.Unbind(ppn=ppn, uid=uid):
            _bind(link, inventory, ppn, uid, bound=False)


def take(inventory: Inventory, answer: Element) -> None:
    """The records of an answer."""
    for record in answer.all("pp"):
        inventory.pp(record)
    for record in answer.all("user"):
        inventory.user(record)


def name_of(step: wishes.Step) -> str:
    """What a refusal is remembered by; a handset's after a space."""
    match step:
        case (
            wishes.MakeUser(wanted=wanted)
            | wishes.MakeDevice(wanted=wanted)
            | wishes.ChangeUser(wanted=wanted)
        ):
            return f"{type(step).__name__} {wanted.document.id}"
        case wishes.Bind(handset=handset):
            return f"Bind {handset}"
        case wishes.DropUser() | wishes.Unbind():
            return f"{type(step).__name__}:{step.uid}"


def _bind(link: AxiLink, inventory: Inventory, ppn: int, uid: int, *, bound: bool) -> None:
    kind = "Dynamic" if bound else "Unbound"
    pp = element("pp", ppn=ppn, uid=uid if bound else 0, relType=kind)
    user = element("user", uid=uid, ppn=ppn if bound else 0, relType=kind)
    take(inventory, link.ask(element("SetPP", pp, user)))
    inventory.pp(element("pp", ppn=ppn, uid=uid if bound else 0))
    inventory.user(element("user", uid=uid, ppn=ppn if bound else 0))


def _user(key: RSAPublicKey, wanted: WantedHandset) -> Element:
    document = wanted.document
    return element(
        "user",
        name=wanted.display,
        num=document.account,
        hierarchy1=wishes.MARK,
        hierarchy2=wishes.print_of(wanted),
        addId=wanted.number,
        sipAuthId=document.account,
        sipPw=sealed(key, document.secret),
        voiceboxNum=wanted.voicemail,
    )
