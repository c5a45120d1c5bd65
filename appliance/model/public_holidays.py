"""Public holidays by country and region, computed once a year of the calendar and kept."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

_NO_YEAR_BEFORE, _NO_YEAR_AFTER = 1900, 2200


@lru_cache(maxsize=512)
def known_regions(country: str) -> tuple[str, ...] | None:
    """The regions of a country that have holidays of their own (``NW``); None for an unknown country."""
    import holidays

    regions = holidays.list_supported_countries(include_aliases=False).get(country)
    return None if regions is None else tuple(regions)


@lru_cache(maxsize=128)
def holidays_of(country: str, region: str, year: int) -> Mapping[date, str]:
    """Date → name of the public holidays of a year; of the whole country where the region is unknown."""
    import holidays

    regions = known_regions(country)
    if regions is None or not _NO_YEAR_BEFORE <= year <= _NO_YEAR_AFTER:
        return {}
    found = holidays.country_holidays(country, subdiv=region if region in regions else None, years=year)
    return {day: str(name) for day, name in found.items() if day.year == year}


def holiday(country: str, region: str, day: date) -> str:
    """The name of the public holiday on that day; empty if it is none."""
    return holidays_of(country, region, day.year).get(day, "")
