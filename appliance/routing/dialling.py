"""What was dialled, made into what is meant: wishes in front of the number, and the office's rewriting."""

from dataclasses import dataclass

from appliance.model.dialplan import MODIFIERS, Modifier
from appliance.model.documents import Rewriting, Site
from appliance.model.patterns import matches
from appliance.routing.numbers import clean


def split_modifier(dialled: str) -> tuple[Modifier | None, str]:
    """The modifier that was dialled in front (None: none, or no number behind it), and the cleaned number."""
    text = dialled.strip()
    for modifier in MODIFIERS:
        if text.startswith(modifier.prefix):
            number = clean(text.removeprefix(modifier.prefix))
            if number:
                return modifier, number
    return None, clean(dialled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What came of digits: changed by the rule (``position`` counts from 1) or, without one, as they were."""

    digits: str
    rule: Rewriting | None = None
    position: int = 0


def rewrite(digits: str, site: Site) -> Rewritten:
    """Apply the first rule that is for cleaned digits; only one is ever applied."""
    for position, rule in enumerate(site.rewriting, start=1):
        if rule.enabled and matches(rule.pattern, digits):
            return Rewritten(digits=rule.prepend + digits[rule.strip :], rule=rule, position=position)
    return Rewritten(digits=digits)


def try_rewriting(dialled: str, site: Site) -> Rewritten:
    """What rewriting would make of dialled digits, for trying it out; nothing is called."""
    return rewrite(clean(dialled), site)
