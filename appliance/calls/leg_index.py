"""Which legs an extension, a device, a trunk has: kept true while legs come, are taken over and go."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from appliance.calls.legs import Leg
from appliance.model.ids import DeviceId, ExtensionId, LegId, TrunkId

K = TypeVar("K", ExtensionId, DeviceId, TrunkId)
_NONE: Mapping[LegId, Leg] = MappingProxyType({})


class LegIndex:
    """Legs that were added and not removed, in that order; *living*: nobody has ended them."""

    def __init__(self) -> None:
        self._extensions: dict[ExtensionId, dict[LegId, Leg]] = {}
        self._devices: dict[DeviceId, dict[LegId, Leg]] = {}
        self._trunks: dict[TrunkId, dict[LegId, Leg]] = {}

    def add(self, leg: Leg) -> None:
        """Take note of a leg; once more when it became an extension's."""
        _note(self._extensions, leg.extension, leg)
        _note(self._devices, leg.device, leg)
        _note(self._trunks, leg.trunk, leg)

    def remove(self, leg: Leg) -> None:
        """Forget a leg."""
        _forget(self._extensions, leg.extension, leg)
        _forget(self._devices, leg.device, leg)
        _forget(self._trunks, leg.trunk, leg)

    def of_extension(self, extension: ExtensionId) -> Mapping[LegId, Leg]:
        """The legs of an extension."""
        return self._extensions.get(extension, _NONE)

    def of_trunk(self, trunk: TrunkId) -> Mapping[LegId, Leg]:
        """The legs of a trunk."""
        return self._trunks.get(trunk, _NONE)

    def on_trunks(self) -> Iterator[Leg]:
        """The legs of all trunks."""
        for legs in self._trunks.values():
            yield from legs.values()

    def living_of_extension(self, extension: ExtensionId) -> int:
        """How many living legs an extension has."""
        return sum(leg.live for leg in self.of_extension(extension).values())

    def living_of_trunk(self, trunk: TrunkId) -> int:
        """How many living legs a trunk has."""
        return sum(leg.live for leg in self.of_trunk(trunk).values())

    def living_of_device(self, device: DeviceId) -> int:
        """How many living legs a device has."""
        return sum(leg.live for leg in self._devices.get(device, _NONE).values())


def _note(index: dict[K, dict[LegId, Leg]], key: K | None, leg: Leg) -> None:
    if key is not None:
        index.setdefault(key, {})[leg.id] = leg


def _forget(index: dict[K, dict[LegId, Leg]], key: K | None, leg: Leg) -> None:
    group = index.get(key) if key is not None else None
    if key is not None and group is not None:
        group.pop(leg.id, None)
        if not group:
            del index[key]
