"""What the dialogues of voicemail keep: who is at which box, what was recorded, what is being heard."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from appliance.calls.voice.dialogue import Talk
from appliance.model import spoken
from appliance.model.documents import VoicemailBox
from appliance.model.effects import Consult
from appliance.model.ids import MessageId, VoicemailBoxId
from appliance.model.messages import Message, MessageState
from appliance.model.voice import Request
from appliance.routing.numbers import pretty

NOBODY = VoicemailBoxId("")


@dataclass(slots=True, kw_only=True)
class Visit:
    """The data of one dialogue."""

    box: VoicemailBoxId = NOBODY
    attempts: int = 0
    # leaving a message
    message: MessageId | None = None
    """In the journal, not saved yet."""
    name: str = ""
    longest_ms: int = 0
    greeting: tuple[str, ...] = ()
    saved: MessageId | None = None
    """On disk, not announced yet."""
    urgent: bool = False
    # hearing messages
    state: MessageState = MessageState.NEW
    """What is being listened to."""
    messages: list[Message] = field(default_factory=list)
    chosen: list[Message] = field(default_factory=list)
    place: int = 0
    slot: int = 1
    forward_to: VoicemailBoxId = NOBODY
    draft: str = ""
    """A greeting just recorded."""
    pin: str = ""


def visit(talk: Talk) -> Visit:
    """The dialogue's data."""
    data = talk.data
    assert isinstance(data, Visit)  # noqa: S101 - our own defect
    return data


def tell(talk: Talk, request: Request) -> None:
    """Have something done that nobody waits for."""
    talk.x.emit(Consult(call=None, serial=0, request=request))


def box_keyed(talk: Talk, number: str) -> VoicemailBox | None:
    """The box with this number, or that of the extension with it."""
    snapshot = talk.x.snapshot
    extension = snapshot.extension_by_number.get(number)
    of_extension = snapshot.voicemail_of.get(extension.id) if extension is not None else None
    return snapshot.voicemail_by_number.get(number) or of_extension


def current(talk: Talk) -> Message:
    """The message being heard."""
    data = visit(talk)
    return data.chosen[data.place]


def header(talk: Talk) -> tuple[str, ...]:
    """Which message it is, when it came and from whom, in prompts."""
    data, message = visit(talk), current(talk)
    site = talk.x.snapshot.site
    zone = ZoneInfo(site.timezone)
    said = ["voicemail_message", *spoken.number(data.place + 1, talk.language)]
    if message.urgent:
        said.append("voicemail_urgent_one")
    if message.forwarded_by:
        said.append("voicemail_forwarded_one")
    said.append("voicemail_received")
    said += spoken.moment(message.received.astimezone(zone), talk.language, now=talk.x.now.astimezone(zone))
    caller = message.caller
    outside = caller.number.startswith("+")
    if not caller.number or (caller.withheld and outside):
        said.append("voicemail_unknown_caller")
    else:
        shown = pretty(caller.number, site.country) if outside else caller.number
        said += ["voicemail_from" if outside else "voicemail_from_extension", *spoken.digits(shown)]
    return tuple(said)
