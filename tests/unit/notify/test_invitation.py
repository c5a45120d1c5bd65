"""Invitations to conferences: the letter, and the appointment as a calendar reads it."""

from datetime import timedelta

from icalendar import Calendar

from appliance.model.conferences import ConferenceRoom
from appliance.model.documents import Language, Number, RingStep, Site, Target, TargetKind
from appliance.model.ids import ConferenceId, NumberId
from appliance.model.snapshot import build
from appliance.notify.invitation import Meeting, appointment, invitation_letter
from tests.unit.notify.office import ANNA, BEN, PUBLIC, START

ROOM = ConferenceRoom(id=ConferenceId("board"), number="800", name="Board", pin="4718")
OFFICE = build(
    [
        Site(name="Müller & Söhne", area_code="221"),
        ROOM,
        Number(
            id=NumberId("n"),
            number=PUBLIC,
            steps=(RingStep(targets=(Target(kind=TargetKind.CONFERENCE, ref="board"),)),),
        ),
    ]
)
MEETING = Meeting(
    uid="1@box",
    room=ROOM,
    begins=START,
    minutes=45,
    subject="Planung; erstes Quartal",
    text="Bitte Zahlen mitbringen,\nauch die vom Vorjahr.",
    organizer=ANNA,
)


def test_the_letter_says_when_and_what_to_dial() -> None:
    letter = invitation_letter(MEETING, OFFICE, Language.GERMAN)
    assert letter.subject == "Einladung zur Konferenz: Planung; erstes Quartal"
    for words in ("Montag, 2. März 2026, 14:05 Uhr", "45 Minuten", "0221 5550100", "800", "4718", "Vorjahr"):
        assert words in letter.text
    assert "Einwahl" in letter.html
    assert "4718" in invitation_letter(MEETING, OFFICE, Language.ENGLISH).text


def test_the_appointment_is_what_a_calendar_reads() -> None:
    data = appointment(MEETING, (ANNA, BEN), OFFICE, Language.GERMAN, START - timedelta(days=1))
    assert b"\r\n" in data
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    calendar = Calendar.from_ical(data)
    assert calendar["method"] == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert (event["uid"], event["summary"]) == ("1@box", "Planung; erstes Quartal")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (START, START + timedelta(minutes=45))
    assert event["location"] == f"tel:{PUBLIC}"
    assert "4718" in str(event["description"])
    assert "Vorjahr" in str(event["description"])
    assert event["organizer"] == f"mailto:{ANNA}"
    assert event["attendee"] == [f"mailto:{ANNA}", f"mailto:{BEN}"]
