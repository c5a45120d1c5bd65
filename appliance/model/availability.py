"""What documents can ask for that this version cannot do: refused, instead of taken and forgotten."""

from collections.abc import Iterator
from enum import StrEnum

from appliance.model.documents import ClassOfService, Document, Menu, MenuAction, Number, Permission


class Function(StrEnum):
    """Something a document may ask for."""

    SCENARIO_MAIL = "mail about missed calls of a public number"
    QUEUE = "a queue"
    RELEASE_PIN = "asking for a PIN before a call goes out"


NOT_YET: frozenset[Function] = frozenset({Function.QUEUE})
"""Whoever makes one of these work takes it out here, and nowhere else."""


def wanted(document: Document) -> Iterator[tuple[str, Function]]:
    """The functions a document asks for, each with the field that does so."""
    match document:
        case Number():
            for i, scenario in enumerate(document.scenarios):
                if scenario.emails:
                    yield f"scenarios[{i}].emails", Function.SCENARIO_MAIL
        case Menu():
            for i, option in enumerate(document.options):
                if option.action is MenuAction.QUEUE:
                    yield f"options[{i}].action", Function.QUEUE
        case ClassOfService():
            if document.otherwise is Permission.PIN:
                yield "otherwise", Function.RELEASE_PIN
            for i, rule in enumerate(document.rules):
                if rule.permission is Permission.PIN:
                    yield f"rules[{i}].permission", Function.RELEASE_PIN
