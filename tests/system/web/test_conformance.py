"""Every operation of the description, with requests that fit it: so do the answers, and none is a defect."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.web import Client, Web
from webui.api.openapi import description

DESCRIPTION = json.loads(description())
LEFT_OUT = {
    ("GET", "/api/v1/events"),  # has no end
    ("POST", "/api/v1/factory-reset"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/configuration/import"),  # an empty one with replace is a good way to lock oneself out
    ("POST", "/api/v1/certificate/renew"),
    ("POST", "/api/v1/backups"),  # takes a while each time
}
ROUNDS = 1
DEEPEST = 5


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in DESCRIPTION["paths"].items():
        for verb, operation in verbs.items():
            if (verb.upper(), path) not in LEFT_OUT and "octet-stream" not in str(
                operation.get("requestBody")
            ):
                yield verb.upper(), path, operation


def fitting(schema: dict[str, Any], dice: random.Random, depth: int = 0) -> Any:
    """A value that fits a schema (of the kinds the description has)."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return fitting(DESCRIPTION["components"]["schemas"][name], dice, depth)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            options = schema[choice]
            nulls = [one for one in options if one.get("type") == "null"]
            return fitting(nulls[0] if nulls and depth > DEEPEST else dice.choice(options), dice, depth + 1)
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "null":
            return None
        case "boolean":
            return dice.random() < 0.5
        case "integer" | "number":
            return dice.choice([0, 1, 10, -1, 10**6])
        case "array":
            few = 0 if depth > DEEPEST else dice.randrange(3)
            return [fitting(schema.get("items", {}), dice, depth + 1) for _ in range(few)]
        case "object":
            required = set(schema.get("required", ()))
            return {
                name: fitting(inner, dice, depth + 1)
                for name, inner in schema.get("properties", {}).items()
                if name in required or dice.random() < 0.4
            }
        case _:
            return dice.choice(
                ["21", "x", "", "ä<b>&\"'", "2030-01-01T00:00:00+00:00", "a" * 300, "\u202e\U0001f600"]
            )


@pytest.fixture(scope="module")
def mark(admin: Client) -> Iterator[str]:
    """Nothing that a request changed may take the rights of the one who asks."""
    yield "admin"
    assert admin.good("GET", "/session")["account"] == "admin"


def test_each_operation_answers_as_it_is_described(web: Web, admin: Client, mark: str) -> None:
    dice = random.Random(4711)
    wrong: list[str] = []
    counts = {"good": 0, "refused": 0}
    for (verb, path, operation), _ in itertools.product(operations(), range(ROUNDS)):
        place, query = path.removeprefix("/api/v1"), {}
        for one in operation.get("parameters", ()):
            value = fitting(one["schema"], dice)
            if one["in"] == "path":
                text = dice.choice(["21", "22", "own", "nothing", "ä b"])
                if mark in place and verb != "GET":
                    text = "nothing"
                place = place.replace(f"{{{one['name']}}}", quote(text, safe=""))
            elif value is not None and (one["required"] or dice.random() < 0.4):
                given = ",".join(map(str, value)) if isinstance(value, list) else value
                query[one["name"]] = str(given).lower() if isinstance(given, bool) else str(given)
        body = None
        if "requestBody" in operation:
            body = fitting(operation["requestBody"]["content"]["application/json"]["schema"], dice)
        reply = admin.ask(verb, place + (f"?{urlencode(query)}" if query else ""), body)
        answers = operation["responses"]
        family = f"{reply.status // 100}XX"
        documented = answers.get(str(reply.status)) or answers.get(family)
        what = f"{verb} {place} {query} {str(body)[:200]}: {reply.status} {reply.body[:200]!r}"
        if documented is None or reply.status == 500:
            wrong.append(what)
            continue
        media = reply.headers.get_content_type()
        if reply.status < 300:
            counts["good"] += 1
            described = {one.partition(";")[0] for one in documented["content"]}
            if described.isdisjoint({media, "application/octet-stream"}):
                wrong.append(f"{media}: {what}")
        else:
            counts["refused"] += 1
            error = reply.json["error"] if media == "application/json" else {}
            if not (error.get("id") and error.get("message")):
                wrong.append(f"no error: {what}")
    assert not wrong, "\n".join(wrong[:20])
    assert counts["good"] > 50, counts
    assert counts["refused"] > 50, counts
