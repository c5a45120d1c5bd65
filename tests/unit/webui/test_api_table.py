"""The table of the API, its description and its page say the same, and nothing of the core is forgotten."""

import re
from pathlib import Path

import msgspec

from appliance.control import update
from appliance.control.fax import PASSED_ON
from appliance.control.mobile import MobileMethods
from appliance.model.documents import KINDS
from webui.api.openapi import OWN_ROUTES, PREFIX, description
from webui.api.page import page
from webui.api.rows import NOT_OFFERED, ROWS

ROOT = Path(__file__).resolve().parents[3]
_REGISTERED = re.compile(r'register\(\s*"([a-z_.]+)"|^\s+"([a-z]+\.[a-z_]+)": self\.', re.MULTILINE)


def core_methods() -> set[str]:
    """The methods that the sources register."""
    found = set(PASSED_ON) | set(update.PASSED_ON)
    for folder in ("app", "control", "notify"):
        for file in (ROOT / "appliance" / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found |= {one or other for one, other in _REGISTERED.findall(text)}
    return found


def test_every_method_has_a_row_or_a_reason() -> None:
    methods = core_methods()
    assert "sms.send" in methods, MobileMethods
    offered = {row.method for row in ROWS}
    assert methods - offered - set(NOT_OFFERED) == set()
    assert offered <= methods
    assert set(NOT_OFFERED) <= methods


def test_no_two_rows_are_the_same() -> None:
    places = [(row.verb, row.path) for row in ROWS] + [(own.verb, own.path) for own in OWN_ROUTES]
    assert len(set(places)) == len(places)


def test_the_description_is_whole() -> None:
    found = msgspec.json.decode(description())
    paths = found["paths"]
    for row in ROWS:
        operation = paths[PREFIX + row.path][row.verb.lower()]
        assert operation["summary"] == row.summary
    for kind in KINDS:
        assert {"get", "post"} == set(paths[f"{PREFIX}/config/{kind}"])
        assert {"get", "patch", "delete"} == set(paths[f"{PREFIX}/config/{kind}/{{id}}"])
    names = [one["operationId"] for path in paths.values() for one in path.values()]
    assert len(set(names)) == len(names)
    known = set(found["components"]["schemas"])
    used = set(re.findall(r"#/components/schemas/([A-Za-z0-9_.]+)", description().decode()))
    assert used <= known
    assert '"who"' not in msgspec.json.encode(paths).decode()


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert written == page(), "write it anew: python -m webui.api.page > docs/api.md"
