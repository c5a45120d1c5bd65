"""Recorded announcements to paging groups: now, or at their minute; phones answer by themselves.

Every idle phone of the group is called. They begin together, a moment after they were called, so that phones
in one hall are not heard one after another. Who talks is not disturbed.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from appliance.calls import originate
from appliance.calls.exchange import Exchange
from appliance.calls.redial import ANNOUNCEMENT
from appliance.model.documents import Application
from appliance.model.features import Announcement, PagingGroup
from appliance.model.plan import CallKind, Plan, Run
from appliance.model.schedules import Weekday

TOGETHER_MS = 2500
"""So long after the phones are called it begins."""


def minute(x: Exchange) -> None:
    """Begin what is due now."""
    announcements = x.snapshot.features.announcements
    if not announcements:
        return
    local = x.now.astimezone(ZoneInfo(x.snapshot.site.timezone))
    if local.fold:
        return  # the hour that comes twice announces nothing a second time
    clock, weekday = local.strftime("%H:%M"), tuple(Weekday)[local.weekday()]
    groups = {group.id: group for group in x.snapshot.features.paging_groups}
    for one in announcements:
        due = one.enabled and clock in one.times and (not one.weekdays or weekday in one.weekdays)
        if due and one.group in groups:
            announce(x, groups[one.group], one)


def now(x: Exchange, announcement_id: str) -> None:
    """Begin this one now; nothing if it is not there."""
    groups = {group.id: group for group in x.snapshot.features.paging_groups}
    for one in x.snapshot.features.announcements:
        if one.id == announcement_id and one.group in groups:
            announce(x, groups[one.group], one)


def announce(x: Exchange, group: PagingGroup, announcement: Announcement) -> int:
    """Call the group's idle phones; how many extensions are called."""
    begins = (x.now + timedelta(milliseconds=TOGETHER_MS)).isoformat()
    called = 0
    for member in group.members:
        if x.index.of_extension(member):
            continue
        run = Run(
            application=Application.PAGE,
            prompt=announcement.prompt,
            language=x.language_of(member),
            argument=begins,
        )
        plan = Plan(kind=CallKind.SERVICE, steps=(run,), called=ANNOUNCEMENT + announcement.id)
        name = announcement.name or group.name or group.number
        call = originate.place(x, member, plan, shown_number=group.number, shown_name=name, auto_answer=True)
        called += call is not None
    return called
