"""``switches.*``: virtual switches shown and turned, by whoever may not change the office otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from appliance.errors import NotFound
from appliance.model.decode import decode
from appliance.model.ids import SwitchId

if TYPE_CHECKING:
    from appliance.app.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Params of ``switches.turn``."""

    switch: str
    on: bool
    who: str = "control"


def register_switching(core: Core) -> None:
    """Offer both methods."""

    def show(_params: Mapping[str, Any]) -> Any:
        switches = core.configuration.snapshot().switches.values()
        return [{"id": one.id, "name": one.name, "number": one.number, "on": one.on} for one in switches]

    def turn(params: Mapping[str, Any]) -> Any:
        asked = decode(Turning, params, where="switches.turn")
        if SwitchId(asked.switch) not in core.configuration.snapshot().switches:
            raise NotFound(f"there is no switch '{asked.switch[:64]}'", hint="GET /switches lists them")
        core.configuration.put("switch", asked.switch, {"on": asked.on}, asked.who)
        return {"switch": asked.switch, "on": asked.on}

    core.server.register("switches.list", show)
    core.server.register("switches.turn", turn, slow=True)
