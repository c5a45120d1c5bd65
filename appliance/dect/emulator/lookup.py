"""How emulated handsets search the central phone book: they fetch, and read what their makers' do."""

import asyncio
import re
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlencode
from xml.parsers import expat

_PATIENCE_S = 10.0
_MOST = 1 << 20
_NAMES = frozenset({"Name", "LastName", "ln", "Prompt"})
_NUMBERS = frozenset({"Telephone", "phonenumber", "of", "mb", "hm", "Dial"})
Found = list[tuple[str, str]]
"""Names and numbers."""


async def download(url: str, agent: str = "") -> bytes | None:
    """By HTTP or HTTPS, believing any certificate; None: it is not there. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def get() -> bytes | None:
        request = urllib.request.Request(url, headers={"User-Agent": agent})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S, context=context) as answer:  # noqa: S310
                content: bytes = answer.read(_MOST)
                return content
        except urllib.error.HTTPError:
            return None

    return await asyncio.to_thread(get)


async def by_form(url: str, words: str) -> Found:
    """As handsets of an OMM: the first page asks for words, the next shows what was found."""
    form = (await download(url) or b"").decode() if url else ""
    target, name = re.search("<URL>(.*?)</URL>", form), re.search("<Parameter>(.*?)</Parameter>", form)
    if target is None or name is None:
        return []
    return entries(await download(f"{target[1]}?{urlencode({name[1]: words})}") or b"")


async def by_query(url: str, words: str, parameter: str) -> Found:
    """As handsets whose base searches at the server."""
    if not url:
        return []
    sign = "&" if "?" in url else "?"
    return entries(await download(f"{url}{sign}{urlencode({parameter: words})}") or b"")


async def whole(url: str, words: str) -> Found:
    """As handsets whose base loads everything and searches by itself."""
    found = entries(await download(url) or b"") if url else []
    return [one for one in found if words.casefold() in one[0].casefold()]


def entries(content: bytes) -> Found:
    """Names and numbers of a directory, whichever maker's; of what is no XML none."""
    found: Found = []
    texts: list[str] = []
    name = ""

    def end(tag: str) -> None:
        nonlocal name
        text = "".join(texts).strip()
        texts.clear()
        if tag in _NAMES:
            name = text
        elif tag in _NUMBERS and name:
            found.append((name, text))

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda _tag, _attributes: texts.clear()
    parser.CharacterDataHandler = texts.append
    parser.EndElementHandler = end
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return []
    return found
