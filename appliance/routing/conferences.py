"""Conference rooms: who dials the number of one is asked in."""

from appliance.model.conferences import ConferenceRoom
from appliance.model.documents import Application
from appliance.model.ids import ConferenceId
from appliance.model.plan import CallKind, Plan, Run
from appliance.routing.draft import Draft
from appliance.routing.elsewhere import room_elsewhere


def room_run(draft: Draft, ref: str) -> Run | None:
    """The step that leads into a room; None (and the reason) if there is no such room."""
    room = draft.snapshot.rooms.get(ConferenceId(ref))
    if room is None:
        draft.because("target.no_room", ref=ref)
        return None
    draft.because("conference.answers", number=room.number, name=room.name)
    return Run(
        application=Application.CONFERENCE,
        prompt="",
        language=room.language or draft.language,
        argument=room.id,
    )


def plan_room(draft: Draft, room: ConferenceRoom) -> Plan:
    """A colleague dialled a room."""
    step = room_run(draft, room.id)
    if step is None:
        return draft.finish(CallKind.SERVICE, (), called=room.number)
    chain = room_elsewhere(draft, room.id, room.number, (draft.link(step),))
    return draft.finish(CallKind.SERVICE, draft.steps(chain, {}), called=room.number)
