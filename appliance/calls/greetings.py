"""Prompts that depend on the hour, made definite at the moment they are heard."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from appliance.model import effects as fx
from appliance.model.documents import Site
from appliance.model.greetings import BY_TIME_OF_DAY, prompt_at


def timely(source: fx.AudioSource, now: datetime, site: Site) -> fx.AudioSource:
    """Return what is to be heard, with the greeting that fits ``now`` (aware) on the site's wall clock."""
    match source:
        case fx.HearsFile() if source.name == BY_TIME_OF_DAY:
            return replace(source, name=prompt_at(source.name, _local(now, site)))
        case fx.HearsList() if BY_TIME_OF_DAY in source.names:
            local = _local(now, site)
            return replace(source, names=tuple(prompt_at(name, local) for name in source.names))
        case _:
            return source


def _local(now: datetime, site: Site) -> datetime:
    return now.astimezone(ZoneInfo(site.timezone))
