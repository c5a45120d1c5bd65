"""Calls to fax boxes."""

from dataclasses import replace

from appliance.model.fax import FaxBox
from appliance.model.ids import FaxBoxId, Milliseconds
from appliance.model.plan import CallKind, FaxTarget, FromDevice, Plan, Ring
from appliance.routing.callers import present_to_phone
from appliance.routing.draft import Draft

RING_MS = Milliseconds(20_000)
"""The fax engine answers within a second, or not at all."""


def fax_target(draft: Draft, ref: str) -> FaxTarget | None:
    """The box as a target; None if it does not exist."""
    box = draft.snapshot.fax_boxes.get(FaxBoxId(ref))
    if box is None:
        return None
    present = present_to_phone(draft.caller, draft.snapshot.site)
    return FaxTarget(box=box.id, number=box.number, name=box.name, present=present)


def fax_ring(draft: Draft, ref: str) -> Ring | None:
    """The step that lets a box receive; None (and the reason) if it does not exist."""
    target = fax_target(draft, ref)
    if target is None:
        draft.because("target.no_fax_box", ref=ref)
        return None
    draft.because("fax.receives", number=target.number, name=target.name or target.box)
    return Ring(targets=(target,), timeout_ms=RING_MS)


def plan_fax(draft: Draft, box: FaxBox) -> Plan:
    """A colleague dialled a fax box."""
    ring = fax_ring(draft, box.id)
    assert ring is not None, "the box was found in this snapshot"  # noqa: S101 - our own defect
    return draft.finish(CallKind.SERVICE, draft.steps((draft.link(ring),), {}), called=box.number)


def relaying_box(draft: Draft) -> FaxBox | None:
    """The box that sends on what the caller, a fax machine at an analog port, faxes to the outside."""
    origin = draft.request.origin
    analog = draft.snapshot.analog.get(origin.device) if isinstance(origin, FromDevice) else None
    box = draft.snapshot.fax_boxes.get(analog.fax_box) if analog is not None and analog.fax_box else None
    return box if box is not None and box.extension is not None else None


def plan_relay(draft: Draft, box: FaxBox, dial: str) -> Plan:
    """A machine faxes to the outside: the box receives, and sends it on."""
    target = fax_target(draft, box.id)
    assert target is not None, "the box was found in this snapshot"  # noqa: S101 - our own defect
    draft.because("fax.relays", number=dial, name=box.name or box.id)
    ring = Ring(targets=(replace(target, relay=dial),), timeout_ms=RING_MS)
    return draft.finish(CallKind.SERVICE, draft.steps((draft.link(ring),), {}), called=dial)
