"""The language for callers from outside: the number's, else that of the caller's country."""

from appliance.model.documents import Number
from appliance.model.languages import Language
from appliance.model.plan import Caller

GERMAN_SPEAKING = ("+49", "+43", "+41", "+423")
"""Germany, Austria, Switzerland, Liechtenstein."""


def language_of_caller(caller: Caller, number: Number | None, site: Language) -> Language:
    """Return the language for a caller from outside; ``site``'s where the caller's country is not known."""
    if number is not None and number.language is not None:
        return number.language
    if caller.withheld or not caller.number.startswith("+"):
        return site
    return Language.GERMAN if caller.number.startswith(GERMAN_SPEAKING) else Language.ENGLISH
