"""The invitation to a conference: a letter with the numbers to call, and the appointment (RFC 5545). Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.model.conferences import ConferenceRoom
from appliance.model.documents import Number, TargetKind
from appliance.model.languages import Language
from appliance.model.snapshot import Snapshot
from appliance.notify.messages import Letter, clean, compose, moment, pretty, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """When a conference is to be, and what it is about. ``uid`` stays the same when invited to again."""

    uid: str
    room: ConferenceRoom
    begins: datetime
    minutes: int
    subject: str
    text: str = ""
    organizer: str = ""
    """An e-mail address; empty: the box's sender."""


def public_numbers(room: ConferenceRoom, snapshot: Snapshot) -> list[str]:
    """Our numbers (E.164) whose distribution leads into the room."""
    return sorted(one.number for one in snapshot.numbers.values() if _leads_to(one, room))


def _leads_to(number: Number, room: ConferenceRoom) -> bool:
    steps = [*number.steps, *(step for scenario in number.scenarios for step in scenario.steps)]
    return any(
        target.kind is TargetKind.CONFERENCE and target.ref == room.id
        for step in steps
        for target in step.targets
    )


def invitation_letter(meeting: Meeting, snapshot: Snapshot, language: Language) -> Letter:
    """The invitation as people read it."""
    site = snapshot.site
    subject = clean(meeting.subject) or clean(meeting.room.name) or meeting.room.number
    at = moment(meeting.begins, site, language)
    rows = [
        (word("time", language), at),
        (word("invite.lasts", language), word("invite.minutes", language, minutes=meeting.minutes)),
        *(
            (word("invite.dial", language), f"{pretty(number, site.country)}")
            for number in public_numbers(meeting.room, snapshot)
        ),
        (word("invite.internal", language), meeting.room.number),
    ]
    if meeting.room.pin:
        rows.append((word("invite.pin", language), meeting.room.pin))
    return compose(
        subject=word("invite.subject", language, subject=subject),
        greeting=word("hello_nobody", language),
        body=word("invite.body", language, subject=subject),
        rows=rows,
        quote=meeting.text,
        site=site,
        language=language,
        line=word("invite.line", language, time=at, subject=subject),
    )


def appointment(
    meeting: Meeting, recipients: tuple[str, ...], snapshot: Snapshot, language: Language, now: datetime
) -> bytes:
    """The same for a calendar, as a request (RFC 5546 §3.2.2)."""
    from icalendar import Calendar, Event, vCalAddress, vText  # 4 MB that most boxes never need

    room = meeting.room
    sender = meeting.organizer or (snapshot.mail.sender if snapshot.mail is not None else "")
    numbers = [*public_numbers(room, snapshot), room.number]
    calendar = Calendar()
    calendar.add("prodid", "-//Ortsamt//conference//")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    event = Event()
    event.add("uid", meeting.uid)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", meeting.begins.astimezone(UTC))
    event.add("dtend", (meeting.begins + timedelta(minutes=meeting.minutes)).astimezone(UTC))
    event.add("summary", clean(meeting.subject) or room.name or room.number)
    event.add("location", f"tel:{numbers[0]}")
    pin = f"\n{word('invite.pin', language)}: {room.pin}" if room.pin else ""
    dial = "\n".join(f"{word('invite.dial', language)}: {number}" for number in numbers)
    event.add("description", f"{dial}{pin}\n{meeting.text}".strip())
    organizer = vCalAddress(f"mailto:{sender}")
    organizer.params["cn"] = vText(clean(snapshot.site.name))
    event["organizer"] = organizer
    for recipient in recipients:
        attendee = vCalAddress(f"mailto:{recipient}")
        attendee.params["rsvp"] = vText("TRUE")
        event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
