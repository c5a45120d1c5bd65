"""From a DECT system's document to its driver: one row a family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.dect.mitel.system import MitelSystem
from appliance.dect.provisioned.system import Poke, ProvisionedSystem
from appliance.model.box import BoxSettings
from appliance.model.dect import PROVISIONED, DectFamily
from appliance.model.dect_air import DectSetup
from appliance.ports import DectSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What drivers may need of the box."""

    box: BoxSettings
    poke: Poke = lambda _accounts, _event: None
    """Have bases fetch their files again."""


Maker = Callable[[DectSetup, Surroundings], DectSystem]

MAKERS: Mapping[DectFamily, Maker] = {
    DectFamily.MITEL: lambda setup, _around: MitelSystem(setup),
    **dict.fromkeys(PROVISIONED, lambda setup, around: ProvisionedSystem(setup, poke=around.poke)),
}


def make_system(setup: DectSetup, around: Surroundings) -> DectSystem | None:
    """The driver, not started; None where this box has none for the family."""
    maker = MAKERS.get(setup.net.family)
    return None if maker is None else maker(setup, around)
