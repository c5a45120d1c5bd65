"""The ``numbers.*`` methods: who has which number, what is free, what rewriting makes of what is dialled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.decode import Nothing, decode
from appliance.model.features import ACTIONS
from appliance.model.snapshot import Snapshot
from appliance.model.validation import require
from appliance.routing.dialling import try_rewriting
from appliance.routing.number_plan import Assignment, number_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """Params of ``numbers.rewrite``: what somebody would dial."""

    dialled: str

    def __post_init__(self) -> None:
        require(0 < len(self.dialled) <= 64, "dialled: is not a number: give what would be dialled")


class NumberMethods:
    """Binds the configuration in force to a server."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def register(self, server: ControlServer) -> None:
        """Offer both methods."""
        server.register("numbers.plan", self.plan, slow=True)
        server.register("numbers.rewrite", self.rewrite, slow=True)

    def plan(self, params: Mapping[str, Any]) -> object:
        """Public numbers block by block and those outside of blocks, what is dialled inside, feature codes.

        ``{"public": [{"number", "block", "trunk", "free", …}], "internal": [{"number", "of"}],
        "codes": [{"action", "usual", "code"}]}``; an action that is turned off has no code.
        """
        decode(Nothing, params, where="numbers.plan")
        snapshot = self._snapshot()
        made = number_plan(snapshot)
        codes = {one.action: one.code for one in snapshot.features.codes}
        public = [
            _row(one, report.block.id, report.trunk) for report in made.blocks for one in report.assignments
        ]
        public += [_row(one, None, None) for one in made.outside]
        return {
            "public": public,
            "internal": [{"number": number, "of": of} for number, of in made.internal.items()],
            "codes": [
                {"action": action.value, "usual": spec.code, "code": codes.get(action, "")}
                for action, spec in ACTIONS.items()
            ],
        }

    def rewrite(self, params: Mapping[str, Any]) -> object:
        """What the office's rewriting makes of this; nothing is called. ``{"dialled", "digits", "rule"}``."""
        asked = decode(Trying, params, where="numbers.rewrite")
        found = try_rewriting(asked.dialled, self._snapshot().site)
        rule = (
            None if found.rule is None else found.rule.name or f"rule {found.position}: {found.rule.pattern}"
        )
        return {"dialled": asked.dialled, "digits": found.digits, "rule": rule}


def _row(one: Assignment, block: str | None, trunk: str | None) -> dict[str, Any]:
    return {
        "number": one.number,
        "block": block,
        "trunk": trunk,
        "free": one.free,
        "document": one.document,
        "name": one.name,
        "rings": one.rings,
        "shown_by": one.shown_by,
    }


def register_numbers(server: ControlServer, snapshot: Callable[[], Snapshot]) -> None:
    """Offer every ``numbers.*`` method."""
    NumberMethods(snapshot).register(server)
