"""Parking: a party waits in a numbered slot, with music, until somebody dials the slot.

A slot is taken by transferring a party to the park code, blind or after having heard which slot it is. A
parked party that nobody fetches rings back where it was parked from, and waits again when nobody answers.
"""

from appliance.calls import steps, talking
from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.calls.music import music
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import CallId, DeviceId, ExtensionId
from appliance.model.plan import CallRequest, FromDevice

MAX_RECALLS = 20
"""After so many unanswered recalls the party is let go."""


def park(x: Exchange, call: Call, a: Leg, wanted: str) -> None:
    """Put ``a`` into the wanted slot, or the first free one."""
    lots = x.snapshot.features.lot_of_slot
    slot = wanted or next((one for one in lots if one not in x.parked), "")
    if not slot or slot in x.parked or slot not in lots:
        steps.say_and_end(x, call, a, ["park_full"], Cause.BUSY)
        return
    transferor = x.live(call.transferor)
    call.slot = slot
    call.parker = transferor.extension if transferor is not None else a.extension
    x.parked[slot] = call.id
    x.answer(a)
    if transferor is None:
        # Somebody asks for a slot: tell which one, then keep it for the party they transfer to it.
        steps.say(x, call, a, ["parked_on", *(f"digit_{digit}" for digit in slot)])
        return
    steps.release_transferor(x, call)
    settle(x, call, a)


def settle(x: Exchange, call: Call, a: Leg) -> None:
    """From now on ``a`` waits in the call's slot."""
    call.script = []
    call.playback = 0
    call.targets = []
    lot = x.snapshot.features.lot_of_slot.get(call.slot)
    x.hear(a, music(x, call, a, call.parker))
    x.emit(
        fx.PublishLine(
            extension=None,
            number=call.slot,
            state=fx.LineState.CONFIRMED,
            incoming=True,
            remote_number="" if a.party.withheld else a.party.number,
            remote_name="" if a.party.withheld else a.party.name,
        )
    )
    x.start_timer(f"park:{call.id}", (lot.recall_seconds if lot is not None else 120) * 1000)


def recall(x: Exchange, call_id: CallId) -> None:
    """Nobody fetched the party: ring where it was parked from."""
    call = x.calls.get(call_id)
    a = x.live(call.a) if call is not None else None
    if call is None or a is None or not call.slot:
        return
    parker = x.snapshot.extensions.get(call.parker) if call.parker is not None else None
    call.recalls += 1
    if parker is None or call.recalls > MAX_RECALLS:
        talking.part(x, call, a, Cause.NO_ANSWER)
        return
    origin = FromDevice(device=DeviceId(""), extension=ExtensionId(parker.id))
    request = CallRequest(origin=origin, caller=a.party, dialled=parker.number, on_behalf_of=a.party)
    steps.follow_plan(x, call, x.plan(request))


def retrieve(x: Exchange, call: Call, leg: Leg, slot: str) -> None:
    """Connect ``leg`` with the party in this slot."""
    parked_id = x.parked.get(slot)
    parked = x.calls.get(parked_id) if parked_id is not None else None
    waiting = x.live(parked.a) if parked is not None else None
    if parked is None or waiting is None or parked is call:
        steps.say_and_end(x, call, leg, ["slot_empty"], Cause.UNALLOCATED)
        return
    steps.join_instead(x, call, leg, parked)
