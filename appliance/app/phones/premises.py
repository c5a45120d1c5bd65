"""What all parts of the phones' desk share: documents, states, the gate, devices of others."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.app.phones.facts import Reach, root_url
from appliance.app.phones.gate import Gate
from appliance.model.snapshot import Snapshot
from appliance.provisioning.sources import FileSource, ForeignDevice
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import new_secret
from appliance.store.phones import PhoneStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """``guard`` is held around the gate and around what is decided by a state and then written."""

    configuration: ConfigurationStore
    store: PhoneStore
    gate: Gate
    reach: Reach
    publish: Callable[[str, object], None]
    neighbour: Callable[[str], str]
    sources: list[FileSource] = field(default_factory=list)
    guard: threading.RLock = field(default_factory=threading.RLock)

    @property
    def snapshot(self) -> Snapshot:
        """The office now."""
        return self.configuration.snapshot()

    @property
    def root(self) -> str:
        """Where phones fetch that have no secret address yet."""
        return root_url(self.snapshot, self.reach)

    def foreign(self, mac: str) -> ForeignDevice | None:
        """A device that somebody else serves."""
        return next((found for one in self.sources if (found := one.device(mac)) is not None), None)

    def known(self, mac: str) -> bool:
        """Whether a device belongs to the office."""
        return mac in self.snapshot.phone_by_mac or self.foreign(mac) is not None


def new_token() -> str:
    """The secret part of a phone's address: 230 random bits."""
    return new_secret() + new_secret()


def plain(address: str) -> str:
    """An IPv4 address as such, also where it came over a socket for both kinds."""
    return address.removeprefix("::ffff:")
