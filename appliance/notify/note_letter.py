"""The letter with a note on a call: who called whom when, the matter, and the note as written. Pure."""

from appliance.model.languages import Language
from appliance.model.notes import CallNote
from appliance.model.records import CallRecord
from appliance.model.snapshot import Snapshot
from appliance.notify.messages import (
    Letter,
    caller_words,
    clean,
    compose,
    hidden,
    moment,
    pretty,
    word,
    zone,
)
from appliance.notify.occurrences import Party


def note_letter(note: CallNote, call: CallRecord, snapshot: Snapshot, language: Language) -> Letter:
    """The note in a mail; a number that was withheld is not in it."""
    site = snapshot.site
    caller = Party(number=call.caller_number, name=call.caller_name, withheld=call.withheld)
    who = caller_words(caller, site.country, language)
    reference = clean(note.reference)
    known = not hidden(caller)
    name = clean(caller.name) if known else ""
    number = pretty(caller.number, site.country) if known else word("withheld", language)
    rows = [(word("caller", language), name)] if name else []
    rows += [
        (word("number", language), number or word("unknown", language)),
        (word("time", language), moment(call.started, site, language)),
        (word("called", language), pretty(call.called or call.dialled, site.country)),
    ]
    if call.answered is not None and call.ended is not None:
        talked = round((call.ended - call.answered).total_seconds())
        rows.append((word("note.talked", language), word("seconds", language, seconds=talked)))
    if reference:
        rows.append((word("note.reference", language), reference))
    subject = "note.subject_of" if reference else "note.subject"
    at = call.started.astimezone(zone(site.timezone))
    return compose(
        subject=word(subject, language, caller=who, reference=reference),
        greeting=word("hello_nobody", language),
        body=word("note.body", language, author=clean(note.author)),
        rows=rows,
        quote=_readable(note.text),
        dial=caller.number if known and caller.number.startswith("+") else "",
        site=site,
        language=language,
        line=word("note.line", language, time=f"{at:%d.%m. %H:%M}", caller=who, text=clean(note.text)),
    )


def _readable(text: str) -> str:
    """The text line by line, without characters that hide or turn around what follows."""
    return "\n".join(
        "".join(one if one.isprintable() else " " for one in line).rstrip() for line in text.splitlines()
    )
