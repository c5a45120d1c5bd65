"""Proves without a call that an emergency call would find its way: the plan, and each trunk asked now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.errors import ConfigError, NotFound
from appliance.model.decode import suggestion
from appliance.model.ids import DeviceId
from appliance.model.plan import Caller, CallRequest, ExternalTarget, FromDevice, Ring
from appliance.ports import TrunkStatus
from appliance.routing.plan import plan
from appliance.routing.ways import is_local
from appliance.store.reserve import free_bytes
from appliance.telemetry.figures import process_figures
from appliance.telemetry.metrics import BoxFigures, exposition

if TYPE_CHECKING:
    from appliance.app.core import Core

Params = Mapping[str, Any]
ASK_S = 3.0
USABLE = frozenset({TrunkStatus.REGISTERED, TrunkStatus.REACHABLE})


def register_proving(core: Core) -> None:
    """Offer ``emergency.test`` and ``metrics``."""
    core.server.register("emergency.test", lambda params: emergency_test(core, params), slow=True)
    core.server.register("metrics", lambda _params: metrics(core), slow=True)


def emergency_test(core: Core, params: Params) -> Any:
    """The way each emergency number would go for an extension (``from``; default: the first), tried for real.

    ``usable`` is true when a trunk would take the call now; nothing is dialled.
    """
    snapshot = core.configuration.snapshot()
    wanted = params.get("from") or next(iter(snapshot.extension_by_number), "")
    if not isinstance(wanted, str):
        raise ConfigError("from is not a text", field="from", hint="name an extension, for example 21")
    extension = snapshot.extension_by_number.get(wanted)
    if extension is None:
        raise NotFound(
            f"from: there is no extension '{wanted}'",
            hint=suggestion(wanted, list(snapshot.extension_by_number)) or "create one first",
        )
    states = {state.trunk: state for state in core.loop.ask(core.loop.trunk_states, ASK_S)}
    probes = {one.name: one for one in core.survival.look()}
    numbers = []
    for number in snapshot.site.emergency_numbers:
        origin = FromDevice(device=DeviceId(""), extension=extension.id)
        request = CallRequest(
            origin=origin, caller=Caller(), dialled=number, conditions=core.loop.control.conditions
        )
        step = plan(request, snapshot, datetime.now(UTC)).steps[0]
        routes = []
        targets = step.targets if isinstance(step, Ring) else ()
        ways = [one for target in targets if isinstance(target, ExternalTarget) for one in target.routes]
        for route in ways:
            state = states.get(route.trunk)
            probe = probes.get(f"trunk {route.trunk}")
            answers = None if probe is None or not probe.known else probe.good
            up = state is not None and state.status in USABLE and answers is not False
            trunk = snapshot.trunks.get(route.trunk)
            routes.append(
                {
                    "trunk": route.trunk,
                    "dials": route.dial,
                    "shows": route.present.number,
                    "status": state.status.value if state is not None else "unknown",
                    "answers": answers,
                    "needs_internet": trunk is not None and not is_local(trunk),
                    "usable": up,
                }
            )
        numbers.append({"number": number, "usable": any(one["usable"] for one in routes), "routes": routes})
    return {"from": wanted, "usable": all(one["usable"] for one in numbers), "numbers": numbers}


def metrics(core: Core) -> Any:
    """The figures of the box as Prometheus wants them."""
    snapshot = core.configuration.snapshot()
    legs, calls, states = core.loop.ask(
        lambda: (
            core.loop.control.leg_count,
            len(core.loop.control.live_calls()),
            core.loop.trunk_states(),
        ),
        ASK_S,
    )
    active = [one.kind.value for one in core.alarms.active()]
    return exposition(
        BoxFigures(
            calls=calls,
            legs=legs,
            max_legs=core.box.engine.max_legs,
            extensions=len(snapshot.extensions),
            devices=len(snapshot.devices),
            contacts=len(core.edge.all_contacts()),
            edge_up=core.edge.up,
            internet=core.survival.judgement.internet.value,
            trunks={one.trunk: (one.status.value, one.status in USABLE) for one in states},
            modules={str(one.module or one.place): one.signal_dbm for one in core.mobile.module_states()},
            alarms={kind: active.count(kind) for kind in dict.fromkeys(active)},
            mails_waiting=core.notifier.status().waiting,
            free_bytes=free_bytes(core.box.paths.state_dir),
            process=process_figures(),
            exchange=core.exchange.figures(),
        )
    )
