"""Letters: an occurrence in words, as plain text and HTML, and as the bytes of a mail. Pure.

What comes from outside (names of callers above all) is stripped of control and invisible characters before
it gets anywhere near a header, and escaped in HTML; the mail policy refuses what would be left.
"""

import functools
import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberFormat

from appliance.model.documents import Site
from appliance.model.ids import ExtensionId
from appliance.model.languages import Language
from appliance.model.snapshot import Snapshot
from appliance.notify.attachments import Attachment, attach
from appliance.notify.occurrences import (
    AccountChange,
    BlockedCall,
    Edit,
    FieldChange,
    Missed,
    MissedCall,
    MissedWakeUp,
    Occurrence,
    Party,
)
from appliance.notify.words import DE, FIELDS, KINDS, MONTHS, WEEKDAYS, WORDS

MAX_TEXT = 120
"""Characters of anything that came from outside; no name is longer."""
MAX_LINES = 200
"""Lines of one summary, and edits told in one letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message before it has a sender and a recipient. ``line`` stands for it in a summary."""

    subject: str
    text: str
    html: str
    line: str


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """One line of printable characters: nothing can end a header, hide or turn around what follows."""
    words = "".join(one if one.isprintable() else " " for one in text).split()
    line = " ".join(words)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def language_for(extension: ExtensionId | None, snapshot: Snapshot) -> Language:
    """The language in which this extension is told; the site's for a number."""
    if extension is None:
        return snapshot.site.language
    wish = snapshot.notifications.get(extension)
    if wish is not None and wish.language is not None:
        return wish.language
    known = snapshot.extensions.get(extension)
    return (known.language if known is not None else None) or snapshot.site.language


def letter(occurrence: Occurrence, snapshot: Snapshot, language: Language) -> Letter:
    """What happened, in this language. ``snapshot`` knows the names; a deleted extension shows by its id."""
    match occurrence:
        case MissedCall():
            return _missed(occurrence, snapshot, language)
        case BlockedCall():
            return _blocked(occurrence, snapshot, language)
        case AccountChange():
            return _account(occurrence, snapshot, language)
        case MissedWakeUp():
            return _asleep(occurrence, snapshot, language)


def digest(lines: Sequence[str], site: Site, language: Language) -> Letter:
    """Many letters in one."""
    count = len(lines)
    shown = [clean(line, 2 * MAX_TEXT) for line in lines[:MAX_LINES]]
    if count > MAX_LINES:
        shown.append(word("digest.more", language, count=count - MAX_LINES))
    subject = word("digest.subject", language, count=count, site=clean(site.name))
    return compose(
        subject=subject,
        greeting=word("hello_nobody", language),
        body=word("digest.body", language, count=count),
        rows=(),
        lines=shown,
        site=site,
        language=language,
        line=subject,
    )


def trial(site: Site, language: Language) -> Letter:
    """The letter with which an installer tries the relay."""
    subject = word("test.subject", language, site=clean(site.name))
    return compose(
        subject=subject,
        greeting=word("hello_nobody", language),
        body=word("test.body", language),
        rows=(),
        site=site,
        language=language,
        line=subject,
    )


