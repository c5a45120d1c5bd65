"""Keys with lamps that are no calls: virtual switches, and what an extension has set. Pure.

Each has a number that is watched and dialled; dialling it turns the setting to its other side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.model.documents import Extension, Status
from appliance.model.features import Action, Argument, Code
from appliance.model.snapshot import Snapshot
from appliance.routing.changes import forwards_all


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingKey:
    """What the lamp of such a key shows."""

    number: str
    lit: bool
    name: str = ""
    """For phones that show more than a light."""


def setting_keys(snapshot: Snapshot) -> Iterator[SettingKey]:
    """Every key there is, with the state of its lamp."""
    for switch in snapshot.switches.values():
        if switch.number:
            yield SettingKey(number=switch.number, lit=switch.on, name=switch.name)
    codes = [one for one in snapshot.features.codes if one.argument in (Argument.OWN, Argument.OWN_PROFILE)]
    for extension in snapshot.extensions.values():
        for code in codes:
            yield from _of(extension, code)


def _of(extension: Extension, code: Code) -> Iterator[SettingKey]:
    number = f"{code.code}{extension.number}"
    match code.action:
        case Action.DND_KEY:
            yield SettingKey(number=number, lit=extension.status_in_use is Status.DND, name=extension.name)
        case Action.FORWARD_KEY:
            forwards = any(one.enabled and forwards_all(one) for one in extension.forwardings_in_use)
            yield SettingKey(number=number, lit=forwards, name=extension.name)
        case Action.PROFILE_KEY:
            used = extension.profile_in_use
            for place, profile in enumerate(extension.profiles, start=1):
                yield SettingKey(number=f"{number}*{place}", lit=profile is used, name=profile.name)
