"""The office's directory in the XML of each vendor, searched as the phone's user types."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from appliance.provisioning.facts import RenderedFile

MAX_ENTRIES = 200
_OMM_ENTRIES = 29
"""Menus of handsets hold thirty lines."""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_MEDIA_TYPE = "text/xml; charset=utf-8"
_PPXML = (
    'xmlns="http://panasonic/sip_phone" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://panasonic/sip_phone sip_phone.xsd"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody who can be called. ``kind``: ``office``, ``mobile``, ``home``."""

    name: str
    number: str
    kind: str = "office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of what was found. ``first`` counts from 0."""

    title: str
    entries: tuple[Entry, ...]
    first: int = 0
    total: int = 0
    url: str = ""
    """This directory without a search, for phones that ask in a second step."""
    words: str = ""
    """What was searched for."""
    asked: bool = True
    """A search was made, if only for everybody."""


def find(entries: Iterable[Entry], words: str) -> tuple[Entry, ...]:
    """Entries in which every word begins a part of the name, or is in the number; sorted by name."""
    wanted = [word for word in words.casefold().split() if word]

    def fits(entry: Entry) -> bool:
        parts = entry.name.casefold().replace(",", " ").replace("-", " ").split()
        in_number = entry.number.__contains__
        return all(
            any(part.startswith(word) for part in parts) or (word.lstrip("+").isdigit() and in_number(word))
            for word in wanted
        )

    found = [entry for entry in entries if fits(entry)]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.number)))


def asked_words(query: Mapping[str, str]) -> str:
    """What is searched for, by whichever name the vendor's phones give it."""
    names = ("search", "q", "query", "fn", "ln", "hm", "term", "name", "tel")
    words = [query[name].replace("*", " ").replace("#SEARCH", " ") for name in names if query.get(name)]
    return " ".join(" ".join(words).split())[:80]


def directory(vendor: str, page: Page) -> RenderedFile:
    """The page in the format of the vendor; one that is not known gets Yealink's, which many read."""
    text = _FORMATS.get(vendor, _yealink)(page)
    return RenderedFile(name="directory.xml", media_type=_MEDIA_TYPE, content=text.encode("utf-8", "replace"))


def _lines(
    root: str, page: Page, each: Callable[[Entry, int], str], *, head: str = "", attributes: str = ""
) -> str:
    lines = [_HEAD, f"<{root}{attributes}>"]
    lines += [head] if head else []
    lines += [each(entry, number) for number, entry in enumerate(page.entries)]
    return "\n".join([*lines, f"</{root}>", ""])


def _name_number(entry: Entry, _number: int) -> str:
    return (
        f"  <DirectoryEntry><Name>{escape(entry.name)}</Name>"
        f"<Telephone>{escape(entry.number)}</Telephone></DirectoryEntry>"
    )


def _snom(page: Page) -> str:
    return _lines("SnomIPPhoneDirectory", page, _name_number, head=f"  <Title>{escape(page.title)}</Title>")


def _yealink(page: Page) -> str:
    return _lines("YealinkIPPhoneDirectory", page, _name_number)


def _fanvil(page: Page) -> str:
    return _lines("FanvilIPPhoneDirectory", page, _name_number)


def _grandstream(page: Page) -> str:
    def each(entry: Entry, number: int) -> str:
        return (
            f"  <Contact><id>{number + 1}</id><LastName>{escape(entry.name)}</LastName>"
            "<FirstName></FirstName>"
            f'<Phone type="Work"><phonenumber>{escape(entry.number)}</phonenumber>'
            "<accountindex>1</accountindex></Phone></Contact>"
        )

    return _lines("AddressBook", page, each)


def _gigaset(page: Page) -> str:
    kinds = {"mobile": "mb", "home": "hm"}

    def each(entry: Entry, number: int) -> str:
        tag = kinds.get(entry.kind, "of")
        return (
            f'  <entry id="{page.first + number + 1}"><ln>{escape(entry.name)}</ln>'
            f"<{tag}>{escape(entry.number)}</{tag}></entry>"
        )

    if not page.entries:
        return f'{_HEAD}\n<error response="get_list" type="pb">\n  <errorid>6</errorid>\n</error>\n'
    first, last = page.first + 1, page.first + len(page.entries)
    attributes = (
        f' response="get_list" type="pb" total={quoteattr(str(page.total))}'
        f" first={quoteattr(str(first))} last={quoteattr(str(last))}"
    )
    return _lines("list", page, each, attributes=attributes)


