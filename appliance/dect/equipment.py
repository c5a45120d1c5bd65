"""From a DECT system's document to its driver: one row a family."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.dect.cmbs.system import CmbsSystem
from appliance.dect.mitel.system import MitelSystem
from appliance.dect.provisioned.system import Poke, ProvisionedSystem
from appliance.model.box import BoxSettings, DectModule
from appliance.model.dect import PROVISIONED, DectFamily, DectNet
from appliance.model.dect_air import DectSetup
from appliance.ports import DectSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What drivers may need of the box."""

    box: BoxSettings
    poke: Poke = lambda _accounts, _event: None
    """Have bases fetch their files again."""
    new_id: Callable[[], str] = lambda: secrets.token_hex(8)
    """Of calls on the air."""


Maker = Callable[[DectSetup, Surroundings], DectSystem]

MAKERS: Mapping[DectFamily, Maker] = {
    DectFamily.MITEL: lambda setup, _around: MitelSystem(setup),
    DectFamily.CMBS: lambda setup, around: CmbsSystem(
        setup,
        module_of(around.box, setup.net),
        folder=around.box.paths.state_dir,
        new_id=around.new_id,
    ),
    **dict.fromkeys(PROVISIONED, lambda setup, around: ProvisionedSystem(setup, poke=around.poke)),
}


FOUND = DectModule(id="found", port="/dev/ortsamt-dect", audio="plughw:CARD=ortsamtdect")
"""A module on the USB, as the udev rules of the image name it and its sound."""


def module_of(box: BoxSettings, net: DectNet) -> DectModule | None:
    """Which module a document means; None: this box has none by that name."""
    if net.module:
        return next((one for one in box.dect if one.id == net.module), None)
    return next(iter(box.dect), FOUND)


def make_system(setup: DectSetup, around: Surroundings) -> DectSystem | None:
    """The driver, not started; None where this box has none for the family."""
    maker = MAKERS.get(setup.net.family)
    return None if maker is None else maker(setup, around)
