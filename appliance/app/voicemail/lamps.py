"""Message lamps: every phone of a box's owners shows how many messages there are (RFC 3842)."""

import threading
from collections.abc import Callable, Mapping

from appliance.model.dect import DectMedia
from appliance.model.ids import VoicemailBoxId
from appliance.model.messages import BoxCounts
from appliance.model.snapshot import Snapshot
from appliance.sip.edge.events import Aor

Publish = Callable[[Aor, int, int], None]
"""Account, new messages, old messages."""


ANALOG = "analog:"
"""Before the id of an analog telephone, which has no account."""
LOCAL = "dect:"
"""Before the id of a handset of a module in the box: no account either."""


class MessageLamps:
    """Publishes what has changed; the edge link repeats it all after each of the edge's starts."""

    def __init__(self, publish: Publish, counts: Callable[[], Mapping[VoicemailBoxId, BoxCounts]]) -> None:
        self._publish = publish
        self._counts = counts
        self._guard = threading.Lock()
        self._shown: dict[Aor, tuple[int, int]] = {}

    def show(self, snapshot: Snapshot) -> None:
        """Bring every lamp up to date. Raises DeviceUnavailable."""
        with self._guard:
            wanted = lamps_of(snapshot, self._counts())
            for aor in self._shown.keys() - wanted.keys():
                self._publish(aor, 0, 0)
            for aor, (new, old) in wanted.items():
                if self._shown.get(aor) != (new, old):
                    self._publish(aor, new, old)
            self._shown = wanted


def lamps_of(snapshot: Snapshot, counts: Mapping[VoicemailBoxId, BoxCounts]) -> dict[Aor, tuple[int, int]]:
    """New and old messages by account: those of all boxes that the phone's extension owns."""
    of_extension: dict[str, tuple[int, int]] = {}
    for box in snapshot.voicemail_boxes.values():
        count = counts.get(box.id, BoxCounts())
        for owner in box.owners:
            new, old = of_extension.get(owner, (0, 0))
            of_extension[owner] = new + count.new, old + count.old
    accounts = [(device.username, device.extension) for device in snapshot.devices.values()]
    accounts += [(f"{ANALOG}{device.id}", device.extension) for device in snapshot.analog.values()]
    local = {name for name, net in snapshot.dect_systems.items() if net.media is DectMedia.LOCAL}
    accounts += [
        (f"{LOCAL}{handset.id}", handset.extension)
        for handset in snapshot.handsets.values()
        if handset.system in local
    ]
    return {
        Aor(account): of_extension[extension] for account, extension in accounts if extension in of_extension
    }
