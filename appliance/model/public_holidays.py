"""Public holidays by country and region, computed once a year of the calendar and kept."""

import sys
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

_NO_YEAR_BEFORE, _NO_YEAR_AFTER = 1900, 2200
_COUNTRIES = "holidays.countries"


@cache
def _library() -> Any:
    """``holidays``, which then loads a country when it is asked for; of itself it loads all (8 MB)."""
    import holidays

    if _COUNTRIES not in sys.modules:
        package = ModuleType(_COUNTRIES)
        package.__path__ = [str(Path(holidays.__file__).parent / "countries")]
        sys.modules[_COUNTRIES] = package
    return holidays


@lru_cache(maxsize=512)
def known_regions(country: str) -> tuple[str, ...] | None:
    """The regions of a country that have holidays of their own (``NW``); None for an unknown country."""
    library = _library()
    if country not in library.registry.EntityLoader.get_country_codes(include_aliases=False):
        return None
    return tuple(getattr(library, country).subdivisions)


@lru_cache(maxsize=128)
def holidays_of(country: str, region: str, year: int) -> Mapping[date, str]:
    """Date → name of the public holidays of a year; of the whole country where the region is unknown."""
    regions = known_regions(country)
    if regions is None or not _NO_YEAR_BEFORE <= year <= _NO_YEAR_AFTER:
        return {}
    found = _library().country_holidays(country, subdiv=region if region in regions else None, years=year)
    return {day: str(name) for day, name in found.items() if day.year == year}


def holiday(country: str, region: str, day: date) -> str:
    """The name of the public holiday on that day; empty if it is none."""
    return holidays_of(country, region, day.year).get(day, "")
