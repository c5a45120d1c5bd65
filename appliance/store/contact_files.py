"""Address books as files: vCard (RFC 6350, 2426 and the older 2.1) and tables (CSV) of the usual programs."""

import csv
import io
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.errors import ConfigError
from appliance.model.contacts import Contact, ContactNumber, NumberKind

MAX_CONTACTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a file says of somebody; numbers as they are written there."""

    name: str
    company: str = ""
    numbers: tuple[ContactNumber, ...] = ()
    emails: tuple[str, ...] = ()
    address: str = ""
    note: str = ""
    uid: str = ""


_NAMES = {
    "name": ("name", "anzeigename", "display name", "full name", "fn", "kontakt", "bezeichnung"),
    "first": ("first name", "given name", "vorname"),
    "last": ("last name", "family name", "nachname", "surname"),
    "company": ("company", "firma", "organization", "organisation", "organization name",
                "organization 1 - name", "unternehmen"),
    "note": ("note", "notes", "notiz", "notizen", "bemerkung", "kommentar"),
    "address": ("address", "adresse", "anschrift", "business address", "address 1 - formatted"),
    "uid": ("uid",),
}  # fmt: skip
_NUMBER_HEADERS = (
    (NumberKind.FAX, re.compile(r"fax")),
    (NumberKind.MOBILE, re.compile(r"mobil|handy|cell")),
    (NumberKind.HOME, re.compile(r"(privat|home|zuhause).*|.*\b(privat|home)\b")),
    (
        NumberKind.WORK,
        re.compile(r"telefon|phone|rufnummer|gesch|business|work|büro|zentrale|nummer|number|tel"),
    ),
)
_NOT_NUMBERS = re.compile(r"mail|type|typ\b|label|address|adresse|web|street|strasse|straße|city|zip|plz")
_MAIL_HEADERS = re.compile(r"e-?mail(?!.*(type|label|typ))")


def cards_of_table(text: str) -> tuple[Card, ...]:
    """The rows of a table with a header row, German or English, as Outlook, Google and others write it.

    Raises ConfigError for a table without a column for a name or a number.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ConfigError(f"this is no table: {error}", field="text", hint="save it as CSV") from None
    if not rows:
        raise ConfigError("the table is empty", field="text", hint="the first row names the columns")
    headers = [one.strip().casefold() for one in rows[0]]
    columns = {part: [n for n, one in enumerate(headers) if one in known] for part, known in _NAMES.items()}
    taken = {n for found in columns.values() for n in found}
    mails = [n for n, one in enumerate(headers) if n not in taken and _MAIL_HEADERS.match(one)]
    numbers = {
        n: kind
        for n, one in enumerate(headers)
        if n not in taken and n not in mails and (kind := _kind_of_header(one)) is not None
    }
    if not (columns["name"] or columns["last"] or columns["first"] or columns["company"]) or not numbers:
        raise ConfigError(
            "the table has no column for a name or none for a number",
            field="text",
            hint="headers such as Name, Firma, Telefon, Mobil, E-Mail",
        )

    def cell(row: Sequence[str], part: str) -> str:
        return next((row[n].strip() for n in columns[part] if n < len(row) and row[n].strip()), "")

    found = []
    for row in rows[1 : MAX_CONTACTS + 2]:
        name = cell(row, "name") or " ".join(filter(None, (cell(row, "first"), cell(row, "last"))))
        card = Card(
            name=name,
            company=cell(row, "company"),
            numbers=tuple(
                ContactNumber(number=one.strip(), kind=kind)
                for n, kind in numbers.items()
                if n < len(row)
                for one in re.split(r":::|[;,]", row[n])
                if one.strip()
            ),
            emails=tuple(row[n].strip() for n in mails if n < len(row) and "@" in row[n]),
            address=cell(row, "address").replace("\n", ", "),
            note=cell(row, "note"),
            uid=cell(row, "uid"),
        )
        if card.name or card.company:
            found.append(card)
    return tuple(found)


def _kind_of_header(header: str) -> NumberKind | None:
    if _NOT_NUMBERS.search(header):
        return None
    return next((kind for kind, pattern in _NUMBER_HEADERS if pattern.search(header)), None)


def cards_of_vcards(text: str) -> tuple[Card, ...]:
    """The cards of a file. Raises ConfigError when there is none."""
    found: list[Card] = []
    lines: list[tuple[str, str, str]] | None = None
    for name, parameters, value in _properties(text):
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            lines = []
        elif name == "END" and lines is not None:
            card = _card(lines)
            if card.name or card.company:
                found.append(card)
            lines = None
            if len(found) > MAX_CONTACTS:
                break
        elif lines is not None:
            lines.append((name, parameters, value))
    if not found:
        raise ConfigError("there is no vCard in it", field="text", hint="it begins with BEGIN:VCARD")
    return tuple(found)


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, parameters and raw value of each line, unfolded (RFC 6350 §3.2)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text.removeprefix("\ufeff"))
    lines = iter(unfolded.splitlines())
    for line in lines:
        head, colon, value = line.partition(":")
        name, _, parameters = head.partition(";")
        if not colon:
            continue
        if "QUOTED-PRINTABLE" in parameters.upper():
            while value.endswith("="):  # vCard 2.1 §2.1.3: a soft line break
                value = value[:-1] + next(lines, "")
            charset = re.search(r"CHARSET=([\w-]+)", parameters, re.IGNORECASE)
            value = _decoded(quopri.decodestring(value.encode("utf-8", "replace")), charset)
        yield name.rpartition(".")[2].strip().upper(), parameters.upper(), value


