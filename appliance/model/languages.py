"""The languages of prompts, pages and mails."""

from enum import StrEnum


class Language(StrEnum):
    """A language of prompts, pages and mails."""

    GERMAN = "de"
    ENGLISH = "en"
