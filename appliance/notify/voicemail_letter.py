"""Letters about voicemail: a message has come, a box is full. Pure."""

from appliance.model.documents import VoicemailBox
from appliance.model.languages import Language
from appliance.model.messages import Message
from appliance.model.snapshot import Snapshot
from appliance.notify.messages import (
    Letter,
    caller_words,
    clean,
    compose,
    hidden,
    language_for,
    moment,
    pretty,
    word,
    zone,
)
from appliance.notify.occurrences import Party


def language_of(box: VoicemailBox, snapshot: Snapshot) -> Language:
    """The box's language, else its first owner's."""
    return box.language or language_for(box.owners[0] if box.owners else None, snapshot)


def message_letter(
    message: Message, box: VoicemailBox, snapshot: Snapshot, language: Language, *, attached: bool
) -> Letter:
    """Who left a message when, and how long it is."""
    site = snapshot.site
    caller = Party(number=message.caller.number, name=message.caller.name, withheld=message.caller.withheld)
    who = caller_words(caller, site.country, language)
    known = not hidden(caller)
    name = clean(caller.name) if known else ""
    number = pretty(caller.number, site.country) if known else word("withheld", language)
    seconds = round(message.length_ms / 1000)
    rows = [(word("caller", language), name)] if name else []
    rows += [
        (word("number", language), number or word("unknown", language)),
        (word("time", language), moment(message.received, site, language)),
        (word("voicemail.length", language), word("seconds", language, seconds=seconds)),
        (word("voicemail.box", language), clean(box.name) or clean(box.id)),
    ]
    if message.forwarded_by:
        rows.append((word("voicemail.by", language), clean(message.forwarded_by)))
    at = message.received.astimezone(zone(site.timezone))
    subject = "voicemail.urgent" if message.urgent else "voicemail.subject"
    return compose(
        subject=word(subject, language, caller=who),
        greeting=word("hello_nobody", language),
        body=word("voicemail.attached" if attached else "voicemail.body", language),
        rows=rows,
        dial=caller.number if known and caller.number.startswith("+") else "",
        site=site,
        language=language,
        line=word("voicemail.line", language, time=f"{at:%d.%m. %H:%M}", caller=who),
    )


def file_name(message: Message, snapshot: Snapshot) -> str:
    """What the attached file is called: ``2026-03-02 14.05 02211234567.wav``."""
    at = message.received.astimezone(zone(snapshot.site.timezone))
    shown = "" if message.caller.withheld else message.caller.number
    number = "".join(one for one in pretty(shown, snapshot.site.country) if one.isdigit())
    return " ".join(part for part in (f"{at:%Y-%m-%d %H.%M}", number) if part) + ".wav"


def full_letter(box: VoicemailBox, snapshot: Snapshot, language: Language) -> Letter:
    """The box takes no more messages."""
    name = clean(box.name) or clean(box.id)
    subject = word("voicemail.full", language, box=name)
    return compose(
        subject=subject,
        greeting=word("hello_nobody", language),
        body=word("voicemail.full_body", language, box=name),
        rows=(),
        site=snapshot.site,
        language=language,
        line=subject,
    )
