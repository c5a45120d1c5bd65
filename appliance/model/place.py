"""The configuration as one node sees it: what belongs to other nodes is there, but not used here."""

from dataclasses import replace

from appliance.model.dect import DectMedia
from appliance.model.documents import Trunk, TrunkKind
from appliance.model.instances import Role
from appliance.model.snapshot import Snapshot


def is_here(trunk: Trunk, node: str, *, cloud: bool) -> bool:
    """Whether this node uses the trunk: it is named, or nobody is named and this is a box."""
    return node in trunk.nodes if trunk.nodes else not cloud


def seen_by(snapshot: Snapshot, node: str, *, cloud: bool, standby: bool = False) -> Snapshot:
    """The snapshot with the trunks of others turned off, in the cloud also what boxes alone look after.

    A box on ``standby`` uses GSM modules alone of its trunks, and modules alone of its DECT systems: they are
    plugged into it, no other box can.
    The very same when there is nothing of that.
    """
    if (cloud or standby) and (snapshot.features.wake_ups or snapshot.features.announcements):
        # The boxes ring them; twice would wake twice, and a missed one would be told though it was not.
        features = replace(
            snapshot.features,
            wake_ups=tuple(replace(one, enabled=False) for one in snapshot.features.wake_ups),
            announcements=tuple(replace(one, times=()) for one in snapshot.features.announcements),
        )
        snapshot = replace(snapshot, features=features)
    if (cloud or standby) and snapshot.dect_systems:
        # One box looks after them; of two who do, each would have the handsets register with itself. What is
        # plugged into a box no other can drive.
        own = {
            name: net
            for name, net in snapshot.dect_systems.items()
            if standby and net.media is DectMedia.LOCAL
        }
        if len(own) != len(snapshot.dect_systems):
            snapshot = replace(snapshot, dect_systems=own)
    others = [
        one.id
        for one in snapshot.trunks.values()
        if not is_here(one, node, cloud=cloud) or (standby and one.kind is not TrunkKind.GSM)
    ]
    if not others:
        return snapshot
    away = {
        one: nodes
        for one in others
        if snapshot.trunks[one].enabled and (nodes := _users(snapshot, snapshot.trunks[one], node))
    }
    trunks = {
        key: replace(one, enabled=False) if key in others else one for key, one in snapshot.trunks.items()
    }
    return replace(
        snapshot,
        trunks=trunks,
        trunks_away=away,
        trunks_by_priority=tuple(trunks[one.id] for one in snapshot.trunks_by_priority),
    )


def _users(snapshot: Snapshot, trunk: Trunk, node: str) -> tuple[str, ...]:
    """The other instances that use a trunk, as far as they have introduced themselves."""
    return tuple(
        sorted(
            one.id
            for one in snapshot.instances.values()
            if one.id != node and is_here(trunk, one.id, cloud=one.role is Role.CLOUD)
        )
    )
