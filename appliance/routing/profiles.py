"""How each trunk profile writes numbers (what it does with SIP headers is the business of ``sip``)."""

from dataclasses import dataclass

from appliance.model.documents import Trunk
from appliance.routing.numbers import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """The form of the number dialled and of the number presented."""

    called: Form = Form.E164
    presented: Form = Form.E164


GENERIC = NumberFormat()

NUMBER_FORMATS: dict[str, NumberFormat] = {
    "generic": GENERIC,
    "national": NumberFormat(called=Form.NATIONAL, presented=Form.NATIONAL),
    "international": NumberFormat(called=Form.INTERNATIONAL, presented=Form.INTERNATIONAL),
    "sipgate": NumberFormat(called=Form.E164_NO_PLUS, presented=Form.E164_NO_PLUS),
    "telekom": GENERIC,
    "nfon": GENERIC,
    "dts": GENERIC,
}
"""Keyed by ``Trunk.profile``; the names are those of ``model.documents.TRUNK_PROFILES``."""


def number_format(trunk: Trunk) -> NumberFormat:
    """The formats of a trunk; an unknown profile (reported by ``check``) is treated as generic."""
    return NUMBER_FORMATS.get(trunk.profile, GENERIC)
