"""Where handsets are, as an OMM lets one know: vain pages that grow old, bases that go and come back."""

from datetime import UTC, datetime, timedelta

from appliance.dect.mitel.axi import Value, element
from appliance.dect.mitel.inventory import SURE_S, Inventory
from appliance.dect.mitel.view import handsets
from appliance.model.dect import DectFamily, DectHandset, DectNet
from appliance.model.dect_air import DectSetup, HandsetStatus, WantedHandset
from appliance.model.ids import DectSystemId, DeviceId, ExtensionId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SYSTEM = DectSystemId("halls")
DOCUMENT = DectHandset(
    id=DeviceId("dect31"), system=SYSTEM, extension=ExtensionId("31"), ipei="0307402202593", secret="x" * 12
)
SETUP = DectSetup(
    net=DectNet(id=SYSTEM, family=DectFamily.MITEL, host="10.0.0.9"),
    handsets=(WantedHandset(document=DOCUMENT, number="31", display="Frida", slot=1),),
)


def inventory() -> Inventory:
    made = Inventory()
    for number in (0, 1):
        made.rfp(element("rfp", id=number, connected=True, dectRunning=True, syncState="Synced"), NOW)
    made.pp(element("pp", ppn=1, ipei="03074 0220259 3", s="Yes"))
    moves(made, "LocReg", rfpId=0)
    return made


def moves(made: Inventory, kind: str, **more: Value) -> None:
    made.take(element("EventPPTransaction", trType=kind, ppn=1, **more), NOW)


def seen(made: Inventory, after_s: float = 0) -> tuple[HandsetStatus, bool]:
    (one,) = handsets(made, SETUP, {}, NOW + timedelta(seconds=after_s))
    return one.status, one.unreachable


def test_a_vain_page_is_believed_for_a_minute_and_a_switched_off_handset_for_good() -> None:
    made = inventory()
    assert seen(made) == (HandsetStatus.READY, False)
    moves(made, "PPNotFound")
    assert seen(made) == (HandsetStatus.AWAY, True)
    assert seen(made, SURE_S) == (HandsetStatus.AWAY, False)
    moves(made, "ConnHandover", rfpId=1)
    assert seen(made) == (HandsetStatus.READY, False)
    moves(made, "Detach")
    assert seen(made, 86400) == (HandsetStatus.AWAY, True)
    moves(made, "LocReg", rfpId=1)
    assert seen(made) == (HandsetStatus.READY, False)


def test_handsets_go_and_come_with_their_base() -> None:
    made = inventory()
    made.take(element("EventRFPState", element("rfp", id=1, connected=False)), NOW)
    assert seen(made) == (HandsetStatus.READY, False)
    made.take(element("EventRFPState", element("rfp", id=0, syncState="Searching")), NOW)
    assert seen(made, 86400) == (HandsetStatus.AWAY, True)
    made.take(element("EventRFPState", element("rfp", id=0, syncState="Synced")), NOW)
    assert seen(made) == (HandsetStatus.READY, False)