def _decoded(raw: bytes, charset: re.Match[str] | None) -> str:
    try:
        return raw.decode(charset.group(1) if charset is not None else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _card(lines: Iterable[tuple[str, str, str]]) -> Card:
    name = structured = company = address = note = uid = ""
    numbers: list[ContactNumber] = []
    emails: list[str] = []
    for what, parameters, value in lines:
        plain = _plain(value)
        if what == "FN":
            name = plain
        elif what == "N":
            family, given, middle, *_ = (*(_plain(one) for one in _parts(value)), "", "", "")
            structured = " ".join(filter(None, (given, middle, family)))
        elif what == "ORG":
            company = ", ".join(filter(None, (_plain(one) for one in _parts(value))))
        elif what == "TEL" and plain:
            number = re.sub(r"^tel:", "", plain, flags=re.IGNORECASE).partition(";")[0]
            numbers.append(ContactNumber(number=number, kind=_kind_of_type(parameters)))
        elif what == "EMAIL" and "@" in plain:
            emails.append(plain)
        elif what == "ADR":
            address = address or ", ".join(filter(None, (_plain(one) for one in _parts(value))))
        elif what == "NOTE":
            note = plain
        elif what == "UID":
            uid = plain
    return Card(
        name=name or structured,
        company=company,
        numbers=tuple(numbers),
        emails=tuple(emails),
        address=address,
        note=note,
        uid=uid[:200],
    )


def _kind_of_type(parameters: str) -> NumberKind:
    for word, kind in (("FAX", NumberKind.FAX), ("CELL", NumberKind.MOBILE), ("WORK", NumberKind.WORK),
                       ("HOME", NumberKind.HOME)):  # fmt: skip
        if word in parameters:
            return kind
    return NumberKind.OTHER


def _parts(value: str) -> list[str]:
    return re.split(r"(?<!\\);", value)


def _plain(value: str) -> str:
    text = re.sub(r"\\([\\;,nN])", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
    return " ".join(text.split())


_TYPES = {
    NumberKind.WORK: "work,voice",
    NumberKind.MOBILE: "cell",
    NumberKind.HOME: "home,voice",
    NumberKind.FAX: "fax",
    NumberKind.OTHER: "voice",
}


def vcards(contacts: Iterable[Contact]) -> str:
    """A file of vCards 4.0 (RFC 6350); CRLF, folded at 75 octets."""
    lines: list[str] = []
    for one in contacts:
        lines += ["BEGIN:VCARD", "VERSION:4.0", f"UID:{_escaped(one.uid or one.id)}"]
        lines.append(f"FN:{_escaped(one.shown)}")
        if one.company:
            lines.append(f"ORG:{_escaped(one.company)}")
        lines += [f'TEL;TYPE="{_TYPES[n.kind]}":{_escaped(n.number)}' for n in one.numbers]
        lines += [f"EMAIL:{_escaped(mail)}" for mail in one.emails]
        if one.address:
            lines.append(f"ADR:;;{_escaped(one.address)};;;;")
        if one.note:
            lines.append(f"NOTE:{_escaped(one.note)}")
        lines.append("END:VCARD")
    return "".join(f"{folded}\r\n" for line in lines for folded in [_fold(line)])


def _escaped(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\r", "").replace("\n", "\\n")


def _fold(line: str) -> str:
    out, width = "", 0
    for sign in line:
        size = len(sign.encode())
        if width + size > 75:
            out, width = out + "\r\n ", 1
        out, width = out + sign, width + size
    return out


def table(contacts: Iterable[Contact], german: bool) -> str:
    """A table for spreadsheets: one row a contact, as many columns of a kind as somebody has numbers."""
    rows = list(contacts)
    heads = {
        NumberKind.WORK: ("Telefon", "Phone"), NumberKind.MOBILE: ("Mobil", "Mobile"),
        NumberKind.HOME: ("Telefon privat", "Home phone"), NumberKind.FAX: ("Fax", "Fax"),
        NumberKind.OTHER: ("Weitere Nummer", "Other number"),
    }  # fmt: skip
    places: list[tuple[NumberKind, int]] = []
    for kind in NumberKind:
        most = max((sum(n.kind is kind for n in one.numbers) for one in rows), default=0)
        places += [(kind, position) for position in range(max(most, kind is NumberKind.WORK))]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    language = 0 if german else 1
    head = ["Name", ("Firma", "Company")[language]]
    head += [heads[kind][language] + (f" {n + 1}" if n else "") for kind, n in places]
    writer.writerow([*head, ("E-Mail", "E-mail")[language], ("Adresse", "Address")[language],
                     ("Notiz", "Note")[language], "UID"])  # fmt: skip
    for one in rows:
        by_kind = {kind: [n.number for n in one.numbers if n.kind is kind] for kind in NumberKind}
        numbers = [by_kind[kind][n] if n < len(by_kind[kind]) else "" for kind, n in places]
        mail = one.emails[0] if one.emails else ""
        cells = [one.name, one.company, *numbers, mail, one.address, one.note, one.uid]
        writer.writerow([harmless(cell) for cell in cells])
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers with plus stay as they are."""
    if cell[:1] in ("=", "@", "\t", "\r") or (
        cell[:1] in ("+", "-") and not re.fullmatch(r"[+-][0-9 ]*", cell)
    ):
        return "'" + cell
    return cell
