"""What kind of number was dialled, and whether an extension may dial it."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from appliance.model.documents import ClassOfService, Destination, DialRule, Extension, Permission
from appliance.model.ids import ClassId
from appliance.model.patterns import first_match
from appliance.routing.draft import Draft
from appliance.routing.numbers import Dialling

_PREMIUM_TYPES = frozenset({PhoneNumberType.PREMIUM_RATE})
_PREMIUM_ABROAD = re.compile(r"\+(979|870|88[0-38])")
"""International premium rate, satellite and international networks (ITU-T E.164 list of country codes)."""
_PREMIUM_HERE: dict[str, re.Pattern[str]] = {"DE": re.compile(r"\+49(900|190|137|138|118)")}
_PREMIUM_SHORT: dict[str, re.Pattern[str]] = {"DE": re.compile("118")}


@lru_cache(maxsize=8192)
def destination_of(number: str, dialling: Dialling) -> Destination:
    """The kind of an E.164 or short number."""
    country = dialling.country
    if not number.startswith("+"):
        directory = _PREMIUM_SHORT.get(country)
        return Destination.PREMIUM if directory and directory.match(number) else Destination.SHORT
    here = _PREMIUM_HERE.get(country)
    if _PREMIUM_ABROAD.match(number) or (here is not None and here.match(number)):
        return Destination.PREMIUM
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Destination.INTERNATIONAL
    kind = phonenumbers.number_type(parsed)
    if kind in _PREMIUM_TYPES:
        return Destination.PREMIUM
    # Two countries may share a code (+1): then the region of the number tells them apart.
    if (
        parsed.country_code != phonenumbers.country_code_for_region(country)
        or (phonenumbers.region_code_for_number(parsed) or country) != country
    ):
        return Destination.INTERNATIONAL
    if kind == PhoneNumberType.MOBILE:
        return Destination.MOBILE
    national = phonenumbers.national_significant_number(parsed)
    local = dialling.area_code and national.startswith(dialling.area_code)
    return Destination.LOCAL if local else Destination.NATIONAL


def class_of(draft: Draft, extension: Extension) -> ClassOfService:
    """The class of service of an extension, the site's, or where none is set the careful one."""
    wanted = extension.class_of_service or draft.snapshot.site.class_of_service
    if wanted is None:
        return CAREFUL
    found = draft.snapshot.classes.get(wanted)
    if found is None:
        # Who set a class wanted limits: a missing one must not open the premium numbers.
        draft.because("class.unknown", cls=wanted)
        return CAREFUL
    return found


CAREFUL = ClassOfService(
    id=ClassId("careful"),
    rules=(
        DialRule(permission=Permission.BAR, destinations=(Destination.INTERNATIONAL, Destination.PREMIUM)),
    ),
)
"""What holds until somebody says otherwise: what costs most, and what fraud is after, is not dialled."""


def permission_of(
    draft: Draft, extension: Extension, number: str, destination: Destination
) -> tuple[Permission, ClassOfService]:
    """Whether the extension may dial the number now, and by which class; with the reason if it has one."""
    cls = class_of(draft, extension)
    for position, rule in enumerate(cls.rules, start=1):
        if rule.enabled and _is_for(draft, rule, number, destination):
            draft.because(
                "class.rule",
                cls=cls.name or cls.id,
                rule=rule.name or position,
                number=number,
                destination=destination.value,
                permission=rule.permission.value,
            )
            return rule.permission, cls
    if cls is CAREFUL:
        return cls.otherwise, cls
    draft.because(
        "class.otherwise",
        cls=cls.name or cls.id,
        number=number,
        destination=destination.value,
        permission=cls.otherwise.value,
    )
    return cls.otherwise, cls


def _is_for(draft: Draft, rule: DialRule, number: str, destination: Destination) -> bool:
    if rule.destinations or rule.numbers:
        named = destination in rule.destinations or first_match(rule.numbers, number) is not None
        if not named:
            return False
    return draft.holds(rule.when)