def _panasonic(page: Page) -> str:
    kinds = {"mobile": "mobile", "home": "home"}

    def each(entry: Entry, number: int) -> str:
        digits = "".join(sign for sign in entry.number.replace("+", "00") if sign in "0123456789#*")
        return (
            f'      <Personnel id="{number + 1}"><Name>{escape(entry.name[:24])}</Name><PhoneNums>'
            f'<PhoneNum type="{kinds.get(entry.kind, "ext")}">{digits[:32]}</PhoneNum>'
            "</PhoneNums></Personnel>"
        )

    lines = [
        _HEAD,
        f"<ppxml {_PPXML}>",
        '  <Screen version="3.0">',
        '    <PhoneBook version="2.0">',
        *(each(entry, number) for number, entry in enumerate(page.entries[:20])),
        "    </PhoneBook>",
        "  </Screen>",
        "</ppxml>",
        "",
    ]
    return "\n".join(lines)


def _mitel(page: Page) -> str:
    def each(entry: Entry, _number: int) -> str:
        return (
            f"  <MenuItem><Prompt>{escape(entry.name)}</Prompt>"
            f"<Dial>{escape(entry.number)}</Dial><URI>Dial:{escape(entry.number)}</URI></MenuItem>"
        )

    return _lines(
        "AastraIPPhoneTextMenu", page, each, head=f"  <Title>{escape(page.title)}</Title>",
        attributes=' destroyOnExit="yes"',
    )  # fmt: skip


def _omm(page: Page) -> str:
    """For handsets of SIP-DECT: first a field to type into, then what was found, in pieces.

    The XML of Mitel's telephones (AastraIPPhone…) is what the OMM's terminal interface reads.
    """
    if not page.asked:
        return (
            f'{_HEAD}\n<AastraIPPhoneInputScreen type="string" destroyOnExit="yes">\n'
            f"  <Title>{escape(page.title)}</Title>\n  <Prompt>Name</Prompt>\n"
            f"  <URL>{escape(page.url)}</URL>\n  <Parameter>search</Parameter>\n  <Default></Default>\n"
            "</AastraIPPhoneInputScreen>\n"
        )
    shown = replace(page, entries=page.entries[:_OMM_ENTRIES])
    last = page.first + len(shown.entries)
    if last >= page.total:
        return _mitel(shown)
    more = f"{page.url}?{urlencode({'search': page.words, 'first': last + 1})}"
    item = f"  <MenuItem><Prompt>…</Prompt><URI>{escape(more)}</URI></MenuItem>"
    return _mitel(shown).replace("</AastraIPPhoneTextMenu>", f"{item}\n</AastraIPPhoneTextMenu>")


def _poly(page: Page) -> str:
    """XHTML for the phone's browser: a number is called by its ``tel:`` link."""
    rows = [
        f"<p><a href={quoteattr(f'tel://{entry.number}')}>{escape(entry.name)} {escape(entry.number)}</a></p>"
        for entry in page.entries
    ]
    form = (
        f'<form method="get" action={quoteattr(page.url)}><p><input type="text" name="search"/>'
        '<input type="submit" value="OK"/></p></form>'
    )
    return "\n".join(
        [
            _HEAD,
            f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{escape(page.title)}</title></head><body>',
            form,
            *rows,
            "</body></html>",
            "",
        ]
    )


_FORMATS: Mapping[str, Callable[[Page], str]] = {
    "snom": _snom,
    "yealink": _yealink,
    "gigaset": _gigaset,
    "grandstream": _grandstream,
    "panasonic": _panasonic,
    "mitel": _mitel,
    "omm": _omm,
    "poly": _poly,
    "fanvil": _fanvil,
}
