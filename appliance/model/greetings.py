"""A greeting that fits the time of day, as the name of a prompt."""

from datetime import datetime

BY_TIME_OF_DAY = "greeting/time_of_day"
"""Stands for one of the three prompts of :data:`GREETINGS`, whichever fits when it is played."""
GREETINGS = ("greeting/morning", "greeting/day", "greeting/evening")
_MORNING_H, _DAY_H, _EVENING_H = 4, 11, 18


def prompt_at(name: str, local: datetime) -> str:
    """Return the prompt to play: ``name`` itself, but for the greeting by time of day (site's wall clock)."""
    if name != BY_TIME_OF_DAY:
        return name
    morning, day, evening = GREETINGS
    if _MORNING_H <= local.hour < _DAY_H:
        return morning
    return day if _DAY_H <= local.hour < _EVENING_H else evening
