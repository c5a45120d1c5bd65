"""What each node makes of the one configuration."""

from appliance.model.dect import DectFamily, DectNet
from appliance.model.documents import Extension, Trunk, TrunkKind
from appliance.model.features import WakeUp
from appliance.model.ids import DectSystemId, ExtensionId, TrunkId
from appliance.model.instances import Instance, Role
from appliance.model.place import seen_by
from appliance.model.snapshot import build


def test_trunks_belong_to_those_they_name_else_to_boxes() -> None:
    snapshot = build(
        [
            Trunk(id=TrunkId("anybody"), host="sip.example.net", username="a", kind=TrunkKind.REGISTERING),
            Trunk(id=TrunkId("cloud"), host="sip.example.net", username="b", nodes=("cloud",)),
        ]
    )

    def used(node: str, *, cloud: bool) -> set[str]:
        seen = seen_by(snapshot, node, cloud=cloud)
        assert [one.enabled for one in seen.trunks_by_priority] == [
            seen.trunks[one.id].enabled for one in seen.trunks_by_priority
        ]
        return {one.id for one in seen.trunks.values() if one.enabled}

    assert used("box", cloud=False) == {"anybody"}
    assert used("cloud", cloud=True) == {"cloud"}
    assert used("other", cloud=True) == set()


def test_who_is_woken_is_woken_by_the_box_alone() -> None:
    snapshot = build(
        [
            Extension(id=ExtensionId("21"), number="21"),
            WakeUp(id="w", extension=ExtensionId("21"), time="06:30"),
        ]
    )
    assert seen_by(snapshot, "box", cloud=False) is snapshot
    assert not seen_by(snapshot, "cloud", cloud=True).features.wake_ups[0].enabled


def test_handsets_are_looked_after_by_one_box_alone() -> None:
    snapshot = build(
        [
            DectNet(id=DectSystemId("hall"), family=DectFamily.MITEL, host="10.0.0.9"),
            DectNet(id=DectSystemId("module"), family=DectFamily.CMBS),
        ]
    )
    assert seen_by(snapshot, "box", cloud=False) is snapshot
    assert not seen_by(snapshot, "cloud", cloud=True).dect_systems
    assert list(seen_by(snapshot, "box", cloud=False, standby=True).dect_systems) == ["module"]


def test_who_uses_the_trunks_of_others() -> None:
    snapshot = build(
        [
            Trunk(id=TrunkId("office"), host="sip.example.net", username="a"),
            Trunk(id=TrunkId("sky"), host="sip.example.net", username="b", nodes=("cloud",)),
            Instance(id="koeln"),
            Instance(id="bonn"),
            Instance(id="cloud", role=Role.CLOUD),
        ]
    )
    assert seen_by(snapshot, "cloud", cloud=True).trunks_away == {"office": ("bonn", "koeln")}
    assert seen_by(snapshot, "koeln", cloud=False).trunks_away == {"sky": ("cloud",)}
