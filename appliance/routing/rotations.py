"""On-call duty: whose turn it is."""

from datetime import date

from appliance.model.documents import Period, Rotation, Target, TargetKind
from appliance.model.ids import RotationId
from appliance.routing.draft import Draft


def on_duty(draft: Draft, target: Target) -> Target | None:
    """The target itself, or who is on duty if it is a rotation; None (and the reason) if there is nobody."""
    if target.kind is not TargetKind.ROTATION:
        return target
    rotation = draft.snapshot.rotations.get(RotationId(target.ref))
    if rotation is None:
        draft.because("target.no_rotation", ref=target.ref)
        return None
    turn = draft.clock.turn_of(rotation.hand_over)
    iso = turn.isoformat()
    for substitute in rotation.substitutes:
        if substitute.first <= iso <= substitute.last:
            member = substitute.target
            draft.because("rotation.substitute", rotation=rotation.name or rotation.id, ref=member.ref)
            break
    else:
        member = member_of(rotation, turn)
        draft.because("rotation.turn", rotation=rotation.name or rotation.id, ref=member.ref, since=iso)
    if member.kind is TargetKind.ROTATION:
        draft.because("rotation.nested", rotation=rotation.name or rotation.id, ref=member.ref)
        return None
    return member


def member_of(rotation: Rotation, turn: date) -> Target:
    """Whose regular turn it is on the day on which a duty began."""
    days = turn.toordinal() - date.fromisoformat(rotation.first).toordinal()
    turns = days // 7 if rotation.period is Period.WEEK else days
    return rotation.members[turns % len(rotation.members)]