def mime(
    letter: Letter,
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    message_id: str,
    date: datetime,
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """The mail as it goes to the relay: 7 bit, CRLF (RFC 5322), marked as made by a machine (RFC 3834 §5)."""
    mail = EmailMessage(policy=SMTP)
    local, _, domain = sender.rpartition("@")
    mail["From"] = Address(display_name=_header(sender_name, MAX_TEXT), username=local, domain=domain)
    mail["To"] = recipient
    mail["Subject"] = _header(letter.subject, 2 * MAX_TEXT)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    attach(mail, attachments)
    return mail.as_bytes()


def _header(text: str, limit: int) -> str:
    """Text for a header; what looks like an encoded word (RFC 2047) would be decoded on the way in."""
    return clean(text, limit).replace("=?", "= ?")


def pretty(number: str, country: str) -> str:
    """A number as people of this country write it: ``0221 1234567``; internal and odd ones as they are."""
    if not number.startswith("+"):
        return clean(number, 40)
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return clean(number, 40)
    here = phonenumbers.country_code_for_region(country)
    form = PhoneNumberFormat.NATIONAL if parsed.country_code == here else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def moment(at: datetime, site: Site, language: Language) -> str:
    """``Montag, 3. März 2025, 14:05 Uhr`` in the site's time zone."""
    here = at.astimezone(zone(site.timezone))
    weekday, month = WEEKDAYS[language][here.weekday()], MONTHS[language][here.month - 1]
    if language is DE:
        words = f"{weekday}, {here.day}. {month} {here.year}, {here:%H:%M} Uhr"
    else:
        words = f"{weekday}, {here.day} {month} {here.year}, {here:%H:%M}"
    return words if here.tzinfo is not UTC else f"{words} (UTC)"


@functools.lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of this name; UTC when the machine does not know it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return UTC


def _missed(call: MissedCall, snapshot: Snapshot, language: Language) -> Letter:
    rows = _call_rows(call, snapshot, language)
    if call.extension is None:
        called = pretty(call.called, snapshot.site.country)
        body = word("missed.number", language, called=called)
        return _call_letter(call, "missed", body, rows, snapshot, language)
    key = f"missed.{call.how.value}"
    if call.how is Missed.RANG:
        key = "missed.gave_up" if call.gave_up else key
        rows.append((word("rang", language), word("seconds", language, seconds=call.rang_seconds)))
    number, _ = _extension(call.extension, snapshot)
    return _call_letter(call, "missed", word(key, language, extension=number), rows, snapshot, language)


def _blocked(call: BlockedCall, snapshot: Snapshot, language: Language) -> Letter:
    number, _ = _extension(call.extension, snapshot)
    rows = _call_rows(call, snapshot, language)
    if call.rule:
        rows.append((word("rule", language), clean(call.rule)))
    body = word("blocked.body", language, extension=number)
    return _call_letter(call, "blocked", body, rows, snapshot, language)


def _call_letter(
    call: MissedCall | BlockedCall,
    what: str,
    body: str,
    rows: Sequence[tuple[str, str]],
    snapshot: Snapshot,
    language: Language,
) -> Letter:
    site = snapshot.site
    caller = caller_words(call.caller, site.country, language)
    at = call.at.astimezone(zone(site.timezone))
    number = "" if hidden(call.caller) else call.caller.number
    return compose(
        subject=word(f"{what}.subject", language, caller=caller),
        greeting=_greeting(call.extension, snapshot, language),
        body=body,
        rows=rows,
        dial=number if number.startswith("+") else "",
        site=site,
        language=language,
        line=word(f"{what}.line", language, time=f"{at:%d.%m. %H:%M}", caller=caller),
    )


def _call_rows(
    call: MissedCall | BlockedCall, snapshot: Snapshot, language: Language
) -> list[tuple[str, str]]:
    country = snapshot.site.country
    caller = call.caller
    unknown = hidden(caller)
    name = "" if unknown else clean(caller.name)
    rows = [(word("caller", language), name)] if name else []
    shown = pretty(caller.number, country) or word("unknown", language)
    rows.append((word("number", language), word("withheld", language) if unknown else shown))
    rows.append((word("time", language), moment(call.at, snapshot.site, language)))
    called = pretty(call.called, country)
    distribution = snapshot.numbers.get(call.number) if call.number is not None else None
    if distribution is not None and distribution.name:
        called = f"{called} ({clean(distribution.name)})"
    if called:
        rows.append((word("called", language), called))
    return rows


def hidden(caller: Party) -> bool:
    """Colleagues are shown whatever they withhold outside, as on the phone's display."""
    return caller.withheld and (caller.number.startswith("+") or not caller.number)


def caller_words(caller: Party, country: str, language: Language) -> str:
    """Name and number of who called, as far as they may be told."""
    if hidden(caller):
        return word("withheld", language)
    name, number = clean(caller.name), pretty(caller.number, country)
    return f"{name} ({number})" if name and number else name or number or word("unknown", language)


def _account(change: AccountChange, snapshot: Snapshot, language: Language) -> Letter:
    site = snapshot.site
    number, _ = _extension(change.extension, snapshot)
    who = clean(change.who) or word("unknown", language)
    edits = [_edit(one, language) for one in change.changes]
    shown = [clean(one, 2 * MAX_TEXT) for one in edits[:MAX_LINES]]
    if len(edits) > MAX_LINES:
        shown.append(word("digest.more", language, count=len(edits) - MAX_LINES))
    at = change.at.astimezone(zone(site.timezone))
    return compose(
        subject=word("account.subject", language, extension=number),
        greeting=_greeting(change.extension, snapshot, language),
        body=word("account.body", language, extension=number, who=who),
        rows=[
            (word("time", language), moment(change.at, site, language)),
            (word("by", language), who),
        ],
        lines=shown,
        site=site,
        language=language,
        line=word("account.line", language, time=f"{at:%d.%m. %H:%M}", who=who, what=clean("; ".join(edits))),
    )


def _asleep(missed: MissedWakeUp, snapshot: Snapshot, language: Language) -> Letter:
    number, _ = _extension(missed.extension, snapshot)
    return compose(
        subject=word("asleep.subject", language, extension=number, time=missed.time),
        greeting=_greeting(missed.extension, snapshot, language),
        body=word("asleep.body", language, extension=number, time=missed.time, attempts=missed.attempts),
        rows=[(word("time", language), moment(missed.at, snapshot.site, language))],
        site=snapshot.site,
        language=language,
        line=word("asleep.line", language, extension=number, time=missed.time),
    )


def _edit(change: FieldChange, language: Language) -> str:
    kind = KINDS.get(change.kind, {}).get(language, change.kind)
    where = f"{kind} {clean(change.entity)}"
    done = {Edit.CREATED: "created", Edit.DELETED: "deleted", Edit.DEFAULT: "default"}.get(
        change.edit, "changed"
    )
    if not change.field:
        return f"{where}: {word(done, language)}"
    name = FIELDS.get(change.field, {}).get(language, change.field)
    value = clean(change.value)
    return f"{where}, {name}: {value or word(done, language)}"


def _extension(extension: ExtensionId, snapshot: Snapshot) -> tuple[str, str]:
    known = snapshot.extensions.get(extension)
    return (known.number, clean(known.name)) if known is not None else (clean(extension), "")


def _greeting(extension: ExtensionId | None, snapshot: Snapshot, language: Language) -> str:
    if extension is None:
        return word("hello_nobody", language)
    _, name = _extension(extension, snapshot)
    return word("hello", language, name=name) if name else word("hello_nobody", language)


def compose(
    *,
    subject: str,
    greeting: str,
    body: str,
    rows: Sequence[tuple[str, str]],
    lines: Sequence[str] = (),
    quote: str = "",
    dial: str = "",
    site: Site,
    language: Language,
    line: str,
) -> Letter:
    """Put a letter together; ``quote`` is what a person wrote, ``dial`` a number to be clicked on."""
    footer = word("footer", language, site=clean(site.name))
    width = max((len(name) for name, _ in rows), default=0) + 2
    text = [greeting, "", body, ""]
    text += [f"{name + ':':{width}}{value}" for name, value in rows]
    text += [""] * bool(rows) + [f"- {one}" for one in lines] + [""] * bool(lines)
    text += [*quote.splitlines(), ""] if quote else []
    text += ["-- ", footer, ""]
    return Letter(
        subject=subject,
        text="\n".join(text),
        html=_html(greeting, body, rows, lines, quote, dial, footer, language),
        line=line,
    )


def _html(
    greeting: str,
    body: str,
    rows: Sequence[tuple[str, str]],
    lines: Sequence[str],
    quote: str,
    dial: str,
    footer: str,
    language: Language,
) -> str:
    number = word("number", language)
    cells = []
    for name, value in rows:
        shown = html.escape(value)
        if dial and name == number:
            shown = f'<a href="tel:{html.escape(dial)}">{shown}</a>'
        cells.append(f'<tr><td style="padding-right:1em">{html.escape(name)}</td><td>{shown}</td></tr>')
    parts = [f"<p>{html.escape(greeting)}</p>", f"<p>{html.escape(body)}</p>"]
    if cells:
        parts.append("<table>\n" + "\n".join(cells) + "\n</table>")
    if lines:
        parts.append("<ul>\n" + "\n".join(f"<li>{html.escape(one)}</li>" for one in lines) + "\n</ul>")
    if quote:
        parts.append(f'<p style="white-space:pre-wrap">{html.escape(quote)}</p>')
    parts.append(f'<p style="color:#666"><small>{html.escape(footer)}</small></p>')
    head = f'<!doctype html>\n<html lang="{language.value}"><meta charset="utf-8"><body>'
    return "\n".join([head, *parts, "</body></html>", ""])


def word(key: str, language: Language, **values: object) -> str:
    """A sentence of the table of words."""
    return WORDS[key][language].format(**values)
