"""Who calls, and what the called party gets to see of it."""

from dataclasses import dataclass

from appliance.model.documents import Block, Extension, Site, Trunk
from appliance.model.ids import E164
from appliance.model.plan import Caller, CallRequest, FromDevice, FromFax, Presentation
from appliance.model.presentable import objection
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
    if isinstance(request.origin, FromFax):
        box = snapshot.fax_boxes.get(request.origin.box)
        sender = snapshot.extensions.get(request.origin.extension)
        if box is None:
            return Caller()
        own = box.number or box.caller_number or (sender.number if sender is not None else "")
        return Caller(number=own, name=box.name)
    if request.origin.handed is not None:
        return said  # another instance has understood it
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The numbers one would like to show outside, best first."""

    caller: E164 | None = None
    """A caller's number on a call that we forward: only where the trunk lets us."""
    own: E164 | None = None
    withheld: bool = False


def own_identity(draft: Draft, extension: Extension | None, *, withheld: bool) -> Identity:
    """What an extension shows on its own calls."""
    number = extension.caller_number if extension is not None else None
    origin = draft.request.origin
    box = draft.snapshot.fax_boxes.get(origin.box) if isinstance(origin, FromFax) else None
    if box is not None:
        number = box.caller_number or number
    return Identity(own=number or draft.snapshot.site.default_caller_number, withheld=withheld)


def present_on(draft: Draft, trunk: Trunk, identity: Identity) -> Presentation:
    """The number shown outside: a wanted one if this trunk carries it, else the trunk's, else the site's."""
    site = draft.snapshot.site
    shown = _wanted(draft, trunk, identity)
    if shown is None and trunk.default_number is not None:
        shown = trunk.default_number
        draft.because("present.trunk", trunk=trunk.id, number=shown)
    elif shown is None and site.default_caller_number is not None:
        shown = site.default_caller_number
        draft.because("present.site", trunk=trunk.id, number=shown)
    if shown is None:
        draft.because("present.none", trunk=trunk.id)
        return Presentation(number="", withheld=identity.withheld)
    if identity.withheld:
        draft.because("present.withheld", trunk=trunk.id)
    form = number_format(trunk).presented
    return Presentation(number=written(shown, form, site.country), withheld=identity.withheld)


def _wanted(draft: Draft, trunk: Trunk, identity: Identity) -> E164 | None:
    country = draft.snapshot.site.country
    if identity.caller is not None:
        if not trunk.no_screening:
            draft.because("present.screened", trunk=trunk.id, number=identity.caller)
        elif (why := objection(identity.caller, country, forwarded=True)) is not None:
            draft.because("present.forbidden", trunk=trunk.id, number=identity.caller, objection=why.value)
        else:
            draft.because("present.caller", trunk=trunk.id, number=identity.caller)
            return identity.caller
    own = identity.own
    if own is None:
        return None
    if belongs(own, trunk, draft.snapshot):
        draft.because("present.wanted", trunk=trunk.id, number=own)
        return own
    if trunk.no_screening:
        why = objection(own, country)
        if why is None:
            draft.because("present.no_screening", trunk=trunk.id, number=own)
            return own
        draft.because("present.forbidden", trunk=trunk.id, number=own, objection=why.value)
    return None


def belongs(number: str, trunk: Trunk, snapshot: Snapshot) -> bool:
    """True if the number came with this trunk: by its blocks, else by its default number.

    Without blocks documents do not say so, and it is guessed: the trunk's default number and what is close
    to it; a number that no trunk claims belongs to the trunk tried first. A trunk without default number
    takes what the others do not claim.
    """
    block = block_of(number, snapshot)
    if block is not None:
        return block.trunk == trunk.id
    if trunk.default_number is not None and in_block(number, trunk.default_number):
        return True
    enabled = [one for one in snapshot.trunks_by_priority if one.enabled]
    if any(one.default_number is not None and in_block(number, one.default_number) for one in enabled):
        return False
    return trunk.default_number is None or (bool(enabled) and enabled[0].id == trunk.id)


def block_of(number: str, snapshot: Snapshot) -> Block | None:
    """The block that a public number of ours is of."""
    return next((block for block in snapshot.blocks.values() if number in block), None)


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
