"""``tel:`` links (RFC 3966), as pages and mails have them."""

import re
from urllib.parse import unquote

_GLOBAL = re.compile(r"\+[0-9]{3,20}\Z")
_LOCAL = re.compile(r"[0-9*#]{1,32}\Z")
_SEPARATORS = str.maketrans("", "", "-.() \u00a0\u2011/")


def dialled_of(text: str) -> str:
    """What is to be dialled for a ``tel:`` or ``callto:`` link, or a number as people write it.

    ``phone-context`` with digits stands before a local number (RFC 3966 §5.1.5); an extension is left out,
    for it is dialled after the answer. What is no number comes back as it is: it may be a code.
    """
    scheme, colon, rest = text.strip().partition(":")
    if not colon or scheme.lower() not in ("tel", "callto", "sip", "sips"):
        tight = text.translate(_SEPARATORS)
        return tight if _GLOBAL.match(tight) or _LOCAL.match(tight) else text
    body, *parameters = unquote(rest).split(";")
    number = body.lstrip("/").partition("@")[0].translate(_SEPARATORS)
    for one in parameters:
        name, _, value = one.partition("=")
        context = value.translate(_SEPARATORS)
        if name.lower() == "phone-context" and _GLOBAL.match(context) and not number.startswith("+"):
            number = context + number
    return number
