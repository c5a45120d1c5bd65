"""Who calls, and what the called party gets to see of it."""

from appliance.model.documents import Site, Trunk
from appliance.model.ids import E164
from appliance.model.plan import Caller, CallRequest, FromDevice, Presentation
from appliance.model.snapshot import Snapshot
from appliance.routing.draft import Draft
from appliance.routing.numbers import Dialling, clean, dial_back, read_caller, written
from appliance.routing.profiles import number_format

BLOCK_TAIL = 2
"""Digits in which numbers of one block differ at the end when no pilot number (…0) says more."""
MAX_DDI_DIGITS = 5
"""Digits that may follow the stem of a pilot number."""
MIN_STEM = 6
"""Plus, country code and a little: shorter stems would claim half a city."""


def identify(request: CallRequest, snapshot: Snapshot) -> Caller:
    """The caller as we know it: our extension's number and name, or the public number in E.164."""
    if request.on_behalf_of is not None:
        return request.on_behalf_of
    said = request.caller
    if isinstance(request.origin, FromDevice):
        extension = snapshot.extensions.get(request.origin.extension)
        if extension is None:
            return Caller(withheld=said.withheld)
        return Caller(number=extension.number, name=extension.name, withheld=said.withheld)
    if said.withheld:
        return Caller(withheld=True)
    number = read_caller(said.number, snapshot.site.country)
    if number is None:
        # A short or odd number must not look like one of our extensions, so it is shown as a name.
        return Caller(name=said.name or clean(said.number))
    return Caller(number=number, name=said.name)


def present_to_phone(caller: Caller, site: Site) -> Presentation:
    """What a phone shows: colleagues by internal number and name, others so that one can call back."""
    internal = bool(caller.number) and not caller.number.startswith("+")
    if caller.withheld and not internal:
        return Presentation(number="", withheld=True)
    return Presentation(number=dial_back(caller.number, Dialling.of(site)), name=caller.name)


def present_on(draft: Draft, trunk: Trunk, wanted: E164 | None, *, withheld: bool) -> Presentation:
    """The number shown outside: ``wanted`` if it is this trunk's, else the trunk's, else the site's."""
    site = draft.snapshot.site
    if wanted is not None and belongs(wanted, trunk, draft.snapshot):
        shown = wanted
        draft.because("present.wanted", trunk=trunk.id, number=shown)
    elif trunk.default_number is not None:
        shown = trunk.default_number
        draft.because("present.trunk", trunk=trunk.id, number=shown)
    elif site.default_caller_number is not None:
        shown = site.default_caller_number
        draft.because("present.site", trunk=trunk.id, number=shown)
    else:
        draft.because("present.none", trunk=trunk.id)
        return Presentation(number="", withheld=withheld)
    if withheld:
        draft.because("present.withheld", trunk=trunk.id)
    form = number_format(trunk).presented
    return Presentation(number=written(shown, form, site.country), withheld=withheld)


def belongs(number: str, trunk: Trunk, snapshot: Snapshot) -> bool:
    """True if the provider of this trunk will let us present the number.

    Documents do not say which trunk a number came with, so: the trunk's default number and its block;
    a number that is in no trunk's block belongs to the trunk tried first. A trunk without default
    number takes what the others do not claim.
    """
    if trunk.default_number is not None and in_block(number, trunk.default_number):
        return True
    enabled = [one for one in snapshot.trunks_by_priority if one.enabled]
    if any(one.default_number is not None and in_block(number, one.default_number) for one in enabled):
        return False
    return trunk.default_number is None or (bool(enabled) and enabled[0].id == trunk.id)


def in_block(number: str, main: str) -> bool:
    """True for ``main`` itself, what lies behind its stem if it is a pilot number, and close neighbours."""
    if number == main:
        return True
    if main.endswith("0"):
        stem = main[:-1]
        if len(stem) >= MIN_STEM and number.startswith(stem) and len(number) <= len(stem) + MAX_DDI_DIGITS:
            return True
    return (
        len(number) == len(main)
        and len(main) - BLOCK_TAIL >= MIN_STEM
        and number[:-BLOCK_TAIL] == main[:-BLOCK_TAIL]
    )
